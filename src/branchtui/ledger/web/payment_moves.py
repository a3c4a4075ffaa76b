"""Endpoints of payments that are keyed by hand or moved on (contract, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branchtui.contract import payments as wire
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.web.route import Call, Route
from branchtui.ledger.workflows import manual_payments, payment_moves

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply


async def create(call: Call) -> Reply:
    """`POST /v1/payments`."""
    asked = call.body
    return await call.execute(
        "payment.create", lambda tx, command: manual_payments.create(call.core, tx, command, asked)
    )


async def reassign(call: Call) -> Reply:
    """`POST /v1/payments/{id}/reassign`."""
    payment_id, seen, asked = call.path["id"], call.version, call.body
    return await call.execute(
        "payment.reassign",
        lambda tx, command: payment_moves.reassign(call.core, tx, command, payment_id, seen, asked),
    )


async def ignore(call: Call) -> Reply:
    """`POST /v1/payments/{id}/ignore`."""
    payment_id, seen, asked = call.path["id"], call.version, call.body
    return await call.execute(
        "payment.ignore",
        lambda tx, command: payment_moves.ignore(call.core, tx, command, payment_id, seen, asked),
    )


async def restore(call: Call) -> Reply:
    """`POST /v1/payments/{id}/restore`."""
    payment_id, seen = call.path["id"], call.version
    return await call.execute(
        "payment.restore",
        lambda tx, command: payment_moves.restore(call.core, tx, command, payment_id, seen),
    )


async def refund(call: Call) -> Reply:
    """`POST /v1/payments/{id}/refund`: an append, which needs no version (contract, section 10)."""
    payment_id, asked = call.path["id"], call.body
    return await call.execute(
        "payment.refund",
        lambda tx, command: payment_moves.refund(call.core, tx, command, payment_id, None, asked),
    )


async def reverse(call: Call) -> Reply:
    """`POST /v1/payments/{id}/reverse`."""
    payment_id, seen, asked = call.path["id"], call.version, call.body
    return await call.execute(
        "payment.reverse",
        lambda tx, command: payment_moves.reverse(call.core, tx, command, payment_id, seen, asked),
    )


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (
        Route(
            "POST",
            "/v1/payments",
            P.PAYMENT_CREATE,
            create,
            "Key a payment that was handed over",
            body=wire.NewPayment,
            answer=wire.Payment,
            status=201,
            keyed=True,
            operation="create_payment",
            refuses=(
                Codes.POSSIBLE_DUPLICATE,
                Codes.REFERENCE_TAKEN,
                Codes.CUSTOMER_NOT_ACTIVE,
                Codes.ACCOUNT_NOT_OPEN,
                Codes.ACCOUNT_NOT_ACTIVE,
                Codes.DAY_CLOSED,
                Codes.NEEDS_CHECKER,
            ),
        ),
        Route(
            "POST",
            "/v1/payments/{id}/reassign",
            P.PAYMENT_DISASSOCIATE_OWN,
            reassign,
            "Take a payment from one customer and give it to another, in one step",
            body=wire.Reassign,
            answer=wire.Payment,
            keyed=True,
            if_match=True,
            operation="reassign_payment",
            refuses=(
                Codes.NOT_ASSOCIATED,
                Codes.PAYMENT_ALREADY_SPENT,
                Codes.TRANSITION_NOT_ALLOWED,
                Codes.CUSTOMER_NOT_ACTIVE,
                Codes.ACCOUNT_NOT_OPEN,
                Codes.ACCOUNT_NOT_ACTIVE,
                Codes.DAY_CLOSED,
                Codes.NEEDS_CHECKER,
            ),
        ),
        *_aside_routes(),
        *_undoing_routes(),
    )


def _aside_routes() -> tuple[Route, ...]:
    return (
        Route(
            "POST",
            "/v1/payments/{id}/ignore",
            P.PAYMENT_ASSOCIATE,
            ignore,
            "Take a payment out of the queue that is nobody's",
            body=wire.Ignore,
            answer=wire.Payment,
            keyed=True,
            if_match=True,
            operation="ignore_payment",
            refuses=(Codes.TRANSITION_NOT_ALLOWED,),
        ),
        Route(
            "POST",
            "/v1/payments/{id}/restore",
            P.PAYMENT_ASSOCIATE,
            restore,
            "Put an ignored payment back into the queue",
            answer=wire.Payment,
            keyed=True,
            if_match=True,
            operation="restore_payment",
            refuses=(Codes.TRANSITION_NOT_ALLOWED,),
        ),
    )


def _undoing_routes() -> tuple[Route, ...]:
    return (
        Route(
            "POST",
            "/v1/payments/{id}/refund",
            P.PAYMENT_ASSOCIATE,
            refund,
            "Give a payment that nobody has back to its payer",
            body=wire.RefundPayment,
            answer=wire.Payment,
            keyed=True,
            operation="refund_payment",
            refuses=(Codes.TRANSITION_NOT_ALLOWED, Codes.DAY_CLOSED, Codes.NEEDS_CHECKER),
        ),
        Route(
            "POST",
            "/v1/payments/{id}/reverse",
            P.PAYMENT_ASSOCIATE,
            reverse,
            "Undo a payment that was keyed wrongly",
            body=wire.ReversePayment,
            answer=wire.Payment,
            keyed=True,
            if_match=True,
            step_up=True,
            operation="reverse_payment",
            refuses=(
                Codes.PAYMENT_ALREADY_SPENT,
                Codes.TRANSITION_NOT_ALLOWED,
                Codes.CUSTOMER_NOT_ACTIVE,
                Codes.DAY_CLOSED,
                Codes.NEEDS_CHECKER,
            ),
        ),
    )
