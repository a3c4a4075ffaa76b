"""What `ledger check` asks about who, when and where: the same act told twice is told alike.

An entry names who made it and when, and so do its operation and the audit chain, which nobody can rewrite unseen;
a payment names the door it came by, and so does its first entry. A clock that is put back by a
day while a job is at work is no damage (DUR-6). Each rule is an invariant, a sentence, and a statement that finds
what breaks it; `check.py` runs them after its own.
"""

from __future__ import annotations

from typing import Final

from branchtui.ledger.tenders import RECEIVED_IN

_BEFORE: Final = "date(booked_at / 1000000, 'unixepoch', '-1 day')"
_BEYOND: Final = "date(booked_at / 1000000, 'unixepoch', '+367 days')"
_BEFORE_ON_THE_SERVER: Final = (
    "to_char(to_timestamp(booked_at / 1000000) AT TIME ZONE 'UTC' - interval '1 day', 'YYYY-MM-DD')"
)
_BEYOND_ON_THE_SERVER: Final = (
    "to_char(to_timestamp(booked_at / 1000000) AT TIME ZONE 'UTC' + interval '367 days', 'YYYY-MM-DD')"
)
"""The first and the last day that an entry of today can be of, in any time zone and behind a year of closed days."""

_OF_THEIR_DAY: Final = (
    "'payment.receive', 'payment.create', 'payment.associate', 'payment.disassociate', 'payment.refund', "
    "'payment.reverse', 'voucher.sell', 'voucher.reverse', 'account.payout', 'account.offset', 'credit.purchase', "
    "'credit.refund', 'credit.adjustment', 'credit.settlement', 'credit.reversal', 'balance-record-reversal'"
)
"""Kinds of entries that are booked on the day on which they are made, or the next that is open."""

_SETTLED_BY: Final = ", ".join(f"('{tender.value}', '{kind}')" for tender, kind in RECEIVED_IN.items())


def _day_of_entries(before: str, beyond: str) -> tuple[str, str, str]:
    return (
        "INV-1",
        "journal entry {0} is of {1}, which is not the day on which it was made",
        f"""
        SELECT id, business_date FROM journal_entries
        WHERE kind IN ({_OF_THEIR_DAY}) AND (business_date < {before} OR business_date > {beyond})
        """,  # noqa: S608 - words of our own
    )


DAYS: Final[dict[str, tuple[str, str, str]]] = {
    "sqlite": _day_of_entries(_BEFORE, _BEYOND),
    "postgresql": _day_of_entries(_BEFORE_ON_THE_SERVER, _BEYOND_ON_THE_SERVER),
}
"""By the engine, whose calendars have different words."""

MARKS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "INV-3",
        "balance record {0} is as of {1} and posted by {2}, its journal entry of {3} and by {4}",
        """
        SELECT balance_records.id, as_of_date, COALESCE(posted_by, 'nobody'), business_date,
            journal_entries.created_by
        FROM balance_records
        JOIN journal_entries ON subject_id = balance_records.id AND kind = 'balance-record'
        WHERE business_date <> as_of_date OR posted_by IS DISTINCT FROM journal_entries.created_by
        """,
    ),
    (
        "INV-3",
        "balance file {0} is {1}, and {2} of its rows were posted",
        """
        SELECT balance_files.id, state, COUNT(*) FROM balance_files
        JOIN balance_file_postings ON balance_file_id = balance_files.id
        WHERE state IN ('received', 'rejected', 'validated') GROUP BY balance_files.id, state
        """,
    ),
    (
        "INV-4",
        "payment {0} is {1}, and was given to customers {2} times more than it was taken back",
        """
        SELECT payment_no, state, COUNT(kind) - 2 * COUNT(CASE kind WHEN 'payment.disassociate' THEN 1 END)
        FROM payments LEFT JOIN journal_entries ON subject_id = payments.id
            AND kind IN ('payment.associate', 'payment.create', 'payment.disassociate')
        WHERE state <> 'reversed' GROUP BY payments.row_no, payment_no, state
        HAVING COUNT(kind) - 2 * COUNT(CASE kind WHEN 'payment.disassociate' THEN 1 END)
            <> CASE state WHEN 'associated' THEN 1 ELSE 0 END
        """,
    ),
    (
        "INV-4",
        "payment {0} is said to have come by {1}, and has {2} entries that say so",
        """
        SELECT payment_no, source, COUNT(journal_entries.id) FROM payments
        LEFT JOIN journal_entries ON subject_id = payments.id
            AND kind = CASE source WHEN 'manual' THEN 'payment.create' ELSE 'payment.receive' END
        GROUP BY payments.row_no, payment_no, source HAVING COUNT(journal_entries.id) <> 1
        """,
    ),
    (
        "INV-4",
        "payment {0} is in {1} and of branch {2}, its journal entry {3} in {4} and of branch {5}",
        """
        SELECT payment_no, payments.currency, payments.branch_id, journal_entries.id, accounts.currency,
            journal_entries.branch_id
        FROM payments JOIN journal_entries ON subject_id = payments.id
        JOIN legs ON entry_id = journal_entries.id AND line = 0
        JOIN accounts ON accounts.id = legs.account_id
        WHERE accounts.currency <> payments.currency OR journal_entries.branch_id <> payments.branch_id
        """,
    ),
    (
        "INV-9",
        "journal entry {0} says that {1} made it{3}, its operation {2}",
        """
        SELECT id, created_by, actor,
            CASE WHEN booked_at < completed_at - 172800000000 THEN ' days before' ELSE '' END
        FROM journal_entries JOIN operations ON key = operation_key
        WHERE created_by <> actor OR booked_at < completed_at - 172800000000
        """,
    ),
    (
        "INV-9",
        "operation {0} says that {1} did it, the audit chain {2}",
        """
        SELECT key, operations.actor, audit.actor FROM audit
        JOIN operations ON key = operation_key WHERE operations.actor <> audit.actor
        """,
    ),
    (
        "INV-9",
        "request {0} of {1} is {2}, and {3} decided it",
        """
        SELECT id, maker, state, COALESCE(decided_by, 'nobody') FROM approvals
        WHERE (state IN ('approved', 'rejected') AND (decided_by IS NULL OR decided_by = maker))
            OR (state = 'pending' AND decided_by IS NOT NULL)
        """,
    ),
    (
        "INV-9",
        "the ledger has {0} institutions instead of one",
        "SELECT COUNT(*) FROM institution HAVING COUNT(*) <> 1",
    ),
    (
        "INV-9",
        "branch {0} hangs on no top branch, or on a second one",
        """
        WITH RECURSIVE hanging(id) AS (
            SELECT MIN(id) FROM branches WHERE parent_id IS NULL
            UNION SELECT branches.id FROM branches JOIN hanging ON parent_id = hanging.id
        )
        SELECT code FROM branches WHERE id NOT IN (SELECT id FROM hanging WHERE id IS NOT NULL)
        """,
    ),
    (
        "INV-10",
        "settlement {0} was paid by {1}, and no journal entry says so",
        f"""
        WITH kinds(tender, kind) AS (VALUES {_SETTLED_BY})
        SELECT settlement_no, settlements.tender FROM settlements
        JOIN credit_transactions ON credit_transactions.id = settlements.transaction_id
        WHERE NOT EXISTS (
            SELECT 1 FROM legs JOIN accounts ON accounts.id = legs.account_id
            JOIN kinds ON kinds.kind = accounts.kind
            WHERE legs.entry_id = credit_transactions.entry_id AND kinds.tender = settlements.tender
                AND legs.amount_minor = settlements.amount_minor
        )
        """,  # noqa: S608 - words of our own
    ),
)
