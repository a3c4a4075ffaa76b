"""What `ledger check` asks about credit accounts (INV-7, INV-10), beside what is true of every account.

As `check_links.py`: an invariant, a sentence, and a statement that finds what breaks it.
"""

from __future__ import annotations

from typing import Final

CREDIT: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "INV-2",
        "credit account {0} shows {1} minor units owed, its account {2}",
        """
        SELECT accounts.account_no, credit_accounts.owed_minor, accounts.balance_minor
        FROM credit_accounts JOIN accounts ON accounts.id = credit_accounts.id
        WHERE credit_accounts.owed_minor <> accounts.balance_minor
        """,
    ),
    (
        "INV-2",
        "transaction {0} of credit account {1} does not go on where the one before it ended",
        """
        SELECT later.seq, later.account_id FROM credit_transactions AS later
        LEFT JOIN credit_transactions AS before
            ON before.account_id = later.account_id AND before.seq = later.seq - 1
        WHERE later.owed_after_minor <> COALESCE(before.owed_after_minor, 0) + later.amount_minor
            OR (later.seq > 1 AND before.seq IS NULL)
        """,
    ),
    (
        "INV-2",
        "credit account {0} ends at transaction {1} with {2} minor units, its last transaction says otherwise",
        """
        SELECT credit_accounts.id, last_seq, owed_minor FROM credit_accounts
        LEFT JOIN credit_transactions ON account_id = credit_accounts.id AND seq = last_seq
        WHERE owed_minor <> COALESCE(owed_after_minor, 0) OR (last_seq > 0) <> (seq IS NOT NULL)
            OR EXISTS (SELECT 1 FROM credit_transactions AS later
                WHERE later.account_id = credit_accounts.id AND later.seq > credit_accounts.last_seq)
        """,
    ),
    (
        "INV-2",
        "credit transaction {0} states {1} minor units, its journal entry moved its account by {2}",
        """
        SELECT credit_transactions.id, credit_transactions.amount_minor, COALESCE(SUM(legs.amount_minor), 0)
        FROM credit_transactions LEFT JOIN legs ON legs.entry_id = credit_transactions.entry_id
            AND legs.account_id = credit_transactions.account_id
        GROUP BY credit_transactions.id, credit_transactions.amount_minor
        HAVING COALESCE(SUM(legs.amount_minor), 0) <> credit_transactions.amount_minor
        """,
    ),
    (
        "INV-2",
        "journal entry {0} moved credit account {1}, which has no transaction of it",
        """
        SELECT legs.entry_id, legs.account_id FROM credit_accounts
        JOIN legs ON legs.account_id = credit_accounts.id
        WHERE NOT EXISTS (SELECT 1 FROM credit_transactions WHERE credit_transactions.entry_id = legs.entry_id
            AND credit_transactions.account_id = legs.account_id)
        """,
    ),
    (
        "INV-7",
        "{0} {1} of credit account {2} left {3} minor units owed, beyond the limit of {4} that stood then",
        """
        SELECT type, seq, account_id, owed_after_minor, limit_minor FROM credit_transactions
        WHERE limit_minor IS NOT NULL AND amount_minor > 0 AND owed_after_minor > limit_minor
        """,
    ),
    (
        "INV-10",
        "credit transaction {0} of {1} minor units is settled by {2}",
        """
        SELECT debit.id, debit.amount_minor, SUM(credit_allocations.amount_minor) FROM credit_allocations
        JOIN credit_transactions AS debit ON debit.id = debit_id
        GROUP BY debit.id, debit.amount_minor
        HAVING SUM(credit_allocations.amount_minor) > debit.amount_minor OR debit.amount_minor < 0
            OR SUM(credit_allocations.amount_minor) < 0
        """,
    ),
    (
        "INV-10",
        "credit transaction {0} of {1} minor units settles {2}",
        """
        SELECT credit.id, credit.amount_minor, SUM(credit_allocations.amount_minor) FROM credit_allocations
        JOIN credit_transactions AS credit ON credit.id = credit_id
        GROUP BY credit.id, credit.amount_minor
        HAVING SUM(credit_allocations.amount_minor) > -credit.amount_minor OR credit.amount_minor > 0
            OR SUM(credit_allocations.amount_minor) < 0
        """,
    ),
    (
        "INV-10",
        "{0} settles {1} {2} times less than nothing",
        """
        SELECT credit_id, debit_id, SUM(amount_minor) FROM credit_allocations
        GROUP BY credit_id, debit_id HAVING SUM(amount_minor) < 0
        """,
    ),
    (
        "INV-10",
        "{0} of account {1} settles {2} of another account",
        """
        SELECT credit_id, credit_allocations.account_id, debit_id FROM credit_allocations
        JOIN credit_transactions AS credit ON credit.id = credit_id
        JOIN credit_transactions AS debit ON debit.id = debit_id
        WHERE credit.account_id <> credit_allocations.account_id OR debit.account_id <> credit_allocations.account_id
        """,
    ),
    (
        "INV-10",
        "of credit transaction {0} {1} minor units are said to be open, its settlements leave {2}",
        """
        SELECT credit_transactions.id, COALESCE(open_minor, 0), amount_minor - COALESCE(settled, 0) + COALESCE(used, 0)
        FROM credit_transactions
        LEFT JOIN credit_open_items ON transaction_id = credit_transactions.id
        LEFT JOIN (SELECT debit_id, SUM(amount_minor) AS settled FROM credit_allocations GROUP BY debit_id) AS paid
            ON paid.debit_id = credit_transactions.id
        LEFT JOIN (SELECT credit_id, SUM(amount_minor) AS used FROM credit_allocations GROUP BY credit_id) AS spent
            ON spent.credit_id = credit_transactions.id
        WHERE COALESCE(open_minor, 0) <> amount_minor - COALESCE(settled, 0) + COALESCE(used, 0)
        """,
    ),
    (
        "INV-10",
        "credit account {0} has {1} minor units that settle nothing, its open transactions say {2}",
        """
        SELECT id, unapplied_minor, COALESCE(unused, 0) FROM credit_accounts
        LEFT JOIN (SELECT account_id, -SUM(CASE WHEN open_minor < 0 THEN open_minor ELSE 0 END) AS unused,
            SUM(CASE WHEN open_minor > 0 THEN open_minor ELSE 0 END) AS open FROM credit_open_items GROUP BY account_id)
            AS items ON items.account_id = credit_accounts.id
        WHERE unapplied_minor <> COALESCE(unused, 0) OR (COALESCE(unused, 0) > 0 AND COALESCE(open, 0) > 0)
        """,
    ),
    (
        "INV-10",
        "settlement {0} of {1} minor units is {2}, its transaction says otherwise",
        """
        SELECT settlement_no, settlements.amount_minor, state FROM settlements
        LEFT JOIN credit_transactions AS paid ON paid.id = settlements.transaction_id
        LEFT JOIN credit_transactions AS back ON back.reverses_id = settlements.transaction_id
        WHERE paid.id IS NULL OR paid.amount_minor <> -settlements.amount_minor
            OR paid.account_id <> settlements.account_id OR paid.type <> 'settlement'
            OR (state = 'reversed') <> (back.id IS NOT NULL) OR back.id IS DISTINCT FROM settlements.reversal_id
            OR (back.id IS NOT NULL AND back.amount_minor <> settlements.amount_minor)
        """,
    ),
    (
        "INV-10",
        "credit transaction {0} is a settlement, and none is kept of it",
        """
        SELECT id FROM credit_transactions WHERE type = 'settlement' AND NOT EXISTS (
            SELECT 1 FROM settlements WHERE settlements.transaction_id = credit_transactions.id
        )
        """,
    ),
    (
        "INV-10",
        "statement {0} of cycle {1} opens with {2} minor units, moves {3}, and closes with {4}",
        """
        SELECT credit_statements.id, cycle_no, opening_minor,
            purchases_minor - refunds_minor + adjustments_minor - payments_minor, closing_minor
        FROM credit_statements LEFT JOIN credit_transactions AS before
            ON before.account_id = credit_statements.account_id AND before.seq = first_seq - 1
        LEFT JOIN credit_transactions AS last
            ON last.account_id = credit_statements.account_id AND last.seq = credit_statements.last_seq
        WHERE closing_minor <> opening_minor + purchases_minor - refunds_minor + adjustments_minor - payments_minor
            OR opening_minor <> COALESCE(before.owed_after_minor, 0)
            OR closing_minor <> COALESCE(last.owed_after_minor, 0)
        """,
    ),
    (
        "INV-10",
        "cycle {1} of credit account {0} does not begin where the one before it ended",
        """
        SELECT later.account_id, later.cycle_no FROM credit_statements AS later
        LEFT JOIN credit_statements AS before ON before.account_id = later.account_id AND before.cycle_no = later.cycle_no - 1
        WHERE later.cycle_no > 1 AND (before.id IS NULL OR before.last_seq <> later.first_seq - 1
            OR before.closing_minor <> later.opening_minor OR before.closed_at <> later.opened_at)
        """,
    ),
    (
        "INV-10",
        "the open cycle {1} of credit account {0} does not go on from its last statement, or its figures are not its own",
        """
        SELECT credit_accounts.id, credit_accounts.cycle_no FROM credit_accounts
        LEFT JOIN credit_statements ON credit_statements.account_id = credit_accounts.id
            AND credit_statements.cycle_no = credit_accounts.cycle_no - 1
        WHERE (credit_accounts.cycle_no > 1 AND (credit_statements.id IS NULL
                OR credit_statements.last_seq <> cycle_first_seq - 1
                OR credit_statements.closing_minor <> cycle_opening_minor))
            OR owed_minor <> cycle_opening_minor + cycle_purchases_minor - cycle_refunds_minor
                + cycle_adjustments_minor - cycle_payments_minor
            OR EXISTS (SELECT 1 FROM credit_statements AS later WHERE later.account_id = credit_accounts.id
                AND later.cycle_no >= credit_accounts.cycle_no)
        """,
    ),
    (
        "INV-9",
        "{2} credit transactions are row {1} of operation {0}",
        """
        SELECT operation_key, row_no, COUNT(*) FROM credit_transactions
        GROUP BY operation_key, row_no HAVING COUNT(*) > 1
        """,
    ),
    (
        "INV-9",
        "operation {0} ({1}) succeeded and moved no credit account",
        """
        SELECT key, action FROM operations WHERE state = 'succeeded' AND action IN (
            'credit-account.purchase', 'credit-account.refund', 'credit-account.adjust', 'credit-account.settle',
            'settlement.reverse'
        ) AND key IN (SELECT key FROM operations EXCEPT SELECT operation_key FROM credit_transactions ORDER BY 1)
        """,
    ),
)
