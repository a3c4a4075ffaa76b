"""How long a batch that could begin waits for more commands, so that one commit serves those who ask again at once.

Whoever was answered by a commit often asks again within a millisecond or two. Begun at once, the next batch would
hold the first of them alone, and all others would wait for its commit before theirs: two commits for every round of
the callers. So a batch waits for as many as were waiting or answered when the last one ended, no longer than a part
of what that one took; and where they do not come, because there are people or long lines behind them, it leaves off
and looks again only now and then.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

SHARE: Final = 1.0
"""Of the time that the last batch took, how much the next one may be put off."""

LONGEST_SECONDS: Final = 0.02
"""However long a batch took."""

PASSED_MAX: Final = 64
"""Batches that begin at once, at most, before one waits again where waiting was in vain."""


class Company:
    """What one writer knows of those who ask it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds."""
        self._clock = clock
        self._expected = 0
        self._until = 0.0
        self._first: int | None = None
        self._passing = 0
        self._pause = 1

    def seconds_for(self, gathered: int) -> float:
        """How long a batch of `gathered` commands waits for another one at most; 0 where it is to begin."""
        if self._passing or gathered >= self._expected:
            return 0.0
        left = self._until - self._clock()
        if left <= 0:
            return 0.0
        if self._first is None:
            self._first = gathered
        return left

    def begins(self, gathered: int) -> None:
        """A batch of `gathered` commands begins: learn from it whether waiting paid."""
        if self._passing:
            self._passing -= 1
        if self._first is None:
            return
        came, missing = gathered - self._first, self._expected - self._first
        if 2 * came >= missing:
            self._pause = 1
        else:
            self._passing = self._pause
            self._pause = min(2 * self._pause, PASSED_MAX)
        self._first = None

    def answered(self, count: int, waiting: int, seconds: float) -> None:
        """A batch of `count` commands was answered after `seconds`, when `waiting` others had come."""
        # Nobody waits for the return of a single one: a teller alone is answered at once.
        self._expected = count + waiting if count + waiting > 1 else 0
        self._until = self._clock() + min(SHARE * seconds, LONGEST_SECONDS)
