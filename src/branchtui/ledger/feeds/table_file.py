"""A file of comma-, semicolon- or tab-separated cells, or a workbook, as rows (contract, section 8; T-21).

Whatever the bytes are, reading ends in rows and findings, never in an exception, and holds no more
than a few lines at a time. Rows are numbered as a spreadsheet counts them: the first is 1, and a
line break inside quotes starts no new row.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, ClassVar, Final

from branchtui.contract.imports import Delimiter, Encoding
from branchtui.ledger.feeds import encodings, workbook
from branchtui.ledger.feeds.cells import holds_guard, unguarded
from branchtui.ledger.feeds.finding import Finding, error, shown, warning
from branchtui.ledger.feeds.lines import BAD_BYTES, BadLine, Lines
from branchtui.ledger.feeds.table_row import Row
from branchtui.ledger.feeds.table_unfit import (
    BAR,
    OTHER_SIGNS,
    column_name,
    in_one_cell,
    other_sign,
    what_else,
)
from branchtui.ledger.feeds.table_width import completed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

ROWS_MAX: Final = 250_000
COLUMNS_MAX: Final = 64
FIELD_CHARACTERS_MAX: Final = 4 * 1024

ENDS: Final = frozenset({"quote-open", "too-many-rows", "encoding-end"})
"""Findings behind which nothing of the file was read."""

SIGNS: Final = {Delimiter.COMMA: ",", Delimiter.SEMICOLON: ";", Delimiter.TAB: "\t"}
_DELIMITERS: Final = {sign: delimiter for delimiter, sign in SIGNS.items()}
_END_NAMES: Final = {"\n": "LF", "\r\n": "CR LF", "\r": "CR"}
_NO_SYNONYMS: Final[dict[str, str]] = {}
_SAID_SIGN: Final = re.compile(r"\"?sep=(.)\"?[,;\t]*\s*", re.IGNORECASE)
"""The first line of a file for spreadsheets, which says what stands between the cells and is no row."""


class TableFile:
    """A table in a file. `chunks` gives its bytes from the beginning each time it is called.

    `known` holds the column names that may appear, `synonyms` other words for some of them; `header` names the columns as they stand,
    `nameless` how many columns without a name stand behind them, `findings` what is wrong with the header or the file as a whole (at row `header_row_no`).
    `is_workbook`: it is no text but a workbook, whose first sheet is read.
    """

    may_merge: ClassVar[bool] = False
    """Whether cells of a workbook may be merged over rows, as banks do above their tables."""
    is_ours: ClassVar[bool] = True
    """Whether who made the table can be told how to write it; one of a bank is taken as it is."""
    may_be_nameless: ClassVar[bool] = False
    """Whether something may stand in columns behind the last one that has a name."""

    def __init__(
        self,
        chunks: Callable[[], Iterable[bytes]],
        *,
        known: Collection[str],
        encoding: Encoding | None = None,
        delimiter: Delimiter | None = None,
        synonyms: Mapping[str, str] = _NO_SYNONYMS,
    ) -> None:
        self._synonyms = synonyms
        self.header: tuple[str, ...] = ()
        self.header_row_no = 1
        self.nameless = 0
        self.findings: list[Finding] = []
        self.delimiter = delimiter or Delimiter.COMMA
        self._is_set = delimiter is not None
        start = next(iter(chunks()), b"")
        self.is_workbook = workbook.is_workbook(start)
        if self.is_workbook:
            encoding, delimiter = Encoding.UTF_8, Delimiter.COMMA
            try:
                chunks = workbook.as_text(chunks, may_merge=self.may_merge)
            except workbook.WorkbookUnfit as unfit:
                self.encoding = encoding
                self.findings.append(error(unfit.code, str(unfit)))
                return
        elif other := what_else(start):
            self.encoding = encoding or Encoding.UTF_8
            self.findings.append(other)
            return
        self._chunks = chunks
        self.encoding = encoding or encodings.recognise(chunks())
        if (
            self.is_ours
            and encoding is None
            and self.encoding is Encoding.CP1252
            and not encodings.is_western(chunks())
        ):
            said = "The file is written in a code page that is not known here. Save it as UTF-8 (in Excel: CSV UTF-8)."
            self.findings.append(error("encoding", said))
        self._codec = encodings.codec_of(self.encoding, next(iter(chunks()), b""))
        self._has_sign_line = False
        said = self._said_sign()
        if said and said not in _DELIMITERS:
            self.findings.append(other_sign(OTHER_SIGNS.get(said) or shown(said)))
            return
        self._has_sign_line = bool(said)
        self.delimiter = delimiter or _DELIMITERS.get(said) or self._recognise_delimiter(known)
        self._read_header(known)

    def rows(self) -> Iterator[Row]:
        """The rows under the header; nothing where there is no header that can be read.

        A file-wide end (quotes never closed, too many rows) is the last row, with its finding.
        """
        if not self.header:
            return
        lines, width = self._lines(), len(self.header)
        yield from completed(
            self._under_header(lines), width, width + self.nameless, self.header_row_no, lambda: lines.is_cut
        )

    def _under_header(self, lines: Lines) -> Iterator[Row]:
        """The rows with the cells that they have."""
        first_end = ""
        for row, fatal in records(lines, SIGNS[self.delimiter]):
            if row.row_no <= self.header_row_no:
                first_end = lines.end
                continue
            if row.row_no > self.header_row_no + ROWS_MAX:
                said = f"A file may hold {ROWS_MAX:,} rows at most; nothing below was read."
                yield Row(row.row_no, [], (error("too-many-rows", said),))
                return
            if self.is_ours and not self.is_workbook and _has_loose_quote(row.cells):
                said = "A blank stands in front of a quote. Put the quote right behind the sign between the cells, or none."
                row.findings = (*row.findings, error("quote", said))
            if lines.end != first_end and lines.end and not fatal:
                row.findings = (*row.findings, _mixed_ends(first_end, lines.end))
                first_end = lines.end
            yield row

    def _lines(self) -> Lines:
        lines = Lines(self._chunks(), self._codec)
        if self._has_sign_line:
            next(lines, "")
        return lines

    def _said_sign(self) -> str:
        """What the first line says that stands between the cells; empty where it is a row as others are."""
        found = _SAID_SIGN.fullmatch(self._first_line())
        return found[1] if found else ""

    def _first_line(self) -> str:
        try:
            return next(self._lines(), "")
        except BadLine:
            return ""

    def _rows_of(self, sign: str) -> Iterator[Row]:
        """Every record of the file, the header among them."""
        for row, _ in records(self._lines(), sign):
            yield row

    def _first_record(self, sign: str) -> Row | None:
        return next((row for row in self._rows_of(sign) if not row.is_blank), None)

    def _recognise_delimiter(self, known: Collection[str]) -> Delimiter:
        """The sign that splits the header into the most known columns, then into the most columns."""

        def merit(delimiter: Delimiter) -> tuple[int, int]:
            found = self._first_record(SIGNS[delimiter])
            cells = [column_name(cell) for cell in found.cells] if found else []
            return len(set(known).intersection(cells)), len(cells)

        return max(SIGNS, key=merit)

    def _read_header(self, known: Collection[str]) -> None:
        found = self._first_record(SIGNS[self.delimiter])
        if found is None:
            self.findings.append(error("empty-file", "The file holds no rows."))
            return
        self.header_row_no = found.row_no
        if not found.is_readable and '"|"' in self._first_line():
            self.findings.append(other_sign(OTHER_SIGNS[BAR]))
            return
        self.findings += found.findings
        if not found.is_readable:
            return
        names = [self._named(cell, known) for cell in found.cells]
        while names and not names[-1]:
            names.pop()
            self.nameless += self.may_be_nameless
        if len(names) == 1 and (other := in_one_cell(names[0], known, may_be_ours=not self._is_set)):
            self.findings.append(other)
            return
        if len(names) > COLUMNS_MAX:
            said = f"A file may have {COLUMNS_MAX} columns at most; this one has {len(names):,}."
            self.findings.append(error("too-many-columns", said))
            return
        self.header = tuple(names)
        for name in dict.fromkeys(name for name in names if names.count(name) > 1):
            said = f"The column {name or 'without a name'} stands {names.count(name)} times in the header."
            self.findings.append(error("duplicate-column", said, name, name))

    def _named(self, cell: str, known: Collection[str]) -> str:
        """The column of a header cell. A sign behind a name, as in `Mobile No.` and `Name *`, names no other column."""
        name = column_name(cell)
        name = self._synonyms.get(name, name)
        bare = name if name in known else name.rstrip("_.:*")
        bare = self._synonyms.get(bare, bare)
        return bare if bare in known else name


def is_blank(cells: Sequence[str]) -> bool:
    """Whether nothing stands in the row."""
    if cells and cells[0] and not cells[0].isspace():
        return False
    return not any(cell.strip() for cell in cells)


def records(lines: Lines, sign: str) -> Iterator[tuple[Row, bool]]:
    """Each record of a file by its number, header and all, and whether reading ends with it."""
    for row_no, several, ends in blocks(lines, sign):
        if isinstance(several, Row):
            yield several, ends
        else:
            yield from singly(row_no, several)


def singly(row_no: int, several: list[list[str]]) -> Iterator[tuple[Row, bool]]:
    """Plain records one by one, the first by this number; reading ends with none of them."""
    for place, cells in enumerate(several, row_no):
        yield Row(place, cells, (), is_blank(cells)), False


def blocks(lines: Lines, sign: str) -> Iterator[tuple[int, list[list[str]] | Row, bool]]:
    """The records of a file: many plain ones at once, as their cells, by the number of the first; the others singly.

    Of a single one it is said whether reading ends with it.
    """
    reader = csv.reader(lines, delimiter=sign, strict=True)
    row_no = 0
    while True:
        while together := _together(lines, sign):
            yield row_no + 1, together, False
            row_no += len(together)
        lines.begin()
        row_no += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except BadLine as bad:
            yield row_no, Row(row_no, [], (bad.finding,)), bad.ends
            if bad.ends:
                return
            continue
        except csv.Error as failure:
            finding, ends = _quoting(failure, row_no)
            yield row_no, Row(row_no, [], (finding,)), ends
            if ends:
                return
            continue
        if lines.has_guard:
            cells = [unguarded(cell) for cell in cells]
        row = Row(row_no, cells, (), is_blank(cells))
        if lines.has_bad_bytes:
            row.cells = [BAD_BYTES.sub("\N{REPLACEMENT CHARACTER}", cell) for cell in row.cells]
            row.findings = (
                error(
                    "encoding",
                    "The row holds bytes that are no text in the file's encoding. Save the file as UTF-8.",
                ),
            )
        elif lines.has_nul:
            row.findings = (error("nul", "The row holds a NUL character; no text has one."),)
        elif lines.size > FIELD_CHARACTERS_MAX:
            row.findings = _long_cells(cells)
        yield row_no, row, False


def _together(lines: Lines, sign: str) -> list[list[str]]:
    """The records of the next plain lines, in one go; none where one of them is no good record of its own."""
    plain = lines.plain()
    if plain is None:
        return []
    try:
        found = list(csv.reader(plain, delimiter=sign, strict=True))
    except csv.Error:
        return []
    if len(found) != len(plain):
        return []
    lines.took_plain()
    if "'" in "".join(plain):
        for place, line in enumerate(plain):
            if holds_guard(line):
                found[place] = [unguarded(cell) for cell in found[place]]
    return found


def _quoting(failure: csv.Error, row_no: int) -> tuple[Finding, bool]:
    """What the csv module complains of, in plain words, and whether the rest is lost with it."""
    said = str(failure)
    if "unexpected end" in said or "field limit" in said:
        message = f"A quote that opens in row {row_no:,} is never closed; nothing below it was read."
        return error("quote-open", message), True
    return error(
        "quote", "A quote stands where none may. Put the whole cell in quotes, inner quotes twice."
    ), False


def _long_cells(cells: list[str]) -> tuple[Finding, ...]:
    return tuple(
        error("cell-too-long", f"A cell may hold {FIELD_CHARACTERS_MAX // 1024} KiB at most.", None, cell)
        for cell in cells
        if len(cell) > FIELD_CHARACTERS_MAX
    )


def _has_loose_quote(cells: list[str]) -> bool:
    """Whether a quote does not open its cell because a blank stands before it: it would be part of a name."""
    return '"' in "".join(cells) and any(cell[:1] == " " and cell.lstrip(" ")[:1] == '"' for cell in cells)


def _mixed_ends(first: str, now: str) -> Finding:
    was, here = _END_NAMES.get(first, "nothing"), _END_NAMES.get(now, "nothing")
    return warning("mixed-line-ends", f"Lines ended with {was} before and end with {here} from here on.")
