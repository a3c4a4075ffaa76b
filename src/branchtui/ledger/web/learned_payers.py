"""Endpoints of learned payers (contract, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from branchtui.contract import learned_payers as wire
from branchtui.contract.base import Id
from branchtui.contract.paging import Page
from branchtui.ledger.access import Permission as P
from branchtui.ledger.problems import not_found
from branchtui.ledger.store.rows import Customer, LearnedPayer
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, paged
from branchtui.ledger.workflows import learned_payers

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply


class LearnedQuery(ListQuery):
    """Which learned payers."""

    state: wire.LearnedState | None = None
    customer: Id | None = None


async def learned_list(call: Call) -> Reply:
    """`GET /v1/learned-payers`: the last used first; `q` is a part of the payer's name or phone."""
    core, who, query = call.core, call.principal, call.query
    if query.customer is not None:
        customer = await core.reader.get(Customer, query.customer)
        if customer is None or not who.scope.covers(customer.branch_id):
            raise not_found("customer")
    rows = await core.lists.page(
        learned_payers.LEARNED_PAYERS,
        query.window(),
        learned_payers.filters(
            who.scope,
            customer_id=query.customer,
            state=query.state,
            q=(query.q or "").strip() or None,
            now_us=call.at_us,
        ),
        who=who.user_id,
        now_us=call.at_us,
        zone=ZoneInfo(core.tree[who.branch_id].timezone),
        sees=lambda row: who.scope.covers(row.branch_id),
    )
    return paged(rows, await learned_payers.answers(core, who, rows.rows, call.at_us), call)


async def learned(call: Call) -> Reply:
    """`GET /v1/learned-payers/{id}`."""
    found = await call.core.reader.get(LearnedPayer, call.path["id"])
    if found is None or not call.principal.scope.covers(found.branch_id):
        raise not_found("learned payer")
    (answer,) = await learned_payers.answers(call.core, call.principal, [found], call.at_us)
    return answered(answer, version=found.version)


async def learned_change(call: Call) -> Reply:
    """`PATCH /v1/learned-payers/{id}`."""
    row_id, seen, asked = call.path["id"], call.version, call.body
    return await call.execute(
        learned_payers.CHANGED,
        lambda tx, command: learned_payers.change(call.core, tx, command, row_id, seen, asked),
    )


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (
        Route(
            "GET",
            "/v1/learned-payers",
            P.PAYMENT_VIEW,
            learned_list,
            "Payers whose payments people gave to a customer",
            query=LearnedQuery,
            answer=Page[wire.LearnedPayer],
            operation="list_learned_payers",
            sorts=tuple(learned_payers.LEARNED_PAYERS.sorts),
        ),
        Route(
            "GET",
            "/v1/learned-payers/{id}",
            P.PAYMENT_VIEW,
            learned,
            "A learned payer",
            answer=wire.LearnedPayer,
            operation="get_learned_payer",
        ),
        Route(
            "PATCH",
            "/v1/learned-payers/{id}",
            P.PAYMENT_ASSOCIATE,
            learned_change,
            "Switch a learned payer off, or on again",
            body=wire.LearnedPayerChange,
            answer=wire.LearnedPayer,
            keyed=True,
            if_match=True,
            operation="change_learned_payer",
        ),
    )
