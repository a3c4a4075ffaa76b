"""Endpoints of payments and of what providers post (contract, section 5)."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

import structlog

from branchtui.contract import payments as wire
from branchtui.contract.base import Day, Id, Request
from branchtui.contract.paging import Page
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.feeds import mpesa
from branchtui.ledger.feeds.incoming import Unfit
from branchtui.ledger.problems import Refusal, not_found
from branchtui.ledger.store.rows import Payment
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, paged
from branchtui.ledger.workflows import callbacks, payment_search, payments
from branchtui.ledger.workflows.payment_steps import ASSOCIATED, DISASSOCIATED
from branchtui.ledger.workflows.payment_views import Looker

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply

log = structlog.get_logger("branchtui.ledger")

DRAINED_BYTES: Final = 1024 * 1024
"""What is read of a body that is too large, so that its sender hears the answer."""

BODY_SECONDS: Final = 10.0
REJECTED: Final = wire.ProviderAnswer(ResultCode=1, ResultDesc="Rejected")


class ListedState(StrEnum):
    """The states a list may be narrowed to, or all of them."""

    ASSOCIATED = "associated"
    UNASSOCIATED = "unassociated"
    IGNORED = "ignored"
    REFUNDED = "refunded"
    REVERSED = "reversed"
    ALL = "all"


class PaymentsQuery(ListQuery):
    """What the list of payments may be narrowed by; a branch covers those below it, days are the user's branch's."""

    state: ListedState = ListedState.ALL
    branch: Id | None = None
    customer: Id | None = None
    date_from: Day | None = None
    date_to: Day | None = None
    include: Literal["candidates"] | None = None


class PaymentQuery(Request):
    """What comes with a payment."""

    include: Literal["candidates"] | None = None


async def payment_list(call: Call) -> Reply:
    """`GET /v1/payments`: newest first unless another order is asked for."""
    core, query, who = call.core, call.query, call.principal
    scope, home = call.scope_of(query.branch).branch_ids, core.tree[who.branch_id]
    rows = await core.lists.page(
        payment_search.PAYMENTS,
        query.window(),
        payment_search.filters(
            scope,
            whole=who.scope.top and query.branch is None,
            home=home,
            q=(query.q or "").strip() or None,
            state=None if query.state is ListedState.ALL else query.state.value,
            customer=query.customer,
            date_from=query.date_from,
            date_to=query.date_to,
        ),
        who=who.user_id,
        now_us=call.at_us,
        zone=ZoneInfo(home.timezone),
        sees=lambda row: who.scope.covers(row.branch_id),
    )
    looker = Looker(core, who)
    items = await looker.answers(rows.rows, candidates=query.include is not None, at_us=call.at_us)
    return paged(rows, items, call)


async def payment(call: Call) -> Reply:
    """`GET /v1/payments/{id}`."""
    found = await _visible(call)
    looker = Looker(call.core, call.principal)
    (answer,) = await looker.answers([found], candidates=call.query.include is not None, at_us=call.at_us)
    return answered(answer, version=found.version)


async def candidates(call: Call) -> Reply:
    """`GET /v1/payments/{id}/candidates`: best first; none for a payment that does not wait."""
    found = await _visible(call)
    items = await Looker(call.core, call.principal).candidates(found, call.at_us)
    return answered(wire.Candidates(items=items or ()))


async def associate(call: Call) -> Reply:
    """`POST /v1/payments/{id}/associate`."""
    payment_id, seen, asked = call.path["id"], call.version, call.body
    return await call.execute(
        ASSOCIATED,
        lambda tx, command: payments.associate(call.core, tx, command, payment_id, seen, asked),
    )


async def disassociate(call: Call) -> Reply:
    """`POST /v1/payments/{id}/disassociate`."""
    payment_id, seen, asked = call.path["id"], call.version, call.body
    return await call.execute(
        DISASSOCIATED,
        lambda tx, command: payments.disassociate(call.core, tx, command, payment_id, seen, asked),
    )


async def confirmation(call: Call) -> Reply:
    """`POST /v1/callbacks/mpesa/{token}/confirmation`: acknowledged once it is stored, whatever it says.

    Raises:
        Refusal: 404 for an unknown token, 503 when it could not be stored: the provider sends it again.
    """
    await _admit(call)
    message = callbacks.Message(
        body=await _read(call),
        at_us=call.at_us,
        address=call.http.client.host if call.http.client else None,
        request_id=call.request_id,
    )
    try:
        await callbacks.take(call.core, message)
    except Exception as error:
        log.exception("callback not stored", route=call.route.name, request_id=call.request_id)
        detail = "The message could not be stored. Nothing was recorded; send it again."
        raise Refusal(503, Codes.OVERLOADED, detail, retry_after_seconds=5, retry_same_key=True) from error
    return answered(wire.ProviderAnswer())


async def validation(call: Call) -> Reply:
    """`POST /v1/callbacks/mpesa/{token}/validation`: whether it would be a payment of ours; stores nothing."""
    await _admit(call)
    try:
        await callbacks.understood(call.core, await _read(call))
    except Unfit:
        return answered(REJECTED)
    return answered(wire.ProviderAnswer())


async def _admit(call: Call) -> None:
    """Let in who knows the address and comes from where the provider is; nobody else learns that it exists."""
    address = call.http.client.host if call.http.client else None
    if not callbacks.is_from_provider(call.core, address):
        call.core.metrics.alarm("callback-source")
        log.warning("callback from elsewhere", route=call.route.name, request_id=call.request_id)
        raise not_found("address")
    if not await callbacks.knows(call.core, mpesa.PROVIDER, call.path["token"]):
        raise not_found("address")


async def _read(call: Call) -> bytes:
    """The body, or the first bytes of one that is too large, by which it is parked."""
    parts: list[bytes] = []
    size = 0
    async with asyncio.timeout(BODY_SECONDS):
        async for part in call.http.stream():
            if size <= mpesa.MAX_BYTES:
                parts.append(part)
            size += len(part)
            if size > DRAINED_BYTES:
                raise Refusal(413, Codes.TOO_LARGE, "A confirmation may hold 64 KiB at most.")
    return b"".join(parts)[: mpesa.MAX_BYTES + 1]


async def _visible(call: Call) -> Payment:
    found = await call.core.reader.get(Payment, call.path["id"])
    if found is None or not call.principal.scope.covers(found.branch_id):
        raise not_found("payment")
    return found


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (*_looking(), *_giving(), *_providers())


def _looking() -> tuple[Route, ...]:
    return (
        Route(
            "GET",
            "/v1/payments",
            P.PAYMENT_VIEW,
            payment_list,
            "Payments of the branch, found by payer, code, phone, amount or customer",
            query=PaymentsQuery,
            answer=Page[wire.Payment],
            operation="list_payments",
            sorts=tuple(payment_search.PAYMENTS.sorts),
        ),
        Route(
            "GET",
            "/v1/payments/{id}",
            P.PAYMENT_VIEW,
            payment,
            "A payment",
            query=PaymentQuery,
            answer=wire.Payment,
            operation="get_payment",
        ),
        Route(
            "GET",
            "/v1/payments/{id}/candidates",
            P.PAYMENT_VIEW,
            candidates,
            "Who a payment that waits may belong to, and why",
            answer=wire.Candidates,
            operation="list_candidates",
        ),
    )


def _giving() -> tuple[Route, ...]:
    return (
        Route(
            "POST",
            "/v1/payments/{id}/associate",
            P.PAYMENT_ASSOCIATE,
            associate,
            "Give a payment to its owner",
            body=wire.Associate,
            answer=wire.Payment,
            keyed=True,
            if_match=True,
            operation="associate_payment",
            refuses=(
                Codes.ALREADY_ASSOCIATED,
                Codes.TRANSITION_NOT_ALLOWED,
                Codes.CUSTOMER_NOT_ACTIVE,
                Codes.ACCOUNT_NOT_OPEN,
                Codes.ACCOUNT_NOT_ACTIVE,
                Codes.DAY_CLOSED,
                Codes.NEEDS_CHECKER,
            ),
        ),
        Route(
            "POST",
            "/v1/payments/{id}/disassociate",
            P.PAYMENT_DISASSOCIATE_OWN,
            disassociate,
            "Take a payment back from whom it was given to",
            body=wire.Disassociate,
            answer=wire.Payment,
            keyed=True,
            if_match=True,
            operation="disassociate_payment",
            refuses=(
                Codes.NOT_ASSOCIATED,
                Codes.PAYMENT_ALREADY_SPENT,
                Codes.TRANSITION_NOT_ALLOWED,
                Codes.CUSTOMER_NOT_ACTIVE,
                Codes.DAY_CLOSED,
                Codes.NEEDS_CHECKER,
            ),
        ),
    )


def _providers() -> tuple[Route, ...]:
    """What providers post, by an address that only they know."""
    return (
        Route(
            "POST",
            "/v1/callbacks/mpesa/{token}/confirmation",
            P.PUBLIC,
            confirmation,
            "A mobile-money payment, as its provider tells it",
            answer=wire.ProviderAnswer,
            raw=True,
            ignores_query=True,
            operation="confirm_mpesa_payment",
        ),
        Route(
            "POST",
            "/v1/callbacks/mpesa/{token}/validation",
            P.PUBLIC,
            validation,
            "Whether a mobile-money payment would be understood",
            answer=wire.ProviderAnswer,
            raw=True,
            ignores_query=True,
            operation="validate_mpesa_payment",
        ),
    )
