"""What `ledger check` asks about balance files: each figure of a file is what its rows and entries say.

Each is an invariant, a sentence, and a statement that finds what breaks it; `check.py` runs them after its own. A
file's posting is to its row what a journal entry is to a balance record (INV-3), and names one operation (INV-9).
"""

from __future__ import annotations

from typing import Final

FILES: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "INV-3",
        "balance file {0} is {1}, and has {2} postings of {3} rows that it says it updated",
        """
        SELECT balance_files.id, state, COUNT(postings.row_no), accounts_updated FROM balance_files
        LEFT JOIN balance_file_postings AS postings ON postings.balance_file_id = balance_files.id
        GROUP BY balance_files.id, state, accounts_updated, applied_key
        HAVING COUNT(postings.row_no) <> accounts_updated
            OR (applied_key IS NULL AND COUNT(postings.row_no) > 0)
        """,
    ),
    (
        "INV-3",
        "balance file {0} is {1}; {2} of its entries take {3} others back",
        """
        SELECT balance_files.id, state, COUNT(mirror.id), accounts_updated FROM balance_files
        LEFT JOIN journal_entries AS mirror
            ON mirror.subject_id = balance_files.id AND mirror.reversal_of IS NOT NULL
        GROUP BY balance_files.id, state, accounts_updated, reverted_key
        HAVING (reverted_key IS NULL AND COUNT(mirror.id) > 0)
            OR (state = 'reverted' AND COUNT(mirror.id) <> accounts_updated)
        """,
    ),
    (
        "INV-3",
        "row {1} of balance file {0} moved its account by {2}, not from {3} to {4} minor units",
        """
        SELECT postings.balance_file_id, postings.row_no, COALESCE(legs.amount_minor, 0),
            stated.before_minor, COALESCE(stated.after_minor, 0)
        FROM balance_file_postings AS postings
        LEFT JOIN balance_file_rows AS stated
            ON stated.balance_file_id = postings.balance_file_id AND stated.row_no = postings.row_no
        LEFT JOIN legs ON legs.entry_id = postings.entry_id AND legs.account_id = postings.account_id
        WHERE COALESCE(legs.amount_minor, 0) <> postings.amount_minor
            OR COALESCE(legs.balance_after_minor, 0) <> postings.balance_minor
            OR stated.after_minor IS NULL OR stated.level = 'error'
            OR postings.amount_minor <> stated.after_minor - stated.before_minor
            OR postings.balance_minor <> stated.after_minor
        """,
    ),
    (
        "INV-3",
        "row {1} of balance file {0} was posted to account {2}, which is no receivable of its payer",
        """
        SELECT postings.balance_file_id, postings.row_no, accounts.account_no
        FROM balance_file_postings AS postings
        JOIN balance_files ON balance_files.id = postings.balance_file_id
        JOIN accounts ON accounts.id = postings.account_id
        JOIN balance_file_rows AS stated
            ON stated.balance_file_id = postings.balance_file_id AND stated.row_no = postings.row_no
        WHERE accounts.kind <> 'receivable' OR accounts.currency <> balance_files.currency
            OR accounts.customer_id IS NULL OR stated.customer_id IS NULL
            OR accounts.customer_id <> stated.customer_id
        """,
    ),
    (
        "INV-3",
        "journal entry {0} belongs to balance file {1}, and no posting of it",
        """
        SELECT journal_entries.id, subject_id FROM journal_entries
        JOIN balance_files ON balance_files.id = subject_id
        LEFT JOIN balance_file_postings AS postings
            ON postings.balance_file_id = subject_id AND postings.row_no = journal_entries.row_no
        WHERE postings.entry_id IS NULL
            OR postings.entry_id <> COALESCE(journal_entries.reversal_of, journal_entries.id)
        """,
    ),
    (
        "INV-3",
        "balance file {0} is {1}, and counts {2} of {3} rows as unchanged and {4} as wrong",
        """
        SELECT balance_files.id, state, unchanged, payers, errors FROM balance_files
        WHERE state IN ('applied', 'applied_with_errors', 'reverted') AND applied_at IS NOT NULL
            AND (accounts_updated + unchanged + errors <> payers OR (state = 'applied') AND errors > 0)
        """,
    ),
    (
        "INV-9",
        "row {1} of balance file {0} was posted by operation {2}, which is not the one that applied the file",
        """
        SELECT postings.balance_file_id, postings.row_no, journal_entries.operation_key
        FROM balance_file_postings AS postings
        JOIN journal_entries ON journal_entries.id = postings.entry_id
        JOIN balance_files ON balance_files.id = postings.balance_file_id
        WHERE applied_key IS NULL OR journal_entries.operation_key <> applied_key
            OR journal_entries.row_no <> postings.row_no
        """,
    ),
    (
        "INV-9",
        "balance file {0} says that operation {1} {2} it, and that is not known as done",
        """
        SELECT id, applied_key, 'applied' FROM balance_files
        WHERE applied_key IS NOT NULL AND applied_key NOT IN (SELECT key FROM operations WHERE state = 'succeeded')
        UNION ALL
        SELECT id, reverted_key, 'took back' FROM balance_files
        WHERE reverted_key IS NOT NULL
            AND reverted_key NOT IN (SELECT key FROM operations WHERE state = 'succeeded')
        """,
    ),
)
