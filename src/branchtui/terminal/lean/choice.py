"""Which driver is to paint: ours when it fits the framework and the terminal, else the framework's with a reason."""

from __future__ import annotations

import os
import selectors
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from branchtui.terminal.job import has_shell_behind, stop_here
from branchtui.terminal.lean.capabilities import capabilities, unusable
from branchtui.terminal.lean.driver import LeanDriver
from branchtui.terminal.lean.figures import PaintFigures
from branchtui.terminal.lean.input import ESCAPE_SECONDS
from branchtui.terminal.lean.self_test import faults
from branchtui.terminal.lean.setup import Setup
from branchtui.terminal.lean.tty import open_own

if TYPE_CHECKING:
    from textual.driver import Driver

_NOT_FITTING: Final = (
    "The sparing painter does not fit this version of Textual ({fault}). "
    "The program works, and sends more to the terminal than it needs to."
)
_NO_TERMINAL: Final = (
    "The terminal cannot be opened for sparing painting ({fault}). "
    "The program works, and sends more to the terminal than it needs to."
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the app is made with: `App(driver_class=choice.driver_class)`.

    `driver_class` None is the framework's own driver; `reason` then is the sentence to show. `figures`
    is what the status line reads and `ctrl+l` calls.
    """

    driver_class: type[Driver] | None
    reason: str | None
    figures: PaintFigures
    may_stop: Callable[[], bool] = has_shell_behind
    """Asked at ctrl+z: whether somebody could bring the program back."""


def choose(
    *,
    ascii_only: bool = False,
    clipboard: bool = False,
    mouse: bool = False,
    environment: Mapping[str, str] | None = None,
    stop: Callable[[], None] = stop_here,
    is_proven: bool = False,
) -> Choice:
    """The driver for the terminal on standard input, after a test of everything it rests on.

    `ascii_only` draws with ASCII alone; `clipboard` lets reference codes into the terminal's
    clipboard; `mouse` asks for clicks and the wheel; `stop` stops the program at ctrl+z. `is_proven`:
    this process was forked from one that has tested all that does not depend on the terminal.
    Call it once, when the app is made. Check `unusable` first: on such a terminal no driver can draw.
    """
    environment = os.environ if environment is None else environment
    figures = PaintFigures()
    found = [] if is_proven else faults()
    if found:
        return Choice(None, _NOT_FITTING.format(fault=found[0]), figures)
    if unusable(environment):
        return Choice(None, unusable(environment), figures)
    try:
        descriptor = sys.__stdin__.fileno() if sys.__stdin__ is not None else -1
        _prove_terminal(descriptor)
    except (OSError, ValueError) as error:
        return Choice(None, _NO_TERMINAL.format(fault=error), figures)
    setup = Setup(
        caps=capabilities(environment),
        figures=figures,
        ascii_only=ascii_only,
        clipboard=clipboard,
        mouse=mouse,
        descriptor=descriptor,
        escape_seconds=_escape_seconds(environment),
        stop=stop,
    )
    return Choice(driver_with(setup), None, figures, has_shell_behind if stop is stop_here else _always)


def _always() -> bool:
    """Another process is the shell's job, and looks after being brought back."""
    return True


def driver_with(setup: Setup) -> type[LeanDriver]:
    """The driver class for one setup, as the framework wants to be given it."""
    return type("LeanDriver", (LeanDriver,), {"setup": setup})


def _prove_terminal(descriptor: int) -> None:
    """Open the terminal as the driver will, and see that it can be waited for."""
    own = open_own(descriptor)
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(own, selectors.EVENT_READ)
    finally:
        os.close(own)


def _escape_seconds(environment: Mapping[str, str]) -> float:
    """ESCDELAY in milliseconds, as curses programs read it, between 1 ms and a second."""
    told = environment.get("ESCDELAY", "")
    return min(max(int(told), 1), 1000) / 1000 if told.isdecimal() else ESCAPE_SECONDS
