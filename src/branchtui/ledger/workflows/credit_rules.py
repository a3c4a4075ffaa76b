"""The law of credit accounts: who may do what, when, and how much (contract, section 7). Pure.

The views ask the same functions as the commands do, so that a menu never offers what the ledger refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.credit import CreditStatus, SettlementState
from branchtui.contract.customers import CustomerStatus
from branchtui.contract.problem import Codes
from branchtui.format.money import money
from branchtui.ledger.access import Permission
from branchtui.ledger.problems import Refusal, conflict, forbidden
from branchtui.ledger.workflows.customer_rules import plain

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.store.rows import Account, Branch, CreditAccount, Customer, Settlement


class CreditAction(StrEnum):
    """What may be done to a credit account, as `actions` and `refused` name it."""

    EDIT = "edit"
    PURCHASE = "purchase"
    REFUND = "refund"
    ADJUST = "adjust"
    SETTLE = "settle"


REVERSE: Final = "reverse"
"""What may be done to a settlement."""

_PERMISSION: Final = {
    CreditAction.EDIT: Permission.CREDIT_CHANGE,
    CreditAction.PURCHASE: Permission.CREDIT_PURCHASE,
    CreditAction.REFUND: Permission.CREDIT_REFUND,
    CreditAction.ADJUST: Permission.CREDIT_ADJUST,
    CreditAction.SETTLE: Permission.CREDIT_SETTLE,
}
_DOES: Final = {
    CreditAction.EDIT: "change credit accounts",
    CreditAction.PURCHASE: "enter purchases",
    CreditAction.REFUND: "enter refunds",
    CreditAction.ADJUST: "adjust credit accounts",
    CreditAction.SETTLE: "take settlements",
}
_NEEDS_ACTIVE: Final = frozenset({CreditAction.PURCHASE, CreditAction.REFUND, CreditAction.ADJUST})
_CAN_BE_ASKED: Final = frozenset({CreditAction.EDIT, CreditAction.PURCHASE, CreditAction.SETTLE})


@dataclass(frozen=True, slots=True)
class Standing:
    """A credit account with what decides about it; `today` is the ISO date in its branch."""

    credit: CreditAccount
    account: Account
    customer: Customer
    branch: Branch
    today: str
    today_closed: bool


def available_minor(credit: CreditAccount) -> int | None:
    """What may still be bought; None without a limit."""
    limit = credit.max_credit_minor
    return None if limit is None else max(0, limit - credit.owed_minor)


def over_limit_minor(credit: CreditAccount) -> int:
    """By how much more is owed than the limit allows: after a limit was lowered, or a cheque bounced (INV-7)."""
    limit = credit.max_credit_minor
    return 0 if limit is None else max(0, credit.owed_minor - limit)


def checked_limit_minor(credit: CreditAccount) -> int | None:
    """The limit that nothing bought may pass; None where there is none, or it only warns."""
    return credit.max_credit_minor if credit.restrict_credit else None


def refuse(action: CreditAction, who: Principal, standing: Standing) -> Refusal | None:
    """Why `who` may not do `action` now, whatever the amount, or None: role first, then state."""
    return refuse_role(action, who) or refuse_state(action, standing)


def refuse_role(action: CreditAction, who: Principal) -> Refusal | None:
    """Refuses with `forbidden` what the role may never do."""
    if who.may(_PERMISSION[action]):
        return None
    return forbidden(f"Your role, {who.role.value}, may not {_DOES[action]}.")


def refuse_state(action: CreditAction, standing: Standing) -> Refusal | None:
    """Refuses what the customer, the account's status or a closed day do not allow (409)."""
    if action is CreditAction.EDIT:
        return None
    if standing.customer.status != CustomerStatus.ACTIVE:
        return _not_active(standing.customer)
    if action in _NEEDS_ACTIVE and standing.credit.status != CreditStatus.ACTIVE:
        return conflict(
            Codes.ACCOUNT_NOT_ACTIVE,
            f"Account {standing.account.account_no} is inactive. Nothing can be bought on it.",
        )
    if action is CreditAction.SETTLE and (idle := refuse_idle(standing.credit, standing.account)):
        return idle
    return _closed_day(standing)


def refuse_idle(credit: CreditAccount, account: Account) -> Refusal | None:
    """Refuses to pay onto an account that is inactive and owes nothing: it would be at zero no more (409)."""
    if credit.status == CreditStatus.ACTIVE or credit.owed_minor > 0:
        return None
    return conflict(
        Codes.ACCOUNT_NOT_ACTIVE, f"Account {account.account_no} is inactive and nothing is owed."
    )


def _not_active(customer: Customer) -> Refusal:
    return conflict(
        Codes.CUSTOMER_NOT_ACTIVE,
        f"Customer {customer.customer_no} is {plain(customer.status)}. "
        "Money moves only for active customers.",
    )


def _closed_day(standing: Standing) -> Refusal | None:
    return (
        conflict(Codes.DAY_CLOSED, "Today is closed. Enter it tomorrow.") if standing.today_closed else None
    )


def refuse_amount(action: CreditAction, who: Principal, amount_minor: int, currency: str) -> Refusal | None:
    """Refuses with `needs-checker` to move more than the user's limit in one step."""
    if who.within_limit(abs(amount_minor)):
        return None
    assert who.limit_minor is not None, "without a limit everything is within it"
    return Refusal(
        403,
        Codes.NEEDS_CHECKER,
        f"{money(abs(amount_minor), currency)} {currency} is above your limit of "
        f"{money(who.limit_minor, currency)}. Ask a supervisor.",
        extra=_approval(action),
    )


def refuse_credit(standing: Standing, amount_minor: int) -> Refusal | None:
    """Refuses with `credit-limit-exceeded` what would let more be owed than a limit that restricts (INV-7)."""
    credit = standing.credit
    limit = checked_limit_minor(credit)
    if limit is None or amount_minor <= 0 or credit.owed_minor + amount_minor <= limit:
        return None
    return conflict(
        Codes.CREDIT_LIMIT_EXCEEDED, exceeded_words(credit, amount_minor), **exceeded(credit, amount_minor)
    )


def exceeded(credit: CreditAccount, amount_minor: int) -> dict[str, Any]:
    """The figures of an excess, in minor units, as the contract names them."""
    assert credit.max_credit_minor is not None, "without a limit nothing is beyond it"
    return {
        "owed": credit.owed_minor,
        "limit": credit.max_credit_minor,
        "available": available_minor(credit),
        "over_by": credit.owed_minor + amount_minor - credit.max_credit_minor,
    }


def exceeded_words(credit: CreditAccount, amount_minor: int) -> str:
    """The sentence about an excess."""
    figures, currency = exceeded(credit, amount_minor), credit.currency
    return (
        f"{money(amount_minor, currency)} {currency} is {money(figures['over_by'], currency)} beyond the limit: "
        f"{money(figures['owed'], currency)} of {money(figures['limit'], currency)} is owed, "
        f"{money(figures['available'], currency)} is available."
    )


def exposure_minor(max_credit_minor: int | None, *, restrict: bool) -> int | None:
    """How much may come to be owed under such terms; None: there is no bound."""
    return max_credit_minor if restrict else None


def refuse_terms(
    who: Principal, before_minor: int | None, after_minor: int | None, currency: str, *, is_new: bool = False
) -> Refusal | None:
    """Refuses with `needs-checker` to let more be owed than before, and more than the user's own limit.

    `before_minor` and `after_minor` are exposures; a new account's before is 0.
    """
    rises = before_minor is not None and (after_minor is None or after_minor > before_minor)
    if not rises or who.limit_minor is None or (after_minor is not None and after_minor <= who.limit_minor):
        return None
    shown = (
        "Credit without a limit"
        if after_minor is None
        else f"A limit of {money(after_minor, currency)} {currency}"
    )
    how = (
        "Open it with less, then ask for approval to raise it."
        if is_new
        else "Ask a supervisor to approve it."
    )
    return Refusal(
        403,
        Codes.NEEDS_CHECKER,
        f"{shown} is above your limit of {money(who.limit_minor, currency)}. {how}",
        extra={} if is_new else _approval(CreditAction.EDIT),
    )


def refuse_reversal(who: Principal, settlement: Settlement, standing: Standing) -> Refusal | None:
    """Why `who` may not reverse a settlement now, or None: state first, then whose it is to do."""
    if settlement.state != SettlementState.POSTED:
        return conflict(
            Codes.TRANSITION_NOT_ALLOWED,
            f"{settlement.reversed_by} reversed this settlement already.",
            **{"from": settlement.state, "command": REVERSE, "allowed": []},
        )
    if standing.customer.status != CustomerStatus.ACTIVE:
        return _not_active(standing.customer)
    if standing.today_closed:
        return _closed_day(standing)
    amount, currency = settlement.amount_minor, standing.credit.currency
    if who.may(Permission.SETTLEMENT_REVERSE):
        if who.within_limit(amount):
            return None
        why = f"{money(amount, currency)} {currency} is above your limit."
    elif who.may(Permission.CREDIT_SETTLE):
        why = "A settlement is taken back by a supervisor."
    else:
        return forbidden(f"Your role, {who.role.value}, may not reverse settlements.")
    return Refusal(
        403, Codes.NEEDS_CHECKER, f"{why} Ask for approval.", extra={"approval": f"settlement.{REVERSE}"}
    )


def _approval(action: CreditAction) -> dict[str, Any]:
    if action not in _CAN_BE_ASKED:
        return {}
    name = "change" if action is CreditAction.EDIT else action.value
    return {"approval": f"credit-account.{name}"}
