"""What the same work costs in a ledger of ten thousand customers, payments and records, and in one of a million.

On PostgreSQL up to a hundred thousand. `python -m bench.growth 10000 50000` takes other sizes for both; `--keep FOLDER`
works in the files that `bench.lists` has made and kept there.
"""

from __future__ import annotations

import argparse
import http.client
import shutil
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

import uvloop
from tests.ledger.postgres_server import PostgresServer, programs

from bench.ledgers import BenchLedger, Served, figure, percentile
from bench.lists import ledger_of
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
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, metavar="ROWS")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    asked_for = parser.parse_args()
    given = tuple(asked_for.sizes)
    say("SQLite", {size: in_file(size, asked_for.keep) for size in given or SIZES})
    if programs() is None:
        sys.stderr.write("no PostgreSQL server is installed here\n")
        return
    server = PostgresServer.fresh(parent=Path(tempfile.gettempdir()))
    try:
        say("PostgreSQL", {size: on_server(size, server) for size in given or POSTGRES_SIZES})
    finally:
        server.remove()


def in_file(size: int, kept: Path | None) -> Measured:
    """The work in a file of that size, made for it or kept."""
    if kept is not None:
        return measure(ledger_of(size, kept / f"{size}"))
    return on_new(size, "")


def on_server(size: int, server: PostgresServer) -> Measured:
    """The work in a database of that size."""
    return on_new(size, server.new_database())


def on_new(size: int, url: str) -> Measured:
    """The work in a ledger of that size that is made for it."""
    ledger = BenchLedger.make(customers=size, payments=size, records=size, url=url)
    try:
        return measure(ledger)
    finally:
        shutil.rmtree(ledger.folder)


def measure(ledger: BenchLedger) -> Measured:
    """Do the same work in any ledger."""
    found: Measured = {}
    left = ledger.add_records(2 * POSTINGS + LONE, tag=f"growth-{time.time_ns()}")
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
