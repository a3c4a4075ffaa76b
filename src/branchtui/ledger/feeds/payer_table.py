"""Balances of payers from a plain table whose columns are known by name: what a spreadsheet saves, or rows pasted."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final

from branchtui.contract.imports import DateOrder, DecimalWriting, Delimiter, Encoding, ImportOptions
from branchtui.ledger.feeds.amounts import DecimalEvidence
from branchtui.ledger.feeds.dates import DateEvidence
from branchtui.ledger.feeds.finding import ERROR, Finding, error
from branchtui.ledger.feeds.table_file import ENDS, TableFile
from branchtui.ledger.feeds.table_row import Row
from branchtui.ledger.feeds.universal import HEAD, PAYER_CELLS, Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ERROR_COLUMN: Final = "error"
"""The column that a file of rejects adds; ignored when it comes back."""

OWN_COLUMNS: Final = ("currency", "as_of_date")
"""What a head says of a whole file and a table says row by row."""

COLUMNS: Final = (*PAYER_CELLS, *OWN_COLUMNS)
_MANDATORY: Final = ("account_no", "balance")
_REWRITTEN: Final = (
    "A universal file (H, D, T) is read as its system wrote it, with a capital H and commas between the cells; this one "
    f"was saved by a spreadsheet. Send the file itself, or a table with the columns {', '.join(_MANDATORY)}."
)


class PayerTable:
    """A table of payers. `payers` reads it once; `fatal` then holds what keeps the whole file out, with its row.

    How it writes amounts and dates is recognised from all its rows, or set by `options`; what they leave open
    stands in `questions`.
    """

    def __init__(
        self, chunks: Callable[[], Iterable[bytes]], encoding: Encoding, options: ImportOptions
    ) -> None:
        self._table = TableFile(
            chunks, known={*COLUMNS, ERROR_COLUMN}, encoding=encoding, delimiter=options.delimiter
        )
        self.encoding = self._table.encoding
        self.head_row_no = self._table.header_row_no
        self.facts = Facts()
        self.fatal = [(self.head_row_no, each) for each in self._header_findings()]
        self.questions: list[str] = []
        self.decimal = DecimalWriting.POINT
        self.date_order: DateOrder | None = DateOrder.ISO
        if not self.fatal:
            self._recognise(options)

    @property
    def delimiter(self) -> Delimiter:
        """What stands between the cells."""
        return self._table.delimiter

    @property
    def is_workbook(self) -> bool:
        """Whether it is a sheet and no text."""
        return self._table.is_workbook

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns as they stand."""
        return self._table.header

    def payers(self) -> Iterator[Row]:
        """The rows under the header, each with the cells of `COLUMNS`; blank rows among them."""
        if self.fatal:
            return
        pick = self._pick()
        for row in self._table.rows():
            if row.findings and row.findings[-1].code in ENDS:
                self.fatal.append((row.row_no, row.findings[-1]))
                return
            if row.is_readable and not row.is_blank:
                row.cells = list(pick([*row.cells, ""]))
            yield row

    def _pick(self) -> Callable[[list[str]], tuple[str, ...]]:
        header = self._table.header
        # A column that the file lacks is taken from a blank cell behind the last one.
        places = {name: place for place, name in enumerate(header)}
        return itemgetter(*(places.get(name, len(header)) for name in COLUMNS))

    def _header_findings(self) -> Iterator[Finding]:
        header = self._table.header
        yield from (each for each in self._table.findings if each.level == ERROR)
        if not header:
            return
        if header[0] == HEAD.lower():
            yield error("universal", _REWRITTEN)
            return
        for name in dict.fromkeys(header):
            if name not in COLUMNS and name != ERROR_COLUMN:
                said = f"The column {name or 'without a name'} is not known. Known are {', '.join(COLUMNS)}."
                yield error("unknown-column", said, name, name)
        for name in _MANDATORY:
            if name not in header:
                yield error("missing-column", f"The column {name} is missing.", name)

    def _recognise(self, options: ImportOptions) -> None:
        """How the file writes amounts and dates, from all its rows, and the day and currency it is of."""
        decimals, dates = DecimalEvidence(), DateEvidence()
        pick = self._pick()
        amount_at, due_at = COLUMNS.index("balance"), COLUMNS.index("due_date")
        currency_at, as_of_at = COLUMNS.index("currency"), COLUMNS.index("as_of_date")
        currency = as_of = ""
        for row in self._table.rows():
            if not row.is_readable or row.is_blank:
                continue
            cells = pick([*row.cells, ""])
            decimals.add(cells[amount_at].strip().removeprefix("-"))
            dates.add(cells[due_at])
            dates.add(cells[as_of_at])
            currency = currency or cells[currency_at].strip()
            as_of = as_of or cells[as_of_at].strip()
        decimal, open_decimal = decimals.decide(self._table.delimiter)
        order, open_date = dates.decide()
        self.decimal = options.decimal or decimal
        self.date_order = options.date_order or order
        asked = (None if options.decimal else open_decimal, None if options.date_order else open_date)
        self.questions = [each for each in asked if each]
        self.facts = Facts(currency=currency, as_of_date=as_of)
