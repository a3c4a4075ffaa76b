"""Batches that wait for those who ask again at once, and for nobody else."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from branchtui.ledger.store.company import LONGEST_SECONDS, PASSED_MAX, Company
from branchtui.ledger.store.engine import Store
from branchtui.ledger.store.rows import Counter
from branchtui.ledger.store.unit import Tx
from branchtui.ledger.store.writer import Writer


class Clock:
    """Time that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_batch_waits_for_as_many_as_were_answered_and_waiting(clock: Clock) -> None:
    known = Company(clock)
    known.answered(7, 1, 0.008)
    assert known.seconds_for(1) == pytest.approx(0.008)
    assert known.seconds_for(7) > 0
    assert known.seconds_for(8) == 0


def test_it_waits_no_longer_than_the_last_one_took_and_never_very_long(clock: Clock) -> None:
    known = Company(clock)
    known.answered(7, 1, 0.008)
    clock.now += 0.006
    assert known.seconds_for(3) == pytest.approx(0.002)
    clock.now += 0.003
    assert known.seconds_for(3) == 0
    known.answered(7, 1, 10.0)
    assert known.seconds_for(3) == pytest.approx(LONGEST_SECONDS)


def test_nobody_waits_for_a_teller_alone_nor_before_anybody_was_answered(clock: Clock) -> None:
    known = Company(clock)
    assert known.seconds_for(1) == 0
    known.answered(1, 0, 0.005)
    assert known.seconds_for(1) == 0


def in_vain(known: Company, clock: Clock) -> bool:
    """One more batch, of one command, behind one of eight that nobody came back from; whether it waited."""
    known.answered(8, 0, 0.01)
    waited = known.seconds_for(1) > 0
    clock.now += 1.0
    assert known.seconds_for(1) == 0
    known.begins(1)
    return waited


def test_where_nobody_comes_back_it_waits_ever_more_seldom(clock: Clock) -> None:
    known = Company(clock)
    waited = [in_vain(known, clock) for _ in range(200)]
    places = [place for place, each in enumerate(waited) if each]
    apart = [after - before for before, after in itertools.pairwise(places)]
    assert apart[:4] == [2, 3, 5, 9]
    assert all(each <= PASSED_MAX + 1 for each in apart)
    assert sum(waited) <= 10


def test_it_waits_again_as_before_once_half_of_them_came(clock: Clock) -> None:
    known = Company(clock)
    for _ in range(20):
        in_vain(known, clock)
    known.answered(8, 0, 0.01)
    while not known.seconds_for(2):
        known.begins(2)
        known.answered(8, 0, 0.01)
    known.begins(5)
    for _ in range(3):
        known.answered(8, 0, 0.01)
        assert known.seconds_for(2) > 0, "three of six came: it goes on waiting"
        known.begins(8)


class Patient(Company):
    """Waits for eight, however long that takes."""

    def seconds_for(self, gathered: int) -> float:
        return 10.0 if gathered < 8 else 0.0


@pytest.mark.both_stores(always=True)
async def test_eight_who_ask_again_at_once_share_every_commit(empty_store: Store) -> None:
    writer = Writer(empty_store, company=Patient())
    writer.start()
    try:

        async def asks(name: str) -> None:
            def command(tx: Tx) -> None:
                known = tx.get(Counter, name)
                tx.put(Counter(name, known.value + 1 if known else 1))

            for _ in range(5):
                await writer.submit(command)

        await asyncio.gather(*(asks(f"c{number}") for number in range(8)))
        assert (writer.commands, writer.batches) == (40, 5)
    finally:
        await asyncio.to_thread(writer.stop)


async def test_a_writer_that_waits_for_company_stops_when_it_is_told(empty_store: Store) -> None:
    writer = Writer(empty_store, company=Patient())
    writer.start()
    alone = asyncio.ensure_future(writer.submit(lambda tx: tx.put(Counter("alone", 1))))
    await asyncio.sleep(0)
    await asyncio.to_thread(writer.stop)
    await alone
    assert writer.commands == 1
