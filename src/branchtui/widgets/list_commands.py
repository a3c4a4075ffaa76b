"""Keys of a list that may need a page still under way: they wait in order and then do what they mean."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

from branchtui.widgets.list_cursor import ListCursor
from branchtui.widgets.page_loader import PageLoader
from branchtui.widgets.page_source import FIRST, LAST, Edge

COMMANDS_MAX: Final = 256
Command = Callable[[], bool]
"""Does its work and answers True, or answers False to be called again when a page came."""


class CommandQueue:
    """At most 256 commands, run strictly in order; more are not taken."""

    def __init__(self) -> None:
        self._waiting: deque[Command] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, command: Command) -> bool:
        """Take a command; False when the queue is full."""
        if len(self._waiting) >= COMMANDS_MAX:
            return False
        self._waiting.append(command)
        return True

    def run(self) -> None:
        """Run those that can go on."""
        while self._waiting and self._waiting[0]():
            # A command may have failed over the whole queue.
            if self._waiting:
                self._waiting.popleft()

    def clear(self) -> None:
        """Drop them: what they waited for will not come."""
        self._waiting.clear()


class ListBody(Protocol):
    """What a command needs of the list it moves in."""

    @property
    def cursor(self) -> ListCursor[Any]:
        """Rows and place."""
        ...

    @property
    def loader(self) -> PageLoader[Any]:
        """Pages."""
        ...

    def stand(self, place: int, scroll: int = 0) -> None:
        """Put the highlight on a loaded row and scroll by so many lines."""
        ...

    def open_at(self, anchor: str) -> None:
        """Ask for the page that `anchor` opens."""
        ...


class Move:
    """Move by rows over page borders; with `scroll` what is in sight moves along."""

    def __init__(self, body: ListBody, rows: int, *, scroll: bool = False) -> None:
        self._body = body
        self._rows = rows
        self._scroll = scroll
        self._line: int | None = None

    def __call__(self) -> bool:
        """Go as far as loaded rows reach; False when the rest needs the next page."""
        cursor, loader = self._body.cursor, self._body.loader
        if loader.must_wait:
            return False
        if cursor.last < 0:
            # The first page of a refresh may still bring rows.
            return loader.opening is None
        target = cursor.at + self._rows
        stop = min(max(target, 0), cursor.last)
        moved = stop - cursor.at
        # On the line of the screen where it was, also where it takes two pages to get there.
        self._line = cursor.at - cursor.top if self._line is None else self._line
        self._body.stand(stop, scroll=stop - self._line - cursor.top if self._scroll else 0)
        self._rows -= moved
        # Where the rows are there and those around them are not, it would stand on another line.
        missing = self._rows or (stop - self._line - cursor.top if self._scroll else 0)
        edge: Edge = "next" if missing > 0 else "prev"
        page_cursor = cursor.window.next if edge == "next" else cursor.window.prev
        if missing == 0 or page_cursor is None or cursor.filter is not None:
            return True
        # While the list is asked again its edges are not known: the rest of the way waits for the answer.
        loader.ask_edge(edge, page_cursor)
        return False


class Jump:
    """Go to an anchor: a loaded end at once, anything else with one request."""

    def __init__(self, body: ListBody, anchor: str) -> None:
        self._body = body
        self._anchor = anchor
        self._is_asked = False

    def __call__(self) -> bool:
        """False until the page of the anchor is there."""
        cursor, loader = self._body.cursor, self._body.loader
        if self._is_asked:
            return loader.opening is None
        if loader.must_wait:
            return False
        narrowed = cursor.filter is not None
        if self._anchor == FIRST and (narrowed or cursor.window.prev is None):
            self._body.stand(0)
            return True
        if self._anchor == LAST and (narrowed or cursor.window.next is None):
            self._body.stand(cursor.last)
            return True
        self._is_asked = True
        self._body.open_at(self._anchor)
        return False
