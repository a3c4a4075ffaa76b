"""The `:` line, as on the green screens tellers came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from branchtui.widgets.commands import Command, UnknownCommand, completions, resolve
from branchtui.widgets.line_input import LineInput


class FastPath(Widget):
    """Closed it takes no room; `open` shows it, `enter` says what was meant, `tab` completes, `esc` closes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        Binding("tab", "complete", "Complete", show=False, priority=True),
    ]

    @dataclass
    class Entered(Message):
        """A command, by its full name, with what followed it."""

        bar: FastPath
        name: str
        argument: str

    @dataclass
    class Refused(Message):
        """No command fits; the line stays open and `sentence` is for the status line."""

        bar: FastPath
        sentence: str

    @dataclass
    class Closed(Message):
        """The line was closed without a command."""

        bar: FastPath

    def __init__(self, commands: Sequence[Command], id: str | None = None) -> None:
        super().__init__(id=id)
        self._commands = list(commands)
        self._input = LineInput(max_length=120)
        self._hint = Static(Content(""), classes="fast-path-hint")
        self._former_focus: Widget | None = None
        self.display = False

    def compose(self) -> ComposeResult:
        """The sign, the line, what it may mean."""
        yield Static(Content(":"), classes="fast-path-sign")
        yield self._input
        yield self._hint

    @property
    def is_open(self) -> bool:
        """True while it takes the keys."""
        return bool(self.display)

    @property
    def meaning(self) -> str:
        """The full name of the command that is typed; empty when it is none, or not one alone."""
        try:
            return resolve(self._commands, self._input.value)[0].name
        except UnknownCommand:
            return ""

    def open(self, text: str = "") -> None:
        """Show the line, with `text` in it, and take the keys."""
        if not self.is_open:
            self._former_focus = self.screen.focused
        self._input.value = text
        self._input.cursor_position = len(text)
        self.display = True
        self._input.focus()

    def close(self) -> None:
        """Hide the line and give the keys back to what had them."""
        self.display = False
        self._input.value = ""
        former, self._former_focus = self._former_focus, None
        if former is not None and former.is_attached:
            former.focus()
        else:
            self.screen.set_focus(None)

    def action_close(self) -> None:
        """`esc`."""
        self.close()
        self.post_message(self.Closed(self))

    def action_complete(self) -> None:
        """`tab`: the full name, when only one fits."""
        word, blank, _ = self._input.value.partition(" ")
        fitting = completions(self._commands, word)
        if len(fitting) == 1 and not blank:
            self._input.value = fitting[0].name + (" " if fitting[0].argument else "")
            self._input.cursor_position = len(self._input.value)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        word = event.value.partition(" ")[0]
        fitting = completions(self._commands, word)
        if len(fitting) == 1:
            one = fitting[0]
            hint = f"{one.name} {one.argument}".rstrip() + f" - {one.help}"
        else:
            hint = "  ".join(command.name for command in fitting)
        self._hint.update(Content(hint))

    @on(LineInput.LeftOut)
    def _left_out(self, event: LineInput.LeftOut) -> None:
        event.stop()
        self.post_message(
            self.Refused(self, f"This line takes {event.line.length_max} characters: the rest is left out.")
        )

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value.strip():
            self.action_close()
            return
        try:
            command, argument = resolve(self._commands, event.value)
        except UnknownCommand as unknown:
            self.post_message(self.Refused(self, str(unknown)))
            return
        self.close()
        self.post_message(self.Entered(self, command.name, argument))
