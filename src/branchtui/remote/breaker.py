"""When to stop asking: a budget for retries (RTY-3) and a circuit for the line (RTY-4)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from random import Random
from typing import Final

from branchtui.remote.clock import Sleep

BUDGET: Final = 50
RETRY_COST: Final = 5
TIMEOUT_COST: Final = 10
FAILURES_IN_A_ROW: Final = 5
WINDOW: Final = 20
PROBE_FIRST_SECONDS: Final = 2.0
PROBE_MAX_SECONDS: Final = 60.0
PROBE_IN_DOUBT_MAX_SECONDS: Final = 25.0
"""While a change is not confirmed: somebody stands at the counter and waits for its end (OUT-4)."""


class Budget:
    """Retries of the whole process: each costs, each success gives one back; empty means fail fast."""

    def __init__(self, tokens: int = BUDGET) -> None:
        self.tokens = tokens

    def pay(self, *, is_timeout: bool) -> bool:
        """Take the price of one retry; False, and nothing taken, when there is not enough."""
        cost = TIMEOUT_COST if is_timeout else RETRY_COST
        if self.tokens < cost:
            return False
        self.tokens -= cost
        return True

    def earn(self) -> None:
        """A request succeeded."""
        self.tokens = min(BUDGET, self.tokens + 1)


class Circuit(Enum):
    """Closed lets through, open refuses, half open lets one through to see."""

    CLOSED = auto()
    OPEN = auto()
    HALF_OPEN = auto()


class Breaker:
    """Opens after 5 failures of the line in a row, or when half of the last 20 exchanges failed.

    While open it probes by itself, after a full-jitter wait that grows from 2 to 60 seconds, to 25 while a change is
    in doubt; a probe that is answered lets one request through, and that one's success closes it.
    """

    def __init__(
        self,
        *,
        probe: Callable[[], Awaitable[bool]],
        rng: Random,
        sleep: Sleep,
        changed: Callable[[bool], None],
        is_in_doubt: Callable[[], bool] = lambda: False,
    ) -> None:
        self.state = Circuit.CLOSED
        self.next_probe_in_seconds: float | None = None
        self._probe = probe
        self._rng = rng
        self._sleep = sleep
        self._changed = changed
        self._is_in_doubt = is_in_doubt
        self._in_a_row = 0
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._trial_is_out = False
        self._told = asyncio.Event()
        self._prober: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    @property
    def refuses(self) -> bool:
        """Whether a request would be refused now."""
        return self.state is Circuit.OPEN or (self.state is Circuit.HALF_OPEN and self._trial_is_out)

    def admit(self) -> bool:
        """Let a request through, or not. Whoever is let through must report what came of it."""
        if self.refuses:
            return False
        self._trial_is_out = self.state is Circuit.HALF_OPEN
        return True

    def succeeded(self) -> None:
        """The ledger answered, whatever it said."""
        self._end_trial()
        self._in_a_row = 0
        self._recent.append(True)
        if self.state is not Circuit.CLOSED:
            self._recent.clear()
            self._stop_probing()
            self.next_probe_in_seconds = None
            self._turn(Circuit.CLOSED)

    def failed(self) -> None:
        """The line failed."""
        self._end_trial()
        self._in_a_row += 1
        self._recent.append(False)
        half = len(self._recent) == WINDOW and self._recent.count(False) * 2 >= WINDOW
        if self.state is Circuit.HALF_OPEN or self._in_a_row >= FAILURES_IN_A_ROW or half:
            self._turn(Circuit.OPEN)

    def dropped(self) -> None:
        """The request was given up by the program: nothing was learned about the line."""
        self._end_trial()

    async def try_now(self) -> None:
        """A person asks to try now: the next probe goes out at once, and its answer closes the circuit.

        Returns when the answer, or none, is in; at once when the circuit is not open.
        """
        if self.state is Circuit.OPEN:
            self._told.clear()
            self._hurry.set()
            await self._told.wait()
        if self.state is Circuit.HALF_OPEN and not self._trial_is_out:
            self.succeeded()

    async def trial_ended(self) -> None:
        """Wait while the one request that was let through has no answer: a second one learns from it."""
        while self.state is Circuit.HALF_OPEN and self._trial_is_out:
            self._told.clear()
            await self._told.wait()

    async def close(self) -> None:
        """Stop probing."""
        prober = self._prober
        self._stop_probing()
        self._told.set()
        if prober is not None:
            await asyncio.gather(prober, return_exceptions=True)

    def _end_trial(self) -> None:
        self._trial_is_out = False
        self._told.set()

    def _turn(self, state: Circuit) -> None:
        if self.state is state:
            return
        self.state = state
        # Half open, the ledger has answered: who was told that the line is down must not wait for somebody to ask.
        self._changed(state is not Circuit.OPEN)
        if state is Circuit.OPEN and (self._prober is None or self._prober.done()):
            self._prober = asyncio.get_running_loop().create_task(self._probe_until_answered())

    def _stop_probing(self) -> None:
        if self._prober is not None:
            self._prober.cancel()
            self._prober = None

    async def _probe_until_answered(self) -> None:
        window = PROBE_FIRST_SECONDS
        while self.state is Circuit.OPEN:
            longest = PROBE_IN_DOUBT_MAX_SECONDS if self._is_in_doubt() else PROBE_MAX_SECONDS
            self.next_probe_in_seconds = self._rng.uniform(0, min(longest, window))
            await either(self._hurry, self._sleep, self.next_probe_in_seconds)
            self._hurry.clear()
            if await self._probe():
                self._prober = None
                self._turn(Circuit.HALF_OPEN)
            self._told.set()
            window = min(PROBE_MAX_SECONDS, window * 2)
        self.next_probe_in_seconds = None


async def either(event: asyncio.Event, sleep: Sleep, seconds: float) -> None:
    """Wait `seconds`, or less when `event` is set."""
    waits = (
        asyncio.ensure_future(sleep(seconds)),
        asyncio.ensure_future(event.wait()),
    )
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
