"""What the driver is made with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from branchtui.terminal.job import stop_here
from branchtui.terminal.lean.capabilities import XTERM, Capabilities
from branchtui.terminal.lean.figures import PaintFigures
from branchtui.terminal.lean.input import ESCAPE_SECONDS


@dataclass(frozen=True, slots=True)
class Setup:
    """What a driver is made with; `descriptor` names the terminal, `clock` is monotonic, in seconds.

    `stop` stops the program once the terminal was given back; where another process is the shell's job, it
    has that one stop us both.
    """

    caps: Capabilities = XTERM
    figures: PaintFigures = field(default_factory=PaintFigures)
    ascii_only: bool = False
    clipboard: bool = False
    mouse: bool = False
    descriptor: int = 0
    escape_seconds: float = ESCAPE_SECONDS
    clock: Callable[[], float] = time.monotonic
    stop: Callable[[], None] = stop_here
