"""The lines between the terminals and the ledger, and what happens to whatever goes over them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tests.simulator.faults import Fate, Part, Trouble
from tests.simulator.messages import PAGES, Answer, Message

from branchtui.remote.http_library import httpx

if TYPE_CHECKING:
    from tests.simulator.world import World

FIRST_BYTE: Final = "http11.send_request_headers.started"
HELD_SECONDS: Final = ((1.0, 20.0), (20.0, 600.0), (3_600.0, 172_800.0))
"""How long a request may lie somewhere: up to 48 hours."""

DELAYED_SECONDS: Final = (2.0, 40.0)
RARE: Final = frozenset({Part.SIGN_OUT, Part.STEP_UP, Part.REFRESH, Part.FENCE})
"""Parts of which there are few: they meet more trouble each, so that each fault is seen in each part."""

_UNSETTLED: Final = (b'"operation-in-progress"', b'"possible-duplicate"', b'"idempotency-key-reused"')
_SESSION_CODES: Final = (b'"token-expired"', b'"session-ended"', b'"idle"')


class Line:
    """One terminal's way to the ledger."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_cut = False
        self.under_way: dict[asyncio.Future[Answer], None] = {}

    def cut(self) -> None:
        """Everything under way breaks, and nothing more goes out."""
        self.is_cut = True
        for waiting in list(self.under_way):
            if not waiting.done():
                waiting.set_exception(httpx.ReadError("the line was cut"))

    def mend(self) -> None:
        """It carries again."""
        self.is_cut = False


class Network:
    """Carries messages; loses, cuts, holds and copies some of them, as the plan of the world says."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._loop = world.loop
        self._chance = world.chance("network")
        self._held: dict[asyncio.TimerHandle, Callable[[], None]] = {}
        self.flying = 0
        """Copies that have not arrived yet."""

    # ── one exchange ────────────────────────────────────────────────────────────────────────────────────────────────

    async def carry(self, line: Line, request: httpx.Request) -> httpx.Response:
        """Send a request and bring its answer, or what httpx raises when that fails."""
        message = Message.of(line.name, request)
        fate = self._fate(message)
        times: dict[str, float] = request.extensions["timeout"]
        await self._connect(line, fate, times["connect"])
        await self._tell_first_byte(request)
        self._world.sent(message, fate)
        if fate is Fate.PAGE_FIRST:
            await self._pause()
            return self._page().response(request)
        waiting: asyncio.Future[Answer] = self._loop.create_future()
        line.under_way[waiting] = None
        try:
            self._send(message, fate, waiting)
            answer = await self._answered(waiting, times["read"])
        finally:
            del line.under_way[waiting]
        return self._response(request, answer, fate)

    async def _connect(self, line: Line, fate: Fate, seconds: float) -> None:
        if fate is not Fate.REFUSED and not line.is_cut and self._world.house.life is not None:
            await self._pause()
            return
        if line.is_cut and self._chance.random() < 0.5:
            await asyncio.sleep(seconds)
            raise httpx.ConnectTimeout("no connection in time")
        await self._pause()
        raise httpx.ConnectError("no connection")

    @staticmethod
    async def _tell_first_byte(request: httpx.Request) -> None:
        trace: Callable[[str, dict[str, Any]], Awaitable[None]] = request.extensions["trace"]
        await trace(FIRST_BYTE, {"request": request})

    @staticmethod
    async def _answered(waiting: asyncio.Future[Answer], seconds: float) -> Answer:
        try:
            async with asyncio.timeout(seconds):
                return await waiting
        except TimeoutError:
            raise httpx.ReadTimeout("silence") from None

    def _response(self, request: httpx.Request, answer: Answer, fate: Fate) -> httpx.Response:
        if fate is Fate.PAGE_AFTER:
            return self._page().response(request)
        if fate is Fate.ANSWER_CUT and answer.body:
            return answer.response(request, self._place(answer.body))
        if fate is Fate.ANSWER_CUT:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        return answer.response(request)

    def _place(self, body: bytes) -> int:
        """Where a body is cut: one draw, however long it is.

        Answers are packed and hold tokens, so that their length differs from run to run; `randrange` would draw more
        often for some lengths, and all that follows would be another world.
        """
        return int(self._chance.random() * len(body))

    def _page(self) -> Answer:
        return self._chance.choice(PAGES)

    # ── what happens to it ──────────────────────────────────────────────────────────────────────────────────────────

    def _fate(self, message: Message) -> Fate:
        plan = self._world.plan
        often = min(0.6, plan.trouble * 3) if message.part in RARE else plan.trouble
        if self._world.is_calm or self._chance.random() >= often:
            return Fate.DELIVERED
        fates, weights = zip(*plan.fates, strict=True)
        fate: Fate = self._chance.choices(fates, weights)[0]
        if fate is not Fate.DELIVERED:
            self._world.saw(f"{fate.value} / {message.part.value}")
        return fate

    def _send(self, message: Message, fate: Fate, waiting: asyncio.Future[Answer]) -> None:
        """Let the request go, in as many copies as its fate makes of it."""
        answered = partial(self._come_back, message, fate, waiting)
        match fate:
            case Fate.REQUEST_LOST:
                self._break_later(waiting)
            case Fate.REQUEST_CUT:
                self._break_later(waiting)
                if message.body and self._chance.random() < 0.7:
                    self._deliver(message, _nobody, arrived=self._place(message.body))
            case Fate.HELD:
                self._break_later(waiting)
                self._hold(message)
            case Fate.DELAYED:
                self._deliver(message, answered, late=self._chance.uniform(*DELAYED_SECONDS))
            case Fate.DUPLICATED:
                self._deliver(message, answered)
                for _ in range(self._chance.randint(1, 4)):
                    if self._chance.random() < 0.3:
                        self._hold(message)
                    else:
                        self._deliver(message, answered, late=self._chance.uniform(0.0, 5.0))
            case _:
                self._deliver(message, answered)

    def _come_back(
        self, message: Message, fate: Fate, waiting: asyncio.Future[Answer], answer: Answer | None
    ) -> None:
        """The ledger answered, or hung up: bring that to whoever still waits."""
        if answer is not None:
            self._note_session(message.part, answer)
        passes = fate is Fate.DUPLICATED and message.part is Part.CHANGE and may_pass(answer)
        if fate is Fate.ANSWER_LOST or passes:
            self._break_later(waiting)
            return
        late = (
            self._chance.uniform(*DELAYED_SECONDS)
            if fate is Fate.DELAYED and self._chance.random() < 0.3
            else 0.0
        )

        def arrive() -> None:
            if waiting.done():
                return
            if answer is None:
                waiting.set_exception(httpx.ReadError("connection reset"))
            else:
                waiting.set_result(answer)

        self._later(self._way() + late, arrive)

    def _note_session(self, part: Part, answer: Answer) -> None:
        if answer.status == 401 and any(code in answer.body for code in _SESSION_CODES):
            self._world.saw(f"{Trouble.SESSION_OVER.value} / {part.value}")
        if part is Part.CHANGE and answer.status == 507:
            self._world.saw(f"{Trouble.LEDGER_FULL.value} / {part.value}")
        if part is Part.CHANGE and (answer.status == 429 or b'"overloaded"' in answer.body):
            self._world.saw(f"{Trouble.LEDGER_BUSY.value} / {part.value}")

    def _break_later(self, waiting: asyncio.Future[Answer]) -> None:
        """The connection breaks after a while, or nothing ever comes."""
        if self._chance.random() < 0.4:
            return
        error = self._chance.choice(
            (
                httpx.ReadError("reset"),
                httpx.RemoteProtocolError("Server disconnected."),
                httpx.WriteError("x"),
            )
        )

        def fail() -> None:
            if not waiting.done():
                waiting.set_exception(error)

        self._later(self._chance.uniform(0.01, 3.0), fail)

    # ── copies on their way ─────────────────────────────────────────────────────────────────────────────────────────

    def _deliver(
        self,
        message: Message,
        told: Callable[[Answer | None], None],
        *,
        late: float = 0.0,
        arrived: int | None = None,
    ) -> None:
        self.flying += 1

        def arrive() -> None:
            self.flying -= 1
            self._world.house.take(message, told, arrived=arrived)

        self._later(self._way() + late, arrive)

    def _hold(self, message: Message) -> None:
        """It lies somewhere, and is let go long after anybody waited for it."""
        seconds = self._chance.uniform(*self._chance.choice(HELD_SECONDS))

        def release() -> None:
            del self._held[timer]
            self._world.note("network", f"lets go {message.method} of {message.sender}")
            self._world.house.take(message, _nobody)

        timer = self._later(seconds, release)
        self._held[timer] = release

    def release_all(self) -> int:
        """Let go whatever is held; how many that were."""
        held = list(self._held.items())
        for timer, release in held:
            timer.cancel()
            release()
        return len(held)

    def _later(self, seconds: float, act: Callable[[], None]) -> asyncio.TimerHandle:
        return self._loop.call_later(seconds, act, context=self._loop.nowhere)

    def _way(self) -> float:
        low, high = self._world.plan.round_trip_seconds
        return self._chance.uniform(low, high) / 2

    async def _pause(self) -> None:
        await asyncio.sleep(self._way())


class Wire(httpx.AsyncBaseTransport):
    """What carries the requests of one terminal: one line of the simulated network."""

    def __init__(self, network: Network, line: Line) -> None:
        self._network = network
        self._line = line

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        return await self._network.carry(self._line, request)


def may_pass(answer: Answer | None) -> bool:
    """Whether this refuses a change for a reason that may be gone when another copy of the same request arrives.

    The ledger keeps no such answer (IDEM-6): it speaks of its own copy alone. Whoever repeats requests on the line must
    not hand it on, which is why proxies may not repeat them at all (RTY-2); this one loses it.
    """
    if answer is None or answer.status < 400:
        return False
    return answer.status not in {409, 412, 422} or any(code in answer.body for code in _UNSETTLED)


def _nobody(_: Answer | None) -> None:
    """Whoever asked has long gone."""


def chance_of(*purpose: object) -> random.Random:
    """Randomness of its own for one purpose of one world."""
    return random.Random("/".join(str(part) for part in purpose))
