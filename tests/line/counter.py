"""A client at the end of a proxied line, on leaping time, and what became of what it wanted."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum, auto
from random import Random
from typing import TYPE_CHECKING, Any

from tests.ledger.running import PASSWORD
from tests.line.leaping import LoopClock

from branchtui.remote.breaker import BUDGET, Circuit
from branchtui.remote.client import Ledger
from branchtui.remote.errors import AwaitsApproval, OutcomeUnknown, Refused, Unreachable
from branchtui.remote.journal import IntentJournal
from branchtui.remote.resolver import Settlement, Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.line.leaping import LeapingLoop
    from tests.line.operations import Change
    from tests.line.proxy import ByteProxy


class Said(Enum):
    """What the person was told at last."""

    DONE = auto()
    NOT_DONE = auto()


@dataclass
class Outcome:
    """How one change ended: what was said, whether it was in doubt, and what came of it where it was done at once."""

    key: str
    said: Said
    was_unknown: bool = False
    answer: Any = None
    settlement: Settlement | None = None
    error: Exception | None = None


class Counter:
    """One person signed in at one terminal's client core."""

    def __init__(self, ledger: Ledger, keys: list[str]) -> None:
        self.ledger = ledger
        self._keys = keys

    async def make(self, change: Change) -> Outcome:
        """Make a change, and wait until it is definite."""
        count = len(self._keys)
        try:
            answer = await change.act(self.ledger)
        except OutcomeUnknown as unknown:
            settlement = await self.ledger.resolver.settle(unknown.intent)
            said = Said.DONE if settlement.verdict is Verdict.RECORDED else Said.NOT_DONE
            self.ledger.resolver.acknowledge(unknown.intent.key)
            return Outcome(unknown.intent.key, said, was_unknown=True, settlement=settlement)
        except AwaitsApproval:
            return Outcome(self._keys[-1], Said.DONE)
        except (Refused, Unreachable) as error:
            key = self._keys[-1] if len(self._keys) > count else ""
            return Outcome(key, Said.NOT_DONE, error=error)
        return Outcome(self._keys[-1], Said.DONE, answer=answer)

    def forget_bad_times(self) -> None:
        """As after many good exchanges: the budget is full, the circuit knows of no failure."""
        assert self.ledger._breaker.state is Circuit.CLOSED
        self.ledger._budget.tokens = BUDGET
        self.ledger._breaker._recent.clear()
        self.ledger._breaker._in_a_row = 0


@asynccontextmanager
async def counter(
    proxy: ByteProxy, loop: LeapingLoop, folder: Path, who: str, *, seed: int = 5, proven: bool = True
) -> AsyncIterator[Counter]:
    """`who` at a terminal behind `proxy`, all policies as they are; proved to be the person unless not `proven`."""
    clock = LoopClock(loop)
    rng, keys = Random(seed), []

    def new_key() -> str:
        from uuid import uuid4

        keys.append(str(uuid4()))
        return keys[-1]

    journal = IntentJournal.open(folder / f"journal-{who}", now=clock.now())
    async with Ledger(proxy.url, journal=journal, clock=clock, rng=rng, new_key=new_key) as ledger:
        await ledger.sign_in(who, PASSWORD)
        if proven:
            await ledger.step_up(password=PASSWORD)
        yield Counter(ledger, keys)
        # A person has two sessions at most, and the other one is the test's own.
        proxy.mend()
        await ledger.sign_out()
