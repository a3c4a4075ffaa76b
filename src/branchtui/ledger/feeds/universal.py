"""The universal file: `H` says what it is, a `D` a payer states a balance, `T` counts and adds up (contract, section 6).

Whatever the bytes are, reading ends in rows and findings, never in an exception; a file that was cut has no trailer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from branchtui.contract.imports import DecimalWriting, Encoding
from branchtui.ledger.feeds import encodings
from branchtui.ledger.feeds.finding import ERROR, Finding, error
from branchtui.ledger.feeds.lines import Lines
from branchtui.ledger.feeds.table_file import ROWS_MAX, blocks, is_blank, records, singly
from branchtui.ledger.feeds.table_row import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

HEAD, PAYER, TRAILER = "H", "D", "T"
HEAD_CELLS: Final = ("version", "file_id", "division", "created_at", "currency", "as_of_date")
PAYER_CELLS: Final = ("account_no", "payer_name", "balance", "due_date", "statement_ref", "email")
TRAILER_CELLS: Final = ("record_count", "amount_total")
SIGN: Final = ","
_PLAIN_CELLS: Final = 1 + len(PAYER_CELLS)
_PAYER_LEAST: Final = 3
"""Cells that a payer cannot do without: a spreadsheet drops blank ones at the end of a row."""


class Payers(NamedTuple):
    """Payers whose rows follow each other, of which nothing is to be said but what their cells state.

    `records` hold all their cells, `PAYER` in front; the first stands in row `row_no`.
    """

    row_no: int
    records: list[list[str]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file says of itself, as it is written there; empty for what it does not say."""

    version: str = ""
    file_id: str = ""
    division: str = ""
    created_at: str = ""
    currency: str = ""
    as_of_date: str = ""


@dataclass(slots=True)
class Ended:
    """What stands at the end of a file: the trailer's row and cells, or none."""

    row_no: int = 0
    record_count: str | None = None
    amount_total: str | None = None


@dataclass(slots=True)
class UniversalFile:
    """A universal file. `chunks` gives its bytes from the beginning each time it is called.

    `payers` reads it once; `fatal` then holds what keeps the whole file out, each with its row, and `ended` the
    trailer. `facts` and `head_row_no` are there at once.
    """

    chunks: Callable[[], Iterable[bytes]]
    encoding: Encoding
    facts: Facts = field(default_factory=Facts)
    head_row_no: int = 1
    ended: Ended = field(default_factory=Ended)
    fatal: list[tuple[int, Finding]] = field(default_factory=list)
    decimal: DecimalWriting = DecimalWriting.POINT

    def __post_init__(self) -> None:
        found = first_record(self.chunks, self.encoding)
        assert found is not None, "a file of this form begins with a head"
        self.head_row_no = found.row_no
        cells = [cell.strip() for cell in found.cells[1:]]
        if len(cells) < len(HEAD_CELLS) or not is_blank(cells[len(HEAD_CELLS) :]):
            said = f"The head has {len(found.cells)} cells: H and {', '.join(HEAD_CELLS)} are wanted."
            self.fatal.append((found.row_no, error("head", said)))
        self.facts = Facts(*[*cells, *[""] * len(HEAD_CELLS)][: len(HEAD_CELLS)])

    def payers(self) -> Iterator[Row | Payers]:
        """The rows that state a balance: many plain ones at once, the others singly, each with the cells of `PAYER_CELLS`.

        Blank rows are among them.
        """
        for row_no, several, ends in blocks(self._lines(), SIGN):
            if isinstance(several, Row):
                following = iter(((several, ends),))
            elif self._are_payers(row_no, several):
                yield Payers(row_no, several)
                continue
            else:
                following = singly(row_no, several)
            if not (yield from self._looked_at(following)):
                return
        if self.ended.record_count is None:
            said = "The file has no trailer (T): it was cut on its way, or is not finished."
            self.fatal.append((self.head_row_no, error("no-trailer", said)))

    def _are_payers(self, row_no: int, several: list[list[str]]) -> bool:
        """Whether there is nothing but payers among these records, each with all its cells and no more."""
        return (
            self.head_row_no < row_no
            and row_no + len(several) <= self.head_row_no + ROWS_MAX + 2
            and self.ended.record_count is None
            and set(map(len, several)) == {_PLAIN_CELLS}
            and set(map(itemgetter(0), several)) == {PAYER}
        )

    def _looked_at(self, rows: Iterable[tuple[Row, bool]]) -> Generator[Row, None, bool]:
        """The payers among some rows; whether reading goes on behind them."""
        for row, fatal in rows:
            if row.row_no <= self.head_row_no:
                continue
            if fatal:
                self.fatal += [(row.row_no, each) for each in row.findings]
                return False
            if row.row_no > self.head_row_no + ROWS_MAX + 1:
                said = f"A file may hold {ROWS_MAX:,} payers at most; nothing below was read."
                self.fatal.append((row.row_no, error("too-many-rows", said)))
                return False
            kind = row.cells[0].strip() if row.cells else ""
            if kind == PAYER and self.ended.record_count is None:
                cells = row.cells[1:]
                if len(cells) != len(PAYER_CELLS):
                    cells = _completed(row, cells)
                row.cells = cells
                yield row
            elif row.is_blank or not row.is_readable:
                yield row
            elif not self._structure(row, kind):
                return False
        return True

    def _structure(self, row: Row, kind: str) -> bool:
        """A row that is no payer: the trailer, or what may not stand there; whether reading goes on."""
        if kind == TRAILER and self.ended.record_count is None:
            cells = [*(cell.strip() for cell in row.cells[1:]), "", ""]
            self.ended = Ended(row.row_no, cells[0], cells[1])
            if not is_blank(cells[len(TRAILER_CELLS) :]):
                said = f"The trailer has {len(row.cells)} cells: T and {', '.join(TRAILER_CELLS)} are wanted."
                self.fatal.append((row.row_no, error("trailer", said)))
            return True
        if self.ended.record_count is not None:
            said = f"Row {row.row_no:,} stands behind the trailer. Two files may have been put together."
        elif kind == HEAD:
            said = f"Row {row.row_no:,} is a second head (H). Two files may have been put together."
        else:
            said = f"Row {row.row_no:,} begins with neither H, D nor T; nothing below it was read."
        self.fatal.append((row.row_no, error("record", said, None, kind)))
        # A trailer that comes later would be compared with what was not read.
        self.ended = Ended(row.row_no, self.ended.record_count or "", self.ended.amount_total)
        return False

    def _lines(self) -> Lines:
        return lines_of(self.chunks, self.encoding)


def _completed(row: Row, cells: list[str]) -> list[str]:
    """Cells for each of `PAYER_CELLS`; what is missing at the end is blank, what is too much is said."""
    have = len(cells)
    if have < _PAYER_LEAST or not is_blank(cells[len(PAYER_CELLS) :]):
        said = f"The row has {have + 1} cells: D and {', '.join(PAYER_CELLS)} are wanted."
        row.findings = (*row.findings, error("columns", said))
    return [*cells, *[""] * len(PAYER_CELLS)][: len(PAYER_CELLS)]


def is_universal(chunks: Callable[[], Iterable[bytes]], encoding: Encoding) -> bool:
    """Whether the first row that is not blank is a head."""
    found = first_record(chunks, encoding)
    return found is not None and bool(found.cells) and found.cells[0].strip() == HEAD


def first_record(chunks: Callable[[], Iterable[bytes]], encoding: Encoding) -> Row | None:
    """The first row that is not blank; None where there is none that can be read."""
    for row, fatal in records(lines_of(chunks, encoding), SIGN):
        if fatal or any(each.level == ERROR for each in row.findings):
            return None
        if not row.is_blank:
            return row
    return None


def lines_of(chunks: Callable[[], Iterable[bytes]], encoding: Encoding) -> Lines:
    """The lines of a file from its beginning."""
    start = next(iter(chunks()), b"")
    return Lines(chunks(), encodings.codec_of(encoding, start))
