"""One change, cut at one position after the other; what was told each time, and what the ledger holds in the end."""

from __future__ import annotations

import itertools
import os
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.line.counter import Counter, Said, counter
from tests.line.faults import NONE, Cut, Fault, How, Passed
from tests.line.leaping import LeapingLoop, run_leaping
from tests.line.operations import Change, footprint, left_by, ready, settled, times
from tests.line.proxy import ByteProxy, byte_proxy

from branchtui.contract.operations import OperationState
from branchtui.remote.journal import IntentJournal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.ledger.web.every_route import World

    from branchtui.ledger.store.connection import Connection

STEP: Final = int(os.environ.get("BRANCHTUI_LINE_STEP", "17"))
"""Every so many bytes are tried of most changes, from another first byte in each run; 1: all."""

DEFINITE_SECONDS: Final = 30.0
EXTRA_REQUESTS: Final = 2
_AT_ONCE: Final = 25
"""So many objects are made before their changes; where there is one for all, as behind a PUT, one at a time."""

ATTEMPTS: Final = 3
"""How often a change is sent whose line breaks (the retry matrix: R×2)."""


@dataclass
class Tried:
    """One intent: the faults that its attempts met, and what came of it after the last one."""

    faults: tuple[Fault, ...]
    key: str
    said: Said
    was_unknown: bool
    extra_requests: int
    seconds: float


@dataclass
class Sweep:
    """A person at a proxied line who makes one change again and again."""

    world: World
    reading: Connection
    proxy: ByteProxy
    loop: LeapingLoop
    person: Counter
    name: str
    request_bytes: int
    head_bytes: int
    answer_bytes: int
    leaves: dict[str, tuple[int, int]]
    tried: list[Tried] = field(default_factory=list)

    async def intent(self, change: Change, faults: Sequence[Fault]) -> Tried:
        """Make `change` over a line on which its attempts meet `faults`, one each."""
        self.person.forget_bad_times()
        self.proxy.befall(*faults)
        count = len(self.proxy.passed)
        outcome = await self.person.make(change)
        passed = self.proxy.passed[count:]
        met = [place for place, one in enumerate(passed) if one.fault != NONE]
        after = passed[met[-1] + 1 :] if met else []
        since = self.loop.time() - (passed[met[-1]].at if met else passed[-1].at)
        tried = Tried(tuple(faults), outcome.key, outcome.said, outcome.was_unknown, len(after), since)
        self.tried.append(tried)
        assert outcome.error is None, (outcome.error, told(faults, passed))
        assert tried.extra_requests <= EXTRA_REQUESTS, told(faults, passed)
        state = self.state_of(tried.key)
        assert (state == OperationState.SUCCEEDED) is (tried.said is Said.DONE), (faults, state, tried)
        return tried

    def footprint(self) -> dict[str, tuple[int, int]]:
        """What all changes have left in the ledger."""
        return footprint(self.reading)

    def state_of(self, key: str) -> str | None:
        """What the ledger holds under a key."""
        found = [*self.reading.execute("SELECT state FROM operations WHERE key = ?", (key,))]
        return None if not found else str(found[0][0])

    def compare_journal(self) -> None:
        """The terminal's journal and the ledger tell the same of every key (testing, common rules)."""
        journal = self.person.ledger._journal
        assert isinstance(journal, IntentJournal)
        rows = journal._db.execute("SELECT key, was_recorded FROM intent").fetchall()
        for key, was_recorded in rows:
            assert bool(was_recorded) is (self.state_of(key) == OperationState.SUCCEEDED), key
        assert not self.person.ledger.resolver.unresolved

    async def never_arrives(self, cuts: Sequence[Cut]) -> None:
        """No attempt arrives whole: nothing is ever recorded, and that is what is said."""
        change, before = ready(self.world, self.name), self.footprint()
        for some in _by(ATTEMPTS, cuts):
            faults = [Fault(request=cut) for cut in some]
            tried = await self.intent(change, faults + faults[-1:] * (ATTEMPTS - len(faults)))
            assert (tried.said, tried.was_unknown) == (Said.NOT_DONE, True), tried
        assert left_by(before, self.footprint()) == {}

    async def arrives(self, plans: Sequence[Sequence[Fault]]) -> None:
        """Some attempt arrives whole: it is recorded once, whatever is lost of its answers, and that is what is said."""
        for some in _by(1 if self.name.startswith("PUT ") else _AT_ONCE, plans):
            changes = [ready(self.world, self.name) for _ in some]
            settled(self.world)
            before = self.footprint()
            for change, faults in zip(changes, some, strict=True):
                tried = await self.intent(change, faults)
                assert tried.said is Said.DONE, tried
            settled(self.world)
            assert left_by(before, self.footprint()) == times(self.leaves, len(some))


def _by(size: int, things: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for begin in range(0, len(things), size):
        yield things[begin : begin + size]


def told(faults: Sequence[Fault], passed: Sequence[Passed]) -> str:
    """What was meant and what happened, for who reads a failure."""
    meant = [str(fault.request or fault.answer or fault) for fault in faults]
    happened = [
        f"{one.method} {one.path}: {len(one.request)} up, {one.status or 'no answer'}, {len(one.answer)} down"
        f"{', cut' if one.is_cut else ''}"
        for one in passed
    ]
    return "\n".join(("", *meant, *happened))


def every_cut(length: int) -> list[Cut]:
    """Each byte by FIN and by RST."""
    return [Cut(at, how) for at in range(length) for how in (How.FIN, How.RST)]


def some_cuts(length: int, step: int, rng: random.Random) -> list[Cut]:
    """Each `step`-th byte from a drawn first one, by FIN and by RST in turn."""
    hows = itertools.cycle((How.FIN, How.RST))
    return [Cut(at, how) for at, how in zip(range(rng.randrange(step), length, step), hows, strict=False)]


def boundaries(head: int, length: int) -> list[int]:
    """Where a message changes: nothing of it yet, within its first line, before, at and behind the end of its head."""
    return sorted({0, 1, 9, head // 2, head - 2, head, head + 1, length - 1} & set(range(length)))


def as_drawn(name: str) -> random.Random:
    """Random numbers of this run and this change."""
    return random.Random(f"{os.environ['BRANCHTUI_SEED']} {name}")


def swept(world: World, name: str, folder: Path, work: Any, *, keys_hold: bool = True) -> Sweep:
    """Let `work` sweep over the change `name`: a first one on a good line tells how long its messages are.

    In the end journal and ledger tell the same, unless keys themselves were changed on the way.
    """

    async def run(loop: LeapingLoop) -> Sweep:
        first = ready(world, name)
        reading = world.ledger.store.connect(read_only=True)
        async with (
            byte_proxy(int(world.ledger.url.rpartition(":")[2])) as proxy,
            counter(proxy, loop, folder, first.who) as person,
        ):
            # The first of its kind may open an account that the later ones find open.
            assert (await person.make(first)).said is Said.DONE
            second = ready(world, name)
            settled(world)
            before = footprint(reading)
            outcome = await person.make(second)
            assert outcome.said is Said.DONE, outcome.error
            settled(world)
            one = next(one for one in proxy.passed if one.key == outcome.key)
            head = one.request.index(b"\r\n\r\n") + 4
            leaves = left_by(before, footprint(reading))
            sweep = Sweep(
                world, reading, proxy, loop, person, name, len(one.request), head, len(one.answer), leaves
            )
            await work(sweep)
            if keys_hold:
                sweep.compare_journal()
        reading.close()
        return sweep

    return run_leaping(run)
