"""Whether the rows of a table have as many cells as its header, and which that have fewer are whole all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.ledger.feeds.finding import error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from branchtui.ledger.feeds.table_file import Row

_TOGETHER: Final = 16
"""Rows that Excel writes at once."""


def completed(
    rows: Iterable[Row], width: int, header_row_no: int, is_cut: Callable[[], bool]
) -> Iterator[Row]:
    """The rows, each with `width` cells or a finding; `is_cut` says of the last one, when it was read, that its line has no end.

    Excel writes a text file sixteen rows at a time, and leaves out what stands between columns that are blank in all
    of them: such rows are whole. Where one of sixteen has fewer cells than another, or than the header among them,
    rows were cut or broken; that is no file of Excel's, and nothing is filled up from there on.
    """
    waiting: list[Row] = []
    is_excels = True
    block, have = (header_row_no - 1) // _TOGETHER, width
    for row in rows:
        if (row.row_no - 1) // _TOGETHER != block:
            yield from _filled(waiting, width)
            waiting = []
            block, have = (row.row_no - 1) // _TOGETHER, 0
        count = len(row.cells)
        if row.is_blank and row.is_readable:
            if waiting:
                waiting.append(row)
            else:
                yield row
        elif is_excels and count < width and have in {0, count} and row.is_readable:
            have = count
            waiting.append(row)
        else:
            is_excels = is_excels and count >= width and not waiting
            have = width
            yield from _refused(waiting, width)
            waiting = []
            _refuse_other(row, width)
            yield row
    yield from _refused(waiting, width) if is_cut() else _filled(waiting, width)


def _filled(rows: Iterable[Row], width: int) -> Iterator[Row]:
    for row in rows:
        row.cells += [""] * (width - len(row.cells))
        yield row


def _refused(rows: Iterable[Row], width: int) -> Iterator[Row]:
    for row in rows:
        _refuse_other(row, width)
        yield row


def _refuse_other(row: Row, width: int) -> None:
    """Say when a row has not the header's number of cells; blank cells beyond it are no matter."""
    have = len(row.cells)
    if have == width or row.is_blank or not row.is_readable:
        return
    if have > width and not any(cell.strip() for cell in row.cells[width:]):
        del row.cells[width:]
        return
    said = f"The row has {have} cells and the header {width}: each row needs one, if a blank one, for every column."
    row.findings = (*row.findings, error("columns", said))
