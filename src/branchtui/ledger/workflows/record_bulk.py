"""Post all and delete all: exactly the set that was seen, in one transaction or by a job (CONC-5)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from branchtui.contract import balance_records as wire
from branchtui.contract.customers import AccountStatus
from branchtui.contract.problem import Codes
from branchtui.format.counts import count_of
from branchtui.format.money import money
from branchtui.ledger import audit, journal, numbers
from branchtui.ledger.journal import InvariantBroken, Pair, Standing
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import Refusal, conflict
from branchtui.ledger.store.mapping import insert_rows
from branchtui.ledger.store.rows import Account, JobRow, Product
from branchtui.ledger.workflows import customer_filing, jobs
from branchtui.ledger.workflows.balance_records import ENTRY_KIND
from branchtui.ledger.workflows.record_rules import is_owed
from branchtui.ledger.workflows.record_sets import (
    BulkPurpose,
    RecordSet,
    bound,
    read_set,
    set_filters,
    set_statement,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import BulkTx

ROWS_AT_ONCE: Final = 20_000
"""Records that one transaction may post or delete: bounds how long everybody else waits for the writer."""

_PATH: Final = "/v1/balance-records"


class Waiting(NamedTuple):
    """As much of a record as its posting needs, and the open account that it moves, if there is one."""

    id: str
    version: int
    branch_id: str
    customer_id: str
    account_kind: str
    product: str | None
    amount_minor: int
    currency: str
    as_of_date: str
    narration: str
    external_ref: str | None
    account_id: str | None
    account_no: str | None
    account_version: int | None
    balance_minor: int | None


_COLUMNS: Final = ", ".join(
    (
        *(f"balance_records.{name}" for name in Waiting._fields[:-4]),
        "accounts.id, accounts.account_no, accounts.version, accounts.balance_minor",
    )
)
_ACCOUNT: Final = """
LEFT JOIN accounts ON accounts.customer_id = balance_records.customer_id
    AND accounts.kind = balance_records.account_kind AND accounts.currency = balance_records.currency
    AND accounts.status = 'open'
    AND (balance_records.account_no IS NULL OR accounts.account_no = balance_records.account_no)
"""
_LOAD: Final = f"""
SELECT {_COLUMNS} FROM balance_records {_ACCOUNT}
WHERE balance_records.id IN (SELECT value FROM json_each(:ids)) ORDER BY balance_records.id
"""  # noqa: S608 - names of our own schema

# The version alone says that a record is as it was read in this transaction: any other condition would tempt a
# planner away from the key.
_ACCOUNTED: Final = """
UPDATE balance_records SET version = version + 1, status = 'accounted', account_no = given.value ->> 2,
    account_id = given.value ->> 3, posted_by = :posted_by, posted_at = :posted_at
FROM json_each(:rows) AS given
WHERE balance_records.id = given.value ->> 0 AND version = CAST(given.value ->> 1 AS BIGINT)
"""

_HOMES: Final = "SELECT id, branch_id FROM customers WHERE id IN (SELECT value FROM json_each(:keys))"

_DELETED: Final = """
DELETE FROM balance_records WHERE (id, version) IN (
    SELECT given.value ->> 0, CAST(given.value ->> 1 AS BIGINT) FROM json_each(:rows) AS given
)
"""


@dataclass(frozen=True, slots=True)
class Bulk:
    """A bulk action as it was asked: which records, and what was seen of them."""

    core: Core
    tx: BulkTx
    command: Command
    asked: wire.BulkAction

    def seen_set(self, *purposes: BulkPurpose) -> RecordSet:
        """The set that was seen, if it is still exactly that.

        Raises:
            Refusal: 409 `batch-changed` with the figures as they are now; nothing was done.
        """
        asked = self.asked
        found: list[RecordSet] = []
        for purpose in purposes:
            filters = set_filters(
                self.core, self.command.principal, asked.filter or wire.RecordFilter(), purpose, asked.ids
            )
            current = read_set(self.tx.connection, filters)
            if (len(current.rows), current.total_minor, current.set_hash) == (
                asked.count,
                asked.total_minor,
                asked.set_hash,
            ):
                return current
            found.append(current)
        raise _changed(found[0], asked)


def post_all(core: Core, tx: BulkTx, command: Command, asked: wire.BulkAction) -> Reply:
    """`POST /v1/balance-records/post-all`: one journal entry a record, all of them or none.

    More than one transaction takes are left to a job, which does them piece by piece (202).

    Raises:
        Refusal: 409 `batch-changed`, 422 when there is nothing to post.
    """
    seen = Bulk(core, tx, command, asked).seen_set(BulkPurpose.POST)
    _refuse_nothing(seen, "post")
    if len(seen.rows) > ROWS_AT_ONCE:
        return _queue(core, tx, command, seen)
    post_records(core, tx, command, _loaded(tx, seen.rows), row_nos=range(len(seen.rows)))
    return _done(command, seen)


def delete_all(core: Core, tx: BulkTx, command: Command, asked: wire.BulkAction) -> Reply:
    """`POST /v1/balance-records/delete-all`: gone, all of them or none; the audit keeps the set's hash.

    The hash tells which set was seen: that of what can be posted, or all that waits. More than one
    transaction takes are left to a job (202).

    Raises:
        Refusal: 409 `batch-changed`, 422 when there is nothing to delete.
    """
    seen = Bulk(core, tx, command, asked).seen_set(BulkPurpose.POST, BulkPurpose.DELETE)
    _refuse_nothing(seen, "delete")
    if len(seen.rows) > ROWS_AT_ONCE:
        return _queue(core, tx, command, seen)
    delete_records(tx, seen.rows)
    return _done(command, seen)


def delete_records(tx: BulkTx, rows: Sequence[tuple[str, int]]) -> None:
    """Delete these records (id and version), all of which wait.

    Raises:
        InvariantBroken: one of them moved meanwhile; the whole transaction fails.
    """
    tx.flush()
    _run_on_all(tx, _DELETED, rows, {})


def waiting(tx: BulkTx, filters: dict[str, Any]) -> list[Waiting]:
    """The records that pass filters which let only what can be posted through, in the order of their ids."""
    statement = set_statement(filters, _COLUMNS, _ACCOUNT)
    return list(map(Waiting._make, tx.connection.execute(statement, bound(filters))))


def _loaded(tx: BulkTx, rows: Sequence[tuple[str, int]]) -> list[Waiting]:
    """These records (id and version), all of which can be posted, in the order of their ids."""
    ids = json.dumps([record_id for record_id, _ in rows])
    loaded = list(map(Waiting._make, tx.connection.execute(_LOAD, {"ids": ids})))
    if [record[:2] for record in loaded] != list(rows):
        raise InvariantBroken("the records of a bulk posting are not those that were checked")
    return loaded


def post_records(
    core: Core, tx: BulkTx, command: Command, loaded: Sequence[Waiting], *, row_nos: Iterable[int]
) -> None:
    """Post these records, all of which can be posted, as they were read in this transaction.

    Raises:
        InvariantBroken: one of them moved meanwhile; the whole transaction fails.
    """
    opened = _opened(core, tx, command, loaded)
    contras: dict[tuple[str, str], Account] = {}
    pairs: list[Pair] = []
    changes: list[tuple[Any, ...]] = []
    at_us, new_id = command.at_us, core.new_id
    owed = {kind: is_owed(kind) for kind in {record.account_kind for record in loaded}}
    for row_no, record in zip(row_nos, loaded, strict=True):
        place = (record.branch_id, record.currency)
        if place not in contras:
            branch = core.tree[record.branch_id]
            contras[place] = journal.institution_account(
                tx, branch, journal.OPENING_CONTRA, record.currency, at_us
            )
        account, account_no = _moved(record, opened)
        # As `balance_records.posting` has it: what is owed debits the customer's account, what is held credits it.
        debit, credit = (account, contras[place]) if owed[record.account_kind] else (contras[place], account)
        pairs.append(
            Pair(
                new_id(),
                row_no,
                record.branch_id,
                record.id,
                debit,
                credit,
                record.amount_minor,
                record.as_of_date,
                record.narration,
                record.external_ref,
            )
        )
        changes.append((record.id, record.version, account_no, account.id))
    journal.post_pairs_bulk(tx, command, ENTRY_KIND, pairs, opened=tuple(opened.values()))
    _file_products(tx, opened.values())
    _run_on_all(tx, _ACCOUNTED, changes, {"posted_by": command.principal.username, "posted_at": at_us})


def _moved(record: Waiting, opened: dict[tuple[str, str, str], Account]) -> tuple[Standing | Account, str]:
    """The account that a record moves, as it stands or new, and its number."""
    if record.account_id is None:
        new = opened[_owner(record)]
        return new, new.account_no
    number, version, balance_minor = record.account_no, record.account_version, record.balance_minor
    assert number is not None, "the account was joined a moment ago"
    assert version is not None, "the account was joined a moment ago"
    assert balance_minor is not None, "the account was joined a moment ago"
    return Standing(record.account_id, version, balance_minor, record.currency), number


def _opened(
    core: Core, tx: BulkTx, command: Command, loaded: Sequence[Waiting]
) -> dict[tuple[str, str, str], Account]:
    """A new account, and only one, for each customer who has none of a record's kind, by owner."""
    missing = {_owner(record): record for record in reversed(loaded) if record.account_id is None}
    if not missing:
        return {}
    made = numbers.next_account_nos(tx, len(missing))
    # Where the customer is by now: a record may have stayed behind when he was transferred.
    keys = json.dumps(sorted({record.customer_id for record in missing.values()}))
    homes = dict(tx.connection.execute(_HOMES, {"keys": keys}))
    return {
        owner: Account(
            id=core.new_id(),
            version=1,
            account_no=account_no,
            customer_id=record.customer_id,
            branch_id=homes[record.customer_id],
            kind=record.account_kind,
            currency=record.currency,
            status=AccountStatus.OPEN.value,
            product=record.product,
            balance_minor=0,
            created_at=command.at_us,
        )
        for (owner, record), account_no in zip(sorted(missing.items()), made, strict=True)
    }


def _file_products(tx: BulkTx, opened: Iterable[Account]) -> None:
    """Whoever has got an account of a product is found by it from now on."""
    named = {each.product for each in opened if each.product is not None}
    sold = {code for code in named if tx.find_one(Product, code=code) is not None}
    for owner in {each.customer_id for each in opened if each.product in sold}:
        assert owner is not None, "an account that is opened for a record has an owner"
        customer_filing.refile(tx, owner)


def _owner(record: Waiting) -> tuple[str, str, str]:
    return record.customer_id, record.account_kind, record.currency


def _run_on_all(tx: BulkTx, statement: str, rows: Sequence[tuple[Any, ...]], bound: dict[str, Any]) -> None:
    """Run `statement` for all `rows` at once; every one must change its record (CONC-3)."""
    before = tx.connection.total_changes()
    tx.connection.execute(statement, bound | {"rows": json.dumps(rows)})
    if tx.connection.total_changes() - before != len(rows):
        raise InvariantBroken("a record of a bulk action moved while it was done")


def _refuse_nothing(seen: RecordSet, verb: str) -> None:
    if not seen.rows:
        raise Refusal(422, Codes.VALIDATION, f"There is nothing to {verb}.")


def _queue(core: Core, tx: BulkTx, command: Command, seen: RecordSet) -> Reply:
    """Leave the set to a job, row by row and version by version, so that it does nothing that was not seen."""
    job = jobs.add_job(
        core,
        tx,
        command,
        kind=command.action,
        subject_id=command.key,
        branch_id=command.principal.branch_id,
    )
    tx.put(replace(job, total=len(seen.rows)))
    tx.flush()
    rows = ((job.id, row_no, *row) for row_no, row in enumerate(seen.rows))
    insert_rows(tx.connection, JobRow, rows)
    return _done(command, seen, job_id=job.id)


def _changed(now: RecordSet, asked: wire.BulkAction) -> Refusal:
    return conflict(
        Codes.BATCH_CHANGED,
        f"You saw {count_of(asked.count, 'record')} of {money(asked.total_minor, now.currency)} {now.currency}; "
        f"now there are {len(now.rows):,} of {money(now.total_minor, now.currency)}, or others than these. "
        "Nothing was done. Look at them again.",
        count=len(now.rows),
        total_minor=now.total_minor,
        set_hash=now.set_hash,
        currency=now.currency,
    )


def _done(command: Command, seen: RecordSet, job_id: str | None = None) -> Reply:
    count = len(seen.rows)
    figures = {"count": count, "total_minor": seen.total_minor, "set_hash": seen.set_hash}
    path = _PATH if job_id is None else f"/v1/jobs/{job_id}"
    return reply(
        wire.BulkResult(count=count, total_minor=seen.total_minor, currency=seen.currency, job_id=job_id),
        event=audit.Event(action=command.action, object=path, after=figures),
        branch_id=command.principal.branch_id,
        status=200 if job_id is None else 202,
        resource=path,
        location=None if job_id is None else path,
        summary=f"{count_of(count, 'record')}, {money(seen.total_minor, seen.currency)} {seen.currency}",
        amount_minor=seen.total_minor,
        currency=seen.currency,
    )
