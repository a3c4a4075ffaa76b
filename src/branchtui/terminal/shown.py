"""Which confirmations the person at the terminal had before their eyes when they pressed a key."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from textual.screen import Screen

from branchtui.terminal.lean.figures import PaintFigures

LOST_SECONDS: Final = 6.0
"""A terminal that stopped replying in the middle of a session is believed to have painted after this."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was before the eyes when a key came.

    `front` is the screen, `turn` the last drawing that the terminal had painted, `was_settled` whether
    nothing of the key before was under way.
    """

    front: Screen[Any]
    turn: int
    was_settled: bool


def is_confirmation(screen: Screen[Any]) -> bool:
    """Whether a key on this screen may move money."""
    return bool(getattr(screen, "is_confirmation", False))


def is_interruption(screen: Screen[Any]) -> bool:
    """Whether this screen came by itself: what was typed before it was there is for what it interrupts."""
    return bool(getattr(screen, "is_interruption", False))


class Shown:
    """Compares the first drawing of a confirmation with the terminal's word about what it has painted.

    Replies and keys come by one way, in their order: a key behind the reply to the confirmation's first
    frame was pressed with it in sight. Another painter than ours tells nothing: there, what came before the
    confirmation was settled came too early.
    """

    def __init__(self, paint: PaintFigures | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._paint = paint
        self._clock = clock

    def now(self, front: Screen[Any], *, was_settled: bool) -> Seen:
        """What is before the eyes of somebody whose key arrives now."""
        return Seen(front, self._paint.acknowledged if self._paint else 0, was_settled)

    def was_in_sight(self, screen: Screen[Any], seen: Seen) -> bool:
        """Whether `screen` may act on a key that came when `seen` was before the eyes."""
        if not (is_confirmation(screen) or is_interruption(screen)):
            return True
        if seen.front is not screen:
            return False
        if self._paint is None or not self._paint.is_painting:
            return seen.was_settled
        first = self._paint.first_drawn.get(screen)
        if first is None:
            return False
        return seen.turn >= first[0] or self._clock() - first[1] > LOST_SECONDS
