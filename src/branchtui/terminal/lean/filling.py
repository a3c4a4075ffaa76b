"""An empty screen that is about to be filled need not cross the line: its frame waits a moment for the answer."""

from __future__ import annotations

from typing import Final

WAIT_SECONDS: Final = 0.06
"""A ledger nearby answers within this time."""
WAIT_SECONDS_MAX: Final = 0.5
UNFILLED_BYTES: Final = 600
"""What an unfilled screen costs; on a line that carries it slowly the wait is as long as that would take."""


class Filling:
    """Bounds the wait, in seconds of the clock whose readings are passed in."""

    def __init__(self) -> None:
        self._until: float | None = None

    def seconds(self, now: float, bytes_a_second: float | None, *, is_filling: bool) -> float:
        """How long the frame should still wait; zero or less: it may go."""
        if not is_filling:
            self._until = None
            return 0.0
        if self._until is None:
            as_long = UNFILLED_BYTES / bytes_a_second if bytes_a_second else 0.0
            self._until = now + min(max(as_long, WAIT_SECONDS), WAIT_SECONDS_MAX)
        return self._until - now
