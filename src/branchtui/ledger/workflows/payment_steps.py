"""The steps that every change of a payment is made of: given, taken back, told (contract, section 5)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from branchtui.contract.payments import PaymentState
from branchtui.format.money import money
from branchtui.ledger import audit, history
from branchtui.ledger.journal import (
    UNALLOCATED,
    EntryDraft,
    InvariantBroken,
    LegDraft,
    balances,
    institution_account,
    mirror,
    post_entry,
    transfer,
)
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import Refusal, not_found
from branchtui.ledger.store.rows import Account, JournalEntry, Payment
from branchtui.ledger.workflows import credit_payments, payer_memory
from branchtui.ledger.workflows.matching import BY_PERSON

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx
    from branchtui.ledger.workflows.payment_views import Looker

RECEIVED: Final = "payment.receive"
ASSOCIATED: Final = "payment.associate"
DISASSOCIATED: Final = "payment.disassociate"
KEYED: Final = "payment.create"
REFUNDED: Final = "payment.refund"
REVERSED: Final = "payment.reverse"
"""Kinds of journal entries; each has the payment as its subject. `KEYED` is of one that was keyed by hand: from the
tender to the customer's account at once."""


def give(
    core: Core,
    tx: Tx,
    command: Command,
    payment: Payment,
    account: Account,
    tier: int,
    reasons: tuple[str, ...],
    day: str,
    row_no: int,
    *,
    is_new: bool = False,
) -> tuple[Payment, Account]:
    """Write the association; returns the payment as it now is and the account with its new balance.

    `is_new`: the payment was made a moment ago, in this very command, so that nobody can have it.
    """
    if not is_new and outstanding(tx, payment) is not None:
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
    entry_id = core.new_id()
    touched = post_entry(tx, command, draft, row_no=row_no, new_id=entry_id)
    credit_payments.received(core, tx, command, account, payment, entry_id, row_no=row_no)
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
    if tier == BY_PERSON:
        payer_memory.teach(core, tx, command, given)
    return given, touched[account.id]


def take_back(core: Core, tx: Tx, command: Command, payment: Payment, row_no: int) -> Account:
    """Write that unallocated receipts have the payment instead of its owner; returns the owner's account as it is now.

    The mirror of its association. What was keyed by hand never lay in unallocated receipts, so that there is no
    entry to mirror: it comes to lie there now.
    """
    entry = outstanding(tx, payment)
    if entry is None:
        raise InvariantBroken(f"payment {payment.payment_no} is associated without an entry (INV-4)")
    branch = core.tree[payment.branch_id]
    if entry.kind == KEYED:
        account = tx.get(Account, payment.account_id)
        assert account is not None, "an associated payment names its account"
        unallocated = institution_account(tx, branch, UNALLOCATED, payment.currency, command.at_us)
        legs: tuple[LegDraft, ...] = transfer(account, unallocated, payment.amount_minor)
    else:
        legs = mirror(tx, entry)
    draft = EntryDraft(
        kind=DISASSOCIATED,
        branch_id=payment.branch_id,
        subject_id=payment.id,
        legs=legs,
        business_date=core.today(branch).isoformat(),
        narration=f"Payment {payment.payment_no} taken back",
        reference=payment.code,
        reversal_of=None if entry.kind == KEYED else entry.id,
    )
    entry_id = core.new_id()
    touched = post_entry(tx, command, draft, row_no=row_no, new_id=entry_id)
    credit_payments.taken_back(core, tx, command, payment, entry, entry_id, row_no=row_no)
    if payment.match_tier == BY_PERSON:
        payer_memory.unteach(tx, payment)
    return next(each for each in touched.values() if each.customer_id is not None)


def ownerless(payment: Payment, state: PaymentState, because: str) -> Payment:
    """The payment in its next version, in a state in which nobody has it."""
    return replace(
        payment,
        version=payment.version + 1,
        state=state.value,
        waits_because=because,
        customer_id=None,
        account_id=None,
        match_tier=None,
        match_reasons="[]",
        associated_by=None,
        associated_at=None,
    )


def outstanding(tx: Tx, payment: Payment) -> JournalEntry | None:
    """The entry by which a customer has the payment, and that was not taken back: one at most (INV-4)."""
    entries = tx.find(JournalEntry, subject_id=payment.id)
    gone = {entry.reversal_of for entry in entries}
    # What takes back a payment that was keyed mirrors nothing, and names nothing.
    ended = any(entry.kind == DISASSOCIATED and entry.reversal_of is None for entry in entries)
    found = [
        entry
        for entry in entries
        if entry.id not in gone and (entry.kind == ASSOCIATED or (entry.kind == KEYED and not ended))
    ]
    if len(found) > 1:
        raise InvariantBroken(f"payment {payment.payment_no} is associated {len(found)} times (INV-4)")
    return found[0] if found else None


def visible(tx: Tx, who: Principal, payment_id: str) -> Payment:
    """The payment, where it is the caller's to see; raises 404."""
    payment = tx.get(Payment, payment_id)
    if payment is None or not who.scope.covers(payment.branch_id):
        raise not_found("payment")
    return payment


def stop(refusal: Refusal | None) -> None:
    """Raise a refusal, if there is one."""
    if refusal is not None:
        raise refusal


def refuse_stale(tx: Tx, looker: Looker, payment: Payment, seen: int) -> None:
    """Raise 412 with what stands now where the payment is not in the version that was seen (CONC-2)."""
    if payment.version != seen:
        changes = history.changes_since(tx, path_of(payment), seen)
        timezone = looker.core.tree[payment.branch_id].timezone
        raise history.stale(looker.answer(tx, payment), changes, timezone)


def path_of(payment: Payment) -> str:
    """Where the payment is read."""
    return f"/v1/payments/{payment.id}"


def changed(
    tx: Tx,
    command: Command,
    looker: Looker,
    before: Payment | None,
    after: Payment,
    accounts: tuple[Account, ...],
    whither: str,
    reason: str | None = None,
    *,
    status: int = 200,
    location: str | None = None,
    guard: str | None = None,
) -> Reply:
    """The answer to a change of a payment (`before`: None where it is new), with the new balances of `accounts`."""
    amount = f"{money(after.amount_minor, after.currency)} {after.currency}"
    event = audit.Event(
        action=command.action,
        object=path_of(after),
        before=None
        if before is None
        else {"state": before.state, "customer_id": before.customer_id, "account_id": before.account_id},
        after={
            "version": after.version,
            "state": after.state,
            "customer_id": after.customer_id,
            "account_id": after.account_id,
        },
        reason=reason,
    )
    return reply(
        looker.answer(tx, after, balances(accounts)),
        event=event,
        branch_id=after.branch_id,
        resource=path_of(after),
        version=after.version,
        summary=f"payment {after.payment_no}, {amount}, {whither}",
        amount_minor=after.amount_minor,
        currency=after.currency,
        status=status,
        location=location,
        guard=guard,
    )
