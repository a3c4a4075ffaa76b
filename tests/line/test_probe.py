"""A line that heals: what is in doubt is asked about by the probe itself, and ended by the next request (RTY-4, OUT-5)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.ledger.web.every_route import World
from tests.line.counter import Said, counter
from tests.line.faults import NONE, Cut, Fault, How
from tests.line.leaping import LeapingLoop, run_leaping
from tests.line.operations import ready
from tests.line.proxy import byte_proxy

CHANGE = "POST /v1/customers"


@pytest.mark.parametrize(
    ("lost", "said", "asked"),
    [
        # Never seen: the probe learns it, the fence ends it.
        (Fault(request=Cut(0, How.FIN)), Said.NOT_DONE, ["GET", "POST"]),
        # Done: the probe only finds the line whole, the question goes the way that compares the heads of the chain.
        (Fault(answer=Cut(0, How.FIN)), Said.DONE, ["GET", "GET"]),
    ],
    ids=["never seen", "done"],
)
def test_two_requests_end_a_doubt_once_the_line_is_back(
    world: World, state: Path, lost: Fault, said: Said, asked: list[str]
) -> None:
    """RTY-4: no `/healthz` before them; while somebody waits for an end, the probe is never further away than 25 s."""

    async def run(loop: LeapingLoop) -> None:
        async with (
            byte_proxy(int(world.ledger.url.rpartition(":")[2])) as proxy,
            counter(proxy, loop, state, "supervisor") as person,
        ):
            change = ready(world, CHANGE)
            dead = Fault(request=Cut(0, How.FIN), is_lost=True)
            first = [lost]
            proxy.plan = lambda one: (
                first.pop() if first and one.key is not None else (dead if not first else NONE)
            )
            making = asyncio.create_task(person.make(change))
            await asyncio.sleep(300.0)
            assert person.ledger.resolver.unresolved
            count, healed = len(proxy.passed), loop.time()
            proxy.mend()
            outcome = await making
            assert (outcome.said, outcome.was_unknown) == (said, True)
            assert loop.time() - healed <= 26.0
            about = [one for one in proxy.passed[count:] if not one.is_cut]
            assert [one.method for one in about] == asked
            assert all(outcome.key in one.path for one in about)

    run_leaping(run)
