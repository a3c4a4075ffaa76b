"""A search line: rows narrow with each key, the ledger is asked when the person rests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from branchtui.widgets.line_input import LineInput
from branchtui.widgets.resting import REST_SECONDS, Rest, StartTimer


class SearchBox(Widget):
    """`/` and a line. `enter` settles first, so that it means what was typed at any speed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Empty, then leave", show=False)]

    @dataclass
    class Changed(Message):
        """A key changed the text."""

        box: SearchBox
        text: str

    @dataclass
    class Settled(Message):
        """The person rests (or pressed enter); `generation` grows with each."""

        box: SearchBox
        text: str
        generation: int

    @dataclass
    class Submitted(Message):
        """`enter`; `Settled` came before it."""

        box: SearchBox
        text: str

    @dataclass
    class Left(Message):
        """`esc` in the empty box."""

        box: SearchBox

    def __init__(
        self,
        placeholder: str = "",
        *,
        rest_seconds: float = REST_SECONDS,
        start_timer: StartTimer | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._input = LineInput(placeholder=placeholder, max_length=100)
        self._rest = Rest(start_timer or self.set_timer, self._settle, rest_seconds)
        self.generation = 0

    def compose(self) -> ComposeResult:
        """The sign and the line."""
        yield Static(Content("/ "), classes="search-sign")
        yield self._input

    @property
    def text(self) -> str:
        """What is typed."""
        return self._input.value

    @property
    def is_settled(self) -> bool:
        """False while a rest is waited for."""
        return not self._rest.is_owed

    def hurry(self) -> None:
        """Ask now, if a rest is waited for: a key that is no text says that the typing is over."""
        self._rest.settle()

    def set_text(self, text: str) -> None:
        """Put `text` in the box and settle at once: a fast path brought it."""
        self._input.value = text
        self._input.cursor_position = len(text)
        self._rest.cancel()
        self._settle()

    def clear(self) -> None:
        """Empty the box and settle at once."""
        self.set_text("")

    def focus(self, scroll_visible: bool = True) -> SearchBox:
        """The line takes the keys."""
        self._input.focus(scroll_visible)
        return self

    def action_leave(self) -> None:
        """`esc`: empty the box first, then leave it."""
        if self.text:
            self._input.value = ""
            self._rest.cancel()
            self.post_message(self.Changed(self, ""))
            self._settle()
        else:
            self.post_message(self.Left(self))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self._input.value or event.value == self._settled_text:
            return
        self.post_message(self.Changed(self, event.value))
        self._rest.touch()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if self._input.value != self._settled_text:
            self._rest.cancel()
            self._settle()
        self.post_message(self.Submitted(self, self._input.value))

    _settled_text = ""

    def _settle(self) -> None:
        self._settled_text = self._input.value
        self.generation += 1
        self.post_message(self.Settled(self, self._settled_text, self.generation))
