"""Endpoints that move credit accounts: purchases, refunds, adjustments, settlements (contract, section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branchtui.contract import credit as wire
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.problems import not_found
from branchtui.ledger.store.rows import Settlement
from branchtui.ledger.web.credit import PATH, standing_of
from branchtui.ledger.web.route import Call, Route, answered
from branchtui.ledger.workflows import credit_postings, credit_search, credit_settlements, credit_views

if TYPE_CHECKING:
    from collections.abc import Callable

    from branchtui.ledger.operations import Reply


async def purchase(call: Call) -> Reply:
    """`POST /v1/credit-accounts/{id}/purchases`."""
    return await _move(call, credit_postings.PURCHASED, credit_postings.purchase)


async def refund(call: Call) -> Reply:
    """`POST /v1/credit-accounts/{id}/refunds`."""
    return await _move(call, credit_postings.REFUNDED, credit_postings.refund)


async def adjust(call: Call) -> Reply:
    """`POST /v1/credit-accounts/{id}/adjustments`."""
    return await _move(call, credit_postings.ADJUSTED, credit_postings.adjust)


async def settle(call: Call) -> Reply:
    """`POST /v1/credit-accounts/{id}/settlements`."""
    return await _move(call, credit_settlements.SETTLED, credit_settlements.settle)


async def _move(call: Call, action: str, decide: Callable[..., Reply]) -> Reply:
    credit_id, asked = call.path["id"], call.body
    return await call.execute(action, lambda tx, command: decide(call.core, tx, command, credit_id, asked))


async def settlement(call: Call) -> Reply:
    """`GET /v1/settlements/{id}`."""
    found = await call.core.reader.get(Settlement, call.path["id"])
    at = await standing_of(call, found.account_id) if found is not None else None
    if found is None or at is None:
        raise not_found("settlement")
    lines = await credit_search.settled(call.core, found)
    told = tuple(credit_views.settled_line(*each) for each in lines)
    return answered(credit_views.settlement_answer(call.principal, at, found, told), version=found.version)


async def reverse(call: Call) -> Reply:
    """`POST /v1/settlements/{id}/reverse`."""
    settlement_id, reason = call.path["id"], call.body.reason
    return await call.execute(
        credit_settlements.REVERSED,
        lambda tx, command: credit_settlements.reverse(call.core, tx, command, settlement_id, reason),
    )


_MOVES = (Codes.CUSTOMER_NOT_ACTIVE, Codes.DAY_CLOSED, Codes.NEEDS_CHECKER, Codes.POSSIBLE_DUPLICATE)
_BUYS = (Codes.CREDIT_LIMIT_EXCEEDED, Codes.ACCOUNT_NOT_ACTIVE, *_MOVES)


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (*_moving(), *_settlements())


def _moving() -> tuple[Route, ...]:
    return (
        Route(
            "POST",
            f"{PATH}/{{id}}/purchases",
            P.CREDIT_PURCHASE,
            purchase,
            "Buy on account; the limit is looked at in the same transaction",
            body=wire.NewPurchase,
            answer=wire.PostedTransaction,
            status=201,
            keyed=True,
            operation="create_purchase",
            refuses=_BUYS,
        ),
        Route(
            "POST",
            f"{PATH}/{{id}}/refunds",
            P.CREDIT_REFUND,
            refund,
            "Take goods back",
            body=wire.NewRefund,
            answer=wire.PostedTransaction,
            status=201,
            keyed=True,
            operation="create_refund",
            refuses=(Codes.ACCOUNT_NOT_ACTIVE, *_MOVES),
        ),
        Route(
            "POST",
            f"{PATH}/{{id}}/adjustments",
            P.CREDIT_ADJUST,
            adjust,
            "Correct what is owed, with a reason",
            body=wire.NewAdjustment,
            answer=wire.PostedTransaction,
            status=201,
            keyed=True,
            operation="create_adjustment",
            refuses=_BUYS,
        ),
        Route(
            "POST",
            f"{PATH}/{{id}}/settlements",
            P.CREDIT_SETTLE,
            settle,
            "Settle what is owed: all, chosen transactions, or the oldest first",
            body=wire.NewSettlement,
            answer=wire.Settlement,
            status=201,
            keyed=True,
            operation="create_settlement",
            refuses=(
                Codes.ALREADY_SETTLED,
                Codes.OVERPAYMENT,
                Codes.BATCH_CHANGED,
                Codes.ACCOUNT_NOT_ACTIVE,
                *_MOVES,
            ),
        ),
    )


def _settlements() -> tuple[Route, ...]:
    one = "/v1/settlements/{id}"
    return (
        Route(
            "GET",
            one,
            P.CREDIT_VIEW,
            settlement,
            "A settlement, and what it settles now",
            answer=wire.Settlement,
            operation="get_settlement",
        ),
        Route(
            "POST",
            f"{one}/reverse",
            P.SETTLEMENT_REVERSE,
            reverse,
            "Take a settlement back, as when a cheque bounced: what it settled is open again",
            body=wire.SettlementReversal,
            answer=wire.Settlement,
            keyed=True,
            step_up=True,
            operation="reverse_settlement",
            refuses=(
                Codes.TRANSITION_NOT_ALLOWED,
                Codes.CUSTOMER_NOT_ACTIVE,
                Codes.DAY_CLOSED,
                Codes.NEEDS_CHECKER,
            ),
        ),
    )
