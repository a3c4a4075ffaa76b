"""Balance files of 200,000 lines through the HTTP API, on both engines: checked, applied, reverted.

Every payer is stated, twice with another balance and once with the same. Beside it: the CPU that a row costs the
ledger, which a neighbour on the machine does not change as it changes the time, what the ledger's memory grew by at
its highest, and how long a lone teller waits for one posting while a file is checked and applied.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from tests.ledger.postgres_server import PostgresServer, programs

from bench.imports import Lone, finished, resident, send
from bench.ledgers import BRANCH, PASSWORD, SERVER, BenchLedger, Served, figure
from bench.postings_load import cpu_seconds
from branchtui.ledger import setup
from branchtui.ledger.store.rows import Branch, Customer
from branchtui.ledger.store.unit import BulkTx

LINES = 200_000
CHECKED_A_SECOND = 60_000
APPLIED_A_SECOND = 20_000
GROWTH_MIB = 150
LONE = 3_000


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
    ledger = BenchLedger.make(customers=LINES, url=url)
    try:
        numbers = account_numbers(ledger)
        lone = Lone(ledger.add_records(LONE, tag="lone"))
        with ledger.serve() as served:
            token = served.sign_in("supervisor")
            small = checked(served, token, send(served, token, universal(numbers[:2_000], "warm", 1)))
            applied(served, token, small)
        with ledger.serve() as served:
            token = served.sign_in("supervisor")
            before = resident(served, highest=True)
            first = timed_check(engine, served, token, universal(numbers, "first", 2), "every payer new")
            timed_apply(engine, served, token, first, "every payer new")
            second = timed_check(
                engine, served, token, universal(numbers, "second", 3), "every balance changed"
            )
            done = timed_apply(engine, served, token, second, "every balance changed")
            same = timed_check(engine, served, token, universal(numbers, "same", 3), "no balance changed")
            timed_apply(engine, served, token, same, "no balance changed")
            timed_revert(engine, served, token, done)
            grown = resident(served, highest=True) - before
            figure(
                f"{engine}: memory the ledger grew by at its highest",
                f"{grown:.0f}",
                "MiB",
                f"limit {GROWTH_MIB}",
            )
            with lone.at_work(
                served, served.sign_in("teller"), f"{engine}: a lone posting beside a file of {LINES:,}"
            ):
                waits = checked(served, token, send(served, token, universal(numbers, "beside", 5)))
                applied(served, token, waits)
        ledger.command("check")
    finally:
        shutil.rmtree(ledger.folder)


def timed_check(engine: str, served: Served, token: str, data: bytes, what: str) -> dict[str, Any]:
    """Parse and validate a file, X-ray included."""
    upload_id = send(served, token, data)
    began, worked = time.perf_counter(), cpu_seconds(served.process.pid)
    found = checked(served, token, upload_id)
    spent, worked = time.perf_counter() - began, cpu_seconds(served.process.pid) - worked
    assert found["state"] == "validated", found
    assert found["payers"] == LINES, found
    figure(
        f"{engine}: parsing and validating {LINES:,} lines, {what}",
        f"{LINES / spent:,.0f}",
        "a second",
        f"target {CHECKED_A_SECOND:,}; {spent:.2f} s; {cost(worked)}",
    )
    return found


def timed_apply(engine: str, served: Served, token: str, file: dict[str, Any], what: str) -> dict[str, Any]:
    """Apply a file by its job."""
    began, worked = time.perf_counter(), cpu_seconds(served.process.pid)
    found = applied(served, token, file)
    spent, worked = time.perf_counter() - began, cpu_seconds(served.process.pid) - worked
    target = f"target {APPLIED_A_SECOND:,}; " if engine == "SQLite" else ""
    figure(
        f"{engine}: applying {LINES:,} lines, {what}",
        f"{LINES / spent:,.0f}",
        "a second",
        f"{target}{spent:.2f} s; {cost(worked)}",
    )
    return found


def cost(worked: float) -> str:
    """The ledger's own CPU of one row; and what else wanted the machine."""
    return f"{worked / LINES * 1_000_000:.0f} us of CPU a row; load {os.getloadavg()[0]:.1f}"


def timed_revert(engine: str, served: Served, token: str, file: dict[str, Any]) -> None:
    """Take a file back by mirror entries."""
    served.ask("/v1/me/step-up", token=token, body={"password": PASSWORD})
    began = time.perf_counter()
    path = f"/v1/balance-files/{file['id']}"
    asked = served.ask(f"{path}/revert", token=token, key=str(uuid.uuid4()), method="POST")
    finished(served, token, asked)
    spent = time.perf_counter() - began
    assert served.ask(path, token=token)["state"] == "reverted"
    figure(f"{engine}: reverting {LINES:,} lines", f"{LINES / spent:,.0f}", "a second", f"{spent:.2f} s")


def checked(served: Served, token: str, upload_id: str) -> dict[str, Any]:
    """Send an uploaded file to its check and wait for the X-ray."""
    asked = served.ask("/v1/balance-files", token=token, body={"upload_id": upload_id}, key=str(uuid.uuid4()))
    finished(served, token, asked)
    found: dict[str, Any] = served.ask(f"/v1/balance-files/{asked['id']}", token=token)
    return found


def applied(served: Served, token: str, file: dict[str, Any]) -> dict[str, Any]:
    """Apply exactly what the X-ray showed and wait for the end."""
    path = f"/v1/balance-files/{file['id']}"
    body = {"file_sha256": file["sha256"], "preview_version": file["preview_version"]}
    finished(served, token, served.ask(f"{path}/apply", token=token, body=body, key=str(uuid.uuid4())))
    found: dict[str, Any] = served.ask(path, token=token)
    assert found["state"] == "applied", found
    return found


def account_numbers(ledger: BenchLedger) -> list[str]:
    """The main account numbers of all customers."""

    def read(tx: BulkTx) -> list[str]:
        branch = tx.find_one(Branch, code=BRANCH)
        assert branch is not None
        return sorted(each.account_no for each in tx.find(Customer, branch_id=branch.id))

    return setup.change(ledger.database, read)


def universal(numbers: list[str], name: str, factor: int) -> bytes:
    """A universal file that states a balance for each of these payers."""
    stated = [(place % 9_000 + 1) * factor * 100 + 50 for place in range(len(numbers))]
    rows = (
        f"D,{number},,{minor // 100}.{minor % 100:02d},2026-12-05,{name}-{place},\r\n"
        for place, (number, minor) in enumerate(zip(numbers, stated, strict=True))
    )
    total = sum(stated)
    head = f"H,1,{name}-{uuid.uuid4().hex[:8]},,2026-11-20T06:00:00Z,KES,2026-11-19\r\n"
    tail = f"T,{len(numbers)},{total // 100}.{total % 100:02d}\r\n"
    return (head + "".join(rows) + tail).encode()


if __name__ == "__main__":
    main()
