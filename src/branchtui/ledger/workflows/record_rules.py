"""The law of balance records: who may do what to one in which state, and what one may say (contract, section 4).

Pure: rows in, a refusal or None out. The views ask the same functions as the commands do, so that a
menu never offers what the ledger refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from branchtui.contract.balance_records import RECORD_KINDS, RecordStatus
from branchtui.contract.base import MAX_AMOUNT_MINOR
from branchtui.contract.customers import AccountKind, AccountStatus, CustomerStatus
from branchtui.contract.problem import Codes, FieldError
from branchtui.format.money import money
from branchtui.ledger.access import Permission
from branchtui.ledger.cards import holds_card_number
from branchtui.ledger.journal import CREDIT_NORMAL, natural_minor
from branchtui.ledger.problems import Refusal, conflict, forbidden
from branchtui.ledger.store.rows import Account, BalanceRecord, Customer
from branchtui.ledger.workflows.customer_rules import refuse_money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.access import Principal
    from branchtui.ledger.store.rows import Branch


class RecordAction(StrEnum):
    """What may be done to a record, as `actions` and `refused` name it."""

    POST = "post"
    EDIT = "edit"
    DELETE = "delete"
    REVERSE = "reverse"


ALLOWED: Final[dict[str, tuple[RecordAction, ...]]] = {
    RecordStatus.NOT_ACCOUNTED: (RecordAction.POST, RecordAction.EDIT, RecordAction.DELETE),
    RecordStatus.ACCOUNTED: (RecordAction.REVERSE,),
    RecordStatus.REVERSED: (),
}
"""The commands of each state; everything else is refused."""

TAKES_RECORDS: Final = frozenset(
    {CustomerStatus.PENDING, CustomerStatus.ACTIVE, CustomerStatus.TRANSFER_IN_PROGRESS}
)
"""Where a customer stands for whom a record may be keyed; posting needs an active one."""

_PERMISSION: Final = {
    RecordAction.POST: Permission.RECORD_POST,
    RecordAction.EDIT: Permission.RECORD_CHANGE,
    RecordAction.DELETE: Permission.RECORD_CHANGE,
    RecordAction.REVERSE: Permission.RECORD_REVERSE,
}
_DONE: Final = {
    RecordAction.POST: "posted again",
    RecordAction.EDIT: "edited",
    RecordAction.DELETE: "deleted",
    RecordAction.REVERSE: "reversed",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A record with what decides about it: its customer, and whether its day and today are closed.

    `account` is the one that was posted to, where a reversal may take from it again.
    """

    record: BalanceRecord
    customer: Customer
    day_closed: bool
    today_closed: bool
    account: Account | None = None


class RecordValues(NamedTuple):
    """What a record says; `as_of_date` is an ISO date, the amount in minor units of `currency`."""

    customer_id: str
    account_kind: str
    account_no: str | None
    product: str | None
    amount_minor: int
    currency: str
    as_of_date: str
    narration: str
    external_ref: str | None


def refuse(action: RecordAction, who: Principal, standing: Standing) -> Refusal | None:
    """Why `who` may not do `action` now, or None: role first, then state, then the limit, then money that is gone."""
    return (
        refuse_role(action, who)
        or refuse_state(action, standing)
        or refuse_limit(action, who, standing.record)
        or (refuse_spent(standing) if action is RecordAction.REVERSE else None)
    )


def refuse_role(action: RecordAction, who: Principal) -> Refusal | None:
    """Refuses with `forbidden` what the role may never do."""
    if who.may(_PERMISSION[action]):
        return None
    return forbidden(f"Your role, {who.role.value}, may not {action.value} balance records.")


def refuse_limit(action: RecordAction, who: Principal, record: BalanceRecord) -> Refusal | None:
    """Refuses with `needs-checker` to move more money than the user's limit; staging is free."""
    moves_money = action in {RecordAction.POST, RecordAction.REVERSE} and action in ALLOWED[record.status]
    if not moves_money or who.within_limit(record.amount_minor):
        return None
    assert who.limit_minor is not None, "without a limit everything is within it"
    return Refusal(
        403,
        Codes.NEEDS_CHECKER,
        f"{money(record.amount_minor, record.currency)} {record.currency} is above your limit of "
        f"{money(who.limit_minor, record.currency)}. Ask a supervisor to {action.value} it.",
        extra={"approval": f"balance-record.{action.value}"},
    )


def refuse_state(action: RecordAction, standing: Standing) -> Refusal | None:
    """Refuses what the record's state, its customer or a closed day do not allow (409)."""
    record = standing.record
    if action not in ALLOWED[record.status]:
        return _wrong_state(action, record)
    if action in {RecordAction.POST, RecordAction.REVERSE}:
        return refuse_money(standing.customer) or _refuse_day(action, standing)
    return None


def refuse_spent(standing: Standing) -> Refusal | None:
    """Refuses to take back what the account holds no more: it would go below zero (409), unless a second person approves."""
    account, record = standing.account, standing.record
    if account is None or account.kind not in CREDIT_NORMAL:
        return None
    held = natural_minor(account.kind, account.balance_minor)
    if held >= record.amount_minor:
        return None
    return conflict(
        Codes.INSUFFICIENT_BALANCE,
        f"Account {account.account_no} holds {money(held, account.currency)} {account.currency}, less than the "
        f"{money(record.amount_minor, record.currency)} of this record: it was paid out or offset since. "
        "Another supervisor can allow it.",
        balance_minor=held,
        approval=f"balance-record.{RecordAction.REVERSE.value}",
    )


def _wrong_state(action: RecordAction, record: BalanceRecord) -> Refusal:
    if record.status == RecordStatus.ACCOUNTED:
        return conflict(
            Codes.RECORD_ACCOUNTED,
            f"{record.posted_by} posted this record; it can never be {_DONE[action]}. "
            "A supervisor can reverse it.",
        )
    said = "was reversed" if record.status == RecordStatus.REVERSED else "is not posted yet"
    return conflict(
        Codes.TRANSITION_NOT_ALLOWED,
        f"This record {said}; it cannot be {_DONE[action]}.",
        **{"from": record.status, "command": action.value, "allowed": list(ALLOWED[record.status])},
    )


def _refuse_day(action: RecordAction, standing: Standing) -> Refusal | None:
    if action is RecordAction.POST and standing.day_closed:
        return conflict(
            Codes.DAY_CLOSED,
            f"{standing.record.as_of_date} is closed. Give the record another date, or ask a supervisor.",
        )
    if action is RecordAction.REVERSE and standing.today_closed:
        return conflict(Codes.DAY_CLOSED, "Today is closed. Reverse it on the next open day.")
    return None


def refuse_customer_for_keying(customer: Customer) -> Refusal | None:
    """Refuses a new record for somebody who has left or was never taken in (409 `customer-not-active`)."""
    if customer.status in TAKES_RECORDS:
        return None
    return conflict(
        Codes.CUSTOMER_NOT_ACTIVE,
        f"Customer {customer.customer_no} is {customer.status}. No balance can be keyed.",
    )


def value_errors(
    values: RecordValues, branch: Branch, today: date, *, day_closed: bool, accounts: Sequence[Account]
) -> tuple[FieldError, ...]:
    """Everything that is wrong with the values of a record, each with its JSON pointer.

    `accounts` are the customer's; `branch` is the customer's branch and `today` its calendar day.
    """
    found: list[tuple[str, str, str]] = []
    if values.account_kind not in RECORD_KINDS:
        kinds = ", ".join(kind.value for kind in RECORD_KINDS)
        found.append(("account_kind", "kind", f"Kind: {values.account_kind} is not one of {kinds}."))
    if not 1 <= values.amount_minor <= MAX_AMOUNT_MINOR:
        found.append(
            ("amount_minor", "amount", "Amount: it must be more than zero, and not beyond the largest.")
        )
    if values.currency != branch.currency:
        found.append(
            ("currency", "currency", f"Currency: {values.currency} is not the branch's, {branch.currency}.")
        )
    if values.as_of_date > today.isoformat():
        found.append(("as_of_date", "date-in-future", f"Date: {values.as_of_date} is in the future."))
    elif day_closed:
        found.append(("as_of_date", Codes.DAY_CLOSED, f"Date: {values.as_of_date} is closed."))
    if holds_card_number(values.narration):
        found.append(("narration", "card-number", "Narration: this looks like a card number. Take it out."))
    if values.account_no is not None and not _own_account(values, accounts):
        found.append(
            (
                "account_no",
                "account-foreign",
                f"Account: {values.account_no} is no {values.account_kind} account of this customer.",
            )
        )
    if not found:  # nearly always, and there may be a hundred thousand
        return ()
    return tuple(FieldError(pointer=f"/{name}", code=code, message=said) for name, code, said in found)


def _own_account(values: RecordValues, accounts: Sequence[Account]) -> bool:
    return any(
        account.account_no == values.account_no
        and account.kind == values.account_kind
        and account.currency == values.currency
        and account.status == AccountStatus.OPEN
        for account in accounts
    )


def decide_account(record: BalanceRecord, accounts: Sequence[Account]) -> Account | Refusal | None:
    """The customer's account that posting `record` moves; None when one is to be opened.

    The account that the record names, or the only open one of its kind and currency; several
    refuse with `account-ambiguous`, a named one that is not open any more with `account-not-open`.
    """
    fitting = [
        account
        for account in accounts
        if account.kind == record.account_kind
        and account.currency == record.currency
        and account.status == AccountStatus.OPEN
    ]
    if record.account_no is not None:
        named = [account for account in fitting if account.account_no == record.account_no]
        return named[0] if named else _not_open(record)
    if len(fitting) > 1:
        numbers = sorted(account.account_no for account in fitting)
        return conflict(
            Codes.ACCOUNT_AMBIGUOUS,
            f"The customer has {len(fitting)} {record.account_kind} accounts: {', '.join(numbers[:5])}. "
            "Edit the record and name one.",
            accounts=numbers,
        )
    return fitting[0] if fitting else None


def _not_open(record: BalanceRecord) -> Refusal:
    return conflict(
        "account-not-open",
        f"Account {record.account_no} is no open {record.account_kind} account of this customer.",
    )


def is_owed(kind: str) -> bool:
    """Whether a balance of this kind is what the customer owes: a debit."""
    return kind == AccountKind.LOAN
