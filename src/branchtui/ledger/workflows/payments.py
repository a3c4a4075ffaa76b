"""Payments: recorded once, given to their owner, taken back (contract, section 5; ledger, section 0)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from branchtui.contract.payments import Associate, Disassociate, PaymentSource, PaymentState
from branchtui.format.money import money
from branchtui.ledger import audit, history, numbers
from branchtui.ledger.cards import holds_card_number
from branchtui.ledger.days import is_closed
from branchtui.ledger.journal import (
    PROVIDER_FLOAT,
    UNALLOCATED,
    EntryDraft,
    InvariantBroken,
    balances,
    institution_account,
    mirror,
    post_entry,
    transfer,
)
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.phones import region_of
from branchtui.ledger.problems import Refusal, invalid, not_found
from branchtui.ledger.store.rows import Account, Customer, JournalEntry, Payment
from branchtui.ledger.workflows import matching, owners
from branchtui.ledger.workflows.payment_rules import (
    PaymentAction,
    decide_account,
    refuse,
    refuse_customer,
    refuse_role,
)
from branchtui.ledger.workflows.payment_search import searched_text
from branchtui.ledger.workflows.payment_views import Looker

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.feeds.incoming import IncomingPayment
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.rows import Branch
    from branchtui.ledger.store.unit import Tx

RECEIVED: Final = "payment.receive"
ASSOCIATED: Final = "payment.associate"
DISASSOCIATED: Final = "payment.disassociate"
"""Kinds of journal entries; each has the payment as its subject."""

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
    evidence = matching.Evidence(
        incoming.account_ref, incoming.payer_phone, incoming.phone_form, incoming.payer_name
    )
    found = owners.in_transaction(tx, evidence, core.tree.below(branch.id))
    decision = matching.decide(evidence, found)
    day = first_open_day(core, tx, branch)
    payment = _new_payment(core, tx, incoming, branch, source, command.at_us)
    payment = replace(payment, waits_because=decision.waits_because)
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
    if decision.customer is not None and decision.tier is not None:
        held = tx.find(Account, customer_id=decision.customer.id)
        wallet = decide_account(decision.customer, held, payment.currency, None)
        if isinstance(wallet, Refusal):
            payment = replace(payment, waits_because=wallet.detail)
        else:
            payment, account = _give(
                core, tx, command, payment, wallet, decision.tier, decision.reasons, day, row_no + 1
            )
    tx.put(payment)
    return Recorded(payment, account)


def associate(core: Core, tx: Tx, command: Command, payment_id: str, seen: int, asked: Associate) -> Reply:
    """`POST /v1/payments/{id}/associate`: unallocated receipts against the wallet or the account it pays.

    Raises:
        Refusal: 404 for a payment, customer or account that is not the caller's to see, 412 when the
            payment moved, 409 `already-associated`, `customer-not-active`, `account-not-open`,
            `day-closed`, 403 `needs-checker` above the limit, 422 for an account that cannot take it.
    """
    looker = Looker(core, command.principal)
    payment = _visible(tx, command.principal, payment_id)
    customer = tx.get(Customer, asked.customer_id)
    if customer is None or not command.principal.scope.covers(customer.branch_id):
        raise not_found("customer")
    _refuse(refuse_role(PaymentAction.ASSOCIATE, command.principal))
    _refuse_stale(tx, looker, payment, seen)
    _refuse(refuse(PaymentAction.ASSOCIATE, command.principal, looker.standing(tx, payment)))
    held = tx.find(Account, customer_id=customer.id)
    account = decide_account(customer, held, payment.currency, asked.account_id)
    if isinstance(account, Refusal) and account.status == 404:
        raise account
    _refuse(refuse_customer(customer))
    if isinstance(account, Refusal):
        raise account
    reason = f"{command.principal.username} chose {matching.short_name(customer)}"
    today = core.today(core.tree[payment.branch_id]).isoformat()
    given, touched = _give(core, tx, command, payment, account, matching.BY_PERSON, (reason,), today, 0)
    given = replace(given, version=payment.version + 1)
    tx.put(given)
    return _changed(tx, command, looker, payment, given, touched, f"to {customer.customer_no}")


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
        Refusal: 404, 412 when it moved, 409 `not-associated`, `payment-already-spent`, `day-closed`,
            403 `needs-checker` for what is a supervisor's.
    """
    looker = Looker(core, command.principal)
    payment = _visible(tx, command.principal, payment_id)
    _refuse(refuse_role(PaymentAction.DISASSOCIATE, command.principal))
    if holds_card_number(asked.reason):
        raise invalid("/reason", "Reason: this looks like a card number. Take it out.")
    _refuse_stale(tx, looker, payment, seen)
    standing = looker.standing(tx, payment)
    _refuse(refuse(PaymentAction.DISASSOCIATE, command.principal, standing, approved=approved))
    entry = _outstanding(tx, payment)
    if entry is None:
        raise InvariantBroken(f"payment {payment.payment_no} is associated without an entry (INV-4)")
    draft = EntryDraft(
        kind=DISASSOCIATED,
        branch_id=payment.branch_id,
        subject_id=payment.id,
        legs=mirror(tx, entry),
        business_date=core.today(core.tree[payment.branch_id]).isoformat(),
        narration=f"Payment {payment.payment_no} taken back",
        reference=payment.code,
        reversal_of=entry.id,
    )
    touched = post_entry(tx, command, draft, new_id=core.new_id())
    waiting = replace(
        payment,
        version=payment.version + 1,
        state=PaymentState.UNASSOCIATED.value,
        waits_because=f"{command.principal.username} took it back: {asked.reason}",
        customer_id=None,
        account_id=None,
        match_tier=None,
        match_reasons="[]",
        associated_by=None,
        associated_at=None,
    )
    tx.put(waiting)
    account = next(each for each in touched.values() if each.customer_id is not None)
    return _changed(
        tx, command, looker, payment, waiting, account, f"from account {account.account_no}", asked.reason
    )


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
    says = matching.Evidence(
        incoming.account_ref, incoming.payer_phone, incoming.phone_form, incoming.payer_name
    )
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


def _give(
    core: Core,
    tx: Tx,
    command: Command,
    payment: Payment,
    account: Account,
    tier: int,
    reasons: tuple[str, ...],
    day: str,
    row_no: int,
) -> tuple[Payment, Account]:
    """Write the association; returns the payment as it now is and the account with its new balance."""
    if _outstanding(tx, payment) is not None:
        raise InvariantBroken(f"payment {payment.payment_no} would be associated twice (INV-4)")
    branch = core.tree[payment.branch_id]
    unallocated = institution_account(tx, branch, UNALLOCATED, payment.currency, command.at_us)
    draft = EntryDraft(
        kind=ASSOCIATED,
        branch_id=payment.branch_id,
        subject_id=payment.id,
        legs=transfer(unallocated, account, payment.amount_minor),
        business_date=day,
        narration=f"Payment {payment.payment_no}",
        reference=payment.code,
    )
    touched = post_entry(tx, command, draft, row_no=row_no, new_id=core.new_id())
    given = replace(
        payment,
        state=PaymentState.ASSOCIATED.value,
        waits_because=None,
        customer_id=account.customer_id,
        account_id=account.id,
        match_tier=tier,
        match_reasons=json.dumps(reasons, ensure_ascii=False),
        associated_by=command.principal.username,
        associated_at=command.at_us,
    )
    return given, touched[account.id]


def _outstanding(tx: Tx, payment: Payment) -> JournalEntry | None:
    """The association that was not taken back: one at most (INV-4)."""
    entries = tx.find(JournalEntry, subject_id=payment.id)
    reversed_ids = {entry.reversal_of for entry in entries}
    found = [entry for entry in entries if entry.kind == ASSOCIATED and entry.id not in reversed_ids]
    if len(found) > 1:
        raise InvariantBroken(f"payment {payment.payment_no} is associated {len(found)} times (INV-4)")
    return found[0] if found else None


def _visible(tx: Tx, who: Principal, payment_id: str) -> Payment:
    payment = tx.get(Payment, payment_id)
    if payment is None or not who.scope.covers(payment.branch_id):
        raise not_found("payment")
    return payment


def _refuse(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise refusal


def _refuse_stale(tx: Tx, looker: Looker, payment: Payment, seen: int) -> None:
    if payment.version != seen:
        changes = history.changes_since(tx, path_of(payment), seen)
        timezone = looker.core.tree[payment.branch_id].timezone
        raise history.stale(looker.answer(tx, payment), changes, timezone)


def path_of(payment: Payment) -> str:
    """Where the payment is read."""
    return f"/v1/payments/{payment.id}"


def _changed(
    tx: Tx,
    command: Command,
    looker: Looker,
    before: Payment,
    after: Payment,
    account: Account,
    whither: str,
    reason: str | None = None,
) -> Reply:
    amount = f"{money(after.amount_minor, after.currency)} {after.currency}"
    event = audit.Event(
        action=command.action,
        object=path_of(after),
        before={"state": before.state, "customer_id": before.customer_id, "account_id": before.account_id},
        after={
            "version": after.version,
            "state": after.state,
            "customer_id": after.customer_id,
            "account_id": after.account_id,
        },
        reason=reason,
    )
    return reply(
        looker.answer(tx, after, balances([account])),
        event=event,
        branch_id=after.branch_id,
        resource=path_of(after),
        version=after.version,
        summary=f"payment {after.payment_no}, {amount}, {whither}",
        amount_minor=after.amount_minor,
        currency=after.currency,
    )
