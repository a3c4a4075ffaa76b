"""Endpoints of what providers and banks sent that was kept apart (contract, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branchtui.contract import payments as wire
from branchtui.contract.paging import Page
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.problems import not_found
from branchtui.ledger.store.rows import CallbackEvent
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, paged
from branchtui.ledger.workflows import callback_events, payment_search

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply


class EventsQuery(ListQuery):
    """What the list of messages kept apart may be narrowed by."""

    state: wire.CallbackState | None = None


async def event_list(call: Call) -> Reply:
    """`GET /v1/callback-events`: without `state`, all that are held: they credited nothing, and nobody settled them."""
    who = call.principal
    unowned = callback_events.sees_unowned(who)
    state = call.query.state.value if call.query.state else None
    rows = await call.core.lists.page(
        payment_search.EVENTS,
        call.query.window(),
        payment_search.event_filters(who.scope.branch_ids, unowned=unowned, state=state),
        who=who.user_id,
        now_us=call.at_us,
    )
    return paged(rows, tuple(callback_events.answer(who, row) for row in rows.rows), call)


async def event(call: Call) -> Reply:
    """`GET /v1/callback-events/{id}`."""
    found = await call.core.reader.get(CallbackEvent, call.path["id"])
    if found is None or not callback_events.sees(call.principal, found):
        raise not_found("message")
    return answered(callback_events.answer(call.principal, found), version=found.version)


async def ignore(call: Call) -> Reply:
    """`POST /v1/callback-events/{id}/ignore`."""
    event_id, seen, asked = call.path["id"], call.version, call.body
    return await call.execute(
        callback_events.IGNORED,
        lambda tx, command: callback_events.ignore(call.core, tx, command, event_id, seen, asked),
    )


async def restore(call: Call) -> Reply:
    """`POST /v1/callback-events/{id}/restore`."""
    event_id, seen = call.path["id"], call.version
    return await call.execute(
        callback_events.RESTORED,
        lambda tx, command: callback_events.restore(call.core, tx, command, event_id, seen),
    )


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (
        Route(
            "GET",
            "/v1/callback-events",
            P.CALLBACK_VIEW,
            event_list,
            "Providers' messages that were kept apart",
            query=EventsQuery,
            answer=Page[wire.CallbackEvent],
            operation="list_callback_events",
            sorts=tuple(payment_search.EVENTS.sorts),
        ),
        Route(
            "GET",
            "/v1/callback-events/{id}",
            P.CALLBACK_VIEW,
            event,
            "A message that was kept apart",
            answer=wire.CallbackEvent,
            operation="get_callback_event",
        ),
        Route(
            "POST",
            "/v1/callback-events/{id}/ignore",
            P.CALLBACK_SETTLE,
            ignore,
            "Close a message that was settled by hand",
            body=wire.Ignore,
            answer=wire.CallbackEvent,
            keyed=True,
            if_match=True,
            operation="ignore_callback_event",
            refuses=(Codes.TRANSITION_NOT_ALLOWED,),
        ),
        Route(
            "POST",
            "/v1/callback-events/{id}/restore",
            P.CALLBACK_SETTLE,
            restore,
            "Hold a message again that was closed",
            answer=wire.CallbackEvent,
            keyed=True,
            if_match=True,
            operation="restore_callback_event",
            refuses=(Codes.TRANSITION_NOT_ALLOWED,),
        ),
    )
