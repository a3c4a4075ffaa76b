"""Endpoints of the parts of a profile: family, addresses, identifiers, notes, further details, history (section 3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from branchtui.contract import customer_parts as wire
from branchtui.contract.base import Answer
from branchtui.contract.paging import Page
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.problems import not_found
from branchtui.ledger.store.rows import Customer
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, paged
from branchtui.ledger.workflows import customer_details, customer_history, customer_parts
from branchtui.ledger.workflows.customer_parts import ADDRESSES, FAMILY, IDENTIFIERS, NOTES, PartKind

if TYPE_CHECKING:
    from pydantic import BaseModel

    from branchtui.ledger.operations import Reply

Handler = Callable[[Call], Awaitable["Reply"]]


class FamilyMembers(Answer):
    """The family of a customer."""

    items: tuple[wire.FamilyMember, ...]


class Addresses(Answer):
    """The addresses of a customer."""

    items: tuple[wire.Address, ...]


class Identifiers(Answer):
    """The identifiers of a customer."""

    items: tuple[wire.Identifier, ...]


class Notes(Answer):
    """The notes about a customer, the newest first."""

    items: tuple[wire.Note, ...]


async def seen_customer(call: Call) -> Customer:
    """The customer in the path.

    Raises:
        Refusal: 404.
    """
    found = await call.core.reader.get(Customer, call.path["id"])
    if found is None or not call.principal.scope.covers(found.branch_id):
        raise not_found("customer")
    return found


async def parts_of(call: Call, customer: Customer, kind: PartKind) -> tuple[Any, ...]:
    """The parts of a kind that a customer has."""
    rows = await call.core.reader.find(kind.row_type, customer_id=customer.id)
    rows.sort(key=lambda each: each.id, reverse=kind is NOTES)
    names = await call.core.book.names(customer_parts.ids_in(kind, rows))
    return customer_parts.answers(kind, call.principal, customer, rows, names)


async def _list(kind: PartKind, model: type[Answer], call: Call) -> Reply:
    items = await parts_of(call, await seen_customer(call), kind)
    return answered(model(items=items))  # type: ignore[call-arg]  # each of the models has items


async def _add(kind: PartKind, call: Call) -> Reply:
    return await call.execute(
        f"{_singular(kind)}.create",
        lambda tx, command: customer_parts.add(call.core, tx, command, call.path["id"], kind, call.body),
    )


async def _change(kind: PartKind, call: Call) -> Reply:
    return await call.execute(
        f"{_singular(kind)}.change",
        lambda tx, command: customer_parts.change(
            call.core, tx, command, call.path["id"], kind, call.path["part_id"], call.version, call.body
        ),
    )


async def _remove(kind: PartKind, call: Call) -> Reply:
    return await call.execute(
        f"{_singular(kind)}.delete",
        lambda tx, command: customer_parts.remove(
            call.core, tx, command, call.path["id"], kind, call.path["part_id"], call.version
        ),
    )


async def details(call: Call) -> Reply:
    """`GET /v1/customers/{id}/additional-details`."""
    found = await customer_details.read(call.core, call.principal, await seen_customer(call))
    return answered(found, version=found.version)


async def set_details(call: Call) -> Reply:
    """`PUT /v1/customers/{id}/additional-details`: all of them, as they are sent."""
    return await call.execute(
        "customer-details.change",
        lambda tx, command: customer_details.change(
            call.core, tx, command, call.path["id"], call.version, call.body
        ),
    )


async def history(call: Call) -> Reply:
    """`GET /v1/customers/{id}/history`: what was done to the customer and the parts of the profile, the newest first."""
    customer = await seen_customer(call)
    rows = await call.core.lists.page(
        customer_history.HISTORY,
        call.query.window(),
        await customer_history.filters(call.core, customer),
        who=call.principal.user_id,
        now_us=call.at_us,
    )
    return paged(rows, await customer_history.shown(call.core, customer, rows.rows), call)


def _singular(kind: PartKind) -> str:
    return kind.said.replace(" ", "-")


def _handler(act: Callable[..., Awaitable[Reply]], said: str, *bound: Any) -> Handler:
    handler = partial(act, *bound)
    handler.__doc__ = said
    return handler


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    family = _part_routes(
        FAMILY, FamilyMembers, wire.FamilyMember, wire.NewFamilyMember, wire.FamilyMemberChange
    )
    addresses = _part_routes(ADDRESSES, Addresses, wire.Address, wire.NewAddress, wire.AddressChange)
    identifiers = _part_routes(
        IDENTIFIERS, Identifiers, wire.Identifier, wire.NewIdentifier, wire.IdentifierChange
    )
    notes = _part_routes(NOTES, Notes, wire.Note, wire.NewNote, wire.NoteChange)
    return (*family, *addresses, *identifiers, *notes, *_other_routes())


def _part_routes(
    kind: PartKind,
    listed: type[Answer],
    shown: type[Answer],
    new: type[BaseModel],
    change: type[BaseModel],
) -> tuple[Route, ...]:
    many, one = f"/v1/customers/{{id}}/{kind.path}", f"/v1/customers/{{id}}/{kind.path}/{{part_id}}"
    taken = (Codes.REFERENCE_TAKEN,) if kind is IDENTIFIERS else ()
    named = kind.said.replace(" ", "_")
    several = kind.path.replace("-", "_")
    return (
        Route(
            "GET",
            many,
            P.CUSTOMER_PARTS,
            _handler(_list, "All of them; there are few.", kind, listed),
            f"{kind.path.replace('-', ' ').capitalize()} of a customer",
            answer=listed,
            operation=f"list_{several}",
        ),
        Route(
            "POST",
            many,
            P.CUSTOMER_CHANGE,
            _handler(_add, "A code is given by its id or its exact name.", kind),
            f"Add: {kind.said}",
            body=new,
            answer=shown,
            status=201,
            keyed=True,
            operation=f"create_{named}",
            refuses=(Codes.TRANSITION_NOT_ALLOWED, *taken),
        ),
        Route(
            "PATCH",
            one,
            P.CUSTOMER_CHANGE,
            _handler(_change, "Only the members that are sent change.", kind),
            f"Change: {kind.said}",
            body=change,
            answer=shown,
            keyed=True,
            if_match=True,
            operation=f"change_{named}",
            refuses=(Codes.TRANSITION_NOT_ALLOWED, *taken),
        ),
        Route(
            "DELETE",
            one,
            P.CUSTOMER_CHANGE,
            _handler(_remove, "Gone, with a tombstone in the audit chain.", kind),
            f"Delete: {kind.said}",
            status=204,
            keyed=True,
            if_match=True,
            operation=f"delete_{named}",
            refuses=(Codes.TRANSITION_NOT_ALLOWED,),
        ),
    )


def _other_routes() -> tuple[Route, ...]:
    return (
        Route(
            "GET",
            "/v1/customers/{id}/additional-details",
            P.CUSTOMER_PARTS,
            details,
            "Further details of a customer",
            answer=wire.AdditionalDetails,
            operation="get_additional_details",
        ),
        Route(
            "PUT",
            "/v1/customers/{id}/additional-details",
            P.CUSTOMER_CHANGE,
            set_details,
            "Set the further details of a customer",
            body=wire.AdditionalDetailsChange,
            answer=wire.AdditionalDetails,
            keyed=True,
            if_match=True,
            operation="set_additional_details",
            refuses=(Codes.TRANSITION_NOT_ALLOWED,),
        ),
        Route(
            "GET",
            "/v1/customers/{id}/history",
            P.CUSTOMER_PARTS,
            history,
            "What was done to a customer",
            query=ListQuery,
            answer=Page[wire.HistoryEntry],
            operation="list_customer_history",
            sorts=tuple(customer_history.HISTORY.sorts),
        ),
    )
