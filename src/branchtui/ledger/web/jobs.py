"""The endpoint of jobs (contract, section 8)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from branchtui.contract import imports as wire
from branchtui.contract.base import Request, Whole
from branchtui.ledger.access import Permission as P
from branchtui.ledger.operations import Reply
from branchtui.ledger.web.route import Call, Route, answered
from branchtui.ledger.workflows import jobs


class JobQuery(Request):
    """How long the answer may be held, in seconds."""

    wait: Annotated[Whole, Field(ge=0, le=jobs.WAIT_SECONDS_MAX)] = 0


async def job(call: Call) -> Reply:
    """`GET /v1/jobs/{id}?wait=`: a long poll."""
    found = await jobs.get_job(call.core, call.principal, call.path["id"], call.query.wait)
    return answered(found, cache_control="no-store")


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (
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
