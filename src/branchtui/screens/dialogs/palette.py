"""Every action of a screen, by name: type some letters of it, `enter` does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from branchtui.format.cells import pad
from branchtui.format.safe_text import safe_text
from branchtui.widgets.actions import Choice
from branchtui.widgets.line_input import LineInput

_LINES_MAX: Final = 12
_LABEL_CELLS: Final = 20
_KEY_CELLS: Final = 8
_WIDTH: Final = 70


class PaletteDialog(ModalScreen[str | None]):
    """Gives an action id, or None. A refused action stays in the list and says why."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+p", "leave", "Back", priority=True),
        Binding("down", "step(1)", "Next", show=False, priority=True),
        Binding("up", "step(-1)", "Before", show=False, priority=True),
    ]

    def __init__(self, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._choices = list(choices)
        self._fitting = list(choices)
        self._at = 0
        self._input = LineInput(placeholder="part of a name", max_length=40)
        self._rows = Static(Content(""), id="palette-rows")
        self._reason = Static(Content(""), classes="dialog-effect")

    def compose(self) -> ComposeResult:
        """The line, the actions that fit, the reason of a refused one."""
        with Vertical(classes="dialog", id="palette"):
            yield self._input
            yield self._rows
            yield self._reason
            yield Static(Content("[enter] do it   [esc] back"), classes="dialog-keys")

    def on_mount(self) -> None:
        """The line takes the keys."""
        self._input.focus()
        self._paint()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        words = event.value.casefold().split()
        self._fitting = [
            choice
            for choice in self._choices
            if all(word in f"{choice.action.label} {choice.action.tooltip}".casefold() for word in words)
        ]
        self._at = 0
        self._reason.update(Content(""))
        self._paint()

    @on(Input.Submitted)
    def _taken(self, event: Input.Submitted) -> None:
        event.stop()
        if not self._fitting:
            return
        choice = self._fitting[self._at]
        if choice.refusal is None:
            self.dismiss(choice.action.id)
        else:
            self._reason.update(Content(safe_text(choice.refusal)))

    def action_step(self, by: int) -> None:
        """Move the arrow."""
        if self._fitting:
            self._at = min(max(0, self._at + by), len(self._fitting) - 1)
            self._reason.update(Content(""))
            self._paint()

    def action_leave(self) -> None:
        """`esc`."""
        self.dismiss(None)

    def _paint(self) -> None:
        top = min(max(0, self._at - _LINES_MAX + 1), max(0, len(self._fitting) - _LINES_MAX))
        rows = []
        for at, choice in enumerate(self._fitting[top : top + _LINES_MAX], start=top):
            arrow = ">" if at == self._at else " "
            label = choice.action.label if choice.refusal is None else f"({choice.action.label})"
            text = (
                f"{arrow} {pad(choice.action.shown_key, _KEY_CELLS)} {pad(label, _LABEL_CELLS)} "
                f"{choice.action.tooltip}"
            )
            line = Content(pad(text, _WIDTH))
            rows.append(line if choice.refusal is None else line.stylize("dim"))
        self._rows.update(Content("\n").join(rows) if rows else Content("No action is named so."))
