"""The law of payments: who may give one to whom, who may take it back, and when (contract, section 5).

Pure: rows in, a refusal or None out. The views ask the same functions as the commands do, so that a
menu never offers what the ledger refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from branchtui.contract.customers import AccountKind, AccountStatus, CustomerStatus
from branchtui.contract.payments import PaymentState
from branchtui.contract.problem import Codes
from branchtui.format.money import money
from branchtui.ledger.access import Permission
from branchtui.ledger.journal import CREDIT_NORMAL, natural_minor
from branchtui.ledger.problems import Refusal, conflict, forbidden, invalid, not_found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.access import Principal
    from branchtui.ledger.store.rows import Account, Customer, Payment


class PaymentAction(StrEnum):
    """What may be done to a payment, as `actions` and `refused` name it."""

    ASSOCIATE = "associate"
    DISASSOCIATE = "disassociate"


ALLOWED: Final[dict[str, tuple[PaymentAction, ...]]] = {
    PaymentState.UNASSOCIATED: (PaymentAction.ASSOCIATE,),
    PaymentState.ASSOCIATED: (PaymentAction.DISASSOCIATE,),
}
"""The commands of each state; everything else is refused."""

TAKES_PAYMENTS: Final = frozenset(
    {
        AccountKind.WALLET,
        AccountKind.SAVINGS,
        AccountKind.LOAN,
        AccountKind.RECEIVABLE,
        AccountKind.CREDIT,
    }
)
"""Account kinds that a payment may go to."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A payment with what decides about it.

    `account` is the one that holds the money while it is associated; `today` and `associated_on` are
    ISO dates in the branch's time zone.
    """

    payment: Payment
    account: Account | None
    customer: Customer | None
    today: str
    associated_on: str | None
    today_closed: bool


def refuse(
    action: PaymentAction, who: Principal, standing: Standing, *, approved: bool = False
) -> Refusal | None:
    """Why `who` may not do `action` now, or None: role first, then state, then range and limit, then money.

    `approved`: a second person asked for it, so that money which was spent may be taken back.
    """
    return (
        refuse_role(action, who)
        or refuse_state(action, standing)
        or refuse_range(action, who, standing)
        or (refuse_spent(standing, approved=approved) if action is PaymentAction.DISASSOCIATE else None)
    )


def refuse_role(action: PaymentAction, who: Principal) -> Refusal | None:
    """Refuses with `forbidden` what the role may never do."""
    may = {
        PaymentAction.ASSOCIATE: who.may(Permission.PAYMENT_ASSOCIATE),
        PaymentAction.DISASSOCIATE: who.may(Permission.PAYMENT_DISASSOCIATE_OWN)
        or who.may(Permission.PAYMENT_DISASSOCIATE_ANY),
    }
    return (
        None if may[action] else forbidden(f"Your role, {who.role.value}, may not {action.value} payments.")
    )


def refuse_state(action: PaymentAction, standing: Standing) -> Refusal | None:
    """Refuses what the payment's state, or a closed day, does not allow (409)."""
    payment = standing.payment
    allowed = ALLOWED.get(payment.state, ())
    if action in allowed:
        if standing.today_closed:
            return conflict(Codes.DAY_CLOSED, f"Today is closed. {action.value.capitalize()} it tomorrow.")
        return None
    if payment.state == PaymentState.ASSOCIATED:
        whom = standing.customer.customer_no if standing.customer else "a customer"
        return conflict(
            Codes.ALREADY_ASSOCIATED,
            f"{payment.associated_by} gave this payment to {whom}. Disassociate it first.",
        )
    if payment.state == PaymentState.UNASSOCIATED:
        return conflict(Codes.NOT_ASSOCIATED, "This payment belongs to nobody yet.")
    return conflict(
        Codes.TRANSITION_NOT_ALLOWED,
        f"This payment is {payment.state}; nobody can {action.value} it.",
        **{"from": payment.state, "command": action.value, "allowed": list(allowed)},
    )


def refuse_range(action: PaymentAction, who: Principal, standing: Standing) -> Refusal | None:
    """Refuses with `needs-checker` what is beyond a teller: old or others' associations, large amounts."""
    payment = standing.payment
    taking_back = action is PaymentAction.DISASSOCIATE
    if taking_back and not who.may(Permission.PAYMENT_DISASSOCIATE_ANY):
        if payment.branch_id != who.branch_id:
            return _needs_supervisor("This payment came to another branch.", action)
        if standing.associated_on != standing.today:
            return _needs_supervisor(f"This payment was associated on {standing.associated_on}.", action)
    if who.within_limit(payment.amount_minor):
        return None
    assert who.limit_minor is not None, "without a limit everything is within it"
    return _needs_supervisor(
        f"{money(payment.amount_minor, payment.currency)} {payment.currency} is above your limit of "
        f"{money(who.limit_minor, payment.currency)}.",
        action,
    )


def refuse_spent(standing: Standing, *, approved: bool = False) -> Refusal | None:
    """Refuses to take back money that is gone: the account would go below zero (409), unless a second person approved."""
    account, payment = standing.account, standing.payment
    assert account is not None, "an associated payment names its account"
    if standing.customer is not None and standing.customer.status == CustomerStatus.TRANSFER_IN_PROGRESS:
        return conflict(
            Codes.CUSTOMER_NOT_ACTIVE,
            f"Customer {standing.customer.customer_no} is being transferred. No money moves until that ends.",
        )
    if account.status != AccountStatus.OPEN:
        return conflict(
            Codes.PAYMENT_ALREADY_SPENT, f"Account {account.account_no} is closed: the money has left it."
        )
    held = natural_minor(account.kind, account.balance_minor)
    if account.kind in CREDIT_NORMAL and held < payment.amount_minor and not approved:
        return conflict(
            Codes.PAYMENT_ALREADY_SPENT,
            f"Account {account.account_no} holds {money(held, account.currency)} {account.currency}, less than "
            f"the {money(payment.amount_minor, payment.currency)} of this payment: it was spent.",
            balance_minor=held,
            approval=f"payment.{PaymentAction.DISASSOCIATE.value}",
        )
    return None


def refuse_customer(customer: Customer) -> Refusal | None:
    """Refuses to give money to whoever is not active (409 `customer-not-active`)."""
    if customer.status == CustomerStatus.ACTIVE:
        return None
    return conflict(
        Codes.CUSTOMER_NOT_ACTIVE,
        f"Customer {customer.customer_no} is {customer.status.replace('_', ' ')}. "
        "Money moves only for active customers.",
    )


def decide_account(
    customer: Customer, accounts: Sequence[Account], currency: str, account_id: str | None
) -> Account | Refusal:
    """The account that the money goes to: the one that was named, or the customer's wallet.

    Refuses with 404 an account that is not the customer's, with 422 a kind or currency that cannot
    take it, with 409 `account-not-open` a closed one.
    """
    if account_id is None:
        return _wallet(customer, accounts, currency)
    account = next((each for each in accounts if each.id == account_id), None)
    if account is None:
        return not_found("account")
    if account.kind not in TAKES_PAYMENTS:
        return invalid("/account_id", f"An account of kind {account.kind} takes no payments.")
    if account.currency != currency:
        return invalid(
            "/account_id",
            f"Account {account.account_no} is in {account.currency}, the payment in {currency}.",
        )
    if account.status != AccountStatus.OPEN:
        return conflict("account-not-open", f"Account {account.account_no} is {account.status}.")
    return account


def _wallet(customer: Customer, accounts: Sequence[Account], currency: str) -> Account | Refusal:
    fitting = [
        account
        for account in accounts
        if account.kind == AccountKind.WALLET
        and account.currency == currency
        and account.status == AccountStatus.OPEN
    ]
    fitting.sort(key=lambda account: (account.account_no != customer.account_no, account.account_no))
    if fitting:
        return fitting[0]
    return conflict("account-not-open", f"Customer {customer.customer_no} has no open {currency} wallet.")


def _needs_supervisor(because: str, action: PaymentAction) -> Refusal:
    return Refusal(
        403,
        Codes.NEEDS_CHECKER,
        f"{because} Ask a supervisor to {action.value} it.",
        extra={"approval": f"payment.{action.value}"},
    )
