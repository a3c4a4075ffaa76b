"""Files that are a little wrong: each is read as its maker meant it, or refused with its row, never taken in as something else (contract, 8)."""

from __future__ import annotations

import csv
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from tests.ledger.balance_files import check_file, found_in, payer, universal
from tests.ledger.files import ask_import, findings, finished, import_file, upload
from tests.ledger.till import Till, open_till
from tests.ledger.workbooks import with_part, workbook

if TYPE_CHECKING:
    from tests.ledger.running import Api, RunningLedger

PERSONS = "customers-person"
HEAD = ["first_name", "last_name", "external_id", "mobile_no"]
CREDIT = "first_name,last_name,max_credit,restrict_credit"
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def till(running_ledger: RunningLedger) -> Till:
    return open_till(running_ledger)


@pytest.fixture
def boss(till: Till) -> Api:
    return till.ledger.sign_in("supervisor")


def fresh() -> str:
    """An external id nobody has."""
    return f"CASE-{next(_NUMBERS)}"


def wrong(api: Api, made: dict[str, Any]) -> list[tuple[int, str | None, str]]:
    """Row, column and code of what keeps an import out, which took in nothing."""
    assert (made["state"], made["imported"]) == ("refused", 0), made
    return [(each["row_no"], each["column"], each["code"]) for each in findings(api, made, "error")]


def phone_of(api: Api, external_id: str) -> str | None:
    """The phone of the customer with this external id."""
    (one,) = api.get("/v1/customers", q=external_id).json()["items"]
    found: str | None = one["mobile_no"]
    return found


# ── bytes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("damage", "row_no"),
    [(lambda data: data.replace(b"Caf~", b"Caf\xe9"), 3), (lambda data: data.replace(b"~", b"\xc4\xa9")[:-1], 3)],
    ids=["one byte of another code page", "cut within a letter"],
)  # fmt: skip
def test_a_damaged_byte_makes_no_other_letters_of_every_name(boss: Api, damage: Any, row_no: int) -> None:
    """Contract 8: the row of the byte is told of; the file stays what it was written in."""
    first = fresh()
    data = f"last_name,external_id,first_name\nNgũgĩ,{first},Wa\nMuñoz,{fresh()},Caf~".encode()
    made = import_file(boss, damage(data), kind=PERSONS)
    assert wrong(boss, made) == [(row_no, None, "encoding")]
    assert made["recognised"]["encoding"] == "utf-8"
    taken = import_file(boss, damage(data), kind=PERSONS, mode="valid_rows")
    assert taken["imported"] == 1
    (one,) = boss.get("/v1/customers", q=first).json()["items"]
    assert one["name"] == "Wa Ngũgĩ"


def test_a_file_of_the_western_code_page_is_read_as_before(boss: Api) -> None:
    """Contract 8: letters of the code page are no letters of UTF-8."""
    ref = fresh()
    made = import_file(
        boss, f"first_name,last_name,external_id\nPeña,O’Neil,{ref}\n".encode("cp1252"), kind=PERSONS
    )
    assert (made["imported"], made["recognised"]["encoding"]) == (1, "cp1252")
    (one,) = boss.get("/v1/customers", q=ref).json()["items"]
    assert one["name"] == "Peña O’Neil"


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "who", "header"),
    [
        (PERSONS, "supervisor", "first_name,last_name"),
        ("credit-accounts", "supervisor", CREDIT),
        ("plans", "administrator", "code,name,price,validity_days"),
        ("balance-records", "supervisor", "customer_no,account_kind,amount,currency,as_of_date"),
    ],
)
def test_a_file_of_blank_rows_alone_is_not_done(till: Till, kind: str, who: str, header: str) -> None:
    """Contract 8: where nothing can be taken in it is said, not counted as done; and the preview cannot be started."""
    api = till.ledger.sign_in(who)
    sent = upload(api, f"{header}\n,\n\n".encode())
    made = finished(api, ask_import(api, sent, kind=kind))
    assert (made["state"], made["reason"]) == ("refused", "No row can be taken in.")
    preview = finished(api, ask_import(api, sent, kind=kind, dry_run=True))
    assert preview["actions"] == []


def test_a_header_that_comes_again_is_nobody(boss: Api) -> None:
    """Contract 8: two files put together bring no customer who is called as a column."""
    made = import_file(
        boss, "First name;Last name;Branch\nA;B;\nFirst name;Last name;Branch\nC;D;\n", kind=PERSONS
    )
    assert wrong(boss, made) == [(3, "first_name", "header-repeated"), (3, "office", "office")]


@pytest.mark.parametrize("said", ["#N/A", "#REF!", "#NAME?", "#DIV/0!"])
def test_what_a_spreadsheet_shows_for_an_error_is_no_text(till: Till, boss: Api, said: str) -> None:
    """Contract 8: it is told of by row and column in every kind; `#` alone is text."""
    made = import_file(boss, f"first_name,last_name,external_id\nA,{said},#1\n", kind=PERSONS)
    assert wrong(boss, made) == [(2, "last_name", "cell-in-error")]
    made = import_file(boss, f"{CREDIT}\nA,{said},100,yes\n", kind="credit-accounts")
    assert wrong(boss, made) == [(2, "last_name", "cell-in-error")]
    row = f"customer_no,account_kind,amount,currency,as_of_date,narration,external_ref\n000101,savings,1,KES,2026-01-14,{said},#1\n"
    assert wrong(boss, import_file(boss, row)) == [(2, "narration", "cell-in-error")]
    keeper = till.ledger.sign_in("administrator")
    made = import_file(keeper, f"code,name,price,days\nE1,{said},1,1\n", kind="plans")
    assert wrong(keeper, made) == [(2, "name", "cell-in-error")]


@pytest.mark.parametrize(
    "written",
    ["2.54711E11", "0711ABCDEF", "0711000015 ext 5", "0711000015;ext=5", "711000026.0", "+254711000026.0", "0711000014 or 0722000014"],
)  # fmt: skip
def test_what_is_more_than_a_phone_number_is_none(boss: Api, written: str) -> None:
    """Contract 5, 8: no digits are made of letters, none are added and none let go."""
    made = import_file(boss, f"first_name,last_name,mobile_no\nA,B,{written}\n", kind=PERSONS)
    assert wrong(boss, made) == [(2, "mobile_no", "phone")]
    made = import_file(boss, f"{CREDIT},mobile_no\nA,B,100,yes,{written}\n", kind="credit-accounts")
    assert wrong(boss, made) == [(2, "mobile_no", "customer")]


@pytest.mark.parametrize("written", ["00254711900001", "00 254 711 900 001", "0711-900-001", "711900001"])
def test_a_phone_is_read_in_every_writing(boss: Api, written: str) -> None:
    """Contract 5: two zeros are the plus, as most of the world dials it."""
    ref = fresh()
    made = import_file(
        boss, f"first_name,last_name,external_id,mobile_no\nA,B,{ref},{written}\n", kind=PERSONS
    )
    assert made["imported"] == 1, findings(boss, made)
    assert phone_of(boss, ref) == "+254711900001"


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("settle_every", "²", "settle"),
        ("settle_nth", "²", "settle"),
        ("settle_day", "²", "settle"),
        ("max_credit", ".", "not-an-amount"),
        ("max_credit", '","', "not-an-amount"),
        ("opening_credit", ".", "not-an-amount"),
        ("opening_credit", "0.0.0", "grouping"),
    ],
)
def test_a_credit_account_is_opened_by_digits_alone(boss: Api, column: str, value: str, code: str) -> None:
    """Contract 7, 8: a sign that only looks like a number ends the job with no error of ours, and is no zero."""
    cells = {
        "first_name": "A", "last_name": "B", "max_credit": "100", "restrict_credit": "yes",
        "settle_every": "1", "settle_unit": "month",
    } | {column: value}  # fmt: skip
    made = import_file(boss, ",".join(cells) + "\n" + ",".join(cells.values()) + "\n", kind="credit-accounts")
    assert wrong(boss, made) == [(2, column, code)]


@pytest.mark.parametrize(
    ("table", "owed_minor"),
    [
        ('last_name,first_name,max_credit,restrict_credit,opening_credit\nA,B,none,yes,"1200,50"\n', 120_050),
        ("last_name;first_name;max_credit;restrict_credit;opening_credit\nA;B;50000;yes;1200.50\n", 120_050),
        (
            "last_name\tfirst_name\tmax_credit\trestrict_credit\topening_credit\nA\tB\tnone\tyes\t1,250\n",
            None,
        ),
    ],
    ids=["a decimal comma", "a decimal point", "asked"],
)
def test_what_is_owed_already_shows_how_a_file_writes_amounts(
    boss: Api, till: Till, table: str, owed_minor: int | None
) -> None:
    """Contract 8: from all its rows, whichever column the amounts stand in; what they leave open is asked."""
    made = import_file(boss, table, kind="credit-accounts")
    owed = till.ledger.query("SELECT owed_minor FROM credit_accounts WHERE import_id = ?", made["id"])
    assert owed == ([] if owed_minor is None else [(owed_minor,)]), findings(boss, made)
    assert bool(made["recognised"]["questions"]) == (owed_minor is None)


def test_a_limit_of_zero_is_one(boss: Api) -> None:
    """Contract 7: as people write it."""
    made = import_file(
        boss, f"{CREDIT}\nA,B,0,yes\nC,D,0.00,yes\nE,F,00,yes\nG,H,0.,yes\n", kind="credit-accounts"
    )
    assert (made["state"], made["imported"]) == ("done", 4), findings(boss, made)


@pytest.mark.parametrize(
    ("kind", "who", "table"),
    [
        (PERSONS, "supervisor", "first_name,last_name,external_id\nA,B,{}\n"),
        ("balance-records", "supervisor", "customer_no,account_kind,amount,currency,as_of_date,external_ref\n{member},loan,5,KES,2026-09-30,{}\n"),
        ("credit-accounts", "supervisor", "last_name,max_credit,restrict_credit,first_name\nB,5,yes,{}\n"),
        ("plans", "administrator", "code,price,validity_days,name\nX1,5,1,{}\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("written", ['="0000417"', '"=""0000417"""'])
def test_a_formula_that_shows_a_text_is_not_the_text(
    till: Till, kind: str, who: str, table: str, written: str
) -> None:
    """Contract 8: an id with quotes in it would be another one than the same id of the next file."""
    api = till.ledger.sign_in(who)
    member = till.ledger.add_member().customer.customer_no
    made = import_file(api, table.format(written, member=member), kind=kind)
    assert [(row_no, code) for row_no, _, code in wrong(api, made)] == [(2, "formula")]


# ── workbooks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def merged(_: object, sheet: Any) -> None:
    """One phone for two rows."""
    sheet.merge_range(1, 3, 2, 3, "0711000510")


def merged_across(_: object, sheet: Any) -> None:
    """A cell over two columns of one row."""
    sheet.merge_range(3, 0, 3, 1, "")


def in_error(data: bytes) -> bytes:
    """The workbook with a cell in error, as one whose formulas were pasted as values has it."""
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>first_name</t></is></c><c r="B1" t="inlineStr"><is><t>last_name</t></is></c>'
        '<c r="C1" t="inlineStr"><is><t>external_id</t></is></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>A</t></is></c>'
        '<c r="B2" t="inlineStr"><is><t>B</t></is></c><c r="C2" t="e"><v>#REF!</v></c></row></sheetData></worksheet>'
    )
    return with_part(data, "xl/worksheets/sheet1.xml", sheet.encode())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (workbook([HEAD, ["A", "B", "", ""], ["C", "D", "", ""]], also=merged), "workbook-merged"),
        (in_error(workbook([HEAD])), "workbook-errors"),
    ],
    ids=["merged", "in error"],
)
def test_a_cell_that_would_be_read_as_blank_keeps_the_workbook_out(boss: Api, data: bytes, code: str) -> None:
    """Contract 8: of merged rows the first alone has the value, and an error reads as nothing: neither is silence."""
    assert wrong(boss, import_file(boss, data, kind=PERSONS)) == [(1, None, code)]


def test_cells_merged_within_a_row_are_read(boss: Api) -> None:
    """Contract 8: no other row loses what it had."""
    data = workbook([HEAD, ["A", "B", fresh(), "0711000512"]], also=merged_across)
    assert import_file(boss, data, kind=PERSONS)["imported"] == 1


def test_an_empty_sheet_before_the_table_is_passed_over(boss: Api) -> None:
    """Contract 8: the one sheet that holds something is the one that was meant."""
    ref = fresh()

    def second(book: Any, _: object) -> None:
        sheet = book.add_worksheet("Members")
        sheet.write_row(0, 0, HEAD)
        sheet.write_row(1, 0, ["A", "B", ref, "0711000511"])

    made = import_file(boss, workbook([], also=second), kind=PERSONS)
    assert (made["state"], made["imported"]) == ("done", 1), findings(boss, made)
    assert phone_of(boss, ref) == "+254711000511"


# ── universal files ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("more", ["00", "junk", ",x"])
def test_a_trailer_with_more_cells_than_it_has_is_refused(boss: Api, more: str) -> None:
    """Contract 6: `T,1,10,00` is a decimal comma without quotes, or a line that another one ran into."""
    data = universal(payer("100245", "10.00"), total="10").rstrip(b"\n") + f",{more}\n".encode()
    file = check_file(boss, data)
    assert (file["state"], file["accounts_updated"]) == ("rejected", 0)
    assert (3, "", "trailer") in found_in(boss, file, "error")


def test_blank_cells_behind_a_trailer_are_no_matter(boss: Api) -> None:
    """Contract 6: a spreadsheet fills every row up to the widest."""
    data = universal(payer("100245", "10.00")).rstrip(b"\n") + b",,,,\n"
    assert check_file(boss, data)["state"] == "validated"


def as_sheet(data: bytes) -> bytes:
    """A universal file that somebody opened in a spreadsheet and saved as a workbook."""
    return workbook(list(csv.reader(data.decode().splitlines())))


@pytest.mark.parametrize(
    "rewritten",
    [
        as_sheet,
        lambda data: data.replace(b",", b";"),
        lambda data: data.replace(b",", b"\t"),
        lambda data: b"sep=,\n" + data,
        lambda data: data.replace(b"H,", b"h,"),
    ],
    ids=["workbook", "semicolons", "tabs", "sep", "small letter"],
)
def test_a_universal_file_that_was_saved_again_is_refused_in_one_sentence(boss: Api, rewritten: Any) -> None:
    """Contract 6: a spreadsheet drops zeros and rewrites days; the file itself is asked for, and every column is not."""
    file = check_file(boss, rewritten(universal(payer("100245", "10.00"))))
    assert (file["state"], found_in(boss, file, "error")) == ("rejected", [(1, "", "universal")])


def test_a_universal_file_with_bars_is_told_of_them(boss: Api) -> None:
    """Contract 6: as any table."""
    file = check_file(boss, universal(payer("100245", "10.00")).replace(b",", b"|"))
    assert (file["state"], found_in(boss, file, "error")) == ("rejected", [(1, "", "delimiter")])
