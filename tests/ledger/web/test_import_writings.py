"""One table in every writing that people's programs give it: it goes in the same, or is refused and says what to do (contract, 8)."""

from __future__ import annotations

import csv
import io
import itertools
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.ledger.files import findings, import_file
from tests.ledger.workbooks import workbook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.ledger.running import Api, RunningLedger

ENTITIES: Final = "customers-entity"
HEAD: Final = (
    "name",
    "incorporation_no",
    "incorporation_valid_until",
    "external_id",
    "mobile_no",
    "submitted_on",
)
_TURNS = itertools.count(1)


@pytest.fixture
def boss(running_ledger: RunningLedger) -> Api:
    return running_ledger.sign_in("supervisor")


def fresh(*days: str) -> list[list[str]]:
    """Two entities whom nobody knows, with these days for the first: valid until, submitted on."""
    turn = next(_TURNS)
    until, on = days or ("2031-12-31", "2026-09-30")
    return [
        ["Kilimo-Bora O'Brien & Sons", "0017/2011", until, f"000{turn:03d}1", f"+2547110{turn:05d}", on],
        ["Müller Société, Nakuru", "00018", "", f"000{turn:03d}2", f"0722 0{turn:05d}", "2026-08-13"],
    ]


def meant(rows: Sequence[Sequence[str]]) -> list[tuple[Any, ...]]:
    """What the ledger keeps of `fresh` rows, whatever their writing."""
    (one, other) = rows
    return [
        (one[0], "0017/2011", "2031-12-31", one[3], one[4], "2026-09-30"),
        (other[0], "00018", None, other[3], "+254" + other[4].replace(" ", "")[1:], "2026-08-13"),
    ]


def kept(ledger: RunningLedger, made: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The customers of an import as they stand."""
    return ledger.query(
        f"SELECT {', '.join(HEAD)} FROM customers WHERE import_id = ? ORDER BY import_row_no",
        made["id"],
    )


def text(
    rows: Sequence[Sequence[str]], *, sign: str = ",", end: str = "\r\n", head: Sequence[str] = HEAD
) -> str:
    """The rows as a text table."""
    out = io.StringIO()
    csv.writer(out, delimiter=sign, lineterminator=end).writerows([head, *rows])
    return out.getvalue()


@pytest.mark.parametrize(
    ("sign", "end", "codec"),
    [
        (";", "\r\n", "utf-8-sig"),
        ("\t", "\n", "utf-16"),
        (",", "\r\n", "utf-16-le"),
        (";", "\r\n", "utf-16-be"),
        (",", "\r", "cp1252"),
    ],
)
def test_an_entity_goes_in_whatever_the_signs_and_bytes(
    running_ledger: RunningLedger, boss: Api, sign: str, end: str, codec: str
) -> None:
    """Contract 8: signs, ends of lines and code pages are recognised; zeros in front, accents and apostrophes stay."""
    rows = fresh()
    made = import_file(boss, text(rows, sign=sign, end=end).encode(codec), kind=ENTITIES)
    assert (made["state"], made["rows_warning"]) == ("done", 0), findings(boss, made)
    assert kept(running_ledger, made) == meant(rows)


@pytest.mark.parametrize(
    "days",
    [
        ("31/12/2031", "30/09/2026"),
        ("12/31/2031", "09/30/2026"),
        ("31.12.2031", "30.9.2026"),
        ("2031-12-31 00:00:00", "2026-09-30T00:00:00.000"),
        ("31/12/2031 0:00", "30/09/2026 00:00"),
    ],
)
def test_an_entity_goes_in_whatever_the_writing_of_days(
    running_ledger: RunningLedger, boss: Api, days: tuple[str, str]
) -> None:
    """Contract 8: day or month first, and the midnight that a database writes behind a day."""
    rows = fresh(*days)
    made = import_file(boss, text(rows), kind=ENTITIES)
    assert made["state"] == "done", findings(boss, made)
    assert kept(running_ledger, made) == meant(rows)


@pytest.mark.parametrize(
    "head",
    [
        ["NAME", "Incorporation No", "INCORPORATION VALID-UNTIL", " External Id ", "mobile  no", "Submitted_On"],
        ["Name *", "Incorporation No.", "Incorporation Valid Until:", "External_ID*", "Mobile No.", "Submitted On"],
    ],
)  # fmt: skip
def test_a_header_is_known_in_every_spelling(
    running_ledger: RunningLedger, boss: Api, head: list[str]
) -> None:
    """Contract 8: header by name; case, gaps and a sign behind a name are no matter."""
    rows = fresh()
    made = import_file(boss, text(rows, head=head), kind=ENTITIES)
    assert made["state"] == "done", findings(boss, made)
    assert kept(running_ledger, made) == meant(rows)


def test_blank_rows_and_columns_are_passed_over(running_ledger: RunningLedger, boss: Api) -> None:
    """Contract 8: blank rows in the middle and at the end never end a file; blank columns behind it are none."""
    rows = fresh()
    wide = [[*rows[0], "", ""], [""] * 8, [], [*rows[1], "", "", ""], [], [""]]
    made = import_file(boss, text(wide, head=[*HEAD, "", ""]), kind=ENTITIES)
    assert (made["state"], made["imported"]) == ("done", 2), findings(boss, made)
    assert {each["code"] for each in findings(boss, made, "warning")} == {"blank-row"}
    assert kept(running_ledger, made) == meant(rows)


def test_any_script_and_no_line_break(running_ledger: RunningLedger, boss: Api) -> None:
    """Contract 8, VAL-3: names of every script stand as they were written; one over two lines is a wrong row."""
    names = ["北京农业合作社", "شركة النور", "அருண் நிறுவனம்", "Ŝi-ro d'Est"]
    rows = [[each, "", "", "", "", ""] for each in [*names, "Two\nLines Ltd"]]
    made = import_file(boss, text(rows), kind=ENTITIES, mode="valid_rows")
    assert [row[0] for row in kept(running_ledger, made)] == names
    assert [(each["row_no"], each["code"]) for each in findings(boss, made, "error")] == [(6, "text")]


# ── workbooks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def formatted(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """A workbook; a cell that is a pair has a value and its format."""

    def also(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, head)
        for at, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                value, code = (
                    cell if isinstance(cell, tuple) else (cell, "@" if isinstance(cell, str) else "General")
                )
                form = book.add_format({"num_format": code})
                if isinstance(value, str):
                    sheet.write_string(at, column, value, form)
                elif isinstance(value, date):
                    sheet.write_datetime(at, column, value, form)
                else:
                    sheet.write_number(at, column, value, form)

    return workbook([], also=also)


DAYS: Final = (
    "dd/mm/yyyy",
    "[$-409]d\\-mmm\\-yy;@",
    "dd.mm.yyyy",
    "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy",
    'yyyy"年"m"月"d"日"',
    "m/d/yy h:mm",
    "JJJJ\\-MM\\-TT",
    "dd/mm/aaaa",
)
"""How spreadsheets of several languages show a day."""


def test_a_day_goes_in_whatever_its_format(running_ledger: RunningLedger, boss: Api) -> None:
    """Contract 8: a day of a sheet is a day; one whose format does not say so is a number, and refused as one."""
    cells: list[tuple[Any, str]] = [(date(2031, 12, 31), code) for code in DAYS]
    wrong: list[tuple[Any, str]] = [(48213, "General"), (datetime(2031, 12, 31, 10), "dd/mm/yyyy")]  # noqa: DTZ001 - a sheet has no zone
    rows = [[f"Day {at}", "", cell, "", "", ""] for at, cell in enumerate([*cells, *wrong])]
    made = import_file(boss, formatted(HEAD, rows), kind=ENTITIES, mode="valid_rows")
    assert [row[2] for row in kept(running_ledger, made)] == ["2031-12-31"] * len(DAYS)
    said = [each["message"] for each in findings(boss, made, "error")]
    assert ["Format the column as a date" in said[0], "a time behind the day" in said[1]] == [True, True]


def test_a_number_is_kept_exactly_or_refused(running_ledger: RunningLedger, boss: Api) -> None:
    """Contract 8: keys as they are shown, phones in any format; a number that lost digits is a wrong row."""
    phone, turn = "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", next(_TURNS)
    ids: list[Any] = [
        (turn, "00000000"), (turn, '"C-"0000'), ("000000000000000000" + str(turn)), (123456789012000 + turn, "0"),
        (42000000 + turn, "[<1000]0;0000000000"), (1234567890123456, "0"), ("1.23E+15"),
    ]  # fmt: skip
    phones: list[Any] = [
        (254733000100 + turn, "0"), (733100100 + turn, "0000000000"), (733200100 + turn, phone), (254733300100 + turn, "#,##0"),
        (733400100 + turn, '"+254"0'), "", "",
    ]  # fmt: skip
    rows = [[f"No {at}", "", "", *pair, ""] for at, pair in enumerate(zip(ids, phones, strict=True))]
    made = import_file(boss, formatted(HEAD, rows), kind=ENTITIES, mode="valid_rows")
    assert [row[3] for row in kept(running_ledger, made)] == [
        f"{turn:08d}", f"C-{turn:04d}", f"000000000000000000{turn}", str(123456789012000 + turn), f"{42000000 + turn:010d}",
    ]  # fmt: skip
    assert [row[4] for row in kept(running_ledger, made)] == [
        f"+{254733000100 + place * 100_000 + turn}" for place in range(5)
    ]
    assert [each["code"] for each in findings(boss, made, "error")] == ["scientific", "scientific"]


EXACT: Final[tuple[tuple[Any, str, int], ...]] = (
    (62500.5, "#,##0.00", 62_500_50),
    (1250.75, "#,##0", 1_250_75),
    (500.25, '"KES "#,##0.00', 500_25),
    (12.5, "[$€-2]\\ #,##0.00", 12_50),
    (1234.5, '_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-;_-@_-', 1_234_50),
    (77.1, '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', 77_10),
    (500, '"Ksh"#,##0"/="', 500_00),
    (125000, "0.00E+00", 125_000_00),
    (123456789012.34, "General", 12_345_678_901_234),
    ("62,500.50", "@", 62_500_50),
)
"""An amount, its format, and what it is."""

REFUSED: Final[tuple[tuple[Any, str, str], ...]] = (
    (0.5, "0%", "50% is not an amount"),
    (12.5, '0.00"%"', "12.5% is not an amount"),
    (5000000, "#,##0,", "5000 thousand is not an amount"),
    (5000000, "$#,##0.0,,", "5 thousand thousand is not an amount"),
    (5000, '[<1000]0;#,##0,"K"', "5 thousand is not an amount"),
    (-5.25, "#,##0.00_);(#,##0.00)", "-5.25 is negative"),
    (-5.25, "0.00;[Red]0.00", "-5.25 is negative"),
    (5.25, "(0.00)", "-5.25 is negative"),
    (5.25, '0.00"-"', "-5.25 is negative"),
    (5.25, '""0.00" Cr"', "5.25 Cr is not an amount"),
    (5.25, '#,##0.00" Dr";#,##0.00" Cr"', "5.25 Dr is not an amount"),
    (5, '#,##0"k"', "5 k is not an amount"),
    (12.345, "0.00", "12.345 has three decimals"),
    (45000, "dd/mm/yyyy", "2023-03-15 is not an amount"),
    ("KES 500", "@", "KES 500 is not an amount"),
    ("(500.00)", "@", "(500.00) is negative"),
    ("5E2", "@", "5E2 is scientific notation"),
)
"""An amount, its format, and what is said of it."""


@pytest.mark.parametrize(
    ("kind", "head", "column", "kept_in"),
    [
        ("balance-records", ("customer_no", "account_kind", "amount", "currency", "as_of_date"), "amount",
         "SELECT amount_minor FROM balance_records WHERE import_id = ? ORDER BY import_row_no"),
        ("plans", ("code", "name", "price", "currency", "validity_days"), "price",
         "SELECT price_minor FROM plans WHERE import_id = ? ORDER BY import_row_no"),
        ("credit-accounts", ("first_name", "last_name", "max_credit", "restrict_credit"), "max_credit",
         "SELECT max_credit_minor FROM credit_accounts WHERE import_id = ? ORDER BY import_row_no"),
        ("credit-accounts", ("first_name", "last_name", "opening_credit", "restrict_credit", "max_credit"), "opening_credit",
         "SELECT owed_minor FROM credit_accounts WHERE import_id = ? ORDER BY import_row_no"),
    ],
    ids=["loans", "plans", "limits", "opening credit"],
)  # fmt: skip
def test_an_amount_arrives_exactly_or_is_refused(
    running_ledger: RunningLedger, boss: Api, kind: str, head: tuple[str, ...], column: str, kept_in: str
) -> None:
    """Contract 8: separators and currencies are writing; a share, thousands and a sign that a format adds are no amount."""
    member = running_ledger.add_member().customer.customer_no
    turn = next(_TURNS)

    def row(at: int, value: Any, code: str) -> list[Any]:
        cells: dict[str, Any] = {
            "customer_no": member, "account_kind": "loan", "currency": "KES", "as_of_date": "2026-09-30",
            "code": f"W{turn}-{at}", "name": f"Plan {turn}-{at}", "validity_days": 3,
            "first_name": f"F{at}", "last_name": f"L{turn}", "restrict_credit": "no", "max_credit": "none",
        } | {column: (value, code)}  # fmt: skip
        return [cells[name] for name in head]

    rows = [row(at, value, code) for at, (value, code, _) in enumerate((*EXACT, *REFUSED))]
    sender = running_ledger.sign_in("administrator") if kind == "plans" else boss
    made = import_file(sender, formatted(head, rows), kind=kind, mode="valid_rows")
    assert [minor for (minor,) in running_ledger.query(kept_in, made["id"])] == [minor for *_, minor in EXACT]
    said = [each["message"] for each in findings(sender, made, "error")]
    assert len(said) == len(REFUSED)
    for message, (value, code, words) in zip(said, REFUSED, strict=True):
        assert words in message, (value, code, message)
