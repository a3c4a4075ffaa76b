"""What a provider or a bank sent that is no payment of ours: kept once, with its reason, for a person to see."""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import TYPE_CHECKING

from branchtui.contract.payments import CallbackState
from branchtui.ledger import audit
from branchtui.ledger.setup import system_principal
from branchtui.ledger.store.rows import CallbackEvent

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.rows import Payment
    from branchtui.ledger.store.unit import Tx


def event_id(core: Core, told: bytes) -> str:
    """The same message has the same id, so that a repeat finds the first."""
    return hmac.digest(core.institution.secret, b"callback\x1f" + told, "sha256").hex()[:32]


def confirmation_id(core: Core, payment_id: str) -> str:
    """Where it is kept that a payment which was keyed by hand was told of by its provider or bank too."""
    return event_id(core, f"confirmed\x1f{payment_id}".encode())


def confirmation(core: Core, payment: Payment, body: str, at_us: int) -> CallbackEvent:
    """What told of a payment that was keyed by hand: nothing is credited, and it can no longer be one that never came."""
    return CallbackEvent(
        id=confirmation_id(core, payment.id),
        branch_id=payment.branch_id,
        provider=payment.provider or "",
        state=CallbackState.CONFIRMED.value,
        reason=f"This is payment {payment.payment_no}, which was keyed by hand; nothing changes.",
        code=payment.code,
        body=body,
        received_at=at_us,
    )


def keep(
    tx: Tx,
    event: CallbackEvent,
    *,
    branch_id: str,
    at_us: int,
    who: str | None = None,
    address: str | None = None,
    request_id: str | None = None,
) -> None:
    """Keep a message apart, once however often it is repeated, and tell the audit chain of `branch_id`."""
    if tx.get(CallbackEvent, event.id) is not None:
        return
    tx.put(event)
    principal = replace(system_principal(branch_id), address=address)
    if who is not None:
        principal = replace(principal, username=who)
    audit.append(
        tx,
        audit.Event(
            action=f"callback.{event.state}",
            outcome="not_applied",
            object=f"/v1/callback-events/{event.id}",
            after={"code": event.code},
        ),
        branch_id=branch_id,
        principal=principal,
        at_us=at_us,
        operation_key=None,
        request_id=request_id,
    )
