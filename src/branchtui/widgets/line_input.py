"""A line to type in: one row, a cursor that does not blink, pasted text made safe."""

from __future__ import annotations

from typing import Final

from textual.widgets import Input
from textual.widgets.input import Selection

from branchtui.format.safe_text import safe_text

LENGTH_MAX: Final = 500


class LineInput(Input):
    """Textual's input without border, blinking, colours of its own or selection on focus."""

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        password: bool = False,
        max_length: int = LENGTH_MAX,
        id: str | None = None,
    ) -> None:
        super().__init__(
            placeholder=placeholder,
            password=password,
            max_length=max_length,
            select_on_focus=False,
            compact=True,
            id=id,
        )
        # Set without the framework's watchers, which need a running app: a form may be made before there is one.
        self.set_reactive(Input.value, value)
        self.set_reactive(Input.selection, Selection.cursor(len(value)))
        self.cursor_blink = False

    def insert_text_at_cursor(self, text: str) -> None:
        """A typed character as it is; a paste with everything foreign shown, cut to the room that is left."""
        if len(text) > 1:
            room = (self.max_length or LENGTH_MAX) - len(self.value)
            text = (text if self.password else safe_text(text[: 4 * LENGTH_MAX]))[: max(0, room)]
        super().insert_text_at_cursor(text)
