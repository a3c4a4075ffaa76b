"""Keyed changes at the counter: payments taken by hand and moved on (contract, section 5).

All raise what `Writing._write` raises.
"""

from __future__ import annotations

from branchtui.contract.payments import (
    CallbackEvent,
    Ignore,
    NewPayment,
    Payment,
    Reassign,
    RefundPayment,
    ReversePayment,
)
from branchtui.remote.calls import segment
from branchtui.remote.intents import Intent
from branchtui.remote.writes import CONFIRM_DUPLICATE
from branchtui.remote.writing import Writing


class Counter(Writing):
    """The endpoints of the counter."""

    async def create_payment(self, new: NewPayment, *, confirm_duplicate_of: str | None = None) -> Payment:
        """Take money that was handed over, associated at once.

        Conflict `reference-taken` names the payment that has the number, `possible-duplicate` the earlier one of
        cash without a number; confirm that with its key (IDEM-11).
        """
        intent = Intent.for_amount(
            "payment.create", new.tender.value, new.customer_id, new.amount_minor, new.currency
        )
        headers = {CONFIRM_DUPLICATE: confirm_duplicate_of} if confirm_duplicate_of else None
        return await self._write(intent, path="/v1/payments", body=new, headers=headers, answer=Payment)

    async def reassign_payment(
        self, payment: Payment, customer_id: str, reason: str, account_id: str | None = None
    ) -> Payment:
        """Take a payment from its owner and give it to another, in one step."""
        body = Reassign(customer_id=customer_id, account_id=account_id, reason=reason)
        return await self._move_payment("reassign", payment, customer_id, body)

    async def ignore_payment(self, payment: Payment, reason: str) -> Payment:
        """Take a payment out of the queue."""
        return await self._move_payment("ignore", payment, None, Ignore(reason=reason))

    async def restore_payment(self, payment: Payment) -> Payment:
        """Put an ignored payment back into the queue."""
        return await self._move_payment("restore", payment, None, None)

    async def settle_held(self, held: CallbackEvent, reason: str) -> CallbackEvent:
        """Close what is held: it was settled by hand."""
        return await self._move_held("ignore", held, Ignore(reason=reason))

    async def restore_held(self, held: CallbackEvent) -> CallbackEvent:
        """Hold again what was closed."""
        return await self._move_held("restore", held, None)

    async def reverse_payment(self, payment: Payment, reason: str) -> Payment:
        """Undo a payment that was keyed wrongly."""
        return await self._move_payment(
            "reverse", payment, payment.customer_id, ReversePayment(reason=reason)
        )

    async def refund_payment(self, payment: Payment, refund: RefundPayment) -> Payment:
        """Give a payment that nobody has back to its payer: an append, without a version."""
        return await self._write(
            Intent.for_payment("payment.refund", payment, None),
            path=f"/v1/payments/{segment(payment.id)}/refund",
            body=refund,
            answer=Payment,
        )

    async def _move_held(self, verb: str, held: CallbackEvent, body: Ignore | None) -> CallbackEvent:
        return await self._write(
            Intent.plain(f"callback-event.{verb}", held.code or held.provider, target=held.id),
            path=f"/v1/callback-events/{segment(held.id)}/{verb}",
            body=body,
            if_match=held.version,
            answer=CallbackEvent,
        )

    async def _move_payment(
        self,
        verb: str,
        payment: Payment,
        customer_id: str | None,
        body: Reassign | Ignore | ReversePayment | None,
    ) -> Payment:
        return await self._write(
            Intent.for_payment(f"payment.{verb}", payment, customer_id),
            path=f"/v1/payments/{segment(payment.id)}/{verb}",
            body=body,
            if_match=payment.version,
            answer=Payment,
        )
