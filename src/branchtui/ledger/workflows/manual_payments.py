"""Payments keyed at the counter: from the tender to the customer's account at once (contract, section 5)."""

from __future__ import annotations

import json
from datetime import datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from branchtui.contract.payments import PaymentSource, PaymentState
from branchtui.contract.problem import Codes
from branchtui.contract.tenders import Tender
from branchtui.format.money import money
from branchtui.ledger import numbers
from branchtui.ledger.cards import holds_card_number
from branchtui.ledger.clock import as_us
from branchtui.ledger.days import is_closed
from branchtui.ledger.feeds.incoming import PhoneForm
from branchtui.ledger.feeds.mpesa import PROVIDER, receipt_code
from branchtui.ledger.journal import EntryDraft, post_entry, transfer
from branchtui.ledger.operations import refuse_duplicate, signature
from branchtui.ledger.phones import region_of
from branchtui.ledger.problems import Refusal, conflict, invalid, not_found
from branchtui.ledger.store.rows import Account, Customer, Payment, PaymentTender
from branchtui.ledger.tenders import RECEIVED_BY, tender_account
from branchtui.ledger.workflows import credit_payments, matching
from branchtui.ledger.workflows.payment_rules import (
    decide_account,
    refuse_amount,
    refuse_customer,
    refuse_reference,
)
from branchtui.ledger.workflows.payment_search import searched_text
from branchtui.ledger.workflows.payment_steps import KEYED, changed, path_of, stop
from branchtui.ledger.workflows.payment_views import Looker
from branchtui.ledger.workflows.payments import COUNTER, earlier

if TYPE_CHECKING:
    from branchtui.contract.payments import NewPayment
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command, Reply
    from branchtui.ledger.store.rows import Branch
    from branchtui.ledger.store.unit import Tx

_NOON = time(12)


def create(core: Core, tx: Tx, command: Command, asked: NewPayment) -> Reply:
    """`POST /v1/payments`: the tender's account against the customer's wallet or the account it pays.

    The payment is of the caller's branch, whose drawer has the money. A number that is known is refused, whichever
    door the first came by; one without a number is questioned when the same was keyed a moment ago (IDEM-11).

    Raises:
        Refusal: 404 for a customer or account that is not the caller's to see, 403 `needs-checker` above the
            limit, 409 `customer-not-active`, `account-not-open`, `day-closed`, `reference-taken` with `existing`,
            `possible-duplicate`, 422 for values that break a rule.
    """
    who, branch = command.principal, core.tree[command.principal.branch_id]
    customer, account = receiver(tx, who, asked)
    stop(refuse_values(core, asked, branch))
    stop(refuse_customer(customer))
    if isinstance(account, Refusal):
        raise account
    stop(credit_payments.refuse_idle(tx, account))
    today = core.today(branch)
    if is_closed(tx, branch.id, today.isoformat()):
        raise conflict(Codes.DAY_CLOSED, "Today is closed. Key the payment tomorrow.")
    stop(refuse_amount(who, asked.amount_minor, asked.currency, "take"))
    provider, code = code_of(asked)
    guard = None
    if code is not None:
        _refuse_known(tx, who, provider, code, asked)
    else:
        guard = signature(command, account.id, asked.tender.value, asked.amount_minor, asked.currency)
        refuse_duplicate(tx, command, guard)
    payment = _payment(core, tx, command, asked, branch, account, provider, code)
    given_by = tender_account(tx, branch, asked.tender, asked.currency, command.at_us)
    draft = EntryDraft(
        kind=KEYED,
        branch_id=branch.id,
        subject_id=payment.id,
        legs=transfer(given_by, account, asked.amount_minor),
        business_date=today.isoformat(),
        narration=asked.narration or f"Payment {payment.payment_no}",
        reference=code,
    )
    entry_id = core.new_id()
    touched = post_entry(tx, command, draft, new_id=entry_id)
    credit_payments.received(core, tx, command, account, payment, entry_id, row_no=0)
    tx.put(payment)
    tx.put(
        PaymentTender(
            payment.id, RECEIVED_BY, asked.tender.value, code, asked.narration, who.username, command.at_us
        )
    )
    return changed(
        tx,
        command,
        Looker(core, who),
        None,
        payment,
        (touched[account.id],),
        f"by {asked.tender.value.replace('_', ' ')}, to {customer.customer_no}",
        status=201,
        location=path_of(payment),
        guard=guard,
    )


def receiver(tx: Tx, who: Principal, asked: NewPayment) -> tuple[Customer, Account | Refusal]:
    """The customer and the account that gets the money, or why none can; raises 404 for what is not the caller's."""
    customer = tx.get(Customer, asked.customer_id)
    if customer is None or not who.scope.covers(customer.branch_id):
        raise not_found("customer")
    held = tx.find(Account, customer_id=customer.id)
    account = decide_account(customer, held, asked.currency, asked.account_id)
    if isinstance(account, Refusal) and account.status == 404:
        raise account
    return customer, account


def refuse_values(core: Core, asked: NewPayment, branch: Branch) -> Refusal | None:
    """Refuses values that do not go together (422)."""
    if asked.tender is Tender.MOBILE_MONEY and asked.provider is None:
        return invalid("/provider", "Mobile money: name the provider.")
    if asked.tender is not Tender.MOBILE_MONEY and asked.provider is not None:
        return invalid("/provider", "A provider belongs to mobile money alone.")
    refusal = refuse_reference(asked.tender, asked.receipt_no, "/receipt_no")
    if refusal is not None:
        return refusal
    for pointer, text in (("/receipt_no", asked.receipt_no or ""), ("/narration", asked.narration)):
        if holds_card_number(text):
            return invalid(pointer, "This looks like a card number. Take it out.")
    if asked.paid_on is not None and asked.paid_on > core.today(branch):
        return invalid("/paid_on", f"{asked.paid_on.isoformat()} is not here yet.")
    return None


def code_of(asked: NewPayment) -> tuple[str, str | None]:
    """What a payment is known by: its provider, or its tender where there is none, and its number in capitals."""
    provider = asked.provider or asked.tender.value
    if asked.receipt_no is None:
        return provider, None
    if provider == PROVIDER:
        return provider, receipt_code(asked.receipt_no)
    return provider, " ".join(asked.receipt_no.upper().split())


def _refuse_known(tx: Tx, who: Principal, provider: str, code: str, asked: NewPayment) -> None:
    known = earlier(tx, provider, code)
    if known is None:
        return
    if not who.scope.covers(known.branch_id):
        raise conflict(Codes.REFERENCE_TAKEN, f"Number {code} was used before. Nothing was recorded.")
    same = (known.amount_minor, known.currency) == (asked.amount_minor, asked.currency)
    amount = f"{money(known.amount_minor, known.currency)} {known.currency}"
    but = "" if same else ", which is another amount"
    raise conflict(
        Codes.REFERENCE_TAKEN,
        f"{code} is payment {known.payment_no} of {amount}{but}; it is {known.state}. Nothing was recorded.",
        existing={
            "payment_id": known.id,
            "payment_no": known.payment_no,
            "state": known.state,
            "amount_minor": known.amount_minor,
            "currency": known.currency,
        },
    )


def _payment(
    core: Core,
    tx: Tx,
    command: Command,
    asked: NewPayment,
    branch: Branch,
    account: Account,
    provider: str,
    code: str | None,
) -> Payment:
    payment_no = f"{numbers.reserve(tx, COUNTER):06d}"
    says = matching.Evidence(None, None, PhoneForm.NONE, None)
    today = core.today(branch)
    paid_on = asked.paid_on or today
    paid_at = command.at_us
    if paid_on != today:
        paid_at = as_us(datetime.combine(paid_on, _NOON, ZoneInfo(branch.timezone)))
    who = command.principal.username
    return Payment(
        id=core.new_id(),
        version=1,
        branch_id=branch.id,
        payment_no=payment_no,
        source=PaymentSource.MANUAL.value,
        provider=provider,
        code=code,
        payer_phone=None,
        phone_form=PhoneForm.NONE.value,
        payer_name=None,
        account_ref=None,
        amount_minor=asked.amount_minor,
        currency=asked.currency,
        paid_at=paid_at,
        received_at=command.at_us,
        state=PaymentState.ASSOCIATED.value,
        waits_because=None,
        customer_id=account.customer_id,
        account_id=account.id,
        match_tier=matching.BY_PERSON,
        match_reasons=json.dumps([f"{who} keyed it"]),
        associated_by=who,
        associated_at=command.at_us,
        search_text=searched_text(says, code, payment_no, region_of(branch.currency, branch.timezone)),
    )
