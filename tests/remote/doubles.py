"""Time that stands still, a server that misbehaves on demand, and a small ledger of keys behind it."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from branchtui.contract.balance_records import NewBalanceRecord
from branchtui.contract.customers import AccountKind
from branchtui.remote.client import Ledger
from branchtui.remote.journal import IntentJournal
from branchtui.remote.transport import Deadlines

START = datetime(2026, 9, 30, 14, 2, 11, tzinfo=UTC)


class StillTime:
    """A clock that moves only when somebody sleeps, and then at once."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.asleep = 0.0
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds - 1000.0)

    def monotonic(self) -> float:
        return self.seconds

    def boottime(self) -> float:
        return self.seconds + self.asleep

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        await asyncio.sleep(0)
        self.seconds += seconds


class HeldTime(StillTime):
    """As `StillTime`, but a sleep ends only when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        await self.go.wait()
        self.seconds += seconds


@dataclass
class Asked:
    """One request as the server read it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    size: int

    @property
    def key(self) -> str:
        return self.headers["idempotency-key"].strip('"')

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Behaviour = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


def response(status: int, body: bytes, media_type: str, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {media_type}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def answers(status: int, value: Any, **headers: str) -> Behaviour:
    async def behave(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(response(status, json.dumps(value).encode(), "application/json", **headers))

    return behave


def problem_of(status: int, code: str, *, outcome: str = "not_applied", **more: Any) -> dict[str, Any]:
    detail = more.pop("detail", f"The ledger said {code}.")
    return {"title": code, "status": status, "code": code, "outcome": outcome, "detail": detail, **more}


def refuses(status: int, code: str, *, retry_after: str | None = None, **more: Any) -> Behaviour:
    async def behave(_: Asked, writer: asyncio.StreamWriter) -> None:
        body = json.dumps(problem_of(status, code, **more)).encode()
        headers = {"Retry_After": retry_after} if retry_after else {}
        writer.write(response(status, body, "application/problem+json", **headers))

    return behave


def sends(raw: bytes) -> Behaviour:
    """Write exactly these bytes, then close."""

    async def behave(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        writer.close()

    return behave


def html(status: int = 200) -> Behaviour:
    return sends(response(status, b"<html>Welcome to the hotel</html>", "text/html"))


async def closes(_: Asked, writer: asyncio.StreamWriter) -> None:
    """FIN instead of an answer."""
    writer.close()


async def resets(_: Asked, writer: asyncio.StreamWriter) -> None:
    """RST instead of an answer."""
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def stalls(_: Asked, __: asyncio.StreamWriter) -> None:
    """Say nothing, for ever."""
    await asyncio.Event().wait()


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop turn until something holds that no event tells of."""
    while not holds():  # noqa: ASYNC110 - what is waited for is inside the code under test
        await asyncio.sleep(0)


class Server:
    """An HTTP server on a loopback port: the behaviours of `plan` first, one a request, then `usual`."""

    def __init__(self, usual: Behaviour) -> None:
        self.usual = usual
        self.plan: list[Behaviour] = []
        self.asked: list[Asked] = []
        self.connections = 0
        self.url = ""

    def paths(self) -> list[str]:
        return [f"{asked.method} {asked.path.partition('?')[0]}" for asked in self.asked]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError):
            while not writer.transport.is_closing():
                asked = await read_request(reader)
                if asked is None:
                    break
                self.asked.append(asked)
                behave = self.plan.pop(0) if self.plan else self.usual
                await behave(asked, writer)
                await writer.drain()


async def read_request(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *rest = head.strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, path, headers, body, len(head) + len(body))


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve connections by `handler` on a loopback port, the value; none outlives the block."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def running(usual: Behaviour, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(usual)
    async with listening(server.serve, tls) as port:
        server.url = f"{'https' if tls else 'http'}://localhost:{port}"
        yield server


USER = {"id": "u1", "username": "achieng", "roles": ["teller"], "branch_id": "b1", "branches": []}
IDENTITY = {"ledger_id": "ledger-1", "epoch": "1"}
CUSTOMER = {
    "id": "c1",
    "customer_no": "00417",
    "name": "Jane Wanjiru",
    "account_no": "00417",
    "status": "active",
}


def session_of(number: int, username: str = "achieng") -> dict[str, Any]:
    return {
        "access_token": f"access-{number}",
        "expires_in": 600,
        "refresh_token": f"refresh-{number}",
        "user": {**USER, "username": username},
        "ledger": IDENTITY,
    }


def record_of(**members: Any) -> dict[str, Any]:
    return {
        "id": "r1",
        "version": 1,
        "branch_id": "b1",
        "customer_id": "c1",
        "customer": CUSTOMER,
        "account_kind": "savings",
        "amount_minor": 125_000,
        "currency": "KES",
        "as_of_date": "2026-09-30",
        "status": "not_accounted",
        "created_by": "achieng",
        "created_at": "2026-09-30T14:02:12Z",
        "actions": ["post", "edit", "delete"],
        **members,
    }


NEW_RECORD = NewBalanceRecord(
    customer_id="c1",
    account_kind=AccountKind.SAVINGS,
    amount_minor=125_000,
    currency="KES",
    as_of_date=date(2026, 9, 30),
)


@dataclass
class KeyLedger:
    """The ledger's half of exactly-once and nothing else: effects by key, operations, fences (IDEM-4 to 9)."""

    effects: list[str] = field(default_factory=list)
    operations: dict[str, str] = field(default_factory=dict)
    sessions: int = 0
    valid: set[str] = field(default_factory=set)

    async def __call__(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await self.behaviour(asked)(asked, writer)

    def behaviour(self, asked: Asked) -> Behaviour:
        path = asked.path.partition("?")[0]
        if path in {"/v1/sessions", "/v1/sessions/refresh"}:
            self.sessions += 1
            self.valid = {f"Bearer access-{self.sessions}"}
            username = asked.json.get("username", "achieng")
            return answers(201, session_of(self.sessions, username))
        if path == "/healthz":
            return answers(200, {"status": "ok"})
        if asked.headers.get("authorization") not in self.valid:
            return refuses(401, "token-expired")
        if path.startswith("/v1/operations/"):
            return self.operation(asked.method, path.split("/")[3])
        if asked.method == "POST":
            return self.apply(asked)
        return answers(200, {"items": []})

    def apply(self, asked: Asked) -> Behaviour:
        state = self.operations.get(asked.key)
        if state == "cancelled":
            return refuses(409, "operation-cancelled")
        if state is None:
            self.operations[asked.key] = "succeeded"
            self.effects.append(asked.key)
        return answers(201, record_of())

    def operation(self, method: str, key: str) -> Behaviour:
        if method == "POST":
            self.operations.setdefault(key, "cancelled")
        if key not in self.operations:
            return refuses(404, "operation-unknown")
        return answers(200, {"key": key, "state": self.operations[key], "reference": "X"})


def applied_then(fault: Behaviour, ledger: KeyLedger) -> Behaviour:
    """The change is recorded, and its answer is lost in `fault`."""

    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
        ledger.apply(asked)
        await fault(asked, writer)

    return behave


QUICK = Deadlines(read=0.2, mutation=0.2, connect=0.2, silence=0.2, pool=0.2)


def client_of(
    server: Server, directory: Path, time: StillTime, *, deadlines: Deadlines | None = None
) -> Ledger:
    """A client on still time, with its own journal below `directory`."""
    numbers = iter(range(1, 1000))
    return Ledger(
        server.url,
        journal=IntentJournal.open(directory / "journal", now=time.now()),
        clock=time,
        rng=Random(7),
        new_key=lambda: f"00000000-0000-4000-8000-{next(numbers):012x}",
        sleep=time.sleep,
        deadlines=deadlines,
    )
