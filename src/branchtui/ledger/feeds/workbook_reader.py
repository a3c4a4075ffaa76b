"""The process that reads a workbook: standard input to standard output, and nothing else of the machine.

Run as `python -I -m branchtui.ledger.feeds.workbook_reader` by `workbook.py`, which has looked at the archive.
"""

from __future__ import annotations

import csv
import io
import resource
import sys
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final, TextIO

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from branchtui.ledger.feeds.workbook_ends import HIDES_CELLS, HIDES_COLUMNS, MAY_MERGE, SEVERAL_SHEETS
from branchtui.ledger.feeds.workbook_shown import Shown, Unseen, letters
from branchtui.ledger.feeds.workbook_writings import in_one_writing, number_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from branchtui.ledger.feeds.number_format import Format

_MEMORY_BYTES: Final = 1024**3
_OUTPUT_BYTES: Final = 512 * 1024 * 1024
_SECONDS: Final = 60
_ROWS_MAX: Final = 251_000
"""More than a table may have below its first row that holds something: the next such row is the last that is written,
and the table's reader says that there are too many."""
_COLUMNS_MAX: Final = 65
_NAMED_MAX: Final = 5
"""Hidden columns that are named; more are not looked for."""
_MIDNIGHT: Final = time()
_NO_FORMATS: Final[Mapping[int, Format]] = {}


def main() -> int:
    """Write the sheet that is shown and holds something; 1 when none is shown, 3 when several hold something.

    Another number where something is hidden or worked out (`workbook_ends`): then what is written names the place.
    """
    for limit, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CPU, _SECONDS),
        (resource.RLIMIT_FSIZE, _OUTPUT_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    data = sys.stdin.buffer.read()
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    shown = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
    ]
    if not shown:
        return 1
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="replace", newline="")
    try:
        code = _write(book, shown, Shown(data), out)
    except Unseen as unseen:
        out.seek(0)
        out.truncate()
        out.write(str(unseen))
        code = unseen.code
    out.flush()
    return code


def _write(book: CalamineWorkbook, names: Sequence[str], shown: Shown, out: TextIO) -> int:
    """Write the one of these sheets that holds something; how the program ends.

    Raises:
        Unseen: it holds more than is seen, or something else.
    """
    shown.refuse_more_than_values(may_merge=MAY_MERGE in sys.argv)
    filled = [name for name in names if _holds_something(book, name)] or names[:1]
    if len(filled) > 1:
        return SEVERAL_SHEETS
    sheet = book.get_sheet_by_name(filled[0])
    left = (sheet.start or (0, 0))[1]  # the columns in front of it are in no row
    refuse_hidden(sheet.iter_rows(), shown.hidden_columns(filled[0]), left)
    formats = shown.formats(filled[0])
    rows = as_shown(sheet.iter_rows(), formats, left) if formats else sheet.iter_rows()
    csv.writer(out, lineterminator="\r\n").writerows(table(in_one_writing(rows, left)))
    return 0


def _holds_something(book: CalamineWorkbook, name: str) -> bool:
    return any(cell not in {"", None} for row in book.get_sheet_by_name(name).iter_rows() for cell in row)


def refuse_hidden(rows: Iterable[list[Any]], hidden: Sequence[tuple[int, int]], left: int) -> None:
    """Refuse columns that are hidden and hold something: nobody has seen what would be taken in.

    `left` is the column, from 0, that the rows begin with.

    Raises:
        Unseen: names them.
    """
    if not hidden:
        return
    found: set[int] = set()
    for row in rows:
        for first, last in hidden:
            begin = max(0, first - left)
            several = row[begin : max(0, last + 1 - left)]
            found.update(left + place for place, cell in enumerate(several, begin) if cell not in {"", None})
        if len(found) >= _NAMED_MAX:
            break
    if found:
        raise Unseen(HIDES_COLUMNS, ", ".join(map(letters, sorted(found)[:_NAMED_MAX])))


def as_shown(
    rows: Iterable[list[Any]], formats: Mapping[int, Mapping[int, Format]], left: int
) -> Iterator[list[Any]]:
    """Rows with the numbers as their formats show them, where these show something else than the value.

    `left` is the column, from 0, that the rows begin with.

    Raises:
        Unseen: a format shows nothing at all; names the cell.
    """
    for row_at, row in enumerate(rows):
        for column, shown in formats.get(row_at, _NO_FORMATS).items():
            place = column - left
            if not 0 <= place < len(row):
                continue
            value = row[place]
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if shown.hides(value):
                raise Unseen(HIDES_CELLS, f"{letters(column)}{row_at + 1}")
            text = shown.shown(value)
            if text is not None:
                row[place] = text
        yield row


def table(rows: Iterable[list[Any]]) -> Iterator[list[str]]:
    """Rows as texts, each at least as wide as those above it; blank ones at the end are no rows.

    A sheet leaves out the blank cells at the end of a row, and lines above the header are narrower than it.
    """
    width = waiting = below = 0
    for row in rows:
        while row and row[-1] in {"", None}:
            row.pop()
        # What stands beyond the most columns is told of as too many cells, and never passed over.
        beyond = row[-1:] if len(row) > _COLUMNS_MAX else []
        cells = [_text(cell) for cell in (*row[: _COLUMNS_MAX - len(beyond)], *beyond)]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            waiting += 1
            continue
        yield from ([] for _ in range(waiting))
        below += 1 + (waiting if below else 0)
        waiting = 0
        width = max(width, len(cells))
        yield cells + [""] * (width - len(cells))
        if below > _ROWS_MAX:
            return


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return number_text(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == _MIDNIGHT else cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


if __name__ == "__main__":
    sys.exit(main())
