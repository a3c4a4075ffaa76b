"""Exactly once: the key, the effects, the audit row and the answer in one transaction (IDEM-1 to 11)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.base import COUNTED_MAX
from branchtui.contract.operations import OperationState, short_reference
from branchtui.contract.problem import MEDIA_TYPE, Codes, Outcome
from branchtui.ledger import audit
from branchtui.ledger.access import Permission
from branchtui.ledger.problems import Refusal, conflict, not_found, render
from branchtui.ledger.store.rows import ChainHead, Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from branchtui.contract.base import Answer
    from branchtui.ledger.access import Principal
    from branchtui.ledger.store.unit import Tx

DUPLICATE_WINDOW_US: Final = 10 * 60 * 1_000_000
"""How long the same creation by the same user is taken for a slip of the hand (IDEM-11)."""


@dataclass(frozen=True, slots=True)
class Command:
    """One keyed request, as the rules see it. `at_us` is the ledger's own time (DUR-6)."""

    key: str
    fingerprint: bytes
    principal: Principal
    action: str
    at_us: int
    request_id: str | None = None
    confirm_duplicate_of: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and what is remembered of it.

    `resource` is the path of what was made or changed; `summary` holds no full name and no phone;
    `guard` is the signature by which a repetition under another key is noticed.
    """

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    resource: str | None = None
    summary: str = ""
    amount_minor: int | None = None
    currency: str | None = None
    guard: str | None = None
    event: audit.Event | None = None
    branch_id: str | None = None
    code: str | None = None
    replayed: bool = False


def reply(
    answer: Answer,
    *,
    event: audit.Event,
    branch_id: str,
    status: int = 200,
    resource: str | None = None,
    version: int | None = None,
    location: str | None = None,
    summary: str = "",
    amount_minor: int | None = None,
    currency: str | None = None,
    guard: str | None = None,
) -> Reply:
    """An answer of the contract as a reply: encoded once, with ETag and Location where they belong.

    The sum of a set may be more than the book of operations can keep: the words say it then.
    """
    if amount_minor is not None and abs(amount_minor) > COUNTED_MAX:
        amount_minor = None
    headers: dict[str, str] = {"content-type": "application/json"}
    if version is not None:
        headers["etag"] = f'"{version}"'
    if location is not None:
        headers["location"] = location
    return Reply(
        status=status,
        body=answer.model_dump_json().encode(),
        headers=headers,
        resource=resource,
        summary=summary,
        amount_minor=amount_minor,
        currency=currency,
        guard=guard,
        event=event,
        branch_id=branch_id,
    )


def execute(
    tx: Tx,
    command: Command,
    decide: Callable[[Tx, Command], Reply],
    foreseen: Sequence[tuple[type[Any], Any]] = (),
) -> Reply:
    """Answer `command` once and for ever: replay it when the key is known, decide it otherwise.

    Definitive rejections (409, 412, 422) are kept under the key too; other refusals leave no trace,
    so that the same key may be tried again (IDEM-6). `foreseen` is what `decide` asks for whatever the answers are.

    Raises:
        Refusal: nothing was applied and the key is still free, or belongs to another request.
    """
    tx.expect((Operation, command.key), (ChainHead, command.principal.branch_id), *foreseen)
    known = tx.get(Operation, command.key)
    if known is not None:
        return _replay(known, command)
    try:
        answer = decide(tx, command)
        state = OperationState.SUCCEEDED
    except Refusal as refusal:
        if not refusal.is_stored:
            raise
        tx.drop()
        answer = _rejection(command, refusal)
        state = OperationState.REJECTED
    _remember(tx, command, answer, state)
    return answer


def fence(tx: Tx, key: str, principal: Principal, at_us: int) -> Operation:
    """Make sure that `key` is settled: unseen becomes cancelled for ever, seen answers what it became (IDEM-9).

    Raises:
        Refusal: the key belongs to somebody else.
    """
    known = tx.get(Operation, key)
    if known is not None:
        _only_owner(known, principal)
        return known
    tombstone = Operation(
        key=key,
        principal_id=principal.user_id,
        actor=principal.username,
        branch_id=principal.branch_id,
        fingerprint=b"",
        action="operation.cancel",
        state=OperationState.CANCELLED.value,
        status=409,
        code=Codes.OPERATION_CANCELLED,
        headers="{}",
        body=b"",
        resource=None,
        summary="",
        amount_minor=None,
        currency=None,
        guard=None,
        reference=short_reference(key),
        completed_at=at_us,
    )
    tx.put(tombstone)
    event = audit.Event(action="operation.cancel", object=f"/v1/operations/{key}")
    audit.append(
        tx,
        event,
        branch_id=principal.branch_id,
        principal=principal,
        at_us=at_us,
        operation_key=key,
        request_id=None,
    )
    return tombstone


def may_see(operation: Operation, principal: Principal) -> bool:
    """Only the owner, or who resolves others' operations in that branch, may ask (IDEM-9)."""
    own = operation.principal_id == principal.user_id
    return own or (
        principal.may(Permission.OPERATION_RESOLVE) and principal.scope.covers(operation.branch_id)
    )


def signature(command: Command, *parts: object) -> str:
    """The soft duplicate's signature: user, kind of creation, target, amount (IDEM-11)."""
    text = "\x1f".join([command.principal.user_id, command.action, *(str(part) for part in parts)])
    return hashlib.sha256(text.encode()).hexdigest()


def refuse_duplicate(tx: Tx, command: Command, guard: str) -> None:
    """Refuse a creation that looks like one made within ten minutes, unless it was confirmed.

    Raises:
        Refusal: `possible-duplicate`, naming the earlier operation; the key stays free.
    """
    earlier = [
        operation
        for operation in tx.find(Operation, guard=guard)
        if operation.completed_at > command.at_us - DUPLICATE_WINDOW_US
        and operation.state == OperationState.SUCCEEDED
    ]
    if not earlier:
        return
    latest = max(earlier, key=lambda operation: operation.completed_at)
    if command.confirm_duplicate_of in {operation.key for operation in earlier}:
        return
    raise conflict(
        Codes.POSSIBLE_DUPLICATE,
        f"You did the same a moment ago (reference {latest.reference}). Nothing was recorded this time. "
        "Do it once more only if it really is a second one.",
        duplicate_of={"key": latest.key, "reference": latest.reference, "resource": latest.resource},
    )


def _replay(known: Operation, command: Command) -> Reply:
    if known.state == OperationState.CANCELLED and known.principal_id == command.principal.user_id:
        raise conflict(
            Codes.OPERATION_CANCELLED, "This request was given up before it arrived. Nothing was recorded."
        )
    if known.principal_id != command.principal.user_id or known.fingerprint != command.fingerprint:
        raise Refusal(422, Codes.KEY_REUSED, "This key was used for another request. Nothing was recorded.")
    headers: dict[str, str] = json.loads(known.headers)
    headers["idempotency-replayed"] = "true"
    return Reply(
        status=known.status,
        body=known.body,
        headers=headers,
        resource=known.resource,
        code=known.code,
        replayed=True,
    )


def _rejection(command: Command, refusal: Refusal) -> Reply:
    return Reply(
        status=refusal.status,
        body=render(refusal, command.request_id),
        headers={"content-type": MEDIA_TYPE} | refusal.headers,
        summary=refusal.detail[:200],
        code=refusal.code,
        event=audit.Event(action=command.action, outcome=Outcome.NOT_APPLIED.value, reason=refusal.code),
    )


def _remember(tx: Tx, command: Command, answer: Reply, state: OperationState) -> None:
    principal = command.principal
    branch_id = answer.branch_id or principal.branch_id
    tx.put(
        Operation(
            key=command.key,
            principal_id=principal.user_id,
            actor=principal.username,
            branch_id=branch_id,
            fingerprint=command.fingerprint,
            action=command.action,
            state=state.value,
            status=answer.status,
            code=answer.code,
            headers=json.dumps(answer.headers, separators=(",", ":")),
            body=answer.body,
            resource=answer.resource,
            summary=answer.summary,
            amount_minor=answer.amount_minor,
            currency=answer.currency,
            guard=answer.guard,
            reference=short_reference(command.key),
            completed_at=command.at_us,
        )
    )
    event = answer.event or audit.Event(action=command.action, object=answer.resource)
    audit.append(
        tx,
        event,
        branch_id=branch_id,
        principal=principal,
        at_us=command.at_us,
        operation_key=command.key,
        request_id=command.request_id,
    )


def _only_owner(operation: Operation, principal: Principal) -> None:
    if not may_see(operation, principal):
        raise not_found("operation")


def plain(operation: Operation) -> dict[str, Any]:
    """The stored operation as the members of the contract's `Operation`, times still in microseconds."""
    return {
        "key": operation.key,
        "state": operation.state,
        "status": operation.status,
        "resource": operation.resource,
        "completed_at": operation.completed_at,
        "reference": operation.reference,
        "action": operation.action,
        "summary": operation.summary,
        "amount_minor": operation.amount_minor,
        "currency": operation.currency,
        "code": operation.code,
        "actor": operation.actor,
    }
