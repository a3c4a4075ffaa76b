"""A file of comma-, semicolon- or tab-separated cells, or a workbook, as rows (contract, section 8; T-21).

Whatever the bytes are, reading ends in rows and findings, never in an exception, and holds no more
than a few lines at a time. Rows are numbered as a spreadsheet counts them: the first is 1, and a
line break inside quotes starts no new row.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from branchtui.contract.imports import Delimiter, Encoding
from branchtui.ledger.feeds import encodings, workbook
from branchtui.ledger.feeds.cells import holds_guard, unguarded
from branchtui.ledger.feeds.finding import ERROR, Finding, error, shown, warning
from branchtui.ledger.feeds.lines import BAD_BYTES, BadLine, Lines

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
_NAME_GAPS = re.compile(r"[\s-]+")
_SAID_SIGN: Final = re.compile(r"\"?sep=(.)\"?[,;\t]*\s*", re.IGNORECASE)
"""The first line of a file for spreadsheets, which says what stands between the cells and is no row."""
_OTHER_SIGNS: Final = {"|": "a bar (|)", "^": "a caret (^)", "~": "a tilde (~)", ":": "a colon (:)"}


@dataclass(slots=True)
class Row:
    """A row of cells. With an error among its findings the cells cannot be trusted to stand under their columns."""

    row_no: int
    cells: list[str]
    findings: tuple[Finding, ...] = ()
    is_blank: bool = False

    @property
    def is_readable(self) -> bool:
        """Whether the cells stand under their columns."""
        return not self.findings or not any(each.level == ERROR for each in self.findings)


class TableFile:
    """A table in a file. `chunks` gives its bytes from the beginning each time it is called.

    `known` holds the column names that may appear, `synonyms` other words for some of them; `header` names the columns as they stand,
    `nameless` how many columns without a name stand behind them, `findings` what is wrong with the header or the file as a whole (at row `header_row_no`).
    `is_workbook`: it is no text but a workbook, whose first sheet is read.
    """

    may_merge: ClassVar[bool] = False
    """Whether cells of a workbook may be merged over rows, as banks do above their tables."""
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
        self.is_workbook = workbook.is_workbook(next(iter(chunks()), b""))
        if self.is_workbook:
            encoding, delimiter = Encoding.UTF_8, Delimiter.COMMA
            try:
                chunks = workbook.as_text(chunks, may_merge=self.may_merge)
            except workbook.WorkbookUnfit as unfit:
                self.encoding = encoding
                self.findings.append(error(unfit.code, str(unfit)))
                return
        self._chunks = chunks
        self.encoding = encoding or encodings.recognise(chunks())
        self._codec = encodings.codec_of(self.encoding, next(iter(chunks()), b""))
        self._has_sign_line = False
        said = self._said_sign()
        if said and said not in _DELIMITERS:
            self.findings.append(_other_sign(_OTHER_SIGNS.get(said) or shown(said)))
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
        width = len(self.header)
        first_end = ""
        lines = self._lines()
        for row, fatal in records(lines, SIGNS[self.delimiter]):
            if row.row_no <= self.header_row_no:
                first_end = lines.end
                continue
            if row.row_no > self.header_row_no + ROWS_MAX:
                said = f"A file may hold {ROWS_MAX:,} rows at most; nothing below was read."
                yield Row(row.row_no, [], (error("too-many-rows", said),))
                return
            _complete(row, width, width + self.nameless)
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
            self.findings.append(_other_sign(_OTHER_SIGNS["|"]))
            return
        self.findings += found.findings
        if not found.is_readable:
            return
        names = [self._named(cell, known) for cell in found.cells]
        while names and not names[-1]:
            names.pop()
            self.nameless += self.may_be_nameless
        if other := _sign_between(names, known):
            self.findings.append(_other_sign(_OTHER_SIGNS[other]))
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


def column_name(cell: str) -> str:
    """A header cell as columns are named: `Customer No` is `customer_no`."""
    return _NAME_GAPS.sub("_", cell.strip()).lower()


def _sign_between(names: Sequence[str], known: Collection[str]) -> str | None:
    """Another sign that stands between the columns of a header which none of ours splits."""
    if len(names) != 1:
        return None
    for sign in _OTHER_SIGNS:
        cells = {column_name(each.strip('"')) for each in names[0].split(sign)}
        if len(cells.intersection(known)) > 1 or (sign == "|" and len(cells) > 1):
            return sign
    return None


def _other_sign(sign: str) -> Finding:
    said = f"The cells are separated by {sign}. Save the file with commas, semicolons or tabs between them."
    return error("delimiter", said)


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
                error("encoding", "The row holds bytes that are no text in the file's encoding."),
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


def _complete(row: Row, width: int, most: int) -> None:
    """Say when a row has not the header's number of cells, up to `most`; blank cells beyond it are no matter."""
    have = len(row.cells)
    if have == width or row.findings:
        return
    if row.is_blank:
        return
    if have > width and is_blank(row.cells[most:]) and not any(map(_is_figure, row.cells[width:most])):
        del row.cells[most:]
        return
    said = f"The row has {have} cells and the header {width}."
    row.findings = (error("columns", said),)


def _is_figure(cell: str) -> bool:
    """Whether a cell holds something that is no word: it may be what a comma within an amount has cut off."""
    return bool(cell.strip()) and not any(letter.isalpha() for letter in cell)


def _mixed_ends(first: str, now: str) -> Finding:
    was, here = _END_NAMES.get(first, "nothing"), _END_NAMES.get(now, "nothing")
    return warning("mixed-line-ends", f"Lines ended with {was} before and end with {here} from here on.")
