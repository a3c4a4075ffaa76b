"""The law of money that leaves a customer's accounts or changes between them (contract, sections 3 and 9). Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from branchtui.contract.customers import AccountKind, AccountStatus
from branchtui.contract.problem import Codes
from branchtui.format.money import money
from branchtui.ledger.access import Permission
from branchtui.ledger.journal import natural_minor
from branchtui.ledger.problems import Refusal, conflict, forbidden, invalid
from branchtui.ledger.workflows.customer_rules import refuse_money

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.store.rows import Account, Customer


class AccountAction(StrEnum):
    """What may be done to an account, as `actions` and `refused` name it."""

    PAYOUT = "payout"
    OFFSET = "offset"


PAYS_OUT: Final = frozenset(
    {AccountKind.SAVINGS, AccountKind.SHARES, AccountKind.OVERPAYMENT, AccountKind.WALLET}
)
"""Kinds whose money may be paid out."""

OFFSETS: Final = frozenset({AccountKind.SAVINGS, AccountKind.SHARES, AccountKind.OVERPAYMENT})
"""Kinds whose money may pay the same customer's loan."""

KINDS: Final = {
    AccountAction.PAYOUT: PAYS_OUT,
    AccountAction.OFFSET: frozenset({AccountKind.LOAN}),
}
"""The accounts that an action is for; of others it is not said at all."""

_PERMISSION: Final = {
    AccountAction.PAYOUT: Permission.ACCOUNT_PAYOUT,
    AccountAction.OFFSET: Permission.ACCOUNT_OFFSET,
}


def refuse(
    action: AccountAction,
    who: Principal,
    customer: Customer,
    account: Account,
    amount_minor: int | None = None,
) -> Refusal | None:
    """Why `who` may not do `action` to the account now, or None: role, then state, then whose it is to decide.

    Without an amount: whether anything could be moved at all.
    """
    return (
        _refuse_role(action, who)
        or refuse_money(customer)
        or _refuse_account(action, account, amount_minor)
        or refuse_alone(action, who, account, amount_minor or 0)
    )


def _refuse_role(action: AccountAction, who: Principal) -> Refusal | None:
    if who.may(_PERMISSION[action]):
        return None
    return forbidden(f"Your role, {who.role.value}, may not do this.")


def _refuse_account(action: AccountAction, account: Account, amount_minor: int | None) -> Refusal | None:
    """Refuses an account that is of another kind, closed, or does not hold (or owe) as much."""
    if account.kind not in KINDS[action]:
        said = "paid out" if action is AccountAction.PAYOUT else "offset"
        return invalid("/account_id", f"An account of kind {account.kind} is not {said}.")
    if account.status != AccountStatus.OPEN:
        return conflict(Codes.ACCOUNT_NOT_OPEN, f"Account {account.account_no} is {account.status}.")
    stands = natural_minor(account.kind, account.balance_minor)
    if action is AccountAction.OFFSET:
        return refuse_more_than_owed(account, stands, amount_minor)
    return refuse_more_than_held(account, stands, amount_minor)


def refuse_more_than_held(account: Account, held_minor: int, amount_minor: int | None) -> Refusal | None:
    """Refuses to take more than an account holds (409 `insufficient-balance`)."""
    if held_minor >= (1 if amount_minor is None else amount_minor):
        return None
    holds = f"{money(max(held_minor, 0), account.currency)} {account.currency}"
    said = f"holds {holds}" if held_minor > 0 else "holds nothing"
    return conflict(
        Codes.INSUFFICIENT_BALANCE,
        f"Account {account.account_no} {said}. Nothing was moved.",
        balance_minor=held_minor,
        account_id=account.id,
    )


def refuse_more_than_owed(account: Account, owed_minor: int, amount_minor: int | None) -> Refusal | None:
    """Refuses to pay more than a loan owes (409 `more-than-owed`)."""
    if owed_minor >= (1 if amount_minor is None else amount_minor):
        return None
    owes = f"{money(max(owed_minor, 0), account.currency)} {account.currency}"
    said = f"owes {owes}" if owed_minor > 0 else "owes nothing"
    return conflict(
        Codes.MORE_THAN_OWED,
        f"Loan {account.account_no} {said}. Nothing was moved.",
        balance_minor=owed_minor,
        account_id=account.id,
    )


def refuse_alone(
    action: AccountAction, who: Principal, account: Account, amount_minor: int
) -> Refusal | None:
    """Refuses with `needs-checker` what is beyond a person: a payout by a teller, an amount above the limit."""
    approval = {"approval": f"account.{action.value}"}
    if action is AccountAction.PAYOUT and not who.may(Permission.ACCOUNT_PAYOUT_ALONE):
        return Refusal(
            403, Codes.NEEDS_CHECKER, "A supervisor pays out. Ask one to allow it.", extra=approval
        )
    if who.within_limit(amount_minor):
        return None
    assert who.limit_minor is not None, "without a limit everything is within it"
    said = (
        f"{money(amount_minor, account.currency)} {account.currency} is above your limit of "
        f"{money(who.limit_minor, account.currency)}. Ask a supervisor."
    )
    return Refusal(403, Codes.NEEDS_CHECKER, said, extra=approval)
