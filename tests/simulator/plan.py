"""What a world is like, drawn from its seed: each has some of the faults, and has them often or seldom."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, Self

from tests.simulator.faults import Fate, Trouble

CHANGES: Final = 80
"""Changes that are begun in a world before the weather clears: many worlds show more than long ones."""

HOURS_MAX: Final = 12
"""Virtual hours until then at most, however few were begun."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`trouble` is the part of all exchanges that the line does something to; `fates` are what it does, with weights."""

    seed: str
    changes: int
    tellers: int
    takes_turns: float
    """How likely it is that two people work at one terminal in turns."""

    trouble: float
    fates: tuple[tuple[Fate, float], ...]
    troubles: frozenset[Trouble]
    calm_seconds: float
    """Between two troubles, on average."""

    pause_seconds: float
    """Between two changes of one person, on average."""

    round_trip_seconds: tuple[float, float]

    @classmethod
    def draw(cls, seed: str, *, changes: int = CHANGES) -> Self:
        """The plan of the world with this seed."""
        chance = random.Random(f"{seed}/plan")
        fates = [fate for fate in Fate if fate is not Fate.DELIVERED and chance.random() < 0.6]
        troubles = [trouble for trouble in Trouble if chance.random() < 0.55]
        low = chance.choice((0.002, 0.02, 0.2))
        return cls(
            seed=seed,
            changes=changes,
            tellers=chance.randint(2, 8),
            takes_turns=chance.choice((0.0, 0.3, 1.0)),
            trouble=chance.choice((0.05, 0.15, 0.3, 0.45)) if fates else 0.0,
            fates=tuple((fate, chance.choice((1.0, 1.0, 4.0))) for fate in fates),
            troubles=frozenset(troubles),
            calm_seconds=chance.choice((30.0, 90.0, 300.0)),
            pause_seconds=chance.choice((5.0, 30.0, 90.0)),
            round_trip_seconds=(low, low * chance.choice((2, 10))),
        )

    def is_on(self, trouble: Trouble) -> bool:
        """Whether this world knows the trouble."""
        return trouble in self.troubles
