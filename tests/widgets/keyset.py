"""Pages of the ledger's own lists, over a table of its own store, handed out when a test says so."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam

from branchtui.ledger.problems import Refusal
from branchtui.ledger.store import migrate, tables
from branchtui.ledger.store.cursors import Cursors
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.lists import Lists, Window
from branchtui.ledger.store.reader import SqliteReader
from branchtui.ledger.store.rows import ClosedDay
from branchtui.ledger.store.sqlite import SqliteConnection, connect
from branchtui.widgets.page_source import AnchorGone, Page, PageRequest

BRANCH = "nku"
DAYS = ListSpec(
    row_type=ClosedDay,
    name="days",
    sorts={"date": Sort("date")},
    filters={"branch": tables.closed_days.c.branch_id == bindparam("branch")},
)


class Shelf:
    """Rows of the ledger's store in order of their text, then their id; a test moves them."""

    def __init__(self, path: Path) -> None:
        self.connection: SqliteConnection = connect(path)
        if migrate.current(self.connection) is None:
            migrate.upgrade(self.connection)
        self.connection.execute("PRAGMA foreign_keys=OFF")
        self.reader = SqliteReader(path)
        self.reader.start()
        self.lists = Lists(self.reader, Cursors(b"secret of this ledger"))

    def begin(self, count: int) -> None:
        """`count` rows, and no others."""
        self.connection.execute("DELETE FROM closed_days")
        self.connection.executemany(
            "INSERT INTO closed_days VALUES (?, ?, ?, 'supervisor', 1)",
            ((f"d{number:05d}", BRANCH, f"text {number:05d}") for number in range(count)),
        )

    def put(self, row_id: str, text: str) -> None:
        """A row that comes, or one that gets another text."""
        self.connection.execute(
            "INSERT OR REPLACE INTO closed_days VALUES (?, ?, ?, 'supervisor', 1)", (row_id, BRANCH, text)
        )

    def remove(self, row_id: str) -> None:
        """A row that goes."""
        self.connection.execute("DELETE FROM closed_days WHERE id = ?", (row_id,))

    def ids(self) -> list[str]:
        """What stands now, in order."""
        found = self.connection.execute("SELECT id FROM closed_days ORDER BY date, id")
        return [row_id for (row_id,) in found]

    def close(self) -> None:
        """End the connections."""
        self.reader.stop()
        self.connection.close()


class LineDown(Exception):
    """No answer came."""


@dataclass
class HeldSource:
    """Asks the shelf at once, as a request that arrives there, and answers when `release` lets it."""

    shelf: Shelf
    is_held: bool = False
    requests: list[PageRequest] = field(default_factory=list)
    waiting: list[tuple[PageRequest, asyncio.Future[bool]]] = field(default_factory=list)
    most_at_an_edge: int = 0

    async def fetch(self, request: PageRequest) -> Page[ClosedDay]:
        """A page as the ledger gives it."""
        self.requests.append(request)
        answer = await self._ask(request)
        if self.is_held:
            done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            entry = (request, done)
            self.waiting.append(entry)
            alike = [
                one for one, _ in self.waiting if one.cursor is not None and one.cursor == request.cursor
            ]
            self.most_at_an_edge = max(self.most_at_an_edge, len(alike))
            if not await done:
                raise LineDown
        if isinstance(answer, Exception):
            raise answer
        return answer

    def release(self, place: int, *, well: bool = True) -> None:
        """Answer one of those that wait, or let it fail."""
        if self.waiting:
            _, done = self.waiting.pop(place % len(self.waiting))
            if not done.done():
                done.set_result(well)

    def release_all(self) -> None:
        """Answer them all, and hold none back any more."""
        self.is_held = False
        while self.waiting:
            self.release(0)

    async def _ask(self, request: PageRequest) -> Page[ClosedDay] | Exception:
        members: dict[str, Any] = {"cursor": request.cursor} if request.cursor else {"anchor": request.anchor}
        window = Window(limit=request.limit, count=request.count, **members)
        try:
            page = await self.shelf.lists.page(DAYS, window, {"branch": BRANCH}, who="teller", now_us=0)
        except Refusal as refusal:
            return AnchorGone() if refusal.status == 404 else refusal
        return Page(page.rows, page.next, page.prev, page.count, page.count_exact)
