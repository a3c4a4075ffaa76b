"""What a second person can allow of customers and their accounts: new members, payouts, offsets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.contract.approvals import Difference
from branchtui.contract.customers import ActivateCustomer, CustomerStatus
from branchtui.contract.loans import NewOffset, NewPayout
from branchtui.format.money import money
from branchtui.ledger.workflows import accounts, customer_lifecycle, customer_standing, money_moves
from branchtui.ledger.workflows.approval_rules import Approvable, Subject
from branchtui.ledger.workflows.customer_rules import CustomerAction, plain, refuse
from branchtui.ledger.workflows.customer_views import Looker, ids_in, names_in
from branchtui.ledger.workflows.customers import visible

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command, Reply
    from branchtui.ledger.problems import Refusal
    from branchtui.ledger.store.unit import Tx
    from branchtui.ledger.workflows.money_moves import Move


# ── new members ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _activate_subject(
    core: Core, tx: Tx, who: Principal, customer_id: str, body: ActivateCustomer
) -> Subject:
    customer = visible(tx, who, customer_id)
    standing = customer_standing.in_transaction(tx, customer)
    day = body.activation_date or core.today(core.tree[customer.branch_id])
    lines = (
        Difference(field="Customer", after=f"{customer.customer_no} {customer.name}"),
        Difference(field="Status", before=plain(customer.status), after=CustomerStatus.ACTIVE.value),
        Difference(field="Activation date", after=day.isoformat()),
    )
    return Subject(
        branch_id=customer.branch_id,
        version=customer.version,
        current=Looker(core, who).answer(standing, names_in(tx, ids_in([customer]))),
        summary=f"customer {customer.customer_no}",
        amount_minor=None,
        currency=None,
        lines=lines,
    )


def _activate_refusal(
    _: Core, tx: Tx, who: Principal, customer_id: str, __: ActivateCustomer
) -> Refusal | None:
    standing = customer_standing.in_transaction(tx, visible(tx, who, customer_id))
    return refuse(CustomerAction.ACTIVATE, who, standing)


def _activate(
    core: Core, tx: Tx, command: Command, customer_id: str, seen: int, body: ActivateCustomer
) -> Reply:
    return customer_lifecycle.activate(core, tx, command, customer_id, seen, body)


# ── money ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _move_subject(core: Core, tx: Tx, who: Principal, move: Move, *more: Difference) -> Subject:
    account, currency = move.account, move.account.currency
    amount = f"{money(move.amount_minor, currency)} {currency}"
    lines = [
        Difference(field="Customer", after=f"{move.customer.customer_no} {move.customer.name}"),
        Difference(field="Amount", after=amount),
    ]
    lines += [
        Difference(
            field=f"{each.kind.capitalize()} {each.account_no}",
            before=f"{money(each.before_minor, currency)} {currency}",
            after=f"{money(each.after_minor, currency)} {currency}",
        )
        for each in move.changes()
    ]
    (current,) = accounts.account_answers(core, tx, who, move.customer, [account])
    return Subject(
        branch_id=move.customer.branch_id,
        version=account.version,
        current=current,
        summary=f"{account.kind} {account.account_no}, {amount}",
        amount_minor=move.amount_minor,
        currency=currency,
        lines=(*lines, *more),
    )


def _payout_subject(core: Core, tx: Tx, who: Principal, account_id: str, body: NewPayout) -> Subject:
    money_moves.verify_payout(body)
    move = money_moves.payout_of(tx, who, account_id, body)
    tender = body.tender.value.replace("_", " ")
    by = f"{tender} {body.reference}" if body.reference else tender
    return _move_subject(core, tx, who, move, Difference(field="Tender", after=by))


def _payout_refusal(core: Core, tx: Tx, who: Principal, account_id: str, body: NewPayout) -> Refusal | None:
    return money_moves.refusal_of(core, tx, who, money_moves.payout_of(tx, who, account_id, body))


def _payout(core: Core, tx: Tx, command: Command, account_id: str, _: int, body: NewPayout) -> Reply:
    return money_moves.payout(core, tx, command, account_id, body)


def _offset_subject(core: Core, tx: Tx, who: Principal, account_id: str, body: NewOffset) -> Subject:
    return _move_subject(core, tx, who, money_moves.offset_of(tx, who, account_id, body))


def _offset_refusal(core: Core, tx: Tx, who: Principal, account_id: str, body: NewOffset) -> Refusal | None:
    return money_moves.refusal_of(core, tx, who, money_moves.offset_of(tx, who, account_id, body))


def _offset(core: Core, tx: Tx, command: Command, account_id: str, _: int, body: NewOffset) -> Reply:
    return money_moves.offset(core, tx, command, account_id, body)


APPROVABLES: Final = (
    Approvable("customer.activate", ActivateCustomer, _activate_subject, _activate_refusal, _activate),
    Approvable("account.payout", NewPayout, _payout_subject, _payout_refusal, _payout),
    Approvable("account.offset", NewOffset, _offset_subject, _offset_refusal, _offset),
)
