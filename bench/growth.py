"""What the same work costs in a ledger of ten thousand customers, payments and records, and in one of a million.

On PostgreSQL up to a hundred thousand. `python -m bench.growth 10000 50000` takes other sizes for both.
"""

from __future__ import annotations

import http.client
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

import uvloop
from tests.ledger.postgres_server import PostgresServer, programs

from bench.ledgers import BenchLedger, Served, figure, percentile
from bench.postings import CONNECTIONS, sign_in
from bench.postings_load import drive

SIZES = (10_000, 1_000_000)
POSTGRES_SIZES = (10_000, 100_000)
POSTINGS = 2_000
LONE = 300
ASKED = 40
READINGS = {
    "a search by two names": f"/v1/customers?q={quote('muthoni kamau')}&limit=22",
    "the first page of payments that wait": "/v1/payments?state=unassociated&include=candidates&limit=22",
    "the first page of balances": "/v1/balance-records?status=not_accounted&limit=22",
}

Measured = dict[str, tuple[float, str]]


def main() -> None:
    """Measure every size on both engines, and print one line a figure."""
    given = tuple(int(word) for word in sys.argv[1:])
    say("SQLite", {size: measure(size, lambda: "") for size in given or SIZES})
    if programs() is None:
        sys.stderr.write("no PostgreSQL server is installed here\n")
        return
    server = PostgresServer.fresh(parent=Path(tempfile.gettempdir()))
    try:
        say("PostgreSQL", {size: measure(size, server.new_database) for size in given or POSTGRES_SIZES})
    finally:
        server.remove()


def measure(size: int, database: Callable[[], str]) -> Measured:
    """Make a ledger of that size, and do the same work in it."""
    ledger = BenchLedger.make(customers=size, payments=size, records=size, url=database())
    found: Measured = {}
    try:
        left = ledger.add_records(2 * POSTINGS + LONE, tag="growth")
        with ledger.serve() as served:
            tokens = sign_in(served)
            uvloop.run(drive(served, tokens, left[:POSTINGS], CONNECTIONS))
            _, waits = uvloop.run(drive(served, tokens, left[POSTINGS : POSTINGS + LONE], 1))
            found["a lone posting, p50"] = percentile(waits, 0.5), "ms"
            seconds, waits = uvloop.run(drive(served, tokens, left[POSTINGS + LONE :], CONNECTIONS))
            found[f"one of {POSTINGS:,} postings, {CONNECTIONS} at a time"] = seconds / POSTINGS * 1e6, "µs"
            for name, path in READINGS.items():
                found[f"{name}, p50"] = percentile(asked(served, tokens[0], path), 0.5), "ms"
        began = time.perf_counter()
        ledger.command("check")
        found["the proof of the whole ledger"] = time.perf_counter() - began, "s"
    finally:
        shutil.rmtree(ledger.folder)
    return found


def asked(served: Served, token: str, path: str) -> list[float]:
    """Milliseconds of the same question over one kept connection."""
    line = http.client.HTTPConnection(urlsplit(served.url).netloc)
    waits: list[float] = []
    for _ in range(ASKED):
        began = time.perf_counter()
        line.request("GET", path, headers={"authorization": f"Bearer {token}"})
        answer = line.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        waits.append((time.perf_counter() - began) * 1000)
    line.close()
    return waits


def say(engine: str, found: dict[int, Measured]) -> None:
    """One figure a kind of work: at the largest size, beside the smallest."""
    small, large = min(found), max(found)
    for name, (value, unit) in found[large].items():
        before = found[small][name][0]
        figure(
            f"{engine}, {large:,}: {name}",
            f"{value:,.1f}",
            unit,
            f"at {small:,} {before:,.1f} {unit}; growth {value / before:.2f}",
        )


if __name__ == "__main__":
    main()
