"""Payments moved on: to another customer, out of the queue and back, back to the payer, undone (contract, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branchtui.contract.payments import PaymentState
from branchtui.contract.tenders import Tender
from branchtui.ledger.cards import refuse_card_number
from branchtui.ledger.journal import (
    UNALLOCATED,
    EntryDraft,
    InvariantBroken,
    LegDraft,
    institution_account,
    mirror,
    post_entry,
    transfer,
)
from branchtui.ledger.problems import Refusal, invalid, not_found
from branchtui.ledger.store.rows import Account, Customer, JournalEntry, PaymentTender
from branchtui.ledger.tenders import RECEIVED_BY, REFUNDED_BY, refunding_account, tender_account
from branchtui.ledger.workflows import credit_payments, matching, owners
from branchtui.ledger.workflows.payment_rules import (
    PaymentAction,
    decide_account,
    refuse,
    refuse_customer,
    refuse_reference,
    refuse_role,
)
from branchtui.ledger.workflows.payment_steps import (
    KEYED,
    REFUNDED,
    REVERSED,
    changed,
    give,
    outstanding,
    ownerless,
    refuse_stale,
    stop,
    take_back,
    visible,
)
from branchtui.ledger.workflows.payment_views import Looker

if TYPE_CHECKING:
    from branchtui.contract.payments import Ignore, Reassign, RefundPayment, ReversePayment
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command, Reply
    from branchtui.ledger.store.rows import Payment
    from branchtui.ledger.store.unit import Tx


def reassign(
    core: Core,
    tx: Tx,
    command: Command,
    payment_id: str,
    seen: int,
    asked: Reassign,
    *,
    approved: bool = False,
) -> Reply:
    """`POST /v1/payments/{id}/reassign`: taken back and given to another, both or neither.

    `approved`: by a second person, who may take back what was spent.

    Raises:
        Refusal: what disassociating and associating refuse; 422 where it belongs to that account already.
    """
    looker = Looker(core, command.principal)
    payment = visible(tx, command.principal, payment_id)
    customer = tx.get(Customer, asked.customer_id)
    if customer is None or not command.principal.scope.covers(customer.branch_id):
        raise not_found("customer")
    _may(tx, looker, PaymentAction.REASSIGN, payment, seen, asked.reason, approved=approved)
    held = tx.find(Account, customer_id=customer.id)
    account = decide_account(customer, held, payment.currency, asked.account_id)
    if isinstance(account, Refusal) and account.status == 404:
        raise account
    stop(refuse_customer(customer))
    if isinstance(account, Refusal):
        raise account
    stop(credit_payments.refuse_idle(tx, account))
    if account.id == payment.account_id:
        raise invalid("/customer_id", f"The payment belongs to account {account.account_no} already.")
    before = take_back(core, tx, command, payment, 0)
    who = command.principal.username
    reasons = (f"{who} chose {matching.short_name(customer)}: {asked.reason}",)
    today = core.today(core.tree[payment.branch_id]).isoformat()
    free = ownerless(payment, PaymentState.UNASSOCIATED, "")
    given, after = give(core, tx, command, free, account, matching.BY_PERSON, reasons, today, 1)
    tx.put(given)
    whither = f"from account {before.account_no} to {customer.customer_no}"
    return changed(tx, command, looker, payment, given, (before, after), whither, asked.reason)


def ignore(core: Core, tx: Tx, command: Command, payment_id: str, seen: int, asked: Ignore) -> Reply:
    """`POST /v1/payments/{id}/ignore`: it waits no longer and nobody has it; no money moves.

    Raises:
        Refusal: 404, 412 when it moved, 409 `transition-not-allowed`.
    """
    looker = Looker(core, command.principal)
    payment = visible(tx, command.principal, payment_id)
    _may(tx, looker, PaymentAction.IGNORE, payment, seen, asked.reason)
    because = f"{command.principal.username} ignored it: {asked.reason}"
    after = ownerless(payment, PaymentState.IGNORED, because)
    tx.put(after)
    return changed(tx, command, looker, payment, after, (), "ignored", asked.reason)


def restore(core: Core, tx: Tx, command: Command, payment_id: str, seen: int) -> Reply:
    """`POST /v1/payments/{id}/restore`: an ignored payment waits again.

    Raises:
        Refusal: 404, 412 when it moved, 409 `transition-not-allowed`.
    """
    looker = Looker(core, command.principal)
    payment = visible(tx, command.principal, payment_id)
    _may(tx, looker, PaymentAction.RESTORE, payment, seen)
    evidence = owners.evidence_of(payment)
    found = owners.in_transaction(tx, evidence, core.tree.below(payment.branch_id))
    # Whoever it would go to by now: a person has looked at it, and a person decides.
    strict = bool(core.tree[payment.branch_id].unknown_reference_waits)
    decision = matching.decide(evidence, found, unknown_waits=strict)
    because = decision.waits_because or f"{command.principal.username} restored it."
    after = ownerless(payment, PaymentState.UNASSOCIATED, because)
    tx.put(after)
    return changed(tx, command, looker, payment, after, (), "restored")


def refund(
    core: Core, tx: Tx, command: Command, payment_id: str, seen: int | None, asked: RefundPayment
) -> Reply:
    """`POST /v1/payments/{id}/refund`: unallocated receipts against the tender by which the money goes back.

    An append: `seen` is looked at only where it is given, the state decides.

    Raises:
        Refusal: 404, 412 when it moved, 409 `transition-not-allowed`, `day-closed`, 403 `needs-checker` for who
            is no supervisor, 422 for a tender without its number.
    """
    looker = Looker(core, command.principal)
    payment = visible(tx, command.principal, payment_id)
    _may(tx, looker, PaymentAction.REFUND, payment, seen, asked.reason)
    stop(refuse_reference(asked.tender, asked.reference, "/reference"))
    refuse_card_number("reference", asked.reference)
    branch = core.tree[payment.branch_id]
    unallocated = institution_account(tx, branch, UNALLOCATED, payment.currency, command.at_us)
    given_by = refunding_account(tx, branch, asked.tender, payment.currency, command.at_us)
    draft = EntryDraft(
        kind=REFUNDED,
        branch_id=payment.branch_id,
        subject_id=payment.id,
        legs=transfer(unallocated, given_by, payment.amount_minor),
        business_date=core.today(branch).isoformat(),
        narration=f"Payment {payment.payment_no} refunded",
        reference=asked.reference,
    )
    post_entry(tx, command, draft, new_id=core.new_id())
    who = command.principal.username
    because = f"{who} refunded it by {asked.tender.value.replace('_', ' ')}: {asked.reason}"
    after = ownerless(payment, PaymentState.REFUNDED, because)
    tx.put(after)
    tx.put(
        PaymentTender(
            payment.id, REFUNDED_BY, asked.tender.value, asked.reference, asked.reason, who, command.at_us
        )
    )
    return changed(tx, command, looker, payment, after, (), "refunded", asked.reason)


def reverse(
    core: Core,
    tx: Tx,
    command: Command,
    payment_id: str,
    seen: int,
    asked: ReversePayment,
    *,
    approved: bool = False,
) -> Reply:
    """`POST /v1/payments/{id}/reverse`: a payment that was keyed by hand never came.

    The mirror of its entry where the customer still has it by that entry; otherwise the money goes from where it
    lies (another account, unallocated receipts) to the tender that it was said to have come by.

    Raises:
        Refusal: 404, 412 when it moved, 409 `transition-not-allowed`, `payment-already-spent`, `day-closed`,
            `customer-not-active`, 403 `needs-checker` for who is no supervisor.
    """
    looker = Looker(core, command.principal)
    payment = visible(tx, command.principal, payment_id)
    _may(tx, looker, PaymentAction.REVERSE, payment, seen, asked.reason, approved=approved)
    (keyed,) = tx.find(JournalEntry, subject_id=payment.id, kind=KEYED)
    came_by = tx.get(PaymentTender, (payment.id, RECEIVED_BY))
    if came_by is None:
        raise InvariantBroken(f"payment {payment.payment_no} was keyed and names no tender")
    branch = core.tree[payment.branch_id]
    given = outstanding(tx, payment)
    legs: tuple[LegDraft, ...] = mirror(tx, keyed)
    reversal_of: str | None = keyed.id
    lies_at = tx.get(Account, payment.account_id) if payment.account_id else None
    if lies_at is None:
        lies_at = institution_account(tx, branch, UNALLOCATED, payment.currency, command.at_us)
    tender = Tender(came_by.tender)
    if all(leg.account.id != lies_at.id for leg in legs):
        account = tender_account(tx, branch, tender, payment.currency, command.at_us)
        legs, reversal_of = transfer(lies_at, account, payment.amount_minor), None
    draft = EntryDraft(
        kind=REVERSED,
        branch_id=payment.branch_id,
        subject_id=payment.id,
        legs=legs,
        business_date=core.today(branch).isoformat(),
        narration=f"Payment {payment.payment_no} reversed",
        reference=payment.code,
        reversal_of=reversal_of,
    )
    entry_id = core.new_id()
    touched = post_entry(tx, command, draft, new_id=entry_id)
    if given is not None:
        credit_payments.taken_back(core, tx, command, payment, given, entry_id)
    because = f"{command.principal.username} reversed it: {asked.reason}"
    after = ownerless(payment, PaymentState.REVERSED, because)
    tx.put(after)
    return changed(tx, command, looker, payment, after, tuple(touched.values()), "reversed", asked.reason)


def _may(
    tx: Tx,
    looker: Looker,
    action: PaymentAction,
    payment: Payment,
    seen: int | None,
    reason: str = "",
    *,
    approved: bool = False,
) -> None:
    """Role, text, version, state, range and money, in the order in which every command of a payment looks (IDEM-5)."""
    stop(refuse_role(action, looker.who))
    refuse_card_number("reason", reason)
    if seen is not None:
        refuse_stale(tx, looker, payment, seen)
    stop(refuse(action, looker.who, looker.standing(tx, payment), approved=approved))
