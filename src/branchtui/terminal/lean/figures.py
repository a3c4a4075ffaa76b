"""What the painter tells the status line, and what the app may ask of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from textual.screen import Screen


@dataclass(slots=True, weakref_slot=True)
class PaintFigures:
    """Figures of the terminal line, kept current by the driver; all zero or None while another driver paints.

    Bytes and writes are those that left the process, the four bytes of the acknowledgement included.
    """

    frames: int = 0
    turn: int = 0
    """Drawings taken up so far, those that changed nothing included."""
    acknowledged: int = 0
    """The last of them that the terminal has said it shows; the last sent, while it never says so."""
    is_owing: bool = False
    """Something is drawn that has not been taken up yet."""
    first_drawn: WeakKeyDictionary[Screen[Any], tuple[int, float]] = field(default_factory=WeakKeyDictionary)
    """Of each screen that stood in front: the turn whose frame first showed something of it, and when."""
    replaced: int = 0
    """Frames that a newer one took the place of because the line was busy."""
    bytes_total: int = 0
    writes_total: int = 0
    step_bytes: int = 0
    """Since a key or paste was last heard."""
    last_step_bytes: int = 0
    """Between the last two of them."""
    last_frame_bytes: int = 0
    last_frame_writes: int = 0
    round_trip_seconds: float | None = None
    """From the last frame to the terminal's word that it is painted; None when the terminal never replies."""
    bytes_a_second: float | None = None
    """What the line carries, as measured; None when unknown."""
    dropped: int = 0
    """Control sequences that were held back from the terminal."""
    is_filling: Callable[[], bool] | None = None
    """Asked before a large frame: whether an answer is under way that will fill it. Set by the app."""
    _repaint: Callable[[], None] | None = field(default=None, repr=False)
    _print: Callable[[str], None] | None = field(default=None, repr=False)

    @property
    def round_trip_ms(self) -> float | None:
        """The round trip in milliseconds."""
        return None if self.round_trip_seconds is None else self.round_trip_seconds * 1000

    @property
    def newest(self) -> int:
        """The turn that shows what is drawn now."""
        return self.turn + self.is_owing

    @property
    def is_painting(self) -> bool:
        """Whether the lean painter is the one that paints."""
        return self._repaint is not None

    def begin_step(self) -> None:
        """A key was heard: what is painted from now on is its doing."""
        self.last_step_bytes, self.step_bytes = self.step_bytes, 0

    def repaint(self) -> bool:
        """Clear the terminal and paint all of it again (ctrl+l); False when another driver paints."""
        if self._repaint is None:
            return False
        self._repaint()
        return True

    def print_through(self, text: str) -> bool:
        """Send `text`, which `printing.through_terminal` made, between two frames; False when another driver paints."""
        if self._print is None:
            return False
        self._print(text)
        return True
