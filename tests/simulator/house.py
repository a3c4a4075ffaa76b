"""The ledger as a process of the simulator: the real application over a real file, one life after another."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import apsw
from tests.ledger.running import cheap_passwords
from tests.simulator.faults import LEDGER_POINTS, Trouble
from tests.simulator.loop import Killed, Process
from tests.simulator.messages import Answer, Message, asgi_scope
from tests.simulator.template import MORNING_US

from branchtui.ledger.backup import back_up, restore
from branchtui.ledger.core import Core, open_core
from branchtui.ledger.store.sqlite import SqliteConnection
from branchtui.ledger.store.sqlite_store import SqliteStore, database_path
from branchtui.ledger.store.writer import Writer
from branchtui.ledger.web.app import make_app
from branchtui.ledger.web.limits import LIFTED, Limits, Rate, Rates
from branchtui.ledger.web.routes import all_routes

if TYPE_CHECKING:
    from starlette.types import Message as AsgiMessage
    from tests.simulator.template import Template
    from tests.simulator.world import World

T = TypeVar("T")

TURN_SECONDS: Final = 0.002
"""Between a command and the batch that takes it; more commands may come meanwhile."""

SLOW_SECONDS: Final = (1.0, 25.0)
PAGES_MAX: Final = 1_073_741_823
BUSY: Final = Rates(in_flight=2, in_flight_each=2, in_flight_nobody=2, changes=Rate(0.05, 2), searches=None)
"""A ledger at its limits: it says 503 and 429."""

Taken = Callable[[Answer | None], None]
"""Is told the answer, or that there is none: the connection has gone."""


class LedgerClock:
    """The ledger's wall clock: the loop's time, and whatever somebody stepped it by."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.stepped_seconds = 0.0

    def now_us(self) -> int:
        """Microseconds since 1970 UTC."""
        return MORNING_US + int((self._loop.time() + self.stepped_seconds) * 1_000_000)


class LoopWriter(Writer):
    """The ledger's own writer, its batches as turns of the event loop."""

    def __init__(self, store: SimStore, *, committed: Callable[[float], object], life: Life) -> None:
        super().__init__(store, committed=committed)
        self._life = life
        self._is_working = False

    def start(self) -> None:
        """Open the database here."""
        self._connection = self._store.connect_writer()

    def stop(self) -> None:
        """Finish what waits, then close the connection."""
        self._stopping = True
        while self._has_work():
            self._turn()
        self._disconnect()

    def kill(self) -> None:
        """Leave the file as it is; where it dies in the middle of a batch, once that has unwound."""
        self._stopping = True
        if isinstance(self._connection, SqliteConnection) and not self._is_working:
            leave(self._connection)
            self._connection = None

    async def _enqueue(self, run: Callable[[Any], T], *, bulk: bool) -> T:
        asyncio.get_running_loop().call_later(self._life.turn_seconds(), self._work_on)
        return await super()._enqueue(run, bulk=bulk)

    def _has_work(self) -> bool:
        return self._carried is not None or self.waiting > 0

    def _work_on(self) -> None:
        self._is_working = True
        try:
            while self._life.process.is_alive and self._has_work():
                self._turn()
        except Killed:
            self._is_working = False
            self.kill()
        finally:
            self._is_working = False


class SimStore(SqliteStore):
    """A ledger's file, whose commits are places to die at."""

    def __init__(self, path: Path, life: Life) -> None:
        super().__init__(path)
        self._life = life

    def connect_writer(self) -> SqliteConnection:
        """The writer's connection."""
        connection = super().connect_writer()
        commit = connection.commit

        def watched() -> None:
            self._life.at("before COMMIT")
            commit()
            self._life.at("after COMMIT")

        connection.commit = watched  # type: ignore[method-assign]  # this one connection's
        return connection


@dataclass
class Life:
    """One life of the ledger's process."""

    house: House
    process: Process
    core: Core
    app: Any
    lifespan: AbstractAsyncContextManager[Any]
    writer: LoopWriter
    limits: Limits
    waiting: dict[int, Taken]

    def at(self, point: str) -> None:
        """The process is at one of LEDGER_POINTS.

        Raises:
            Killed: it is no more.
        """
        if self.house.life is self and self.house.is_doomed(point):
            self.house.world.note("ledger", f"killed {point}")
            self.house.world.saw(f"{Trouble.LEDGER_KILLED.value} / {point}")
            self.house.kill()
            raise Killed

    def turn_seconds(self) -> float:
        """How long until the writer takes a command."""
        return self.house.turn_seconds


class House:
    """Where the ledger lives: its file, the copy that was made of it, and its present life, if it has one."""

    def __init__(self, world: World, template: Template, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.path = folder / "ledger.db"
        self.copy = folder / "copy.db"
        self.clock = LedgerClock(world.loop)
        self.life: Life | None = None
        self.turn_seconds = TURN_SECONDS
        self.is_busy = False
        self.is_handled = False
        """Whether an operator has it in hand, so that nobody else starts it."""

        self.restores = 0
        self.lives = 0
        self._ids = count(1)
        self._numbers = count(1)
        self._chance = world.chance("house")
        self._doom: tuple[str, int] | None = None
        shutil.copyfile(template.path, self.path)

    @property
    def is_served(self) -> bool:
        """Whether it lives."""
        return self.life is not None

    @property
    def database(self) -> str:
        """Its URL."""
        return f"sqlite:///{self.path}"

    # ── living and dying ────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self) -> None:
        """Serve."""
        assert self.life is None, "it is served already"
        process = Process(self.world.loop, "ledger")
        self.lives += 1
        self._arm()
        await process.run(self._begin(process))

    async def _begin(self, process: Process) -> None:
        # The store and the writer need the life that is only whole when they are made.
        life = Life(self, process, None, None, None, None, None, {})  # type: ignore[arg-type]
        life.core = open_core(
            self.database,
            clock=self.clock,
            ids=lambda: f"id-{next(self._ids):08d}",
            new_store=lambda url: SimStore(database_path(url), life),
            new_writer=partial(LoopWriter, life=life),
        )
        assert isinstance(life.core.writer, LoopWriter)
        life.writer = life.core.writer
        life.limits = Limits(BUSY if self.is_busy else LIFTED, monotonic=self.world.loop.time)
        life.app = make_app(life.core, all_routes(cheap_passwords()), limits=life.limits, watches_loop=False)
        life.lifespan = life.app.router.lifespan_context(life.app)
        await life.lifespan.__aenter__()
        self.life = life

    def _arm(self) -> None:
        """When this life ends, if it is to end by force: at a point, when it comes to it for so many times."""
        self._doom = None
        if self.world.has(Trouble.LEDGER_KILLED):
            self._doom = (self._chance.choice(LEDGER_POINTS), self._chance.randint(5, 200))

    def is_doomed(self, point: str) -> bool:
        """Count a point that is passed; True where the life ends."""
        if self._doom is None or self._doom[0] != point or not self.world.has(Trouble.LEDGER_KILLED):
            return False
        self._doom = (point, self._doom[1] - 1)
        return self._doom[1] <= 0

    def kill(self) -> None:
        """SIGKILL: no line of it runs any more, the file stays as it is, every connection breaks."""
        life, self.life = self.life, None
        if life is None:
            return
        life.process.end()
        life.writer.kill()
        reader = life.core.reader
        connection = getattr(reader, "_connection", None)
        if connection is not None:
            leave(connection)
            reader._connection = None  # type: ignore[attr-defined]
        life.core.claim.release()
        self._hang_up(life)

    async def stop(self) -> None:
        """SIGTERM: what it has accepted it still does."""
        life, self.life = self.life, None
        if life is None:
            return
        self.is_handled = True
        await life.process.run(self._leave(life))
        life.process.end()
        self._hang_up(life)
        self.is_handled = False

    async def _leave(self, life: Life) -> None:
        life.core.begin_stop()
        while life.waiting:  # noqa: ASYNC110 - as the server drains
            await asyncio.sleep(0.02)
        await life.lifespan.__aexit__(None, None, None)
        life.core.close()

    @staticmethod
    def _hang_up(life: Life) -> None:
        waiting, life.waiting = life.waiting, {}
        for told in waiting.values():
            told(None)

    # ── serving ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def take(self, message: Message, told: Taken, *, arrived: int | None = None) -> None:
        """A request arrives, whole or only its first `arrived` bytes; `told` learns what is answered."""
        life = self.life
        if life is None:
            told(None)
            return
        number = next(self._numbers)
        life.waiting[number] = told
        life.process.run(self._serve(life, number, message, arrived))

    async def _serve(self, life: Life, number: int, message: Message, arrived: int | None) -> None:
        answer = Answer()
        body = message.body if arrived is None else message.body[:arrived]
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        parts: list[AsgiMessage] = [{"type": "http.request", "body": body, "more_body": arrived is not None}]

        async def receive() -> AsgiMessage:
            if parts:
                return parts.pop()
            if arrived is None:
                await gone
            return {"type": "http.disconnect"}

        async def send(part: AsgiMessage) -> None:
            answer.add(part)

        life.at("at a request")
        await life.app(asgi_scope(message), receive, send)
        life.at("before an answer")
        told = life.waiting.pop(number, None)
        if told is not None:
            told(answer if arrived is None else None)

    # ── its disk ────────────────────────────────────────────────────────────────────────────────────────────────────

    def fill_disk(self) -> bool:
        """Not a page more; False when nobody is at home."""
        if self.life is None:
            return False
        connection = self._writing(self.life)
        [(pages,)] = connection.execute("PRAGMA page_count").fetchall()
        connection.execute(f"PRAGMA max_page_count={pages}")
        return True

    def free_disk(self) -> None:
        """Room again."""
        if self.life is not None:
            self._writing(self.life).execute(f"PRAGMA max_page_count={PAGES_MAX}")

    @staticmethod
    def _writing(life: Life) -> SqliteConnection:
        connection = life.writer._connection
        assert isinstance(connection, SqliteConnection)
        return connection

    def set_busy(self, *, busy: bool) -> None:
        """Let it be at its limits, or not."""
        self.is_busy = busy
        if self.life is not None:
            self.life.limits._rates = BUSY if busy else LIFTED

    def back_up(self) -> None:
        """`branchtui ledger backup`, beside the served ledger."""
        self.copy.unlink(missing_ok=True)
        back_up(self.database, self.copy)

    async def restore(self) -> None:
        """The operator stops the ledger, puts its file aside and makes it anew from the copy."""
        await self.stop()
        self.is_handled = True
        aside = self.folder / f"aside-{self.restores}"
        aside.mkdir()
        for each in self.folder.glob("ledger.db*"):
            if each.suffix != ".lock":
                each.rename(aside / each.name)
        restore(self.database, self.copy, self.clock.now_us())
        self.restores += 1
        self.is_handled = False


def leave(connection: SqliteConnection) -> None:
    """Close a dead process's connection without the tidying that a living one does."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.close()
