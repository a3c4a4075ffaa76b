"""One script of keys at a counter over a real ledger, typed at some speed on virtual time; what it ended in."""

from __future__ import annotations

import asyncio
import random
import re
import uuid
from collections import Counter as Tally
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx
from tests.ledger.running import PASSWORD, cheap_passwords
from tests.screens.virtual_time import VirtualClock, VirtualLoop, run_virtually
from textual import events
from textual.keys import _character_to_key

from branchtui.app import BranchApp
from branchtui.ledger.core import Core, open_core
from branchtui.ledger.store.reader import SqliteReader
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.web.app import make_app
from branchtui.ledger.web.limits import LIFTED, Limits
from branchtui.ledger.web.routes import all_routes
from branchtui.remote.client import Ledger
from branchtui.remote.journal import IntentJournal
from branchtui.remote.journal_files import journal_directory
from branchtui.screens.desk import Credentials
from branchtui.settings import Settings
from branchtui.terminal.shown import is_confirmation
from branchtui.widgets.form import Form
from branchtui.widgets.status_line import StatusLine
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

T = TypeVar("T")
URL: Final = "http://127.0.0.1:9"
"""Nothing listens there: every request goes to the ledger in this process."""
LATENCY_SECONDS: Final = 3.0
PAUSE_SECONDS: Final = 2.0
"""Between two keys of somebody slow, after all that the first one started has ended."""
PATIENCE_SECONDS: Final = 600.0
_CONTROL: Final = {
    "enter": "\r", "escape": "\x1b", "tab": "\t", "backspace": "\x7f", "space": " ",
}  # fmt: skip
MONEY: Final = {
    "records": "SELECT customer_id, account_kind, amount_minor, as_of_date, narration, external_ref, status, version "
    "FROM balance_records ORDER BY rowid",
    "payments": "SELECT id, state, customer_id, version FROM payments ORDER BY id",
    "accounts": "SELECT id, balance_minor, version FROM accounts ORDER BY id",
    "entries": "SELECT kind, subject_id FROM journal_entries ORDER BY rowid",
    "operations": "SELECT action, state, status, code, summary, amount_minor FROM operations ORDER BY rowid",
    "imports": "SELECT state, rows_ok, rows_error, imported FROM imports ORDER BY rowid",
}


class Speed(Enum):
    """How somebody types."""

    AT_ONCE = "at once"
    IN_BURSTS = "in bursts"
    SLOWLY = "slowly"


@dataclass
class End:
    """What a script ended in. `keys_left`: those behind the first confirmation. `put_aside` is what the status line counts."""

    ledger: dict[str, list[tuple[Any, ...]]]
    screen: dict[str, Any]
    keys_left: int = 0
    put_aside: int = 0
    is_confirmation: bool = False
    trail: list[str] = field(default_factory=list)


def event_of(key: str) -> events.Key | events.Paste:
    """`a`, `<enter>`, `<paste:text>` as the terminal's parser gives them."""
    if not key.startswith("<") or key == "<":
        return events.Key(_character_to_key(key), key)
    name = key[1:-1]
    if name.startswith("paste:"):
        return events.Paste(name.removeprefix("paste:"))
    character = _CONTROL.get(name)
    if character is None and re.fullmatch(r"ctrl\+[a-z]", name):
        character = chr(ord(name[-1]) - ord("a") + 1)
    return events.Key(name, character)


def keys_of(script: str) -> list[str]:
    """A readable script as single keys: `:cu wanj<enter>` are nine."""
    return re.findall(r"<[a-z_0-9]+(?:\+[a-z_0-9]+)*>|<paste:[^>]*>|.", script, re.DOTALL)


class SlowWire(httpx.AsyncBaseTransport):
    """The ledger in this process, each answer as late as its own name says."""

    def __init__(self, app: Any, seconds_of: Callable[[str], float]) -> None:
        self._inner = httpx.ASGITransport(app=app)
        self._seconds_of = seconds_of
        self._seen: Tally[str] = Tally()
        self.under_way = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Half of the time there, half of it back."""
        name = f"{request.method} {request.url.raw_path.decode()}"
        self._seen[name] += 1
        seconds = self._seconds_of(f"{name} {self._seen[name]}")
        self.under_way += 1
        try:
            await asyncio.sleep(seconds / 2)
            await request.extensions["trace"]("http11.send_request_headers.started", {})
            response = await self._inner.handle_async_request(request)
            assert isinstance(response.stream, httpx.AsyncByteStream)
            body = b"".join([chunk async for chunk in response.stream])  # as it is sent: compressed
            await asyncio.sleep(seconds / 2)
            headers = [pair for pair in response.headers.raw if pair[0].lower() != b"transfer-encoding"]
            return httpx.Response(response.status_code, headers=headers, stream=httpx.ByteStream(body))
        finally:
            self.under_way -= 1


class Desk:
    """One run: the ledger, the program over it, and the person."""

    def __init__(
        self, loop: VirtualLoop, folder: Path, core: Core, wire: SlowWire, *, signs_in: bool
    ) -> None:
        clock = VirtualClock(loop)
        keys = random.Random(11)
        self.core = core
        self.wire = wire
        self._signs_in = signs_in

        def open_ledger(settings: Settings) -> Ledger:
            assert settings.state_folder is not None
            directory = journal_directory(settings.state_folder, URL, "default")
            return Ledger(
                URL,
                journal=IntentJournal.open(directory, now=clock.now()),
                clock=clock,
                rng=random.Random(7),
                new_key=lambda: str(uuid.UUID(int=keys.getrandbits(128), version=4)),
                new_wire=lambda: wire,
            )

        # Its name stands on a screen: the same one at every speed.
        self.app = BranchApp(
            Settings(ledger=URL, state_folder=folder / "state", import_folder=Path("imports")),
            open_ledger=open_ledger,
            credentials=None if signs_in else Credentials("teller", PASSWORD),
            now=clock.now,
        )

    async def hosts(self, person: Callable[[Desk], Awaitable[T]], size: tuple[int, int]) -> T:
        """Start the program, let the person work, end it; a failure of the program is one of the test."""
        app = self.app
        running = asyncio.create_task(app.run_async(headless=True, size=size))
        try:
            await self._until(lambda: bool(app.screen_stack))
            if not self._signs_in:
                await self._until(lambda: bool(app.desk.username))
                await self.quiet()
            return await person(self)
        finally:
            app.exit()
            await running
            if app._exception is not None:
                raise app._exception

    def press(self, script: str) -> None:
        """Give a script to the program at once, as a terminal gives what was typed while it was busy."""
        for key in keys_of(script):
            self.app.post_message(event_of(key))

    async def type(self, script: Sequence[str], speed: Speed, rng: random.Random) -> End:
        """Type, let everything end, look."""
        end = End({}, {})
        if speed is Speed.SLOWLY:
            await self._slowly(script, end)
        else:
            await self._in_bursts(script, end, len(script) if speed is Speed.AT_ONCE else 0, rng)
        await self.quiet()
        # The framework leaves stale what lies beneath two dialogs: all is painted anew, from the ground up.
        for screen in [] if self._is_over else self.app.screen_stack:
            screen.refresh(layout=True)
            await asyncio.sleep(0.1)
        self._look(end)
        end.ledger = money_of(self.core)
        return end

    async def _slowly(self, script: Sequence[str], end: End) -> None:
        await self.quiet()
        for at, key in enumerate(script):
            if self._is_over or is_confirmation(self.app.screen):
                end.keys_left = len(script) - at
                return
            self.app.post_message(event_of(key))
            await self.quiet()
            await asyncio.sleep(PAUSE_SECONDS)
            if not self._is_over:
                end.trail.append(f"{key:12} {self._where()}")

    async def _in_bursts(self, script: Sequence[str], end: End, burst: int, rng: random.Random) -> None:
        keys = list(script)
        while keys and not self._is_over:
            if burst < len(script) and is_confirmation(self.app.screen):
                end.keys_left = len(keys)
                return
            size = burst or rng.choice((1, 1, 2, 3, 5, 8, 13))
            for key in keys[:size]:
                self.app.post_message(event_of(key))
            del keys[:size]
            if keys:
                await asyncio.sleep(rng.choice((0.0, 0.001, 0.02, 0.3, 0.9, 2.5)) * rng.random())

    def _where(self) -> str:
        focused = self.app.focused
        return f"{type(self.app.screen).__name__} {type(focused).__name__ if focused else '-'} {focused.id if focused else ''}"

    @property
    def text(self) -> str:
        """What is painted, figures and all."""
        strips = self.app.screen._compositor.render_strips(self.app.size)
        return "\n".join("".join(segment.text for segment in line).rstrip() for line in strips)

    @property
    def _is_over(self) -> bool:
        return not self.app.is_running or self.app._exit or not self.app.screen_stack

    async def _until(self, holds: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not holds():  # noqa: ASYNC110 - time is virtual: a look costs nothing
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError("waited in vain; the screen shows\n" + "\n".join(_lines(self.app))) from None

    async def quiet(self) -> None:
        """Nothing is asked, no key waits, and nothing comes of itself for a while."""
        calm = 0
        async with asyncio.timeout(PATIENCE_SECONDS):
            while calm < 5 and not self._is_over:
                await asyncio.sleep(0.25)
                calm = 0 if self.wire.under_way or self.app.gate.is_busy or len(self.app.gate) else calm + 1

    def _look(self, end: End) -> None:
        app = self.app
        if self._is_over:
            end.screen = {"over": True}
            return
        end.put_aside = app.gate.put_aside
        end.is_confirmation = is_confirmation(app.screen)
        end.screen = {
            "stack": [type(screen).__name__ for screen in app.screen_stack],
            "focus": self._where(),
            "lines": _lines(app),
            "said": [f"{one.level} {one.message}" for one in app.screen.query(StatusLine)],
            "forms": [
                {each.field_name: (each.keyed, each.value, each.error) for each in form.fields}
                for screen in app.screen_stack
                for form in screen.query(Form)
            ],
            "lists": [
                (rows.id, rows.cursor.highlighted_id, sorted(rows.marks), rows.typed, rows.is_settled)
                for screen in app.screen_stack
                for rows in screen.query(VirtualList)
            ],
        }


def _lines(app: BranchApp) -> list[str]:
    """What is painted, without the figures of the status line and the room that they take from its sentence."""
    strips = app.screen._compositor.render_strips(app.size)
    lines = ["".join(segment.text for segment in line).rstrip() for line in strips]
    for screen in app.screen_stack:
        for status in screen.query(StatusLine):
            for row in range(status.region.y, status.region.bottom):
                lines[row] = "(status)"
    return [line.rstrip() for line in lines]


def money_of(core: Core) -> dict[str, list[tuple[Any, ...]]]:
    """The rows that matter."""
    assert isinstance(core.reader, SqliteReader)
    connection = connect(core.reader._path, read_only=True)
    try:
        return {
            name: [tuple(row) for row in connection.execute(statement)] for name, statement in MONEY.items()
        }
    finally:
        connection.close()


def at_desk(
    person: Callable[[Desk], Awaitable[T]],
    *,
    database: str,
    folder: Path,
    seconds_of: Callable[[str], float],
    size: tuple[int, int] = (80, 24),
    signs_in: bool = False,
) -> T:
    """What `person` does at the program over the ledger of that file, on virtual time.

    `seconds_of` gives the time of a request's answer by its method, path and ordinal.
    """

    async def work(loop: VirtualLoop) -> T:
        numbers = iter(range(1, 1_000_000))
        core = open_core(
            database, clock=VirtualClock(loop), ids=lambda: str(uuid.UUID(int=next(numbers) << 16))
        )
        enqueue = core.writer._enqueue

        async def counted(run: Any, *, bulk: bool) -> Any:
            with loop.real_work():
                return await enqueue(run, bulk=bulk)

        core.writer._enqueue = counted  # type: ignore[method-assign]
        try:
            server = make_app(core, all_routes(cheap_passwords()), limits=Limits(LIFTED))
            async with server.router.lifespan_context(server):
                wire = SlowWire(server, seconds_of)
                desk = Desk(loop, folder, core, wire, signs_in=signs_in)
                return await desk.hosts(person, size)
        finally:
            for task in (left := list(core.background)):
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            core.close()

    done: T = run_virtually(work)
    return done


def typed(
    script: Sequence[str],
    speed: Speed,
    *,
    database: str,
    folder: Path,
    seed: int = 0,
    size: tuple[int, int] = (80, 24),
    signs_in: bool = False,
) -> End:
    """Type a script over a fresh ledger (`database` is its own), at some speed; latencies follow from the seed."""
    rng = random.Random(f"{seed} {speed.value}")

    def seconds_of(name: str) -> float:
        each = random.Random(f"{seed} {speed.value} {name}")
        # Some answers are there at once: a race needs no slow ledger.
        return each.choice((0.0, 0.001, 0.05, 1.0, 1.0, 1.0)) * each.uniform(0.0, LATENCY_SECONDS)

    return at_desk(
        lambda desk: desk.type(script, speed, rng),
        database=database,
        folder=folder,
        seconds_of=seconds_of,
        size=size,
        signs_in=signs_in,
    )
