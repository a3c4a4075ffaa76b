"""Endpoints that close and open the days of a branch (contract, section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branchtui.contract.people import BusinessDay
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.web.route import Call, Route
from branchtui.ledger.workflows import business_days

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply


async def close(call: Call) -> Reply:
    """`POST /v1/branches/{id}/days/{date}/close`."""
    return await call.execute(
        "day.close",
        lambda tx, command: business_days.close(call.core, tx, command, call.path["id"], call.path["date"]),
    )


async def reopen(call: Call) -> Reply:
    """`POST /v1/branches/{id}/days/{date}/open`."""
    return await call.execute(
        "day.open",
        lambda tx, command: business_days.reopen(call.core, tx, command, call.path["id"], call.path["date"]),
    )


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (
        Route(
            "POST",
            "/v1/branches/{id}/days/{date}/close",
            P.DAY_CLOSE,
            close,
            "Close a day: it takes no more postings",
            answer=BusinessDay,
            keyed=True,
            operation="close_day",
            refuses=(Codes.TRANSITION_NOT_ALLOWED,),
        ),
        Route(
            "POST",
            "/v1/branches/{id}/days/{date}/open",
            P.DAY_CLOSE,
            reopen,
            "Open a day again",
            answer=BusinessDay,
            keyed=True,
            operation="open_day",
            refuses=(Codes.TRANSITION_NOT_ALLOWED,),
        ),
    )
