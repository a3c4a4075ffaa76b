"""A list that is a window on any number of rows: line API, keyset pages, the highlight kept by id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from branchtui.widgets.columns import Column
from branchtui.widgets.list_commands import Command, Jump, Move
from branchtui.widgets.page_source import FIRST, LAST, PAGE_LIMIT, PageSource
from branchtui.widgets.paged_list import PagedList

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


class VirtualList(PagedList[T], can_focus=True):
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
    class Turned(_ListMessage):
        """Other rows are in sight: most of the list is painted anew."""

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
        super().__init__(
            columns, row_id, source, page_limit=page_limit, header=header, id=id, classes=classes
        )
        self.empty = empty
        self._explain = explain
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
        """All rows of the question that is asked, when they were told and all of them were counted."""
        window = self.cursor.window
        return window.count if window.is_count_exact and not self.loader.must_wait else None

    @property
    def count_words(self) -> str:
        """`5,000`, or `10,000+` where there are more than were counted; empty while they are not known."""
        return "" if self.loader.must_wait else self.cursor.count_words

    @property
    def is_settled(self) -> bool:
        """True when no page and no key waits."""
        return self.loader.is_idle and not len(self.commands)

    @property
    def is_opening(self) -> bool:
        """True while its first rows are under way."""
        return self.loader.is_opening

    @property
    def owes_key(self) -> bool:
        """True while a key waits for a page: what the next one means comes after it."""
        return bool(len(self.commands))

    @property
    def position(self) -> str:
        """`12 of 5,000`, `12 of 10,000+`; without the first figure where the place is not known; empty without rows."""
        return self.cursor.position

    # ── what a screen tells ──────────────────────────────────────────────────────────────────────────────────────

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
        self._step()
        return place is not None

    def insert_first(self, item: T, *, highlight: bool = True) -> None:
        """Show a new row before all others and, when `highlight`, stand on it."""
        former = self.cursor.highlighted_id
        is_placed = self.cursor.window.insert_first(item)
        self._narrow(keep_id=self.cursor.row_id(item) if highlight and is_placed else former)

    def local_filter(self, predicate: Callable[[T], bool] | None) -> None:
        """Narrow the loaded rows at once while the ledger's answer is under way; `set_source` ends it."""
        former, self.cursor.filter = self.cursor.highlighted_id, predicate
        self._narrow(keep_id=former)
        self._step()

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
        if not self.commands.put(command):
            self.app.bell()
        self.loader.begin_step()
        self.commands.run()
        self.fetch_ahead()

    def _step(self) -> None:
        """Rows went, or came into sight: there may be more to show."""
        self.loader.begin_step()
        self.fetch_ahead()

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

    def grown(self) -> None:
        """Say so."""
        self.post_message(self.Grown(self))

    def opened(self) -> None:
        """Say so."""
        self.turned()
        self.post_message(self.Loaded(self))

    def failed(self, error: Exception) -> None:
        """Say so."""
        self.post_message(self.Failed(self, error))

    def _narrow(self, keep_id: str | None) -> None:
        self.cursor.narrow(keep_id)
        self.refresh()
        self._tell()

    def moved(self) -> None:
        """Say where the highlight went."""
        self._tell()

    def turned(self) -> None:
        """Say that other rows are in sight."""
        self.post_message(self.Turned(self))

    def resized(self) -> None:
        """More rows may be in sight than are loaded."""
        self._step()

    def is_more_under_way(self) -> bool:
        """True while the page below is being fetched."""
        return self.loader.is_fetching("next") and self.cursor.filter is None

    def instead_of_rows(self) -> str:
        """A placeholder, what went wrong, or that there is nothing."""
        if self.loader.opening is not None or self.loader.is_fetching("next"):
            return "…"
        return self.empty if self.problem is None else self._explain(self.problem)

    def _tell(self) -> None:
        """Say that the highlight stands elsewhere, once a place."""
        item = self.highlighted
        identity = None if item is None else f"{self.cursor.row_id(item)}:{id(item)}:{self.cursor.at}"
        if identity != self._told:
            self._told = identity
            self.post_message(self.Highlighted(self, item))
