"""What a request for a second person is, and the law of who may ask, see and decide (MC-1 to 5). Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ValidationError

from branchtui.contract.approvals import ApprovalState, Difference
from branchtui.contract.base import Request
from branchtui.contract.problem import Codes
from branchtui.contract.sessions import Role
from branchtui.ledger.access import Permission, Principal
from branchtui.ledger.problems import Refusal, conflict, forbidden, invalid
from branchtui.ledger.store.rows import Approval, User

if TYPE_CHECKING:
    from branchtui.contract.base import Resource
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command, Reply
    from branchtui.ledger.store.unit import Tx

LIFE_US: Final = 24 * 3600 * 1_000_000
"""How long a request waits (MC-4)."""

BY_APPROVAL: Final = frozenset({Codes.NEEDS_CHECKER, Codes.PAYMENT_ALREADY_SPENT, Codes.INSUFFICIENT_BALANCE})
"""The refusals that a second person can lift, where the refusal names an `approval`."""


class NoBody(Request):
    """What an action takes that takes nothing."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a request is about, as it stands now; `lines` are what the checker sees (MC-3)."""

    branch_id: str
    version: int
    current: Resource
    summary: str
    amount_minor: int | None
    currency: str | None
    lines: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Approvable:
    """An action that a second person can allow.

    `subject` raises 404 for what is not the asker's to see; `refusal` is why somebody may not do it alone,
    or None; `perform` does it, as the checker, lifting what only an approval lifts.
    """

    action: str
    body: type[BaseModel]
    subject: Callable[[Core, Tx, Principal, str, Any], Subject]
    refusal: Callable[[Core, Tx, Principal, str, Any], Refusal | None]
    perform: Callable[[Core, Tx, Command, str, int, Any], Reply]


def path_of(approval_id: str) -> str:
    """Where a request is found."""
    return f"/v1/approvals/{approval_id}"


def slot_of(action: str, object_id: str) -> str:
    """The place that one request at a time may hold (MC-4)."""
    return f"{action}:{object_id}"


def may_see(approval: Approval, who: Principal) -> bool:
    """The own ones, and for who decides or audits those of the branches."""
    if approval.maker_id == who.user_id:
        return True
    looks = who.may(Permission.APPROVAL_DECIDE) or who.may(Permission.AUDIT_VIEW)
    return looks and who.scope.covers(approval.branch_id)


def shown_state(approval: Approval, at_us: int) -> ApprovalState:
    """A request that nobody decided in time is expired, whatever is stored."""
    state = ApprovalState(approval.state)
    return ApprovalState.EXPIRED if state is ApprovalState.PENDING and at_us > approval.expires_at else state


def same_person() -> Refusal:
    """MC-1: no role and no setting changes that."""
    return Refusal(
        403,
        Codes.SAME_PERSON,
        "Nobody approves or rejects what they asked for themselves. You may withdraw it.",
    )


def can_be_asked(refusal: Refusal) -> str | None:
    """What `POST /v1/approvals` may be asked for instead of what was refused, or None."""
    named = refusal.extra.get("approval")
    return named if isinstance(named, str) else None


def refusal_of(action: str, who: Principal, approval: Approval, state: ApprovalState) -> Refusal | None:
    """Why `who` may not do this to a request that stands in `state`, or None."""
    own = approval.maker_id == who.user_id
    if state is ApprovalState.STALE and action != "approve":
        state = ApprovalState.PENDING
    if state is ApprovalState.STALE:
        return stale_request("What it is about was changed since it was asked for.")
    if state is not ApprovalState.PENDING:
        return settled_already(approval, state)
    if action == "withdraw":
        return None if own else forbidden("Only who asked for it can withdraw it.")
    if own or who.person_id == approval.maker_person_id:
        return same_person()
    if not who.may(Permission.APPROVAL_DECIDE):
        return forbidden(f"Your role, {who.role.value}, may not {action} requests.")
    return None


def read_body(approvable: Approvable, given: dict[str, Any]) -> BaseModel:
    """The body of the action, as its own model; raises 422."""
    try:
        return approvable.body.model_validate_json(json.dumps(given))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        pointer = "/body/" + "/".join(str(part) for part in first["loc"])
        raise invalid(pointer, f"{pointer.rpartition('/')[2]}: {first['msg'].lower()}.") from error


def can_be_lifted(refusal: Refusal) -> bool:
    """Whether a second person can allow what was refused."""
    return refusal.code in BY_APPROVAL and can_be_asked(refusal) is not None


def principal_of_user(core: Core, user: User) -> Principal:
    """A stored user as somebody who asks."""
    return Principal(
        user_id=user.id,
        username=user.username,
        person_id=user.person_id,
        role=Role(user.role),
        branch_id=user.branch_id,
        scope=core.tree.scope(user.branch_id),
        limit_minor=core.limit_of(user.role, user.limit_minor),
    )


def written(lines: tuple[Difference, ...]) -> str:
    """The lines as they are kept."""
    return json.dumps([line.model_dump() for line in lines], ensure_ascii=False)


def signed_hash(action: str, object_id: str, subject: Subject) -> str:
    """The hash of what is shown: the action, the object in its version, and every line (MC-3)."""
    lines = [[line.field, line.before, line.after] for line in subject.lines]
    text = json.dumps([action, object_id, subject.version, lines], separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def stale_request(because: str) -> Refusal:
    """409: what it is about is not what it was."""
    return conflict(Codes.STALE_APPROVAL, f"{because} Nothing was done.")


def settled_already(approval: Approval, state: ApprovalState) -> Refusal:
    """409: it was decided, or nobody did in time."""
    by = f" by {approval.decided_by}" if approval.decided_by else ""
    return conflict(
        Codes.APPROVAL_SETTLED,
        f"This request is {state.value}{by} already. Nothing was done.",
        state=state.value,
    )
