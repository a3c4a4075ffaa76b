"""Clients that post and read over HTTP, and the CPU that everybody spends on it."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from urllib.parse import urlsplit

from bench.ledgers import Served
from branchtui.ledger.clock import new_id

_TICKS = os.sysconf("SC_CLK_TCK")


class Line:
    """One kept connection to a served ledger."""

    def __init__(self, served: Served) -> None:
        self._where = urlsplit(served.url)

    async def open(self) -> None:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection(self._where.hostname, self._where.port)

    async def ask(self, first: str, token: str, more: str = "", body: bytes = b"") -> float:
        """Send a request, `more` its further headers; milliseconds until its answer, which has to be a good one, is there."""
        head = (
            f"{first} HTTP/1.1\r\nhost: {self._where.netloc}\r\nauthorization: Bearer {token}\r\n{more}\r\n"
        )
        began = time.perf_counter()
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        said = await self._reader.readexactly(length)
        assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")), said
        return (time.perf_counter() - began) * 1000

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def drive(
    served: Served, tokens: list[str], records: list[str], connections: int
) -> tuple[float, list[float]]:
    """Post every record, `connections` at a time, each of the next session; seconds in all, milliseconds each."""
    waiting = list(records)
    waits: list[float] = []

    async def work(token: str) -> None:
        line = Line(served)
        await line.open()
        while waiting:
            more = f'idempotency-key: {new_id()}\r\nif-match: "1"\r\ncontent-length: 0\r\n'
            waits.append(await line.ask(f"POST /v1/balance-records/{waiting.pop()}/post", token, more))
        line.close()

    began = time.perf_counter()
    await asyncio.gather(*(work(tokens[place % len(tokens)]) for place in range(connections)))
    return time.perf_counter() - began, waits


async def read(served: Served, token: str, record: str, until: asyncio.Event, count: int) -> list[float]:
    """Milliseconds of reading one record, again and again: `count` times, or until something else is done."""
    line = Line(served)
    await line.open()
    waits: list[float] = []
    while len(waits) < count and not until.is_set():
        waits.append(await line.ask(f"GET /v1/balance-records/{record}", token))
    line.close()
    return waits


async def read_beside(served: Served, tokens: list[str], records: list[str], connections: int) -> list[float]:
    """Milliseconds of one reader while writers are saturated."""
    done = asyncio.Event()

    async def write() -> None:
        await drive(served, tokens, records, connections)
        done.set()

    waits, _ = await asyncio.gather(read(served, tokens[0], records[0], done, 1_000_000), write())
    return waits


def cpu_seconds(pid: int) -> float:
    """What a process, its children that live and those that have ended have spent so far."""
    below: dict[int, list[int]] = {}
    spent: dict[int, float] = {}
    for each in Path("/proc").iterdir():
        if not each.name.isdigit():
            continue
        try:
            fields = (each / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        below.setdefault(int(fields[1]), []).append(int(each.name))
        spent[int(each.name)] = sum(map(int, fields[11:15])) / _TICKS
    total, waiting = 0.0, [pid]
    while waiting:
        found = waiting.pop()
        total += spent.get(found, 0.0)
        waiting += below.get(found, [])
    return total
