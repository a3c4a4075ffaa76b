"""Saved ways of reading a bank's tables: kept by a branch, used by it and those below it (contract, section 8)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import Boolean, literal_column

from branchtui.contract import statements as wire
from branchtui.contract.base import Answer, RefusedAction
from branchtui.contract.problem import Codes
from branchtui.ledger import audit, history
from branchtui.ledger.access import Permission
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import conflict, forbidden, not_found
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.rows import ColumnMap

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.problems import Refusal
    from branchtui.ledger.store.unit import Tx

MAPS: Final = ListSpec(
    row_type=ColumnMap,
    name="column-maps",
    sorts={"name": Sort("name")},
    filters={
        "branches": literal_column(
            "column_maps.branch_id IN (SELECT value FROM json_each(:branches))", Boolean
        )
    },
)
"""The list behind `GET /v1/column-maps`."""


class Gone(Answer):
    """What is left of a map that was deleted."""

    id: str


def path_of(map_id: str) -> str:
    """Where a map is found."""
    return f"/v1/column-maps/{map_id}"


def answer(row: ColumnMap, who: Principal) -> wire.ColumnMap:
    """The map as the contract shows one to this user."""
    refusal = _refusal(row, who)
    refused = None if refusal is None else RefusedAction(code=refusal.code, message=refusal.detail)
    names = ("edit", "delete")
    return wire.ColumnMap(
        id=row.id,
        version=row.version,
        actions=names if refused is None else (),
        refused={} if refused is None else dict.fromkeys(names, refused),
        branch_id=row.branch_id,
        name=row.name,
        columns=wire.Columns.model_validate_json(row.columns),
        created_by=row.created_by,
    )


def create(core: Core, tx: Tx, command: Command, new: wire.NewColumnMap) -> Reply:
    """`POST /v1/column-maps`.

    Raises:
        Refusal: 404 for a branch that is not the caller's, 409 `reference-taken` where it has one of this name.
    """
    who = command.principal
    branch_id = new.branch_id or who.branch_id
    if not who.scope.covers(branch_id):
        raise not_found("branch")
    taken = tx.find(ColumnMap, branch_id=branch_id, name=new.name)
    if taken:
        raise conflict(
            Codes.REFERENCE_TAKEN,
            f"There is a column map {new.name} already.",
            existing={"id": taken[0].id},
        )
    row = ColumnMap(
        id=core.new_id(),
        version=1,
        branch_id=branch_id,
        name=new.name,
        columns=new.columns.model_dump_json(),
        created_by=who.username,
        created_at=command.at_us,
    )
    tx.put(row)
    return _done(command, row, "created", status=201)


def change(
    core: Core, tx: Tx, command: Command, map_id: str, seen: int, asked: wire.ColumnMapChange
) -> Reply:
    """`PUT /v1/column-maps/{id}`.

    Raises:
        Refusal: 404, 412.
    """
    row = _own(core, tx, command, map_id, seen)
    changed = replace(row, version=row.version + 1, columns=asked.columns.model_dump_json())
    tx.put(changed)
    return _done(command, changed, "changed")


def delete(core: Core, tx: Tx, command: Command, map_id: str, seen: int) -> Reply:
    """`DELETE /v1/column-maps/{id}`.

    Raises:
        Refusal: 404, 412.
    """
    row = _own(core, tx, command, map_id, seen)
    tx.remove(row)
    event = audit.Event(action=command.action, object=path_of(row.id), before={"name": row.name})
    return reply(
        Gone(id=row.id), event=event, branch_id=row.branch_id, summary=f"column map {row.name} deleted"
    )


def _own(core: Core, tx: Tx, command: Command, map_id: str, seen: int) -> ColumnMap:
    who = command.principal
    row = tx.get(ColumnMap, map_id)
    if row is None or not who.scope.covers(row.branch_id):
        raise not_found("column map")
    if row.version != seen:
        changes = history.changes_since(tx, path_of(row.id), seen)
        raise history.stale(answer(row, who), changes, core.tree[who.branch_id].timezone)
    return row


def _refusal(row: ColumnMap, who: Principal) -> Refusal | None:
    if not who.may(Permission.IMPORT_STATEMENTS):
        return forbidden(f"Your role, {who.role.value}, may not change this.")
    return (
        None
        if who.scope.covers(row.branch_id)
        else forbidden("This column map is that of a branch above yours.")
    )


def _done(command: Command, row: ColumnMap, verb: str, *, status: int = 200) -> Reply:
    event = audit.Event(
        action=command.action, object=path_of(row.id), after={"name": row.name, "version": row.version}
    )
    return reply(
        answer(row, command.principal),
        event=event,
        branch_id=row.branch_id,
        status=status,
        resource=path_of(row.id),
        version=row.version,
        location=path_of(row.id) if status == 201 else None,
        summary=f"column map {row.name} {verb}",
    )
