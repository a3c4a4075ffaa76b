"""Ledgers for benchmarks: made in a temporary folder, served by the real command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from branchtui.contract.sessions import Role
from branchtui.ledger import setup
from branchtui.ledger.clock import SystemClock, new_id
from branchtui.ledger.store.rows import BalanceRecord, Branch, Customer
from branchtui.ledger.store.unit import BulkTx

PASSWORD = "seven quiet herons"  # noqa: S105 - made up, for ledgers that live as long as a benchmark
BRANCH = "HQ"

TELLERS: Final = ("teller", *(f"teller{number}" for number in range(2, 9)))
"""One for each connection that is to have a session: a user has two at most."""

SERVER: Final = {"shared_buffers": "1GB", "max_wal_size": "4GB", "checkpoint_timeout": "15min"}
"""What `docs/operate.md` sets on a PostgreSQL server of four gigabytes; all of it as durable as what nobody sets."""


def figure(name: str, value: object, unit: str = "", beside: str = "") -> None:
    """Print one figure for `bench/__main__.py`."""
    sys.stdout.write(json.dumps({"figure": name, "value": value, "unit": unit, "beside": beside}) + "\n")
    sys.stdout.flush()


def percentile(values: list[float], part: float) -> float:
    """The value below which `part` (0 to 1) of the sorted values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


@dataclass
class BenchLedger:
    """A ledger with one branch, tellers and a supervisor, none with a limit: in a file of `folder`, or at `url`."""

    folder: Path
    url: str = ""

    @classmethod
    def make(
        cls, *, customers: int, payments: int = 0, records: int = 0, folder: Path | None = None, url: str = ""
    ) -> Self:
        """A new ledger with `customers` seeded people, in `folder` or a temporary one, or at `url`."""
        made = cls(folder or Path(tempfile.mkdtemp(prefix="branchtui-bench-")), url)
        new = setup.NewLedger(
            "Bench Sacco", BRANCH, "Head office", "KES", "Africa/Nairobi", "admin", PASSWORD
        )
        setup.init_ledger(made.database, new)
        at_us = SystemClock().now_us()

        def people(tx: BulkTx) -> None:
            for username, role in (
                *((name, Role.TELLER) for name in TELLERS),
                ("supervisor", Role.SUPERVISOR),
            ):
                setup.add_user(
                    tx,
                    username=username,
                    role=role,
                    branch_code=BRANCH,
                    password=PASSWORD,
                    limit_minor=None,
                    at_us=at_us,
                )

        setup.change(made.database, people)
        counts = {"--customers": customers, "--payments": payments, "--balance-records": records}
        given = (word for option, count in counts.items() for word in (option, str(count)))
        made.command("seed", "--branch", BRANCH, *given)
        return made

    @property
    def database(self) -> str:
        """The database's address."""
        return self.url or f"sqlite:///{self.folder / 'ledger.db'}"

    def command(self, *arguments: str) -> None:
        """Run `branchtui ledger ...` on this ledger."""
        name, *rest = arguments
        subprocess.run(
            [sys.executable, "-m", "branchtui", "ledger", name, "--database", self.database, *rest],
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def add_records(self, count: int, *, tag: str) -> list[str]:
        """Put `count` waiting balance records of the teller into the ledger; returns their ids."""
        at_us = SystemClock().now_us()

        def add(tx: BulkTx) -> list[str]:
            branch = tx.find_one(Branch, code=BRANCH)
            assert branch is not None
            people = [each for each in tx.find(Customer, branch_id=branch.id) if each.status == "active"]
            ids: list[str] = []
            for number in range(count):
                customer = people[number % len(people)]
                record = BalanceRecord(
                    id=new_id(),
                    version=1,
                    branch_id=branch.id,
                    customer_id=customer.id,
                    account_kind="overpayment",
                    account_no=None,
                    product=None,
                    amount_minor=100 + number,
                    currency="KES",
                    as_of_date="2026-09-30",
                    narration="",
                    external_ref=f"{tag}-{number}",
                    status="not_accounted",
                    import_id=None,
                    import_row_no=None,
                    operation_key=f"bench-{tag}-seed-000",
                    row_no=number,
                    created_by="teller",
                    created_at=at_us + number,
                    posted_by=None,
                    posted_at=None,
                    account_id=None,
                )
                tx.put(record)
                ids.append(record.id)
            return ids

        return setup.change(self.database, add)

    def serve(self, module: str = "branchtui") -> Served:
        """Serve it with the real command on a free port; `module` runs that command."""
        return Served(self, module)


class Served:
    """A served ledger and a way to ask it."""

    python = sys.executable

    def __init__(self, ledger: BenchLedger, module: str = "branchtui") -> None:
        command = ["ledger", "serve", "--database", ledger.database, "--port", "0"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *command],
            stdout=subprocess.PIPE,
            # Its lines are written as ever, and read by nobody.
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"BRANCHTUI_LEDGER_LIMITS": "off"},
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(60)

    def ask(
        self,
        path: str,
        *,
        token: str | None = None,
        body: Any = None,
        key: str | None = None,
        method: str | None = None,
    ) -> Any:
        """One JSON request; POST when there is a body, unless `method` says another."""
        headers = {"content-type": "application/json"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        if key:
            headers["idempotency-key"] = key
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)  # noqa: S310 - our own loopback URL
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 - our own loopback URL
            return json.loads(answer.read() or b"null")

    def sign_in(self, username: str) -> str:
        """An access token."""
        found: str = self.ask("/v1/sessions", body={"username": username, "password": PASSWORD})[
            "access_token"
        ]
        return found

    def resident_mib(self) -> float:
        """The ledger process's resident memory in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(each for each in status.splitlines() if each.startswith("VmRSS"))
        return int(line.split()[1]) / 1024
