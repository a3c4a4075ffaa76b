"""Every change that the terminal makes, its line cut at every byte: done once or not at all, and the person is told which (T3).

Changes of `WHOLE` are cut at every byte of request and answer, by FIN and by RST; the others at every seventeenth,
from another first byte in each run, by either in turn. `BRANCHTUI_LINE_STEP=1` (`make night`) cuts all of them at every
byte by both. Three cuts side by side are one intent: it is sent three times before it is in doubt. Silence takes the
place of a cut where a message changes.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

import pytest
from tests.ledger.web.every_route import World
from tests.line.faults import Cut, Fault, How
from tests.line.operations import ALL
from tests.line.sweep import DEFINITE_SECONDS, STEP, Sweep, as_drawn, boundaries, every_cut, some_cuts, swept

WHOLE: Final = ("POST /v1/balance-records/{id}/post", "DELETE /v1/balance-records/{id}")
"""Money that is posted, with a body in its answer, and what is taken away, with none in either."""

A_FEW: Final = ("POST /v1/balance-records/{id}/post",)


def some(name: str, length: int, rng: random.Random) -> list[Cut]:
    """Where a message of this change is cut in this run."""
    return every_cut(length) if STEP == 1 or name in WHOLE else some_cuts(length, STEP, rng)


def answer_cuts(cuts: list[Cut]) -> list[list[Fault]]:
    """The answer is lost three times: of the change itself, then of its replays."""
    return [[Fault(answer=cut) for cut in cuts[begin : begin + 3]] for begin in range(0, len(cuts), 3)]


@pytest.mark.faults
@pytest.mark.sampled(7, always=WHOLE)
@pytest.mark.parametrize("name", ALL)
def test_a_change_whose_request_is_cut_at_any_byte_never_happens(
    world: World, name: str, state: Path
) -> None:
    """IDEM-9: it is fenced, and told to be not recorded, with two more requests at most."""
    rng = as_drawn(name)

    async def work(sweep: Sweep) -> None:
        await sweep.never_arrives(some(name, sweep.request_bytes, rng))

    definite_soon(swept(world, name, state, work))


@pytest.mark.faults
@pytest.mark.sampled(7, always=WHOLE)
@pytest.mark.parametrize("name", ALL)
def test_a_change_whose_answer_is_cut_at_any_byte_happens_once(world: World, name: str, state: Path) -> None:
    """IDEM-8, IDEM-9: repeated, replayed, asked for: recorded once, and told to be."""
    rng = as_drawn(name)

    async def work(sweep: Sweep) -> None:
        await sweep.arrives(answer_cuts(some(name, sweep.answer_bytes, rng)))
        await sweep.arrives(mixed(sweep, rng))

    definite_soon(swept(world, name, state, work))


@pytest.mark.faults
@pytest.mark.sampled(7, always=WHOLE)
@pytest.mark.parametrize("name", ALL)
def test_a_change_whose_line_falls_silent_where_a_message_changes_happens_once_or_not_at_all(
    world: World, name: str, state: Path
) -> None:
    """RTY-5: silence ends by our own deadline, and is doubt like any other."""

    async def work(sweep: Sweep) -> None:
        up = boundaries(sweep.head_bytes, sweep.request_bytes)
        down = boundaries(sweep.answer_bytes // 2, sweep.answer_bytes)
        await sweep.never_arrives([Cut(at, How.STALL) for at in up])
        await sweep.arrives([[Fault(request=Cut(at, How.STALL))] for at in up])
        await sweep.arrives([[Fault(answer=Cut(at, How.STALL))] for at in down])
        await sweep.arrives([[Fault(answer=Cut(at, How.STALL))] * 3 for at in down])

    definite_soon(swept(world, name, state, work))


@pytest.mark.parametrize("name", A_FEW)
def test_a_change_whose_line_ends_in_the_middle_happens_once_or_not_at_all(
    world: World, name: str, state: Path
) -> None:
    """The same at a few places, in every run of the tests."""
    rng = random.Random(7)

    async def work(sweep: Sweep) -> None:
        await sweep.never_arrives(some_cuts(sweep.request_bytes, 60, rng))
        await sweep.arrives(answer_cuts(some_cuts(sweep.answer_bytes, 90, rng)))
        await sweep.arrives(mixed(sweep, rng)[:3])

    definite_soon(swept(world, name, state, work))


def mixed(sweep: Sweep, rng: random.Random) -> list[list[Fault]]:
    """One attempt loses its request, another its answer, in each order; and a single cut, after which all is well."""

    def lost(part: str) -> Fault:
        how = rng.choice(list(How))
        if part == "request":
            return Fault(request=Cut(rng.randrange(sweep.request_bytes), how))
        return Fault(answer=Cut(rng.randrange(sweep.answer_bytes - 8), how))

    orders = (
        "request answer request",
        "answer request request",
        "request request answer",
        "answer request answer",
    )
    plans = [[lost(part) for part in order.split()] for order in orders]
    return plans + [[lost(part)] for part in ("request", "answer") * 2]


def definite_soon(sweep: Sweep) -> None:
    """The 95th of a hundred, and here every one."""
    slowest = sorted(tried.seconds for tried in sweep.tried)
    assert slowest[int(len(slowest) * 0.95)] <= DEFINITE_SECONDS, slowest[-5:]
    how_often = dict.fromkeys(How, 0)
    for tried in sweep.tried:
        for fault in tried.faults:
            cut = fault.request or fault.answer
            assert cut is not None
            how_often[cut.how] += 1
    print(sweep.name, len(sweep.tried), "intents", {how.value: n for how, n in how_often.items()})
