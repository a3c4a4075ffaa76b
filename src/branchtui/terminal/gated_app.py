"""An app whose every key goes through one gate, and whose painter can be asked for all again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual import events

from branchtui.terminal.job import has_shell_behind
from branchtui.terminal.key_gate import KeyGate, Typed
from branchtui.terminal.lean import Choice as Painting
from branchtui.terminal.roomy_app import RoomyApp


class GatedApp(RoomyApp, inherit_bindings=False):
    """`painting` is the driver that was chosen; the rest is what the gate and the guard are made with."""

    def __init__(
        self,
        *,
        painting: Painting | None,
        is_ready: Callable[[Typed], bool],
        changed: Callable[[], None],
        state_folder: Path | None = None,
        may_copy: bool = False,
    ) -> None:
        super().__init__(
            state_folder=state_folder,
            may_copy=may_copy,
            driver_class=painting.driver_class if painting else None,
        )
        self.painting = painting
        self.gate = KeyGate(
            self, is_ready=is_ready, changed=changed, paint=painting.figures if painting else None
        )

    async def on_event(self, event: events.Event) -> None:
        """Every key and paste goes through the gate, in arrival order."""
        if (
            isinstance(event, events.Key | events.Paste)
            and not event.is_forwarded
            and (self.goes_nowhere(event) or not self.gate.take(event))
        ):
            return
        await super().on_event(event)

    def action_repaint(self) -> None:
        """`ctrl+l`: something else wrote on the terminal."""
        if self.painting is None or not self.painting.figures.repaint():
            self.paint_again()

    def uncovered(self) -> None:
        """No confirmation counts as shown while the sentence about the window stood in its place."""
        if self.painting is not None:
            self.painting.figures.first_drawn.clear()

    def action_suspend_process(self) -> None:
        """`ctrl+z`, where a shell is behind the program to bring it back; elsewhere it would stand for ever."""
        if has_shell_behind():
            super().action_suspend_process()
