"""Search among 5,000 and 100,000 customers and as many payments; searches that find one, many and nobody.

In the process over the ledger's own lists (what its event loop is held for), and over HTTP. A small
branch beside the large one asks the same: customers whom it may not see must not slow it down.
"""

from __future__ import annotations

import asyncio
import http.client
import random
import shutil
import time
from urllib.parse import quote, urlsplit

from bench.ledgers import BRANCH, BenchLedger, figure, percentile
from branchtui.ledger import setup
from branchtui.ledger.core import Core, open_core
from branchtui.ledger.phones import region_of
from branchtui.ledger.seed import plant
from branchtui.ledger.store.lists import Window
from branchtui.ledger.store.unit import BulkTx
from branchtui.ledger.workflows import payment_search
from branchtui.ledger.workflows.customer_search import CUSTOMERS, filters, parse

SIZES = (5_000, 100_000)
SMALL = "FAR"
SMALL_CUSTOMERS = 50
ROUNDS = 40
HTTP_ROUNDS = 5
TARGET_MS = 20.0

QUERIES = {
    "two names": ("muthoni kamau", "otieno grace", "kariuki james"),
    "a common name": ("mwangi", "kamau", "mary"),
    "three letters": ("oti", "ari", "ang", "mwa"),
    "two letters": ("wa", "ka", "ny", "王"),
    "one letter": ("m", "k", "a"),
    "a phone": ("0720 111", "+254 745 617", "254712", "4321"),
    "a number": ("100245", "000103", "1002", "00010"),
    "nobody": ("zzzyyx", "wanjiku achieng", "0799 000 111", "kamau qqq", "قققق"),
    "no word": ("",),
}


PAYMENT_QUERIES = {
    "a payer": ("kamau", "otieno grace", "oti", "wa", "k"),
    "a code": ("TKD", "TKDM8", "tkdq"),
    "a number": ("005001", "005", "100245"),
    "an amount": ("1,500.00", "50", "2500"),
    "a phone": ("0720 111", "+254 745 617", "254712", "4321"),
    "nobody": ("zzzyyx", "wanjiku achieng", "0799 000 111"),
    "no word": ("",),
}


async def ask(core: Core, branch_code: str, query: str) -> int:
    """One page of customers for somebody of that branch."""
    branch = core.tree.by_code(branch_code)
    assert branch is not None
    scope = core.tree.scope(branch.id)
    search = parse(query, region_of(branch.currency, branch.timezone)) if query else None
    asked = filters(scope.branch_ids, whole=scope.top, search=search, status=None)
    page = await core.lists.page(CUSTOMERS, Window(), asked, who="bench", now_us=core.clock.now_us())
    return len(page.rows)


async def ask_payments(core: Core, branch_code: str, query: str) -> int:
    """One page of payments, newest first, for somebody of that branch."""
    branch = core.tree.by_code(branch_code)
    assert branch is not None
    scope = core.tree.scope(branch.id)
    asked = payment_search.filters(scope.branch_ids, whole=scope.top, home=branch, q=query or None)
    page = await core.lists.page(
        payment_search.PAYMENTS, Window(), asked, who="bench", now_us=core.clock.now_us()
    )
    return len(page.rows)


async def in_process(database: str, size: int) -> None:
    """Every kind of search, by the large branch and by the small one."""
    core = open_core(database)
    try:
        for what, asked, kinds in (("search", ask, QUERIES), ("payments", ask_payments, PAYMENT_QUERIES)):
            for branch_code, said in ((BRANCH, ""), (SMALL, f", asked by a branch of {SMALL_CUSTOMERS}")):
                for kind, queries in kinds.items():
                    seconds: list[float] = []
                    for _ in range(ROUNDS):
                        for query in queries:
                            began = time.perf_counter()
                            found = await asked(core, branch_code, query)
                            seconds.append(time.perf_counter() - began)
                            assert found == 0 or kind != "nobody"
                    say(f"{what} by {kind} among {size:,}{said}", seconds)
    finally:
        core.close()


def over_http(ledger: BenchLedger, size: int) -> None:
    """All kinds in turn over one connection that stays open."""
    with ledger.serve() as served:
        token = served.sign_in("teller")
        address = urlsplit(served.url)
        line = http.client.HTTPConnection(address.hostname or "", address.port or 0)
        seconds: list[float] = []
        for _ in range(HTTP_ROUNDS):
            for query in (each for queries in QUERIES.values() for each in queries):
                began = time.perf_counter()
                line.request(
                    "GET", f"/v1/customers?q={quote(query)}", headers={"authorization": f"Bearer {token}"}
                )
                answer = line.getresponse()
                answer.read()
                seconds.append(time.perf_counter() - began)
                assert answer.status == 200
        line.close()
        say(f"search over HTTP among {size:,}, all kinds", seconds)


def say(name: str, seconds: list[float]) -> None:
    """The slowest in a hundred, beside the middle one and the target."""
    p50, p99 = percentile(seconds, 0.5) * 1_000, percentile(seconds, 0.99) * 1_000
    figure(f"{name}, p99", f"{p99:.2f}", "ms", f"p50 {p50:.2f} ms; target under {TARGET_MS:.0f} ms")


def add_small_branch(tx: BulkTx) -> None:
    """A branch beside the many, with few customers."""
    branch = setup.add_branch(
        tx, code=SMALL, name="Far", parent_code=BRANCH, currency="KES", timezone="Africa/Nairobi"
    )
    tx.flush()
    plant(
        tx,
        branch,
        customers=SMALL_CUSTOMERS,
        payments=0,
        unmatched=0,
        balance_records=0,
        rng=random.Random(7),
        now_us=time.time_ns() // 1_000,
    )


def main() -> None:
    """Measure, and print one line a figure."""
    for size in SIZES:
        ledger = BenchLedger.make(customers=size, payments=size)
        try:
            setup.change(ledger.database, add_small_branch)
            asyncio.run(in_process(ledger.database, size))
            over_http(ledger, size)
        finally:
            shutil.rmtree(ledger.folder)


if __name__ == "__main__":
    main()
