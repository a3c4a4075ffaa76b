"""One world: a ledger, its people at their terminals, and the weather, all drawn from one seed."""

from __future__ import annotations

import asyncio
import gc
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from tests.simulator.faults import Fate, Trouble
from tests.simulator.house import House
from tests.simulator.loop import SimLoop, run
from tests.simulator.network import Network
from tests.simulator.oracle import Intent, Oracle
from tests.simulator.people import Person, Provider
from tests.simulator.plan import HOURS_MAX, Plan
from tests.simulator.template import SUPERVISORS, TELLERS, Template
from tests.simulator.terminal import Died, Terminal
from tests.simulator.verdict import judge
from tests.simulator.weather import Weather

if TYPE_CHECKING:
    from tests.simulator.messages import Message

SHORTEST_BREATH: Final = Path("/dev/shm")  # noqa: S108 - memory instead of a disk, where there is such a place


@dataclass
class Story:
    """How a world went."""

    seed: str
    changes: int = 0
    struck: int = 0
    operations: int = 0
    """What was asked of the ledger while the weather raged: see `World.asked`."""

    faults: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    trace: list[str] = field(default_factory=list)
    healed_seconds: list[float] = field(default_factory=list)
    """From a sign-in after the weather cleared until nothing of it was in doubt."""


class World:
    """Everything there is. `live` lets it happen."""

    def __init__(self, loop: SimLoop, plan: Plan, template: Template, folder: Path) -> None:
        self.loop = loop
        self.plan = plan
        self.template = template
        self.folder = folder
        self.story = Story(plan.seed)
        self.is_calm = False
        self.oracle = Oracle(self)
        self.network = Network(self)
        self.house = House(self, template, folder)
        self.weather = Weather(self)
        self.struck: set[Intent] = set()
        chance = self.chance("people")
        self.terminals: list[Terminal] = []
        self.people: list[Person] = []
        tellers = list(TELLERS[: plan.tellers])
        everybody = [[name] for name in tellers] + [[SUPERVISORS[0]]]
        spare = [name for name in TELLERS if name not in tellers]
        for names in everybody:
            if spare and chance.random() < plan.takes_turns:
                names.append(spare.pop())
            terminal = Terminal(self, len(self.terminals) + 1)
            self.terminals.append(terminal)
            self.people.append(Person(self, terminal, names))
        self.provider = Provider(self)

    # ── what everything in it uses ──────────────────────────────────────────────────────────────────────────────────

    def chance(self, *purpose: object) -> random.Random:
        """Randomness of its own for one purpose."""
        return random.Random("/".join([self.plan.seed, *(str(part) for part in purpose)]))

    def has(self, trouble: Trouble) -> bool:
        """Whether this may go wrong now."""
        return not self.is_calm and self.plan.is_on(trouble)

    def saw(self, what: str) -> None:
        """A fault happened."""
        self.story.seen[what] += 1

    def asked(self) -> None:
        """Somebody asks something over a line that may fail, once, however many attempts are made of it.

        A change, a reading, a sign-in, a sign-out, a proof of who one is; or a provider confirms a payment. What is
        asked once the weather has cleared counts for nothing.
        """
        self.story.operations += not self.is_calm

    def note(self, who: str, what: str) -> None:
        """A line of the trace."""
        self.story.trace.append(f"{self.loop.time():12.4f} {who}: {what}")

    def sent(self, message: Message, fate: Fate) -> None:
        """A message went out."""
        self.note(message.sender, f"{message.method} {message.part.value}, {fate.value}")
        intent = self.oracle.by_key.get(message.key or "")
        if intent is not None and fate is not Fate.DELIVERED:
            self.struck.add(intent)

    @property
    def is_over(self) -> bool:
        """Whether enough was begun, or it took too long."""
        return len(self.oracle.by_key) >= self.plan.changes or self.loop.time() > HOURS_MAX * 3_600

    # ── its course ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def live(self) -> Story:
        """From the first sign-in to the verdict."""
        await self.house.start()
        await asyncio.gather(
            *(each.work() for each in self.people), self.provider.work(), self.weather.rage()
        )
        await self.heal()
        await self._let_go()
        await self._go_home()
        self.story.faults += [*self.oracle.faults, *self.loop.failures(), *judge(self)]
        self.story.changes = len(self.oracle.by_key)
        self.story.struck = len(self.struck)
        return self.story

    async def heal(self) -> None:
        """Nothing more goes wrong: within a minute everything is definite."""
        self.is_calm = True
        self.note("world", "is calm")
        await self.weather.clear()
        for terminal in self.terminals:
            if not terminal.is_alive:
                terminal.start()
        healing = [self.loop.create_task(person.settle_everything()) for person in self.people]
        await asyncio.gather(*healing, self.provider.settle())

    async def _let_go(self) -> None:
        """What the network still held arrives now, when nobody expects it any more."""
        held = self.network.release_all()
        self.note("network", f"lets go the last {held}")
        while self.network.flying:  # noqa: ASYNC110 - virtual seconds cost nothing
            await asyncio.sleep(1.0)
        await asyncio.sleep(60.0)

    async def _go_home(self) -> None:
        for person in self.people:
            try:
                await person.look_once_more()
            except Died:
                self.story.faults.append(f"{person.terminal.name} died in calm weather")
            await person.terminal.close()
        await self.house.stop()


def live(seed: str, template: Template, *, changes: int | None = None) -> Story:
    """The story of the world with this seed."""
    plan = Plan.draw(seed) if changes is None else Plan.draw(seed, changes=changes)
    place = SHORTEST_BREATH if SHORTEST_BREATH.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="branchtui-world-", dir=place))
    # To look for what can be freed took a third of the time; a world is small, and is let go of as a whole.
    gc.disable()
    try:
        with _silence():
            return run(lambda loop: _live(loop, plan, template, folder))
    finally:
        gc.enable()
        shutil.rmtree(folder)


@contextmanager
def _silence() -> Iterator[None]:
    """What the ledger would tell its operator is nobody's news here."""
    before = structlog.get_config()
    # No processor either: to set an error in colours with its source takes a second, and nobody looks.
    structlog.configure(processors=[], logger_factory=structlog.ReturnLoggerFactory())
    try:
        yield
    finally:
        structlog.configure(**before)


async def _live(loop: SimLoop, plan: Plan, template: Template, folder: Path) -> Story:
    world = World(loop, plan, template, folder)
    try:
        return await world.live()
    except Exception as error:  # noqa: BLE001 - a world that cannot be lived to its end is told as one that went wrong
        world.story.faults += [*world.oracle.faults, *loop.failures(), f"it came to no end: {error!r}"]
        return world.story
    finally:
        for terminal in world.terminals:
            terminal.kill()
        world.house.kill()
