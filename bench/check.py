"""`ledger check` over a million journal entries, beside one plain sum of the journal in the same file, and its growth.

Every second entry was posted by itself, with an operation, its stored answer and a row of the chain;
the others by sets of 5,000, as files and Post All do it.
"""

from __future__ import annotations

import shutil
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bench.ledgers import BRANCH, BenchLedger, figure
from branchtui.ledger.audit import GENESIS, row_hash
from branchtui.ledger.check import run
from branchtui.ledger.clock import SystemClock, new_id
from branchtui.ledger.store.mapping import insert_rows, mapping_of
from branchtui.ledger.store.rows import (
    Account,
    AuditRow,
    BalanceRecord,
    Branch,
    ChainHead,
    Customer,
    JournalEntry,
    Leg,
    Operation,
)
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.store.sqlite_store import database_path

if TYPE_CHECKING:
    from branchtui.ledger.store.sqlite import SqliteConnection

SMALL, LARGE = 10_000, 1_000_000
CUSTOMERS = 5_000
SET = 5_000
LIMIT_SECONDS = 30.0
BODY = b"{" + b'"member":"of an answer",' * 34 + b'"end":true}'
"""As long as the stored answer to a posting is."""


class Writer:
    """Writes entries straight into the tables, as the ledger would have written them."""

    def __init__(self, connection: SqliteConnection) -> None:
        self._run = connection
        (self._branch,) = self._rows(Branch, "WHERE code = ?", BRANCH)
        people = self._rows(Customer, "LIMIT ?", CUSTOMERS)
        at_us = SystemClock().now_us()
        account = Account(
            id=f"gl-{self._branch.id}-bench",
            version=1,
            account_no="GL/bench",
            customer_id=None,
            branch_id=self._branch.id,
            kind="opening-balance-contra",
            currency="KES",
            status="open",
            product=None,
            balance_minor=0,
            created_at=at_us,
        )
        self._accounts = [account] + [
            replace(account, id=new_id(), account_no=f"B{number}", customer_id=each.id, kind="overpayment")
            for number, each in enumerate(people)
        ]
        self._insert(self._accounts)
        self._balance = [0] * len(self._accounts)
        heads = self._rows(ChainHead, "WHERE branch_id = ?", self._branch.id)
        self._head = heads[0] if heads else ChainHead(self._branch.id, 0, at_us, GENESIS)

    def write(self, count: int) -> None:
        """Add `count` entries: half of them alone, half in sets."""
        self._run.execute("BEGIN IMMEDIATE")
        for begin in range(0, count, 2 * SET):
            alone = min(SET, count - begin)
            self._entries([str(uuid.uuid4()) for _ in range(alone)], begin)
            together = min(SET, count - begin - alone)
            if together:
                self._entries([str(uuid.uuid4())] * together, begin + alone)
        for number, account in enumerate(self._accounts):
            self._run.execute(
                "UPDATE accounts SET balance_minor = ? WHERE id = ?", (self._balance[number], account.id)
            )
        self._run.execute("DELETE FROM chain_heads WHERE branch_id = ?", (self._branch.id,))
        self._insert([self._head])
        self._run.execute("COMMIT")

    def _entries(self, keys: list[str], begin: int) -> None:
        made: dict[type[Any], list[Any]] = {}
        for row_no, key in enumerate(keys):
            place = 1 + (begin + row_no) % (len(self._accounts) - 1)
            is_set = row_no > 0 and keys[row_no - 1] == key
            for row in self._posting(key, row_no if keys[0] == keys[-1] else 0, place, told=not is_set):
                made.setdefault(type(row), []).append(row)
        for row_type in (JournalEntry, Leg, BalanceRecord, Operation, AuditRow):
            self._insert(made.get(row_type, []))

    def _posting(self, key: str, row_no: int, place: int, *, told: bool) -> list[Any]:
        account, contra, amount = self._accounts[place], self._accounts[0], 100 + place
        self._balance[place] -= amount
        self._balance[0] += amount
        at_us = self._head.at + 1
        entry_id, record_id = new_id(), new_id()
        rows: list[Any] = [
            JournalEntry(
                entry_id, self._branch.id, "balance-record", key, row_no, record_id, None, "", None,
                "teller", at_us, "2026-09-30",
            ),
            Leg(entry_id, 0, contra.id, amount, self._balance[0]),
            Leg(entry_id, 1, account.id, -amount, self._balance[place]),
            BalanceRecord(
                record_id, 2, self._branch.id, account.customer_id or "", "overpayment", account.account_no,
                None, amount, "KES", "2026-09-30", "", None, "accounted", None, None, f"made-{record_id}", 0,
                "teller", at_us, "teller", at_us, account.id,
            ),
        ]  # fmt: skip
        if not told:
            return rows
        row = AuditRow(
            self._branch.id, self._head.seq + 1, at_us, "teller", "person", "teller", None, None,
            "balance-record.post", f"/v1/balance-records/{record_id}", key, None, None, "applied", None,
            None, self._head.hash, b"",
        )  # fmt: skip
        row = replace(row, hash=row_hash(row))
        self._head = ChainHead(self._branch.id, row.seq, row.at, row.hash)
        operation = Operation(
            key, "u", "teller", self._branch.id, row.hash, "balance-record.post", "succeeded", 200, None,
            "{}", BODY, f"/v1/balance-records/{record_id}", "", amount, "KES", None, key[-8:], at_us,
        )  # fmt: skip
        return [*rows, row, operation]

    def _rows(self, row_type: type[Any], where: str, *bound: Any) -> list[Any]:
        mapping = mapping_of(row_type)
        columns = ", ".join(mapping.columns)
        statement = f"SELECT {columns} FROM {mapping.table.name} {where}"  # noqa: S608 - names of our own schema
        return [row_type(*values) for values in self._run.execute(statement, bound)]

    def _insert(self, rows: list[Any]) -> None:
        if rows:
            values_of = mapping_of(type(rows[0])).values_of
            insert_rows(self._run, type(rows[0]), map(values_of, rows))


def measured(count: int) -> tuple[float, float, float]:
    """Seconds of `ledger check`, how many of them it had a core, and seconds of one plain sum; `count` entries."""
    ledger = BenchLedger.make(customers=CUSTOMERS)
    try:
        connection = connect(database_path(ledger.database))
        connection.execute("PRAGMA synchronous=OFF")
        Writer(connection).write(count)
        connection.wal_checkpoint()
        connection.close()
        plain = connect(database_path(ledger.database), read_only=True)
        began = time.perf_counter()
        ((total,),) = plain.execute("SELECT SUM(amount_minor) FROM legs")
        scan = time.perf_counter() - began
        plain.close()
        assert total == 0
        said: list[str] = []
        began, busy = time.perf_counter(), time.process_time()
        status = run(ledger.database, said.append)
        spent, busy = time.perf_counter() - began, time.process_time() - busy
        assert (status, said) == (0, []), said[:5]
        return spent, busy, scan
    finally:
        shutil.rmtree(ledger.folder)


def main() -> None:
    """Measure both sizes, and print one line a figure."""
    small, small_busy, small_scan = measured(SMALL)
    large, large_busy, large_scan = measured(LARGE)
    figure(
        f"ledger check over {SMALL:,} journal entries",
        f"{small:.2f}",
        "s",
        f"one plain SUM over the legs {small_scan * 1000:.0f} ms",
    )
    figure(
        f"ledger check over {LARGE:,} journal entries",
        f"{large:.1f}",
        "s",
        f"{large_busy:.1f} s of a core; limit {LIMIT_SECONDS:.0f} s; one plain SUM {large_scan:.2f} s",
    )
    growth = (large_busy / small_busy) / (LARGE / SMALL)
    figure("growth of its work by that of the ledger", f"{growth:.2f}", "", "1.00 would be linear")
    assert large < LIMIT_SECONDS, (large, large_busy)


if __name__ == "__main__":
    main()
