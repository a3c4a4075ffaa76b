"""A line to type in: one row, a cursor that does not blink, pasted text made safe."""

from __future__ import annotations

from typing import Final

from textual.widgets import Input
from textual.widgets.input import Selection

from branchtui.format.safe_text import safe_text

LENGTH_MAX: Final = 500


class LineInput(Input):
    """Textual's input without border, blinking or colours of its own.

    `overtype`: what stands in it is marked when it takes the focus, so that typing replaces it and
    the arrows, home, end and backspace edit it, as in the forms that tellers come from.
    """

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        password: bool = False,
        max_length: int = LENGTH_MAX,
        overtype: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(
            placeholder=placeholder,
            password=password,
            max_length=max_length,
            select_on_focus=overtype,
            compact=True,
            id=id,
        )
        # Set without the framework's watchers, which need a running app: a form may be made before there is one.
        self.set_reactive(Input.value, value)
        self.set_reactive(Input.selection, Selection.cursor(len(value)))
        self.cursor_blink = False

    def insert_text_at_cursor(self, text: str) -> None:
        """A typed character as it is; a paste with everything foreign shown, cut to the room that is left."""
        super().insert_text_at_cursor(self._fitting(text, kept=len(self.value)))

    def replace(self, text: str, start: int, end: int) -> None:
        """The same where marked text is typed or pasted over."""
        first, last = sorted((start, end))
        super().replace(self._fitting(text, kept=len(self.value) - (last - first)), first, last)

    def _fitting(self, text: str, *, kept: int) -> str:
        if len(text) <= 1:
            return text
        room = max(0, (self.max_length or LENGTH_MAX) - kept)
        return (text if self.password else safe_text(text[: 4 * LENGTH_MAX]))[:room]
