"""Whole worlds of tellers, a ledger and bad weather (testing.md, T1): nothing happens twice, nothing is lost.

The real client core and the real ledger live in one thread on virtual time; `oracle.py` writes down what people were
told, `verdict.py` compares it with what the ledger holds. A world that goes wrong prints its seed; what it showed
becomes a test of its own beside the code that was wrong, for a seed is another world once anything here is changed.
"""

from __future__ import annotations

from itertools import count

import pytest
from tests.ledger.faults import seeds
from tests.simulator.faults import too_rare
from tests.simulator.run import live_through, told
from tests.simulator.template import Template

OPERATIONS = seeds.figure("BRANCHTUI_SIMULATED_OPERATIONS", 50_000)
"""What is asked under faults, once each, however many attempts it takes (`World.asked`); `make night` has many more."""

WORLDS = 300
"""So many at least, each with a seed of its own."""

ENOUGH = 50_000
"""From so many on nearly every kind of trouble has to have happened to every kind of request."""

UNSEEN_MAX = 3
"""The rarest kinds come some ten times in half of these: chance may leave out one or another of them."""

A_NIGHT = 500_000
"""From so many on each has to have happened often."""


@pytest.mark.faults
@pytest.mark.parametrize("half", ["one half", "the other half"])
def test_in_any_weather_a_change_happens_once_or_not_at_all_and_people_are_told_which(
    template: Template, half: str
) -> None:
    """IDEM-4, IDEM-9, OUT-2, OUT-5, OUT-6: no effect is doubled, lost or made up, and every doubt ends."""
    worlds = (f"{seeds.seed()}/{half.replace(' ', '-')}/{number}" for number in count())

    total = live_through(worlds, template, operations=OPERATIONS // 2)

    print(f"SEED={seeds.seed()}: {total}")
    assert not total.wrong, "\n".join(told(story) for story in total.wrong)
    assert total.operations >= OPERATIONS // 2
    if OPERATIONS >= ENOUGH:
        assert total.worlds >= WORLDS // 2
        assert len(unseen := too_rare(total.seen, least=1)) <= UNSEEN_MAX, unseen
    if OPERATIONS >= A_NIGHT:
        assert too_rare(total.seen) == []
