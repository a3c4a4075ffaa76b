"""Sets of balance records: the list's filters, and what a bulk action means by *all* (CONC-5)."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Boolean, ColumnElement, and_, bindparam, literal, literal_column

from branchtui.contract.balance_records import SUMMARY_IDS_MAX, RecordFilter, RecordStatus
from branchtui.contract.base import MAX_AMOUNT_MINOR
from branchtui.ledger.access import Permission
from branchtui.ledger.phones import region_of
from branchtui.ledger.problems import invalid, not_found
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import Apart, ListSpec, Sort
from branchtui.ledger.store.mapping import compiled
from branchtui.ledger.store.rows import BalanceRecord
from branchtui.ledger.workflows import customer_search, record_search

if TYPE_CHECKING:
    from collections.abc import Mapping

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.connection import Connection

IDS_LENGTH_MAX: Final = SUMMARY_IDS_MAX * 65
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_r = tables.balance_records.c


_FILTERS: Final[Mapping[str, ColumnElement[bool]]] = {
    "branch": _r.branch_id == bindparam("branch"),
    "branches": literal_column(
        "+balance_records.branch_id IN (SELECT value FROM json_each(:branches))", Boolean
    ),
    "status": _r.status == bindparam("status"),
    "import_id": _r.import_id == bindparam("import_id"),
    # The sign keeps the order's own index in use: somebody's records may be nearly all there are.
    "created_by": literal_column("+balance_records.created_by = :created_by", Boolean),
    "account_kind": _r.account_kind == bindparam("account_kind"),
    "customer": _r.customer_id == bindparam("customer"),
    "as_of_from": _r.as_of_date >= bindparam("as_of_from"),
    "as_of_to": _r.as_of_date <= bindparam("as_of_to"),
    **record_search.FILTERS,
    # What a bulk action takes, beside the filters of the list.
    "ids": literal_column("balance_records.id IN (SELECT value FROM json_each(:ids))", Boolean),
    "currency": _r.currency == bindparam("currency"),
    # Written out, as in the index of what people keyed.
    "waits": _r.status == literal(RecordStatus.NOT_ACCOUNTED.value),
    "own": _r.created_by == bindparam("own"),
    "within": _r.amount_minor <= bindparam("within"),
    "postable": literal_column(
        """EXISTS (SELECT 1 FROM customers WHERE customers.id = balance_records.customer_id
            AND customers.status = :postable)
        AND NOT EXISTS (SELECT 1 FROM closed_days
            WHERE closed_days.id = balance_records.branch_id || ':' || balance_records.as_of_date)
        AND CASE (SELECT COUNT(*) FROM accounts WHERE accounts.customer_id = balance_records.customer_id
            AND accounts.kind = balance_records.account_kind
            AND accounts.currency = balance_records.currency AND accounts.status = 'open'
            AND (balance_records.account_no IS NULL OR accounts.account_no = balance_records.account_no)
        ) WHEN 1 THEN TRUE WHEN 0 THEN balance_records.account_no IS NULL ELSE FALSE END""",
        Boolean,
    ),
}


def _amount_minor(text: str) -> int:
    """An amount to open the list at, in minor units; ValueError for what no amount can be."""
    found = int(text)
    if not 0 <= found <= MAX_AMOUNT_MINOR:
        raise ValueError(text)
    return found


RECORDS: Final = ListSpec(
    row_type=BalanceRecord,
    name="balance-records",
    sorts={
        "created": Sort("created_at", descending=True, is_time=True),
        "amount": Sort("amount_minor", descending=True, key=_amount_minor),
        "as_of": Sort("as_of_date", descending=True),
    },
    filters=_FILTERS,
    caps=dict.fromkeys(record_search.FILTERS, record_search.CANDIDATES),
    apart=Apart("status", record_search.STATUSES, few=frozenset({"customer", "import_id"})),
)
"""The list behind `GET /v1/balance-records`."""


class BulkPurpose(StrEnum):
    """What *all* is for: a set to be posted leaves out what cannot be posted now."""

    POST = "post"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class RecordSet:
    """The records of a bulk action as they stand: id and version each, in the order of their ids.

    `total_minor` is the sum of their amounts, in minor units of `currency`.
    """

    rows: tuple[tuple[str, int], ...]
    total_minor: int
    currency: str

    @property
    def set_hash(self) -> str:
        """SHA-256 over one line `id:version` a record, sorted by id."""
        lines = "".join(f"{record_id}:{version}\n" for record_id, version in self.rows)
        return hashlib.sha256(lines.encode()).hexdigest()


def list_filters(core: Core, who: Principal, asked: RecordFilter) -> dict[str, Any]:
    """The filters of `RECORDS` that `asked` means for `who`, kept inside the own branches.

    Raises:
        Refusal: 404 for a branch that is not the caller's to see.
    """
    branch_ids = who.scope.branch_ids
    if asked.branch is not None:
        if not who.scope.covers(asked.branch):
            raise not_found("branch")
        branch_ids = core.tree.below(asked.branch)
    found: dict[str, Any] = (
        {"branch": next(iter(branch_ids))}
        if len(branch_ids) == 1
        else {"branches": json.dumps(sorted(branch_ids))}
    )
    plain = asked.model_dump(mode="json", exclude_none=True, include=_PLAIN)
    found.update(plain)
    looked_for = (asked.q or "").strip()
    if looked_for:
        home = core.tree[who.branch_id]
        searched = record_search.filters(
            branch_ids,
            whole=who.scope.top and asked.branch is None,
            query=looked_for,
            search=customer_search.parse(looked_for, region_of(home.currency, home.timezone)),
            status=plain.get("status"),
        )
        # The search looks within branches and status itself: no index of theirs may stand before its own.
        for name in ("branch", "branches", "status"):
            found.pop(name, None)
        found |= searched
    return found


_PLAIN: Final = {
    "status",
    "import_id",
    "created_by",
    "account_kind",
    "customer",
    "as_of_from",
    "as_of_to",
}


def set_filters(
    core: Core,
    who: Principal,
    asked: RecordFilter,
    purpose: BulkPurpose,
    ids: tuple[str, ...] | None = None,
) -> dict[str, Any]:
    """The filters of the set that `who` may touch at once: a teller's own, a supervisor's branches.

    Only what waits; what is to be posted is within the user's limit, its customer active, its day
    open and its account certain. Sums need one currency: that of the branch that was asked for, or
    of the user's own.
    """
    found = list_filters(core, who, asked)
    if found.pop("status", RecordStatus.NOT_ACCOUNTED) != RecordStatus.NOT_ACCOUNTED:
        found["ids"] = "[]"  # what is posted is in no such set, whatever was asked
    found["waits"] = True
    found["currency"] = set_currency(core, who, asked)
    if not who.may(Permission.RECORD_BULK_BRANCH):
        found["own"] = who.username
    if purpose is BulkPurpose.POST:
        found["postable"] = "active"
        if who.limit_minor is not None:
            found["within"] = who.limit_minor
    if ids is not None and "ids" not in found:
        found["ids"] = json.dumps(ids)
    return found


def named_ids(text: str | None) -> tuple[str, ...] | None:
    """The records that a query names with commas between them; None when it names none.

    Raises:
        Refusal: 422 for more than 200, or for a text that is no id.
    """
    if text is None:
        return None
    ids = tuple(text.split(","))
    if len(ids) > SUMMARY_IDS_MAX:
        raise invalid("/ids", f"ids names {len(ids)} records; a summary takes {SUMMARY_IDS_MAX} at most.")
    if not all(_ID.fullmatch(one) for one in ids):
        raise invalid("/ids", "ids holds a text that is no id. Put a comma between two ids.")
    return ids


def set_currency(core: Core, who: Principal, asked: RecordFilter) -> str:
    """The currency of a set's sum."""
    return core.tree[asked.branch or who.branch_id].currency


def read_set(connection: Connection, filters: dict[str, Any]) -> RecordSet:
    """The set as this connection sees it now."""
    found = read_rows(connection, filters)
    rows = tuple((record_id, version) for record_id, version, _ in found)
    return RecordSet(rows, sum(amount_minor for _, _, amount_minor in found), filters["currency"])


def read_rows(connection: Connection, filters: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Id, version and amount (minor units) of the records that pass, in the order of their ids."""
    found: Any = connection.execute(set_statement(filters), bound(filters))
    return list(found)


_ROWS: Final = "balance_records.id, balance_records.version, balance_records.amount_minor"
_statements: dict[tuple[str, str, tuple[str, ...]], str] = {}

_NAMED: Final = (
    "WITH named AS MATERIALIZED"
    " (SELECT * FROM balance_records WHERE id IN (SELECT value FROM json_each(:ids))) "
)
"""The records with these ids, found by their ids: a planner whose figures are old would look through all that wait."""


def set_statement(filters: dict[str, Any], columns: str = _ROWS, beside: str = "") -> str:
    """These columns of the records that pass, and of what is joined `beside` them, in the order of their ids."""
    active = tuple(sorted(filters))
    found = _statements.get((columns, beside, active))
    if found is None:
        passes = compiled(and_(*(_FILTERS[name] for name in active if name != "ids")))
        named, table = (_NAMED, "named AS balance_records") if "ids" in filters else ("", "balance_records")
        wanted = f"SELECT {columns} FROM {table} {beside}"  # noqa: S608 - names of our own schema
        found = f"{named}{wanted} WHERE {passes} ORDER BY balance_records.id"
        _statements[columns, beside, active] = found
    return found


def bound(filters: dict[str, Any]) -> dict[str, Any]:
    """The parameters of these filters: those of one filter stand behind its name."""
    found: dict[str, Any] = {}
    for name, value in filters.items():
        if isinstance(value, dict):
            found.update({f"{name}__{part}": each for part, each in value.items()})
        else:
            found[name] = value
    return found
