"""The retry matrix at work, carried by tenacity (RTY-1 to 3). No other layer tries again (RTY-2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Final, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.stop import stop_base
from tenacity.wait import wait_exponential

from branchtui.remote.breaker import Budget
from branchtui.remote.classify import ATTEMPTS_MAX, MATRIX, Cell, Event, Failed, Kind
from branchtui.remote.clock import Clock, Sleep

WAIT_FIRST_SECONDS: Final = 0.5
WAIT_MAX_SECONDS: Final = 8.0
TOTAL_SECONDS: Final = 20.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt of a call: its number (from 1), the seconds left of the call, and why it is made again."""

    number: int
    seconds_left: float
    after: Failed | None = None


Waiting = Callable[[Try, float], None]
"""Told before each wait: the attempt that follows it, and the seconds until then."""


def _failure(state: RetryCallState) -> Failed:
    error = state.outcome.exception() if state.outcome is not None else None
    assert isinstance(error, Failed), "only a classified failure is tried again"
    return error


class _FullJitter(wait_exponential):
    """tenacity's `wait_random_exponential` with our own random; never under what the ledger asked for."""

    def __init__(self, rng: Random, cell_of: Callable[[Failed], Cell]) -> None:
        super().__init__(multiplier=WAIT_FIRST_SECONDS, max=WAIT_MAX_SECONDS)
        self._rng = rng
        self._cell_of = cell_of

    def __call__(self, retry_state: RetryCallState) -> float:
        failure = _failure(retry_state)
        cell = self._cell_of(failure)
        if cell.refresh:
            return 0.0
        jitter = self._rng.uniform(0, super().__call__(retry_state))
        return max(jitter, failure.retry_after_seconds, cell.at_least_seconds)


class _StopBeforeDelay(stop_base):
    """tenacity's `stop_before_delay` on our own clock: no attempt begins after the call's time is up."""

    def __init__(self, clock: Clock, total_seconds: float) -> None:
        self._clock = clock
        self._end = clock.monotonic() + total_seconds

    def seconds_left(self) -> float:
        """Seconds until the call's time is up."""
        return self._end - self._clock.monotonic()

    def __call__(self, retry_state: RetryCallState) -> bool:
        return retry_state.upcoming_sleep >= self.seconds_left()


class _StopWhenPoor(stop_base):
    """The process has spent its retries (RTY-3). Asked last, so that it pays only for one that is made."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def __call__(self, retry_state: RetryCallState) -> bool:
        failure = _failure(retry_state)
        # A renewed session is no sign of a bad line and is tried once at most: it costs nothing.
        if failure.event is Event.UNAUTHORISED:
            return False
        return not self._budget.pay(is_timeout=failure.is_timeout)


class Retries:
    """Runs attempts by the matrix, under one budget."""

    def __init__(
        self,
        *,
        clock: Clock,
        rng: Random,
        sleep: Sleep,
        budget: Budget,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self.total_seconds = total_seconds
        self._clock = clock
        self._rng = rng
        self._sleep = sleep
        self._budget = budget

    async def run(
        self,
        kind: Kind,
        attempt: Callable[[Try], Awaitable[T]],
        *,
        waiting: Waiting | None = None,
        total_seconds: float | None = None,
    ) -> T:
        """Make `attempt` until it succeeds or the matrix, the time or the budget says stop.

        Each event has its own count of retries, and all of them together end at six attempts.

        Raises:
            Failed: what the last attempt came to.
        """
        seen: Counter[Event] = Counter()
        last: list[Failed] = []
        number = 0
        total = self.total_seconds if total_seconds is None else total_seconds
        time_is_up = _StopBeforeDelay(self._clock, total)

        def cell_of(failure: Failed) -> Cell:
            return MATRIX[failure.event].cells[kind]

        def is_tried_again(error: BaseException) -> bool:
            if not isinstance(error, Failed) or error.is_final:
                return False
            seen[error.event] += 1
            last.append(error)
            return seen[error.event] <= cell_of(error).retries

        def announce(state: RetryCallState) -> None:
            if waiting is not None:
                waiting(Try(number + 1, time_is_up.seconds_left(), last[-1]), state.upcoming_sleep)

        async def once() -> T:
            nonlocal number
            number += 1
            return await attempt(Try(number, time_is_up.seconds_left(), last[-1] if last else None))

        retrying = AsyncRetrying(
            sleep=self._sleep,
            stop=stop_after_attempt(ATTEMPTS_MAX) | time_is_up | _StopWhenPoor(self._budget),
            wait=_FullJitter(self._rng, cell_of),
            retry=retry_if_exception(is_tried_again),
            before_sleep=announce,
            reraise=True,
        )
        answer: T = await retrying(once)
        self._budget.earn()
        return answer
