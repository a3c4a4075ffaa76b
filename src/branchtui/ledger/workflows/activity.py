"""What was done: operations by their keys, and the audit chain as it may be read (contract, section 9)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Boolean, and_, bindparam, func, literal_column, or_

from branchtui.contract import operations as wire
from branchtui.contract.operations import OperationState
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.operations import plain
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.rows import AuditRow, Operation
from branchtui.ledger.store.search import prefix_end

if TYPE_CHECKING:
    from branchtui.ledger.access import Scope

_REFERENCE_LETTERS: Final = 4
"""A short reference is written in groups: `7QK2-M9`."""

_o, _a = tables.operations.c, tables.audit.c

OPERATIONS: Final = ListSpec(
    row_type=Operation,
    name="operations",
    tie="key",
    sorts={"completed": Sort("completed_at", descending=True, key=None)},
    filters={
        "mine": _o.principal_id == bindparam("mine"),
        "branch": _o.branch_id == bindparam("branch"),
        "branches": literal_column(
            "+operations.branch_id IN (SELECT value FROM json_each(:branches))", Boolean
        ),
        "q": or_(
            and_(_o.reference >= bindparam("q__reference"), _o.reference < bindparam("q__reference_end")),
            func.instr(func.lower(_o.summary), bindparam("q__text")) > 0,
        ),
    },
)
"""The list behind `GET /v1/operations`."""

AUDIT: Final = ListSpec(
    row_type=AuditRow,
    name="audit",
    tie="branch_id",
    sorts={
        "at": Sort("at", descending=True, key=None),
        "seq": Sort("seq", descending=True, key=int),
    },
    filters={
        "branch": _a.branch_id == bindparam("branch"),
        "branches": literal_column("+audit.branch_id IN (SELECT value FROM json_each(:branches))", Boolean),
        "actor": _a.actor == bindparam("actor"),
        "action": _a.action == bindparam("action"),
        "object": _a.object == bindparam("object"),
    },
)
"""The list behind `GET /v1/audit`; in one branch its order is the chain's own."""


def branch_filter(scope: Scope) -> dict[str, Any]:
    """The filter that keeps a list within a scope of several branches."""
    if len(scope.branch_ids) == 1:
        return {"branch": min(scope.branch_ids)}
    return {} if scope.top else {"branches": json.dumps(sorted(scope.branch_ids))}


def search_filter(query: str) -> dict[str, Any]:
    """The filter for a short reference, in any writing, or a part of a summary."""
    letters = "".join(c for c in query.upper() if c.isalnum())
    reference = letters[:_REFERENCE_LETTERS]
    if len(letters) > _REFERENCE_LETTERS:
        reference += "-" + letters[_REFERENCE_LETTERS:]
    return {
        "q": {
            "reference": reference,
            "reference_end": prefix_end(reference) if reference else "",
            "text": query.lower(),
        }
    }


def operation_answer(operation: Operation) -> wire.Operation:
    """A stored operation as the contract's."""
    members = plain(operation)
    members["state"] = OperationState(operation.state)
    members["completed_at"] = as_datetime(operation.completed_at)
    return wire.Operation(**members)


def audit_answer(row: AuditRow) -> wire.AuditRow:
    """A stored link of a chain as the contract's."""
    return wire.AuditRow(
        seq=row.seq,
        at=as_datetime(row.at),
        actor=row.actor,
        role=row.role,
        branch_id=row.branch_id,
        action=row.action,
        object=row.object,
        operation_key=row.operation_key,
        before=json.loads(row.before) if row.before else None,
        after=json.loads(row.after) if row.after else None,
        outcome=row.outcome,
        reason=row.reason,
        prev_hash=row.prev_hash.hex(),
        hash=row.hash.hex(),
    )
