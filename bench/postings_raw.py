"""The embedded engine's own limit for postings: one thread that executes the ledger's very statements.

One connection, one posting a transaction, without HTTP, sign-in, rules, or group commit.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from bench.ledgers import BenchLedger
from branchtui.ledger.audit import row_hash
from branchtui.ledger.clock import new_id
from branchtui.ledger.store.mapping import mapping_of, select_equal
from branchtui.ledger.store.rows import (
    Account,
    AuditRow,
    BalanceRecord,
    ChainHead,
    Customer,
    JournalEntry,
    Leg,
    Operation,
)
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.store.sqlite_store import database_path


def raw_loop(ledger: BenchLedger, records: list[str]) -> float:
    """Postings a second of one thread that only executes the statements."""
    connection = connect(database_path(ledger.database))
    run = connection.execute

    def row(row_type: type[Any], **equal: Any) -> Any:
        found = run(select_equal(row_type, tuple(sorted(equal))), equal).fetchone()
        return row_type(*found) if found else None

    def write(statement: str, each: Any, **key: Any) -> None:
        mapping = mapping_of(type(each))
        run(statement, dict(zip(mapping.columns, mapping.values_of(each), strict=True)) | key)

    contra = row(Account, kind="opening-balance-contra")
    assert contra is not None, "something was posted before"
    began = time.perf_counter()
    for record_id in records:
        run("BEGIN IMMEDIATE")
        key = new_id()
        row(Operation, key=key)
        record: BalanceRecord = row(BalanceRecord, id=record_id)
        customer: Customer = row(Customer, id=record.customer_id)
        account: Account | None = row(Account, customer_id=customer.id, kind="overpayment")
        contra = row(Account, id=contra.id)
        head: ChainHead = row(ChainHead, branch_id=record.branch_id)
        if account is None:
            account = replace(
                contra, id=new_id(), account_no=f"R{record.external_ref}", customer_id=customer.id
            )
            account = replace(account, kind="overpayment", balance_minor=0)
            write(mapping_of(Account).insert, account)
        _write_posting(write, key, record, account, contra, head)
        run("COMMIT")
    spent = time.perf_counter() - began
    connection.close()
    return len(records) / spent


def _write_posting(
    write: Any, key: str, record: BalanceRecord, account: Account, contra: Account, head: ChainHead
) -> None:
    entry = JournalEntry(
        id=new_id(),
        branch_id=record.branch_id,
        kind="balance-record",
        operation_key=key,
        row_no=0,
        subject_id=record.id,
        reversal_of=None,
        narration="",
        reference=record.external_ref,
        created_by="teller",
        booked_at=head.at + 1,
        business_date=record.as_of_date,
    )
    write(mapping_of(JournalEntry).insert, entry)
    for line, (side, amount) in enumerate(((contra, record.amount_minor), (account, -record.amount_minor))):
        balance = side.balance_minor + amount
        write(mapping_of(Leg).insert, Leg(entry.id, line, side.id, amount, balance))
        changed = replace(side, balance_minor=balance, version=side.version + 1)
        write(mapping_of(Account).update, changed, key_id=side.id)
    posted = replace(record, status="accounted", version=2, posted_by="teller", posted_at=head.at + 1)
    write(mapping_of(BalanceRecord).update, replace(posted, account_id=account.id), key_id=record.id)
    row = AuditRow(
        branch_id=record.branch_id,
        seq=head.seq + 1,
        at=head.at + 1,
        actor="teller",
        person_id="p",
        role="teller",
        session_hash=None,
        address=None,
        action="balance-record.post",
        object=f"/v1/balance-records/{record.id}",
        operation_key=key,
        before=None,
        after=None,
        outcome="applied",
        reason=None,
        request_id=None,
        prev_hash=head.hash,
        hash=b"",
    )
    row = replace(row, hash=row_hash(row))
    write(mapping_of(AuditRow).insert, row)
    write(
        mapping_of(ChainHead).update,
        ChainHead(row.branch_id, row.seq, row.at, row.hash),
        key_branch_id=row.branch_id,
    )
    operation = Operation(
        key=key,
        principal_id="u",
        actor="teller",
        branch_id=record.branch_id,
        fingerprint=row.hash,
        action="balance-record.post",
        state="succeeded",
        status=200,
        code=None,
        headers="{}",
        body=b"x" * 900,
        resource=f"/v1/balance-records/{record.id}",
        summary="",
        amount_minor=record.amount_minor,
        currency="KES",
        guard=None,
        reference="AAAA-AA",
        completed_at=row.at,
    )
    write(mapping_of(Operation).insert, operation)
