"""Payments as the contract shows them: whose, why, and what this user may do to them now."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from branchtui.contract import payments as wire
from branchtui.contract.base import RefusedAction
from branchtui.contract.customers import AccountBalance, CustomerBrief, CustomerStatus
from branchtui.contract.tenders import Tender
from branchtui.ledger.access import Permission
from branchtui.ledger.clock import as_datetime, local_date
from branchtui.ledger.days import day_key, is_closed
from branchtui.ledger.feeds.incoming import PhoneForm
from branchtui.ledger.phones import masked
from branchtui.ledger.store.rows import Account, CallbackEvent, ClosedDay, Customer, Payment, PaymentTender
from branchtui.ledger.tenders import RECEIVED_BY, REFUNDED_BY
from branchtui.ledger.workflows import owners
from branchtui.ledger.workflows.kept_apart import confirmation_id
from branchtui.ledger.workflows.payment_rules import PaymentAction, Standing, refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.unit import Tx
    from branchtui.ledger.workflows.matching import Suggestion

_HASH_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks at payments; answers depend on it."""

    core: Core
    who: Principal

    def standing(self, tx: Tx, payment: Payment) -> Standing:
        """The payment with what decides about it, as the running command sees it."""
        today = self._today(payment)
        return self._stands(
            payment,
            tx.get(Account, payment.account_id) if payment.account_id else None,
            tx.get(Customer, payment.customer_id) if payment.customer_id else None,
            today_closed=is_closed(tx, payment.branch_id, today),
            is_confirmed=has_tender(payment, RECEIVED_BY)
            and tx.get(CallbackEvent, confirmation_id(self.core, payment.id)) is not None,
        )

    def answer(self, tx: Tx, payment: Payment, balances: tuple[AccountBalance, ...] = ()) -> wire.Payment:
        """The payment as the running command leaves it."""
        came, went = (
            tx.get(PaymentTender, (payment.id, direction)) if has_tender(payment, direction) else None
            for direction in (RECEIVED_BY, REFUNDED_BY)
        )
        return payment_answer(
            self.who, self.standing(tx, payment), came_by=came, went_by=went, balances=balances
        )

    async def answers(
        self, payments: Sequence[Payment], *, candidates: bool = False, at_us: int = 0
    ) -> tuple[wire.Payment, ...]:
        """Committed payments; with `candidates`, those that wait bring their suggestions."""
        reader = self.core.reader
        customers = {
            each.id: each
            for each in await reader.by_keys(Customer, {p.customer_id for p in payments if p.customer_id})
        }
        accounts = {
            each.id: each
            for each in await reader.by_keys(Account, {p.account_id for p in payments if p.account_id})
        }
        days = {day_key(each.branch_id, self._today(each)) for each in payments}
        closed = {day.id for day in await reader.by_keys(ClosedDay, days)}
        wanted = [
            (each.id, direction)
            for each in payments
            for direction in (RECEIVED_BY, REFUNDED_BY)
            if has_tender(each, direction)
        ]
        tenders = {
            (each.payment_id, each.direction): each for each in await reader.by_keys(PaymentTender, wanted)
        }
        keyed = {
            each.id: confirmation_id(self.core, each.id) for each in payments if has_tender(each, RECEIVED_BY)
        }
        confirmed = {each.id for each in await reader.by_keys(CallbackEvent, set(keyed.values()))}
        # Together: where the database is far, the look-ups of a page travel together.
        asked = (self.candidates(each, at_us) for each in payments)
        proposed = await asyncio.gather(*asked) if candidates else [None] * len(payments)
        found: list[wire.Payment] = []
        for payment, suggested in zip(payments, proposed, strict=True):
            standing = self._stands(
                payment,
                accounts.get(payment.account_id or ""),
                customers.get(payment.customer_id or ""),
                today_closed=day_key(payment.branch_id, self._today(payment)) in closed,
                is_confirmed=keyed.get(payment.id) in confirmed,
            )
            found.append(
                payment_answer(
                    self.who,
                    standing,
                    came_by=tenders.get((payment.id, RECEIVED_BY)),
                    went_by=tenders.get((payment.id, REFUNDED_BY)),
                    candidates=suggested,
                )
            )
        return tuple(found)

    async def candidates(self, payment: Payment, at_us: int) -> tuple[wire.Candidate, ...] | None:
        """Who a payment that waits may belong to, best first; None for one that does not wait."""
        if payment.state != wire.PaymentState.UNASSOCIATED:
            return None
        return tuple(candidate_answer(each) for each in await owners.suggestions(self.core, payment, at_us))

    def _today(self, payment: Payment) -> str:
        return self.core.today(self.core.tree[payment.branch_id]).isoformat()

    def _stands(
        self,
        payment: Payment,
        account: Account | None,
        customer: Customer | None,
        *,
        today_closed: bool,
        is_confirmed: bool,
    ) -> Standing:
        timezone = self.core.tree[payment.branch_id].timezone
        at = payment.associated_at
        return Standing(
            payment=payment,
            account=account,
            customer=customer,
            today=self._today(payment),
            associated_on=None if at is None else local_date(at, timezone).isoformat(),
            today_closed=today_closed,
            is_confirmed=is_confirmed,
        )


def has_tender(payment: Payment, direction: str) -> bool:
    """Whether a payment came over the counter, or went back over it: most did neither."""
    if direction == RECEIVED_BY:
        return payment.source == wire.PaymentSource.MANUAL
    return payment.state == wire.PaymentState.REFUNDED


def payment_answer(
    who: Principal,
    standing: Standing,
    *,
    came_by: PaymentTender | None = None,
    went_by: PaymentTender | None = None,
    candidates: tuple[wire.Candidate, ...] | None = None,
    balances: tuple[AccountBalance, ...] = (),
) -> wire.Payment:
    """The payment as `who` sees it, `actions` and `refused` included."""
    payment, customer = standing.payment, standing.customer
    refusals = {action.value: refuse(action, who, standing) for action in PaymentAction}
    tier = payment.match_tier
    return wire.Payment(
        id=payment.id,
        version=payment.version,
        actions=tuple(name for name, refusal in refusals.items() if refusal is None),
        refused={
            name: RefusedAction(
                code=refusal.code, message=refusal.detail, approval=refusal.extra.get("approval")
            )
            for name, refusal in refusals.items()
            if refusal is not None
        },
        branch_id=payment.branch_id,
        payment_no=payment.payment_no,
        source=wire.PaymentSource(payment.source),
        provider=payment.provider,
        code=payment.code,
        payer_phone=phone_shown(who, payment.payer_phone, payment.phone_form),
        payer_name=payment.payer_name,
        account_ref=payment.account_ref,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        paid_at=as_datetime(payment.paid_at),
        received_at=as_datetime(payment.received_at),
        state=wire.PaymentState(payment.state),
        waits_because=payment.waits_because,
        customer_id=payment.customer_id,
        customer=brief(customer) if customer is not None else None,
        account_id=payment.account_id,
        match=None
        if tier is None
        else wire.Match(tier=tier, reasons=tuple(json.loads(payment.match_reasons))),
        associated_by=payment.associated_by,
        associated_at=None if payment.associated_at is None else as_datetime(payment.associated_at),
        tender=None if came_by is None else Tender(came_by.tender),
        narration="" if came_by is None else came_by.narration,
        keyed_by=None if came_by is None else came_by.actor,
        refund=None
        if went_by is None
        else wire.Refund(
            tender=Tender(went_by.tender),
            reference=went_by.reference,
            reason=went_by.narration,
            refunded_by=went_by.actor,
            refunded_at=as_datetime(went_by.at),
        ),
        candidates=candidates,
        balances=balances,
    )


def phone_shown(who: Principal, phone: str | None, phone_form: str) -> str | None:
    """A payer's phone as `who` may see it (AUTHZ-4): a hash gives the number away as well, so it is cut."""
    if phone is None or who.may(Permission.PAYMENT_PHONE):
        return phone
    if phone_form == PhoneForm.E164:
        return masked(phone)
    return phone if phone_form == PhoneForm.MASKED else f"{phone[:_HASH_SHOWN]}..."


def brief(customer: Customer) -> CustomerBrief:
    """A customer as other resources name one."""
    return CustomerBrief(
        id=customer.id,
        customer_no=customer.customer_no,
        name=customer.name,
        account_no=customer.account_no,
        status=CustomerStatus(customer.status),
    )


def candidate_answer(suggestion: Suggestion) -> wire.Candidate:
    """A suggestion as the contract's."""
    customer = suggestion.customer
    return wire.Candidate(
        customer=wire.CandidateCustomer(
            id=customer.id,
            customer_no=customer.customer_no,
            name=customer.name,
            account_no=customer.account_no,
        ),
        tier=suggestion.tier,
        score=suggestion.score,
        reasons=suggestion.reasons,
    )
