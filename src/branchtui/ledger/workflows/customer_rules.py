"""The law of customers: what may be done to one in which state, and by whom (contract, section 3).

Pure: rows in, a refusal or None out. Menus and commands ask the same functions, so that a menu never
offers what the ledger refuses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from branchtui.contract.customers import CustomerStatus
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission
from branchtui.ledger.problems import Refusal, conflict, forbidden

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.store.rows import Customer, Transfer


class CustomerAction(StrEnum):
    """What may be done to a customer, as `actions`, `refused` and `allowed` name it: the ends of the paths."""

    ACTIVATE = "activate"
    EDIT = "edit"
    OPEN_ACCOUNT = "open-account"
    NEW_BALANCE = "new-balance"
    TAKE_PAYMENT = "take-payment"
    SELL_VOUCHER = "sell-voucher"
    ASSIGN_STAFF = "assign-staff"
    UNASSIGN_STAFF = "unassign-staff"
    ADD_PART = "add-part"
    ADD_NOTE = "add-note"
    PROPOSE = "transfer/propose"
    ACCEPT = "transfer/accept"
    REJECT_TRANSFER = "transfer/reject"
    WITHDRAW_TRANSFER = "transfer/withdraw"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"
    CLOSE = "close"
    REACTIVATE = "reactivate"
    DELETE = "delete"


A, S = CustomerAction, CustomerStatus

ALLOWED: Final[dict[str, frozenset[CustomerAction]]] = {
    S.PENDING.value: frozenset(
        {A.ACTIVATE, A.REJECT, A.WITHDRAW, A.CLOSE, A.DELETE, A.EDIT, A.ASSIGN_STAFF, A.UNASSIGN_STAFF}
        | {A.OPEN_ACCOUNT, A.NEW_BALANCE, A.ADD_PART, A.ADD_NOTE}
    ),
    S.ACTIVE.value: frozenset(
        {A.CLOSE, A.EDIT, A.ASSIGN_STAFF, A.UNASSIGN_STAFF, A.PROPOSE, A.TAKE_PAYMENT, A.SELL_VOUCHER}
        | {A.OPEN_ACCOUNT, A.NEW_BALANCE, A.ADD_PART, A.ADD_NOTE}
    ),
    S.TRANSFER_IN_PROGRESS.value: frozenset(
        {A.ACCEPT, A.REJECT_TRANSFER, A.WITHDRAW_TRANSFER, A.NEW_BALANCE, A.ADD_NOTE}
    ),
    S.REJECTED.value: frozenset({A.REOPEN, A.ADD_NOTE}),
    S.WITHDRAWN.value: frozenset({A.REOPEN, A.ADD_NOTE}),
    S.CLOSED.value: frozenset({A.REACTIVATE, A.ADD_NOTE}),
}
"""The commands of each state; everything else is refused."""

BECOMES: Final[dict[CustomerAction, CustomerStatus]] = {
    A.ACTIVATE: S.ACTIVE,
    A.REJECT: S.REJECTED,
    A.WITHDRAW: S.WITHDRAWN,
    A.REOPEN: S.PENDING,
    A.CLOSE: S.CLOSED,
    A.REACTIVATE: S.ACTIVE,
    A.PROPOSE: S.TRANSFER_IN_PROGRESS,
    A.ACCEPT: S.ACTIVE,
    A.REJECT_TRANSFER: S.ACTIVE,
    A.WITHDRAW_TRANSFER: S.ACTIVE,
}
"""The state that a command leads to; the others leave it as it is."""

_NEEDS: Final = {
    A.NEW_BALANCE: Permission.RECORD_CHANGE,
    A.TAKE_PAYMENT: Permission.PAYMENT_CREATE,
    A.SELL_VOUCHER: Permission.VOUCHER_SELL,
}
_AT_DESTINATION: Final = frozenset({A.ACCEPT, A.REJECT_TRANSFER})
_COMMANDS: Final = frozenset(A) - {
    A.ADD_PART,
    A.ADD_NOTE,
    A.NEW_BALANCE,
    A.OPEN_ACCOUNT,
    A.TAKE_PAYMENT,
    A.SELL_VOUCHER,
}

_WANTS: Final = {
    A.ACTIVATE: "activated",
    A.EDIT: "edited",
    A.OPEN_ACCOUNT: "given accounts",
    A.NEW_BALANCE: "given balances",
    A.TAKE_PAYMENT: "given payments",
    A.SELL_VOUCHER: "sold vouchers",
    A.ASSIGN_STAFF: "assigned",
    A.UNASSIGN_STAFF: "taken from staff",
    A.ADD_PART: "given family, addresses or identifiers",
    A.ADD_NOTE: "given notes",
    A.PROPOSE: "offered to another branch",
    A.ACCEPT: "accepted: no transfer is under way",
    A.REJECT_TRANSFER: "sent back: no transfer is under way",
    A.WITHDRAW_TRANSFER: "taken back: no transfer is under way",
    A.REJECT: "rejected",
    A.WITHDRAW: "withdrawn",
    A.REOPEN: "reopened",
    A.CLOSE: "closed",
    A.REACTIVATE: "reactivated",
    A.DELETE: "deleted",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A customer with what decides about him.

    `balances` says in words which account is not empty, `moved` whether the journal names one of them, `records` how
    many balance records wait, `elsewhere` which of them wait in another branch than the customer's, in words; `moved` is
    known of who is pending alone. `transfer` is the one under way. `approval`:
    new members are activated by somebody else than who entered them; `maker_person` is that person's id, under
    whichever name (MC-1).
    """

    customer: Customer
    transfer: Transfer | None = None
    balances: str = ""
    records: int = 0
    approval: bool = False
    moved: bool = False
    maker_person: str | None = None
    elsewhere: str = ""


def refuse(action: CustomerAction, who: Principal, standing: Standing) -> Refusal | None:
    """Why `who` may not do `action` now, or None: role, then state, then whose turn it is, then what stands in the way."""
    return (
        refuse_role(action, who)
        or refuse_state(action, standing.customer.status)
        or refuse_detail(action, who, standing)
    )


def refuse_role(action: CustomerAction, who: Principal) -> Refusal | None:
    """Refuses with `forbidden` what the role may never do."""
    if who.may(_NEEDS.get(action, Permission.CUSTOMER_CHANGE)):
        return None
    return forbidden(f"Your role, {who.role.value}, may not do this.")


def refuse_state(action: CustomerAction, status: str) -> Refusal | None:
    """Refuses what the customer's state does not allow (409 `transition-not-allowed`)."""
    allowed = ALLOWED.get(status, frozenset())
    if action in allowed:
        return None
    return conflict(
        Codes.TRANSITION_NOT_ALLOWED,
        f"The customer is {plain(status)} and cannot be {_WANTS[action]}.",
        **{
            "from": status,
            "command": action.value,
            "allowed": [each.value for each in A if each in allowed & _COMMANDS],
        },
    )


def refuse_detail(action: CustomerAction, who: Principal, standing: Standing) -> Refusal | None:
    """Refuses what role and state allow, and something else stands in the way of: whose turn it is, money, a second person."""
    return _refuse_side(action, who, standing.transfer) or _refuse_hindrance(action, who, standing)


def _refuse_side(action: CustomerAction, who: Principal, transfer: Transfer | None) -> Refusal | None:
    """A transfer is accepted and rejected by the destination, and withdrawn by the origin."""
    if transfer is None:
        return None
    if action in _AT_DESTINATION and not who.scope.covers(transfer.to_branch_id):
        return forbidden("The branch that the customer is offered to decides about this.")
    if action is A.WITHDRAW_TRANSFER and not who.scope.covers(transfer.from_branch_id):
        return forbidden("The branch that offered the customer decides about this.")
    return None


def _refuse_hindrance(action: CustomerAction, who: Principal, standing: Standing) -> Refusal | None:
    customer = standing.customer
    if action in {A.CLOSE, A.DELETE} and standing.balances:
        return conflict(
            Codes.BALANCE_NOT_ZERO,
            f"{standing.balances} Pay it out, post it or offset it first.",
            balances=standing.balances,
        )
    if action in {A.CLOSE, A.DELETE} and standing.records:
        waiting = (
            "1 balance record waits"
            if standing.records == 1
            else f"{standing.records:,} balance records wait"
        )
        said = f"{waiting} to be posted or deleted. {standing.elsewhere}".strip()
        return conflict(Codes.RECORDS_WAITING, said, count=standing.records)
    if action is A.DELETE and standing.moved:
        return conflict(
            Codes.TRANSITION_NOT_ALLOWED,
            "Entries of the journal name an account of this customer, and they stay. Reject or close the customer.",
            **{
                "from": customer.status,
                "command": action.value,
                "allowed": [
                    each.value for each in A if each in ALLOWED[customer.status] & _COMMANDS - {action}
                ],
            },
        )
    if action is A.UNASSIGN_STAFF and customer.staff_id is None:
        return conflict(
            Codes.TRANSITION_NOT_ALLOWED,
            "The customer is assigned to nobody.",
            **{"from": customer.status, "command": action.value, "allowed": [A.ASSIGN_STAFF.value]},
        )
    if action is A.ACTIVATE and standing.approval:
        return refuse_maker(who, standing)
    if action is A.REACTIVATE and standing.approval and is_new(customer):
        # Nobody can be asked to: a request is for who is pending.
        refusal = refuse_maker(who, standing)
        return None if refusal is None else replace(refusal, extra={})
    return None


def is_new(customer: Customer) -> bool:
    """Whether a customer was never a member: what makes one of him is looked at as for everybody new."""
    return customer.activation_date is None


def refuse_maker(who: Principal, standing: Standing) -> Refusal | None:
    """Refuses with `needs-checker` who may not let a new member in, where the institution asks for a second person."""
    if standing.customer.created_by == who.username or standing.maker_person == who.person_id:
        said = "You have entered this customer; somebody else approves new members."
    elif not who.may(Permission.APPROVAL_DECIDE):
        said = "A supervisor approves new members."
    else:
        return None
    return Refusal(403, Codes.NEEDS_CHECKER, said, extra={"approval": "customer.activate"})


def refuse_money(customer: Customer) -> Refusal | None:
    """Refuses to move the money of whoever is not active (409 `customer-not-active`)."""
    if customer.status == S.ACTIVE:
        return None
    if customer.status == S.TRANSFER_IN_PROGRESS:
        said = "is being transferred. No money moves until that ends."
    else:
        said = f"is {plain(customer.status)}. Money moves only for active customers."
    return conflict(Codes.CUSTOMER_NOT_ACTIVE, f"Customer {customer.customer_no} {said}")


def plain(status: str) -> str:
    """A status as a sentence says it."""
    return "being transferred" if status == S.TRANSFER_IN_PROGRESS else status.replace("_", " ")
