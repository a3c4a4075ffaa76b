"""Ledgers on one database, clients in processes of their own, and what goes wrong meanwhile."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg
from tests.ledger.histories import op as history
from tests.ledger.histories.checker import Seen
from tests.ledger.histories.client import Orders, orders_text
from tests.ledger.served import command

from branchtui.ledger.store.engine import store_at
from branchtui.ledger.store.errors import StoreUnavailable
from branchtui.ledger.store.postgres.connection import TURN

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from tests.ledger.histories.model import Cell
    from tests.ledger.histories.op import Op
    from tests.ledger.postgres_server import PostgresServer

ROOT: Final = Path(__file__).parents[3]
CLIENTS: Final = 8
PROCESSES: Final = 2
"""The clients are dealt over so many, as many as there are cores."""

AUDIT_SECONDS: Final = 0.05

BETWEEN_FAULTS: Final = (10, 60)
"""Rows of the chain that go by: progress paces the faults, so that a slow machine is not all faults."""

RESTARTS: Final = (3, 6)
"""Of a run: so many parts of its operations go by between two."""

_QUARREL: Final = """
CREATE FUNCTION quarrel() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF random() < 0.01 THEN RAISE EXCEPTION 'made by a test' USING ERRCODE = '40001'; END IF;
    RETURN NEW;
END $$;
CREATE CONSTRAINT TRIGGER quarrel AFTER INSERT ON operations DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION quarrel();
"""
"""At COMMIT, one operation in a hundred meets what SERIALIZABLE says to whoever was second."""

_OTHERS: Final = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'branchtui ledger'
"""

_RESTARTS: Final = frozenset({"a ledger was killed", "a ledger was stopped"})


@dataclass
class Process:
    """A ledger that always comes back to the same address; `words` start it, and want database and port."""

    words: list[str]
    database: str
    port: int
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve, and be ready."""
        self.process = subprocess.Popen(
            [*self.words, "--database", self.database, "--port", str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            env=os.environ | {"BRANCHTUI_LEDGER_LIMITS": "off"},
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == self.url

    def end(self, *, kindly: bool) -> None:
        """As an operator stops it, or by SIGKILL."""
        assert self.process is not None
        (self.process.terminate if kindly else self.process.kill)()
        self.process.communicate(timeout=60)


@dataclass
class Scene:
    """One database with a branch, served; `run` lets clients work on it while faults happen."""

    database: str
    branch_id: str
    customers: list[str]
    callback_token: str
    chance: random.Random
    folder: Path
    server: PostgresServer | None = None
    before: frozenset[str] = frozenset()
    """Keys of what was done before the clients come."""

    words: list[str] = field(default_factory=lambda: command("serve"))
    ledgers: list[Process] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    audits: list[Seen] = field(default_factory=list)
    head: int = 0
    """How long the chain was when it was looked at last."""

    seconds: float = 0.0

    def run(
        self, operations: int, *, storms: int, seed: str, disturbed: bool = True, **orders: Any
    ) -> list[Op]:
        """The histories of all clients, `operations` each."""
        ledgers = 1 if self.server is None else 2
        self.ledgers = [Process(self.words, self.database, _free_port()) for _ in range(ledgers)]
        if self.server is not None and disturbed:
            self.server.ask(_QUARREL, database=self.name)
        for ledger in self.ledgers:
            ledger.start()
        done = threading.Event()
        threads = [threading.Thread(target=self._audit, args=(done,))]
        if disturbed:
            threads.append(threading.Thread(target=self._disturb, args=(done, operations * CLIENTS)))
        began = time.monotonic()
        for thread in threads:
            thread.start()
        try:
            found = self._clients(operations, storms, seed, orders)
        finally:
            done.set()
            for thread in threads:
                thread.join()
            self.seconds = time.monotonic() - began
            for ledger in self.ledgers:
                ledger.end(kindly=True)
        return found

    @property
    def name(self) -> str:
        """The database's name in its server."""
        return self.database.rpartition("/")[2]

    def _clients(self, operations: int, storms: int, seed: str, more: dict[str, Any]) -> list[Op]:
        orders = [
            Orders(
                seed=seed,
                number=number,
                urls=[ledger.url for ledger in self.ledgers],
                customers=self.customers,
                callback_token=self.callback_token,
                operations=operations,
                storms=storms // CLIENTS + (number < storms % CLIENTS),
                gives_up=0.3,
                path=str(self.folder / f"history-{number}"),
                **more,
            )
            for number in range(CLIENTS)
        ]
        words = [sys.executable, "-m", "tests.ledger.histories.client"]
        running = [
            subprocess.Popen(words, stdin=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(PROCESSES)
        ]
        try:
            for place, process in enumerate(running):
                assert process.stdin is not None
                process.stdin.write(orders_text(orders[place::PROCESSES]))
                process.stdin.close()
            assert [process.wait() for process in running] == [0] * PROCESSES
        finally:
            for process in running:
                process.kill()
                process.wait()
        return [op for each in orders for op in history.read(Path(each.path))]

    # ── what goes wrong ─────────────────────────────────────────────────────────────────────────────────────────────

    def _disturb(self, done: threading.Event, operations: int) -> None:
        between_restarts = (operations // RESTARTS[1], operations // RESTARTS[0])
        ways: dict[str, Callable[[], None]] = {
            "a ledger was killed": self._kill,
            "a ledger was stopped": self._stop,
        }
        if self.server is not None:
            ways |= {"a backend was ended": self._end_backend, "a deadlock was made": self._fight}
        fault_at, restart_at = self._later(BETWEEN_FAULTS), self._later(between_restarts)
        while not done.wait(AUDIT_SECONDS):
            way = ""
            if self.head >= restart_at:
                way = self.chance.choice(sorted(_RESTARTS))
            elif self.head >= fault_at:
                way = self.chance.choice(sorted(ways.keys() - _RESTARTS) or [""])
            if way:
                ways[way]()
                self.faults[way] += 1
                fault_at = self._later(BETWEEN_FAULTS)
                restart_at = self._later(between_restarts) if way in _RESTARTS else restart_at

    def _later(self, rows: tuple[int, int]) -> int:
        return self.head + self.chance.randint(*rows)

    def _kill(self) -> None:
        ledger = self.chance.choice(self.ledgers)
        ledger.end(kindly=False)
        ledger.start()

    def _stop(self) -> None:
        ledger = self.chance.choice(self.ledgers)
        ledger.end(kindly=True)
        ledger.start()

    def _end_backend(self) -> None:
        assert self.server is not None
        running = [pid for (pid,) in self.server.ask(_OTHERS, database=self.name)]
        if running:
            self.server.ask("SELECT pg_terminate_backend(%s)", self.chance.choice(running))

    def _fight(self) -> None:
        """Somebody at a console holds what the ledger wants, and wants what the ledger holds (40P01)."""
        assert self.server is not None
        with psycopg.connect(self.server.url(self.name)) as console, contextlib.suppress(psycopg.Error):
            console.execute("SELECT 1 FROM chain_heads WHERE branch_id = %s FOR UPDATE", (self.branch_id,))
            console.execute("SELECT pg_advisory_xact_lock(%s)", (TURN,))

    # ── reads of the database itself ────────────────────────────────────────────────────────────────────────────────

    def _audit(self, done: threading.Event) -> None:
        """Read all balances, and how long the chain is, in one snapshot, again and again."""
        store = store_at(self.database)
        connection = None
        while not done.wait(AUDIT_SECONDS):
            try:
                connection = connection or store.connect(read_only=True)
                invoked = time.monotonic_ns()
                connection.begin_reading()
                rows = list(connection.execute("SELECT customer_id, kind, balance_minor FROM accounts"))
                head = connection.execute(
                    "SELECT seq FROM chain_heads WHERE branch_id = ?", (self.branch_id,)
                ).fetchone()
                connection.rollback()
            except (StoreUnavailable, psycopg.Error):
                connection = None
                continue
            self.head = head[0]
            self.audits.append(Seen("the auditor", invoked, time.monotonic_ns(), _cells(rows), self.head))
        if connection is not None:
            connection.close()


def _cells(rows: list[Any]) -> dict[Cell, Any]:
    """All accounts as the model's cells."""
    books = {"opening-balance-contra": 0, "unallocated-receipts": 0, "provider-float": 0}
    held: dict[str, dict[str, int]] = {}
    for customer, kind, balance in rows:
        if customer is None:
            books[kind] = balance
        elif kind != "wallet" or balance:
            held.setdefault(customer, {})[kind] = balance if kind == "loan" else -balance
    cells: dict[Cell, Any] = {("accounts", customer): balances for customer, balances in held.items()}
    return cells | {("books",): books, ("total",): sum(balance for _, _, balance in rows)}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
