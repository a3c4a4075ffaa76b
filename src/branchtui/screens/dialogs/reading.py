"""Something longer to read: (label, value) rows that are scrolled where they do not fit."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from branchtui.format.safe_text import safe_text
from branchtui.widgets.dialogs import Lines, restated

_ROUND_CELLS = 6
_CELLS_MAX = 90


class ReadingDialog(ModalScreen[None]):
    """`enter` or `esc` goes on; the arrows and `pgdn` show the rest."""

    is_left_by_lock: ClassVar[bool] = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,escape", "leave", "Go on"),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
    ]

    def __init__(self, title: str, lines: Lines) -> None:
        super().__init__()
        self._heading = title
        self._lines = list(lines)

    def compose(self) -> ComposeResult:
        """Heading, rows, keys."""
        cells = min(_CELLS_MAX, max(20, self.app.size.width - _ROUND_CELLS))
        with Vertical(classes="dialog"):
            yield Static(Content(safe_text(self._heading)), classes="dialog-title")
            yield Static(restated(self._lines, cells), classes="dialog-lines")
            yield Static(Content("[enter] go on   [↑ ↓] more"), classes="dialog-keys")

    def action_move(self, by: int) -> None:
        """A row."""
        self.query_one(".dialog", Vertical).scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        """As much as is in sight."""
        box = self.query_one(".dialog", Vertical)
        box.scroll_relative(y=by * max(1, box.size.height - 1), animate=False)

    def action_leave(self) -> None:
        """Go on."""
        self.dismiss(None)
