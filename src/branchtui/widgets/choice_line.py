"""The choices of a field in one row, to choose among by a letter, a number or the arrows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from branchtui.format.cells import cell_width, cut
from branchtui.format.safe_text import safe_text


class ChoiceLine(Widget, can_focus=True):
    """The choices in one row: `>` before the chosen one, a letter or number chooses, the arrows move."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,down", "step(1)", "Next choice", show=False),
        Binding("left,up", "step(-1)", "Choice before", show=False),
        Binding("enter", "enter", "Go on", show=False),
    ]
    at: reactive[int] = reactive(-1)

    @dataclass
    class Chosen(Message):
        """Another choice stands."""

        line: ChoiceLine

    @dataclass
    class Entered(Message):
        """`enter`."""

        line: ChoiceLine

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__()
        self._texts = [safe_text(text) for text in texts]

    def watch_at(self) -> None:
        """Tell the field."""
        self.post_message(self.Chosen(self))

    def action_step(self, by: int) -> None:
        """Move; the ends hold."""
        if self._texts:
            self.at = min(max(0, self.at + by), len(self._texts) - 1)

    def action_enter(self) -> None:
        """Go on to the next field."""
        self.post_message(self.Entered(self))

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Letters and digits belong to the choice."""
        return character is not None and character.isalnum()

    def on_key(self, event: events.Key) -> None:
        """A digit takes that choice, a letter the next one that begins so."""
        character = event.character
        if character is None or not character.isalnum():
            return
        event.stop()
        event.prevent_default()
        if character.isascii() and character.isdigit():
            if 1 <= int(character) <= len(self._texts):
                self.at = int(character) - 1
            return
        count = len(self._texts)
        for step in range(1, count + 1):
            place = (self.at + step) % count
            if self._texts[place].casefold().startswith(character.casefold()):
                self.at = place
                return

    def render(self) -> Content:
        """All choices when they fit, else the chosen one with its place."""
        pieces = [
            f"{'>' if place == self.at else ' '}{place + 1} {text}" for place, text in enumerate(self._texts)
        ]
        if cell_width("  ".join(pieces)) > self.size.width:
            chosen = self._texts[self.at] if self.at >= 0 else "choose"
            whole = Content(cut(f">{self.at + 1}/{len(pieces)} {chosen}", self.size.width))
            return whole.stylize("reverse") if self.has_focus else whole
        parts = [
            Content(piece).stylize("reverse")
            if self.has_focus and place == max(0, self.at)
            else Content(piece)
            for place, piece in enumerate(pieces)
        ]
        return Content("  ").join(parts)
