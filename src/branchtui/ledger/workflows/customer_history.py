"""What was done to a customer, out of the audit chains: the customer and every part of the profile (section 3)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, literal, or_, select

from branchtui.contract import customer_parts as wire
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.lists import bound_of
from branchtui.ledger.store.mapping import compiled
from branchtui.ledger.store.rows import Import
from branchtui.ledger.workflows.import_rows import Asked

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.rows import Customer

LATEST: Final = 20
"""Entries that a profile shows."""

_NAMED: Final = frozenset(
    {
        "gender",
        "client_type",
        "classification",
        "staff_id",
        "group_id",
        "organisation_id",
        "constitution",
        "business_line",
        "closure_reason",
        "rejection_reason",
        "withdrawal_reason",
        "relationship",
        "address_type",
        "identifier_type",
    }
)
"""Members that hold the id of something with a name."""

BY_FILE: Final = "import.rows"
"""The link of a chain that tells of rows taken in; the history of each customer among them shows it."""

_BEHIND_SLASH: Final = "0"
"""The sign behind `/`: everything below a path lies between the two."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A link of a chain as the history of a customer shows it."""

    branch_id: str
    seq: int
    at: int
    actor: str
    action: str
    object: str
    before: str | None
    after: str | None
    outcome: str
    reason: str | None
    place: str


_a = tables.audit.c
_place = _a.branch_id.op("||")(literal(":")).op("||")(_a.seq)
_columns = (
    _a.branch_id,
    _a.seq,
    _a.at,
    _a.actor,
    _a.action,
    _a.object,
    _a.before,
    _a.after,
    _a.outcome,
    _a.reason,
)
_source = select(*_columns, _place.label("place")).subquery("history")
_h = _source.c

HISTORY: Final = ListSpec(
    row_type=HistoryLine,
    name="customer-history",
    source=_source,
    tie="place",
    sorts={"at": Sort("at", descending=True, key=None)},
    filters={
        "customer": or_(
            _h.object == bindparam("customer__path"),
            and_(_h.object >= bindparam("customer__below"), _h.object < bindparam("customer__end")),
            and_(
                _h.object == bindparam("customer__file"),
                _h.seq == bindparam("customer__seq"),
                _h.action == BY_FILE,
            ),
        )
    },
)
"""The list behind `GET /v1/customers/{id}/history`."""

_LATEST_OF_CUSTOMER: Final = compiled(
    select(*HISTORY.select_list)
    .where(HISTORY.filters["customer"])
    .order_by(_h.at.desc(), _h.place.desc())
    .limit(LATEST)
)


_ENTERED: Final = compiled(
    select(_a.seq)
    .where(_a.object == bindparam("file"), _a.action == BY_FILE, _a.at >= bindparam("at"))
    .order_by(_a.at)
    .limit(1)
)


async def filters(core: Core, customer: Customer) -> dict[str, Any]:
    """The filter of `HISTORY` for one customer: what was done to him, and the rows of a file that he came among."""
    path, file, seq = f"/v1/customers/{customer.id}", "", 0
    if customer.import_id is not None:
        file = _path_of_import(customer.import_id)
        # A piece of a file is told of behind its last row, by its own time or the next that the chain has left.
        found = await core.reader.values(_ENTERED, {"file": file, "at": customer.created_at})
        seq = found[0][0] if found else 0
    below = {"below": f"{path}/", "end": f"{path}{_BEHIND_SLASH}"}
    return {"customer": {"path": path, "file": file, "seq": seq, **below}}


def _path_of_import(import_id: str) -> str:
    return f"/v1/imports/{import_id}"


async def shown(
    core: Core, customer: Customer, lines: Sequence[HistoryLine]
) -> tuple[wire.HistoryEntry, ...]:
    """Links of chains as the contract shows them, with codes and staff by name, and the file that he came from."""
    changes = [await _origin(core, customer) if line.action == BY_FILE else _changes(line) for line in lines]
    ids = {
        value
        for each in changes
        for name, pair in each.items()
        if name in _NAMED
        for value in pair.values()
        if isinstance(value, str)
    }
    names = await core.book.names(ids)
    for each in changes:
        for name in each.keys() & _NAMED:
            each[name] = {at: names.get(value, value) for at, value in each[name].items()}
    return tuple(_answer(line, each) for line, each in zip(lines, changes, strict=True))


async def latest(core: Core, customer: Customer) -> tuple[wire.HistoryEntry, ...]:
    """The newest entries."""
    asked = bound_of(await filters(core, customer))
    return await shown(core, customer, await core.reader.rows(HistoryLine, _LATEST_OF_CUSTOMER, asked))


async def _origin(core: Core, customer: Customer) -> dict[str, dict[str, Any]]:
    """The file of an imported customer and the row in it, in place of what the chain says of all its rows."""
    found = await core.reader.get(Import, customer.import_id)
    assert found is not None, "imports are never deleted"
    told = {
        "file": Asked.loaded(found.options).file_name or None,
        "row": customer.import_row_no,
        "sha256": found.sha256,
    }
    return {name: {"before": None, "after": value} for name, value in told.items() if value is not None}


def _changes(line: HistoryLine) -> dict[str, dict[str, Any]]:
    """What each member was and is, as far as a chain may tell."""
    before = json.loads(line.before) if line.before else {}
    after = json.loads(line.after) if line.after else {}
    after.pop("version", None)
    before.pop("version", None)
    return {
        name: {"before": before.get(name), "after": after.get(name)}
        for name in sorted(before.keys() | after.keys())
    }


def _answer(line: HistoryLine, changes: dict[str, dict[str, Any]]) -> wire.HistoryEntry:
    return wire.HistoryEntry(
        id=line.place,
        at=as_datetime(line.at),
        actor=line.actor,
        action=line.action,
        object=line.object,
        outcome=line.outcome,
        reason=line.reason,
        changes=changes,
    )
