"""The endpoint of jobs (contract, section 8)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from branchtui.contract import imports as wire
from branchtui.contract.base import Id, Request, Whole
from branchtui.contract.paging import Page
from branchtui.ledger.access import Permission as P
from branchtui.ledger.operations import Reply
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, paged
from branchtui.ledger.workflows import jobs
from branchtui.ledger.workflows.activity import branch_filter


class JobQuery(Request):
    """How long the answer may be held, in seconds."""

    wait: Annotated[Whole, Field(ge=0, le=jobs.WAIT_SECONDS_MAX)] = 0


class JobsQuery(ListQuery):
    """Whose work, and in which branch."""

    mine: bool = False
    branch: Id | None = None


async def list_jobs(call: Call) -> Reply:
    """`GET /v1/jobs`: what is queued or running, newest first."""
    query: JobsQuery = call.query
    filters = branch_filter(call.scope_of(query.branch))
    if query.mine:
        filters["created_by"] = call.principal.username
    rows = await call.core.lists.page(
        jobs.JOBS,
        query.window(),
        {**filters, "states": jobs.UNDER_WAY},
        who=call.principal.user_id,
        now_us=call.at_us,
    )
    return paged(rows, tuple(jobs.job_answer(each) for each in rows.rows), call)


async def job(call: Call) -> Reply:
    """`GET /v1/jobs/{id}?wait=`: a long poll."""
    found = await jobs.get_job(call.core, call.principal, call.path["id"], call.query.wait)
    return answered(found, cache_control="no-store")


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (
        Route(
            "GET",
            "/v1/jobs",
            P.SIGNED_IN,
            list_jobs,
            "Long work that is queued or running",
            query=JobsQuery,
            answer=Page[wire.Job],
            sorts=tuple(jobs.JOBS.sorts),
            operation="list_jobs",
        ),
        Route(
            "GET",
            "/v1/jobs/{id}",
            P.SIGNED_IN,
            job,
            "Where long work stands",
            query=JobQuery,
            answer=wire.Job,
            raw=True,  # held longer than the deadline of a handler
            operation="get_job",
        ),
    )
