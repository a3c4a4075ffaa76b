"""Importing a CSV of balance records through the HTTP API, then posting all of it, on both engines.

Upload in chunks, check (`dry_run`), take in, post all by its job. Beside it: what the ledger's memory grew
by at its highest, and how long a lone teller waits for one posting while the long work runs.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import shutil
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.ledger.postgres_server import PostgresServer, programs

from bench.ledgers import BRANCH, SERVER, BenchLedger, Served, figure, percentile
from branchtui.ledger import setup
from branchtui.ledger.store.rows import Branch, Customer
from branchtui.ledger.store.unit import BulkTx

SMALL, LARGE, LARGEST = 10_000, 100_000, 250_000
TARGET_SECONDS = 1.5
CHECKED_A_SECOND = 40_000
GROWTH_MIB = 150
POSTED_A_SECOND = {"SQLite": 20_000, "PostgreSQL": 10_000}
CHUNK_BYTES = 256 * 1024
LONE = 6_000
PAUSE_SECONDS = 0.02
ALONE_SECONDS = 3


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
    ledger = BenchLedger.make(customers=5_000, url=url)
    try:
        numbers = customer_numbers(ledger)
        lone = Lone(ledger.add_records(LONE, tag="lone"))
        with ledger.serve() as served:
            token = served.sign_in("teller")
            run(served, token, send(served, token, table(numbers, 200, "warm")))
            if engine == "SQLite":
                whole_import(served, token, numbers)
            taken = long_import(engine, served, token, numbers, "alone")
            post_all(engine, served, taken)
            with lone.at_work(served, token, f"{engine}: a lone posting"):
                threading.Event().wait(ALONE_SECONDS)
            lone_beside(engine, served, token, numbers, lone)
        if engine == "SQLite":
            with ledger.serve() as served:
                largest(served, numbers)
        ledger.command("check")
    finally:
        shutil.rmtree(ledger.folder)


def whole_import(served: Served, token: str, numbers: list[str]) -> None:
    """A file of 10,000 rows, from the first byte sent to done."""
    data = table(numbers, SMALL, "small")
    began = time.perf_counter()
    done = run(served, token, send(served, token, data))
    spent = time.perf_counter() - began
    assert done["imported"] == SMALL, done
    beside = f"target under {TARGET_SECONDS} s; {SMALL / spent:,.0f} rows a second"
    figure(f"import of {SMALL:,} rows, from the first byte sent to done", f"{spent:.2f}", "s", beside)


def long_import(
    engine: str, served: Served, token: str, numbers: list[str], tag: str, *, told: bool = True
) -> str:
    """A file of 100,000 rows: checked, then taken in chunk by chunk; its id."""
    data = table(numbers, LARGE, tag)
    before = resident(served, highest=True)
    upload_id = send(served, token, data)
    began = time.perf_counter()
    ready = run(served, token, upload_id, mode="valid_rows", dry_run=True)
    checked = time.perf_counter() - began
    import_ = served.ask(f"/v1/imports/{ready['import_id']}", token=token)
    began = time.perf_counter()
    body = {name: import_[name] for name in ("sha256", "preview_version")}
    done = finished(
        served,
        token,
        served.ask(f"/v1/imports/{import_['id']}/start", token=token, body=body, key=str(uuid.uuid4())),
    )
    taken = time.perf_counter() - began
    assert done["imported"] == LARGE, done
    if told:
        figure(
            f"{engine}: checking {LARGE:,} rows",
            f"{LARGE / checked:,.0f}",
            "a second",
            f"target {CHECKED_A_SECOND:,}",
        )
        figure(f"{engine}: taking in {LARGE:,} checked rows", f"{LARGE / taken:,.0f}", "a second")
        grown = resident(served, highest=True) - before
        figure(
            f"{engine}: memory the ledger grew by at its highest, {LARGE:,} rows",
            f"{grown:.0f}",
            "MiB",
            f"limit {GROWTH_MIB}",
        )
    return str(import_["id"])


def post_all(engine: str, served: Served, import_id: str, *, told: bool = True) -> None:
    """All records of an import, by one job."""
    token = served.sign_in("supervisor")
    seen = served.ask(f"/v1/balance-records/summary?import_id={import_id}", token=token)
    body = {
        "filter": {"import_id": import_id},
        **{name: seen[name] for name in ("count", "total_minor", "set_hash")},
    }
    began = time.perf_counter()
    accepted = served.ask("/v1/balance-records/post-all", token=token, body=body, key=str(uuid.uuid4()))
    answered = time.perf_counter() - began
    done = finished(served, token, accepted)
    spent = time.perf_counter() - began
    assert done == {"count": LARGE, "skipped": 0}, done
    if told:
        beside = f"target {POSTED_A_SECOND[engine]:,}; {spent:.2f} s, accepted after {answered:.2f} s"
        figure(f"{engine}: post all of {LARGE:,} records", f"{LARGE / spent:,.0f}", "a second", beside)


def lone_beside(engine: str, served: Served, token: str, numbers: list[str], lone: Lone) -> None:
    """What a lone teller waits for one posting while others do long work."""
    with lone.at_work(served, token, f"{engine}: a lone posting beside an import of {LARGE:,} by valid rows"):
        taken = long_import(engine, served, token, numbers, "beside", told=False)
    with lone.at_work(served, token, f"{engine}: a lone posting beside post all of {LARGE:,}"):
        post_all(engine, served, taken, told=False)
    data = table(numbers, LARGE, "at once")
    with lone.at_work(
        served, token, f"{engine}: a lone posting beside an import of {LARGE:,}, all or nothing"
    ):
        run(served, token, send(served, token, data))


def largest(served: Served, numbers: list[str]) -> None:
    """The largest file there may be, all of it in one transaction."""
    token = served.sign_in("teller")
    data = table(numbers, LARGEST, "largest")
    before = resident(served, highest=True)
    began = time.perf_counter()
    done = run(served, token, send(served, token, data))
    spent = time.perf_counter() - began
    assert done["imported"] == LARGEST, done
    figure(
        f"import of {LARGEST:,} rows, from the first byte sent to done",
        f"{spent:.2f}",
        "s",
        f"{LARGEST / spent:,.0f} rows a second",
    )
    grown = resident(served, highest=True) - before
    figure(
        f"memory the ledger grew by at its highest, {LARGEST:,} rows",
        f"{grown:.0f}",
        "MiB",
        f"limit {GROWTH_MIB}",
    )


@dataclass
class Lone:
    """A teller who posts one record after another, some of a second apart; `records` are those that wait."""

    records: list[str]
    waits: list[float] = field(default_factory=list)

    @contextmanager
    def at_work(self, served: Served, token: str, name: str) -> Iterator[None]:
        """Post while the block runs, and tell what a posting took."""
        done = threading.Event()
        self.waits = []
        worker = threading.Thread(target=self._work, args=(served, token, done))
        worker.start()
        try:
            yield
        finally:
            done.set()
            worker.join()
        shown = " / ".join(f"{percentile(self.waits, part):.0f}" for part in (0.5, 0.95, 1.0))
        figure(f"{name}, p50 / p95 / longest", shown, "ms", f"{len(self.waits)} postings")

    def _work(self, served: Served, token: str, done: threading.Event) -> None:
        line = http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=120)
        while not done.wait(PAUSE_SECONDS):
            headers = {
                "authorization": f"Bearer {token}",
                "idempotency-key": str(uuid.uuid4()),
                "if-match": '"1"',
            }
            began = time.perf_counter()
            line.request("POST", f"/v1/balance-records/{self.records.pop()}/post", headers=headers)
            answer = line.getresponse()
            body = answer.read()
            assert answer.status == 200, body
            self.waits.append((time.perf_counter() - began) * 1000)
        line.close()


def resident(served: Served, *, highest: bool = False) -> float:
    """The ledger process's resident memory in MiB, now or at its highest so far."""
    name = "VmHWM" if highest else "VmRSS"
    status = Path(f"/proc/{served.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(name)).split()[1]) / 1024


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


def run(served: Served, token: str, upload_id: str, **options: Any) -> dict[str, Any]:
    """Import an uploaded file and wait for its job; its result."""
    asked = {"upload_id": upload_id, "kind": "balance-records"} | options
    return finished(served, token, served.ask("/v1/imports", token=token, body=asked, key=str(uuid.uuid4())))


def finished(served: Served, token: str, accepted: dict[str, Any]) -> dict[str, Any]:
    """The result of a job at its good end."""
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
