"""The law of payments: who may give one to whom, who may take it back, and when (contract, section 5).

Pure: rows in, a refusal or None out. The views ask the same functions as the commands do, so that a
menu never offers what the ledger refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from branchtui.contract.customers import AccountKind, AccountStatus
from branchtui.contract.payments import PaymentSource, PaymentState
from branchtui.contract.problem import Codes
from branchtui.contract.tenders import Tender
from branchtui.format.money import money
from branchtui.ledger.access import Permission
from branchtui.ledger.journal import CREDIT_NORMAL, natural_minor
from branchtui.ledger.problems import Refusal, conflict, forbidden, invalid, not_found
from branchtui.ledger.workflows.customer_rules import refuse_money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.access import Principal
    from branchtui.ledger.store.rows import Account, Customer, Payment
    from branchtui.ledger.workflows.matching import Owner


class PaymentAction(StrEnum):
    """What may be done to a payment, as `actions` and `refused` name it."""

    ASSOCIATE = "associate"
    DISASSOCIATE = "disassociate"
    REASSIGN = "reassign"
    IGNORE = "ignore"
    RESTORE = "restore"
    REFUND = "refund"
    REVERSE = "reverse"


A = PaymentAction
ALLOWED: Final[dict[str, tuple[PaymentAction, ...]]] = {
    PaymentState.UNASSOCIATED: (A.ASSOCIATE, A.IGNORE, A.REFUND, A.REVERSE),
    PaymentState.ASSOCIATED: (A.DISASSOCIATE, A.REASSIGN, A.REVERSE),
    PaymentState.IGNORED: (A.RESTORE, A.REFUND, A.REVERSE),
}
"""The commands of each state; everything else is refused.

Only what was keyed by hand can be reversed, while nobody but the person who keyed it says that it came.
"""

_ALLOWED_UNKEYED: Final = {
    state: tuple(each for each in allowed if each is not A.REVERSE) for state, allowed in ALLOWED.items()
}
_TAKES_BACK: Final = frozenset({A.DISASSOCIATE, A.REASSIGN, A.REVERSE})
"""What takes money out of a customer's account, where one has it."""

_MOVES_NOTHING: Final = frozenset({A.IGNORE, A.RESTORE})
_SUPERVISORS: Final = {A.REFUND: Permission.PAYMENT_REFUND, A.REVERSE: Permission.PAYMENT_REVERSE}
"""What needs a second person where the role has not the permission itself."""

_NOT_KEYED: Final = "This payment was not keyed by hand."
_WALLET: Final = AccountKind.WALLET.value
_OPEN: Final = AccountStatus.OPEN.value
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


class Holding(Protocol):
    """As much of an account as says whether it takes a payment: a whole one, or what was read of thousands at once."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def account_no(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def currency(self) -> str: ...  # noqa: D102
    @property
    def status(self) -> str: ...  # noqa: D102


Held = TypeVar("Held", bound=Holding)


@dataclass(frozen=True, slots=True)
class Standing:
    """A payment with what decides about it.

    `account` is the one that holds the money while it is associated; `today` and `associated_on` are
    ISO dates in the branch's time zone. `is_confirmed`: it was keyed by hand, and its provider or bank told of it too.
    """

    payment: Payment
    account: Account | None
    customer: Customer | None
    today: str
    associated_on: str | None
    today_closed: bool
    is_confirmed: bool = False


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
        or (refuse_spent(action, standing, approved=approved) if action in _TAKES_BACK else None)
    )


def refuse_role(action: PaymentAction, who: Principal) -> Refusal | None:
    """Refuses with `forbidden` what the role may never do, and nobody could allow it."""
    takes_back = who.may(Permission.PAYMENT_DISASSOCIATE_OWN) or who.may(Permission.PAYMENT_DISASSOCIATE_ANY)
    may = takes_back if action in {A.DISASSOCIATE, A.REASSIGN} else who.may(Permission.PAYMENT_ASSOCIATE)
    return None if may else forbidden(f"Your role, {who.role.value}, may not {action.value} payments.")


def refuse_state(action: PaymentAction, standing: Standing) -> Refusal | None:
    """Refuses what the payment's state, its source, or a closed day, does not allow (409)."""
    payment = standing.payment
    by_hand = payment.source == PaymentSource.MANUAL
    never_came = by_hand and not standing.is_confirmed
    allowed = (ALLOWED if never_came else _ALLOWED_UNKEYED).get(payment.state, ())
    if action in allowed:
        if standing.today_closed and action not in _MOVES_NOTHING:
            return conflict(Codes.DAY_CLOSED, f"Today is closed. {action.value.capitalize()} it tomorrow.")
        return None
    if action is A.REVERSE and not never_came and payment.state in ALLOWED:
        why = "The provider or the bank has told of it: this money came." if by_hand else _NOT_KEYED
        return _not_allowed(payment, action, allowed, f"{why} Disassociate it, or refund it.")
    if payment.state == PaymentState.ASSOCIATED and action is A.ASSOCIATE:
        whom = standing.customer.customer_no if standing.customer else "a customer"
        return conflict(
            Codes.ALREADY_ASSOCIATED,
            f"{payment.associated_by} gave this payment to {whom}. Disassociate it first.",
        )
    if payment.state == PaymentState.UNASSOCIATED and action in {A.DISASSOCIATE, A.REASSIGN}:
        return conflict(Codes.NOT_ASSOCIATED, "This payment belongs to nobody yet.")
    return _not_allowed(
        payment, action, allowed, f"This payment is {payment.state}; nobody can {action.value} it."
    )


def refuse_range(action: PaymentAction, who: Principal, standing: Standing) -> Refusal | None:
    """Refuses with `needs-checker` what is beyond a teller: old or others' associations, refunds, large amounts."""
    payment = standing.payment
    if action in _MOVES_NOTHING:
        return None
    if action in _SUPERVISORS and not who.may(_SUPERVISORS[action]):
        return _needs_supervisor("Money leaves by this.", action)
    if action in {A.DISASSOCIATE, A.REASSIGN} and not who.may(Permission.PAYMENT_DISASSOCIATE_ANY):
        if payment.branch_id != who.branch_id:
            return _needs_supervisor("This payment came to another branch.", action)
        if standing.associated_on != standing.today:
            return _needs_supervisor(f"This payment was associated on {standing.associated_on}.", action)
    return refuse_amount(
        who, payment.amount_minor, payment.currency, action.value, approval=f"payment.{action.value}"
    )


def refuse_amount(
    who: Principal, amount_minor: int, currency: str, verb: str, *, approval: str | None = None
) -> Refusal | None:
    """Refuses with `needs-checker` an amount above the user's limit; `approval` is what may be asked for instead."""
    if who.within_limit(amount_minor):
        return None
    assert who.limit_minor is not None, "without a limit everything is within it"
    return Refusal(
        403,
        Codes.NEEDS_CHECKER,
        f"{money(amount_minor, currency)} {currency} is above your limit of "
        f"{money(who.limit_minor, currency)}. Ask a supervisor to {verb} it.",
        extra={"approval": approval} if approval else {},
    )


def refuse_spent(action: PaymentAction, standing: Standing, *, approved: bool = False) -> Refusal | None:
    """Refuses to take back money that is gone: the account would go below zero (409), unless a second person approved.

    Nor is any taken from who is not active: a closed customer would owe again, or be overdrawn.
    """
    account, payment = standing.account, standing.payment
    if account is None:
        return None
    if standing.customer is not None and (refusal := refuse_money(standing.customer)):
        return refusal
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
            approval=f"payment.{action.value}",
        )
    return None


def refuse_reference(tender: Tender, reference: str | None, pointer: str) -> Refusal | None:
    """Refuses a tender without the number that stands on it; cash may have none (422)."""
    if reference is not None or tender is Tender.CASH:
        return None
    return invalid(pointer, "Give the number on the slip, the cheque or the receipt, or the provider's code.")


def refuse_customer(customer: Customer) -> Refusal | None:
    """Refuses to give money to whoever is not active (409 `customer-not-active`)."""
    return refuse_money(customer)


def decide_account(
    customer: Owner, accounts: Sequence[Held], currency: str, account_id: str | None
) -> Held | Refusal:
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
        return conflict(Codes.ACCOUNT_NOT_OPEN, f"Account {account.account_no} is {account.status}.")
    return account


def _wallet(customer: Owner, accounts: Sequence[Held], currency: str) -> Held | Refusal:
    fitting = [
        account
        for account in accounts
        if account.kind == _WALLET and account.currency == currency and account.status == _OPEN
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        return min(fitting, key=lambda each: (each.account_no != customer.account_no, each.account_no))
    return conflict(Codes.ACCOUNT_NOT_OPEN, f"Customer {customer.customer_no} has no open {currency} wallet.")


def _not_allowed(
    payment: Payment, action: PaymentAction, allowed: tuple[PaymentAction, ...], detail: str
) -> Refusal:
    return conflict(
        Codes.TRANSITION_NOT_ALLOWED,
        detail,
        **{"from": payment.state, "command": action.value, "allowed": list(allowed)},
    )


def _needs_supervisor(because: str, action: PaymentAction) -> Refusal:
    return Refusal(
        403,
        Codes.NEEDS_CHECKER,
        f"{because} Ask a supervisor to {action.value} it.",
        extra={"approval": f"payment.{action.value}"},
    )
