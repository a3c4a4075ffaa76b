"""What was kept apart: shown, settled by hand and closed with a reason, opened again (contract, section 5).

Neither books money: a person has done that by other means, or found that there is nothing to do (decision 0056).
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from branchtui.contract import payments as wire
from branchtui.contract.payments import CallbackState
from branchtui.contract.problem import Codes
from branchtui.contract.sessions import Role
from branchtui.ledger import audit, history
from branchtui.ledger.access import Permission
from branchtui.ledger.cards import refuse_card_number
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import conflict, forbidden, not_found
from branchtui.ledger.store.rows import CallbackEvent
from branchtui.ledger.workflows.changing import offered

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.problems import Refusal
    from branchtui.ledger.store.unit import Tx


class EventAction(StrEnum):
    """What may be done to a message that was kept apart."""

    IGNORE = "ignore"
    RESTORE = "restore"


IGNORED: Final = "callback-event.ignore"
RESTORED: Final = "callback-event.restore"
_ALLOWED: Final[dict[str, tuple[EventAction, ...]]] = {
    CallbackState.QUARANTINED.value: (EventAction.IGNORE,),
    CallbackState.PARKED.value: (EventAction.IGNORE,),
    CallbackState.IGNORED.value: (EventAction.RESTORE,),
    CallbackState.CLEANED.value: (),
    CallbackState.CONFIRMED.value: (),
}
"""What each state allows. A message that became a payment is settled by what is done with that."""
_WHY_NOT: Final[dict[str, str]] = {
    CallbackState.QUARANTINED.value: "It is held already.",
    CallbackState.PARKED.value: "It is held already.",
    CallbackState.IGNORED.value: "It was settled by hand already. Restore it first.",
    CallbackState.CLEANED.value: "It became a payment: look for it by its code.",
    CallbackState.CONFIRMED.value: "It told of a payment that was keyed by hand: look for it by its code.",
}


def path_of(event: CallbackEvent) -> str:
    """Where a message is found."""
    return f"/v1/callback-events/{event.id}"


def sees(who: Principal, event: CallbackEvent) -> bool:
    """Whether it is `who`'s to see: what names none of our branches is the top's, auditors' and administrators'."""
    if event.branch_id is None:
        return sees_unowned(who)
    return who.scope.covers(event.branch_id)


def sees_unowned(who: Principal) -> bool:
    """Whether `who` sees what names none of our short codes and accounts (contract, section 10)."""
    return who.scope.top or who.role in {Role.AUDITOR, Role.ADMINISTRATOR}


def refuse(action: EventAction, who: Principal, event: CallbackEvent) -> Refusal | None:
    """Why `who` may not do this now, or None."""
    if not who.may(Permission.CALLBACK_SETTLE):
        return forbidden(f"Your role, {who.role.value}, may not settle what is held. A supervisor may.")
    allowed = _ALLOWED[event.state]
    if action in allowed:
        return None
    return conflict(
        Codes.TRANSITION_NOT_ALLOWED,
        _WHY_NOT[event.state],
        **{"from": event.state, "command": action.value, "allowed": [each.value for each in allowed]},
    )


def answer(who: Principal, event: CallbackEvent) -> wire.CallbackEvent:
    """A message as `who` sees it."""
    actions, refused = offered({action.value: refuse(action, who, event) for action in EventAction})
    return wire.CallbackEvent(
        id=event.id,
        version=event.version,
        actions=actions,
        refused=refused,
        state=CallbackState(event.state),
        reason=event.reason,
        code=event.code,
        provider=event.provider,
        body=event.body,
        received_at=as_datetime(event.received_at),
        branch_id=event.branch_id,
        held_as=None if event.held_as is None else CallbackState(event.held_as),
        settled_by=event.settled_by,
        settled_at=None if event.settled_at is None else as_datetime(event.settled_at),
        settled_because=event.settled_because,
    )


def ignore(core: Core, tx: Tx, command: Command, event_id: str, seen: int, asked: wire.Ignore) -> Reply:
    """`POST /v1/callback-events/{id}/ignore`: somebody settled it by hand; it is held no longer, no money moves.

    Raises:
        Refusal: 404, 403, 412 when it moved, 409 `transition-not-allowed`, 422 for a card number in the reason.
    """
    event = _changing(core, tx, command, event_id, seen, EventAction.IGNORE)
    refuse_card_number("reason", asked.reason)
    after = replace(
        event,
        version=event.version + 1,
        state=CallbackState.IGNORED.value,
        held_as=event.state,
        settled_by=command.principal.username,
        settled_at=command.at_us,
        settled_because=asked.reason,
    )
    return _changed(core, tx, command, event, after, "settled by hand", asked.reason)


def restore(core: Core, tx: Tx, command: Command, event_id: str, seen: int) -> Reply:
    """`POST /v1/callback-events/{id}/restore`: it is held again, as it was.

    Raises:
        Refusal: 404, 403, 412 when it moved, 409 `transition-not-allowed`.
    """
    event = _changing(core, tx, command, event_id, seen, EventAction.RESTORE)
    assert event.held_as is not None, "what was ignored was held"
    after = replace(
        event,
        version=event.version + 1,
        state=event.held_as,
        held_as=None,
        settled_by=None,
        settled_at=None,
        settled_because=None,
    )
    return _changed(core, tx, command, event, after, "held again")


def _changing(
    core: Core, tx: Tx, command: Command, event_id: str, seen: int, action: EventAction
) -> CallbackEvent:
    """The message, as it was seen and as the action finds it."""
    who = command.principal
    event = tx.get(CallbackEvent, event_id)
    if event is None or not sees(who, event):
        raise not_found("message")
    if event.version != seen:
        changes = history.changes_since(tx, path_of(event), seen)
        timezone = core.tree[event.branch_id or who.branch_id].timezone
        raise history.stale(answer(who, event), changes, timezone)
    if refusal := refuse(action, who, event):
        raise refusal
    return event


def _changed(
    core: Core,
    tx: Tx,
    command: Command,
    before: CallbackEvent,
    after: CallbackEvent,
    what: str,
    reason: str | None = None,
) -> Reply:
    tx.put(after)
    event = audit.Event(
        command.action,
        object=path_of(after),
        before={"state": before.state},
        after={"version": after.version, "state": after.state},
        reason=reason,
    )
    top = next(branch.id for branch in core.tree if branch.parent_id is None)
    return reply(
        answer(command.principal, after),
        event=event,
        branch_id=after.branch_id or top,
        resource=path_of(after),
        version=after.version,
        summary=f"message {after.code or 'without a code'} of {after.provider}, {what}",
    )
