"""What `ledger check` asks about vouchers: each has one sale in the journal, and no more than one reversal."""

from __future__ import annotations

from typing import Final

VOUCHERS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "INV-9",
        "voucher {0} has {1} journal entries of its sale instead of one",
        """
        SELECT voucher_no, COUNT(entries.id) FROM vouchers
        LEFT JOIN journal_entries AS entries ON entries.subject_id = vouchers.id AND entries.kind = 'voucher.sell'
        GROUP BY vouchers.id, voucher_no HAVING COUNT(entries.id) <> 1
        """,
    ),
    (
        "INV-9",
        "voucher {0} names operation {1} and entry {2}, its sale is entry {3} of operation {4}",
        """
        SELECT voucher_no, vouchers.operation_key, vouchers.entry_id, entries.id, entries.operation_key FROM vouchers
        JOIN journal_entries AS entries ON entries.subject_id = vouchers.id AND entries.kind = 'voucher.sell'
        WHERE vouchers.operation_key <> entries.operation_key OR vouchers.entry_id <> entries.id
            OR vouchers.branch_id <> entries.branch_id
        """,
    ),
    (
        "INV-9",
        "voucher {0} costs {1} minor units, its sale took {2} from its customer's wallet and booked {3} as revenue",
        """
        SELECT voucher_no, price_minor, COALESCE(paid, 0), COALESCE(earned, 0) FROM vouchers LEFT JOIN (
            SELECT legs.entry_id,
                SUM(CASE WHEN accounts.customer_id IS NOT NULL THEN legs.amount_minor ELSE 0 END) AS paid,
                -SUM(CASE WHEN accounts.kind = 'revenue' THEN legs.amount_minor ELSE 0 END) AS earned
            FROM legs JOIN accounts ON accounts.id = legs.account_id
            WHERE legs.entry_id IN (SELECT id FROM journal_entries WHERE kind = 'voucher.sell')
            GROUP BY legs.entry_id
        ) AS moved ON moved.entry_id = vouchers.entry_id
        WHERE COALESCE(paid, 0) <> price_minor OR COALESCE(earned, 0) <> price_minor
        """,
    ),
    (
        "INV-9",
        "voucher {0} was paid from account {1}, which is not a wallet of its customer and currency",
        """
        SELECT voucher_no, accounts.account_no FROM vouchers JOIN accounts ON accounts.id = vouchers.account_id
        WHERE accounts.customer_id IS DISTINCT FROM vouchers.customer_id OR accounts.kind <> 'wallet'
            OR accounts.currency <> vouchers.currency
            OR NOT EXISTS (SELECT 1 FROM legs WHERE legs.entry_id = vouchers.entry_id
                AND legs.account_id = vouchers.account_id)
        """,
    ),
    (
        "INV-9",
        "voucher {0} has {1} journal entries that take it back instead of {2}",
        """
        SELECT voucher_no, COUNT(entries.id), CASE WHEN reversal_reason IS NULL THEN 0 ELSE 1 END FROM vouchers
        LEFT JOIN journal_entries AS entries ON entries.subject_id = vouchers.id
            AND entries.kind = 'voucher.reverse' AND entries.reversal_of = vouchers.entry_id
        GROUP BY vouchers.id, voucher_no, reversal_reason
        HAVING COUNT(entries.id) <> CASE WHEN reversal_reason IS NULL THEN 0 ELSE 1 END
        """,
    ),
    (
        "INV-9",
        "journal entry {0} is a {1} of {2}, and there is no such voucher",
        """
        SELECT id, kind, subject_id FROM journal_entries
        WHERE kind IN ('voucher.sell', 'voucher.reverse')
            AND NOT EXISTS (SELECT 1 FROM vouchers WHERE vouchers.id = subject_id)
        """,
    ),
    (
        "INV-6",
        "{1} vouchers carry the code that {0} has",
        "SELECT MIN(voucher_no), COUNT(*) FROM vouchers GROUP BY code HAVING COUNT(*) > 1",
    ),
    (
        "INV-6",
        "{1} vouchers carry the number {0}",
        "SELECT voucher_no, COUNT(*) FROM vouchers GROUP BY voucher_no HAVING COUNT(*) > 1",
    ),
)
"""Each is an invariant, a sentence, and a statement that finds what breaks it."""
