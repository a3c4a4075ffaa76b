"""Many worlds one after another, and what they come to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.simulator.world import Story, live

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.simulator.template import Template

ENOUGH: Final = 3
"""Worlds that went wrong: behind so many no more are tried."""


@dataclass
class Total:
    """Of many worlds."""

    worlds: int = 0
    changes: int = 0
    struck: int = 0
    operations: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    healed_seconds: list[float] = field(default_factory=list)
    wrong: list[Story] = field(default_factory=list)

    def add(self, story: Story) -> None:
        """One more."""
        self.worlds += 1
        self.changes += story.changes
        self.struck += story.struck
        self.operations += story.operations
        self.seen += story.seen
        self.healed_seconds += story.healed_seconds
        if story.faults:
            self.wrong.append(story)

    def __str__(self) -> str:
        within = sorted(self.healed_seconds)[int(len(self.healed_seconds) * 0.95)]
        return (
            f"{self.worlds} worlds, {self.operations:,} operations under faults, {self.changes:,} of them changes, "
            f"{self.struck:,} of these struck by a fault themselves, {sum(self.seen.values()):,} faults; definite within {within:.0f} s of calm (p95), "
            f"{max(self.healed_seconds):.0f} s at most; {len(self.wrong)} worlds went wrong"
        )


def live_through(seeds: Iterable[str], template: Template, *, operations: int) -> Total:
    """Live the worlds with these seeds until so many `operations` were asked for in them."""
    total = Total()
    for seed in seeds:
        if total.operations >= operations or len(total.wrong) >= ENOUGH:
            break
        total.add(live(seed, template))
    return total


def told(story: Story) -> str:
    """A world that went wrong, and how to have it again."""
    faults = "\n  ".join(story.faults[:10])
    return f"WORLD={story.seed}: {faults}\nAgain, with its trace: .venv/bin/python -m tests.simulator {story.seed}"
