"""A list that is a window on any number of rows: line API, keyset pages, the highlight kept by id."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, TypeVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from branchtui.format.cells import cut, pad
from branchtui.format.safe_text import safe_text
from branchtui.widgets.columns import Column, ColumnLayout
from branchtui.widgets.page_source import FIRST, LAST, PAGE_LIMIT, Page, PageRequest, PageSource
from branchtui.widgets.row_window import RowWindow

T = TypeVar("T")

COMMANDS_MAX: Final = 256
MARKS_MAX: Final = 1_000
JUMP_MAX: Final = 40
NO_ANSWER: Final = "The ledger does not answer. [ctrl+r] try again"
_ARROW_CELLS: Final = 1


def _no_answer(_error: Exception) -> str:
    return NO_ANSWER


class VirtualList(Widget, Generic[T], can_focus=True):
    """Rows of `source` in `columns`; see README.md beside this module for how a screen uses it.

    Keys that need a page still under way wait in order for it (at most 256) and then do what they would have done
    with the page at hand: typing ahead of a slow ledger ends on the same row.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "virtual-list--header",
        "virtual-list--highlight",
        "virtual-list--marked",
        "virtual-list--message",
    }
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
    class Highlighted(Message):
        """The highlight stands on `item` (None: there is no row)."""

        list: VirtualList[Any]
        item: Any

        @property
        def control(self) -> VirtualList[Any]:
            """The list, for `@on(..., "#id")`."""
            return self.list

    @dataclass
    class Opened(Message):
        """`enter` on `item`."""

        list: VirtualList[Any]
        item: Any

        @property
        def control(self) -> VirtualList[Any]:
            """The list, for `@on(..., "#id")`."""
            return self.list

    @dataclass
    class Marked(Message):
        """`space`: the marked ids are now `ids`; `full` when one more was refused at 1,000."""

        list: VirtualList[Any]
        ids: frozenset[str]
        full: bool = False

        @property
        def control(self) -> VirtualList[Any]:
            """The list, for `@on(..., "#id")`."""
            return self.list

    @dataclass
    class Loaded(Message):
        """The first page of the newest source or reload is on the screen."""

        list: VirtualList[Any]

        @property
        def control(self) -> VirtualList[Any]:
            """The list, for `@on(..., "#id")`."""
            return self.list

    @dataclass
    class Failed(Message):
        """A page did not come; rows already shown stay, keys that waited for it are dropped."""

        list: VirtualList[Any]
        error: Exception

        @property
        def control(self) -> VirtualList[Any]:
            """The list, for `@on(..., "#id")`."""
            return self.list

    def __init__(
        self,
        columns: Sequence[Column[T]],
        row_id: Callable[[T], str],
        source: PageSource[T] | None = None,
        *,
        empty: str = "Nothing here.",
        explain: Callable[[Exception], str] = _no_answer,
        page_limit: int = PAGE_LIMIT,
        header: bool = True,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._columns = columns
        self._row_id = row_id
        self._source = source
        self.empty = empty
        self._explain = explain
        self._page_limit = page_limit
        self._header_lines = 1 if header else 0
        self._window: RowWindow[T] = RowWindow(row_id)
        self._filter: Callable[[T], bool] | None = None
        self._shown: list[T] = []
        self._at = 0
        self._top = 0
        self._generation = 0
        self._opening: str | None = None
        self._replacing = False
        self._fetching: set[str] = set()
        self._problem: str | None = None
        self._commands: deque[Callable[[], bool]] = deque()
        self._marks: dict[str, T] = {}
        self._typed: str | None = None
        self._layout: ColumnLayout[T] = ColumnLayout(columns, 0)
        self._told: str | None = None

    # ── what a screen asks ───────────────────────────────────────────────────────────────────────────────────────

    @property
    def highlighted(self) -> T | None:
        """The row under the arrow, or None."""
        return self._shown[self._at] if 0 <= self._at < len(self._shown) else None

    @property
    def items(self) -> list[T]:
        """The loaded rows that are shown, in order."""
        return list(self._shown)

    @property
    def marked(self) -> list[T]:
        """The marked rows, in the order they were marked."""
        return list(self._marks.values())

    @property
    def count(self) -> int | None:
        """All rows of the source, when it told."""
        return self._window.count

    @property
    def is_settled(self) -> bool:
        """True when no page and no key waits."""
        return self._opening is None and not self._fetching and not self._commands

    @property
    def position(self) -> str:
        """`12 of 5,000`; without the first figure where the place is not known; empty without rows."""
        if not self._shown:
            return ""
        base, count = self._window.base, self._window.count
        if self._filter is not None or (base is None and count is None):
            return ""
        if base is None:
            return f"of {count:,}"
        place = base + self._at + 1
        return f"{place:,} of {max(count, place):,}" if count is not None else f"{place:,}"

    # ── what a screen tells ──────────────────────────────────────────────────────────────────────────────────────

    def set_source(self, source: PageSource[T], *, anchor: str = FIRST) -> None:
        """Begin anew with `source`: answers of the former one are dropped; its rows stay until the first page."""
        self._source = source
        self._replacing = True
        self._marks.clear()
        self._start(anchor)

    def reload(self, keep: bool = True) -> None:
        """Ask the same source again; the highlight stays on its row (`keep`) or goes to the first."""
        if self._source is None:
            return
        anchor = FIRST
        item = self.highlighted
        if keep and item is not None and not (self._window.base == 0 and self._at < self._page_limit):
            anchor = f"id:{self._row_id(item)}"
        self._replacing = not keep
        self._start(anchor)

    def replace(self, item: T) -> bool:
        """Show `item` in the row of its id; False when that row is not loaded."""
        row_id = self._row_id(item)
        if row_id in self._marks:
            self._marks[row_id] = item
        place = self._window.replace(item)
        self._narrow(keep_id=self._highlighted_id())
        return place is not None

    def remove(self, row_id: str) -> bool:
        """Take a row out; the highlight goes to the row that follows. False when it is not loaded."""
        self._marks.pop(row_id, None)
        former = self._highlighted_id()
        place = self._window.remove(row_id)
        self._narrow(keep_id=former)
        return place is not None

    def insert_first(self, item: T, *, highlight: bool = True) -> None:
        """Show a new row before all others and, when `highlight`, stand on it."""
        former = self._highlighted_id()
        placed = self._window.insert_first(item)
        self._narrow(keep_id=self._row_id(item) if highlight and placed else former)

    def local_filter(self, predicate: Callable[[T], bool] | None) -> None:
        """Narrow the loaded rows at once while the ledger's answer is under way; `set_source` ends it."""
        self._filter = predicate
        self._narrow(keep_id=self._highlighted_id())

    def highlight(self, row_id: str) -> bool:
        """Stand on a loaded row; False when it is not loaded."""
        place = next((at for at, row in enumerate(self._shown) if self._row_id(row) == row_id), None)
        if place is not None:
            self._stand(place)
        return place is not None

    def clear_marks(self) -> None:
        """Mark nothing."""
        self._marks.clear()
        self.refresh()
        self.post_message(self.Marked(self, frozenset()))

    def open_when_settled(self) -> None:
        """As `enter`, after everything that is under way: what `enter` in a search box means."""
        self.action_open()

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_move(self, rows: int) -> None:
        """Move the highlight by rows, over page borders."""
        self._queue(_Move(self, rows))

    def action_page(self, pages: int) -> None:
        """Move by screens."""
        self._queue(_Move(self, pages * self._height, scroll=True))

    def action_jump_first(self) -> None:
        """The first of all rows: one request, none when it is loaded."""
        self._queue(_Jump(self, FIRST))

    def action_jump_last(self) -> None:
        """The last of all rows: one request, none when it is loaded."""
        self._queue(_Jump(self, LAST))

    def jump_to_key(self, beginning: str) -> None:
        """The first row whose sort column begins so: one request."""
        self._queue(_Jump(self, f"key:{beginning}"))

    def action_open(self) -> None:
        """Open the highlighted row."""

        def command() -> bool:
            if self._replacing and self._opening is not None:
                return False
            item = self.highlighted
            if item is not None:
                self.post_message(self.Opened(self, item))
            return True

        self._queue(command)

    def action_mark(self) -> None:
        """Mark the highlighted row, or take its mark away, and go to the next."""

        def command() -> bool:
            if self._replacing and self._opening is not None:
                return False
            self._toggle_mark()
            return True

        self._queue(command)
        self._queue(_Move(self, 1))

    def action_jump_letters(self) -> None:
        """`'`: collect letters until enter."""
        self._typed = ""
        self._refresh_line(0)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """While letters are collected every printable key is one of them."""
        return self._typed is not None and character is not None and character.isprintable()

    async def on_key(self, event: events.Key) -> None:
        """Collect the letters of a jump; every other key is left to the bindings."""
        if self._typed is None:
            return
        if event.key == "enter":
            wanted, self._typed = self._typed, None
            if wanted:
                self.jump_to_key(wanted)
        elif event.key == "escape":
            self._typed = None
        elif event.key == "backspace":
            self._typed = self._typed[:-1]
        elif event.is_printable and event.character is not None:
            self._typed = (self._typed + event.character)[:JUMP_MAX]
        else:
            self._typed = None
            self._refresh_line(0)
            return
        event.stop()
        event.prevent_default()
        self._refresh_line(0)

    # ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────

    def on_mount(self) -> None:
        """Ask for the first page."""
        if self._source is not None and self._opening is None:
            self.set_source(self._source)

    def _start(self, anchor: str) -> None:
        self._generation += 1
        self._fetching.clear()
        self._problem = None
        self._opening = anchor
        request = PageRequest(anchor=anchor, limit=self._page_limit, count=True)
        self._ask(request, "open")
        if not self._shown:
            self.refresh()

    def _ask(self, request: PageRequest, edge: str) -> None:
        self._fetching.add(edge)
        self.run_worker(
            self._fetch(request, edge, self._generation), group="page", exit_on_error=False, exclusive=False
        )

    async def _fetch(self, request: PageRequest, edge: str, generation: int) -> None:
        source = self._source
        if source is None:
            return
        try:
            page = await source.fetch(request)
        except Exception as error:  # noqa: BLE001  # whatever a source raises, the teller gets a sentence
            if generation == self._generation:
                self._take_failure(error, edge)
            return
        if generation == self._generation:
            self._fetching.discard(edge)
            self._take(page, edge)

    def _take_failure(self, error: Exception, edge: str) -> None:
        self._fetching.discard(edge)
        self._commands.clear()
        if edge == "open":
            self._opening = None
            if self._replacing:
                # Rows of another question must not stand as the answer to this one.
                self._window = RowWindow(self._row_id)
                self._filter = None
                self._problem = self._explain(error)
                self._narrow(keep_id=None)
            elif not self._shown:
                self._problem = self._explain(error)
        self.refresh()
        self.post_message(self.Failed(self, error))

    def _take(self, page: Page[T], edge: str) -> None:
        if edge == "open":
            self._take_opened(page)
        elif edge == "next":
            forgotten = self._window.append(page)
            self._shift(-forgotten)
        else:
            self._shift(self._window.prepend(page))
        self._run_commands()
        self._prefetch()

    def _take_opened(self, page: Page[T]) -> None:
        anchor, self._opening = self._opening or FIRST, None
        keep_id = None if self._replacing else self._highlighted_id()
        line = self._at - self._top
        if self._replacing:
            self._at, self._top = 0, 0
            self._window = RowWindow(self._row_id)
            self._filter = None
        self._window.open(page, anchor)
        kind, _, wanted = anchor.partition(":")
        if kind == "id" and keep_id is None:
            keep_id = wanted
        self._replacing = False
        self._problem = None
        self._narrow(keep_id=keep_id, line=line)
        if anchor == LAST:
            self._stand(len(self._shown) - 1)
        elif kind == "key":
            self._stand(0)
        self.post_message(self.Loaded(self))

    def _prefetch(self) -> None:
        """Ask for the neighbour page when fewer than a screen of rows is left on a side."""
        if self._opening is not None or self._filter is not None or not self._shown:
            return
        margin = max(self._height, 1)
        window = self._window
        if window.next is not None and len(self._shown) - (self._top + self._height) < margin:
            self._ask_edge("next")
        if window.prev is not None and self._top < margin:
            self._ask_edge("prev")

    def _ask_edge(self, edge: str) -> None:
        cursor = self._window.next if edge == "next" else self._window.prev
        if cursor is not None and edge not in self._fetching:
            self._ask(PageRequest(cursor=cursor, anchor=None, limit=self._page_limit), edge)

    # ── place ────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _height(self) -> int:
        return max(1, self.size.height - self._header_lines)

    def _highlighted_id(self) -> str | None:
        item = self.highlighted
        return None if item is None else self._row_id(item)

    def _shift(self, rows: int) -> None:
        """Rows came or went before the loaded ones: what is seen stays where it is."""
        self._shown = self._visible_rows()
        self._at = max(0, self._at + rows)
        self._top = max(0, self._top + rows)
        self._bound()
        self.refresh()
        self._tell()

    def _visible_rows(self) -> list[T]:
        if self._filter is None:
            return self._window.rows
        return [row for row in self._window.rows if self._filter(row)]

    def _narrow(self, keep_id: str | None, line: int | None = None) -> None:
        self._shown = self._visible_rows()
        if keep_id is not None:
            place = next((at for at, row in enumerate(self._shown) if self._row_id(row) == keep_id), None)
            if place is not None:
                self._at = place
                if line is not None:
                    self._top = place - line
        self._bound()
        self.refresh()
        self._tell()

    def _bound(self) -> None:
        last = len(self._shown) - 1
        self._at = min(max(0, self._at), max(0, last))
        lowest_top = max(0, len(self._shown) - self._height)
        self._top = min(max(self._top, self._at - self._height + 1, 0), self._at, max(lowest_top, 0))

    def _stand(self, place: int, scroll: int = 0) -> None:
        """Put the highlight on a loaded row, repainting two lines unless the list has to scroll."""
        former_at, former_top = self._at, self._top
        self._at = place
        self._top += scroll
        self._bound()
        if self._top != former_top:
            self.refresh()
        elif self._at != former_at:
            self._refresh_line(self._line_of(former_at))
            self._refresh_line(self._line_of(self._at))
        self._tell()

    def _line_of(self, place: int) -> int:
        return place - self._top + self._header_lines

    def _refresh_line(self, line: int) -> None:
        if 0 <= line < self.size.height:
            self.refresh(Region(0, line, self.size.width, 1))

    def _tell(self) -> None:
        """Say that the highlight stands elsewhere, once a place."""
        row_id = self._highlighted_id()
        item = self.highlighted
        identity = None if item is None else f"{row_id}:{id(item)}:{self._at}"
        if identity != self._told:
            self._told = identity
            self.post_message(self.Highlighted(self, item))

    def _toggle_mark(self) -> None:
        item = self.highlighted
        if item is None:
            return
        row_id = self._row_id(item)
        full = False
        if row_id in self._marks:
            del self._marks[row_id]
        elif len(self._marks) < MARKS_MAX:
            self._marks[row_id] = item
        else:
            full = True
        self._refresh_line(self._line_of(self._at))
        self.post_message(self.Marked(self, frozenset(self._marks), full))

    # ── keys that wait for pages ─────────────────────────────────────────────────────────────────────────────────

    def _queue(self, command: Callable[[], bool]) -> None:
        if len(self._commands) < COMMANDS_MAX:
            self._commands.append(command)
        self._run_commands()
        self._prefetch()

    def _run_commands(self) -> None:
        while self._commands and self._commands[0]():
            # A command may have failed over the whole queue.
            if self._commands:
                self._commands.popleft()

    # ── paint ────────────────────────────────────────────────────────────────────────────────────────────────────

    def on_resize(self) -> None:
        """The highlight stays in sight."""
        self._bound()
        self.refresh()
        self._prefetch()

    def render_line(self, y: int) -> Strip:
        """One line: the titles, a row, or what the list has to say instead of rows."""
        width = self.size.width
        if self._layout.total != width:
            self._layout = ColumnLayout(self._columns, width)
        if y < self._header_lines:
            return self._strip(self._header_text(width), "virtual-list--header")
        place = self._top + y - self._header_lines
        if place < len(self._shown):
            return self._row_strip(place)
        if not self._shown and y == self._header_lines:
            return self._strip(pad("  " + safe_text(self._instead_of_rows()), width), "virtual-list--message")
        if self._shown and "next" in self._fetching and self._filter is None:
            return self._strip(pad("  …", width), "virtual-list--message")
        return Strip.blank(width, self.rich_style)

    def _header_text(self, width: int) -> str:
        if self._typed is not None:
            return pad(cut(f"  Jump to: {self._typed}_", width), width)
        return self._layout.header()

    def _instead_of_rows(self) -> str:
        if self._opening is not None:
            return "…"
        if self._problem is not None:
            return self._problem
        return self.empty

    def _row_strip(self, place: int) -> Strip:
        item = self._shown[place]
        highlighted = place == self._at
        marked = self._row_id(item) in self._marks
        text = self._layout.row(item, highlighted=highlighted, marked=marked)
        if highlighted and self.has_focus:
            return self._strip(text, "virtual-list--highlight")
        return self._strip(text, "virtual-list--marked" if marked else None)

    def _strip(self, text: str, component: str | None) -> Strip:
        style = self.rich_style if component is None else self.get_component_rich_style(component)
        return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, style)


class _Move:
    """Move by rows; what the loaded rows do not hold waits for the next page."""

    def __init__(self, owner: VirtualList[Any], rows: int, *, scroll: bool = False) -> None:
        self._list = owner
        self._rows = rows
        self._scroll = scroll

    def __call__(self) -> bool:
        owner = self._list
        if owner._opening is not None and owner._replacing:
            return False
        last = len(owner._shown) - 1
        if last < 0:
            return True
        target = owner._at + self._rows
        edge, cursor = ("next", owner._window.next) if self._rows > 0 else ("prev", owner._window.prev)
        beyond = target > last if self._rows > 0 else target < 0
        stop = min(max(target, 0), last)
        moved = stop - owner._at
        owner._stand(stop, scroll=moved if self._scroll else 0)
        if not beyond or cursor is None or owner._filter is not None:
            return True
        self._rows -= moved
        if self._rows == 0:
            return True
        owner._ask_edge(edge)
        return False


class _Jump:
    """Go to an anchor: a loaded end at once, anything else with one request."""

    def __init__(self, owner: VirtualList[Any], anchor: str) -> None:
        self._list = owner
        self._anchor = anchor
        self._asked = False

    def __call__(self) -> bool:
        owner = self._list
        if self._asked:
            return owner._opening is None
        if owner._opening is not None and owner._replacing:
            return False
        if owner._filter is not None or (self._anchor == FIRST and owner._window.prev is None):
            if self._anchor in {FIRST, LAST}:
                owner._stand(0 if self._anchor == FIRST else len(owner._shown) - 1)
                return True
        if self._anchor == LAST and owner._window.next is None:
            owner._stand(len(owner._shown) - 1)
            return True
        self._asked = True
        owner._replacing = True
        owner._start(self._anchor)
        return False
