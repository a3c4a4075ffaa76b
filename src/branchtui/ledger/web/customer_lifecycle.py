"""Endpoints of a customer's life: each command of the contract's table, and transfers (section 3)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract import customers as wire
from branchtui.contract import transfers as transfer_wire
from branchtui.contract.paging import Page
from branchtui.contract.problem import Codes
from branchtui.contract.transfers import Destination, Destinations, TransferDirection, TransferState
from branchtui.ledger.access import Permission as P
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, paged
from branchtui.ledger.workflows import customer_lifecycle, transfer_views, transfers

if TYPE_CHECKING:
    from pydantic import BaseModel

    from branchtui.ledger.operations import Reply

Decide = Callable[..., "Reply"]

_STATE: Final = (Codes.TRANSITION_NOT_ALLOWED,)


class TransfersQuery(ListQuery):
    """Which transfers: those that wait unless a state is given."""

    direction: TransferDirection | None = None
    state: TransferState | None = None


async def transfer_list(call: Call) -> Reply:
    """`GET /v1/transfers`: incoming are offered to the caller's branches, outgoing by them; the newest first."""
    query: TransfersQuery = call.query
    filters = transfer_views.filters(call.principal.scope, query.direction, query.state)
    rows = await call.core.lists.page(
        transfer_views.TRANSFERS,
        query.window(),
        filters,
        who=call.principal.user_id,
        now_us=call.at_us,
    )
    return paged(rows, await transfer_views.answers(call.core, call.principal, rows.rows), call)


async def destinations(call: Call) -> Reply:
    """`GET /v1/transfers/destinations`: whom a customer may be offered to; branches that are not the caller's too."""
    tree = call.core.tree
    currency = tree[call.principal.branch_id].currency
    found = sorted((each for each in tree if each.currency == currency), key=lambda each: each.code)
    items = tuple(Destination(id=each.id, code=each.code, name=each.name) for each in found)
    return answered(Destinations(items=items))


async def _act(decide: Decide, action: str, call: Call) -> Reply:
    """One command on the customer in the path, in the version that was seen."""
    body = () if call.body is None else (call.body,)
    return await call.execute(
        action, lambda tx, command: decide(call.core, tx, command, call.path["id"], call.version, *body)
    )


def _handler(decide: Decide, action: str) -> Any:
    handler = partial(_act, decide, action)
    handler.__doc__ = decide.__doc__
    return handler


def _route(
    name: str,
    decide: Decide,
    summary: str,
    body: type[BaseModel] | None,
    *,
    refuses: tuple[str, ...] = _STATE,
) -> Route:
    operation = f"{name.replace('/', '_').replace('-', '_')}_customer"
    return Route(
        "POST",
        f"/v1/customers/{{id}}/{name}",
        P.CUSTOMER_CHANGE,
        _handler(decide, f"customer.{name.replace('/', '-')}"),
        summary,
        body=body,
        answer=wire.Customer,
        keyed=True,
        if_match=True,
        operation=operation,
        refuses=refuses,
    )


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    life, closing = customer_lifecycle, (*_STATE, Codes.BALANCE_NOT_ZERO, Codes.RECORDS_WAITING)
    activating = (*_STATE, Codes.NEEDS_CHECKER)
    return (
        _route("activate", life.activate, "Activate a customer", wire.ActivateCustomer, refuses=activating),
        _route("reject", life.reject, "Reject an application", wire.RejectCustomer),
        _route("withdraw", life.withdraw, "Withdraw an application", wire.WithdrawCustomer),
        _route("reopen", life.reopen, "Reopen an application", wire.ReopenCustomer),
        _route("close", life.close, "Close a customer", wire.CloseCustomer, refuses=closing),
        _route(
            "reactivate",
            life.reactivate,
            "Reactivate a customer",
            wire.ReactivateCustomer,
            refuses=activating,
        ),
        _route("assign-staff", life.assign_staff, "Assign a member of staff", wire.AssignStaff),
        _route("unassign-staff", life.unassign_staff, "Assign nobody", None),
        _route(
            "transfer/propose",
            transfers.propose,
            "Offer a customer to another branch",
            transfer_wire.ProposeTransfer,
        ),
        _route(
            "transfer/accept", transfers.accept, "Accept an offered customer", transfer_wire.AcceptTransfer
        ),
        _route(
            "transfer/reject", transfers.reject, "Send an offered customer back", transfer_wire.RejectTransfer
        ),
        _route("transfer/withdraw", transfers.withdraw, "Take an offer back", transfer_wire.WithdrawTransfer),
        Route(
            "GET",
            "/v1/transfers",
            P.CUSTOMER_VIEW,
            transfer_list,
            "Customers on the way to the own branches, or from them",
            query=TransfersQuery,
            answer=Page[transfer_wire.Transfer],
            operation="list_transfers",
            sorts=tuple(transfer_views.TRANSFERS.sorts),
        ),
        Route(
            "GET",
            "/v1/transfers/destinations",
            P.CUSTOMER_CHANGE,
            destinations,
            "Branches that a customer may be offered to",
            answer=Destinations,
            operation="list_transfer_destinations",
        ),
    )
