"""Payments: recorded once, given to their owner, taken back (contract, section 5; ledger, section 0)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.payments import Associate, Disassociate, PaymentSource, PaymentState
from branchtui.ledger import numbers
from branchtui.ledger.cards import refuse_card_number
from branchtui.ledger.days import day_key, is_closed
from branchtui.ledger.journal import (
    PROVIDER_FLOAT,
    UNALLOCATED,
    EntryDraft,
    InvariantBroken,
    institution_account,
    institution_account_id,
    post_entry,
    transfer,
)
from branchtui.ledger.operations import Reply
from branchtui.ledger.phones import region_of
from branchtui.ledger.problems import Refusal, not_found
from branchtui.ledger.store.mapping import select_equal
from branchtui.ledger.store.rows import Account, ClosedDay, Counter, Customer, Payment, PaymentWait
from branchtui.ledger.store.wanted import Rows
from branchtui.ledger.workflows import credit_payments, matching, owners
from branchtui.ledger.workflows.payment_rules import (
    PaymentAction,
    decide_account,
    refuse,
    refuse_customer,
    refuse_role,
)
from branchtui.ledger.workflows.payment_search import searched_text
from branchtui.ledger.workflows.payment_steps import (
    RECEIVED,
    changed,
    give,
    ownerless,
    refuse_stale,
    stop,
    take_back,
    visible,
)
from branchtui.ledger.workflows.payment_views import Looker

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.feeds.incoming import IncomingPayment
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.rows import Branch
    from branchtui.ledger.store.unit import Tx

COUNTER: Final = "payment_no"
ENTRIES_EACH: Final = 2
"""Journal entries that recording one payment writes at most: its receipt and its association."""

_YEAR_OF_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class Recorded:
    """A payment that is in the books, and the customer's account that it went to, if any."""

    payment: Payment
    account: Account | None


def earlier(tx: Tx, provider: str, code: str) -> Payment | None:
    """The payment that carries this code of this provider already, whichever door it came by (INV-6)."""
    return tx.find_one(Payment, provider=provider, code=code)


def foreseen(
    core: Core, incoming: IncomingPayment, branch: Branch
) -> tuple[tuple[type[Any], Any] | Rows, ...]:
    """What `earlier` and `record_payment` will ask for whatever the answers are, to be read together (`Tx.expect`)."""
    code = {"provider": incoming.provider, "code": incoming.code}
    return (
        Rows(select_equal(Payment, tuple(sorted(code))), code),
        (Counter, COUNTER),
        (ClosedDay, day_key(branch.id, core.today(branch).isoformat())),
        *(
            (Account, institution_account_id(branch, kind, incoming.currency))
            for kind in (PROVIDER_FLOAT, UNALLOCATED)
        ),
        *owners.foreseen(_evidence(incoming)),
    )


def _evidence(incoming: IncomingPayment) -> matching.Evidence:
    return matching.Evidence(
        incoming.account_ref, incoming.payer_phone, incoming.phone_form, incoming.payer_name
    )


def record_payment(
    core: Core,
    tx: Tx,
    command: Command,
    incoming: IncomingPayment,
    branch: Branch,
    *,
    source: PaymentSource = PaymentSource.CALLBACK,
    row_no: int = 0,
) -> Recorded:
    """Put a new payment into the books of `branch` and give it to its owner where tiers 1 to 3 find one.

    Its code must not be known (`earlier`). Journal: provider float against unallocated receipts, and in
    the same operation unallocated receipts against the owner's wallet; the entries are numbered from
    `row_no`, `ENTRIES_EACH` apart. A branch whose day is closed books on its next open day: money that
    has arrived cannot be sent away.
    """
    evidence = _evidence(incoming)
    found = owners.in_transaction(tx, evidence, core.tree.below(branch.id))
    decision = matching.decide(evidence, found, unknown_waits=bool(branch.unknown_reference_waits))
    owner = decision.customer if decision.tier is not None else None
    # Asked before anything is put, so that a batch can read it ahead for all its payments.
    held = [] if owner is None else tx.find(Account, customer_id=owner.id)
    day = first_open_day(core, tx, branch)
    payment = _new_payment(core, tx, incoming, branch, source, command.at_us)
    payment = replace(payment, waits_because=decision.waits_because)
    if decision.waits_for is not None:
        tx.put(PaymentWait(payment.id, decision.waits_for.id))
    float_account = institution_account(tx, branch, PROVIDER_FLOAT, payment.currency, command.at_us)
    unallocated = institution_account(tx, branch, UNALLOCATED, payment.currency, command.at_us)
    receipt = EntryDraft(
        kind=RECEIVED,
        branch_id=branch.id,
        subject_id=payment.id,
        legs=transfer(float_account, unallocated, payment.amount_minor),
        business_date=day,
        narration=f"Payment {payment.payment_no}",
        reference=payment.code,
    )
    post_entry(tx, command, receipt, row_no=row_no, new_id=core.new_id())
    account: Account | None = None
    if owner is not None and decision.tier is not None:
        wallet = decide_account(owner, held, payment.currency, None)
        if isinstance(wallet, Refusal):
            payment = replace(payment, waits_because=wallet.detail)
        else:
            payment, account = give(
                core,
                tx,
                command,
                payment,
                wallet,
                decision.tier,
                decision.reasons,
                day,
                row_no + 1,
                is_new=True,
            )
    tx.add(payment)
    return Recorded(payment, account)


def associate(core: Core, tx: Tx, command: Command, payment_id: str, seen: int, asked: Associate) -> Reply:
    """`POST /v1/payments/{id}/associate`: unallocated receipts against the wallet or the account it pays.

    Raises:
        Refusal: 404 for a payment, customer or account that is not the caller's to see, 412 when the
            payment moved, 409 `already-associated`, `customer-not-active`, `account-not-open`,
            `day-closed`, 403 `needs-checker` above the limit, 422 for an account that cannot take it.
    """
    looker = Looker(core, command.principal)
    payment = visible(tx, command.principal, payment_id)
    customer = tx.get(Customer, asked.customer_id)
    if customer is None or not command.principal.scope.covers(customer.branch_id):
        raise not_found("customer")
    stop(refuse_role(PaymentAction.ASSOCIATE, command.principal))
    refuse_stale(tx, looker, payment, seen)
    stop(refuse(PaymentAction.ASSOCIATE, command.principal, looker.standing(tx, payment)))
    held = tx.find(Account, customer_id=customer.id)
    account = decide_account(customer, held, payment.currency, asked.account_id)
    if isinstance(account, Refusal) and account.status == 404:
        raise account
    stop(refuse_customer(customer))
    if isinstance(account, Refusal):
        raise account
    stop(credit_payments.refuse_idle(tx, account))
    reason = f"{command.principal.username} chose {matching.short_name(customer)}"
    today = core.today(core.tree[payment.branch_id]).isoformat()
    given, touched = give(core, tx, command, payment, account, matching.BY_PERSON, (reason,), today, 0)
    given = replace(given, version=payment.version + 1)
    tx.put(given)
    return changed(tx, command, looker, payment, given, (touched,), f"to {customer.customer_no}")


def disassociate(
    core: Core,
    tx: Tx,
    command: Command,
    payment_id: str,
    seen: int,
    asked: Disassociate,
    *,
    approved: bool = False,
) -> Reply:
    """`POST /v1/payments/{id}/disassociate`: the mirror of its association; it waits again.

    `approved`: by a second person, who may take back what was spent; the account then goes below zero.

    Raises:
        Refusal: 404, 412 when it moved, 409 `not-associated`, `payment-already-spent`, `customer-not-active`, `day-closed`,
            403 `needs-checker` for what is a supervisor's.
    """
    looker = Looker(core, command.principal)
    payment = visible(tx, command.principal, payment_id)
    stop(refuse_role(PaymentAction.DISASSOCIATE, command.principal))
    refuse_card_number("reason", asked.reason)
    refuse_stale(tx, looker, payment, seen)
    standing = looker.standing(tx, payment)
    stop(refuse(PaymentAction.DISASSOCIATE, command.principal, standing, approved=approved))
    touched = take_back(core, tx, command, payment, 0)
    waiting = ownerless(
        payment, PaymentState.UNASSOCIATED, f"{command.principal.username} took it back: {asked.reason}"
    )
    tx.put(waiting)
    whither = f"from account {touched.account_no}"
    return changed(tx, command, looker, payment, waiting, (touched,), whither, asked.reason)


def give_waiting(
    core: Core,
    tx: Tx,
    command: Command,
    payment: Payment,
    account: Account,
    tier: int,
    reasons: tuple[str, ...],
    *,
    row_no: int,
) -> Payment:
    """Associate a payment that waits, within another command; returns it as it now is."""
    day = first_open_day(core, tx, core.tree[payment.branch_id])
    given, _ = give(core, tx, command, payment, account, tier, reasons, day, row_no)
    given = replace(given, version=payment.version + 1)
    tx.put(given)
    return given


def first_open_day(core: Core, tx: Tx, branch: Branch) -> str:
    """Today in the branch, or the next day that takes postings, as an ISO date."""
    today = core.today(branch)
    for days in range(_YEAR_OF_DAYS):
        day = (today + timedelta(days=days)).isoformat()
        if not is_closed(tx, branch.id, day):
            return day
    raise InvariantBroken(f"branch {branch.code} has no open day within a year")


def _new_payment(
    core: Core, tx: Tx, incoming: IncomingPayment, branch: Branch, source: PaymentSource, at_us: int
) -> Payment:
    payment_no = f"{numbers.reserve(tx, COUNTER):06d}"
    says = _evidence(incoming)
    region = region_of(branch.currency, branch.timezone)
    return Payment(
        id=core.new_id(),
        version=1,
        branch_id=branch.id,
        payment_no=payment_no,
        source=source.value,
        provider=incoming.provider,
        code=incoming.code,
        payer_phone=incoming.payer_phone,
        phone_form=incoming.phone_form.value,
        payer_name=incoming.payer_name,
        account_ref=incoming.account_ref,
        amount_minor=incoming.amount_minor,
        currency=incoming.currency,
        paid_at=incoming.paid_at_us,
        received_at=at_us,
        state=PaymentState.UNASSOCIATED.value,
        waits_because=None,
        customer_id=None,
        account_id=None,
        match_tier=None,
        match_reasons="[]",
        associated_by=None,
        associated_at=None,
        search_text=searched_text(says, incoming.code, payment_no, region),
    )
