"""A test at every start that the framework still is what the lean painter rests on.

It costs about a millisecond. Whatever it finds, the program starts, with the framework's own driver.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Final

from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual._compositor import LayoutUpdate
from textual.driver import Driver
from textual.geometry import Region
from textual.strip import Strip

from branchtui.terminal.lean.ansi import AnsiReader
from branchtui.terminal.lean.capabilities import XTERM
from branchtui.terminal.lean.grid import Grid
from branchtui.terminal.lean.input import Kind, Token
from branchtui.terminal.lean.keys import events_of, is_key
from branchtui.terminal.lean.painter import Painter
from branchtui.terminal.lean.styles import number_of

_KEYS: Final = {
    "\x1b[A": "up",
    "\x1b[B": "down",
    "\x1bOP": "f1",
    "\x1b[15~": "f5",
    "\x1b[6~": "pagedown",
    "\x1b[Z": "shift+tab",
    "\x1b[1;5C": "ctrl+right",
}
_CHARACTERS: Final = {
    "a": "a",
    "A": "A",
    "\r": "enter",
    "\t": "tab",
    "\x7f": "backspace",
    "\x1b": "escape",
    "\x03": "ctrl+c",
    "é": "é",
    "/": "slash",
}


def faults() -> list[str]:
    """What no longer fits, in a few words each; empty when all does."""
    found = []
    for check in (_driver, _drawing, _keys, _painting):
        try:
            fault = check()
        except Exception as error:  # noqa: BLE001 - whatever an upgrade broke, the program must still start
            fault = f"{check.__name__.strip('_')}: {type(error).__name__}"
        if fault:
            found.append(fault)
    return found


def _driver() -> str | None:
    """The public base of drivers, and the three names of it that are not public."""
    parameters = inspect.signature(Driver.__init__).parameters
    if not {"app", "debug", "mouse", "size"} <= set(parameters):
        return "its drivers are made differently"
    # The names an initialiser stores into are in its code: no driver need be made to see them.
    if not {"_app", "_loop", "_auto_restart"} <= set(Driver.__init__.__code__.co_names):
        return "its drivers hold other things"
    wanted: tuple[Callable[..., object] | None, ...] = (
        getattr(Driver, "send_message", None),
        getattr(Driver, "process_message", None),
        getattr(Driver, "SignalResume", None),
    )
    return None if all(wanted) else "its drivers lack a method"


def _drawing() -> str | None:
    """A picture drawn by the framework is the picture we read."""
    bold = Style(bold=True, color="color(1)")
    strips = [Strip([Segment("Kofi ", bold), Segment("漢e\u0301")]), Strip([Segment("  9,50 ")])]
    console = Console(file=None, force_terminal=True, color_system="standard", _environ={"TERM": "xterm"})
    grid = Grid(10, 4)
    reader = AnsiReader(grid, colours=16)
    update = LayoutUpdate([[strip] for strip in strips], Region(1, 2, 8, 2))
    reader.read(update.render_segments(console) + Control.move_to(3, 1).segment.text)
    wanted = [" ", "K", "o", "f", "i", " ", "漢", "", "e\u0301", " "]
    if reader.dropped or grid.chars[2] != wanted or grid.chars[3] != list("   9,50   "):
        return "it draws in another way"
    if grid.looks[2][1:7] != [number_of(1, "31", "")] * 4 + [0, 0]:
        return "it colours in another way"
    return None


def _keys() -> str | None:
    for sequence, name in _KEYS.items():
        told = events_of(Token(Kind.SEQUENCE, sequence)) if is_key(sequence) else []
        if [getattr(event, "key", "") for event in told] != [name]:
            return f"it has another name for the key {name}"
    for character, name in _CHARACTERS.items():
        told = events_of(Token(Kind.CHARACTER, character))
        if [getattr(event, "key", "") for event in told] != [name]:
            return f"it has another name for the key {name}"
    pasted = events_of(Token(Kind.PASTE, "x"))
    return None if [type(event) for event in pasted] == [events.Paste] else "it pastes in another way"


def _painting() -> str | None:
    """Our own hand: a frame is sent once, and nothing when nothing changed."""
    painter = Painter(8, 2, XTERM)
    painter.start_over()
    painter.target.put(1, 2, ("o", "k"), 0)
    first, second = painter.frame(), painter.frame()
    return None if first.endswith("ok") and not second else "painting fails"
