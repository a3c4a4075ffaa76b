"""The endpoint of the branch's day (contract, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from branchtui.contract.base import Id, Request, Whole
from branchtui.contract.dashboard import Dashboard
from branchtui.ledger.access import Permission as P
from branchtui.ledger.problems import not_found
from branchtui.ledger.web.route import Call, Route, answered
from branchtui.ledger.workflows import dashboard

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply


class DashboardQuery(Request):
    """Whose day: the own branch unless another one of the scope is named; and how many days up to it."""

    branch: Id | None = None
    days: Annotated[Whole, Field(ge=1, le=dashboard.DAYS_MAX)] = dashboard.DAYS


async def day(call: Call) -> Reply:
    """`GET /v1/dashboard`."""
    principal, tree = call.principal, call.core.tree
    branch_id = call.query.branch or principal.branch_id
    if not principal.scope.covers(branch_id):
        raise not_found("branch")
    scope = tree.scope(branch_id)
    return answered(
        await dashboard.dashboard(call.core, principal, tree[branch_id], scope, days_told=call.query.days)
    )


def routes() -> tuple[Route, ...]:
    """The endpoint of this module."""
    return (
        Route(
            "GET",
            "/v1/dashboard",
            P.DASHBOARD_VIEW,
            day,
            "The branch's day: what waits, and what the last days brought",
            query=DashboardQuery,
            answer=Dashboard,
            operation="get_dashboard",
        ),
    )
