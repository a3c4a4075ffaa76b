"""Credit accounts through the HTTP API, on both engines: what tills buy, a long bill settled, a night of cycles.

Every purchase is looked at against its limit inside its transaction. Sign-in, rules and audit are on; each client
has a session of its own. `ledger check` is clean at the end.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop
from tests.ledger.postgres_server import PostgresServer, programs

from bench.imports import finished, send
from bench.ledgers import BRANCH, SERVER, TELLERS, BenchLedger, Served, figure, percentile
from bench.postings_load import Line, cpu_seconds
from branchtui.ledger import setup
from branchtui.ledger.clock import SystemClock
from branchtui.ledger.store.engine import store_at
from branchtui.ledger.store.rows import Branch, CreditAccount, Customer
from branchtui.ledger.workflows.credit_frequency import end_of_day_us

if TYPE_CHECKING:
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.unit import BulkTx

ACCOUNTS = 10_000
CLIENTS = (8, 32)
PURCHASES = 2_000
BOUGHT_ON = 200
SETTLED = 1_000
NIGHT_SECONDS = 600
PATH = "/v1/credit-accounts"
_SALES = itertools.count(1)


def main() -> None:
    """Measure, and print one line a figure."""
    on_engine("SQLite", "")
    if programs() is None:
        sys.stderr.write("no PostgreSQL server is installed here\n")
        return
    server = PostgresServer.fresh(parent=Path(tempfile.gettempdir()), settings=SERVER)
    try:
        on_engine("PostgreSQL", server.new_database())
    finally:
        server.remove()


def on_engine(engine: str, url: str) -> None:
    """All figures of one engine; the invariants hold at the end."""
    ledger = BenchLedger.make(customers=ACCOUNTS * 11 // 10, url=url)
    try:
        numbers = customer_numbers(ledger)[:ACCOUNTS]
        with ledger.serve() as served:
            token = served.sign_in("supervisor")
            opened(engine, served, token, numbers)
            tokens = [served.sign_in(TELLERS[place % len(TELLERS)]) for place in range(2 * len(TELLERS))]
            ids = accounts(served, token, BOUGHT_ON)
            bought(served, tokens, ids, CLIENTS[0], told="")
            for clients in CLIENTS:
                bought(served, tokens, ids, clients, told=f"{engine}: purchases, {clients} clients")
            bought(served, tokens, ids[:1], CLIENTS[0], told=f"{engine}: purchases on one account, 8 clients")
            settled(engine, served, tokens, ids[-1])
        night(engine, ledger)
        ledger.command("check")
    finally:
        shutil.rmtree(ledger.folder)


def opened(engine: str, served: Served, token: str, numbers: list[str]) -> None:
    """Ten thousand accounts with a limit and a rhythm, from one file."""
    lines = [
        f"{number},90000000.00,yes,,1,day,client{place}@example.org\n" for place, number in enumerate(numbers)
    ]
    head = "customer_no,max_credit,restrict_credit,opening_credit,settle_every,settle_unit,statement_email\n"
    data = (head + "".join(lines)).encode()
    began = time.perf_counter()
    asked = {"upload_id": send(served, token, data), "kind": "credit-accounts"}
    done = finished(served, token, served.ask("/v1/imports", token=token, body=asked, key=str(uuid.uuid4())))
    spent = time.perf_counter() - began
    assert done["imported"] == ACCOUNTS, done
    figure(f"{engine}: opening {ACCOUNTS:,} accounts from a file", f"{spent:.2f}", "s", load())


def accounts(served: Served, token: str, count: int) -> list[str]:
    """Ids of so many accounts."""
    found = served.ask(f"{PATH}?sort=created&limit={count}", token=token)["items"]
    return [each["id"] for each in found]


def bought(
    served: Served, tokens: list[str], ids: list[str], clients: int, *, told: str, count: int = PURCHASES
) -> None:
    """Purchases, each with a number of the till's own, as fast as so many clients send them."""
    worked = cpu_seconds(served.process.pid)
    spent, waits = uvloop.run(buy(served, tokens, ids, clients, count))
    worked = cpu_seconds(served.process.pid) - worked
    if told:
        shown = " / ".join(f"{percentile(waits, part):.1f}" for part in (0.5, 0.99))
        beside = f"p50 / p99 {shown} ms; {worked / count * 1_000_000:.0f} us of CPU each; {load()}"
        figure(told, f"{count / spent:,.0f}", "a second", beside)


async def buy(
    served: Served, tokens: list[str], ids: list[str], clients: int, count: int
) -> tuple[float, list[float]]:
    """Seconds in all, milliseconds each."""
    numbers = iter(range(count))
    waits: list[float] = []

    async def till(place: int) -> None:
        line = Line(served)
        await line.open()
        for number in numbers:
            body = json.dumps({"amount_minor": 100 + number % 900, "pos_ref": f"T-{next(_SALES)}"}).encode()
            more = f"idempotency-key: {uuid.uuid4()}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
            path = f"{PATH}/{ids[number % len(ids)]}/purchases"
            waits.append(await line.ask(f"POST {path}", tokens[place % len(tokens)], more, body))
        line.close()

    began = time.perf_counter()
    await asyncio.gather(*(till(place) for place in range(clients)))
    return time.perf_counter() - began, waits


def settled(engine: str, served: Served, tokens: list[str], account_id: str) -> None:
    """Everything that is open of one account, in one settlement; and it taken back."""
    before = served.ask(f"{PATH}/{account_id}/transactions?open=true&limit=1&count=true", token=tokens[0])[
        "count"
    ]
    bought(served, tokens, [account_id], CLIENTS[0], told="", count=SETTLED - before)
    began = time.perf_counter()
    body = {"tender": "cash", "mode": "all"}
    made = served.ask(f"{PATH}/{account_id}/settlements", token=tokens[0], body=body, key=str(uuid.uuid4()))
    spent = time.perf_counter() - began
    assert (len(made["lines"]), made["owed_minor"]) == (SETTLED, 0), made["owed_minor"]
    figure(f"{engine}: one settlement of {SETTLED:,} transactions", f"{spent * 1000:.0f}", "ms", load())


def night(engine: str, ledger: BenchLedger) -> None:
    """The ledger was off over the settlement date of all accounts; what it does when it is served again."""

    def over(tx: BulkTx) -> None:
        branch = tx.find_one(Branch, code=BRANCH)
        assert branch is not None
        for each in tx.find(CreditAccount, status="active"):
            assert each.next_close_on is not None
            day = date.fromisoformat(each.next_close_on) - timedelta(days=1)
            tx.put(
                replace(
                    each,
                    cycle_started_at=each.cycle_started_at - 86_400_000_000,
                    next_close_on=day.isoformat(),
                    next_close_at=end_of_day_us(day, branch.timezone),
                )
            )

    setup.change(ledger.database, over)
    connection = store_at(ledger.database).connect(read_only=True)
    try:
        with ledger.serve() as served:
            first_us = wait_for(connection)
            spent = (SystemClock().now_us() - first_us) / 1_000_000
            worked = cpu_seconds(served.process.pid)
    finally:
        connection.close()
    figure(
        f"{engine}: ending the cycles of {ACCOUNTS:,} accounts, statements frozen and mails put out",
        f"{spent:.2f}",
        "s",
        f"{ACCOUNTS / spent:,.0f} a second; {worked:.1f} s of CPU with the start; {load()}",
    )


def wait_for(connection: Connection) -> int:
    """Wait until every cycle has ended; when the first one did, in microseconds since 1970."""
    pause = threading.Event()
    for _ in range(NIGHT_SECONDS * 20):
        found: Any = connection.execute("SELECT COUNT(*), MIN(created_at) FROM credit_statements").fetchone()
        if found[0] == ACCOUNTS:
            return int(found[1])
        pause.wait(0.05)
    raise AssertionError("the cycles did not end")


def customer_numbers(ledger: BenchLedger) -> list[str]:
    """The numbers of customers who may be given credit."""

    def read(tx: BulkTx) -> list[str]:
        return sorted(each.customer_no for each in tx.find(Customer, status="active"))

    return setup.change(ledger.database, read)


def load() -> str:
    """What else wanted the machine."""
    return f"load {os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
