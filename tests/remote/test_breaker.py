"""The circuit over the line (RTY-4), on a clock that stands still."""

from __future__ import annotations

import asyncio
from random import Random

from tests.remote.doubles import until

from branchtui.remote.breaker import Breaker, Circuit


class Bench:
    """A breaker, what it was told, and probes whose answers the test gives."""

    def __init__(self, *answers: bool) -> None:
        self.waits: list[float] = []
        self.turns: list[bool] = []
        self.answers = list(answers)
        self.breaker = Breaker(probe=self.probe, rng=Random(3), sleep=self.sleep, changed=self.turns.append)

    async def probe(self) -> bool:
        return self.answers.pop(0)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    async def until(self, state: Circuit) -> None:
        await until(lambda: self.breaker.state is state)


async def test_it_opens_after_five_failures_in_a_row_and_not_before() -> None:
    """A success between counts anew."""
    bench = Bench(True)
    for _ in range(4):
        bench.breaker.failed()
    bench.breaker.succeeded()
    for _ in range(4):
        bench.breaker.failed()
    assert bench.turns == []

    bench.breaker.failed()

    assert bench.breaker.state is Circuit.OPEN
    assert bench.turns == [False]
    await bench.breaker.close()


async def test_it_opens_when_half_of_the_last_twenty_failed() -> None:
    """Never five in a row, and still no line to work on."""
    bench = Bench(True)
    for n in range(20):
        assert bench.breaker.state is Circuit.CLOSED
        if n % 2:
            bench.breaker.failed()
        else:
            bench.breaker.succeeded()

    assert bench.breaker.state is Circuit.OPEN
    await bench.breaker.close()


async def test_probes_wait_by_full_jitter_up_to_a_minute_and_the_answered_one_lets_one_request_through() -> (
    None
):
    """One probe at a time; half open admits one; its success closes."""
    bench = Bench(*[False] * 7, True)
    for _ in range(5):
        bench.breaker.failed()

    await bench.until(Circuit.HALF_OPEN)

    windows = (2, 4, 8, 16, 32, 60, 60, 60)
    assert len(bench.waits) == 8
    assert all(wait <= window for wait, window in zip(bench.waits, windows, strict=True))
    assert bench.breaker.admit()
    assert not bench.breaker.admit()
    bench.breaker.succeeded()
    assert bench.breaker.state is Circuit.CLOSED
    assert set(bench.turns[1:]) == {True}


async def test_the_line_is_up_again_as_soon_as_a_probe_is_answered_whoever_asks_next() -> None:
    """Nobody has to send something into a line that is said to be down, to learn that it is not."""
    bench = Bench(False, True)
    for _ in range(5):
        bench.breaker.failed()
    await bench.until(Circuit.HALF_OPEN)
    assert bench.turns == [False, True]

    assert bench.breaker.admit()
    bench.breaker.failed()

    assert bench.turns == [False, True, False]
    await bench.breaker.close()


async def test_a_failure_of_the_one_let_through_opens_it_again() -> None:
    """And probing begins anew."""
    bench = Bench(True, True)
    for _ in range(5):
        bench.breaker.failed()
    await bench.until(Circuit.HALF_OPEN)
    assert bench.breaker.admit()

    bench.breaker.failed()

    assert bench.breaker.state is Circuit.OPEN
    await bench.until(Circuit.HALF_OPEN)


async def test_a_request_given_up_frees_its_place() -> None:
    """Nothing was learned: another may try."""
    bench = Bench(True)
    for _ in range(5):
        bench.breaker.failed()
    await bench.until(Circuit.HALF_OPEN)
    assert bench.breaker.admit()

    bench.breaker.dropped()

    assert bench.breaker.admit()
