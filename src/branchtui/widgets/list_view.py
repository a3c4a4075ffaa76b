"""How a list paints: one line at a time, and only the lines that changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from branchtui.format.cells import cut, pad
from branchtui.format.safe_text import safe_text
from branchtui.widgets.columns import Column, ColumnLayout
from branchtui.widgets.list_cursor import ListCursor

T = TypeVar("T")


class ListView(Widget, Generic[T]):
    """Rows of `cursor` in `columns`; where they come from and which keys move is the subclass's."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "virtual-list--header",
        "virtual-list--highlight",
        "virtual-list--marked",
        "virtual-list--message",
    }

    def __init__(
        self,
        columns: Sequence[Column[T]],
        row_id: Callable[[T], str],
        *,
        header: bool = True,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.cursor: ListCursor[T] = ListCursor(row_id)
        self.marks: dict[str, T] = {}
        self.typed: str | None = None
        self.has_arrow = True
        self._columns = columns
        self._header_lines = 1 if header else 0
        self._columns_laid: ColumnLayout[T] = ColumnLayout(columns, 0)

    def set_columns(self, columns: Sequence[Column[T]]) -> None:
        """Show the same rows in other columns."""
        self._columns = columns
        self._columns_laid = ColumnLayout(columns, self.size.width)
        self.refresh()

    def forget(self) -> None:
        """Drop every row and mark; the next reload asks for them again."""
        self.cursor.empty()
        self.marks.clear()
        self.refresh()
        self.moved()

    # ── what the subclass says ───────────────────────────────────────────────────────────────────────────────────

    def instead_of_rows(self) -> str:
        """The sentence that stands where rows would."""
        return ""

    def is_more_under_way(self) -> bool:
        """True shows a placeholder below the last row."""
        return False

    def moved(self) -> None:
        """Called when the highlight was moved."""

    def turned(self) -> None:
        """Called when the list scrolled."""

    def resized(self) -> None:
        """Called when the number of lines changed."""

    # ── place and paint ──────────────────────────────────────────────────────────────────────────────────────────

    def stand(self, place: int, scroll: int = 0) -> None:
        """Put the highlight on a loaded row, repainting two lines unless the list has to scroll."""
        cursor = self.cursor
        former_at, former_top = cursor.at, cursor.top
        cursor.at = place
        cursor.top += scroll
        cursor.bound()
        if cursor.top != former_top:
            self.refresh()
            self.turned()
        elif cursor.at != former_at:
            self.refresh_line(self.line_of(former_at))
            self.refresh_line(self.line_of(cursor.at))
        self.moved()

    def on_focus(self) -> None:
        """The bar shows where keys go; of several lists the one that had the keys last has the arrow."""
        for other in self.screen.query(ListView):
            if other.has_arrow is not (other is self):
                other.has_arrow = other is self
                other.refresh_line(other.line_of(other.cursor.at))
        self.refresh_line(self.line_of(self.cursor.at))

    def on_blur(self) -> None:
        """The arrow stays, the bar goes."""
        self.refresh_line(self.line_of(self.cursor.at))

    def on_resize(self) -> None:
        """The highlight stays in sight."""
        self.cursor.height = max(1, self.size.height - self._header_lines)
        self.cursor.bound()
        self.refresh()
        self.resized()

    def render_line(self, y: int) -> Strip:
        """One line: the titles, a row, or what the list has to say instead of rows."""
        width = self.size.width
        if self._columns_laid.total != width:
            self._columns_laid = ColumnLayout(self._columns, width)
        if y < self._header_lines:
            return self._strip(self._header_text(width), "virtual-list--header")
        place = self.cursor.top + y - self._header_lines
        if place < len(self.cursor.shown):
            return self._row_strip(place)
        if not self.cursor.shown and y == self._header_lines:
            return self._strip(pad("  " + safe_text(self.instead_of_rows()), width), "virtual-list--message")
        if self.cursor.shown and self.is_more_under_way():
            return self._strip(pad("  …", width), "virtual-list--message")
        return Strip.blank(width, self.rich_style)

    def _header_text(self, width: int) -> str:
        if self.typed is not None:
            return pad(cut(f"  Jump to: {safe_text(self.typed)}_", width), width)
        return self._columns_laid.header()

    def _row_strip(self, place: int) -> Strip:
        item = self.cursor.shown[place]
        is_highlighted = place == self.cursor.at
        is_marked = self.cursor.row_id(item) in self.marks
        text = self._columns_laid.row(item, highlighted=is_highlighted and self.has_arrow, marked=is_marked)
        strip = self._strip(text, "virtual-list--marked" if is_marked else None)
        if is_highlighted and self.has_focus:
            cells = self._columns_laid.bar_cells
            bar = self._strip(text, "virtual-list--highlight").crop(0, cells)
            return Strip.join([bar, strip.crop(cells)])
        return strip

    def _strip(self, text: str, component: str | None) -> Strip:
        style = self.rich_style if component is None else self.get_component_rich_style(component)
        return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, style)

    def line_of(self, place: int) -> int:
        """The line of a row, which may be out of sight."""
        return place - self.cursor.top + self._header_lines

    def refresh_line(self, line: int) -> None:
        """Repaint one line."""
        if 0 <= line < self.size.height:
            self.refresh(Region(0, line, self.size.width, 1))
