"""An app whose every key goes through one gate, and whose painter can be asked for all again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import ClassVar, Final

from textual import events
from textual.await_complete import AwaitComplete

from branchtui.terminal.job import has_shell_behind
from branchtui.terminal.key_gate import KeyGate, Typed
from branchtui.terminal.lean import Choice as Painting
from branchtui.terminal.lean import PaintFigures
from branchtui.terminal.list_mark import ARROW_CLASS, ListMark, MarkChoice
from branchtui.terminal.printing import through_terminal
from branchtui.terminal.roomy_app import RoomyApp

_PAINT_SECONDS: Final = 0.5
_LOOK_SECONDS: Final = 0.005
_RESTS: Final = 5
"""Longer than the framework waits to gather what else changed, a sixtieth of a second."""


class GatedApp(RoomyApp, inherit_bindings=False):
    """`painting` is the driver that was chosen; the rest is what the gate and the guard are made with.

    `paint` holds the figures of the painter; all empty where another driver paints.
    """

    HARMLESS_KEYS: ClassVar[frozenset[str]] = frozenset()
    """Keys that are never put aside at a confirmation: they mean the same on every screen and move no money."""

    def __init__(
        self,
        *,
        painting: Painting | None,
        is_ready: Callable[[Typed], bool],
        changed: Callable[[], None],
        state_folder: Path | None = None,
        may_copy: bool = False,
        list_mark: ListMark = "auto",
    ) -> None:
        super().__init__(
            state_folder=state_folder,
            may_copy=may_copy,
            driver_class=painting.driver_class if painting else None,
        )
        self.painting = painting
        self.paint = painting.figures if painting else PaintFigures()
        self.gate = KeyGate(
            self,
            is_ready=is_ready,
            harmless=self.HARMLESS_KEYS,
            changed=changed,
            paint=self.paint if painting else None,
        )

        self._mark = MarkChoice(list_mark)
        self.suit_line()

    def pop_screen(self) -> AwaitComplete:
        """As the framework; and keys that were kept from the screen that goes are let on."""
        popped = super().pop_screen()
        self.gate.resume()
        return popped

    def suit_line(self) -> None:
        """Bar or arrow in the lists, by what the line was found to carry."""
        self.set_class(self._mark.is_arrow(self.paint.bytes_a_second), ARROW_CLASS)

    async def on_event(self, event: events.Event) -> None:
        """Every key and paste goes through the gate, in arrival order."""
        if (
            isinstance(event, events.Key | events.Paste)
            and not event.is_forwarded
            and (self.goes_nowhere(event) or not self.gate.take(event))
        ):
            return
        await super().on_event(event)

    async def painted(self) -> None:
        """Wait, bounded, until the screen in front is on its way to the terminal with all its parts.

        Drawing takes many turns of the event loop: work that blocks it belongs behind them.
        """
        if self.painting is None or self.painting.driver_class is None:
            return
        figures, until, rests = self.painting.figures, monotonic() + _PAINT_SECONDS, 0
        while rests < _RESTS and monotonic() < until:
            await asyncio.sleep(_LOOK_SECONDS)
            rests = 0 if figures.is_owing or self.screen not in figures.first_drawn else rests + 1

    def action_repaint(self) -> None:
        """`ctrl+l`: something else wrote on the terminal."""
        if not self.paint.repaint():
            self.paint_again()

    def print_through(self, text: str) -> None:
        """Have the printer at the terminal print `text`, which `printing.printable` made."""
        sequence = through_terminal(text)
        if not self.paint.print_through(sequence) and self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()

    def uncovered(self) -> None:
        """No confirmation counts as shown while the sentence about the window stood in its place."""
        self.paint.first_drawn.clear()

    def action_suspend_process(self) -> None:
        """`ctrl+z`, where a shell is behind the program to bring it back; elsewhere it would stand for ever."""
        may_stop = self.painting.may_stop if self.painting else has_shell_behind
        if may_stop():
            super().action_suspend_process()
