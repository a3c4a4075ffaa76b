"""The endpoint of the branch's day (contract, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branchtui.contract.base import Id, Request
from branchtui.contract.dashboard import Dashboard
from branchtui.ledger.access import Permission as P
from branchtui.ledger.problems import not_found
from branchtui.ledger.web.route import Call, Route, answered
from branchtui.ledger.workflows import dashboard

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply


class DashboardQuery(Request):
    """Whose day: the own branch unless another one of the scope is named."""

    branch: Id | None = None


async def day(call: Call) -> Reply:
    """`GET /v1/dashboard`."""
    principal, tree = call.principal, call.core.tree
    branch_id = call.query.branch or principal.branch_id
    if not principal.scope.covers(branch_id):
        raise not_found("branch")
    return answered(await dashboard.dashboard(call.core, principal, tree[branch_id], tree.scope(branch_id)))


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
