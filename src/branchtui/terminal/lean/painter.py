"""The painter: a target grid, what the terminal shows, and the bytes from one to the other."""

from __future__ import annotations

from typing import Final

from branchtui.terminal.lean.brush import Brush
from branchtui.terminal.lean.capabilities import Capabilities
from branchtui.terminal.lean.encoder import encode
from branchtui.terminal.lean.grid import Grid
from branchtui.terminal.lean.pieces import changed_rows
from branchtui.terminal.lean.styles import PLAIN, change

_HOME: Final = "\x1b[H"
_CLEAR: Final = _HOME + "\x1b[2J"
_LARGE: Final = 400
"""Bytes of a frame beside which three more do not count."""
_MANY_ROWS: Final = 8


class Painter:
    """Knows what stands on a terminal of `width` by `height` cells and how to bring `target` onto it.

    The terminal's screen must be cleared or given up by `start_over` before the first frame. The returned
    text is to be written whole and in order; what is never written must be followed by `start_over`.
    """

    def __init__(self, width: int, height: int, caps: Capabilities) -> None:
        self.caps = caps
        self.target = Grid(width, height)
        self._painted = Grid(width, height)
        self._y: int | None = None
        self._x: int | None = None
        self._look: int | None = None
        self._prefix = ""

    @property
    def place(self) -> tuple[int | None, int | None]:
        """Row and column of the terminal's cursor after the last frame, None where not known."""
        return self._y, self._x

    @property
    def is_much_changed(self) -> bool:
        """Whether the next frame is no small step: many rows differ."""
        return len(changed_rows(self._painted, self.target)) >= _MANY_ROWS

    def start_over(self, modes: str = "") -> None:
        """The next frame clears the screen and paints all: nothing is known of what the terminal shows.

        `modes` go before it: what sets the terminal up as it was when its screen was taken.
        """
        self._painted.clear()
        self._prefix = modes + change(None, PLAIN) + _CLEAR
        self._y, self._x, self._look = 0, 0, PLAIN

    def frame(self) -> str:
        """What to write so that the terminal shows the target; empty when it does."""
        rows = changed_rows(self._painted, self.target)
        if not self._prefix and not rows:
            return ""
        hand = encode(self._painted, self.target, rows, self._brush())
        self._y, self._x, self._look = hand.y, hand.x, hand.look
        text = self._prefix + "".join(hand.out)
        if len(text) > _LARGE and hand.y is not None and hand.y >= self.target.height // 2:
            # A smaller terminal keeps what stands above its cursor: three bytes now save a screen then.
            text += _HOME
            self._y = self._x = 0
        self._prefix = ""
        for y in rows:
            self._painted.copy_row(self.target, y)
        return text

    def resize(self, width: int, height: int) -> None:
        """The terminal has another size.

        Terminals keep the top left corner of a screen that has no scrollback, as long as the cursor stays
        inside; where it would not, some move the rows, so everything is painted anew.
        """
        is_kept = self._y is not None and self._y < height and not self._prefix
        self.target = self.target.resized(width, height)
        self._painted = self._painted.resized(width, height)
        if not is_kept:
            self.start_over()
        elif self._x is None or self._x >= width:
            self._x = None

    def _brush(self) -> Brush:
        return Brush(self.target, self.caps, self._y, self._x, self._look)
