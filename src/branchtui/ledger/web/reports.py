"""The endpoint of the day report (contract, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints

from branchtui.contract.base import Day, Id, Request, Whole
from branchtui.contract.reports import DayReport
from branchtui.ledger.access import Permission as P
from branchtui.ledger.problems import not_found
from branchtui.ledger.web.route import Call, Route, answered
from branchtui.ledger.workflows import day_report

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply


class DayReportQuery(Request):
    """Which day (today unless given), of which branch (the own one), of one user or all; `columns` asks for lines."""

    date: Day | None = None
    branch: Id | None = None
    created_by: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    columns: Annotated[Whole, Field(ge=40, le=80)] | None = None


async def day(call: Call) -> Reply:
    """`GET /v1/reports/day`."""
    core, who, query = call.core, call.principal, call.query
    branch_id = query.branch or who.branch_id
    if not who.scope.covers(branch_id):
        raise not_found("branch")
    branch = core.tree[branch_id]
    asked = day_report.Asked(query.date or core.today(branch), query.created_by or "", query.columns)
    return answered(await day_report.report(core, branch, core.tree.scope(branch_id), asked, call.at_us))


def routes() -> tuple[Route, ...]:
    """The endpoint of this module."""
    return (
        Route(
            "GET",
            "/v1/reports/day",
            P.TRANSACTION_VIEW,
            day,
            "A day by user, tender and kind; also for a printer",
            query=DayReportQuery,
            answer=DayReport,
            operation="get_day_report",
            patient=True,
        ),
    )
