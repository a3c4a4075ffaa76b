"""Postings a second over HTTP on PostgreSQL, by one ledger process and by two, beside pgbench on the same server.

The server is one of its own, on disk, with every setting that durability needs. pgbench runs its
TPC-B-like transaction, prepared, with 32 clients: three updates, an insert and a select, one commit.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvloop
from tests.ledger.postgres_server import PostgresServer, programs

from bench.ledgers import BenchLedger, Served, figure, percentile
from bench.postings import CONNECTIONS, LONE, drive, post_all

POSTINGS = 4_000
PEER_SECONDS = 10


def main() -> None:
    """Measure, and print one line a figure."""
    if programs() is None:
        sys.stderr.write("no PostgreSQL server is installed here\n")
        return
    server = PostgresServer.fresh(parent=Path(tempfile.gettempdir()))
    ledger = BenchLedger.make(customers=5_000, url=server.new_database())
    try:
        one, two, lone = (
            ledger.add_records(count, tag=tag)
            for count, tag in ((POSTINGS, "one"), (POSTINGS, "two"), (LONE, "lone"))
        )
        limit = peer(server)
        with ledger.serve() as served:
            token = served.sign_in("teller")
            uvloop.run(drive(served, token, lone[:100], 1))
            _, waits = uvloop.run(drive(served, token, lone[100:], 1))
            figure("a lone client, p50 / p99", shown(waits), "ms")
            spent, waits = uvloop.run(drive(served, token, one, CONNECTIONS))
            rate = len(one) / spent
            beside = f"pgbench, {CONNECTIONS} clients: {limit:,.0f} a second; ratio {rate / limit:.2f}"
            figure(f"postings over HTTP, {CONNECTIONS} connections", f"{rate:,.0f}", "a second", beside)
            figure(f"one posting at {CONNECTIONS} connections, p50 / p99", shown(waits), "ms")
            with ledger.serve() as second:
                figure(
                    "the same at two ledger processes", f"{both(served, second, token, two):,.0f}", "a second"
                )
        post_all(ledger)
        ledger.command("check")
    finally:
        shutil.rmtree(ledger.folder)
        server.remove()


def both(first: Served, second: Served, token: str, records: list[str]) -> float:
    """Postings a second where half of the connections go to each of two processes."""
    halves = records[::2], records[1::2]

    def half(place: int) -> float:
        served = (first, second)[place]
        return uvloop.run(drive(served, token, halves[place], CONNECTIONS // 2))[0]

    with ThreadPoolExecutor(2) as pool:
        return len(records) / max(pool.map(half, (0, 1)))


def peer(server: PostgresServer) -> float:
    """Transactions a second of pgbench."""
    found = programs()
    assert found is not None
    pgbench, database = str(found / "pgbench"), server.new_database()
    subprocess.run([pgbench, "-i", "-s", "10", "-q", database], check=True, capture_output=True)
    asked = ["-M", "prepared", "-c", str(CONNECTIONS), "-j", "2", "-T", str(PEER_SECONDS)]
    told = subprocess.run([pgbench, *asked, database], check=True, capture_output=True, text=True).stdout
    rate = re.search(r"tps = ([\d.]+)", told)
    assert rate is not None, told
    return float(rate[1])


def shown(waits: list[float]) -> str:
    """The middle and the slow end of some times."""
    return f"{percentile(waits, 0.5):.1f} / {percentile(waits, 0.99):.1f}"


if __name__ == "__main__":
    main()
