"""Transfer between branches: proposed, accepted, rejected, withdrawn (contract, section 3).

While one is under way nobody moves the customer's money; payments that arrive wait, and are tried again in
the transaction that ends it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract import transfers as wire
from branchtui.contract.balance_records import RecordStatus
from branchtui.contract.customers import AccountKind, CustomerStatus
from branchtui.contract.problem import Codes
from branchtui.contract.transfers import TransferState
from branchtui.ledger import audit
from branchtui.ledger.cards import holds_card_number
from branchtui.ledger.operations import Reply
from branchtui.ledger.problems import Refusal, conflict, invalid, not_found
from branchtui.ledger.store.rows import Account, BalanceRecord, CreditAccount, Customer, Staff, Transfer
from branchtui.ledger.workflows import credit_cycles, customer_filing, staff, waiting_payments
from branchtui.ledger.workflows.customer_rules import BECOMES, CustomerAction
from branchtui.ledger.workflows.customers import (
    customer_done,
    path_of,
    refuse_now,
    refuse_stale,
    unchanged,
)

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx

_PROPOSED: Final = TransferState.PROPOSED.value
_ENDS_AS: Final = {
    CustomerAction.ACCEPT: TransferState.ACCEPTED,
    CustomerAction.REJECT_TRANSFER: TransferState.REJECTED,
    CustomerAction.WITHDRAW_TRANSFER: TransferState.WITHDRAWN,
}
_ENDED: Final[dict[str, str]] = {
    TransferState.ACCEPTED: "accepted the customer",
    TransferState.REJECTED: "sent the customer back",
    TransferState.WITHDRAWN: "taken the offer back",
}


def propose(
    core: Core, tx: Tx, command: Command, customer_id: str, seen: int, asked: wire.ProposeTransfer
) -> Reply:
    """`POST /v1/customers/{id}/transfer/propose`: offered to another branch of the institution.

    Raises:
        Refusal: 404 for a customer who is not the caller's, 412, 409, 422 for a branch that is none or the own one,
            or a day before the activation.
    """
    customer = unchanged(core, tx, command, customer_id, seen)
    refuse_now(tx, command.principal, customer, CustomerAction.PROPOSE)
    _verify_words(asked.note, "/note")
    destination = core.tree.find(asked.destination_branch_id)
    if destination is None:
        raise not_found("branch")
    if destination.id == customer.branch_id:
        raise invalid("/destination_branch_id", "The customer is of that branch already.")
    if destination.currency != core.tree[customer.branch_id].currency:
        raise invalid(
            "/destination_branch_id", f"{destination.name} keeps its books in {destination.currency}."
        )
    day = asked.transfer_date.isoformat()
    if customer.activation_date is not None and day < customer.activation_date:
        said = f"The transfer date lies before the activation, {customer.activation_date}."
        raise invalid("/transfer_date", said, "date-too-early")
    transfer = Transfer(
        id=core.new_id(),
        customer_id=customer.id,
        from_branch_id=customer.branch_id,
        to_branch_id=destination.id,
        transfer_date=day,
        note=asked.note,
        state=_PROPOSED,
        proposed_by=command.principal.username,
        proposed_at=command.at_us,
        decided_by=None,
        decided_at=None,
        decision_note=None,
    )
    tx.put(transfer)
    status = BECOMES[CustomerAction.PROPOSE].value
    changed = replace(customer, status=status, version=customer.version + 1)
    changed = customer_filing.keep(tx, changed)
    after = {"status": status, "to_branch_id": destination.id, "transfer_date": day}
    event = audit.Event(
        command.action,
        object=path_of(customer.id),
        before={"status": customer.status},
        after=after | {"version": changed.version},
    )
    return customer_done(core, tx, command, changed, event)


def accept(
    core: Core, tx: Tx, command: Command, customer_id: str, seen: int, asked: wire.AcceptTransfer
) -> Reply:
    """`POST /v1/customers/{id}/transfer/accept`: active at the destination, with all accounts and what waits.

    Raises:
        Refusal: 403 for a branch that is not the destination, 404, 412, 409 when no transfer is under way any more, 422 for
            staff of another branch.
    """
    customer, transfer = _under_way(core, tx, command, customer_id, seen, CustomerAction.ACCEPT)
    _verify_words(asked.note, "/note")
    columns: dict[str, Any] = {"branch_id": transfer.to_branch_id, "staff_id": None}
    if asked.staff_id is not None:
        who = command.principal
        chosen = staff.chosen(core, tx, who, asked.staff_id, transfer.to_branch_id, "/staff_id")
        columns["staff_id"] = chosen.id
    elif customer.staff_id is not None:
        kept = tx.get(Staff, customer.staff_id)
        if kept is not None and kept.active and staff.serves(core.tree, kept, transfer.to_branch_id):
            columns["staff_id"] = kept.id
    _take_along(core, tx, command, customer, transfer)
    return _end(core, tx, command, customer, transfer, CustomerAction.ACCEPT, columns, asked.note)


def reject(
    core: Core, tx: Tx, command: Command, customer_id: str, seen: int, asked: wire.RejectTransfer
) -> Reply:
    """`POST /v1/customers/{id}/transfer/reject`: active where the customer was.

    Raises:
        Refusal: 403 for a branch that is not the destination, 404, 412, 409 when no transfer is under way any more.
    """
    customer, transfer = _under_way(core, tx, command, customer_id, seen, CustomerAction.REJECT_TRANSFER)
    _verify_words(asked.reason, "/reason")
    return _end(core, tx, command, customer, transfer, CustomerAction.REJECT_TRANSFER, {}, asked.reason)


def withdraw(
    core: Core, tx: Tx, command: Command, customer_id: str, seen: int, asked: wire.WithdrawTransfer
) -> Reply:
    """`POST /v1/customers/{id}/transfer/withdraw`: the origin has changed its mind.

    Raises:
        Refusal: 403 for a branch that is not the origin, 404, 412, 409 when no transfer is under way.
    """
    customer, transfer = _under_way(core, tx, command, customer_id, seen, CustomerAction.WITHDRAW_TRANSFER)
    _verify_words(asked.note, "/note")
    return _end(core, tx, command, customer, transfer, CustomerAction.WITHDRAW_TRANSFER, {}, asked.note)


def _under_way(
    core: Core, tx: Tx, command: Command, customer_id: str, seen: int, action: CustomerAction
) -> tuple[Customer, Transfer]:
    """The customer and the transfer; the destination sees the customer for as long as the offer stands."""
    who = command.principal
    customer = tx.get(Customer, customer_id)
    transfer = tx.find_one(Transfer, customer_id=customer_id, state=_PROPOSED)
    offered = transfer is not None and who.scope.covers(transfer.to_branch_id)
    if customer is None or not (who.scope.covers(customer.branch_id) or offered):
        raise _ended(core, tx, who, customer_id, action) or not_found("customer")
    refuse_stale(core, tx, who, customer, seen)
    refuse_now(tx, who, customer, action)
    assert transfer is not None, "a customer in this state has a transfer under way"
    return customer, transfer


def _ended(core: Core, tx: Tx, who: Principal, customer_id: str, action: CustomerAction) -> Refusal | None:
    """How the transfer ended that the caller's branch saw last of who is not theirs; None where it never saw one."""
    last = max(tx.find(Transfer, customer_id=customer_id), key=lambda each: each.proposed_at, default=None)
    if last is None or not (who.scope.covers(last.to_branch_id) or who.scope.covers(last.from_branch_id)):
        return None
    by = last.from_branch_id if last.state == TransferState.WITHDRAWN else last.to_branch_id
    return conflict(
        Codes.TRANSITION_NOT_ALLOWED,
        f"{core.tree[by].name} has {_ENDED[last.state]}: no transfer is under way. Nothing was changed.",
        **{"from": last.state, "command": action.value, "allowed": []},
    )


def _end(
    core: Core,
    tx: Tx,
    command: Command,
    customer: Customer,
    transfer: Transfer,
    action: CustomerAction,
    columns: dict[str, Any],
    note: str | None,
) -> Reply:
    """Settle the transfer, bring the customer where he belongs, try again what waited."""
    ended = replace(
        transfer,
        state=_ENDS_AS[action].value,
        decided_by=command.principal.username,
        decided_at=command.at_us,
        decision_note=note,
    )
    tx.put(ended)
    values = columns | {"status": CustomerStatus.ACTIVE.value}
    changed = customer_filing.keep(tx, replace(customer, **values, version=customer.version + 1))
    given = waiting_payments.try_again(core, tx, command, changed)
    event = audit.Event(
        command.action,
        object=path_of(customer.id),
        before={name: getattr(customer, name) for name in values},
        after=values | {"version": changed.version, "payments_associated": str(given)},
        reason=note,
    )
    return customer_done(core, tx, command, changed, event)


def _take_along(core: Core, tx: Tx, command: Command, customer: Customer, transfer: Transfer) -> None:
    """Accounts and the balance records that wait go with the customer.

    A record whose reference the destination has used already stays with the origin, which posts or deletes it there.
    """
    for account in tx.find(Account, customer_id=customer.id):
        credit = tx.get(CreditAccount, account.id) if account.kind == AccountKind.CREDIT else None
        if credit is not None:
            credit_cycles.move_to(core, tx, credit, core.tree[transfer.to_branch_id].timezone, command)
        tx.put(replace(account, branch_id=transfer.to_branch_id, version=account.version))
    waiting = RecordStatus.NOT_ACCOUNTED.value
    for record in tx.find(BalanceRecord, customer_id=customer.id, status=waiting):
        reference = record.external_ref
        there = transfer.to_branch_id
        if reference is not None and tx.find(BalanceRecord, branch_id=there, external_ref=reference):
            continue
        tx.put(replace(record, branch_id=there, version=record.version + 1))


def _verify_words(text: str | None, pointer: str) -> None:
    if text is not None and holds_card_number(text):
        raise invalid(pointer, "This looks like a card number. Take it out.", "card-number")
