"""What goes wrong in a world beside its messages, one trouble after another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.simulator.faults import Trouble
from tests.simulator.house import SLOW_SECONDS, TURN_SECONDS

if TYPE_CHECKING:
    from tests.simulator.world import World

    from branchtui.contract.approvals import Approval
    from branchtui.contract.balance_records import BalanceRecord
    from branchtui.contract.payments import Payment

RESTORES_MAX: Final = 2
STEPS_SECONDS: Final = (-86_400.0, -3_600.0, -61.0, -2.0, 2.0, 61.0, 700.0, 3_600.0, 86_400.0)
STEPPED_SECONDS_MAX: Final = 2 * 86_400.0
"""Clocks are off by two days at most."""


@dataclass
class Known:
    """What people of the branch have seen: records by narration, payments by code, requests by reason."""

    records: dict[str, BalanceRecord] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    requests: dict[str, Approval] = field(default_factory=dict)


class Weather:
    """Draws the troubles, and keeps the ledger running in between."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = world.chance("weather")
        self._has_copy = False
        self.known = Known()
        self._ways: dict[Trouble, Callable[[], Awaitable[None]]] = {
            Trouble.LEDGER_STOPPED: self._stop,
            Trouble.LEDGER_RESTORED: self._restore,
            Trouble.LEDGER_FULL: self._fill_ledger,
            Trouble.LEDGER_CLOCK: self._step_ledger,
            Trouble.LEDGER_SLOW: self._slow_ledger,
            Trouble.LEDGER_BUSY: self._busy_ledger,
            Trouble.TERMINAL_FULL: self._fill_terminal,
            Trouble.TERMINAL_CLOCK: self._step_terminal,
            Trouble.TERMINAL_SLEPT: self._sleep_terminal,
            Trouble.LINES_CUT: self._cut_lines,
        }

    async def rage(self) -> None:
        """One trouble after another, and a ledger that somebody starts again."""
        keeper = asyncio.ensure_future(self._keep_ledger())
        ways = [way for trouble, way in self._ways.items() if self._world.plan.is_on(trouble)]
        try:
            while not self._world.is_over:
                await asyncio.sleep(self._chance.expovariate(1 / self._world.plan.calm_seconds))
                if ways:
                    await self._chance.choice(ways)()
        finally:
            keeper.cancel()

    async def clear(self) -> None:
        """Everything works."""
        house = self._world.house
        if house.life is None:
            await house.start()
        house.free_disk()
        house.turn_seconds = TURN_SECONDS
        house.set_busy(busy=False)
        for terminal in self._world.terminals:
            terminal.is_filling = False
            terminal.line.mend()

    async def _keep_ledger(self) -> None:
        house = self._world.house
        while True:
            if house.life is None:
                await asyncio.sleep(self._chance.uniform(0.5, 60.0))
                if not house.is_served and not house.is_handled:
                    await house.start()
            else:
                await asyncio.wait((house.life.process.ended,))

    def _saw(self, trouble: Trouble) -> None:
        self._world.note("weather", trouble.value)
        self._world.saw(trouble.value)

    async def _a_while(self) -> None:
        await asyncio.sleep(self._chance.uniform(1.0, 60.0))

    # ── the ledger's ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _stop(self) -> None:
        house = self._world.house
        if house.life is not None:
            self._saw(Trouble.LEDGER_STOPPED)
            await house.stop()

    async def _restore(self) -> None:
        """The first time a copy is made, later the ledger is made anew from it."""
        house = self._world.house
        if house.life is None or house.restores >= RESTORES_MAX:
            return
        if not self._has_copy or self._chance.random() < 0.3:
            house.back_up()
            self._has_copy = True
            self._world.note("weather", "a copy is made")
            return
        self._saw(Trouble.LEDGER_RESTORED)
        await house.restore()

    async def _fill_ledger(self) -> None:
        house = self._world.house
        if house.fill_disk():
            self._world.note("weather", Trouble.LEDGER_FULL.value)
            await self._a_while()
            house.free_disk()

    async def _step_ledger(self) -> None:
        clock = self._world.house.clock
        step = self._chance.choice(STEPS_SECONDS)
        if abs(clock.stepped_seconds + step) <= STEPPED_SECONDS_MAX:
            self._saw(Trouble.LEDGER_CLOCK)
            clock.stepped_seconds += step

    async def _slow_ledger(self) -> None:
        house = self._world.house
        self._saw(Trouble.LEDGER_SLOW)
        house.turn_seconds = self._chance.uniform(*SLOW_SECONDS)
        await self._a_while()
        house.turn_seconds = TURN_SECONDS

    async def _busy_ledger(self) -> None:
        house = self._world.house
        house.set_busy(busy=True)
        self._world.note("weather", Trouble.LEDGER_BUSY.value)
        await self._a_while()
        house.set_busy(busy=False)

    # ── the terminals' ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _fill_terminal(self) -> None:
        terminal = self._chance.choice(self._world.terminals)
        terminal.is_filling = True
        self._world.note("weather", f"{Trouble.TERMINAL_FULL.value}: {terminal.name}")
        # Long enough that its steps meet it: one change has few of them.
        await asyncio.sleep(self._chance.uniform(10.0, 300.0))
        terminal.is_filling = False

    async def _step_terminal(self) -> None:
        clock = self._chance.choice(self._world.terminals).clock
        step = self._chance.choice(STEPS_SECONDS)
        if abs(clock.stepped_seconds + step) <= STEPPED_SECONDS_MAX:
            self._saw(Trouble.TERMINAL_CLOCK)
            clock.stepped_seconds += step

    async def _sleep_terminal(self) -> None:
        """The machine sleeps: its connections are dead when it wakes."""
        terminal = self._chance.choice(self._world.terminals)
        self._saw(Trouble.TERMINAL_SLEPT)
        terminal.line.cut()
        terminal.clock.asleep_seconds += self._chance.uniform(10.0, 3_600.0)
        await asyncio.sleep(0.5)
        terminal.line.mend()

    async def _cut_lines(self) -> None:
        """Several lines are cut one after another, and mended in another order."""
        terminals = self._world.terminals
        some = self._chance.sample(terminals, self._chance.randint(1, len(terminals)))
        self._saw(Trouble.LINES_CUT)
        for terminal in some:
            terminal.line.cut()
            await asyncio.sleep(self._chance.uniform(0.0, 10.0))
        await self._a_while()
        self._chance.shuffle(some)
        for terminal in some:
            terminal.line.mend()
            await asyncio.sleep(self._chance.uniform(0.0, 10.0))
