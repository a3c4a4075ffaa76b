"""What `ledger check` asks about the ties between rows: record, payment, entry, account, operation, chain.

Each is an invariant, a sentence, and a statement that finds what breaks it; `check.py` runs them after
its own. Together they notice a row that was deleted, doubled, or changed in a column that an invariant
rests on, also where the database's own constraints are gone.
"""

from __future__ import annotations

from typing import Final

from branchtui.ledger.tenders import RECEIVED_BY, RECEIVED_IN, REFUNDED_BY, REFUNDED_FROM

_TENDER_KINDS: Final = ", ".join(
    f"('{direction}', '{tender.value}', '{kind}')"
    for direction, kinds in ((RECEIVED_BY, RECEIVED_IN), (REFUNDED_BY, REFUNDED_FROM))
    for tender, kind in kinds.items()
)

_TENDERS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "INV-9",
        "a tender names payment {0}, and that is not there",
        """
        SELECT payment_id FROM payment_tenders
        WHERE NOT EXISTS (SELECT 1 FROM payments WHERE payments.id = payment_id)
        """,
    ),
    (
        "INV-4",
        "payment {0} is {1}, and {2} rows name the tender that it came or went by instead of {3}",
        """
        SELECT payment_no, source || ' and ' || state, COUNT(direction),
            (CASE source WHEN 'manual' THEN 1 ELSE 0 END) + (CASE state WHEN 'refunded' THEN 1 ELSE 0 END)
        FROM payments LEFT JOIN payment_tenders ON payment_id = payments.id
            AND (direction = 'refunded' OR source = 'manual')
        GROUP BY payments.row_no, payment_no, source, state
        HAVING COUNT(direction)
            <> (CASE source WHEN 'manual' THEN 1 ELSE 0 END) + (CASE state WHEN 'refunded' THEN 1 ELSE 0 END)
        """,
    ),
    (
        "INV-4",
        "payment {0} was {1} by {2}, and no journal entry says so",
        f"""
        WITH kinds(way, tender, kind) AS (VALUES {_TENDER_KINDS})
        SELECT payment_no, direction, payment_tenders.tender FROM payment_tenders
        JOIN payments ON payments.id = payment_id
        WHERE NOT EXISTS (
            SELECT 1 FROM journal_entries JOIN legs ON entry_id = journal_entries.id
            JOIN accounts ON accounts.id = legs.account_id
            JOIN kinds ON kinds.kind = accounts.kind
            WHERE subject_id = payment_id AND kinds.tender = payment_tenders.tender AND way = direction
                AND legs.amount_minor
                    = payments.amount_minor * CASE direction WHEN 'received' THEN 1 ELSE -1 END
                AND journal_entries.kind
                    = CASE direction WHEN 'received' THEN 'payment.create' ELSE 'payment.refund' END
        )
        """,  # noqa: S608 - words of our own
    ),
)
"""Payments that came over the counter, or went back over it."""

_RECEIPTS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "INV-9",
        "receipt {0} says {1} minor units by {2}, its journal entry {3} by {4}",
        """
        SELECT receipt_no, receipts.amount_minor, receipts.kind, total, journal_entries.kind FROM receipts
        JOIN journal_entries ON journal_entries.id = receipts.entry_id
        JOIN (
            SELECT legs.entry_id, SUM(legs.amount_minor) AS total FROM legs
            WHERE legs.amount_minor > 0 AND legs.entry_id IN (SELECT entry_id FROM receipts)
            GROUP BY legs.entry_id
        ) AS summed ON summed.entry_id = receipts.entry_id
        WHERE total <> receipts.amount_minor OR receipts.kind <> journal_entries.kind
            OR receipts.booked_at <> journal_entries.booked_at OR receipts.branch_id <> journal_entries.branch_id
        """,
    ),
    (
        "INV-9",
        "receipt {0} has {1} copies, and the audit chain tells of {2} prints",
        """
        SELECT receipt_no, copies, COUNT(audit.seq) FROM receipts
        LEFT JOIN audit ON audit.object = '/v1/receipts/' || receipts.id AND audit.action = 'receipt.print'
            AND audit.outcome = 'applied'
        GROUP BY receipts.id, receipt_no, copies HAVING COUNT(audit.seq) <> copies + 1
        """,
    ),
)

LINKS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "INV-1",
        "journal entry {0} is about {1}, and that is not there",
        """
        SELECT journal_entries.id, subject_id FROM journal_entries
        WHERE NOT EXISTS (SELECT 1 FROM balance_records WHERE balance_records.id = subject_id)
            AND NOT EXISTS (SELECT 1 FROM payments WHERE payments.id = subject_id)
            AND NOT EXISTS (SELECT 1 FROM accounts WHERE accounts.id = subject_id)
            AND NOT EXISTS (SELECT 1 FROM credit_transactions WHERE credit_transactions.id = subject_id)
            AND NOT EXISTS (SELECT 1 FROM balance_files WHERE balance_files.id = subject_id)
            AND NOT EXISTS (SELECT 1 FROM vouchers WHERE vouchers.id = subject_id)
        """,
    ),
    (
        "INV-3",
        "balance record {0} is reversed, and no journal entry takes it back",
        """
        SELECT id FROM balance_records WHERE status = 'reversed' AND NOT EXISTS (
            SELECT 1 FROM journal_entries WHERE subject_id = balance_records.id AND reversal_of IS NOT NULL
        )
        """,
    ),
    (
        "INV-3",
        "balance record {0} is {1}, and journal entry {2} takes it back",
        """
        SELECT balance_records.id, status, journal_entries.id FROM journal_entries
        JOIN balance_records ON balance_records.id = subject_id
        WHERE reversal_of IS NOT NULL AND status <> 'reversed'
        """,
    ),
    (
        "INV-3",
        "balance record {0} was posted to account {1}, which is not of its customer, kind and currency",
        """
        SELECT balance_records.id, accounts.account_no FROM balance_records
        JOIN accounts ON accounts.id = balance_records.account_id
        WHERE accounts.customer_id IS NULL OR accounts.customer_id <> balance_records.customer_id
            OR accounts.kind <> balance_records.account_kind
            OR accounts.currency <> balance_records.currency
        """,
    ),
    (
        "INV-3",
        "balance record {0} belongs to another branch than its journal entry {1}",
        """
        SELECT balance_records.id, journal_entries.id FROM balance_records
        JOIN journal_entries ON subject_id = balance_records.id
        WHERE journal_entries.branch_id <> balance_records.branch_id
        """,
    ),
    (
        "INV-4",
        "payment {0} of {1} minor units is {3}, but unallocated receipts hold {2} of it",
        """
        SELECT payment_no, payments.amount_minor, -COALESCE(SUM(legs.amount_minor), 0), state FROM payments
        LEFT JOIN journal_entries ON subject_id = payments.id
        LEFT JOIN legs ON entry_id = journal_entries.id
            AND legs.account_id IN (SELECT id FROM accounts WHERE kind = 'unallocated-receipts')
        GROUP BY payments.row_no, payment_no, payments.amount_minor, state
        HAVING -COALESCE(SUM(legs.amount_minor), 0)
            <> CASE WHEN state IN ('unassociated', 'ignored') THEN payments.amount_minor ELSE 0 END
        """,
    ),
    (
        "INV-4",
        "payment {0} names account {1}, which did not receive it",
        """
        SELECT payment_no, COALESCE(accounts.account_no, payments.account_id, 'none') FROM payments
        LEFT JOIN accounts ON accounts.id = payments.account_id
        WHERE state = 'associated' AND -payments.amount_minor <> (
            SELECT COALESCE(SUM(legs.amount_minor), 0) FROM journal_entries
            JOIN legs ON entry_id = journal_entries.id AND legs.account_id = payments.account_id
            WHERE subject_id = payments.id
        )
        """,
    ),
    (
        "INV-4",
        "payment {0} is in {1}, the account that it names in {2}",
        """
        SELECT payment_no, payments.currency, accounts.currency FROM payments
        JOIN accounts ON accounts.id = payments.account_id WHERE accounts.currency <> payments.currency
        """,
    ),
    (
        "INV-6",
        "{1} payments carry the number {0}",
        "SELECT payment_no, COUNT(*) FROM payments GROUP BY payment_no HAVING COUNT(*) > 1",
    ),
    (
        "INV-9",
        "{2} journal entries are row {1} of operation {0}",
        """
        SELECT operation_key, row_no, COUNT(*) FROM journal_entries
        GROUP BY operation_key, row_no HAVING COUNT(*) > 1
        """,
    ),
    (
        "INV-9",
        "{2} balance records are row {1} of operation {0}",
        """
        SELECT operation_key, row_no, COUNT(*) FROM balance_records
        GROUP BY operation_key, row_no HAVING COUNT(*) > 1
        """,
    ),
    (
        "INV-9",
        "the audit chain tells of operation {0} ({1}), and that is not there",
        """
        SELECT operation_key, action FROM audit WHERE request_id IS NOT NULL AND operation_key IN (
            SELECT operation_key FROM audit WHERE request_id IS NOT NULL AND operation_key IS NOT NULL
            EXCEPT SELECT key FROM operations
        )
        """,
    ),
    (
        "INV-9",
        "operation {0} is {1}, and its answer was {2}",
        """
        SELECT key, state, status FROM operations
        WHERE (state = 'succeeded' AND status >= 400) OR (state <> 'succeeded' AND status < 400)
        """,
    ),
    (
        "INV-9",
        "operation {0} is {1}, and the audit chain says that it was {2}",
        """
        SELECT operation_key, 'rejected', outcome FROM audit
        WHERE outcome = 'applied' AND operation_key IN (SELECT key FROM operations WHERE state = 'rejected')
        """,
    ),
    *_TENDERS,
    *_RECEIPTS,
)
