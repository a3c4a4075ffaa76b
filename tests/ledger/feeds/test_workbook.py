"""Workbooks: read as the table that they are, and refused plainly where they are more than that (T-21)."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
from tests.ledger.workbooks import by_hand, cells, sheet_of, with_part, workbook

from branchtui.ledger.feeds import workbook as feed
from branchtui.ledger.feeds.number_format import format_of
from branchtui.ledger.feeds.table_file import TableFile
from branchtui.ledger.feeds.workbook_reader import refuse_hidden
from branchtui.ledger.feeds.workbook_shown import Shown, Unseen

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


FIRST = f'<row r="1">{cells(1, *HEAD)}</row>'
SECOND = f'<row r="2">{cells(2, "000101", "5", "2026-09-30")}</row>'
FORMULA = '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c></row>'


def test_a_workbook_of_two_kilobytes_is_read() -> None:
    """Contract 8: however little a program has written beside the rows."""
    data = by_hand(sheet_of(FIRST + SECOND))
    assert len(data) < 2_048
    table = read(data)
    assert [row.cells for row in table.rows()] == [["000101", "5", "2026-09-30"]], table.findings


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (by_hand(sheet_of(FIRST + FORMULA), part="xl/sheet1.xml"), "workbook-formulas"),
        (by_hand(sheet_of(FIRST + FORMULA), part="worksheets/first.dat"), "workbook-formulas"),
        (by_hand(sheet_of(FIRST + FORMULA).replace("<f>", "<f\n>")), "workbook-formulas"),
        (by_hand(sheet_of(FIRST + SECOND.replace('r="2"', "hidden = '1' r='2'", 1))), "workbook-hidden"),
        (by_hand(sheet_of(FIRST + SECOND.replace('r="2"', 'r="2" hidden="&#49;"', 1))), "workbook-hidden"),
        (
            by_hand(sheet_of(FIRST + SECOND.replace('r="2"', f'r="2" spans="{"1:3 " * 200}" ht="0"', 1))),
            "workbook-hidden",
        ),
        (by_hand(sheet_of(FIRST + '<row r="2"><c r="A2" t = "e"><v>#N/A</v></c></row>')), "workbook-errors"),
        (by_hand(sheet_of(FIRST + SECOND, behind='<mergeCells><mergeCell ref = "A1:A2"/></mergeCells>')), "workbook-merged"),
    ],
    ids=["another part", "another folder", "over two lines", "blanks in a tag", "by its number", "a long tag", "error", "merged"],
)  # fmt: skip
def test_what_is_more_than_a_table_is_refused_however_it_is_written(data: bytes, code: str) -> None:
    """Ledger, section 7: by what the sheet holds, not by how its program writes it or calls its parts."""
    table = read(data)
    assert [each.code for each in table.findings] == [code]
    assert list(table.rows()) == []


LISTS = (
    '<extLst><ext xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"><x14:dataValidations count="1" '
    'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><x14:dataValidation type="list"><x14:formula1>'
    "<xm:f>Lists!$A$1:$A$3</xm:f></x14:formula1><xm:sqref>A2:A9</xm:sqref></x14:dataValidation></x14:dataValidations></ext></extLst>"
)
"""How Excel keeps a list of another sheet that cells offer, as those of our templates do."""


@pytest.mark.parametrize(
    "sheet",
    [
        sheet_of(FIRST + SECOND, behind=LISTS),
        sheet_of(FIRST + SECOND + "<!-- <f>1+1</f> -->"),
        sheet_of(FIRST + SECOND + '<row r="3" hidden="1" ht="0"><c r="A3" s="0"/></row>'),
    ],
    ids=["lists", "a remark", "an empty row"],
)
def test_what_only_looks_like_more_than_a_table_is_read(sheet: str) -> None:
    """Contract 8: a template that was filled in and saved; nothing is worked out in it, and nothing hidden."""
    table = read(by_hand(sheet))
    assert [row.cells for row in table.rows()] == [["000101", "5", "2026-09-30"]], table.findings


@pytest.mark.parametrize(
    "data",
    [
        by_hand(sheet_of(FIRST + SECOND), part="sheet1.xml", folder=""),
        by_hand(sheet_of(FIRST + SECOND), sign="\\"),
        with_part(by_hand(sheet_of(FIRST + SECOND)), "customXml/item1.xml", "<DataMashup/>".encode("utf-16")),
    ],
    ids=["no folders", "another sign between folders", "beside what a query keeps"],
)
def test_a_workbook_is_known_by_its_parts_wherever_they_lie(data: bytes) -> None:
    """Contract 8: as programs arrange them; only what is read counts."""
    table = read(data)
    assert [row.cells for row in table.rows()] == [["000101", "5", "2026-09-30"]], table.findings


def test_formats_are_those_of_the_part_that_the_workbook_names() -> None:
    """Contract 8: zeros in front, however the part is called that says them."""
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    styles = (
        f'<styleSheet xmlns="{namespace}"><numFmts><numFmt numFmtId="164" formatCode="000000"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>'
    )
    row = '<row r="2"><c r="A2" s="1"><v>101</v></c></row>'
    table = read(by_hand(sheet_of(FIRST + row), also={"xl/theme/styles2.xml": styles}))
    assert [row.cells[0] for row in table.rows()] == ["000101"], table.findings


@pytest.mark.parametrize(
    ("number", "text", "said"),
    [
        (12.345, "250,75", "C2 is a number and C3 a text"),
        (12.345, "1.250,5", "C2 is a number and C3 a text"),
        (12.345, "1,250.50", ""),
        (12.34, "250,75", ""),
        (12345, "250,75", ""),
    ],
)
def test_a_text_makes_no_other_number_of_one(number: float, text: str, said: str) -> None:
    """Contract 8: a number of three decimals is none of thousands, however the texts beside it write theirs."""
    rows: list[list[Any]] = [["", *HEAD], ["", "000101", number], ["", "000102", text]]
    found = read(workbook(rows)).findings
    assert [each.code for each in found] == (["workbook-writings"] if said else [])
    assert all(said in each.message and "Make them all numbers" in each.message for each in found)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ((date(2026, 3, 4), "13/04/2026"), "C2 is a date and C3 a text"),
        ((date(2026, 3, 4), "04/13/2026", "31.12.2026", date(2026, 12, 12)), "C2 is a date and C3 a text"),
        ((date(2026, 3, 14), "13/04/2026"), ""),
        ((date(2026, 3, 4), "13/04/2026", "03/04/2026"), ""),
        ((date(2026, 3, 4), "2026-04-13"), ""),
        ((date(2026, 3, 4), "", date(2026, 3, 5)), ""),
    ],
)
def test_days_that_a_spreadsheet_may_have_turned_are_refused(days: tuple[date | str, ...], said: str) -> None:
    """Contract 8: where texts of days above 12 were left beside dates of days up to 12, these may be months."""
    rows: list[list[Any]] = [["", *HEAD], *(["", "000101", each] for each in days)]
    found = read(workbook(rows)).findings
    assert [each.code for each in found] == (["workbook-writings"] if said else [])
    assert all(said in each.message and "Write them all one way" in each.message for each in found)


def test_what_stands_far_beside_the_table_is_not_passed_over() -> None:
    """Contract 8: a row with more cells than columns is told of, however far they are from it."""
    far = SECOND.replace("</row>", '<c r="CZ2"><v>7</v></c></row>')
    (row,) = read(by_hand(sheet_of(FIRST + far))).rows()
    assert [each.code for each in row.findings] == ["columns"]
    assert "7" in row.cells


@pytest.mark.parametrize("row_no", [250_001, 250_002, 260_000, 1_048_576])
def test_what_stands_far_below_the_table_is_not_passed_over(row_no: int) -> None:
    """Contract 8: a blank row never ends the file, nor does a quarter of a million of them."""
    far = cells(row_no, "000102", "7", "2026-09-30")
    found = list(read(by_hand(sheet_of(FIRST + SECOND + f'<row r="{row_no}">{far}</row>'))).rows())
    last = found[-1]
    if row_no <= 250_001:
        assert (last.row_no, last.cells[0], last.findings) == (row_no, "000102", ())
    else:
        assert [each.code for each in last.findings] == ["too-many-rows"]


def test_rows_that_stand_in_one_cell_are_to_be_split() -> None:
    """Contract 8: a text table that was pasted into the first column."""
    row = f'<row r="2">{cells(2, "000101,5,2026-09-30")}</row>'
    ((code, said),) = [
        (each.code, each.message)
        for each in read(by_hand(sheet_of(f'<row r="1">{cells(1, ",".join(HEAD))}</row>{row}'))).findings
    ]
    assert (code, "Split it into columns" in said) == ("delimiter", True)


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_sheet_in_utf_16_is_no_empty_one(codec: str) -> None:
    """Contract 8: what cannot be read is said, and what to do."""
    data = by_hand(f'<?xml version="1.0" encoding="UTF-16"?>{sheet_of(FIRST + SECOND)}'.encode(codec))
    ((code, said),) = [(each.code, each.message) for each in read(data).findings]
    assert (code, "UTF-16" in said and "as CSV" in said) == ("workbook-unread", True)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_that_cannot_be_right_is_not_called_too_large() -> None:
    """Contract 8: the sentence is true of the file."""
    out = io.BytesIO(GOOD)
    with zipfile.ZipFile(out, "a") as made:
        made.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    many = archive(**{f"part{at}": "" for at in range(feed.PARTS_MAX)}, **{"xl/workbook.xml": ""})
    squeezed = bytearray(GOOD)
    at = squeezed.index(b"PK\x01\x02")
    squeezed[8:10] = squeezed[at + 10 : at + 12] = (14).to_bytes(2, "little")
    for data, words in (
        (out.getvalue(), "no workbook that can be opened"),
        (many, "more than 1,000 parts"),
        (bytes(squeezed), "no workbook that can be opened"),
    ):
        (said,) = [each.message for each in read(data).findings]
        assert words in said


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
    ('""0.00" Cr"', 5.25, "5.25 Cr"),
    ('#,##0.00" Dr";#,##0.00" Cr"', 5.25, "5.25 Dr"),
    ('#,##0.00" Dr";#,##0.00" Cr"', -5.25, "5.25 Cr"),
    ('#,##0.00" Dr";-#,##0.00" Cr"', -5.25, "-5.25 Cr"),
    ('0.00" Cr"', -5.25, "-5.25 Cr"),
    ("#,##0\\ \\D\\R\\.", 1250, "1250 DR."),
    ('"Credit "0.00', 5.25, "5.25 Credit"),
    ('"DR-"0000', 42, "DR-0042"),
    ('0.00" credits"', 5.25, "5.25"),
    ('0.00"M"', 1.25, "1.25 M"),
    ('#,##0" thousand"', 5, "5 thousand"),
    ('0" Lakhs"', 5, "5 Lakhs"),
    ('"K"#,##0.00', 5, "5"),
    ('0" km"', 5, "5"),
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
        ('0.00" Cr.";0.00" Dr."', -30.5, "30.5 Dr."),
        ('0.00" Dr";0.00" Cr"', -30.5, "30.5 Cr"),
        ('0.00" Dr"', -30.5, "-30.5 Dr"),
        ('0.00" Dr";-0.00" Dr"', -30.5, "-30.5 Dr"),
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


@pytest.mark.parametrize("hiding", ['hidden="1"', "hidden='true'", 'ht="0"', 'customHeight="1" ht = "0.0"'])
def test_the_hidden_rows_that_hold_something_are_found(hiding: str) -> None:
    """Contract 8: however a row is hidden; one that is seen, or that is empty, is no matter."""
    hidden, empty = (
        SECOND.replace('r="2"', f'r="2" {hiding}', 1),
        f'<row r="3" {hiding}><c r="A3" s="0"/></row>',
    )
    Shown(by_hand(sheet_of(FIRST + SECOND + empty))).refuse_more_than_values(may_merge=False)
    with pytest.raises(Unseen):
        Shown(by_hand(sheet_of(FIRST + hidden))).refuse_more_than_values(may_merge=False)


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
