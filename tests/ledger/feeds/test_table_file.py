"""Reading a table file of any writing, and any bytes at all (contract, section 8; T-21)."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from branchtui.contract.imports import Delimiter, Encoding
from branchtui.ledger.feeds import lines as lines_module
from branchtui.ledger.feeds import table_file
from branchtui.ledger.feeds.cells import guarded, unguarded
from branchtui.ledger.feeds.finding import ERROR
from branchtui.ledger.feeds.table_file import TableFile
from branchtui.ledger.feeds.table_row import Row

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLES = Path(
    os.environ.get("BRANCHTUI_SAMPLES", Path(__file__).resolve().parents[4] / "shared" / "samples")
)
KNOWN = {"customer_no", "amount", "note"}


def read(data: bytes, *, pieces: int = 64 * 1024, **options: object) -> tuple[TableFile, list[Row]]:
    """The table in some bytes that arrive in pieces."""
    chunks = [data[at : at + pieces] for at in range(0, len(data), pieces)]
    table = TableFile(lambda: chunks, known=KNOWN, **options)  # type: ignore[arg-type]  # passed on as given
    return table, list(table.rows())


def codes(table: TableFile, rows: list[Row]) -> list[str]:
    """The codes of everything found."""
    return [each.code for each in table.findings] + [each.code for row in rows for each in row.findings]


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_every_writing_reads_as_the_same_rows(sign: str, end: str, codec: str) -> None:
    """Contract, section 8: delimiter and encoding are recognised."""
    lines = ["customer_no,amount,note", "000101,12.50,Café Müller", "000102,1,"]
    table, rows = read(end.join(lines).replace(",", sign).encode(codec), pieces=7)
    assert table.header == ("customer_no", "amount", "note")
    assert [(row.row_no, row.cells) for row in rows] == [
        (2, ["000101", "12.50", "Café Müller"]),
        (3, ["000102", "1", ""]),
    ]
    assert not codes(table, rows)


@pytest.mark.parametrize("written", ["sep=;", "SEP=;", '"sep=;"', "sep=;;;", "sep=; "])
@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_a_first_line_that_says_the_sign_is_no_row(written: str, codec: str) -> None:
    """Contract, section 8: a spreadsheet shows the header as its first row."""
    table, rows = read(
        f"{written}\r\ncustomer_no;amount;note\r\n000101;1,50;a,b,c,d\r\n".encode(codec), pieces=7
    )
    assert (table.header, table.header_row_no) == (("customer_no", "amount", "note"), 1)
    assert table.delimiter is Delimiter.SEMICOLON
    assert [(row.row_no, row.cells) for row in rows] == [(2, ["000101", "1,50", "a,b,c,d"])]
    assert not codes(table, rows)


def test_a_sign_that_is_set_goes_before_the_one_that_the_file_says() -> None:
    """Contract, section 8: what is recognised can be set."""
    table, rows = read(b"sep=;\ncustomer_no,amount,note\n1,2,3\n", delimiter=Delimiter.COMMA)
    assert (table.header, [row.cells for row in rows]) == (
        ("customer_no", "amount", "note"),
        [["1", "2", "3"]],
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"customer_no|amount|note\n1|2|3\n", "a bar (|)"),
        (b'"customer_no"|"amount"|"note"\n1|2|3\n', "a bar (|)"),
        (b"sep=|\ncustomer_no|amount|note\n1|2|3\n", "a bar (|)"),
        (b"customer_no^amount\n1^2\n", "a caret (^)"),
        (b"sep=#\ncustomer_no#amount\n", "#"),
    ],
)
def test_another_sign_between_the_cells_is_named(data: bytes, said: str) -> None:
    """Contract, section 8: what is to be done is said, and not that one long column is unknown."""
    table, rows = read(data)
    assert [each.message for each in table.findings] == [
        f"The cells are separated by {said}. Save the file with commas, semicolons or tabs between them."
    ]
    assert not table.header
    assert not rows


def test_rows_are_numbered_as_a_spreadsheet_counts_them() -> None:
    """Contract, section 8: the header is 1; a quoted line break starts no row; blank rows count."""
    _, rows = read(b'customer_no,amount,note\n1,2,"two\nlines"\n\n ,,\n2,3,end\n')
    assert [(row.row_no, row.is_blank) for row in rows] == [(2, False), (3, True), (4, True), (5, False)]
    assert rows[0].cells[2] == "two\nlines"


def test_columns_are_named_however_they_are_spelled() -> None:
    """Header by name: case, spaces and hyphens do not matter, nor a sign behind the name of a known column."""
    table, _ = read(b"Customer No, AMOUNT ,no-te\n")
    assert table.header == ("customer_no", "amount", "no_te")
    table, _ = read(b"Customer No.,Amount *,no-te.\n")
    assert table.header == ("customer_no", "amount", "no_te.")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-file"),
        (b"\n\n\n", "empty-file"),
        (b"customer_no,amount,amount\n1,2,3\n", "duplicate-column"),
        (b'customer_no,amount\n1,"2\n3,4\n', "quote-open"),
        (b'customer_no,amount\n1,"2"3\n', "quote"),
        (b"customer_no,amount\n1,2\x003\n", "nul"),
        (b"customer_no,amount\n1,2\r\n2,3\n", "mixed-line-ends"),
        (b"customer_no,amount\n1,2,3\n", "columns"),
        (b"customer_no,amount\n1\n", "columns"),
        (b"customer_no,amount\n1," + b"x" * 5_000 + b"\n", "cell-too-long"),
        (b"customer_no,amount\n1," + b"x" * 70_000 + b"\n2,3\n", "line-too-long"),
        (b"x" * 10 * 1024 * 1024, "line-too-long"),
        (b"a," * 30_000 + b"\n", "too-many-columns"),
        (b"," * 60_000 + b"\n", "cell-too-long"),
        (b"PK\x03\x04whatever", "not-a-table"),
        (b"\xd0\xcf\x11\xe0whatever", "not-a-table"),
        (b"customer_no,amount\n\x81,2\n", "encoding"),
        ("customer_no,amount\n1,2\n".encode("utf-16")[:-1], "encoding-end"),
        (b"\xff\xfe\x00\xd8\x00\x00", "encoding-end"),
        (b'"customer_no', "quote-open"),
        (b"%PDF-1.7\n%\xe2\xe3\n", "not-a-table"),
        (b"<html><table><tr><td>customer_no</td></tr></table></html>", "not-a-table"),
        ("\ufeff\r\n<?xml version='1.0'?><Workbook/>".encode("utf-16-le"), "not-a-table"),
        (b"\x1f\x8b\x08\x00\x00\x00", "not-a-table"),
        (b"{\\rtf1 customer_no}", "not-a-table"),
        (b'"customer_no,amount"\r\n"000101,5"\r\n', "delimiter"),
        (b'customer_no,amount\n000101, "5"\n', "quote"),
        (b'customer_no,amount,note\n000101, "62,500.50",x\n', "quote"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)}-bytes",
)
def test_what_is_wrong_with_a_file_is_said_and_never_raised(data: bytes, code: str) -> None:
    """T-21: each is a plain finding."""
    table, rows = read(data)
    assert code in codes(table, rows)


def as_excel_saves(*counts: int) -> list[str]:
    """Lines of a table of three columns, whose rows have as many cells as it is said of each sixteen."""
    cells = [
        "customer_no,amount,note",
        *(f"{row_no:06},{row_no}.50," for row_no in range(2, 16 * len(counts) + 1)),
    ]
    return [",".join(line.split(",")[: counts[at // 16]]) for at, line in enumerate(cells)]


def test_separators_that_excel_leaves_out_behind_the_last_cell_are_no_matter() -> None:
    """Contract 8: it writes sixteen rows at a time, and nothing for columns that are blank in all of them."""
    lines = as_excel_saves(3, 2, 3, 2)
    lines[20], lines[21] = "", ","
    table, rows = read(("\r\n".join(lines[:50]) + "\r\n").encode(), pieces=100)
    assert codes(table, rows) == []
    assert [row.cells for row in rows if not row.is_blank] == [
        [f"{row_no:06}", f"{row_no}.50", ""] for row_no in range(2, 51) if row_no not in {21, 22}
    ]


@pytest.mark.parametrize(
    ("change", "first"),
    [
        (lambda lines: [*lines[:4], "000005,5.50", *lines[5:]], 5),
        (lambda lines: [*lines[:20], "000021", *lines[21:]], 17),
        (lambda lines: [*lines[:20], "000021,2", "1.50", *lines[21:]], 17),
        (lambda lines: [*lines[:20], "000021,21.50,", *lines[21:]], 17),
        (lambda lines: [*lines[:31], "000032,3"], 17),
        (lambda lines: [lines[0], "000002,2.50"], 2),
    ],
    ids=["beside the header", "cut", "broken", "one is whole", "the file ends within", "one row"],
)  # fmt: skip
def test_a_row_that_may_be_cut_is_not_filled_up(change: Callable[[list[str]], list[str]], first: int) -> None:
    """Contract 8: nobody knows what stood there; every row that may be meant is told of."""
    lines = change(as_excel_saves(3, 2, 2))
    _, rows = read("\r\n".join(lines).encode())
    assert next(row.row_no for row in rows if not row.is_readable) == first
    assert all(row.is_readable == (len(row.cells) == 3) for row in rows)


@pytest.mark.parametrize(
    "codec", ["cp1251", "cp1256", "gb18030", "shift_jis", "euc_kr", "cp1253", "cp850", "mac_roman"]
)
def test_names_of_another_code_page_are_not_taken_for_western_ones(codec: str) -> None:
    """Contract 8: no letter becomes another one unseen; what to do is said."""
    name = {
        "cp1251": "Иван Петров", "cp1256": "محمد علي", "gb18030": "北京农业", "shift_jis": "鈴木太郎", "euc_kr": "김철수", "cp1253": "Γιώργος",
        "cp850": "José Muñoz", "mac_roman": "José Müller",
    }[codec]  # fmt: skip
    table, _ = read(f"customer_no,amount,note\n000101,5,{name}\n".encode(codec))
    ((code, said),) = [(each.code, each.message) for each in table.findings]
    assert (code, "UTF-8" in said) == ("encoding", True)


@pytest.mark.parametrize(
    "name",
    [
        "Größe & Söhne",
        "Noël–l’Œuvre «É»",
        "Þórður Ægisson",
        "ÅÄÖ AB",
        "São João 5 €",
        "Žižek & Šimunek’s",
        "L’œuf—N°5 «ça»",
        "Jean–Luc Œuvre…",
    ],
)
def test_western_names_are_read_in_their_code_page(name: str) -> None:
    """Contract 8: accents, ligatures and the signs of typesetters."""
    table, (row,) = read(f"customer_no,amount,note\n000101,5,{name}\n".encode("cp1252"))
    assert (table.findings, row.cells[2]) == ([], name)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_han_in_utf_16_without_a_mark_is_recognised(codec: str) -> None:
    """Contract 8: by the zeros of the separators and digits, though some signs of Han have one too."""
    names = "一丁七万丈三上下不与丐丑专且丕世丘丙业丛东丝丞丢两严並丧"
    table, rows = read(f"customer_no,amount,note\n000101,5,{names}\n000102,6,一一\n".encode(codec))
    assert (codes(table, rows), [row.cells[2] for row in rows]) == ([], [names, "一一"])


def test_marks_and_ends_that_nobody_sees_are_no_part_of_a_table() -> None:
    """Contract 8: a second mark of the encoding before the header, the end of a file of an old system."""
    table, (row,) = read(b"\xef\xbb\xbf\xef\xbb\xbfcustomer_no,amount\r\n000101,5\r\n\x1a")
    assert (table.header, row.cells, codes(table, [row])) == (("customer_no", "amount"), ["000101", "5"], [])


def test_reading_goes_on_behind_a_row_that_cannot_be_read() -> None:
    """One bad line is one bad row."""
    _, rows = read(b'customer_no,amount\n1,"2"3\n' + b"y" * 70_000 + b"\n2,3\n")
    assert [row.is_readable for row in rows] == [False, False, True]
    assert rows[-1].cells == ["2", "3"]


def test_the_row_beyond_the_limit_ends_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ledger, section 7: at the limit all is well, one more is told of."""
    monkeypatch.setattr(table_file, "ROWS_MAX", 3)
    head = b"customer_no,amount\n"
    table, rows = read(head + b"1,2\n" * 3)
    assert not codes(table, rows)
    table, rows = read(head + b"1,2\n" * 5)
    assert len(rows) == 4
    assert codes(table, rows) == ["too-many-rows"]


@pytest.mark.parametrize(("columns", "refused"), [(64, False), (65, True)])
def test_a_file_has_at_most_64_columns(columns: int, refused: bool) -> None:
    """Ledger, section 7."""
    table, _ = read(",".join(f"c{each}" for each in range(columns)).encode() + b"\n")
    assert ("too-many-columns" in [each.code for each in table.findings]) is refused


@pytest.mark.parametrize(("characters", "refused"), [(4096, False), (4097, True)])
def test_a_cell_has_at_most_four_kib(characters: int, refused: bool) -> None:
    """Ledger, section 7."""
    table, rows = read(b"customer_no,note\n1," + b"x" * characters + b"\n")
    assert ("cell-too-long" in codes(table, rows)) is refused


def test_what_is_set_by_hand_is_not_recognised() -> None:
    """Contract, section 8: `options` set what is recognised."""
    table, rows = read(b"customer_no;amount\n\xe9;1,5\n", delimiter=Delimiter.COMMA, encoding=Encoding.CP1252)
    assert (table.delimiter, table.encoding) == (Delimiter.COMMA, Encoding.CP1252)
    assert rows[0].cells == ["é;1", "5"]


@given(st.binary(max_size=3_000), st.integers(1, 600))
def test_any_bytes_end_in_rows_and_findings(data: bytes, pieces: int) -> None:
    """T-21: whatever the bytes are, reading raises nothing, ends, and numbers its rows upwards."""
    _, rows = read(data, pieces=pieces)
    numbers = [row.row_no for row in rows]
    assert numbers == sorted(set(numbers))


_LINES = {
    "plain": "000101,1,plain",
    "quoted": '000101,"1,250.00",quoted',
    "two lines": '000101,1,"two\nlines"',
    "guarded": "000101,1,'=guarded",
    "apostrophe": "000101,1,it's",
    "stray quote": '000101,1,a "stray" quote',
    "open quote": '000101,"open,1',
    "empty": "",
    "blank": " , , ",
    "nul": "000101,1,n\0l",
    "accent": "000101,1,caf\u00e9",
    "no text": "000101,1,\udc81",
    "long cell": "x" * 5_000 + ",1,a",
    "long line": "y" * 70_000,
    "short": "000101,1",
}


@given(
    st.lists(st.sampled_from(sorted(_LINES)), max_size=30),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
    st.sampled_from([100, 1_000, 10_000]),
)
@example(["open quote", "long line", "no text", "accent"], "\n", False, 100)
def test_lines_read_together_are_the_same_rows_as_lines_read_singly(
    kinds: list[str], end: str, last_ends: bool, block: int
) -> None:
    """Reading many plain lines in one go is only quicker: the same cells, findings and numbers come of it."""
    lines = ["customer_no,amount,note", *(_LINES[kind] for kind in kinds)]
    data = (end.join(lines) + (end if last_ends else "")).encode("utf-8", "surrogateescape")

    def rows(*, together: bool) -> list[Row]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lines_module, "_BLOCK_CHARACTERS", block)
            if not together:
                patch.setattr(lines_module.Lines, "plain", lambda _: None)
            return read(data, encoding=Encoding.UTF_8)[1]

    assert rows(together=True) == rows(together=False)


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
            min_size=3,
            max_size=3,
        ),
        max_size=12,
    ),
    st.sampled_from([",", ";", "\t"]),
)
def test_what_a_csv_writer_wrote_comes_back_as_it_was(written: list[list[str]], sign: str) -> None:
    """Formula-like texts go out guarded and come back exact (SEC-6); nothing else is touched."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=sign, lineterminator="\r\n")
    writer.writerow(["customer_no", "amount", "note"])
    writer.writerows([[guarded(cell) for cell in row] for row in written])
    _, rows = read(text.getvalue().encode())
    assert [row.cells for row in rows if row.cells] == written


@given(st.text(st.sampled_from("'=+-@\t\r\0＝a1.,"), max_size=8))
def test_a_guard_comes_off_exactly_once(text: str) -> None:
    """SEC-6: the round trip is exact for every text that a safe export writes."""
    out = guarded(text)
    assert not out.startswith(("=", "@", "\t", "\r", "\0", "＝"))
    if out != text or not text.startswith("'"):
        assert unguarded(out) == text


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside this checkout")
@pytest.mark.parametrize("name", ["simple", "simple_crlf", "newlines", "newlines_crlf", "empty_crlf", "json"])
def test_the_public_csv_spectrum_reads_as_it_should(name: str) -> None:
    """What the corpus says its files hold."""
    folder = SAMPLES / "hostile" / "csv" / "csv-spectrum"
    expected = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    table, rows = read((folder / f"{name}.csv").read_bytes())
    found = [dict(zip(table.header, row.cells, strict=True)) for row in rows]
    assert [{k: v.replace("\r\n", "\n") for k, v in each.items()} for each in found] == [
        {k: v.replace("\r\n", "\n") for k, v in each.items()} for each in expected
    ]
    assert not any(each.level == ERROR for row in rows for each in row.findings)
