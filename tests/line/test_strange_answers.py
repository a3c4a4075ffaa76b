"""Copies that arrive beside the original or hours later, and answers that are nobody's of the ledger (T3; T-06, T-16)."""

from __future__ import annotations

import json
import random
import tracemalloc
from pathlib import Path
from typing import Final

import pytest
from tests.ledger.web.every_route import World
from tests.line.counter import Counter, Said, counter
from tests.line.faults import BOMB_BYTES, Cut, Fault, How, bomb, page, raw
from tests.line.leaping import LeapingLoop, run_leaping
from tests.line.operations import ALL, left_by, ready
from tests.line.proxy import ByteProxy, byte_proxy
from tests.line.sweep import Sweep, swept

from branchtui.remote.errors import NotOurLedger, Unreachable

SHORT: Final = "POST /v1/balance-records/{id}/post"
LOST: Final = Fault(request=Cut(0, How.FIN))
KEPT: Final = Fault(is_kept=True, is_lost=True, instead=page(504, title="Gateway timeout"))


async def once(sweep: Sweep, *faults: Fault) -> None:
    """It is recorded once, and told to be."""
    await sweep.arrives([faults])


async def never(sweep: Sweep, *faults: Fault, late: int = 0) -> None:
    """It is fenced; what arrives late is refused and has no effect."""
    change, before = ready(sweep.world, sweep.name), sweep.footprint()
    tried = await sweep.intent(change, faults)
    assert (tried.said, tried.was_unknown) == (Said.NOT_DONE, True), tried
    for _ in range(late):
        answer = await sweep.proxy.release()
        assert answer.startswith(b"HTTP/1.1 409"), answer
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "operation-cancelled"
    assert left_by(before, sweep.footprint()) == {}


async def in_the_way(sweep: Sweep) -> None:
    """Copies of one request, beside each other and late."""
    await once(sweep, Fault(copies=3))
    # The first one lies somewhere while the second is answered, and comes when all is over.
    await once(sweep, KEPT)
    assert (await sweep.proxy.release()).startswith(b"HTTP/1.1 2")
    await once(sweep, Fault(is_kept=True))
    assert (await sweep.proxy.release()).startswith(b"HTTP/1.1 2")
    await never(sweep, KEPT, KEPT, KEPT, late=3)


async def answered_by_others(sweep: Sweep) -> None:
    """Pages of portals and proxies, before the ledger was asked and after it."""
    for status in (200, 302, 403, 404, 429, 500, 502, 503, 504):
        strange = page(status)
        await once(sweep, Fault(instead=strange))
        repeats = status >= 500
        await never(sweep, *[Fault(is_lost=True, instead=strange)] * (3 if repeats else 1))


@pytest.mark.faults
@pytest.mark.sampled(7)
@pytest.mark.parametrize("name", ALL)
def test_copies_and_late_ones_change_nothing_a_second_time(world: World, name: str, state: Path) -> None:
    """IDEM-7 to 9, T-06: a copy beside the original, one after it, three after the fence."""
    swept(world, name, state, in_the_way)


@pytest.mark.faults
@pytest.mark.sampled(7)
@pytest.mark.parametrize("name", ALL)
def test_a_page_in_the_place_of_an_answer_leaves_doubt_that_is_settled(
    world: World, name: str, state: Path
) -> None:
    """ERR-2: only the ledger's own word says that something did not happen."""
    swept(world, name, state, answered_by_others)


def test_copies_late_ones_and_pages_around_a_posting(world: World, state: Path) -> None:
    """The same of one change, in every run of the tests."""

    async def work(sweep: Sweep) -> None:
        await in_the_way(sweep)
        await once(sweep, Fault(instead=page(200)))
        await never(sweep, Fault(is_lost=True, instead=page(403)))

    swept(world, SHORT, state, work)


def at(world: World, state: Path, work: object) -> None:
    """Let the supervisor of a branch work at a proxied line."""

    async def run(loop: LeapingLoop) -> None:
        async with (
            byte_proxy(int(world.ledger.url.rpartition(":")[2])) as proxy,
            counter(proxy, loop, state, "supervisor", proven=False) as person,
        ):
            await work(proxy, person)  # type: ignore[operator]

    run_leaping(run)


def test_what_a_machine_that_is_gone_was_never_sent_is_not_in_doubt(world: World, state: Path) -> None:
    """Link, section 2: no connection, nothing sent; the person is told so, and nothing was recorded."""

    async def work(proxy: ByteProxy, person: Counter) -> None:
        change = ready(world, SHORT)
        await proxy.refuse()
        outcome = await person.make(change)
        assert (outcome.said, type(outcome.error)) == (Said.NOT_DONE, Unreachable)
        assert world.ledger.query("SELECT 1 FROM operations WHERE key = ?", outcome.key) == []
        await proxy.listen()
        assert (await person.make(change)).said is Said.DONE

    at(world, state, work)


def test_a_machine_that_takes_connections_and_hears_nothing_is_asked_until_it_does(
    world: World, state: Path
) -> None:
    """RTY-5: silence after the connection stands is doubt; it is settled when the line hears again."""

    async def work(proxy: ByteProxy, person: Counter) -> None:
        change = ready(world, SHORT)
        proxy.is_deaf = True
        proxy.drop_idle()
        person.ledger.resolver.listen(lambda _: proxy.mend())
        outcome = await person.make(change)
        assert (outcome.said, outcome.was_unknown) == (Said.NOT_DONE, True)
        assert (await person.make(change)).said is Said.DONE

    at(world, state, work)


def test_a_connection_that_was_closed_while_idle_costs_no_attempt(world: World, state: Path) -> None:
    """RTY-6: what was seen to be closed is not used; what closes under the request is sent again by its key."""

    async def work(proxy: ByteProxy, person: Counter) -> None:
        for _ in range(3):
            proxy.drop_idle()
            await person.ledger.me()
            count = len(proxy.passed)
            proxy.drop_idle()
            assert (await person.make(ready(world, SHORT))).said is Said.DONE
            assert len(proxy.passed) == count + 1

    at(world, state, work)


@pytest.mark.parametrize("name", [SHORT, "POST /v1/balance-records"])
def test_a_ledger_that_is_told_the_request_was_the_last_still_answers_it_or_leaves_doubt(
    world: World, name: str, state: Path
) -> None:
    """Half-close: somebody between ends the way there while the way back stands."""

    async def work(sweep: Sweep) -> None:
        await once(sweep, Fault(ends_upstream=True))
        await once(sweep, Fault(ends_upstream=True), Fault(ends_upstream=True), Fault(ends_upstream=True))

    swept(world, name, state, work)


def test_a_bomb_in_the_place_of_an_answer_is_refused_and_costs_no_memory(world: World, state: Path) -> None:
    """T-16: 300 MB packed into 300 kB; the change is settled all the same."""
    packed = bomb()
    assert len(packed) < BOMB_BYTES // 500
    bombs = [
        raw(status, packed, media_type, "content-encoding: gzip")
        for status, media_type in (
            (200, "application/json"), (502, "text/html"), (409, "application/problem+json")
        )
    ]  # fmt: skip

    async def work(proxy: ByteProxy, person: Counter) -> None:
        for each in bombs:
            person.forget_bad_times()
            change = ready(world, SHORT)
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            proxy.befall(Fault(instead=each), Fault(instead=each), only=lambda one: one.path == "/v1/me")
            with pytest.raises(Unreachable) as refused:
                await person.ledger.me()
            assert refused.value.sentence == "The answer is larger than any answer of the ledger."
            proxy.befall(Fault(instead=each))
            assert (await person.make(change)).said is Said.DONE
            assert tracemalloc.get_traced_memory()[1] - before < 20_000_000

    tracemalloc.start()
    try:
        at(world, state, work)
    finally:
        tracemalloc.stop()


@pytest.mark.faults
def test_a_bit_that_turns_on_a_plain_line_brings_nothing_down_and_does_nothing_twice(
    world: World, state: Path
) -> None:
    """TLS-3: over plain HTTP, which is this machine's alone, nothing finds a turned bit but what reads it.

    Whatever it turns, a change is made once at most, and the person is told something that the client knows.
    """
    rng = random.Random(11)

    async def work(sweep: Sweep) -> None:
        up, down = (rng.sample(range(size * 8), 60) for size in (sweep.request_bytes, sweep.answer_bytes))
        for fault in [Fault(flip_request=bit) for bit in up] + [Fault(flip_answer=bit) for bit in down]:
            change, before = ready(world, SHORT), sweep.footprint()
            sweep.person.forget_bad_times()
            sweep.proxy.befall(fault)
            await sweep.person.make(change)
            assert left_by(before, sweep.footprint()) in ({}, sweep.leaves), fault

    swept(world, SHORT, state, work, keys_hold=False)


def test_a_page_in_the_place_of_a_reading_says_so(world: World, state: Path) -> None:
    """Before any money: the person is told that somebody else answered."""

    async def work(proxy: ByteProxy, person: Counter) -> None:
        proxy.befall(Fault(instead=page(200)), only=lambda one: one.path == "/v1/me")
        with pytest.raises(NotOurLedger) as stranger:
            await person.ledger.me()
        assert "web page" in stranger.value.sentence

    at(world, state, work)
