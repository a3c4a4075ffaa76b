"""What an import found: its findings page by page, and its bad rows as a file to correct (PAGE-1 to 4, SEC-6)."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from branchtui.contract.imports import Delimiter
from branchtui.ledger.feeds.cells import guarded
from branchtui.ledger.feeds.finding import ERROR
from branchtui.ledger.feeds.table_file import SIGNS
from branchtui.ledger.store import import_store
from branchtui.ledger.workflows.import_rows import ERROR_COLUMN, decoded
from branchtui.ledger.workflows.place_pages import Numbered, page, placed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from branchtui.contract.imports import RowFinding
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.lists import Slice, Window
    from branchtui.ledger.store.rows import Import
    from branchtui.ledger.workflows.place_pages import Placed, Span

_BATCH: Final = 1_000
_MARK: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Rejects:
    """The bad rows as the bytes of a CSV file, and how many they are."""

    body: bytes
    row_count: int


async def findings(
    core: Core, import_: Import, window: Window, level: str | None, *, who: str, now_us: int
) -> Slice[RowFinding]:
    """A page of findings by row number; a good row has one that says so.

    Raises:
        Refusal: 400 or 410 for a cursor, 400 for a sort or an anchor, that is not known.
    """

    def read(connection: Connection, span: Span) -> Iterator[Placed[RowFinding]]:
        forward = span.forward
        for row in import_store.report(
            connection, import_.id, level, span.row_no, span.limit, forward=forward
        ):
            yield from placed(row.row_no, decoded(row.row_no, row.findings), forward=forward)

    rows = Numbered(
        binding=["import-rows", import_.id, level, who],
        read=read,
        count=lambda connection: import_store.finding_count(connection, import_.id, level),
    )
    return await page(core, rows, window, now_us=now_us)


async def rejects(core: Core, import_: Import) -> Rejects:
    """The bad rows as they came, in the file's own columns and delimiter, with a column that says what is wrong.

    Texts that a spreadsheet would run are guarded; the import takes the guard off again (SEC-6).
    """
    return await core.reader.in_thread(lambda connection: _rejects(connection, import_))


def _rejects(connection: Connection, import_: Import) -> Rejects:
    recognised = json.loads(import_.recognised)
    header = [name for name in recognised.get("columns", []) if name != ERROR_COLUMN]
    kept = [place for place, name in enumerate(recognised.get("columns", [])) if name != ERROR_COLUMN]
    sign = SIGNS[Delimiter(recognised.get("delimiter", Delimiter.COMMA))]
    text = io.StringIO(newline="")
    # Spreadsheets take a file without the mark for one in their own code page.
    text.write(_MARK)
    writer = csv.writer(text, delimiter=sign, lineterminator="\r\n")
    writer.writerow([guarded(name) for name in (*header, ERROR_COLUMN)])
    count = 0
    for row in import_store.rows_at_level(connection, import_.id, ERROR, _BATCH):
        cells: list[str] = json.loads(row.cells)
        if cells == recognised.get("columns"):
            continue
        said = "; ".join(each.message for each in decoded(row.row_no, row.findings))
        if len(cells) > len(recognised.get("columns", [])):
            own = cells
        else:
            own = [cells[place] if place < len(cells) else "" for place in kept]
        writer.writerow([*(guarded(cell) for cell in own), guarded(said)])
        count += 1
    return Rejects(text.getvalue().encode(), count)
