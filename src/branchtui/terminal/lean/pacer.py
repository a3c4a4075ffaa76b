"""Pacing by acknowledgement: how much may be under way on a line that only its far end knows.

Every frame ends with a question for the cursor's place (`ESC[6n`). The reply says that the frame was
painted, and when replies come says how fast the line is. The next frame goes when the one before has
just left the line, so that it is never idle and never behind, and replaces those that waited. A terminal
that never replies is not paced.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

SLACK_SECONDS: Final = 0.03
"""A frame goes this long before the line is believed to be free, so that it never runs dry between two."""
LOST_SECONDS: Final = 5.0
"""A reply that takes this much longer than its bytes is taken for lost."""
SMALL_BYTES: Final = 256
"""Under way at any time without asking: letters typed on a long line need not wait for each other."""
_UNPROVEN_BYTES: Final = 8192
"""Sent before the first reply, when nothing is known of the line."""
_LATE_SECONDS: Final = 0.1
"""A reply later than this, and a quarter of what was expected, means that the line stands: nothing is added."""
_WEIGHT: Final = 0.3
_MAX_PROBES: Final = 256


@dataclass(frozen=True, slots=True)
class _Probe:
    total: int
    count: int
    sent_at: float
    due_at: float
    was_busy: bool
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
        self._free_at = 0.0
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
        was_busy = now < self._free_at
        self._free_at = max(self._free_at, now) + (count / self._rate if self._rate else 0.0)
        due_at = self._free_at + (self._smallest or 0.0)
        self._probes.append(_Probe(self._sent, count, now, due_at, was_busy, place))
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
        self._smallest = trip if self._smallest is None else min(self._smallest, trip)
        if probe.count >= SMALL_BYTES:
            # Behind another frame the time between two replies is its own, alone what the bare trip leaves over.
            spent = now - self._progress_at if probe.was_busy else trip - self._smallest
            self._learn(probe.count / max(spent, 1e-3))
        self.round_trip_seconds = trip
        self._acknowledged = max(self._acknowledged, probe.total)
        if self._rate:
            # When this frame had left the line, the rest began to.
            self._free_at = now - self._smallest + self._under_way / self._rate
        self._progress_at = now
        self._gave_up = False

    def may_send(self, now: float) -> bool:
        """Whether the next frame may go."""
        self._give_up(now)
        if not self._probes or self._gave_up or self._under_way < SMALL_BYTES:
            return True
        if self._smallest is None:
            return self._under_way < _UNPROVEN_BYTES
        return self._rate is not None and not self._is_late(now) and now >= self._free_at - SLACK_SECONDS

    def retry_seconds(self, now: float) -> float:
        """When to ask `may_send` again if no reply comes before."""
        if self._rate and self._smallest is not None and not self._is_late(now):
            return max(self._free_at - SLACK_SECONDS - now, 0.001)
        return max(self._lost_at() - now, 0.001)

    def forget(self) -> None:
        """The terminal was handed away and back: nothing is under way any more."""
        self._probes.clear()
        self._acknowledged = self._sent
        self._free_at = 0.0

    @property
    def _under_way(self) -> int:
        return self._sent - self._acknowledged

    def _is_late(self, now: float) -> bool:
        probe = self._probes[0]
        return now > probe.due_at + _LATE_SECONDS + (probe.due_at - probe.sent_at) / 4

    def _lost_at(self) -> float:
        return self._progress_at + LOST_SECONDS + (self._under_way / self._rate if self._rate else 0.0)

    def _give_up(self, now: float) -> None:
        """Take replies that are overdue for lost; of a terminal that never replied, all to come."""
        if not self._probes or self._gave_up or now < self._lost_at():
            return
        self._acknowledged = self._sent
        self._gave_up = not self.is_proven
        if self.is_proven:
            self._probes.clear()

    def _learn(self, rate: float) -> None:
        self._rate = rate if self._rate is None else self._rate + _WEIGHT * (rate - self._rate)
