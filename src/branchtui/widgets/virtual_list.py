"""A list that is a window on any number of rows: line API, keyset pages, the highlight kept by id."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from branchtui.widgets.columns import Column
from branchtui.widgets.list_commands import Command, CommandQueue, Jump, Move
from branchtui.widgets.list_view import ListView
from branchtui.widgets.page_loader import Edge, PageLoader
from branchtui.widgets.page_source import FIRST, LAST, PAGE_LIMIT, Page, PageSource

T = TypeVar("T")

MARKS_MAX: Final = 1_000
JUMP_MAX: Final = 40


@dataclass
class _ListMessage(Message):
    """A message of a list."""

    list: VirtualList[Any]

    @property
    def control(self) -> VirtualList[Any]:
        """The list, for `@on(..., "#id")`."""
        return self.list


class VirtualList(ListView[T], can_focus=True):
    """Rows of `source` in `columns`; see README.md beside this module for how a screen uses it.

    Keys that need a page still under way wait in order for it (at most 256) and then do what they would have done
    with the page at hand: typing ahead of a slow ledger ends on the same row.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Next row", show=False),
        Binding("up,k", "move(-1)", "Row before", show=False),
        Binding("pagedown", "page(1)", "Next page", show=False),
        Binding("pageup", "page(-1)", "Page before", show=False),
        Binding("home", "jump_first", "First row", show=False),
        Binding("end", "jump_last", "Last row", show=False),
        Binding("enter", "open", "Open", show=False),
        Binding("space", "mark", "Mark", show=False),
        Binding("apostrophe", "jump_letters", "Jump by letters", show=False),
    ]

    @dataclass
    class Highlighted(_ListMessage):
        """The highlight stands on `item` (None: there is no row)."""

        item: Any

    @dataclass
    class Opened(_ListMessage):
        """`enter` on `item`."""

        item: Any

    @dataclass
    class Marked(_ListMessage):
        """`space`: the marked ids are now `ids`; `full` when one more was refused at 1,000."""

        ids: frozenset[str]
        full: bool = False

    @dataclass
    class Loaded(_ListMessage):
        """The first page of the newest source or reload is on the screen."""

    @dataclass
    class Grown(_ListMessage):
        """Another page stands beside the first: more rows are loaded than before."""

    @dataclass
    class Failed(_ListMessage):
        """A page did not come; rows already shown stay, keys that waited for it are dropped."""

        error: Exception

    def __init__(
        self,
        columns: Sequence[Column[T]],
        row_id: Callable[[T], str],
        source: PageSource[T] | None = None,
        *,
        empty: str = "Nothing here.",
        explain: Callable[[Exception], str] = lambda _: "The ledger does not answer. [ctrl+r] try again",
        page_limit: int = PAGE_LIMIT,
        header: bool = True,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(columns, row_id, header=header, id=id, classes=classes)
        self.empty = empty
        self.loader: PageLoader[T] = PageLoader(self._run_fetch, self._take, self._take_failure, page_limit)
        self.loader.source = source
        self._explain = explain
        self._commands = CommandQueue()
        self._problem: str | None = None
        self._is_new_question = False
        self._told: str | None = None

    # ── what a screen asks ───────────────────────────────────────────────────────────────────────────────────────

    @property
    def highlighted(self) -> T | None:
        """The row under the arrow, or None."""
        return self.cursor.highlighted

    @property
    def items(self) -> list[T]:
        """The loaded rows that are shown, in order."""
        return list(self.cursor.shown)

    @property
    def marked(self) -> list[T]:
        """The marked rows, in the order they were marked."""
        return list(self.marks.values())

    @property
    def count(self) -> int | None:
        """All rows of the source, when it told."""
        return self.cursor.window.count

    @property
    def is_settled(self) -> bool:
        """True when no page and no key waits."""
        return self.loader.is_idle and not len(self._commands)

    @property
    def owes_key(self) -> bool:
        """True while a key waits for a page: what the next one means comes after it."""
        return bool(len(self._commands))

    @property
    def position(self) -> str:
        """`12 of 5,000`; without the first figure where the place is not known; empty without rows."""
        return self.cursor.position

    # ── what a screen tells ──────────────────────────────────────────────────────────────────────────────────────

    def set_source(self, source: PageSource[T], *, anchor: str = FIRST) -> None:
        """Begin anew with `source`: answers of the former one are dropped; its rows stay until the first page."""
        self.loader.source = source
        self._is_new_question = True
        self.marks.clear()
        self._start(anchor, replacing=True)

    def reload(self, *, keep: bool = True) -> None:
        """Ask the same source again; the highlight stays on its row (`keep`) or goes to the first."""
        if self.loader.source is None:
            return
        if self.loader.must_wait:
            # The answer to another question is under way: it is asked again as that.
            self._start(self.loader.opening or FIRST, replacing=True)
            return
        cursor = self.cursor
        near_first = cursor.window.base == 0 and cursor.at < self.loader.limit
        row_id = cursor.highlighted_id if keep and not near_first else None
        self._start(FIRST if row_id is None else f"id:{row_id}", replacing=not keep)

    def replace(self, item: T) -> bool:
        """Show `item` in the row of its id; False when that row is not loaded."""
        row_id = self.cursor.row_id(item)
        if row_id in self.marks:
            self.marks[row_id] = item
        place = self.cursor.window.replace(item)
        self._narrow(keep_id=self.cursor.highlighted_id)
        return place is not None

    def remove_row(self, row_id: str) -> bool:
        """Take a row out; the highlight goes to the row that follows. False when it is not loaded."""
        self.marks.pop(row_id, None)
        former = self.cursor.highlighted_id
        place = self.cursor.window.remove(row_id)
        self._narrow(keep_id=former)
        return place is not None

    def insert_first(self, item: T, *, highlight: bool = True) -> None:
        """Show a new row before all others and, when `highlight`, stand on it."""
        former = self.cursor.highlighted_id
        is_placed = self.cursor.window.insert_first(item)
        self._narrow(keep_id=self.cursor.row_id(item) if highlight and is_placed else former)

    def local_filter(self, predicate: Callable[[T], bool] | None) -> None:
        """Narrow the loaded rows at once while the ledger's answer is under way; `set_source` ends it."""
        self.cursor.filter = predicate
        self._narrow(keep_id=self.cursor.highlighted_id)

    def highlight(self, row_id: str) -> bool:
        """Stand on a loaded row; False when it is not loaded."""
        place = self.cursor.place_of(row_id)
        if place is not None:
            self.stand(place)
        return place is not None

    def clear_marks(self) -> None:
        """Mark nothing."""
        self.marks.clear()
        self.refresh()
        self.post_message(self.Marked(self, frozenset()))

    def jump_to_key(self, beginning: str) -> None:
        """The first row whose sort column begins so: one request."""
        self._queue(Jump(self, f"key:{beginning}"))

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_move(self, rows: int) -> None:
        """Move the highlight by rows, over page borders."""
        self._queue(Move(self, rows))

    def action_page(self, pages: int) -> None:
        """Move by screens."""
        self._queue(Move(self, pages * self.cursor.height, scroll=True))

    def action_jump_first(self) -> None:
        """The first of all rows: one request, none when it is loaded."""
        self._queue(Jump(self, FIRST))

    def action_jump_last(self) -> None:
        """The last of all rows: one request, none when it is loaded."""
        self._queue(Jump(self, LAST))

    def action_open(self) -> None:
        """Open the highlighted row, after everything that is under way."""

        def command() -> bool:
            if self.loader.must_wait:
                return False
            if (item := self.highlighted) is not None:
                self.post_message(self.Opened(self, item))
            return True

        self._queue(command)

    def action_mark(self) -> None:
        """Mark the highlighted row, or take its mark away, and go to the next."""

        def command() -> bool:
            if self.loader.must_wait:
                return False
            self._toggle_mark()
            return True

        self._queue(command)
        self._queue(Move(self, 1))

    def action_jump_letters(self) -> None:
        """`'`: collect letters until enter."""
        self.typed = ""
        self.refresh_line(0)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """While letters are collected every printable key is one of them."""
        return self.typed is not None and character is not None and character.isprintable()

    async def on_key(self, event: events.Key) -> None:
        """Collect the letters of a jump; every other key is left to the bindings."""
        if self.typed is None:
            return
        self.refresh_line(0)
        if event.key == "enter":
            wanted, self.typed = self.typed, None
            if wanted:
                self.jump_to_key(wanted)
        elif event.key == "escape":
            self.typed = None
        elif event.key == "backspace":
            self.typed = self.typed[:-1]
        elif event.is_printable and event.character is not None:
            self.typed = (self.typed + event.character)[:JUMP_MAX]
        else:
            self.typed = None
            return
        event.stop()
        event.prevent_default()

    def _queue(self, command: Command) -> None:
        if not self._commands.put(command):
            self.app.bell()
        self._commands.run()
        self._prefetch()

    def _toggle_mark(self) -> None:
        item = self.highlighted
        if item is None:
            return
        row_id = self.cursor.row_id(item)
        is_full = row_id not in self.marks and len(self.marks) >= MARKS_MAX
        if self.marks.pop(row_id, None) is None and not is_full:
            self.marks[row_id] = item
        self.refresh_line(self.line_of(self.cursor.at))
        self.post_message(self.Marked(self, frozenset(self.marks), is_full))

    # ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────

    def on_mount(self) -> None:
        """Ask for the first page."""
        if self.loader.source is not None and self.loader.opening is None:
            self.set_source(self.loader.source)

    def _run_fetch(self, fetch: Coroutine[None, None, None]) -> None:
        self.run_worker(fetch, group="page", exit_on_error=False, exclusive=False)

    def _start(self, anchor: str, *, replacing: bool) -> None:
        self._problem = None
        self.loader.open(anchor, replacing=replacing)
        if not self.cursor.shown:
            self.refresh()

    def _take_failure(self, error: Exception, edge: Edge) -> None:
        self._commands.clear()
        if edge == "open":
            self.loader.opening = None
            if self._is_new_question:
                # Rows of another question must not stand as the answer to this one.
                self.cursor.empty()
                self._tell()
            if not self.cursor.shown:
                self._problem = self._explain(error)
            self._prefetch()  # what was being fetched beside the former rows was dropped for it
        self.refresh()
        self.post_message(self.Failed(self, error))

    def _take(self, page: Page[T], edge: Edge) -> None:
        if edge == "open":
            self._take_opened(page)
        else:
            window = self.cursor.window
            self.cursor.shift(-window.append(page) if edge == "next" else window.prepend(page))
            self.refresh()
            self._tell()
            self.post_message(self.Grown(self))
        self._commands.run()
        self._prefetch()

    def _take_opened(self, page: Page[T]) -> None:
        cursor, loader = self.cursor, self.loader
        anchor, loader.opening = loader.opening or FIRST, None
        keep_id, line = cursor.highlighted_id, cursor.at - cursor.top
        kind, _, wanted = anchor.partition(":")
        if loader.is_replacing:
            cursor.empty()
            keep_id, line = wanted if kind == "id" else None, 0
        cursor.window.open(page, anchor)
        self._problem = None
        self._is_new_question = False
        self._narrow(keep_id=keep_id, line=line)
        if anchor == LAST:
            self.stand(cursor.last)
        self.post_message(self.Loaded(self))

    def _prefetch(self) -> None:
        """Ask for the neighbour page when fewer than a screen of rows is left on a side."""
        cursor = self.cursor
        if self.loader.opening is not None or cursor.filter is not None or not cursor.shown:
            return
        if len(cursor.shown) - (cursor.top + cursor.height) < cursor.height:
            self.loader.ask_edge("next", cursor.window.next)
        if cursor.top < cursor.height:
            self.loader.ask_edge("prev", cursor.window.prev)

    def _narrow(self, keep_id: str | None, line: int | None = None) -> None:
        self.cursor.narrow(keep_id, line)
        self.refresh()
        self._tell()

    def moved(self) -> None:
        """Say where the highlight went."""
        self._tell()

    def resized(self) -> None:
        """More rows may be in sight than are loaded."""
        self._prefetch()

    def is_more_under_way(self) -> bool:
        """True while the page below is being fetched."""
        return self.loader.is_fetching("next") and self.cursor.filter is None

    def instead_of_rows(self) -> str:
        """A placeholder, what went wrong, or that there is nothing."""
        return "…" if self.loader.is_opening else self.empty if self._problem is None else self._problem

    def _tell(self) -> None:
        """Say that the highlight stands elsewhere, once a place."""
        item = self.highlighted
        identity = None if item is None else f"{self.cursor.row_id(item)}:{id(item)}:{self.cursor.at}"
        if identity != self._told:
            self._told = identity
            self.post_message(self.Highlighted(self, item))
