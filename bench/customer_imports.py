"""Importing a CSV of 100,000 persons through the HTTP API on both engines: checked, then entered whole."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
import uuid
from pathlib import Path

from tests.ledger.postgres_server import PostgresServer, programs

from bench.customers_raw import raw_customers
from bench.imports import finished, resident, run, send
from bench.ledgers import SERVER, BenchLedger, Served, figure
from branchtui.ledger.store.sqlite_store import database_path

ROWS = 100_000
CUSTOMERS = 5_000
TARGET = 20_000
KIND = "customers-person"
FIRST = ("Wanjiku", "Achieng", "Ngũgĩ", "Kamau", "Atieno", "Baraka", "Neema", "Zawadi", "Cheptoo", "Mwende")
LAST = (
    "Kamau",
    "O'Brien",
    "Otieno",
    "Wa Thiong'o",
    "Abdi-Noor",
    "Mutua",
    "Wambui",
    "Kiprotich",
    "Odhiambo",
    "Hassan",
)


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
    ledger = BenchLedger.make(customers=CUSTOMERS, url=url)
    try:
        before = None
        if not url:
            before = shutil.copy(database_path(ledger.database), ledger.folder / "before.db")
        with ledger.serve() as served:
            token = served.sign_in("supervisor")
            run(served, token, send(served, token, table(500, "warm")), kind=KIND)
            entered = measured(engine, served, token)
        ledger.command("check")
        if before is not None:
            raw = raw_customers(ledger, Path(before))
            figure(
                f"{engine}: the same customers by their statements alone",
                f"{raw:,.0f}",
                "a second",
                f"entering them from the file goes at {entered / raw:.2f} of that",
            )
    finally:
        shutil.rmtree(ledger.folder)


def measured(engine: str, served: Served, token: str) -> float:
    """Checked to its preview, then entered by the valid rows; returns how many are entered a second."""
    before = resident(served, highest=True)
    upload_id = send(served, token, table(ROWS, "large"))
    began = time.perf_counter()
    ready = run(served, token, upload_id, kind=KIND, mode="valid_rows", dry_run=True)
    checked = time.perf_counter() - began
    import_ = served.ask(f"/v1/imports/{ready['import_id']}", token=token)
    body = {name: import_[name] for name in ("sha256", "preview_version")}
    began = time.perf_counter()
    started = served.ask(f"/v1/imports/{import_['id']}/start", token=token, body=body, key=str(uuid.uuid4()))
    done = finished(served, token, started)
    entered = time.perf_counter() - began
    assert done["imported"] == ROWS, done
    grown = resident(served, highest=True) - before
    name = f"{engine}: {ROWS:,} persons by a file"
    figure(f"{name}, checked", f"{ROWS / checked:,.0f}", "a second", f"{checked:.1f} s")
    figure(f"{name}, entered", f"{ROWS / entered:,.0f}", "a second", f"{entered:.1f} s")
    whole = ROWS / (checked + entered)
    figure(f"{name}, both together", f"{whole:,.0f}", "a second", f"wish {TARGET:,}")
    figure(f"{name}, memory the ledger grew by at its highest", f"{grown:.0f}", "MiB")
    return ROWS / entered


def table(size: int, tag: str) -> bytes:
    """A file of `size` good rows, as an older system gives them."""
    head = "first_name,last_name,external_id,mobile_no,email,date_of_birth,gender,client_type,submitted_on,active\r\n"
    rows = (
        f"{FIRST[row % 10]},{LAST[row // 10 % 10]} {row // 100},{tag}-{row:07d},07{20_000_000 + row},"
        f"m{row}@example.org,{1950 + row % 50}-{row % 12 + 1:02d}-{row % 28 + 1:02d},"
        f"{'Female' if row % 2 else 'Male'},Individual,2024-05-{row % 28 + 1:02d},yes\r\n"
        for row in range(size)
    )
    return (head + "".join(rows)).encode()


if __name__ == "__main__":
    main()
