"""Writing the rows of an import as balance records, after a last look at what changed since the check."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import from_json

from branchtui.contract.balance_records import RecordStatus
from branchtui.ledger.days import day_key
from branchtui.ledger.feeds.finding import Finding, error
from branchtui.ledger.store import import_store
from branchtui.ledger.workflows.import_parties import reference_taken, refused_party
from branchtui.ledger.workflows.import_rows import Taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.core import Core
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.import_store import Party
    from branchtui.ledger.store.rows import Import
    from branchtui.ledger.store.unit import BulkTx

_STATUS: Final = RecordStatus.NOT_ACCOUNTED.value


def take_rows(core: Core, tx: BulkTx, import_: Import, rows: Sequence[tuple[int, str]], at_us: int) -> Taken:
    """Insert `rows` (number and parsed JSON) as records; those that fit no longer come back with why."""
    connection = tx.connection
    said: list[tuple[int, dict[str, Any]]] = [(row_no, from_json(parsed)) for row_no, parsed in rows]
    customers = import_store.parties_by_id(connection, {each["customer_id"] for _, each in said})
    references: dict[str, set[str]] = {}
    days: set[str] = set()
    for _, each in said:
        if each["external_ref"]:
            references.setdefault(each["branch_id"], set()).add(each["external_ref"])
        days.add(day_key(each["branch_id"], each["as_of_date"]))
    taken = import_store.references_taken(connection, references)
    closed = import_store.closed_days_among(connection, days)
    refused: dict[int, Finding] = {}
    records: list[tuple[Any, ...]] = []
    digest, total = hashlib.sha256(), 0
    for row_no, each in said:
        finding = _changed_since(connection, each, customers.get(each["customer_id"]), taken, closed)
        if finding is not None:
            refused[row_no] = finding
            continue
        record = _record(core.new_id(), import_, row_no, each, at_us)
        digest.update(f"{record[0]}:1\n".encode())
        total += each["amount_minor"]
        records.append(record)
    import_store.insert_records(connection, records)
    return Taken(len(records), total, digest.hexdigest(), refused)


def _changed_since(
    connection: Connection,
    each: dict[str, Any],
    customer: Party | None,
    taken: set[tuple[str, str]],
    closed: set[str],
) -> Finding | None:
    """What has happened between the check and now that keeps the row out."""
    if customer is None or customer.branch_id != each["branch_id"]:
        return error("customer-unknown", "The customer is not in this branch any more.", "customer_no")
    for refused in refused_party(connection, customer, "customer_no"):
        return refused
    if (each["branch_id"], each["external_ref"]) in taken:
        return reference_taken(each["external_ref"])
    if day_key(each["branch_id"], each["as_of_date"]) in closed:
        day = each["as_of_date"]
        return error("day-closed", f"Date: {day} is closed.", "as_of_date", day)
    return None


def _record(
    record_id: str, import_: Import, row_no: int, each: dict[str, Any], at_us: int
) -> tuple[Any, ...]:
    """A balance record in the order of its columns."""
    return (
        record_id,
        1,
        each["branch_id"],
        each["customer_id"],
        each["account_kind"],
        each["account_no"],
        each["product"],
        each["amount_minor"],
        each["currency"],
        each["as_of_date"],
        each["narration"],
        each["external_ref"],
        _STATUS,
        import_.id,
        row_no,
        import_.operation_key,
        row_no,
        import_.created_by,
        at_us,
        None,
        None,
        None,
    )
