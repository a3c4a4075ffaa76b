"""Whether the rows of a table have as many cells as its header, and which that have fewer are whole all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.ledger.feeds.finding import error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from branchtui.ledger.feeds.table_row import Row

_TOGETHER: Final = 16
"""Rows that Excel writes at once."""


def completed(
    rows: Iterable[Row], width: int, most: int, header_row_no: int, is_cut: Callable[[], bool]
) -> Iterator[Row]:
    """The rows, each with `width` cells, `most` where words stand behind them, or a finding; `is_cut` says of the last one, when it was read, that its line has no end.

    Excel writes a text file sixteen rows at a time, and leaves out what stands between columns that are blank in all
    of them: such rows are whole. Where one of sixteen has fewer cells than another, or than the header among them,
    rows were cut or broken; that is no file of Excel's, and nothing is filled up from there on.
    """
    waiting: list[Row] = []
    is_excels, whole = True, _block(header_row_no)
    for row in rows:
        count = len(row.cells)
        if count == width and not waiting:
            whole = (row.row_no - 1) // _TOGETHER
            yield row
            continue
        block = _block(row.row_no)
        if waiting and block != _block(waiting[0].row_no):
            yield from _filled(waiting, width)
            waiting = []
        is_as_short = block != whole and (not waiting or len(waiting[0].cells) == count)
        if row.is_blank and row.is_readable:
            if waiting:
                waiting.append(row)
            else:
                yield row
        elif is_excels and count < width and is_as_short and row.is_readable:
            waiting.append(row)
        else:
            is_excels = is_excels and count >= width and not waiting
            whole = block
            yield from _refused(waiting, width, most)
            waiting = []
            _refuse_other(row, width, most)
            yield row
    yield from _refused(waiting, width, most) if is_cut() else _filled(waiting, width)


def _block(row_no: int) -> int:
    return (row_no - 1) // _TOGETHER


def _filled(rows: Iterable[Row], width: int) -> Iterator[Row]:
    for row in rows:
        row.cells += [""] * (width - len(row.cells))
        yield row


def _refused(rows: Iterable[Row], width: int, most: int) -> Iterator[Row]:
    for row in rows:
        _refuse_other(row, width, most)
        yield row


def _refuse_other(row: Row, width: int, most: int) -> None:
    """Say when a row has not the header's number of cells; blank cells beyond it are no matter."""
    have = len(row.cells)
    if have == width or row.is_blank or not row.is_readable:
        return
    if (
        have > width
        and not any(cell.strip() for cell in row.cells[most:])
        and not any(map(_is_figure, row.cells[width:most]))
    ):
        del row.cells[most:]
        return
    said = f"The row has {have} cells and the header {width}: each row needs one, if a blank one, for every column."
    row.findings = (*row.findings, error("columns", said))


def _is_figure(cell: str) -> bool:
    """Whether a cell holds something that is no word: it may be what a comma within an amount has cut off."""
    return bool(cell.strip()) and not any(letter.isalpha() for letter in cell)
