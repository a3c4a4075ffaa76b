"""A line to type in: one row, a cursor that does not blink, pasted text made safe."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from textual import events
from textual.message import Message
from textual.widgets import Input
from textual.widgets.input import Selection

from branchtui.format.safe_text import safe_text

LENGTH_MAX: Final = 500
_LINE_ENDS: Final = re.compile(r"[\r\n]+")


class LineInput(Input):
    """Textual's input without border, blinking or colours of its own.

    `overtype`: what stands in it is marked when it takes the focus, so that typing replaces it and
    the arrows, home, end and backspace edit it, as in the forms that tellers come from. `line_break` stands
    between the lines of a paste.
    """

    @dataclass
    class LeftOut(Message):
        """A key, or a part of a paste, found no room in the line."""

        line: LineInput

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        password: bool = False,
        max_length: int = LENGTH_MAX,
        overtype: bool = False,
        line_break: str = " ",
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
        self._line_break = line_break
        self.is_cut = False
        """Whether something found no room since the line was filled."""

    @property
    def length_max(self) -> int:
        """Characters that have room."""
        return self.max_length or LENGTH_MAX

    def watch_value(self, value: str) -> None:
        """With room again nothing is amiss."""
        if len(value) < self.length_max:
            self.is_cut = False

    def restricted(self) -> None:
        """A key that has no room: said, not rung for."""
        self._leave_out()

    def _on_paste(self, event: events.Paste) -> None:
        """All lines of it, one behind the other; a password ends with its first one."""
        event.prevent_default()
        event.stop()
        lines = [line for line in _LINE_ENDS.split(event.text) if line]
        if lines:
            self.replace(lines[0] if self.password else self._line_break.join(lines), *self.selection)

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
        room = max(0, self.length_max - kept)
        shown = text if self.password else safe_text(text[: 4 * max(LENGTH_MAX, self.length_max)])
        if len(shown) > room:
            self._leave_out()
        return shown[:room]

    def _leave_out(self) -> None:
        self.is_cut = True
        self.post_message(self.LeftOut(self))
