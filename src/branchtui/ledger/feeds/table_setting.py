"""How the table of a statement is found in its file, and what is said of it beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from branchtui.ledger.feeds.statement_columns import as_said, is_header
from branchtui.ledger.feeds.table_file import TableFile
from branchtui.ledger.feeds.table_row import Row
from branchtui.ledger.feeds.table_unfit import column_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from branchtui.contract.imports import DateOrder, DecimalWriting, Delimiter, Encoding
    from branchtui.contract.statements import AboveZero, Columns

PREAMBLE_MAX: Final = 40
"""Rows that may stand above the header."""


@dataclass(frozen=True, slots=True)
class TableSetting:
    """What the file does not say, or what was said instead: see `ImportOptions`.

    `saved` are the ways of reading that were saved, by name: one is taken where its columns are all there.
    """

    account: str
    currency: str
    zone: str
    columns: Columns | None = None
    saved: tuple[tuple[str, Columns], ...] = ()
    order: DateOrder | None = None
    writing: DecimalWriting | None = None
    delimiter: Delimiter | None = None
    encoding: Encoding | None = None
    above_zero: AboveZero | None = None


class StatementTable(TableFile):
    """A table whose header may stand below other lines."""

    may_merge = True
    is_ours = False
    may_be_nameless = True

    def __init__(self, chunks: Callable[[], Iterable[bytes]], setting: TableSetting) -> None:
        self.above: list[list[str]] = []
        said = as_said(setting.columns) if setting.columns else None
        self._wanted = frozenset(said.columns.values()) if said else None
        self._saved = [frozenset(as_said(columns).columns.values()) for _, columns in setting.saved]
        super().__init__(
            chunks, known=self._wanted or (), encoding=setting.encoding, delimiter=setting.delimiter
        )

    def _first_record(self, sign: str) -> Row | None:
        first: Row | None = None
        above: list[list[str]] = []
        for row in self._rows_of(sign):
            if row.is_blank:
                continue
            first = first or row
            if self._fits([column_name(cell) for cell in row.cells]):
                self.above = above
                return row
            above.append(row.cells)
            if len(above) >= PREAMBLE_MAX:
                break
        return first

    def _fits(self, names: list[str]) -> bool:
        """Whether a row may be the header: it has the columns that are wanted, or those of a statement."""
        if self._wanted is not None:
            return self._wanted <= set(names)
        return any(each <= set(names) for each in self._saved) or is_header(names)
