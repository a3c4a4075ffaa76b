"""The process that reads a workbook: standard input to standard output, and nothing else of the machine.

Run as `python -I -m branchtui.ledger.feeds.workbook_reader` by `workbook.py`, which has looked at the archive.
"""

from __future__ import annotations

import csv
import io
import resource
import sys
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MEMORY_BYTES: Final = 1024**3
_OUTPUT_BYTES: Final = 512 * 1024 * 1024
_SECONDS: Final = 60
_ROWS_MAX: Final = 251_000
"""More than a table may have, so that its reader says that there are too many."""
_COLUMNS_MAX: Final = 65
_SEVERAL_SHEETS: Final = 3
"""What `workbook.py` knows it by: this program imports nothing of ours."""
_MIDNIGHT: Final = time()


def main() -> int:
    """Write the sheet that is shown and holds something; 1 when none is shown, 3 when several hold something."""
    for limit, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CPU, _SECONDS),
        (resource.RLIMIT_FSIZE, _OUTPUT_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    shown = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
    ]
    if not shown:
        return 1
    filled = [name for name in shown if _holds_something(book, name)] or shown[:1]
    if len(filled) > 1:
        return _SEVERAL_SHEETS
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="replace", newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows(table(book.get_sheet_by_name(filled[0]).iter_rows()))
    out.flush()
    return 0


def _holds_something(book: CalamineWorkbook, name: str) -> bool:
    return any(cell not in {"", None} for row in book.get_sheet_by_name(name).iter_rows() for cell in row)


def table(rows: Iterable[list[Any]]) -> Iterator[list[str]]:
    """Rows as texts, each at least as wide as the first that holds something; blank ones at the end are no rows."""
    width = waiting = 0
    for count, row in enumerate(rows):
        if count >= _ROWS_MAX:
            return
        cells = [_text(cell) for cell in row[:_COLUMNS_MAX]]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            waiting += 1
            continue
        yield from ([] for _ in range(waiting))
        waiting = 0
        width = width or len(cells)
        yield cells + [""] * (width - len(cells))


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return f"{cell:.15g}"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == _MIDNIGHT else cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


if __name__ == "__main__":
    sys.exit(main())
