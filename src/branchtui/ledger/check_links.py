"""What `ledger check` asks about the ties between rows: record, payment, entry, account, operation, chain.

Each is an invariant, a sentence, and a statement that finds what breaks it; `check.py` runs them after
its own. Together they notice a row that was deleted, doubled, or changed in a column that an invariant
rests on, also where the database's own constraints are gone.
"""

from __future__ import annotations

from typing import Final

LINKS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "INV-1",
        "journal entry {0} is about {1}, and that is not there",
        """
        SELECT journal_entries.id, subject_id FROM journal_entries
        WHERE NOT EXISTS (SELECT 1 FROM balance_records WHERE balance_records.id = subject_id)
            AND NOT EXISTS (SELECT 1 FROM payments WHERE payments.id = subject_id)
            AND NOT EXISTS (SELECT 1 FROM accounts WHERE accounts.id = subject_id)
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
        "payment {0} of {1} minor units waits, but unallocated receipts hold {2} of it",
        """
        SELECT payment_no, payments.amount_minor, -COALESCE(SUM(legs.amount_minor), 0) FROM payments
        LEFT JOIN journal_entries ON subject_id = payments.id
        LEFT JOIN legs ON entry_id = journal_entries.id
            AND legs.account_id IN (SELECT id FROM accounts WHERE kind = 'unallocated-receipts')
        WHERE state = 'unassociated'
        GROUP BY payments.row_no, payment_no, payments.amount_minor
        HAVING -COALESCE(SUM(legs.amount_minor), 0) <> payments.amount_minor
        """,
    ),
    (
        "INV-4",
        "payment {0} names account {1}, which did not receive it",
        """
        SELECT payment_no, accounts.account_no FROM payments JOIN accounts ON accounts.id = payments.account_id
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
)
