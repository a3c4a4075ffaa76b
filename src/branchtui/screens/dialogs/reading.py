"""Something longer to read: (label, value) rows, as wide as the terminal has room for."""

from __future__ import annotations

from textual.content import Content

from branchtui.widgets.dialogs import Lines, MessageDialog, restated

_ROUND_CELLS = 6
_CELLS_MAX = 90


class ReadingDialog(MessageDialog):
    """Each value begins in one column, and goes on there."""

    def __init__(self, title: str, pairs: Lines) -> None:
        super().__init__(title, ())
        self._pairs = list(pairs)

    def text(self) -> Content:
        """The rows."""
        cells = min(_CELLS_MAX, max(20, self.app.size.width - _ROUND_CELLS))
        return restated(self._pairs, cells)
