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


def rows_of(event: events.Paste) -> str:
    """What was pasted, if it is a table's rows; empty for a word or a path."""
    text = event.text.strip("\r\n")
    return text if any(sign in text for sign in "\t\n\r") else ""


def refusal_of(rows: str) -> str:
    """Why so much is not taken from a paste; empty where it is."""
    if len(rows) <= PASTE_CHARACTERS_MAX:
        return ""
    return f"More than {PASTE_CHARACTERS_MAX:,} characters were pasted. Send them as a file."


class PathInput(LineInput):
    """One line; a paste of several, or with tabs in it, is no path."""

    def _on_paste(self, event: events.Paste) -> None:
        rows = rows_of(event)
        if rows:
            event.prevent_default()
            event.stop()
            self.post_message(RowsPasted(rows))


class PathField(TextField):
    """A path, or rows that are pasted where it would stand (`RowsPasted`): `take` keeps them as what was named."""

    def __init__(self, name: str, label: str, *, hint: str = "", max_length: int = PATH_MAX) -> None:
        super().__init__(name, label, max_length=max_length, hint=hint)
        self._input = PathInput(placeholder=hint, max_length=max_length, overtype=True)
        self._editor = self._input
        self.rows = ""
        """What was pasted, as it came; empty where a path is meant."""

    def take(self, rows: str) -> None:
        """Pasted rows instead of what was typed."""
        self.set_keyed("")
        self.rows = rows

    def set_keyed(self, text: str) -> None:
        """As the base, and no rows."""
        super().set_keyed(text)
        self.rows = ""

    def draft(self) -> dict[str, str]:
        """The rows too: who leaves the form would lose them."""
        return super().draft() | ({f"{self.field_name}.rows": self.rows} if self.rows else {})

    def load_draft(self, draft: dict[str, str]) -> None:
        """As the base, with the rows."""
        super().load_draft(draft)
        self.rows = draft.get(f"{self.field_name}.rows", "")


def pasted_file(text: str) -> bytes:
    """Pasted rows as the file that they would have been: UTF-8, a line feed after each row."""
    return ("\n".join(pasted_rows(text)) + "\n").encode(errors="replace")


def pasted_rows(text: str) -> list[str]:
    """Pasted rows, one by one; what parts lines within a cell for other programs parts no rows."""
    return _ROW_ENDS.sub("\n", text).removesuffix("\n").split("\n")
