"""A branch's days, closed and opened again (contract, section 2): a closed one takes no more postings."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError

from branchtui.contract import people as wire
from branchtui.contract.base import Day
from branchtui.contract.problem import Codes
from branchtui.ledger import audit
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.days import day_key
from branchtui.ledger.operations import reply
from branchtui.ledger.problems import conflict, invalid, not_found
from branchtui.ledger.store.rows import ClosedDay

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command, Reply
    from branchtui.ledger.store.rows import Branch
    from branchtui.ledger.store.unit import Tx

CLOSE: Final = "close"
OPEN: Final = "open"
_DAY: Final = TypeAdapter[date](Day)


def path_of(branch_id: str, day: date) -> str:
    """Where a day is closed and opened."""
    return f"/v1/branches/{branch_id}/days/{day.isoformat()}"


def close(core: Core, tx: Tx, command: Command, branch_id: str, day: str) -> Reply:
    """`POST /v1/branches/{id}/days/{date}/close`: counted, and taking no more postings.

    The branch's alone: those below it have days of their own. Money that arrives by itself is booked on the next open
    day; nobody closes a day that has not begun.

    Raises:
        Refusal: 404 for a branch that is not the caller's to see, 422 for what is no day, or one that is to come, 409
            `transition-not-allowed` for one that is closed.
    """
    branch, on = _asked(core, command, branch_id, day)
    if on > core.today(branch):
        raise invalid("/date", f"{on.isoformat()} is not here yet.", "date-in-future")
    known = tx.get(ClosedDay, day_key(branch.id, on.isoformat()))
    if known is not None:
        raise conflict(
            Codes.TRANSITION_NOT_ALLOWED,
            f"{known.closed_by} closed {known.date} already.",
            **{"from": "closed", "command": CLOSE, "allowed": [OPEN]},
        )
    closed = ClosedDay(
        day_key(branch.id, on.isoformat()),
        branch.id,
        on.isoformat(),
        command.principal.username,
        command.at_us,
    )
    tx.put(closed)
    return _done(command, branch, on, closed)


def reopen(core: Core, tx: Tx, command: Command, branch_id: str, day: str) -> Reply:
    """`POST /v1/branches/{id}/days/{date}/open`: it takes postings again, and the chain keeps who let it.

    Raises:
        Refusal: 404, 422 as `close`, 409 `transition-not-allowed` for a day that is open.
    """
    branch, on = _asked(core, command, branch_id, day)
    known = tx.get(ClosedDay, day_key(branch.id, on.isoformat()))
    if known is None:
        raise conflict(
            Codes.TRANSITION_NOT_ALLOWED,
            f"{on.isoformat()} is open.",
            **{"from": "open", "command": OPEN, "allowed": [CLOSE]},
        )
    tx.remove(known)
    return _done(command, branch, on, None)


def _asked(core: Core, command: Command, branch_id: str, day: str) -> tuple[Branch, date]:
    branch = core.tree.find(branch_id)
    if branch is None or not command.principal.scope.covers(branch.id):
        raise not_found("branch")
    try:
        return branch, _DAY.validate_python(day)
    except ValidationError as error:
        raise invalid("/date", f"There is no day {day[:20]}. Write it as YYYY-MM-DD.") from error


def _done(command: Command, branch: Branch, on: date, closed: ClosedDay | None) -> Reply:
    path = path_of(branch.id, on)
    state = OPEN if closed is None else "closed"
    return reply(
        wire.BusinessDay(
            branch_id=branch.id,
            branch_code=branch.code,
            business_date=on,
            is_closed=closed is not None,
            closed_by=closed.closed_by if closed is not None else None,
            closed_at=as_datetime(closed.closed_at) if closed is not None else None,
        ),
        event=audit.Event(action=command.action, object=path, after={"state": state}),
        branch_id=branch.id,
        resource=path,
        summary=f"day {on.isoformat()} of {branch.code}",
    )
