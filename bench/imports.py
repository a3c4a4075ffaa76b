"""Importing a CSV of balance records through the HTTP API: upload in chunks, check, take in, see it done.

Beside it, the time of the check alone (`dry_run`) and what the ledger's memory grew by.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import time
import urllib.request
import uuid
from typing import Any

from bench.ledgers import BRANCH, BenchLedger, Served, figure
from branchtui.ledger import setup
from branchtui.ledger.store.rows import Branch, Customer
from branchtui.ledger.store.unit import BulkTx

SIZES = (10_000, 100_000)
TARGET_SECONDS = {10_000: 1.5}
CHUNK_BYTES = 256 * 1024


def main() -> None:
    """Measure, and print one line a figure."""
    ledger = BenchLedger.make(customers=5_000)
    try:
        numbers = customer_numbers(ledger)
        with ledger.serve() as served:
            token = served.sign_in("teller")
            take_in(served, token, table(numbers, 200, "warm"))
            for size in SIZES:
                measure(served, token, numbers, size)
        ledger.command("check")
    finally:
        shutil.rmtree(ledger.folder)


def measure(served: Served, token: str, numbers: list[str], size: int) -> None:
    """One file of `size` rows: sent, checked, taken in."""
    data = table(numbers, size, f"S{size}")
    before = served.resident_mib()
    began = time.perf_counter()
    upload_id = send(served, token, data)
    sent = time.perf_counter() - began
    checked = timed(lambda: run(served, token, upload_id, dry_run=True))
    began = time.perf_counter()
    done = take_in(served, token, data)
    whole = time.perf_counter() - began
    assert done["imported"] == size, done
    target = TARGET_SECONDS.get(size)
    beside = f"target under {target} s; " if target else ""
    figure(
        f"import of {size:,} rows, from the first byte sent to done",
        f"{whole:.2f}",
        "s",
        f"{beside}{size / whole:,.0f} rows a second",
    )
    figure(f"sending these {len(data) / 1024:,.0f} KiB", f"{sent:.2f}", "s")
    figure(f"checking {size:,} rows", f"{checked:.2f}", "s", f"{size / checked:,.0f} rows a second")
    figure(f"memory the ledger grew by over {size:,} rows", f"{served.resident_mib() - before:.0f}", "MiB")


def timed(work: Any) -> float:
    """Seconds that `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def customer_numbers(ledger: BenchLedger) -> list[str]:
    """The numbers of the active customers."""

    def read(tx: BulkTx) -> list[str]:
        branch = tx.find_one(Branch, code=BRANCH)
        assert branch is not None
        people = tx.find(Customer, branch_id=branch.id, status="active")
        return [each.customer_no for each in people]

    return setup.change(ledger.database, read)


def table(numbers: list[str], size: int, tag: str) -> bytes:
    """A file of `size` good rows."""
    head = "customer_no,account_kind,amount,currency,as_of_date,narration,external_ref\r\n"
    rows = (
        f"{numbers[row % len(numbers)]},savings,{row + 1}.50,KES,2026-09-30,opening balance,{tag}-{row}\r\n"
        for row in range(size)
    )
    return (head + "".join(rows)).encode()


def take_in(served: Served, token: str, data: bytes) -> dict[str, Any]:
    """Send and import a file; what became of it."""
    return run(served, token, send(served, token, data))


def run(served: Served, token: str, upload_id: str, *, dry_run: bool = False) -> dict[str, Any]:
    """Import an uploaded file and wait for its job."""
    asked = {"upload_id": upload_id, "kind": "balance-records", "dry_run": dry_run}
    accepted = served.ask("/v1/imports", token=token, body=asked, key=str(uuid.uuid4()))
    while True:
        job = served.ask(f"/v1/jobs/{accepted['job_id']}?wait=20", token=token)
        if job["state"] in {"succeeded", "failed"}:
            assert job["state"] == "succeeded", job
            return dict(job["result"])


def send(served: Served, token: str, data: bytes) -> str:
    """Upload a file; its id."""
    upload_id = str(uuid.uuid4())
    for offset in range(0, len(data), CHUNK_BYTES):
        chunk = data[offset : offset + CHUNK_BYTES]
        digest = base64.b64encode(hashlib.sha256(chunk).digest()).decode()
        headers = {
            "authorization": f"Bearer {token}",
            "content-type": "application/octet-stream",
            "upload-length": str(len(data)),
            "upload-offset": str(offset),
            "content-digest": f"sha-256=:{digest}:",
        }
        request = urllib.request.Request(  # noqa: S310 - our own loopback URL
            f"{served.url}/v1/uploads/{upload_id}", data=chunk, headers=headers, method="PUT"
        )
        with urllib.request.urlopen(request, timeout=120):  # noqa: S310 - our own loopback URL
            pass
    return upload_id


if __name__ == "__main__":
    main()
