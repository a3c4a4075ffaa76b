"""A terminal as a process of the simulator: the real client core, its journal on disk, and a person's screen."""

from __future__ import annotations

import asyncio
import sqlite3  # noqa: TID251 - the client's journal fails as this driver does
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Self, TypeVar

from tests.simulator.faults import SELDOM, STATES, TERMINAL_POINTS, Trouble
from tests.simulator.loop import Killed, Process
from tests.simulator.network import Line, Wire
from tests.simulator.template import MORNING

from branchtui.remote.client import Ledger
from branchtui.remote.intents import IntentState, Pending
from branchtui.remote.journal import IntentJournal
from branchtui.remote.journal_rows import translated

if TYPE_CHECKING:
    from tests.simulator.oracle import Intent
    from tests.simulator.world import World

    from branchtui.remote.resolver import Progress
    from branchtui.remote.restored import Restored

T = TypeVar("T")

URL: Final = "http://localhost:1"


class Died(Exception):
    """The terminal was killed while somebody waited for it."""


class Gone(Exception):
    """The person went away before the end."""


class TerminalClock:
    """The client's three clocks."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.stepped_seconds = 0.0
        self.asleep_seconds = 0.0

    def now(self) -> datetime:
        """The wall clock, as somebody set it."""
        return MORNING + timedelta(seconds=self._loop.time() + self.stepped_seconds)

    def monotonic(self) -> float:
        """The loop's seconds: they stand still while the machine sleeps."""
        return self._loop.time()

    def boottime(self) -> float:
        """These do not."""
        return self._loop.time() + self.asleep_seconds


class SimJournal(IntentJournal):
    """The client's own journal; every step is a place to die at, and its disk may be full."""

    terminal: Terminal

    @classmethod
    def of(cls, terminal: Terminal) -> Self:
        """A journal of this terminal's."""
        journal = cls.open(terminal.directory, now=terminal.clock.now())
        journal.terminal = terminal
        return journal

    def prepare(self, pending: Pending) -> None:
        """As ever."""
        self._step("prepared", lambda: super(SimJournal, self).prepare(pending))

    def move(self, key: str, state: IntentState) -> None:
        """As ever."""
        self._step(state.value, lambda: super(SimJournal, self).move(key, state))

    def _step(self, state: str, step: Callable[[], None]) -> None:
        self.terminal.at(f"before {state}")
        if self.terminal.is_full(state):
            self.terminal.world.saw(f"{Trouble.TERMINAL_FULL.value} / {state}")
            with translated():
                raise sqlite3.OperationalError("database or disk is full")
        step()
        self.terminal.at(f"after {state}")

    def abandon(self) -> None:
        """The process has gone: what is on disk stays, the lock is free."""
        self._db.close()
        self._file.release()


class Terminal:
    """One terminal, through all its lives."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.name = f"terminal-{number}"
        self.directory = world.folder / "state" / self.name
        self.clock = TerminalClock(world.loop)
        self.line = Line(self.name)
        self.is_filling = False
        self.making: Intent | None = None
        self.lives = 0
        self._chance = world.chance(self.name)
        self._doom: tuple[str, int] | None = None
        self._life: tuple[Process, Ledger, SimJournal] | None = None

    # ── living and dying ────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def is_alive(self) -> bool:
        """Whether its program runs."""
        return self._life is not None

    @property
    def ledger(self) -> Ledger:
        """The client core of this life.

        Raises:
            Died: there is none.
        """
        if self._life is None:
            raise Died
        return self._life[1]

    def start(self) -> None:
        """Start the program; what an earlier life left in its journal is there."""
        assert self._life is None, "it runs already"
        process = Process(self.world.loop, self.name)
        self.lives += 1
        self._life = process.call(self._begin, process)
        self._arm()

    def _begin(self, process: Process) -> tuple[Process, Ledger, SimJournal]:
        journal = SimJournal.of(self)
        ledger = Ledger(
            URL,
            journal=journal,
            clock=self.clock,
            rng=self.world.chance(self.name, "life", self.lives),
            new_key=self._new_key,
            sleep=asyncio.sleep,
            new_wire=lambda: Wire(self.world.network, self.line),
        )
        ledger.resolver.listen(self._hear)
        ledger.listen_restored(self._hear_lost)
        return process, ledger, journal

    def _new_key(self) -> str:
        return self.world.oracle.key_for(self.making, self.name)

    def _arm(self) -> None:
        """Where this life ends, if it is to end by force."""
        seldom = [point for point in TERMINAL_POINTS if point.partition(" ")[2] in SELDOM]
        if self._chance.random() < 0.5:
            self._doom = (self._chance.choice(seldom), self._chance.randint(1, 2))
        else:
            self._doom = (self._chance.choice(TERMINAL_POINTS), self._chance.randint(1, 3))

    def at(self, point: str) -> None:
        """The program is at one of TERMINAL_POINTS.

        Raises:
            Killed: it is no more.
        """
        if self._doom is None or self._doom[0] != point or not self.world.has(Trouble.TERMINAL_KILLED):
            return
        self._doom = (point, self._doom[1] - 1)
        if self._doom[1] <= 0 and self._life is not None:
            self.world.note(self.name, f"killed {point}")
            self.world.saw(f"{Trouble.TERMINAL_KILLED.value} / {point}")
            self.kill()
            raise Killed

    def is_full(self, state: str) -> bool:
        """Whether a step of the journal finds no room: others fill this disk, and free some of it again.

        Mostly at the later steps: what is not even prepared shows little.
        """
        return self.is_filling and self._chance.random() < (0.15 if state in {"prepared", "sent"} else 0.7)

    def kill(self) -> None:
        """SIGKILL, or a closed window: no line of it runs any more."""
        life, self._life = self._life, None
        if life is not None:
            process, _, journal = life
            journal.abandon()
            process.end()

    async def close(self) -> None:
        """The person quits the program."""
        life, self._life = self._life, None
        if life is not None:
            process, ledger, _ = life
            with suppress(Killed):
                await process.run(ledger.close())
            process.end()

    # ── what a person does at it ────────────────────────────────────────────────────────────────────────────────────

    async def do(self, work: Callable[[Ledger], Awaitable[T]], *, patience: float | None = None) -> T:
        """Do something and wait for its end, for `patience` seconds at most.

        Raises:
            Died: the terminal was killed meanwhile. Gone: patience ran out; the program goes on by itself.
            LedgerError: as the client core raises it.
        """
        if self._life is None:
            raise Died
        process, ledger, _ = self._life

        async def within() -> T:
            return await work(ledger)

        task = process.run(within())
        await asyncio.wait((task, process.ended), timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        if not process.is_alive:
            task.cancel()
            raise Died
        if not task.done():
            self.world.saw(Trouble.CALLER_GONE.value)
            task.cancel()
            raise Gone
        try:
            return task.result()
        except Killed:
            raise Died from None

    async def change(
        self, intent: Intent, work: Callable[[Ledger], Awaitable[T]], *, patience: float | None = None
    ) -> T:
        """As `do`, for a change: its key becomes the intent's."""

        async def make(ledger: Ledger) -> T:
            # The key is drawn before the first wait, so that nobody else's can come between.
            self.making = intent
            return await work(ledger)

        return await self.do(make, patience=patience)

    def _hear(self, progress: Progress) -> None:
        if progress.settlement is not None:
            settled = progress.settlement
            self.world.oracle.settled(settled.intent.key, settled.verdict)

    def _hear_lost(self, restored: Restored) -> None:
        self.world.oracle.told_lost([pending.key for pending in restored.lost])


assert set(STATES) == {state.value for state in IntentState}, "the journal has other steps than we die at"
