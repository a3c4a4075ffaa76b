"""Postings over HTTP beside each engine's own limit, in turns in one run, so that both meet the same machine.

SQLite's limit is a raw loop of one thread with the ledger's own statements; PostgreSQL's is pgbench's
TPC-B-like transaction, prepared, with 32 clients, on the same server with the same durability. Sign-in,
rules and audit are on; each connection has a session of its own. The machine is shared: the middle of
several turns stands, and beside it the CPU that one posting costs and that one transaction of the limit costs.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import uvloop
from tests.ledger.postgres_server import PostgresServer, programs

from bench.ledgers import TELLERS, BenchLedger, Served, figure, percentile
from bench.postings_load import cpu_seconds, drive, read, read_beside
from bench.postings_raw import raw_loop
from bench.slow_disk import SlowDisk

CONNECTIONS = 32
TURNS = 5
POSTINGS = 1_000
LONE = 300
READS = 300
BULK = 10_000
PEER_SECONDS = 4
PEER_SCALE = 32


@dataclass(frozen=True)
class Spent:
    """How many a second, and the CPU of one in microseconds."""

    rate: float
    cpu_us: float


class Stock:
    """Waiting records, put in before the ledger is served: a file belongs to the one that serves it."""

    def __init__(self, ledger: BenchLedger, *, for_limit: int, readers: int = 2, lone: int = 2) -> None:
        """For all turns of the ledger, for those of its limit where that posts as well, and for what stands beside."""
        turns = 1 + TURNS + for_limit + readers
        self._left = ledger.add_records(turns * POSTINGS + lone * LONE, tag="bench")

    def take(self, count: int) -> list[str]:
        """The next `count` of them."""
        taken, self._left = self._left[:count], self._left[count:]
        assert len(taken) == count
        return taken


def main() -> None:
    """Measure, and print one line a figure."""
    on_sqlite()
    on_slow_disk()
    if programs() is None:
        sys.stderr.write("no PostgreSQL server is installed here\n")
        return
    server = PostgresServer.fresh(parent=Path(tempfile.gettempdir()))
    try:
        on_postgres(server)
    finally:
        server.remove()


def on_sqlite() -> None:
    """A file, beside the raw loop."""
    ledger = BenchLedger.make(customers=5_000)
    try:
        stock = Stock(ledger, for_limit=TURNS)
        with ledger.serve() as served:
            tokens = sign_in(served)
            lone(stock, served, tokens, "SQLite")
            in_turns(stock, served, tokens, "SQLite", "raw loop", lambda: by_raw_loop(ledger, stock))
            readers(stock, served, tokens, "SQLite")
        post_all(ledger, "SQLite")
        ledger.command("check")
    finally:
        shutil.rmtree(ledger.folder)


def on_slow_disk() -> None:
    """The same where a flush takes a millisecond longer: commits that are shared show."""
    ledger = BenchLedger.make(customers=5_000)
    disk = SlowDisk()
    try:
        stock = Stock(ledger, for_limit=TURNS, readers=0, lone=0)
        with ledger.serve(module="bench.slow_disk") as served:
            tokens = sign_in(served)
            name = "SQLite, a flush 1 ms longer"
            in_turns(stock, served, tokens, name, "raw loop", lambda: by_raw_loop(ledger, stock))
        ledger.command("check")
    finally:
        disk.unregister()
        shutil.rmtree(ledger.folder)


def on_postgres(server: PostgresServer) -> None:
    """A server of its own, on disk, with every setting that durability needs, beside pgbench."""
    found = programs()
    assert found is not None
    ledger = BenchLedger.make(customers=5_000, url=server.new_database())
    program, peer = str(found / "pgbench"), server.new_database()
    subprocess.run([program, "-i", "-s", str(PEER_SCALE), "-q", peer], check=True, capture_output=True)
    try:
        stock = Stock(ledger, for_limit=0)
        with ledger.serve() as served:
            tokens = sign_in(served)
            lone(stock, served, tokens, "PostgreSQL", server)
            name = f"pgbench, {CONNECTIONS} clients"
            in_turns(
                stock, served, tokens, "PostgreSQL", name, lambda: by_pgbench(program, peer, server), server
            )
            readers(stock, served, tokens, "PostgreSQL")
        post_all(ledger, "PostgreSQL")
        ledger.command("check")
    finally:
        shutil.rmtree(ledger.folder)


def sign_in(served: Served) -> list[str]:
    """Tokens of several tellers' sessions."""
    return [served.sign_in(name) for name in TELLERS]


def lone(
    stock: Stock, served: Served, tokens: list[str], engine: str, server: PostgresServer | None = None
) -> None:
    """One client that has the ledger to itself."""
    uvloop.run(drive(served, tokens, stock.take(LONE), 1))
    found, waits = posted(stock, served, tokens, LONE, 1, server)
    figure(f"{engine}: a lone client, p50 / p99", shown(waits), "ms", f"{found.rate:,.0f} a second")


def in_turns(
    stock: Stock,
    served: Served,
    tokens: list[str],
    engine: str,
    peer: str,
    limit: Callable[[], Spent],
    server: PostgresServer | None = None,
) -> None:
    """The limit and the ledger, one after the other, several times."""
    uvloop.run(drive(served, tokens, stock.take(POSTINGS), CONNECTIONS))
    limits: list[Spent] = []
    ours: list[Spent] = []
    waits: list[float] = []
    slow: list[float] = []
    for _ in range(TURNS):
        limits.append(limit())
        found, some = posted(stock, served, tokens, POSTINGS, CONNECTIONS, server)
        ours.append(found)
        waits += some
        slow.append(percentile(some, 0.99))
    ratios = sorted(our.rate / its.rate for our, its in zip(ours, limits, strict=True))
    figure(
        f"{engine}: postings over HTTP, {CONNECTIONS} connections",
        f"{median(each.rate for each in ours):,.0f}",
        "a second",
        f"{peer} {median(each.rate for each in limits):,.0f} a second; ratio {median(ratios):.2f} "
        f"({ratios[0]:.2f} to {ratios[-1]:.2f} in {TURNS} turns)",
    )
    figure(
        f"{engine}: CPU of one of these postings, ledger and engine",
        f"{median(each.cpu_us for each in ours):,.0f}",
        "µs",
        f"{peer} {median(each.cpu_us for each in limits):,.0f} µs a transaction",
    )
    figure(
        f"{engine}: one of these postings, p50 / p99",
        shown(waits),
        "ms",
        f"p99 of the {TURNS} turns {min(slow):.1f} to {max(slow):.1f}",
    )


def posted(
    stock: Stock,
    served: Served,
    tokens: list[str],
    count: int,
    connections: int,
    server: PostgresServer | None,
) -> tuple[Spent, list[float]]:
    """Post `count` fresh records; milliseconds each."""
    records = stock.take(count)
    before = spent_by(served, server)
    seconds, waits = uvloop.run(drive(served, tokens, records, connections))
    return Spent(count / seconds, (spent_by(served, server) - before) / count * 1e6), waits


def spent_by(served: Served, server: PostgresServer | None) -> float:
    """CPU seconds of the ledger and its database server."""
    assert server is None or server.process is not None
    of_server = cpu_seconds(server.process.pid) if server is not None and server.process is not None else 0.0
    return cpu_seconds(served.process.pid) + of_server


def by_raw_loop(ledger: BenchLedger, stock: Stock) -> Spent:
    """SQLite's own limit; the ledger is served meanwhile and idle."""
    records = stock.take(POSTINGS)
    before = time.process_time()
    rate = raw_loop(ledger, records)
    return Spent(rate, (time.process_time() - before) / len(records) * 1e6)


def by_pgbench(program: str, database: str, server: PostgresServer) -> Spent:
    """PostgreSQL's own limit; the ledger is served meanwhile and idle."""
    assert server.process is not None
    asked = ["-M", "prepared", "-c", str(CONNECTIONS), "-j", "2", "-T", str(PEER_SECONDS)]
    before, mine = cpu_seconds(server.process.pid), os.times()
    told = subprocess.run([program, *asked, database], check=True, capture_output=True, text=True).stdout
    now = os.times()
    client = now.children_user + now.children_system - mine.children_user - mine.children_system
    rate, done = (re.search(pattern, told) for pattern in (r"tps = ([\d.]+)", r"actually processed: (\d+)"))
    assert rate is not None, told
    assert done is not None, told
    return Spent(float(rate[1]), (cpu_seconds(server.process.pid) - before + client) / int(done[1]) * 1e6)


def readers(stock: Stock, served: Served, tokens: list[str], engine: str) -> None:
    """One reader alone, and beside writers that do all they can."""
    records = stock.take(POSTINGS * 2)
    alone = uvloop.run(read(served, tokens[0], records[0], asyncio.Event(), READS))
    beside = uvloop.run(read_beside(served, tokens, records, CONNECTIONS))
    figure(
        f"{engine}: a reader beside {CONNECTIONS} saturated writers, p50 / p99",
        shown(beside),
        "ms",
        f"alone {shown(alone)}",
    )


def post_all(ledger: BenchLedger, engine: str) -> None:
    """Post all of 10,000 waiting records in one step."""
    ledger.add_records(BULK, tag="bulk")
    with ledger.serve() as served:
        token = served.sign_in("supervisor")
        seen = served.ask("/v1/balance-records/summary", token=token)
        body = {"filter": {}, **{name: seen[name] for name in ("count", "total_minor", "set_hash")}}
        began = time.perf_counter()
        done = served.ask("/v1/balance-records/post-all", token=token, body=body, key=str(uuid.uuid4()))
        spent = time.perf_counter() - began
        rate = f"{done['count'] / spent:,.0f} a second"
        figure(f"{engine}: post all of {done['count']:,} records in one call", f"{spent:.2f}", "s", rate)


def shown(waits: list[float]) -> str:
    """The middle and the slow end of some times."""
    return f"{percentile(waits, 0.5):.1f} / {percentile(waits, 0.99):.1f}"


if __name__ == "__main__":
    main()
