"""Figures that cost much: counted once for all who ask at once, told again while they are young."""

from __future__ import annotations

import asyncio

from branchtui.ledger.kept import COSTS, Counted, Figure, Kept


class Counting:
    """Counts how often it was asked to count; takes `cost` seconds of a clock that stands still otherwise."""

    def __init__(self, *, rows: int, cost: float = 2.0) -> None:
        self.now = 100.0
        self.times = 0
        self.rows, self.cost = rows, cost
        self.has_begun, self.may_end = asyncio.Event(), asyncio.Event()
        self.may_end.set()
        self.kept = Kept(many=10, seconds=lambda: self.now)

    async def count(self) -> Counted:
        self.times += 1
        said = self.times
        self.has_begun.set()
        await self.may_end.wait()
        self.now += self.cost
        return Counted(said, self.rows, said)

    async def ask(self, key: str = "HQ") -> Figure[int]:
        return await self.kept.figure(key, self.count)


async def test_what_goes_through_few_rows_is_counted_anew_for_everybody() -> None:
    """A person sees at once what was just done, however slow the machine."""
    counting = Counting(rows=9, cost=1_000.0)
    found = [await counting.ask() for _ in range(3)]
    assert [(one.value, one.is_older) for one in found] == [(1, False), (2, False), (3, False)]


async def test_what_goes_through_many_rows_is_told_again_until_it_is_old() -> None:
    """Twenty times its cost, then it is counted anew; the instant it holds for is told."""
    counting = Counting(rows=10)
    first = await counting.ask()
    counting.now += COSTS * counting.cost
    again = await counting.ask()
    assert (first.value, first.is_older, again.value, again.at_us, again.is_older) == (1, False, 1, 1, True)
    counting.now += 0.5
    assert (await counting.ask()).value == 2


async def test_one_key_is_not_told_what_another_one_counted() -> None:
    """AUTHZ-2: a key names the branches; figures of others are none of its."""
    counting = Counting(rows=10)
    assert [(await counting.ask(key)).value for key in ("NKU", "KSM", "NKU")] == [1, 2, 1]


async def test_who_asks_while_it_is_counted_waits_for_the_next_counting_and_shares_it() -> None:
    """What is under way began before the question: it may not hold what the asker did last."""
    counting = Counting(rows=0)
    counting.may_end.clear()
    first = asyncio.create_task(counting.kept.exact("HQ", counting.count))
    await counting.has_begun.wait()
    others = [asyncio.create_task(counting.kept.exact("HQ", counting.count)) for _ in range(5)]
    await asyncio.sleep(0)
    assert counting.times == 1
    counting.may_end.set()
    assert await first == 1
    assert await asyncio.gather(*others) == [2] * 5


async def test_counting_goes_on_when_who_began_it_has_given_up() -> None:
    """The deadline of a request ends the request: who asks next finds the figure."""
    counting = Counting(rows=10)
    counting.may_end.clear()
    first = asyncio.create_task(counting.ask())
    await counting.has_begun.wait()
    first.cancel()
    await asyncio.wait((first,))
    (under_way,) = counting.kept.tasks()
    counting.may_end.set()
    await under_way
    assert ((await counting.ask()).value, counting.times) == (1, 1)
    assert not list(counting.kept.tasks())


async def test_a_counting_that_failed_is_nobodys_figure() -> None:
    """Who waits is told why; the next one counts anew."""
    counting = Counting(rows=10)

    async def fails() -> Counted:
        raise TimeoutError

    waited = await asyncio.gather(counting.kept.figure("HQ", fails), return_exceptions=True)
    assert isinstance(waited[0], TimeoutError)
    assert (await counting.ask()).value == 1
