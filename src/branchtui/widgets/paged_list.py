"""The pages of a list: opened anywhere, grown at the edges, asked again with the highlight kept by id."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TypeVar

from branchtui.widgets.columns import Column
from branchtui.widgets.list_commands import CommandQueue
from branchtui.widgets.list_view import ListView
from branchtui.widgets.page_loader import PageLoader, Part
from branchtui.widgets.page_source import FIRST, LAST, PAGE_LIMIT, AnchorGone, Edge, Page, PageSource

T = TypeVar("T")


class PagedList(ListView[T]):
    """Asks `source` for what is in sight and a page on either side; what it means to a screen the subclass says.

    A key costs two requests at most: the one it waits for, and a page ahead.
    """

    def __init__(
        self,
        columns: Sequence[Column[T]],
        row_id: Callable[[T], str],
        source: PageSource[T] | None,
        *,
        page_limit: int = PAGE_LIMIT,
        header: bool = True,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(columns, row_id, header=header, id=id, classes=classes)
        self.loader: PageLoader[T] = PageLoader(self._run_fetch, self._take, self._take_failure, page_limit)
        self.loader.source = source
        self.commands = CommandQueue()
        self.problem: Exception | None = None
        self._is_new_question = False
        self._other_anchors: list[str] = []
        self._page_without_row: tuple[Page[T], str] | None = None
        self._gone: set[str] = set()

    # ── what the subclass says ───────────────────────────────────────────────────────────────────────────────────

    def opened(self) -> None:
        """Called when the page of a new question, a jump or a refresh is on the screen."""

    def grown(self) -> None:
        """Called when another page stands beside those that were there."""

    def failed(self, error: Exception) -> None:
        """Called when a page did not come."""

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────

    def set_source(self, source: PageSource[T], *, anchor: str = FIRST) -> None:
        """Begin anew with `source`: answers of the former one are dropped; its rows stay until the first page."""
        self.loader.source = source
        self._is_new_question = True
        self.marks.clear()
        self.loader.begin_step()
        self._open(anchor, replacing=True)

    def reload(self, *, keep: bool = True) -> None:
        """Ask the same source again; the highlight stays on its row (`keep`) or goes to the first.

        Where its row is gone, the highlight goes to the one that followed.
        """
        cursor, loader = self.cursor, self.loader
        if loader.source is None:
            return
        loader.begin_step()
        if loader.must_wait:
            # What waits for the page under way waits for the same page, asked again.
            self._open(loader.opening or FIRST, replacing=True)
        elif not keep:
            self._open(FIRST, replacing=True)
        elif not cursor.shown or (cursor.window.base == 0 and cursor.at < loader.limit):
            self._open(FIRST, replacing=False)
        else:
            # The first row in sight; should others have taken it out, the highlighted one, or the one that follows.
            places = (cursor.top, cursor.at, min(cursor.at + 1, cursor.last))
            anchors = dict.fromkeys(f"id:{cursor.row_id(cursor.shown[place])}" for place in places)
            self._open(*anchors, replacing=False)

    def open_at(self, anchor: str) -> None:
        """Jump: forget the rows for those around `anchor`, when they are there."""
        self._open(anchor, replacing=True)

    def fetch_ahead(self) -> None:
        """Ask for a neighbour page where less than a screen of rows is left, first where it is missed first.

        Lines without rows are filled whatever it costs: they are in sight.
        """
        cursor = self.cursor
        if cursor.filter is not None:
            return
        below = len(cursor.shown) - (cursor.top + cursor.height)
        is_blank = below < 0
        sides: list[tuple[int, Edge, str | None]] = [
            (below, "next", cursor.window.next),
            (cursor.top, "prev", cursor.window.prev),
        ]
        for rows_left, edge, page_cursor in sorted(sides, key=lambda side: side[0]):
            if rows_left < cursor.height and self.loader.ask_edge(edge, page_cursor, ahead=not is_blank):
                is_blank = False

    def _open(self, anchor: str, *others: str, replacing: bool) -> None:
        self.problem = None
        self._other_anchors = list(others)
        self._page_without_row = None
        self._gone.clear()
        self.loader.open(anchor, replacing=replacing)
        if not self.cursor.shown:
            self.refresh()

    def _run_fetch(self, fetch: Coroutine[None, None, None]) -> None:
        self.run_worker(fetch, group="page", exit_on_error=False, exclusive=False)

    # ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, page: Page[T], part: Part) -> None:
        if part == "open":
            if not self._take_opened(page):
                return
        elif not self._is_far(part):
            self._take_edge(page, part)
            self.grown()
        self.commands.run()
        self.fetch_ahead()

    def _take_edge(self, page: Page[T], edge: Edge) -> None:
        cursor = self.cursor
        keep_id, seen = cursor.highlighted_id, self._in_sight()
        if edge == "next":
            cursor.window.append(page)
        else:
            cursor.window.prepend(page)
        cursor.stay(keep_id)
        if self._in_sight() != seen or len(seen) < cursor.height:
            self.refresh()
        self.moved()

    def _in_sight(self) -> list[str]:
        cursor = self.cursor
        return [cursor.row_id(row) for row in cursor.shown[cursor.top : cursor.top + cursor.height]]

    def _is_far(self, edge: Edge) -> bool:
        """Whether a page came too late: to take it would be to forget rows in sight, and no key waits for it."""
        cursor = self.cursor
        forgotten = cursor.window.rows_forgotten(edge)
        if not forgotten or len(self.commands):
            return False
        if cursor.filter is not None:
            return True
        if edge == "next":
            return cursor.top < forgotten
        return cursor.top + cursor.height > len(cursor.shown) - forgotten

    def _take_opened(self, page: Page[T]) -> bool:
        """Show a page that an anchor opened; False where the highlighted row is looked for with one more request."""
        cursor, loader = self.cursor, self.loader
        anchor = loader.opening or FIRST
        keep_id, line = cursor.highlighted_id, cursor.at - cursor.top
        kind, _, wanted = anchor.partition(":")
        look_at = f"id:{keep_id}"
        is_known = look_at == anchor or look_at in self._gone or self._page_without_row is not None
        may_look = not loader.is_replacing and not is_known
        if may_look and keep_id is not None and all(cursor.row_id(row) != keep_id for row in page.items):
            loader.open(look_at, replacing=False)
            self._page_without_row = (page, anchor)
            return False
        self._show_opened(page, anchor, keep_id, line, wanted if kind == "id" else None)
        return True

    def _show_opened(
        self, page: Page[T], anchor: str, keep_id: str | None, line: int, wanted: str | None
    ) -> None:
        cursor, loader = self.cursor, self.loader
        loader.opening = None
        self._page_without_row = None
        if loader.is_replacing:
            cursor.empty()
            keep_id, line = wanted, 0
        cursor.window.open(page, anchor)
        self.problem = None
        self._is_new_question = False
        cursor.narrow(keep_id, line)
        if anchor == LAST:
            cursor.at = max(0, cursor.last)
            cursor.bound()
        self.refresh()
        self.moved()
        self.opened()

    def _take_failure(self, error: Exception, part: Part) -> None:
        if part == "open":
            if isinstance(error, AnchorGone) and self._open_elsewhere():
                return
            self.loader.opening = None
            if self._is_new_question:
                # Rows of another question must not stand as the answer to this one.
                self.cursor.empty()
                self.moved()
            if not self.cursor.shown:
                self.problem = error
            # What was being fetched beside the former rows was dropped for it.
            self.fetch_ahead()
        self.commands.clear()
        self.refresh()
        self.failed(error)

    def _open_elsewhere(self) -> bool:
        """The row of the anchor is gone: what else there is to open the list at."""
        cursor, loader = self.cursor, self.loader
        self._gone.add(loader.opening or FIRST)
        if self._page_without_row is not None:
            page, anchor = self._page_without_row
            self._show_opened(page, anchor, cursor.highlighted_id, cursor.at - cursor.top, None)
            self.commands.run()
            self.fetch_ahead()
        elif self._other_anchors:
            loader.open(self._other_anchors.pop(0), replacing=loader.is_replacing)
        elif loader.opening != FIRST:
            loader.open(FIRST, replacing=loader.is_replacing)
        else:
            return False
        return True
