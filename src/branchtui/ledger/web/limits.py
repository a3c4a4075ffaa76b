"""How much anybody may ask for at once and a second (ledger, section 7): beyond it 503 or 429, nothing done."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from branchtui.contract.problem import Codes
from branchtui.ledger.problems import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_BUCKETS: Final = 10_000
"""Whose rates are remembered at once; the one who asked longest ago is forgotten first, with a full bucket."""

NOBODY: Final = ""
"""Who asks before having signed in: all of them together."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second in the long run, `burst` of them at once."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class Rates:
    """What one server and one person may ask for. A rate that is None is lifted.

    `in_flight` counts requests of everybody, `in_flight_each` those of one signed-in user, and
    `in_flight_nobody` those that have not signed in, so that strangers cannot fill the house.
    """

    in_flight: int = 256
    in_flight_each: int = 64
    in_flight_nobody: int = 128
    changes: Rate | None = Rate(50, 200)
    searches: Rate | None = Rate(20, 20)
    exports: Rate | None = Rate(2 / 60, 2)


LIFTED: Final = Rates(changes=None, searches=None, exports=None)
"""For a benchmark or a trial: as fast as it goes; what is in flight stays bounded."""


class Bucket:
    """A token bucket: it starts full, and an interval refills it, never an instant of the day."""

    def __init__(self, rate: Rate, now_seconds: float) -> None:
        self._rate = rate
        self._tokens = float(rate.burst)
        self._at = now_seconds

    def take(self, now_seconds: float) -> float:
        """Take one; returns 0, or the seconds until there is one again."""
        refill = (now_seconds - self._at) * self._rate.per_second
        self._tokens = min(float(self._rate.burst), self._tokens + refill)
        self._at = now_seconds
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._rate.per_second


class Limits:
    """Counts what is in flight, and how fast each user asks. Lives on the event loop, needs no lock."""

    def __init__(
        self, rates: Rates | None = None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._rates = rates or Rates()
        self._monotonic = monotonic
        self._in_flight = 0
        self._of: dict[str, int] = {}
        self._buckets: OrderedDict[tuple[str, str], Bucket] = OrderedDict()

    def held(self) -> int:
        """How many requests are in flight."""
        return self._in_flight

    @contextmanager
    def in_flight(self, who: str) -> Iterator[None]:
        """Hold a place while a request of `who` (a user's id, or NOBODY) is worked on.

        Raises:
            Refusal: 503 when the house is full, 429 when this user holds too many places.
        """
        held = self._of.get(who, 0)
        strangers = who == NOBODY and held >= self._rates.in_flight_nobody
        if self._in_flight >= self._rates.in_flight or strangers:
            raise Refusal(
                503,
                Codes.OVERLOADED,
                "The ledger is very busy. Nothing was done.",
                retry_after_seconds=1,
                retry_same_key=True,
            )
        if who != NOBODY and held >= self._rates.in_flight_each:
            raise _too_fast("You have too many requests under way. Nothing was done.", 1)
        self._in_flight += 1
        self._of[who] = held + 1
        try:
            yield
        finally:
            self._in_flight -= 1
            self._of[who] -= 1
            if not self._of[who]:
                del self._of[who]

    def change(self, who: str) -> None:
        """Count a change that `who` asks for.

        Raises:
            Refusal: 429 beyond the rate.
        """
        self._spend("change", who, self._rates.changes, "These are too many changes at once.")

    def search(self, who: str) -> None:
        """Count a search of `who`.

        Raises:
            Refusal: 429 beyond the rate.
        """
        self._spend("search", who, self._rates.searches, "These are too many searches at once.")

    def export(self, who: str) -> None:
        """Count a file of many rows that `who` asks for.

        Raises:
            Refusal: 429 beyond the rate.
        """
        self._spend("export", who, self._rates.exports, "Two files a minute.")

    def _spend(self, kind: str, who: str, rate: Rate | None, said: str) -> None:
        if rate is None:
            return
        now = self._monotonic()
        bucket = self._buckets.pop((kind, who), None) or Bucket(rate, now)
        self._buckets[kind, who] = bucket
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        wait = bucket.take(now)
        if wait > 0:
            raise _too_fast(f"{said} Nothing was done.", math.ceil(wait))


def _too_fast(detail: str, wait_seconds: int) -> Refusal:
    return Refusal(429, Codes.RATE_LIMITED, detail, retry_after_seconds=wait_seconds, retry_same_key=True)
