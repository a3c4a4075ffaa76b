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
from branchtui.ledger.store.lists import ListSpec, Sort
from branchtui.ledger.store.mapping import compiled

if TYPE_CHECKING:
    from branchtui.ledger.core import Core

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


def filters(customer_id: str) -> dict[str, Any]:
    """The filter of `HISTORY` for one customer."""
    path = f"/v1/customers/{customer_id}"
    return {"customer": {"path": path, "below": f"{path}/", "end": f"{path}{_BEHIND_SLASH}"}}


async def shown(core: Core, lines: Sequence[HistoryLine]) -> tuple[wire.HistoryEntry, ...]:
    """Links of chains as the contract shows them, with codes and staff by name."""
    changes = [_changes(line) for line in lines]
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


async def latest(core: Core, customer_id: str) -> tuple[wire.HistoryEntry, ...]:
    """The newest entries."""
    bound = {f"customer__{name}": text for name, text in filters(customer_id)["customer"].items()}
    rows = await core.reader.rows(HistoryLine, _LATEST_OF_CUSTOMER, bound)
    return await shown(core, rows)


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
