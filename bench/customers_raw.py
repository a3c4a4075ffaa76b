"""The embedded engine's own limit for customers of a file: the very statements that write them, and nothing else.

No file is read, nothing is checked, numbered, matched or audited: rows that an import has made before are written once
more, into a copy of the ledger as it was before that import.
"""

from __future__ import annotations

import time
from pathlib import Path

from bench.ledgers import BenchLedger
from branchtui.ledger.store.customer_store import insert_customers
from branchtui.ledger.store.mapping import mapping_of
from branchtui.ledger.store.rows import Account, Customer
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.store.sqlite_store import database_path
from branchtui.ledger.workflows.import_customers import CHUNK_ROWS


def raw_customers(imported: BenchLedger, before: Path) -> float:
    """Customers a second, with their wallets, in transactions of as many as an import writes at once."""
    source = connect(database_path(imported.database), read_only=True)
    target = connect(before)
    known = {no for (no,) in target.execute("SELECT customer_no FROM customers")}
    columns = ", ".join(mapping_of(Customer).columns)
    rows = source.execute(f"SELECT {columns} FROM customers WHERE import_id IS NOT NULL ORDER BY row_no")  # noqa: S608 - names of our own schema
    customers = [each for each in (Customer(*row) for row in rows) if each.customer_no not in known]
    columns = ", ".join(mapping_of(Account).columns)
    accounts = source.execute(f"SELECT {columns} FROM accounts WHERE kind = 'wallet'")  # noqa: S608 - as above
    wallets = {each.customer_id: each for each in (Account(*row) for row in accounts)}
    target.tidy_by_hand()
    began = time.perf_counter()
    for at in range(0, len(customers), CHUNK_ROWS):
        some = customers[at : at + CHUNK_ROWS]
        target.begin(bulk=True)
        insert_customers(target, some, [], [wallets[each.id] for each in some], [], [])
        target.commit()
        target.tidy(bulk=True)
    seconds = time.perf_counter() - began
    target.close()
    source.close()
    return len(customers) / seconds
