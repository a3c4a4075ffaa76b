"""Pacing by acknowledgement: how much may be under way on a line that only its far end knows.

Every frame ends with a question for the cursor's place (`ESC[6n`). The reply says that the frame was
painted. A later frame waits until what is not acknowledged fits into the line's own delay, and replaces
the one before it. A terminal that never replies is not paced.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

SLACK_SECONDS: Final = 0.03
"""Kept in the line beyond its round trip, so that it never runs dry between two frames."""
LOST_SECONDS: Final = 5.0
"""A reply that takes this much longer than its bytes is taken for lost."""
_UNPROVEN_BYTES: Final = 8192
"""Sent before the first reply, when nothing is known of the line."""
_WEIGHT: Final = 0.3
_MAX_PROBES: Final = 256


@dataclass(frozen=True, slots=True)
class _Probe:
    total: int
    sent_at: float
    place: tuple[int | None, int | None]


class Pacer:
    """Counts bytes sent and acknowledged, in seconds of a monotonic clock given with every call."""

    def __init__(self) -> None:
        self.round_trip_seconds: float | None = None
        """From the last frame to its reply; None before the first."""
        self._sent = 0
        self._acknowledged = 0
        self._probes: deque[_Probe] = deque()
        self._progress_at = 0.0
        self._smallest: float | None = None
        self._rate: float | None = None
        self._gave_up = False

    @property
    def outstanding(self) -> int:
        """Questions without a reply."""
        return len(self._probes)

    @property
    def is_proven(self) -> bool:
        """A reply has come at least once."""
        return self._smallest is not None

    @property
    def bytes_a_second(self) -> float | None:
        """What the line carries, as far as it could be measured."""
        return self._rate

    def sent(self, count: int, now: float, place: tuple[int | None, int | None]) -> None:
        """`count` bytes were handed over, ending with a question; `place` is where the cursor should be."""
        if not self._probes:
            self._progress_at = now
        self._sent += count
        self._probes.append(_Probe(self._sent, now, place))
        if len(self._probes) > _MAX_PROBES:
            # A terminal that never replies; its questions need not be remembered.
            self._probes.popleft()

    def expected(self) -> tuple[int | None, int | None] | None:
        """Where the next reply should find the cursor; None when no reply is due."""
        return self._probes[0].place if self._probes else None

    def replied(self, now: float) -> None:
        """The terminal has painted everything up to the oldest question."""
        probe = self._probes.popleft()
        trip = max(now - probe.sent_at, 1e-6)
        count = probe.total - self._acknowledged
        self._smallest = trip if self._smallest is None else min(self._smallest, trip)
        if self._progress_at > probe.sent_at:
            # Sent while the line was still busy with the frame before: the time between replies is its own.
            self._learn(count / max(now - self._progress_at, 1e-4))
        elif trip > self._smallest:
            self._learn(count / max(trip - self._smallest, 1e-3))
        self.round_trip_seconds = trip
        self._acknowledged = max(self._acknowledged, probe.total)
        self._progress_at = now
        self._gave_up = False

    def may_send(self, now: float) -> bool:
        """Whether the next frame may go."""
        if self.wait_seconds(now) is None:
            return True
        return self._sent - self._acknowledged < self._window()

    def wait_seconds(self, now: float) -> float | None:
        """How long until the replies due are taken for lost; None when none is waited for. Gives them up then."""
        if not self._probes or self._gave_up:
            return None
        under_way = self._sent - self._acknowledged
        patience = LOST_SECONDS + (under_way / self._rate if self._rate else 0.0)
        left = self._progress_at + patience - now
        if left > 0:
            return left
        self._gave_up = not self.is_proven
        self._acknowledged = self._sent
        if self.is_proven:
            self._probes.clear()
        return None

    def forget(self) -> None:
        """The terminal was handed away and back: nothing is under way any more."""
        self._probes.clear()
        self._acknowledged = self._sent

    def _window(self) -> float:
        if self._smallest is None:
            return _UNPROVEN_BYTES
        if self._rate is None:
            return 1
        return max(1.0, self._rate * (self._smallest + SLACK_SECONDS))

    def _learn(self, rate: float) -> None:
        self._rate = rate if self._rate is None else self._rate + _WEIGHT * (rate - self._rate)
