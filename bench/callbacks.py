"""Mobile-money callbacks by the hundred thousand, over eight connections, on both engines.

Two of a hundred are repeated, one of a hundred comes late. At the end every payment is in the books once, and what
the provider's float gave, what customers hold and what waits come to the sum of the messages; anything else fails
the run. Beside the rate stands that of postings of the same ledger: over as many connections, for whoever sends more
at once shares a commit among more, and over the many of `bench.postings`. `python -m bench.callbacks 2000` sends so many.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import uvloop
from tests.ledger.postgres_server import PostgresServer, programs

from bench.ledgers import BRANCH, SERVER, BenchLedger, Served, figure, percentile
from bench.postings import CONNECTIONS, sign_in
from bench.postings_load import Line, cpu_seconds, drive
from branchtui.ledger import setup
from branchtui.ledger.clock import SystemClock
from branchtui.ledger.store.rows import Branch, Customer
from branchtui.ledger.store.unit import BulkTx

MESSAGES: Final = 100_000
LINES: Final = 8
REPEATED: Final = 0.02
LATE: Final = 0.01
POSTINGS: Final = 1_000
CUSTOMERS: Final = 5_000
OF_POSTINGS: Final = 60
P99_MS: Final = 50
SHORT_CODE: Final = "600100"
EAT: Final = timedelta(hours=3)

_SUMS: Final = """SELECT
  (SELECT count(*) FROM payments WHERE code LIKE 'CB%'),
  (SELECT count(DISTINCT code) FROM payments WHERE code LIKE 'CB%'),
  (SELECT sum(amount_minor) FROM payments WHERE code LIKE 'CB%'),
  (SELECT sum(balance_minor) FROM accounts WHERE kind = 'provider-float'),
  (SELECT sum(balance_minor) FROM accounts WHERE kind <> 'provider-float'),
  (SELECT count(*) FROM callback_events)"""


@dataclass(frozen=True)
class Sums:
    """What the books say. `taken` are payments of ours, `kept_apart` messages that credited nothing."""

    taken: int
    codes: int
    paid_minor: int
    float_minor: int
    others_minor: int
    kept_apart: int


def main() -> None:
    """Measure, and print one line a figure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    on_engine("SQLite", "", count)
    if programs() is None:
        sys.stderr.write("no PostgreSQL server is installed here\n")
        return
    server = PostgresServer.fresh(parent=Path(tempfile.gettempdir()), settings=SERVER)
    try:
        on_engine("PostgreSQL", server.new_database(), count)
    finally:
        server.remove()


def on_engine(engine: str, url: str, count: int) -> None:
    """All messages into one ledger; the sums are looked at, and the invariants hold."""
    ledger = BenchLedger.make(customers=CUSTOMERS, url=url)
    try:
        token, people = ready(ledger)
        sent = messages(people, count)
        records = ledger.add_records(3 * POSTINGS, tag="callbacks")
        before = sums(ledger)
        with ledger.serve() as served:
            tokens = sign_in(served)
            uvloop.run(drive(served, tokens, records[:POSTINGS], CONNECTIONS))
            spent = cpu_seconds(served.process.pid)
            seconds, waits = uvloop.run(confirm(served, token, list(sent)))
            spent = cpu_seconds(served.process.pid) - spent
            alike, _ = uvloop.run(drive(served, tokens, records[POSTINGS : 2 * POSTINGS], LINES))
            crowded, _ = uvloop.run(drive(served, tokens, records[2 * POSTINGS :], CONNECTIONS))
        verify(before, sums(ledger), sent, count)
        ledger.command("check")
    finally:
        shutil.rmtree(ledger.folder)
    rate, postings = len(sent) / seconds, POSTINGS / alike
    figure(
        f"{engine}: {count:,} callbacks and their repeats over {LINES} connections",
        f"{rate:,.0f}",
        "a second",
        f"{rate / postings:.0%} of {postings:,.0f} postings a second over as many in the same run, target "
        f"{OF_POSTINGS} %; {POSTINGS / crowded:,.0f} over {CONNECTIONS}",
    )
    figure(f"{engine}: answer to a callback, p99", f"{percentile(waits, 0.99):.1f}", "ms", f"limit {P99_MS}")
    figure(f"{engine}: processor time of one callback", f"{spent / len(sent) * 1e6:,.0f}", "µs")


def ready(ledger: BenchLedger) -> tuple[str, list[str]]:
    """A short code and a token for the provider, and the account numbers of customers that are active."""

    def prepare(tx: BulkTx) -> tuple[str, list[str]]:
        branch = tx.find_one(Branch, code=BRANCH)
        assert branch is not None
        setup.add_payee(tx, provider="mpesa", number=SHORT_CODE, branch_id=branch.id)
        people = [each for each in tx.find(Customer, branch_id=branch.id) if each.status == "active"]
        token = setup.new_callback_token(tx, "mpesa", SystemClock().now_us())
        return token, [each.account_no for each in people]

    return setup.change(ledger.database, prepare)


def messages(accounts: list[str], count: int, *, seed: int = 7) -> list[dict[str, Any]]:
    """`count` payments and their repeats, in the order they come: most name an account, a tenth name nobody."""
    draw = Random(seed)
    now = datetime.now(UTC) + EAT
    first: list[tuple[float, dict[str, Any]]] = []
    again: list[tuple[float, dict[str, Any]]] = []
    for number in range(count):
        paid = now - timedelta(days=3 if draw.random() < LATE else 0, seconds=draw.randrange(60))
        whole = {
            "TransactionType": "Pay Bill",
            "TransID": f"CB{number:08d}",
            "TransTime": f"{paid:%Y%m%d%H%M%S}",
            "TransAmount": f"{draw.randrange(10, 5_000)}.{draw.randrange(100):02d}",
            "BusinessShortCode": SHORT_CODE,
            "BillRefNumber": draw.choice(accounts) if draw.random() < 0.9 else "",
            "MSISDN": f"2547 ***** {draw.randrange(1_000):03d}",
            "FirstName": "WANJIKU",
        }
        first.append((number, whole))
        if draw.random() < REPEATED:
            again.append((number + draw.expovariate(1 / 50), whole))
    return [whole for _, whole in sorted(first + again, key=lambda pair: pair[0])]


async def confirm(served: Served, token: str, waiting: list[dict[str, Any]]) -> tuple[float, list[float]]:
    """Send every message over `LINES` connections; seconds in all, milliseconds each."""
    waits: list[float] = []
    waiting.reverse()
    first = f"POST /v1/callbacks/mpesa/{token}/confirmation"

    async def work() -> None:
        line = Line(served)
        await line.open()
        while waiting:
            body = json.dumps(waiting.pop()).encode()
            more = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
            waits.append(await line.ask(first, "none", more, body))
        line.close()

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(LINES)))
    return time.perf_counter() - began, waits


def sums(ledger: BenchLedger) -> Sums:
    """What the books say now."""

    def read(tx: BulkTx) -> Sums:
        found = tx.connection.execute(_SUMS).fetchone()
        assert found is not None
        return Sums(*(int(each or 0) for each in found))

    return setup.change(ledger.database, read)


def verify(before: Sums, after: Sums, sent: list[dict[str, Any]], count: int) -> None:
    """Raise where a payment is missing or counted twice, or a balance is another than the sum of the messages."""
    paid = {each["TransID"]: round(float(each["TransAmount"]) * 100) for each in sent}
    total = sum(paid.values())
    moved = abs(after.float_minor - before.float_minor)
    got = (after.taken, after.codes, after.paid_minor, moved, after.kept_apart)
    if len(paid) != count or got != (count, count, total, total, before.kept_apart):
        raise SystemExit(f"the books do not hold the {count:,} payments of {total:,}: {got}")
    if after.float_minor + after.others_minor != before.float_minor + before.others_minor:
        raise SystemExit("what the float gave is not what the other accounts have")


if __name__ == "__main__":
    main()
