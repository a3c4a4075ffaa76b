"""What a second person can allow today. A later workflow adds its own line to `REGISTER` and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.contract.approvals import Difference
from branchtui.contract.balance_records import RecordStatus, Reversal
from branchtui.contract.payments import Associate, Disassociate, PaymentState
from branchtui.format.money import money
from branchtui.ledger.journal import CREDIT_NORMAL, natural_minor
from branchtui.ledger.problems import Refusal, not_found
from branchtui.ledger.store.rows import Account, BalanceRecord, Customer, Payment
from branchtui.ledger.workflows import (
    approvable_vouchers,
    approvables_customers,
    balance_records,
    credit_approvals,
    payment_rules,
    payment_views,
    payments,
    record_rules,
)
from branchtui.ledger.workflows.approvable_payments import MOVES
from branchtui.ledger.workflows.approval_rules import Approvable, NoBody, Subject
from branchtui.ledger.workflows.file_approval import APPLY_FILE
from branchtui.ledger.workflows.payment_rules import PaymentAction
from branchtui.ledger.workflows.record_rules import RecordAction
from branchtui.ledger.workflows.record_views import Looker

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command, Reply
    from branchtui.ledger.store.unit import Tx

_STATUS_AFTER: Final = {
    RecordAction.POST: RecordStatus.ACCOUNTED.value,
    RecordAction.REVERSE: RecordStatus.REVERSED.value,
}


# ── balance records ──────────────────────────────────────────────────────────────────────────────────────────────────


def _record(tx: Tx, who: Principal, record_id: str) -> BalanceRecord:
    found = tx.get(BalanceRecord, record_id)
    if found is None or not who.scope.covers(found.branch_id):
        raise not_found("balance record")
    return found


def _record_subject(
    core: Core, tx: Tx, who: Principal, record_id: str, action: RecordAction, why: str
) -> Subject:
    record = _record(tx, who, record_id)
    customer = tx.get(Customer, record.customer_id)
    assert customer is not None, "a record names a customer that exists"
    amount = f"{money(record.amount_minor, record.currency)} {record.currency}"
    lines = [
        Difference(field="Customer", after=f"{customer.customer_no} {customer.name}"),
        Difference(field="Amount", after=amount),
        Difference(field="Account kind", after=record.account_kind),
        Difference(field="As of", after=record.as_of_date),
        Difference(field="Status", before=_plain(record.status), after=_plain(_STATUS_AFTER[action])),
    ]
    if record.account_no:
        lines.insert(2, Difference(field="Account", after=record.account_no))
    account = Looker(core, who).standing(tx, record).account if action is RecordAction.REVERSE else None
    if account is not None:
        held = natural_minor(account.kind, account.balance_minor)
        lines.append(
            Difference(
                field=f"{_plain(account.kind).capitalize()} {account.account_no}",
                before=f"{money(held, account.currency)} {account.currency}",
                after=f"{money(held - record.amount_minor, account.currency)} {account.currency}",
            )
        )
    if record.narration:
        lines.append(Difference(field="Narration", after=record.narration))
    if why:
        lines.append(Difference(field="Reason", after=why))
    return Subject(
        branch_id=record.branch_id,
        version=record.version,
        current=Looker(core, who).answer(tx, record),
        summary=f"{record.account_kind} {amount} for {customer.customer_no}",
        amount_minor=record.amount_minor,
        currency=record.currency,
        lines=tuple(lines),
    )


def _record_refusal(
    core: Core, tx: Tx, who: Principal, record_id: str, action: RecordAction
) -> Refusal | None:
    record = _record(tx, who, record_id)
    return record_rules.refuse(action, who, Looker(core, who).standing(tx, record))


def _post_subject(core: Core, tx: Tx, who: Principal, record_id: str, _: NoBody) -> Subject:
    return _record_subject(core, tx, who, record_id, RecordAction.POST, "")


def _post_refusal(core: Core, tx: Tx, who: Principal, record_id: str, _: NoBody) -> Refusal | None:
    return _record_refusal(core, tx, who, record_id, RecordAction.POST)


def _post(core: Core, tx: Tx, command: Command, record_id: str, seen: int, _: NoBody) -> Reply:
    return balance_records.post(core, tx, command, record_id, seen)


def _reverse_subject(core: Core, tx: Tx, who: Principal, record_id: str, body: Reversal) -> Subject:
    return _record_subject(core, tx, who, record_id, RecordAction.REVERSE, body.reason)


def _reverse_refusal(core: Core, tx: Tx, who: Principal, record_id: str, _: Reversal) -> Refusal | None:
    return _record_refusal(core, tx, who, record_id, RecordAction.REVERSE)


def _reverse(core: Core, tx: Tx, command: Command, record_id: str, seen: int, body: Reversal) -> Reply:
    return balance_records.reverse(core, tx, command, record_id, seen, body.reason, approved=True)


# ── payments ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _payment(tx: Tx, who: Principal, payment_id: str) -> Payment:
    found = tx.get(Payment, payment_id)
    if found is None or not who.scope.covers(found.branch_id):
        raise not_found("payment")
    return found


def _customer(tx: Tx, who: Principal, customer_id: str) -> Customer:
    found = tx.get(Customer, customer_id)
    if found is None or not who.scope.covers(found.branch_id):
        raise not_found("customer")
    return found


def _payment_subject(
    core: Core,
    tx: Tx,
    who: Principal,
    payment: Payment,
    customer: Customer,
    account: Account,
    state_after: PaymentState,
    *,
    more: tuple[Difference, ...] = (),
) -> Subject:
    amount = f"{money(payment.amount_minor, payment.currency)} {payment.currency}"
    sign = 1 if state_after is PaymentState.ASSOCIATED else -1
    held = natural_minor(account.kind, account.balance_minor)
    # A payment lowers what is owed, and raises what is held.
    after = held + sign * payment.amount_minor * (1 if account.kind in CREDIT_NORMAL else -1)
    lines = (
        Difference(field="Customer", after=f"{customer.customer_no} {customer.name}"),
        Difference(field="Amount", after=amount),
        Difference(field="Payment", after=f"{payment.payment_no} {payment.code or ''}".strip()),
        Difference(field="State", before=payment.state, after=state_after.value),
        Difference(
            field=f"{_plain(account.kind).capitalize()} {account.account_no}",
            before=f"{money(held, account.currency)} {account.currency}",
            after=f"{money(after, account.currency)} {account.currency}",
        ),
        *more,
    )
    return Subject(
        branch_id=payment.branch_id,
        version=payment.version,
        current=payment_views.Looker(core, who).answer(tx, payment),
        summary=f"payment {payment.payment_no}, {amount}, {customer.customer_no}",
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        lines=lines,
    )


def _associate_subject(core: Core, tx: Tx, who: Principal, payment_id: str, body: Associate) -> Subject:
    payment = _payment(tx, who, payment_id)
    customer = _customer(tx, who, body.customer_id)
    held = tx.find(Account, customer_id=customer.id)
    account = payment_rules.decide_account(customer, held, payment.currency, body.account_id)
    if isinstance(account, Refusal):
        raise account
    return _payment_subject(core, tx, who, payment, customer, account, PaymentState.ASSOCIATED)


def _associate_refusal(
    core: Core, tx: Tx, who: Principal, payment_id: str, body: Associate
) -> Refusal | None:
    payment = _payment(tx, who, payment_id)
    customer = _customer(tx, who, body.customer_id)
    standing = payment_views.Looker(core, who).standing(tx, payment)
    return payment_rules.refuse_customer(customer) or payment_rules.refuse(
        PaymentAction.ASSOCIATE, who, standing
    )


def _associate(core: Core, tx: Tx, command: Command, payment_id: str, seen: int, body: Associate) -> Reply:
    return payments.associate(core, tx, command, payment_id, seen, body)


def _disassociate_subject(core: Core, tx: Tx, who: Principal, payment_id: str, body: Disassociate) -> Subject:
    payment = _payment(tx, who, payment_id)
    standing = payment_views.Looker(core, who).standing(tx, payment)
    refusal = payment_rules.refuse_state(PaymentAction.DISASSOCIATE, standing)
    if refusal is not None:
        raise refusal
    assert standing.customer is not None, "an associated payment names its customer"
    assert standing.account is not None, "an associated payment names its account"
    why = (Difference(field="Reason", after=body.reason),)
    return _payment_subject(
        core, tx, who, payment, standing.customer, standing.account, PaymentState.UNASSOCIATED, more=why
    )


def _disassociate_refusal(
    core: Core, tx: Tx, who: Principal, payment_id: str, _: Disassociate
) -> Refusal | None:
    payment = _payment(tx, who, payment_id)
    standing = payment_views.Looker(core, who).standing(tx, payment)
    return payment_rules.refuse(PaymentAction.DISASSOCIATE, who, standing)


def _disassociate(
    core: Core, tx: Tx, command: Command, payment_id: str, seen: int, body: Disassociate
) -> Reply:
    return payments.disassociate(core, tx, command, payment_id, seen, body, approved=True)


def _plain(word: str) -> str:
    return word.replace("_", " ")


def _register(*approvables: Approvable) -> dict[str, Approvable]:
    return {each.action: each for each in approvables}


REGISTER: Final = _register(
    Approvable("balance-record.post", NoBody, _post_subject, _post_refusal, _post),
    Approvable("balance-record.reverse", Reversal, _reverse_subject, _reverse_refusal, _reverse),
    Approvable("payment.associate", Associate, _associate_subject, _associate_refusal, _associate),
    Approvable(
        "payment.disassociate", Disassociate, _disassociate_subject, _disassociate_refusal, _disassociate
    ),
    *approvables_customers.APPROVABLES,
    *credit_approvals.APPROVABLES,
    APPLY_FILE,
    *MOVES,
    *approvable_vouchers.APPROVABLES,
)
"""By the action's name, which is what `refused[...].approval` tells."""
