"""Endpoints of payments that are associated all at once (contract, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branchtui.contract import associations as wire
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.web.route import Call, Route, answered
from branchtui.ledger.workflows import association_sets

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply


async def summary(call: Call) -> Reply:
    """`GET /v1/payments/association-summary`: the set that associate-all would touch, as of now."""
    core, who, asked = call.core, call.principal, call.query
    found = await core.reader.in_thread(
        lambda connection: association_sets.summarise(core, who, connection, asked)
    )
    return answered(found, cache_control="no-store")


async def associate_all(call: Call) -> Reply:
    """`POST /v1/payments/associate-all`."""
    return await call.execute_bulk(
        association_sets.ACTION,
        lambda tx, command: association_sets.associate_all(call.core, tx, command, call.body),
    )


def routes() -> tuple[Route, ...]:
    """The endpoints of this module; they stand before those of one payment."""
    return (
        Route(
            "GET",
            "/v1/payments/association-summary",
            P.PAYMENT_ASSOCIATE,
            summary,
            "What associating all would do",
            query=wire.AssociationQuery,
            answer=wire.AssociationSummary,
            operation="summarise_associations",
        ),
        Route(
            "POST",
            "/v1/payments/associate-all",
            P.PAYMENT_ASSOCIATE,
            associate_all,
            "Associate every payment that has one certain owner",
            body=wire.AssociateAll,
            answer=wire.AssociationResult,
            keyed=True,
            operation="associate_all_payments",
            refuses=(Codes.BATCH_CHANGED,),
        ),
    )
