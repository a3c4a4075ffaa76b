"""Endpoints of what was done: operations, fences, the audit chain (contract, section 9; IDEM-9)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import StringConstraints

from branchtui.contract import operations as wire
from branchtui.contract.base import Flag, Id
from branchtui.contract.paging import Page
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.access import Scope
from branchtui.ledger.operations import fence, may_see
from branchtui.ledger.problems import Refusal, forbidden, not_found
from branchtui.ledger.store.rows import ChainHead, Operation
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, is_key, paged
from branchtui.ledger.workflows import activity

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply

_Given = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class OperationsQuery(ListQuery):
    """One's own operations, or with `mine=false` those of the branches one resolves for."""

    mine: Flag = True
    branch: Id | None = None


class AuditQuery(ListQuery):
    """What the audit may be narrowed by; a branch here is that branch alone, since it has its own chain."""

    branch: Id | None = None
    actor: _Given | None = None
    action: _Given | None = None
    object: _Given | None = None


async def operation_list(call: Call) -> Reply:
    """`GET /v1/operations`: newest first."""
    query, principal = call.query, call.principal
    if query.mine:
        filters: dict[str, Any] = {"mine": principal.user_id}
    elif principal.may(P.OPERATION_RESOLVE) or principal.may(P.AUDIT_VIEW):
        filters = activity.branch_filter(call.scope_of(query.branch))
    else:
        raise forbidden(f"Your role, {principal.role.value}, sees its own operations only.")
    looked_for = (query.q or "").strip()
    if looked_for:
        filters |= activity.search_filter(looked_for)
    rows = await call.core.lists.page(
        activity.OPERATIONS, query.window(), filters, who=principal.user_id, now_us=call.at_us
    )
    return paged(rows, tuple(activity.operation_answer(row) for row in rows.rows), call)


async def operation(call: Call) -> Reply:
    """`GET /v1/operations/{key}`: what became of a key; unknown and others' are the same 404 (IDEM-9)."""
    key = _key(call)
    found = await call.core.reader.get(Operation, key)
    if found is not None:
        # This answer acknowledges: behind the writer's COMMIT, so that a standby has what it tells (DUR-3).
        found = await call.core.writer.submit(lambda tx: tx.get(Operation, key))
    if found is None or not may_see(found, call.principal):
        raise Refusal(404, Codes.OPERATION_UNKNOWN, "The ledger has never seen this operation.")
    return answered(activity.operation_answer(found))


async def cancel(call: Call) -> Reply:
    """`POST /v1/operations/{key}/cancel`: after this the key is settled, one way or the other (IDEM-9)."""
    key = _key(call)
    settled = await call.core.writer.submit(lambda tx: fence(tx, key, call.principal, call.at_us))
    return answered(activity.operation_answer(settled))


async def audit_list(call: Call) -> Reply:
    """`GET /v1/audit`: newest first, by time over all branches, by the chain's own order in one."""
    query = call.query
    filters = activity.branch_filter(
        call.scope_of(None) if query.branch is None else _alone(call, query.branch)
    )
    for name in ("actor", "action", "object"):
        given = getattr(query, name)
        if given is not None:
            filters[name] = given
    window = query.window()
    if window.sort is None and "branch" in filters:
        window = replace(window, sort="seq")
    rows = await call.core.lists.page(
        activity.AUDIT, window, filters, who=call.principal.user_id, now_us=call.at_us
    )
    return paged(rows, tuple(activity.audit_answer(row) for row in rows.rows), call)


async def audit_head(call: Call) -> Reply:
    """`GET /v1/audit/head`: where each chain stands, to be compared with what was noted elsewhere (AUD-3)."""
    heads = []
    for branch_id in sorted(call.principal.scope.branch_ids):
        head = await call.core.reader.get(ChainHead, branch_id)
        if head is not None:
            heads.append(wire.ChainHead(branch_id=branch_id, seq=head.seq, hash=head.hash.hex()))
    return answered(wire.AuditHead(items=tuple(heads)))


def _alone(call: Call, branch_id: str) -> Scope:
    if not call.principal.scope.covers(branch_id):
        raise not_found("branch")
    return Scope(frozenset({branch_id}))


def _key(call: Call) -> str:
    key = call.path["key"]
    if not is_key(key):
        raise Refusal(400, Codes.KEY_MALFORMED, "An operation's key has 16 to 64 letters, digits, _ or -.")
    return key


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (
        Route(
            "GET",
            "/v1/operations",
            P.SIGNED_IN,
            operation_list,
            "What I did, newest first",
            query=OperationsQuery,
            answer=Page[wire.Operation],
            operation="list_operations",
            refuses=(Codes.FORBIDDEN,),
            sorts=tuple(activity.OPERATIONS.sorts),
        ),
        Route(
            "GET",
            "/v1/operations/{key}",
            P.SIGNED_IN,
            operation,
            "What became of a key",
            answer=wire.Operation,
            operation="get_operation",
            # The last two since its answer acknowledges, and so goes through the writer.
            refuses=(Codes.OPERATION_UNKNOWN, Codes.KEY_MALFORMED, Codes.CONTENTION, Codes.STORAGE_FULL),
        ),
        Route(
            "POST",
            "/v1/operations/{key}/cancel",
            P.SIGNED_IN,
            cancel,
            "Settle a key: unseen becomes cancelled",
            answer=wire.Operation,
            operation="cancel_operation",
            refuses=(Codes.KEY_MALFORMED,),
        ),
        Route(
            "GET",
            "/v1/audit",
            P.AUDIT_VIEW,
            audit_list,
            "The audit chain, newest first",
            query=AuditQuery,
            answer=Page[wire.AuditRow],
            operation="list_audit",
            sorts=tuple(activity.AUDIT.sorts),
        ),
        Route(
            "GET",
            "/v1/audit/head",
            P.AUDIT_VIEW,
            audit_head,
            "Where each chain stands",
            answer=wire.AuditHead,
            operation="get_audit_head",
        ),
    )
