"""Columns of a list: declared once, laid out for the width there is, painted as cells of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Generic, TypeVar

from branchtui.format.cells import Align, cell_width, pad
from branchtui.format.safe_text import safe_text

T = TypeVar("T")
GUTTER: Final = 2
"""Cells at the left for the arrow of the highlighted row and the mark."""
GAP: Final = 1
BAR_CELLS: Final = 92
"""The bar of the highlighted row ends with the last column within so many: every cell of it is sent at every step."""
_FRACTION_MIN: Final = 4


@dataclass(frozen=True)
class Column(Generic[T]):
    """One column: `width` in cells, or a share (`fraction`) of what the fixed ones leave.

    It is left out where the list is narrower than `from_width` cells. Where it is aligned to the right it holds
    figures: one that is too long goes without the commas between its thousands before a digit of it is cut.
    """

    title: str
    cell: Callable[[T], str]
    width: int | None = None
    fraction: int = 1
    align: Align = "left"
    from_width: int = 0


class ColumnLayout(Generic[T]):
    """The columns that fit `total` cells, with the width of each."""

    def __init__(self, columns: Sequence[Column[T]], total: int) -> None:
        self.total = total
        self._columns = [column for column in columns if total >= column.from_width]
        gaps = GAP * max(0, len(self._columns) - 1)
        left = total - GUTTER - gaps - sum(column.width or 0 for column in self._columns)
        shares = sum(column.fraction for column in self._columns if column.width is None)
        self._widths: list[int] = []
        for column in self._columns:
            if column.width is not None:
                self._widths.append(column.width)
                continue
            share = max(_FRACTION_MIN, left * column.fraction // shares) if shares else 0
            left -= share
            shares -= column.fraction
            self._widths.append(share)

    @property
    def bar_cells(self) -> int:
        """How long the bar of the highlighted row is: all of it where the list is no wider than a bar may be."""
        if self.total <= BAR_CELLS:
            return self.total
        ends = accumulate(self._widths, lambda end, width: end + GAP + width, initial=GUTTER - GAP)
        return max(end for end in ends if end <= BAR_CELLS)

    def header(self) -> str:
        """The titles, aligned as their columns."""
        return self._line("  ", [column.title for column in self._columns])

    def row(self, item: T, *, highlighted: bool, marked: bool) -> str:
        """One row: `>` before the highlighted one, `*` before a marked one, whatever the colours are."""
        gutter = (">" if highlighted else " ") + ("*" if marked else " ")
        return self._line(gutter, [column.cell(item) for column in self._columns])

    def _line(self, gutter: str, cells: list[str]) -> str:
        padded = (
            pad(_figure(text, width) if column.align == "right" else safe_text(text), width, column.align)
            for text, width, column in zip(cells, self._widths, self._columns, strict=True)
        )
        return pad(gutter + (" " * GAP).join(padded), self.total)


def _figure(text: str, width: int) -> str:
    shown = safe_text(text)
    return shown if cell_width(shown) <= width else shown.replace(",", "")
