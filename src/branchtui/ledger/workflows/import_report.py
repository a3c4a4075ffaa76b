"""What an import found: its findings page by page, and its bad rows as a file to correct (PAGE-1 to 4, SEC-6)."""

from __future__ import annotations

import csv
import io
import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from branchtui.contract.imports import Delimiter
from branchtui.contract.problem import Codes
from branchtui.ledger.feeds.cells import guarded
from branchtui.ledger.feeds.finding import ERROR
from branchtui.ledger.feeds.table_file import SIGNS
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store import import_store
from branchtui.ledger.store.lists import Slice
from branchtui.ledger.workflows.import_rows import ERROR_COLUMN, FINDINGS_MAX, decoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.contract.imports import RowFinding
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.lists import Window
    from branchtui.ledger.store.rows import Import, ImportRow

_BATCH: Final = 1_000
_LAST_PLACE: Final = 2**53
_MARK: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Rejects:
    """The bad rows as the bytes of a CSV file, and how many they are."""

    body: bytes
    row_count: int


@dataclass(frozen=True, slots=True)
class _Placed:
    """A finding and its place in the order of all: row number, then which of the row's."""

    place: int
    finding: RowFinding


async def findings(
    core: Core, import_: Import, window: Window, level: str | None, *, who: str, now_us: int
) -> Slice[RowFinding]:
    """A page of findings by row number; a good row has one that says so.

    Raises:
        Refusal: 400 or 410 for a cursor, 400 for a sort or an anchor, that is not known.
    """
    if window.sort not in {None, "row_no"}:
        raise Refusal(400, Codes.MALFORMED, f"This list sorts by row_no; not by {window.sort}.")
    binding = json.dumps(["import-rows", import_.id, level, who])
    forward, start, opened_inside = True, 0, False
    if window.cursor is not None:
        value, _, forward = core.lists.cursors.open(binding, window.cursor, now_us)
        start, opened_inside = int(value) + (1 if forward else -1), True
    elif window.anchor is not None:
        forward, start = _anchor(window.anchor)
        opened_inside = forward and start > 0

    def read(connection: Connection) -> tuple[list[_Placed], int | None]:
        count = import_store.finding_count(connection, import_.id, level) if window.count else None
        row_no = start // FINDINGS_MAX
        rows = import_store.report(connection, import_.id, level, row_no, window.limit + 2, forward=forward)
        return list(itertools.islice(_placed(rows, start, forward=forward), window.limit + 1)), count

    found, count = await core.reader.in_thread(read)
    more = len(found) > window.limit
    found = found[: window.limit]
    if not forward:
        found.reverse()
    has_next = more if forward else opened_inside
    has_prev = opened_inside if forward else more

    def seal(placed: _Placed, *, ahead: bool) -> str:
        return core.lists.cursors.seal(binding, placed.place, "", forward=ahead, now_us=now_us)

    return Slice(
        rows=[each.finding for each in found],
        next=seal(found[-1], ahead=True) if found and has_next else None,
        prev=seal(found[0], ahead=False) if found and has_prev else None,
        count=count,
    )


def _placed(rows: Sequence[ImportRow], start: int, *, forward: bool) -> itertools.chain[_Placed]:
    """The findings of `rows` from place `start` on, in the direction of reading."""

    def of_row(row: ImportRow) -> list[_Placed]:
        found = [
            _Placed(row.row_no * FINDINGS_MAX + index, finding)
            for index, finding in enumerate(decoded(row.row_no, row.findings))
        ]
        if forward:
            return [each for each in found if each.place >= start]
        return [each for each in reversed(found) if each.place <= start]

    return itertools.chain.from_iterable(of_row(row) for row in rows)


def _anchor(anchor: str) -> tuple[bool, int]:
    kind, _, rest = anchor.partition(":")
    if anchor == "first":
        return True, 0
    if anchor == "last":
        return False, _LAST_PLACE
    if kind in {"id", "key"} and rest.isascii() and rest.isdigit() and len(rest) < 10:
        return True, int(rest) * FINDINGS_MAX
    raise Refusal(400, Codes.MALFORMED, "An anchor is first, last, or key: and a row number.")


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


def template(columns: Sequence[str]) -> bytes:
    """An empty file with the right columns."""
    return (",".join(columns) + "\r\n").encode()
