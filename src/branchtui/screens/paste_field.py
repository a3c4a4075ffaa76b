"""A line for a file's path that knows pasted rows when it sees them (product, promise 6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from textual import events
from textual.message import Message

from branchtui.widgets.fields import TextField
from branchtui.widgets.line_input import LineInput

PASTE_CHARACTERS_MAX: Final = 1_000_000
"""Less than what the terminal's reader keeps of a paste: one that it cut is refused, never imported without its end."""
PATH_MAX: Final = 400
_ROW_ENDS: Final = re.compile(r"\r\n|\r|\n")


@dataclass
class RowsPasted(Message):
    """Rows of a spreadsheet came in by a paste: `text` as it came, with any line ends."""

    text: str


class PathInput(LineInput):
    """One line; a paste of several, or with tabs in it, is no path."""

    def _on_paste(self, event: events.Paste) -> None:
        text = event.text.strip("\r\n")
        if "\t" not in text and "\n" not in text and "\r" not in text:
            return
        event.prevent_default()
        event.stop()
        self.post_message(RowsPasted(text))


class PathField(TextField):
    """A path, or rows that are pasted where it would stand (`RowsPasted`)."""

    def __init__(self, name: str, label: str, *, hint: str = "") -> None:
        super().__init__(name, label, max_length=PATH_MAX, hint=hint)
        self._input = PathInput(placeholder=hint, max_length=PATH_MAX, overtype=True)
        self._editor = self._input


def pasted_file(text: str) -> bytes:
    """Pasted rows as the file that they would have been: UTF-8, a line feed after each row."""
    return ("\n".join(pasted_rows(text)) + "\n").encode(errors="replace")


def pasted_rows(text: str) -> list[str]:
    """Pasted rows, one by one; what parts lines within a cell for other programs parts no rows."""
    return _ROW_ENDS.sub("\n", text).removesuffix("\n").split("\n")
