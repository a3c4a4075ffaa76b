"""The rows of balance files in bulk: looked up, staged, read back, compared with what stands now.

Sets of keys travel as one JSON array, so that a statement is prepared once whatever their number.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from branchtui.ledger.store.mapping import insert_rows, mapping_of
from branchtui.ledger.store.rows import BalanceFileRow, FilePosting, MissingPayer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from branchtui.ledger.store.connection import Connection


class Payer(NamedTuple):
    """A customer by the main account number, with the open receivable in the file's currency, if there is one."""

    account_no: str
    customer_id: str
    branch_id: str
    status: str
    name: str
    account_id: str | None
    balance_minor: int | None


class Waiting(NamedTuple):
    """A row that is to be applied, beside the branch and status that its payer has now, and its account.

    Branch and status are empty where the payer was deleted since the row was checked.
    `late` counts the open receivables of a payer who had none when the row was checked.
    """

    row_no: int
    level: str
    change: str
    account_no: str
    customer_id: str
    account_id: str | None
    before_minor: int
    after_minor: int
    statement_ref: str | None
    branch_id: str
    status: str
    account_status: str | None
    version: int | None
    balance_minor: int | None
    late: int


class Posted(NamedTuple):
    """A posting of a file, with the entry's branch and reference, and its account and payer as they stand now."""

    row_no: int
    account_id: str
    entry_id: str
    amount_minor: int
    branch_id: str
    reference: str | None
    account_no: str
    account_status: str
    payer_no: str
    payer_branch_id: str
    payer_status: str


_PAYERS: Final = """
SELECT customers.account_no, customers.id, customers.branch_id, customers.status, customers.name,
    accounts.id, accounts.balance_minor
FROM accounts AS main JOIN customers ON customers.id = main.customer_id AND customers.account_no = main.account_no
LEFT JOIN accounts ON accounts.customer_id = customers.id AND accounts.kind = 'receivable'
    AND accounts.status = 'open' AND accounts.currency = :currency
WHERE main.account_no IN (SELECT value FROM json_each(:keys))
"""
# A number is looked for among the accounts, where every customer's main one stands.

_STATED: Final = """
SELECT row_no, account_no FROM balance_file_rows
WHERE balance_file_id = :file AND row_no > :after AND level <> 'error' AND customer_id IS NOT NULL
ORDER BY row_no LIMIT :limit_rows
"""

_OF_ROWS: Final = """
SELECT row_no, account_no, customer_id, after_minor FROM balance_file_rows
WHERE balance_file_id = :file AND row_no IN (
    SELECT CAST(given.value ->> 0 AS BIGINT) FROM json_each(:rows) AS given
) ORDER BY row_no
"""

_WAITING: Final = """
SELECT stated.row_no, stated.level, stated.change, stated.account_no, stated.customer_id, stated.account_id,
    stated.before_minor, stated.after_minor, stated.statement_ref,
    COALESCE(customers.branch_id, ''), COALESCE(customers.status, ''),
    accounts.status, accounts.version, accounts.balance_minor,
    CASE WHEN stated.account_id IS NULL THEN (
        SELECT COUNT(*) FROM accounts AS given WHERE given.customer_id = stated.customer_id
            AND given.kind = 'receivable' AND given.status = 'open' AND given.currency = :currency
    ) ELSE 0 END
FROM (
    SELECT * FROM balance_file_rows WHERE balance_file_id = :file AND row_no > :after
    ORDER BY row_no LIMIT :limit_rows
) AS stated LEFT JOIN customers ON customers.id = stated.customer_id
LEFT JOIN accounts ON accounts.id = stated.account_id
WHERE stated.level <> 'error' AND stated.after_minor IS NOT NULL ORDER BY stated.row_no
"""

_REACH: Final = """
SELECT MAX(row_no) FROM (
    SELECT row_no FROM balance_file_rows WHERE balance_file_id = :file AND row_no > :after
    ORDER BY row_no LIMIT :limit_rows
) AS reached
"""

OUTSTANDING: Final = """(
    SELECT COUNT(*) FROM legs AS later JOIN journal_entries AS mirror ON mirror.id = later.entry_id
    WHERE later.account_id = postings.account_id AND later.entry_id > postings.entry_id
        AND mirror.reversal_of = postings.entry_id
) = 0"""
"""Whether a posting, called `postings`, was not taken back: counted, so that no planner looks through all mirrors."""

_POSTED: Final = """
SELECT postings.row_no, postings.account_id, postings.entry_id, postings.amount_minor,
    journal_entries.branch_id, journal_entries.reference, accounts.account_no, accounts.status,
    customers.account_no, customers.branch_id, customers.status
FROM balance_file_postings AS postings
JOIN journal_entries ON journal_entries.id = postings.entry_id
JOIN accounts ON accounts.id = postings.account_id
JOIN customers ON customers.id = accounts.customer_id
WHERE postings.balance_file_id = :file AND postings.row_no > :after
"""
_IN_ORDER: Final = "ORDER BY postings.row_no LIMIT :limit_rows"
_POSTED_ALL: Final = f"{_POSTED}{_IN_ORDER}"
_POSTED_OUTSTANDING: Final = f"{_POSTED} AND {OUTSTANDING} {_IN_ORDER}"

_OUTSTANDING_COUNT: Final = f"""
SELECT COUNT(*), MIN(postings.row_no) FROM balance_file_postings AS postings
WHERE postings.balance_file_id = :file AND {OUTSTANDING}
"""  # noqa: S608 - words of our own

_ELSEWHERE: Final = f"""
SELECT customers.account_no, customers.branch_id, customers.status FROM balance_file_postings AS postings
JOIN accounts ON accounts.id = postings.account_id
JOIN customers ON customers.id = accounts.customer_id
JOIN journal_entries ON journal_entries.id = postings.entry_id
WHERE postings.balance_file_id = :file
    AND (customers.status = 'transfer_in_progress' OR customers.branch_id <> journal_entries.branch_id)
    AND {OUTSTANDING}
ORDER BY postings.row_no
"""  # noqa: S608 - words of our own

_BLOCKING_COUNT: Final = f"""
SELECT COUNT(*) FROM balance_file_postings AS postings JOIN accounts ON accounts.id = postings.account_id
WHERE postings.balance_file_id = :file
    AND (accounts.balance_minor <> postings.balance_minor OR accounts.status <> 'open') AND {OUTSTANDING}
"""  # noqa: S608 - words of our own

_BRANCHES_POSTED: Final = f"""
SELECT DISTINCT journal_entries.branch_id FROM balance_file_postings AS postings
JOIN journal_entries ON journal_entries.id = postings.entry_id
WHERE postings.balance_file_id = :file AND {OUTSTANDING}
"""  # noqa: S608 - words of our own

_PREVIOUS: Final = """
SELECT id, file_id FROM balance_files
WHERE branch_id = :branch_id AND id <> :file AND account_no IS NULL AND payers > 1 AND applied_at IS NOT NULL
    AND state IN ('applied', 'applied_with_errors')
ORDER BY applied_at DESC LIMIT 1
"""

_LAST_STATED: Final = """
SELECT id, file_id, as_of_date FROM balance_files
WHERE branch_id IN (SELECT value FROM json_each(:branches)) AND id <> :file AND applied_at IS NOT NULL
    AND state IN ('applied', 'applied_with_errors') AND as_of_date IS NOT NULL
    AND (account_no = :account_no OR (account_no IS NULL AND payers > 1))
ORDER BY applied_at DESC LIMIT 1
"""

_FORGET: Final = (
    "DELETE FROM balance_file_rows WHERE balance_file_id = :file",
    "DELETE FROM balance_file_missing WHERE balance_file_id = :file",
)


def payers_by_number(
    connection: Connection, numbers: list[str], currency: str
) -> tuple[dict[str, tuple[Any, ...]], dict[str, list[tuple[Any, ...]]]]:
    """The values of `Payer` of those with these main account numbers, by number; and those found more than once.

    A customer with several receivables is found once for each.
    """
    found = connection.execute(_PAYERS, {"keys": json.dumps(numbers), "currency": currency}).fetchall()
    known = {values[0]: values for values in found}
    several: dict[str, list[tuple[Any, ...]]] = {}
    if len(known) < len(found):
        for values in found:
            several.setdefault(values[0], []).append(values)
        several = {number: some for number, some in several.items() if len(some) > 1}
    return known, several


def forget_rows(connection: Connection, file_id: str) -> None:
    """Delete what was staged, so that the check can begin again."""
    for statement in _FORGET:
        connection.execute(statement, {"file": file_id})


def stage(connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert rows, each a tuple in the order of `BalanceFileRow`."""
    insert_rows(connection, BalanceFileRow, rows)


def stage_missing(connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert payers of the file before, each a tuple in the order of `MissingPayer`."""
    insert_rows(connection, MissingPayer, rows)


def restage(connection: Connection, rows: Iterable[BalanceFileRow]) -> None:
    """Replace rows."""
    mapping = mapping_of(BalanceFileRow)
    for row in rows:
        values = dict(zip(mapping.columns, mapping.values_of(row), strict=True))
        values.update(key_balance_file_id=row.balance_file_id, key_row_no=row.row_no)
        connection.execute(mapping.update, values)


def stated_elsewhere(
    connection: Connection, file_id: str, here: Collection[str], batch: int
) -> Iterator[tuple[int, str, str, int]]:
    """Every payer that a file states and who is not among the account numbers `here`, `batch` rows at a time.

    Row, account number, customer and balance (minor units).
    """
    after = 0
    while True:
        bound = {"file": file_id, "after": after, "limit_rows": batch}
        rows = connection.execute(_STATED, bound).fetchall()
        # Nearly everybody is stated again: the rest of a row is read of the others alone.
        absent = [row_no for row_no, number in rows if number not in here]
        if absent:
            yield from connection.execute(
                _OF_ROWS, {"file": file_id, "rows": json.dumps([[each] for each in absent])}
            ).fetchall()
        if len(rows) < batch:
            return
        after = rows[-1][0]


def waiting(
    connection: Connection, file_id: str, currency: str, after: int, limit: int
) -> tuple[list[tuple[Any, ...]], int | None]:
    """The next rows to apply behind row `after`, of `limit` rows looked at; and the last of these, None at the end.

    Each is the values of `Waiting`: most are looked at once, and need no names.
    """
    bound = {"file": file_id, "after": after, "limit_rows": limit}
    reached = connection.execute(_REACH, bound).fetchone()
    if reached is None or reached[0] is None:
        return [], None
    rows = connection.execute(_WAITING, bound | {"currency": currency}).fetchall()
    return rows, int(reached[0])


def insert_postings(connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert postings, each a tuple in the order of `FilePosting`."""
    insert_rows(connection, FilePosting, rows)


def posted(
    connection: Connection, file_id: str, after: int, limit: int, *, outstanding: bool = False
) -> list[Posted]:
    """The next postings of a file behind row `after`; of `outstanding` ones those that were not taken back."""
    bound = {"file": file_id, "after": after, "limit_rows": limit}
    return list(
        map(Posted._make, connection.execute(_POSTED_OUTSTANDING if outstanding else _POSTED_ALL, bound))
    )


def outstanding(connection: Connection, file_id: str) -> tuple[int, int | None]:
    """How many postings of a file were not taken back, and the first row of these."""
    found = connection.execute(_OUTSTANDING_COUNT, {"file": file_id}).fetchone()
    return int(found[0]), found[1]


def branches_posted(connection: Connection, file_id: str) -> list[str]:
    """The branches in which a file moved balances that were not taken back."""
    return [branch_id for (branch_id,) in connection.execute(_BRANCHES_POSTED, {"file": file_id})]


def payers_elsewhere(connection: Connection, file_id: str) -> list[tuple[str, str, str]]:
    """Account number, branch and status of the payers whom a file moved, and who are on their way or have moved since.

    Those who were taken back are not among them.
    """
    return [
        (number, branch, status)
        for number, branch, status in connection.execute(_ELSEWHERE, {"file": file_id})
    ]


def blocking_count(connection: Connection, file_id: str) -> int:
    """How many accounts that a file moved, and that were not taken back, have moved or were closed since."""
    found = connection.execute(_BLOCKING_COUNT, {"file": file_id}).fetchone()
    return int(found[0])


def previous(connection: Connection, branch_id: str, file_id: str) -> tuple[str, str | None] | None:
    """The last file of several payers of a branch that was applied: its id, and the name it gives itself."""
    found = connection.execute(_PREVIOUS, {"branch_id": branch_id, "file": file_id}).fetchone()
    return None if found is None else (found[0], found[1])


def last_stated(
    connection: Connection, branch_ids: Iterable[str], file_id: str, account_no: str | None
) -> tuple[str, str | None, str] | None:
    """The last file applied that stated balances of payers of this one: id, its own name, its as-of date.

    A file of several payers of one of `branch_ids`, or one for the same payer (`account_no`).
    """
    bound = {"branches": json.dumps(sorted(branch_ids)), "file": file_id, "account_no": account_no or ""}
    found = connection.execute(_LAST_STATED, bound).fetchone()
    return None if found is None else (found[0], found[1], found[2])
