"""Endpoints of requests that wait for a second person (contract, section 9)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Boolean, bindparam, literal_column

from branchtui.contract import approvals as wire
from branchtui.contract.paging import Page
from branchtui.contract.problem import Codes
from branchtui.ledger import audit
from branchtui.ledger.access import Permission as P
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.rows import Approval
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, paged
from branchtui.ledger.workflows import activity, approvables, jobs, sessions
from branchtui.ledger.workflows.approval_rules import path_of
from branchtui.ledger.workflows.approvals import Desk

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply

_a = tables.approvals.c

APPROVALS: Final = ListSpec(
    row_type=Approval,
    name="approvals",
    sorts={
        "newest": Sort("created_at", descending=True, key=None),
        "oldest": Sort("created_at", key=None),
    },
    filters={
        "branch": _a.branch_id == bindparam("branch"),
        "branches": literal_column(
            "approvals.branch_id IN (SELECT value FROM json_each(:branches))", Boolean
        ),
        "mine": _a.maker_id == bindparam("mine"),
        "waits": (_a.state == "pending") & (_a.expires_at > bindparam("waits")),
        "others": _a.maker_person_id != bindparam("others"),
    },
)
"""The list behind `GET /v1/approvals`."""


class View(StrEnum):
    """Which requests: all that one may see, the own ones, or those that wait for one's decision."""

    ALL = "all"
    MINE = "mine"
    TO_DECIDE = "to-decide"


class ApprovalsQuery(ListQuery):
    """What the list may be narrowed by."""

    view: View = View.ALL


async def approval_list(call: Call) -> Reply:
    """`GET /v1/approvals`: newest first; who neither decides nor audits sees the own ones."""
    who, view = call.principal, call.query.view
    filters: dict[str, Any] = {}
    decides = who.may(P.APPROVAL_DECIDE)
    if view is View.TO_DECIDE:
        filters = {"waits": call.at_us, "others": who.person_id}
    if view is View.MINE or not (decides or who.may(P.AUDIT_VIEW)):
        filters["mine"] = who.user_id
    else:
        filters |= activity.branch_filter(who.scope)
    rows = await call.core.lists.page(
        APPROVALS, call.query.window(), filters, who=who.user_id, now_us=call.at_us
    )
    desk = _desk(call)
    return paged(rows, tuple(desk.answer(who, row, call.at_us) for row in rows.rows), call)


async def approval(call: Call) -> Reply:
    """`GET /v1/approvals/{id}`: what would change, as it stands now."""
    desk = _desk(call)
    found = await call.core.writer.submit(
        lambda tx: desk.look(tx, call.principal, call.path["id"], call.at_us)
    )
    return answered(found, version=found.version)


async def file(call: Call) -> Reply:
    """`POST /v1/approvals`."""
    desk = _desk(call)
    return await call.execute("approval.file", lambda tx, command: desk.file(tx, command, call.body))


async def approve(call: Call) -> Reply:
    """`POST /v1/approvals/{id}/approve`; one's own is refused, and the chain says that it was tried (MC-1)."""
    desk, approval_id = _desk(call), call.path["id"]
    try:
        reply = await call.execute(
            "approval.approve",
            lambda tx, command: desk.approve(tx, command, approval_id, call.body.difference_hash),
        )
    except Refusal as refusal:
        if refusal.code == Codes.SAME_PERSON:
            event = audit.Event(
                action="approval.approve",
                object=path_of(approval_id),
                outcome="not_applied",
                reason=Codes.SAME_PERSON,
            )
            await call.core.writer.submit(lambda tx: sessions.log(tx, call.principal, event, call.at_us))
        raise
    # What was allowed may be long work.
    jobs.wake_runner(call.core)
    return reply


async def reject(call: Call) -> Reply:
    """`POST /v1/approvals/{id}/reject`."""
    desk = _desk(call)
    return await call.execute(
        "approval.reject",
        lambda tx, command: desk.reject(tx, command, call.path["id"], call.body.reason),
    )


async def withdraw(call: Call) -> Reply:
    """`POST /v1/approvals/{id}/withdraw`."""
    desk = _desk(call)
    return await call.execute(
        "approval.withdraw", lambda tx, command: desk.withdraw(tx, command, call.path["id"])
    )


def _desk(call: Call) -> Desk:
    return Desk(call.core, approvables.REGISTER)


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    path = "/v1/approvals"
    return (
        Route(
            "GET",
            path,
            P.APPROVAL_VIEW,
            approval_list,
            "Requests that wait, or were decided",
            query=ApprovalsQuery,
            answer=Page[wire.Approval],
            operation="list_approvals",
            sorts=tuple(APPROVALS.sorts),
        ),
        Route(
            "POST",
            path,
            P.APPROVAL_ASK,
            file,
            "Ask a second person",
            body=wire.NewApproval,
            answer=wire.Filed,
            status=202,
            keyed=True,
            operation="request_approval",
            refuses=(
                Codes.PRECONDITION_FAILED,
                Codes.NO_CHECKER,
                Codes.APPROVAL_PENDING,
                Codes.NEEDS_CHECKER,
                Codes.RECORD_ACCOUNTED,
                Codes.TRANSITION_NOT_ALLOWED,
                Codes.CUSTOMER_NOT_ACTIVE,
                Codes.DAY_CLOSED,
                Codes.ACCOUNT_AMBIGUOUS,
                Codes.ALREADY_ASSOCIATED,
                Codes.NOT_ASSOCIATED,
                Codes.BATCH_CHANGED,
                Codes.PAYMENT_ALREADY_SPENT,
                Codes.INSUFFICIENT_BALANCE,
            ),
        ),
        Route(
            "GET",
            f"{path}/{{id}}",
            P.APPROVAL_VIEW,
            approval,
            "What would change",
            answer=wire.Approval,
            operation="get_approval",
            refuses=(Codes.STORAGE_FULL,),
        ),
        Route(
            "POST",
            f"{path}/{{id}}/approve",
            P.APPROVAL_DECIDE,
            approve,
            "Approve exactly what was shown",
            body=wire.Approve,
            answer=wire.Approval,
            keyed=True,
            step_up=True,
            operation="approve",
            refuses=(
                Codes.SAME_PERSON,
                Codes.NEEDS_CHECKER,
                Codes.STALE_APPROVAL,
                Codes.APPROVAL_SETTLED,
                Codes.RECORD_ACCOUNTED,
                Codes.TRANSITION_NOT_ALLOWED,
                Codes.CUSTOMER_NOT_ACTIVE,
                Codes.DAY_CLOSED,
                Codes.ACCOUNT_AMBIGUOUS,
                Codes.ALREADY_ASSOCIATED,
                Codes.NOT_ASSOCIATED,
                Codes.PAYMENT_ALREADY_SPENT,
            ),
        ),
        Route(
            "POST",
            f"{path}/{{id}}/reject",
            P.APPROVAL_DECIDE,
            reject,
            "Reject a request",
            body=wire.Reject,
            answer=wire.Approval,
            keyed=True,
            operation="reject_approval",
            refuses=(
                Codes.SAME_PERSON,
                Codes.APPROVAL_SETTLED,
            ),
        ),
        Route(
            "POST",
            f"{path}/{{id}}/withdraw",
            P.APPROVAL_ASK,
            withdraw,
            "Withdraw the own request",
            answer=wire.Approval,
            keyed=True,
            operation="withdraw_approval",
            refuses=(
                Codes.FORBIDDEN,
                Codes.APPROVAL_SETTLED,
            ),
        ),
    )
