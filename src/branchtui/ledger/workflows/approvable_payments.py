"""What a second person can allow of payments that are moved on: reassigning, refunding, reversing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.contract.approvals import Difference
from branchtui.contract.payments import PaymentState, Reassign, RefundPayment, ReversePayment
from branchtui.format.money import money
from branchtui.ledger.journal import CREDIT_NORMAL, natural_minor
from branchtui.ledger.problems import Refusal, not_found
from branchtui.ledger.store.rows import Account, Customer, Payment
from branchtui.ledger.workflows import payment_moves, payment_rules
from branchtui.ledger.workflows.approval_rules import Approvable, Subject
from branchtui.ledger.workflows.payment_rules import PaymentAction
from branchtui.ledger.workflows.payment_steps import visible
from branchtui.ledger.workflows.payment_views import Looker

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command, Reply
    from branchtui.ledger.store.unit import Tx
    from branchtui.ledger.workflows.payment_rules import Standing


def _reassign_subject(core: Core, tx: Tx, who: Principal, payment_id: str, body: Reassign) -> Subject:
    payment = visible(tx, who, payment_id)
    standing = _standing(core, tx, who, payment, PaymentAction.REASSIGN)
    customer, account = _receiver(tx, who, payment, body)
    assert standing.account is not None, "an associated payment names its account"
    assert standing.customer is not None, "an associated payment names its customer"
    before, after = standing.customer, customer
    lines = (
        Difference(
            field="Customer",
            before=f"{before.customer_no} {before.name}",
            after=f"{after.customer_no} {after.name}",
        ),
        *_payment_lines(payment),
        _balance_line(standing.account, -payment.amount_minor),
        _balance_line(account, payment.amount_minor),
        Difference(field="Reason", after=body.reason),
    )
    return _subject(core, tx, who, payment, lines, f"{before.customer_no} to {after.customer_no}")


def _reassign_refusal(core: Core, tx: Tx, who: Principal, payment_id: str, body: Reassign) -> Refusal | None:
    payment = visible(tx, who, payment_id)
    customer, _ = _receiver(tx, who, payment, body)
    standing = Looker(core, who).standing(tx, payment)
    return payment_rules.refuse_customer(customer) or payment_rules.refuse(
        PaymentAction.REASSIGN, who, standing
    )


def _reassign(core: Core, tx: Tx, command: Command, payment_id: str, seen: int, body: Reassign) -> Reply:
    return payment_moves.reassign(core, tx, command, payment_id, seen, body, approved=True)


def _refund_subject(core: Core, tx: Tx, who: Principal, payment_id: str, body: RefundPayment) -> Subject:
    payment = visible(tx, who, payment_id)
    _standing(core, tx, who, payment, PaymentAction.REFUND)
    by = " ".join(part for part in (body.tender.value.replace("_", " "), body.reference or "") if part)
    lines = (
        *_payment_lines(payment),
        Difference(field="State", before=payment.state, after=PaymentState.REFUNDED.value),
        Difference(field="Goes back by", after=by),
        Difference(field="Reason", after=body.reason),
    )
    return _subject(core, tx, who, payment, lines, f"back by {by}")


def _refund_refusal(
    core: Core, tx: Tx, who: Principal, payment_id: str, body: RefundPayment
) -> Refusal | None:
    standing = Looker(core, who).standing(tx, visible(tx, who, payment_id))
    return payment_rules.refuse_reference(
        body.tender, body.reference, "/body/reference"
    ) or payment_rules.refuse(PaymentAction.REFUND, who, standing)


def _refund(core: Core, tx: Tx, command: Command, payment_id: str, seen: int, body: RefundPayment) -> Reply:
    return payment_moves.refund(core, tx, command, payment_id, seen, body)


def _reverse_subject(core: Core, tx: Tx, who: Principal, payment_id: str, body: ReversePayment) -> Subject:
    payment = visible(tx, who, payment_id)
    standing = _standing(core, tx, who, payment, PaymentAction.REVERSE)
    lines = list(_payment_lines(payment))
    if standing.customer is not None and standing.account is not None:
        owner = standing.customer
        lines.insert(0, Difference(field="Customer", after=f"{owner.customer_no} {owner.name}"))
        lines.append(_balance_line(standing.account, -payment.amount_minor))
    lines.append(Difference(field="State", before=payment.state, after=PaymentState.REVERSED.value))
    lines.append(Difference(field="Reason", after=body.reason))
    return _subject(core, tx, who, payment, tuple(lines), "keyed wrongly")


def _reverse_refusal(
    core: Core, tx: Tx, who: Principal, payment_id: str, _: ReversePayment
) -> Refusal | None:
    standing = Looker(core, who).standing(tx, visible(tx, who, payment_id))
    return payment_rules.refuse(PaymentAction.REVERSE, who, standing)


def _reverse(core: Core, tx: Tx, command: Command, payment_id: str, seen: int, body: ReversePayment) -> Reply:
    return payment_moves.reverse(core, tx, command, payment_id, seen, body, approved=True)


def _standing(core: Core, tx: Tx, who: Principal, payment: Payment, action: PaymentAction) -> Standing:
    """What decides about the payment; raises where its state does not allow the action."""
    standing = Looker(core, who).standing(tx, payment)
    refusal = payment_rules.refuse_state(action, standing)
    if refusal is not None:
        raise refusal
    return standing


def _receiver(tx: Tx, who: Principal, payment: Payment, body: Reassign) -> tuple[Customer, Account]:
    customer = tx.get(Customer, body.customer_id)
    if customer is None or not who.scope.covers(customer.branch_id):
        raise not_found("customer")
    held = tx.find(Account, customer_id=customer.id)
    account = payment_rules.decide_account(customer, held, payment.currency, body.account_id)
    if isinstance(account, Refusal):
        raise account
    return customer, account


def _payment_lines(payment: Payment) -> tuple[Difference, Difference]:
    return (
        Difference(
            field="Amount", after=f"{money(payment.amount_minor, payment.currency)} {payment.currency}"
        ),
        Difference(field="Payment", after=f"{payment.payment_no} {payment.code or ''}".strip()),
    )


def _balance_line(account: Account, paid_minor: int) -> Difference:
    """The account's balance before and after it was paid `paid_minor`, as its owner reads it."""
    held = natural_minor(account.kind, account.balance_minor)
    after = held + paid_minor * (1 if account.kind in CREDIT_NORMAL else -1)
    return Difference(
        field=f"{account.kind.replace('_', ' ').capitalize()} {account.account_no}",
        before=f"{money(held, account.currency)} {account.currency}",
        after=f"{money(after, account.currency)} {account.currency}",
    )


def _subject(
    core: Core, tx: Tx, who: Principal, payment: Payment, lines: tuple[Difference, ...], what: str
) -> Subject:
    amount = f"{money(payment.amount_minor, payment.currency)} {payment.currency}"
    return Subject(
        branch_id=payment.branch_id,
        version=payment.version,
        current=Looker(core, who).answer(tx, payment),
        summary=f"payment {payment.payment_no}, {amount}, {what}",
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        lines=lines,
    )


MOVES: Final = (
    Approvable("payment.reassign", Reassign, _reassign_subject, _reassign_refusal, _reassign),
    Approvable("payment.refund", RefundPayment, _refund_subject, _refund_refusal, _refund),
    Approvable("payment.reverse", ReversePayment, _reverse_subject, _reverse_refusal, _reverse),
)
"""For the register in `approvables.py`."""
