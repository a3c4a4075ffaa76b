"""`branchtui ledger check`: the invariants of a ledger, one plain sentence for each place where one is broken.

Reads on connections that cannot write, so that it may run while the ledger is served.
It never repairs anything (ledger, section 1).
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, bindparam, or_, select

from branchtui.ledger import audit
from branchtui.ledger.check_credit import CREDIT
from branchtui.ledger.check_files import FILES
from branchtui.ledger.check_links import LINKS
from branchtui.ledger.check_marks import DAYS, MARKS
from branchtui.ledger.check_parties import PARTIES
from branchtui.ledger.check_people import broken_users
from branchtui.ledger.check_vouchers import VOUCHERS
from branchtui.ledger.store import migrate, tables
from branchtui.ledger.store.engine import store_at
from branchtui.ledger.store.errors import StoreUnavailable
from branchtui.ledger.store.mapping import compiled, mapping_of
from branchtui.ledger.store.rows import AuditRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.engine import Store


@dataclass(frozen=True, slots=True)
class _Rule:
    """A statement that finds what breaks an invariant, and the sentence about each row it finds."""

    invariant: str
    sentence: str
    statement: str
    dialect: str | None = None
    """The engine that needs the question; None: both."""


_RULES: Final = (
    _Rule(
        "DUR-5",
        "the file is damaged: {0}",
        """
        SELECT substr(replace(quick_check, char(10), ', '), 1, 300) FROM pragma_quick_check
        WHERE quick_check <> 'ok'
        """,
        dialect="sqlite",  # the other engine has no such question
    ),
    _Rule(
        "INV-1",
        "the legs of journal entry {0} sum to {2} minor units of {1}, not to zero",
        """
        SELECT legs.entry_id, accounts.currency, SUM(legs.amount_minor)
        FROM legs JOIN accounts ON accounts.id = legs.account_id
        GROUP BY legs.entry_id, accounts.currency HAVING SUM(legs.amount_minor) <> 0
        """,
    ),
    _Rule(
        "INV-1",
        "journal entry {0} has {1} legs; an entry has two or more, none of them zero",
        """
        SELECT journal_entries.id, COUNT(legs.line)
        FROM journal_entries LEFT JOIN legs ON legs.entry_id = journal_entries.id
        GROUP BY journal_entries.id
        HAVING COUNT(legs.line) < 2 OR SUM(CASE legs.amount_minor WHEN 0 THEN 1 ELSE 0 END) > 0
        """,
    ),
    _Rule(
        "INV-1",
        "the legs of {0} belong to no journal entry",
        """
        SELECT DISTINCT legs.entry_id FROM legs
        LEFT JOIN journal_entries ON journal_entries.id = legs.entry_id
        WHERE journal_entries.id IS NULL
        """,
    ),
    _Rule(
        "INV-1",
        "journal entry {0} does not mirror {1}, which it reverses",
        """
        SELECT mirror.id, mirror.reversal_of FROM journal_entries AS mirror
        WHERE mirror.reversal_of IS NOT NULL AND EXISTS (
            SELECT account_id FROM legs WHERE entry_id IN (mirror.id, mirror.reversal_of)
            GROUP BY account_id HAVING SUM(amount_minor) <> 0
        )
        """,
    ),
    _Rule(
        "INV-1",
        "journal entry {0} is reversed {1} times",
        """
        SELECT reversal_of, COUNT(*) FROM journal_entries WHERE reversal_of IS NOT NULL
        GROUP BY reversal_of HAVING COUNT(*) > 1
        """,
    ),
    # Each leg turns the balance before it into the one written beside it, so that every balance but the first
    # and the last is reached once and left once. The order of legs of one batch is kept nowhere; sums of squares,
    # cut to fit, compare what is reached with what is left in one pass and in any order.
    _Rule(
        "INV-2",
        "account {0} shows a balance of {1} minor units, its entries sum to {2}{3}",
        """
        SELECT account_no, balance_minor, COALESCE(total, 0),
            CASE WHEN balance_minor = COALESCE(total, 0)
                THEN ' as well, but the balances beside them do not follow from each other' ELSE '' END
        FROM accounts LEFT JOIN (
            SELECT account_id, SUM(amount_minor) AS total, SUM(
                (balance_after_minor % 1000003) * (balance_after_minor % 999983)
                - ((balance_after_minor - amount_minor) % 1000003)
                    * ((balance_after_minor - amount_minor) % 999983)
            ) AS walked
            FROM legs GROUP BY account_id
        ) AS summed ON account_id = id
        WHERE balance_minor <> COALESCE(total, 0)
            OR COALESCE(walked, 0) <> (balance_minor % 1000003) * (balance_minor % 999983)
        """,
    ),
    _Rule(
        "INV-3",
        "balance record {0} is {1} and has {2} journal entries instead of {3}",
        """
        SELECT balance_records.id, status, COUNT(entries.id),
            CASE status WHEN 'not_accounted' THEN 0 WHEN 'accounted' THEN 1 ELSE 2 END
        FROM balance_records LEFT JOIN journal_entries AS entries
            ON entries.subject_id = balance_records.id
        GROUP BY balance_records.id
        HAVING COUNT(entries.id)
            <> CASE status WHEN 'not_accounted' THEN 0 WHEN 'accounted' THEN 1 ELSE 2 END
        """,
    ),
    _Rule(
        "INV-3",
        "balance record {0} states {1} minor units, its journal entry moved its account by {2}",
        """
        SELECT balance_records.id, balance_records.amount_minor, COALESCE(SUM(legs.amount_minor), 0)
        FROM balance_records
        JOIN journal_entries ON subject_id = balance_records.id AND reversal_of IS NULL
        LEFT JOIN legs ON entry_id = journal_entries.id AND legs.account_id = balance_records.account_id
        GROUP BY balance_records.id, journal_entries.id
        HAVING COALESCE(SUM(legs.amount_minor), 0) <> balance_records.amount_minor
            * CASE WHEN account_kind IN ('wallet', 'savings', 'shares', 'overpayment') THEN -1 ELSE 1 END
        """,
    ),
    _Rule(
        "INV-4",
        "payment {0} of {2} minor units is {1}, but its entries leave {3} with customers",
        """
        SELECT payment_no, state, payments.amount_minor, -COALESCE(SUM(legs.amount_minor), 0)
        FROM payments
        LEFT JOIN journal_entries ON subject_id = payments.id
        LEFT JOIN legs ON entry_id = journal_entries.id
            AND legs.account_id IN (SELECT id FROM accounts WHERE customer_id IS NOT NULL)
        GROUP BY payments.row_no
        HAVING -COALESCE(SUM(legs.amount_minor), 0)
            <> CASE state WHEN 'associated' THEN payments.amount_minor ELSE 0 END
        """,
    ),
    _Rule(
        "INV-5",
        "payment {0} left {2} minor units with customer {1}, who is not the one it is associated to",
        """
        SELECT payment_no, accounts.customer_id, -SUM(legs.amount_minor)
        FROM payments
        JOIN journal_entries ON subject_id = payments.id
        JOIN legs ON entry_id = journal_entries.id
        JOIN accounts ON accounts.id = legs.account_id AND accounts.customer_id IS NOT NULL
        GROUP BY payments.row_no, accounts.customer_id
        HAVING SUM(legs.amount_minor) <> 0 AND accounts.customer_id IS DISTINCT FROM payments.customer_id
        """,
    ),
    _Rule(
        "INV-5",
        "payment {0} is {1} and names {2} customer",
        """
        SELECT payment_no, state, CASE WHEN customer_id IS NULL THEN 'no' ELSE 'a' END FROM payments
        WHERE (state = 'associated') <> (customer_id IS NOT NULL)
        """,
    ),
    _Rule(
        "INV-6",
        "{2} payments carry the code {1} of {0}",
        """
        SELECT provider, code, COUNT(*) FROM payments WHERE code IS NOT NULL AND provider IS NOT NULL
        GROUP BY provider, code HAVING COUNT(*) > 1
        """,
    ),
    _Rule(
        "INV-9",
        "journal entry {0} was made by operation {1}, which the ledger does not know as done",
        """
        SELECT id, operation_key FROM journal_entries WHERE operation_key IN (
            SELECT operation_key FROM journal_entries EXCEPT SELECT key FROM operations
            EXCEPT SELECT operation_key FROM audit WHERE outcome = 'applied' ORDER BY 1
        )
        """,
    ),
    _Rule(
        "INV-9",
        "journal entry {0} was made by operation {1}, which the ledger does not know as done",
        """
        SELECT id, operation_key FROM journal_entries
        WHERE operation_key IN (SELECT key FROM operations WHERE state <> 'succeeded')
        """,
    ),
    _Rule(
        "INV-9",
        "operation {0} ({1}) succeeded and has no row in the audit chain",
        """
        SELECT key, action FROM operations WHERE state = 'succeeded' AND key IN (
            SELECT key FROM operations
            EXCEPT SELECT operation_key FROM audit WHERE outcome = 'applied' ORDER BY 1
        )
        """,
    ),
    _Rule(
        "INV-9",
        "operation {0} ({1}) succeeded and moved no money",
        """
        SELECT key, action FROM operations
        WHERE state = 'succeeded'
            AND action IN ('balance-record.post', 'balance-record.post-all', 'balance-record.reverse')
            AND status <> 202 AND key IN (
                SELECT key FROM operations EXCEPT SELECT operation_key FROM journal_entries ORDER BY 1
            )
        """,
    ),
    _Rule(
        "INV-9",
        "a row of {0} names row {2} of {1} as what it belongs to, and that is not there",
        "SELECT \"table\", parent, COALESCE(rowid, '?') FROM pragma_foreign_key_check",
        dialect="sqlite",  # the other engine lets no such row in, whoever writes
    ),
    *(_Rule(*link) for link in (*LINKS, *PARTIES, *CREDIT, *VOUCHERS)),
    *(_Rule(*one) for one in (*FILES, *MARKS)),
    *(_Rule(*one, dialect=dialect) for dialect, one in DAYS.items()),
)


_CHAINED_AT_ONCE: Final = 5_000
_CHAINED: Final = compiled(
    select(*mapping_of(AuditRow).select_list)
    .where(
        or_(
            tables.audit.c.branch_id > bindparam("branch_id"),
            and_(tables.audit.c.branch_id == bindparam("branch_id"), tables.audit.c.seq > bindparam("seq")),
        )
    )
    .order_by(tables.audit.c.branch_id, tables.audit.c.seq)
    .limit(bindparam("limit_rows"))
)
"""The next links of all chains, chain by chain, so that a long history is never held at once."""


def violations(connection: Connection) -> Iterator[str]:
    """One sentence for each broken invariant that `connection` can see, from one snapshot; none when all is well."""
    return _found(connection, _broken_rules, broken_users, _broken_chains)


def _found(connection: Connection, *proofs: Callable[[Connection], Iterator[str]]) -> Iterator[str]:
    connection.begin_reading()
    try:
        for proof in proofs:
            yield from proof(connection)
    finally:
        connection.rollback()


def _broken_rules(connection: Connection) -> Iterator[str]:
    for rule in _RULES:
        if rule.dialect in {None, connection.dialect}:
            for found in connection.execute(rule.statement):
                yield f"{rule.invariant}: {rule.sentence.format(*found)}"


def print_line(line: str) -> None:
    """A line on standard output."""
    sys.stdout.write(f"{line}\n")


def run(
    database: str,
    say: Callable[[str], None] = print_line,
    *,
    more: Callable[[Connection], Iterator[str]] | None = None,
) -> int:
    """Say every violation in the ledger at `database`, a line each; 0 when there is none, else 1.

    `more` finds what only something outside the database can show. The chains are followed beside the rest, which leaves
    the interpreter to others: they are proved by themselves, so that a snapshot of their own says the same.

    Raises:
        StoreUnavailable: the database cannot be opened or read, or holds no ledger that this version knows.
    """
    store = store_at(database)
    connection = store.connect(read_only=True)
    status, stands = 0, ""
    helper = ThreadPoolExecutor(1, "ledger-check")
    try:
        stands = migrate.verify(connection)
        chains = helper.submit(_chains_of, store)
        for sentence in chain(
            _found(connection, _broken_rules, broken_users),
            _later(chains),
            more(connection) if more else (),
        ):
            say(sentence)
            status = 1
    except (UnicodeDecodeError, TypeError) as error:
        say(f"INV-8: a row holds what the ledger never writes and cannot be read: {error}")
        status = 1
    except Exception as error:
        if store.fault_of(error) is None:
            raise
        raise StoreUnavailable(_unreadable(store.name, error, stands)) from error
    finally:
        helper.shutdown()
        connection.close()
    return status


def _chains_of(store: Store) -> list[str]:
    connection = store.connect(read_only=True)
    try:
        return list(_found(connection, _broken_chains))
    finally:
        connection.close()


def _later(sentences: Future[list[str]]) -> Iterator[str]:
    yield from sentences.result()


def _unreadable(name: str, error: Exception, stands: str) -> str:
    """Why the books could not be looked at to the end: they are older than the rules, or damaged."""
    if stands not in {"", migrate.head()}:
        return (
            f"The tables of {name} are of an earlier version. "
            "Bring them to this one first: branchtui ledger migrate"
        )
    return f"{name} cannot be read, so that nothing is proved: {error}"


def _broken_chains(connection: Connection) -> Iterator[str]:
    """INV-8: every branch's chain is gapless, its hashes verify, its head is its last row."""
    heads: dict[str, tuple[int, bytes]] = {
        branch_id: (seq, found)
        for branch_id, seq, found in connection.execute("SELECT branch_id, seq, hash FROM chain_heads")
    }
    last: dict[str, AuditRow] = {}
    place = {"branch_id": "", "seq": 0, "limit_rows": _CHAINED_AT_ONCE}
    while found := [AuditRow(*values) for values in connection.execute(_CHAINED, place)]:
        for row in found:
            yield from _broken_links(last.get(row.branch_id), row)
            last[row.branch_id] = row
        place |= {"branch_id": row.branch_id, "seq": row.seq}
    for branch_id in sorted(heads.keys() | last.keys()):
        end = last.get(branch_id)
        stands = (end.seq, end.hash) if end else (0, audit.GENESIS)
        if heads.get(branch_id) != stands:
            head_seq = heads[branch_id][0] if branch_id in heads else 0
            yield (
                f"INV-8: the audit chain of branch {branch_id} ends at row {stands[0]}, "
                f"its head says row {head_seq} or another hash"
            )


def _broken_links(before: AuditRow | None, row: AuditRow) -> Iterator[str]:
    place = f"row {row.seq} of the audit chain of branch {row.branch_id}"
    seq, found, at = (before.seq, before.hash, before.at) if before else (0, audit.GENESIS, -1)
    if row.seq != seq + 1:
        yield f"INV-8: {place} follows row {seq}: rows between them are missing"
    elif row.prev_hash != found:
        yield f"INV-8: {place} does not continue the row before it"
    if row.at <= at:
        yield f"INV-8: {place} is not later than the row before it"
    if audit.row_hash(row) != row.hash:
        yield f"INV-8: {place} was changed after it was written"
