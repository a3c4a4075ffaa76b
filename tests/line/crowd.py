"""Many terminals' client cores and one real ledger in this process, on leaping time, over a line that goes away."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import TYPE_CHECKING, Any, Final

import httpx
from tests.ledger.running import CURRENCY, PASSWORD, cheap_passwords
from tests.line.leaping import MORNING, LeapingLoop, LoopClock, run_leaping

from branchtui.contract.balance_records import NewBalanceRecord
from branchtui.contract.customers import AccountKind
from branchtui.ledger.core import Core, open_core
from branchtui.ledger.web.app import make_app
from branchtui.ledger.web.limits import LIFTED, Limits
from branchtui.ledger.web.routes import all_routes
from branchtui.remote.client import Ledger
from branchtui.remote.errors import LedgerError, OutcomeUnknown
from branchtui.remote.journal import IntentJournal
from branchtui.remote.resolver import Phase, Progress

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

URL: Final = "http://127.0.0.1:9"
"""Nothing listens there: every request goes to the ledger in this process."""
THERE_SECONDS: Final = 0.1
"""One way; an answer takes as long."""


class Line(Enum):
    """What the line does to whoever wants to send: carry it, refuse the connection, swallow it."""

    UP = "up"
    REFUSES = "refuses"
    SWALLOWS = "swallows"


@dataclass
class Weather:
    """When the line is away, in seconds from the beginning, and how."""

    begins: float
    seconds: float
    how: Line

    @property
    def ends(self) -> float:
        """When it heals."""
        return self.begins + self.seconds

    def at(self, now: float) -> Line:
        """The line at a moment."""
        return self.how if self.begins <= now < self.ends else Line.UP


@dataclass
class Log:
    """What happened, at which second: everything that was sent or tried, what people wanted, how doubts ended.

    `overtaken` are the keys of requests that were under way when the line went.
    """

    requests: list[float] = field(default_factory=list)
    intents: list[float] = field(default_factory=list)
    doubts: dict[str, float | None] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    overtaken: set[str] = field(default_factory=set)


class Wire(httpx.AsyncBaseTransport):
    """One terminal's way to the ledger. A try at a connection counts as a request."""

    def __init__(self, app: Any, weather: Weather, log: Log, now: Callable[[], float]) -> None:
        self._inner = httpx.ASGITransport(app=app)
        self._weather = weather
        self._log = log
        self._now = now

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """There and back, if the line stands at both moments."""
        self._log.requests.append(self._now())
        if self._weather.at(self._now()) is Line.REFUSES:
            await asyncio.sleep(THERE_SECONDS)
            raise httpx.ConnectError("refused")
        await request.extensions["trace"]("http11.send_request_headers.started", {})
        if self._weather.at(self._now()) is Line.SWALLOWS:
            await self._silence(request)
        await asyncio.sleep(THERE_SECONDS)
        response = await self._inner.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        body = b"".join([chunk async for chunk in response.stream])
        await asyncio.sleep(THERE_SECONDS)
        if self._weather.at(self._now()) is not Line.UP:
            self._log.overtaken.add(request.headers.get("idempotency-key", "").strip('"'))
            await self._silence(request)
        headers = [pair for pair in response.headers.raw if pair[0].lower() != b"transfer-encoding"]
        return httpx.Response(response.status_code, headers=headers, stream=httpx.ByteStream(body))

    async def _silence(self, request: httpx.Request) -> None:
        await asyncio.sleep(request.extensions["timeout"]["read"])
        raise httpx.ReadTimeout("nothing came")


class LedgerClock:
    """The ledger's clock by the loop's time."""

    def __init__(self, loop: LeapingLoop) -> None:
        self._loop = loop
        self._stamps = 0

    def now_us(self) -> int:
        """Microseconds since 1970, each later than the one before."""
        self._stamps += 1
        return int(MORNING.timestamp() * 1_000_000) + int(self._loop.time() * 1_000_000) + self._stamps


@dataclass
class Teller:
    """A person who wants something every `think` seconds on average: looks somebody up, or keys a balance."""

    ledger: Ledger
    rng: Random
    customers: list[str]
    log: Log
    now: Callable[[], float]
    think: float

    def __post_init__(self) -> None:
        self.ledger.resolver.listen(self._hear)

    def _hear(self, progress: Progress) -> None:
        if progress.phase is Phase.SETTLED and progress.intent.key in self.log.doubts:
            self.log.doubts[progress.intent.key] = self.now()

    async def work(self, until: float) -> None:
        """Until it is late. What is refused is not tried again by itself: it is wanted again in a while."""
        while (pause := self.rng.expovariate(1 / self.think)) + self.now() < until:
            await asyncio.sleep(pause)
            self.log.intents.append(self.now())
            try:
                await self._want()
            except OutcomeUnknown as unknown:
                self.log.doubts.setdefault(unknown.intent.key, None)
            except LedgerError as error:
                self.log.told.append(type(error).__name__)

    async def _want(self) -> None:
        if self.rng.random() < 0.5:
            await self.ledger.customers(self.rng.choice(("achieng", "otieno", "wanjiku")), limit=10)
            return
        await self.ledger.create_balance_record(
            NewBalanceRecord(
                customer_id=self.rng.choice(self.customers),
                account_kind=AccountKind.SAVINGS,
                amount_minor=self.rng.randrange(1, 10_000_000),
                currency=CURRENCY,
                as_of_date=MORNING.date(),
                external_ref=uuid.UUID(int=self.rng.getrandbits(128)).hex,
            )
        )


@asynccontextmanager
async def in_process(loop: LeapingLoop, database: str) -> AsyncIterator[tuple[Core, Any]]:
    """The ledger and its application; while its writer works, time stands still."""
    core = open_core(database, clock=LedgerClock(loop))
    enqueue = core.writer._enqueue

    async def counted(run: Any, *, bulk: bool) -> Any:
        with loop.real_work():
            return await enqueue(run, bulk=bulk)

    core.writer._enqueue = counted  # type: ignore[method-assign]
    try:
        app = make_app(core, all_routes(cheap_passwords()), limits=Limits(LIFTED))
        async with app.router.lifespan_context(app):
            yield core, app
    finally:
        for task in (left := list(core.background)):
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        core.close()


def at_work(
    database: str,
    folder: Path,
    people: list[str],
    customers: list[str],
    weather: Weather,
    *,
    seconds: float,
    think: float,
    seed: str,
    after: float = 120.0,
) -> Log:
    """Everybody works for so long; then, for `after` seconds, what is in doubt is settled."""

    async def run(loop: LeapingLoop) -> Log:
        log, clock = Log(), LoopClock(loop)
        async with in_process(loop, database) as (_, app):
            tellers = []
            begun = [loop.time()]

            def now() -> float:
                return loop.time() - begun[0]

            for at, name in enumerate(people):
                ledger = Ledger(
                    URL,
                    journal=IntentJournal.open(folder / name, now=clock.now()),
                    clock=clock,
                    rng=Random(f"{seed} {name}"),
                    new_wire=lambda: Wire(app, weather, log, now),
                )
                begun[0] = loop.time() + 1e6
                await ledger.sign_in(name, PASSWORD)
                tellers.append(Teller(ledger, Random(f"{seed} {at}"), customers, log, now, think))
            begun[0] = loop.time()
            log.requests.clear()
            await asyncio.gather(*(teller.work(seconds) for teller in tellers))
            # What still asks is heard to its end; what it sends is not of the window.
            window = len(log.requests)
            await asyncio.sleep(max(seconds, weather.ends) + after - now())
            del log.requests[window:]
            for teller in tellers:
                await teller.ledger.close()
        return log

    return run_leaping(run, grace_seconds=0.0)
