"""Workbooks: read as the table that they are, and refused plainly where they are more than that (T-21)."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
from tests.ledger.workbooks import with_part, workbook

from branchtui.ledger.feeds import workbook as feed
from branchtui.ledger.feeds.number_format import format_of
from branchtui.ledger.feeds.table_file import TableFile
from branchtui.ledger.feeds.workbook_reader import Unseen, refuse_hidden
from branchtui.ledger.feeds.workbook_shown import Shown

HEAD = ["customer_no", "amount", "as_of_date"]
ROW = ["000101", 5, "2026-09-30"]


def read(data: bytes) -> TableFile:
    """The file as a table of these columns."""
    return TableFile(lambda: [data[:1000], data[1000:]], known=HEAD)


def test_cells_are_read_as_a_person_sees_them() -> None:
    """Contract 8: leading zeros and long numbers as they were keyed; days in one writing; rows keep their numbers."""
    rows: list[list[object]] = [
        [*HEAD],
        ["000101", 62500.5, date(2026, 9, 30)],
        [],
        [254711222333, 0.1 + 0.2, datetime(2026, 9, 30, 8, 15)],  # noqa: DTZ001 - a sheet has no zone
        ["O'Brien-Wa\nThiong'o", True, "30/09/2026"],
        [12345678901234567890, "", ""],
        ["", "", ""],
    ]
    table = read(workbook(rows))
    assert (table.header, table.is_workbook, table.findings) == (tuple(HEAD), True, [])
    assert [(row.row_no, row.cells) for row in table.rows() if not row.is_blank] == [
        (2, ["000101", "62500.5", "2026-09-30"]),
        (4, ["254711222333", "0.3", "2026-09-30 08:15:00"]),
        (5, ["O'Brien-Wa\nThiong'o", "true", "30/09/2026"]),
        (6, ["1.23456789012346e+19", "", ""]),
    ]
    assert [row.row_no for row in table.rows() if row.is_blank] == [3]


def test_the_first_sheet_that_is_shown_is_read() -> None:
    """Contract 8: lists that a template hides are no rows."""

    def hide(book: object, sheet: object) -> None:
        book.add_worksheet("Shown").write_row(1, 0, HEAD)  # type: ignore[attr-defined]
        book.worksheets()[1].activate()  # type: ignore[attr-defined]
        book.worksheets()[1].set_first_sheet()  # type: ignore[attr-defined]
        sheet.hide()  # type: ignore[attr-defined]

    table = read(workbook([["other"]], also=hide))
    assert (table.header, table.header_row_no) == (tuple(HEAD), 2)


def formulas(_: object, sheet: object) -> None:
    """A cell that is worked out."""
    sheet.write_formula(1, 1, "=1+1")  # type: ignore[attr-defined]


def hides_a_row(_: object, sheet: object) -> None:
    """A row that a filter took away."""
    sheet.set_row(1, None, None, {"hidden": True})  # type: ignore[attr-defined]


def fills_another(book: object, _: object) -> None:
    """A second sheet with a row of its own."""
    book.add_worksheet("February").write_row(0, 0, HEAD)  # type: ignore[attr-defined]


def archive(**parts: str) -> bytes:
    """An archive that is no workbook."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()


GOOD = workbook([HEAD, ["000101", 1, "2026-09-30"]])


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (GOOD[:-200], "not-a-table", "no workbook that can be opened"),
        (GOOD.replace(b"customer", b"cu\xfftomer"), "", ""),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2_000, "not-a-table", "protected by a password"),
        (archive(readme="hello"), "not-a-table", "no workbook"),
        (with_part(GOOD, "xl/vbaProject.bin", b"x"), "workbook-macros", "macros"),
        (with_part(GOOD, "xl/externalLinks/externalLink1.xml", b"<x/>"), "workbook-links", "links"),
        (workbook([HEAD], also=formulas), "workbook-formulas", "formulas"),
        (workbook([HEAD, ["000101", 1, "2026-09-30"]], also=hides_a_row), "workbook-hidden", "hides rows"),
        (
            workbook([HEAD, ["000101", 1, "2026-09-30"]], also=fills_another),
            "workbook-sheets",
            "Several sheets",
        ),
        (with_part(GOOD, "xl/worksheets/sheet1.xml", b"<worksheet"), "workbook-unread", "could not be read"),
    ],
    ids=[
        "cut",
        "harmless",
        "protected",
        "archive",
        "macros",
        "links",
        "formulas",
        "hidden",
        "sheets",
        "damaged",
    ],
)
def test_what_is_more_than_a_table_is_refused(data: bytes, code: str, said: str) -> None:
    """Ledger, section 7: no formulas, no links, no macros; a protected or damaged one is said to be."""
    table = read(data)
    assert [each.code for each in table.findings] == ([code] if code else [])
    assert all(said in each.message for each in table.findings)
    assert not code or not list(table.rows())


SHOWN: list[tuple[str, float, str]] = [
    ("00000", 42, "00042"),
    ("00000", 0, "00000"),
    ("000", 1234, "1234"),
    ("000000_)", 101, "000101"),
    ("[Red]000000;-000000", 101, "000101"),
    ("0#########", 711222333, "0711222333"),
    ("+000000000000", 254711222333, "+254711222333"),
    ("000\\-000", 1234, "001-234"),
    ('"CUST-"0', 42, "CUST-42"),
    ('"0"0', 711222333, "0711222333"),
    ("0", 42, "42"),
    ("General", 42, "42"),
    ("0.00", 1234.5, "1234.5"),
    ("#,##0.00;(#,##0.00)", -5.25, "-5.25"),
    ('"KES "#,##0', 62500, "62500"),
    ('"KES "0', 500, "500"),
    ("[$KSh-441]\\ #,##0.00", 500, "500"),
    ("00000", 42.5, "42.5"),
    ("00000", -42, "-42"),
    ("0%", 0.5, "50%"),
    ("0.00%", 0.125, "12.5%"),
    ('0.00"%"', 12.5, "12.5%"),
    ("#,##0,", 5_000_000, "5000 thousand"),
    ("$#,##0,", 5_000_000, "5000 thousand"),
    ("#,##0,K", 5_000_000, "5000 thousand"),
    ('0.0,,"M"', 5_000_000, "5 thousand thousand"),
    ("[<1000]0;[>=1000]#,##0,", 5_000, "5 thousand"),
    ("[>=1000]0;00000", 42, "00042"),
    ("[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", 711222333, "711222333"),
    ("(0.00)", 5.25, "-5.25"),
    ('"-"0.00', 5.25, "-5.25"),
    ("0.00-", 5.25, "-5.25"),
    ("0.00;[Red]0.00", -5.25, "-5.25"),
    ("000000;(000000)", -42, "-42"),
    ('"Ksh"0"/="', 500, "500"),
    ('0"/2011"', 17, "17/2011"),
    ('0;-0;"none"', 0, "none"),
    ('_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-;_-@_-', 0, "0"),
    ("#,##0;-#,##0;;@", 0, ""),
    ("0.00;;", 5.25, "5.25"),
]  # fmt: skip
"""A format, a number, and what is read."""


def formatted(left: int, *cells: tuple[str, float]) -> bytes:
    """A table that begins `left` columns from the side, with numbers under formats in its first column."""

    def also(book: Any, sheet: Any) -> None:
        sheet.write_row(0, left, HEAD)
        for place, (code, value) in enumerate(cells, 1):
            sheet.write_row(place, left, ROW)
            sheet.write_number(place, left, value, book.add_format({"num_format": code}))

    return workbook([], also=also)


@pytest.mark.parametrize("left", [0, 2])
def test_a_number_is_read_as_its_format_shows_it(left: int) -> None:
    """Contract 8: zeros in front are part of a key; what is shown as a part, in thousands or below zero is no plain amount."""
    table = read(formatted(left, *((code, value) for code, value, _ in SHOWN)))
    assert table.findings == []
    found = [row.cells for row in table.rows()]
    assert [cells[0] for cells in found] == [shown for _, _, shown in SHOWN]
    assert all(cells[1:] == ["5", "2026-09-30"] for cells in found)


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ('#,##0.00" Dr"', 30.5, "30.5 Dr"),
        ('""0.00" Cr"', 30.5, "30.5 Cr"),
        ('"Dr "0.00', 5, "5 Dr"),
        ('0.00" Cr.";0.00" Dr."', -30.5, "30.5 Dr"),
        ('0.00" Dr";0.00" Cr"', -30.5, "30.5 Cr"),
        ('0.00" Dr"', -30.5, "-30.5 Dr"),
        ('0.00" Dr";-0.00" Dr"', -30.5, None),
        ('0.00" KES"', 30.5, None),
    ],
)
def test_a_format_that_writes_debit_or_credit_says_the_side(
    code: str, value: float, shown: str | None
) -> None:
    """Accounting programs keep every amount above zero and write the side by its format."""
    found = format_of(code)
    assert (found.shown(value) if found else None) == shown


@pytest.mark.parametrize(("hiding", "value"), [(";;;", 5), ("0.00;;", -5), ('"";"";""', 0.5), ("[>9]0;", 5)])
def test_a_number_that_its_format_hides_keeps_the_workbook_out(hiding: str, value: float) -> None:
    """Contract 8: what nobody sees is not taken in."""
    ((code, said),) = [(each.code, each.message) for each in read(formatted(1, (hiding, value))).findings]
    assert (code, "hides what stands in B2" in said) == ("workbook-hidden", True)


def with_columns(first: int, last: int, width: float | None, options: dict[str, object]) -> bytes:
    """A table of three columns from the second on, some columns of the sheet set so."""

    def also(_: Any, sheet: Any) -> None:
        sheet.write_row(0, 1, HEAD)
        sheet.write_row(1, 1, ROW)
        sheet.set_column(first, last, width, None, options)

    return workbook([], also=also)


@pytest.mark.parametrize(
    ("first", "last", "width", "options", "named"),
    [
        (2, 2, None, {"hidden": True}, "C"),
        (2, 2, 0, {}, "C"),
        (0, 2, None, {"hidden": True}, "B, C"),
        (3, 16_383, None, {"hidden": True}, "D"),
        (0, 0, None, {"hidden": True}, ""),
        (4, 16_383, None, {"hidden": True}, ""),
        (2, 2, None, {"level": 1}, ""),
    ],
)
def test_the_hidden_columns_that_hold_something_are_found(
    first: int, last: int, width: float | None, options: dict[str, object], named: str
) -> None:
    """Contract 8: empty ones, and those beside the table, are no matter."""
    hidden = Shown(with_columns(first, last, width, options)).hidden_columns("Rows")
    try:
        refuse_hidden([HEAD, ROW], hidden, 1)
    except Unseen as unseen:
        found = str(unseen)
    else:
        found = ""
    assert found == named


@pytest.mark.parametrize("column", [2, 0])
def test_hidden_columns_that_hold_something_keep_the_workbook_out(column: int) -> None:
    """Contract 8: as hidden rows do."""
    table = read(with_columns(column, column, None, {"hidden": True}))
    said = "The sheet hides columns that hold something: C. Show them or delete them, then save it again."
    assert [each.message for each in table.findings] == ([said] if column else [])
    assert [row.cells for row in table.rows()] == ([] if column else [["000101", "5", "2026-09-30"]])


def flat(_: object, sheet: object) -> None:
    """A row without any height."""
    sheet.set_row(1, 0)  # type: ignore[attr-defined]


def test_a_row_without_height_is_a_hidden_one() -> None:
    """Contract 8: it is seen no more than one that a filter took away."""
    assert [each.code for each in read(workbook([HEAD, ROW], also=flat)).findings] == ["workbook-hidden"]


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """T-21: what the parts claim to unpack to counts, and nobody reads them."""
    bomb = with_part(GOOD, "xl/media/image1.png", b"\0" * (feed.UNPACKED_BYTES_MAX + 1))
    assert len(bomb) < 1_000_000
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    assert [each.code for each in read(bomb).findings] == ["workbook-too-large"]


def test_a_part_that_lies_about_its_size_is_refused() -> None:
    """T-21: the archive's check sum tells, before the sheet is read."""
    big = with_part(GOOD, "xl/media/image1.png", b"\0" * 5_000_000)
    small = big.replace((5_000_000).to_bytes(4, "little"), (50).to_bytes(4, "little"))
    assert small != big
    assert [each.code for each in read(small).findings] == ["not-a-table"]


def test_a_sheet_that_reaches_over_everything_is_refused() -> None:
    """T-21: two cells at the far corners are no reason to take all the memory there is."""
    far = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        b"</sheetData></worksheet>"
    )
    table = read(with_part(GOOD, "xl/worksheets/sheet1.xml", far))
    assert [each.code for each in table.findings] == ["workbook-unread"]
