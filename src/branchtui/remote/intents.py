"""What a teller means to change, and how it is remembered: masked, without a body (OUT-2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from branchtui.contract.customers import CustomerBrief
from branchtui.contract.operations import short_reference
from branchtui.format.counts import count_of
from branchtui.format.money import money


class IntentState(StrEnum):
    """OUT-4. `sent` and `unknown` are in doubt; `applied` and `not_applied` wait to be seen."""

    PREPARED = "prepared"
    SENT = "sent"
    SUCCEEDED = "succeeded"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    APPLIED = "applied"
    NOT_APPLIED = "not_applied"
    SEEN = "seen"


class _Record(Protocol):
    """A resource that states money of a customer."""

    @property
    def customer(self) -> CustomerBrief: ...
    @property
    def customer_id(self) -> str: ...
    @property
    def account_kind(self) -> str: ...
    @property
    def amount_minor(self) -> int: ...
    @property
    def currency(self) -> str: ...


class _Payment(Protocol):
    """A payment, associated or not."""

    @property
    def payment_no(self) -> str: ...
    @property
    def customer_id(self) -> str | None: ...
    @property
    def amount_minor(self) -> int: ...
    @property
    def currency(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Intent:
    """A change before it has a key.

    `summary` goes to disk and to the screen: it names no full name and no phone. `target` is the
    customer (or other resource) by its opaque id; together with `amount_minor` it keeps a teller
    from keying the same thing again while it is in doubt (link, section 5).
    """

    action: str
    summary: str
    target: str | None = None
    amount_minor: int | None = None
    currency: str | None = None

    @classmethod
    def for_record(cls, action: str, record: _Record) -> Intent:
        """A change of a balance record."""
        what = f"{money(record.amount_minor, record.currency)} {record.currency} {record.account_kind}"
        return cls(
            action=action,
            summary=f"{_VERBS[action]} {what} → {_who(record.customer)}",
            target=record.customer_id,
            amount_minor=record.amount_minor,
            currency=record.currency,
        )

    @classmethod
    def for_amount(cls, action: str, what: str, target: str, amount_minor: int, currency: str) -> Intent:
        """A change that states an amount; `what` must hold neither a full name nor a phone."""
        return cls(
            action=action,
            summary=f"{_VERBS[action]} {money(amount_minor, currency)} {currency} {what}",
            target=target,
            amount_minor=amount_minor,
            currency=currency,
        )

    @classmethod
    def for_payment(cls, action: str, payment: _Payment, customer_id: str | None, whom: str = "") -> Intent:
        """A change of a payment's owner, `whom`, as `masked_label` takes one."""
        return cls.for_amount(
            action,
            f"payment {payment.payment_no}{masked_label(whom)}",
            customer_id or payment.customer_id or payment.payment_no,
            payment.amount_minor,
            payment.currency,
        )

    @classmethod
    def for_set(cls, action: str, count: int, total_minor: int) -> Intent:
        """A change of many records at once; the set's hash is in the body and not on disk."""
        return cls(
            action=action, summary=f"{_VERBS[action]} {count_of(count, 'record')}", amount_minor=total_minor
        )

    @classmethod
    def plain(cls, action: str, what: str = "", target: str | None = None) -> Intent:
        """A change that moves no money."""
        return cls(action=action, summary=f"{_VERBS[action]} {what}".strip(), target=target)


_VERBS = {
    "approval.approve": "Approve",
    "approval.file": "Ask for approval:",
    "approval.reject": "Reject",
    "approval.withdraw": "Withdraw",
    "balance-file.create": "Check balance file",
    "balance-file.validate": "Check again",
    "balance-file.apply": "Apply",
    "balance-file.revert": "Revert",
    "balance-file.reject": "Reject",
    "file-settings.change": "Change what is remarkable in a balance file",
    "branch.change": "Change branch",
    "column-map.create": "Save columns",
    "column-map.change": "Change columns",
    "branch.create": "Add branch",
    "day.close": "Close the day",
    "day.open": "Open the day",
    "security.change": "Change codes and limits by role",
    "user.change": "Change user",
    "user.second-factor": "Enrol the own device",
    "user.create": "Add user",
    "user.password": "Change the own password",
    "user.unlock": "Unlock user",
    "balance-record.create": "Key balance",
    "balance-record.change": "Change balance",
    "balance-record.delete": "Delete balance",
    "balance-record.post": "Post balance",
    "balance-record.reverse": "Reverse balance",
    "balance-record.post-all": "Post",
    "balance-record.delete-all": "Delete",
    "payment.associate": "Associate",
    "payment.disassociate": "Disassociate",
    "credit-account.create": "Open credit account",
    "credit-account.change": "Change credit account",
    "credit-account.purchase": "Purchase of",
    "credit-account.refund": "Refund of",
    "credit-account.adjust": "Adjust by",
    "credit-account.settle": "Settle",
    "settlement.reverse": "Reverse settlement of",
    "statement.mail": "Mail statement",
    "payment.associate-all": "Associate",
    "payment.create": "Take",
    "payment.reassign": "Reassign",
    "payment.ignore": "Ignore",
    "payment.restore": "Restore",
    "callback-event.ignore": "Settle what is held:",
    "callback-event.restore": "Hold again:",
    "payment.refund": "Refund",
    "payment.reverse": "Reverse",
    "receipt.print": "Print receipt",
    "learned-payer.change": "Switch learned payer of",
    "plan.create": "Add plan",
    "plan.change": "Change plan",
    "voucher.sell": "Sell voucher",
    "voucher.reverse": "Reverse voucher",
    "customer.create": "New customer",
    "customer.change": "Change customer",
    "customer.delete": "Delete customer",
    "customer.activate": "Activate customer",
    "customer.reject": "Reject customer",
    "customer.withdraw": "Withdraw customer",
    "customer.reopen": "Reopen customer",
    "customer.close": "Close customer",
    "customer.reactivate": "Reactivate customer",
    "customer.assign-staff": "Assign staff to customer",
    "customer.unassign-staff": "Unassign staff from customer",
    "customer.transfer-propose": "Offer customer",
    "customer.transfer-accept": "Accept customer",
    "customer.transfer-reject": "Send back customer",
    "customer.transfer-withdraw": "Take back the offer of customer",
    "customer-details.change": "Change details of customer",
    "family-members.create": "Add family of customer",
    "family-members.change": "Change family of customer",
    "family-members.delete": "Delete family of customer",
    "addresses.create": "Add address of customer",
    "addresses.change": "Change address of customer",
    "addresses.delete": "Delete address of customer",
    "identifiers.create": "Add identifier of customer",
    "identifiers.change": "Change identifier of customer",
    "identifiers.delete": "Delete identifier of customer",
    "notes.create": "Add note about customer",
    "notes.change": "Change note about customer",
    "notes.delete": "Delete note about customer",
    "document.create": "Keep document of customer",
    "document.delete": "Delete document of customer",
    "account.open": "Open account",
    "account.payout": "Pay out",
    "account.offset": "Offset",
    "code.create": "Add to the list",
    "code.change": "Change the list",
    "staff.create": "Add staff",
    "staff.change": "Change staff",
    "product.create": "Add product",
    "product.change": "Change product",
    "membership.change": "Change membership settings",
    "import.create": "Import",
    "import.start": "Go on with import",
}


@dataclass(frozen=True, slots=True)
class Pending:
    """An intent with its key, as the journal holds it."""

    key: str
    action: str
    summary: str
    state: IntentState
    created_at: datetime
    ledger_id: str
    epoch: str
    user: str
    method: str
    route: str
    body_sha256: str
    target: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    is_parked: bool = False

    @property
    def reference(self) -> str:
        """What people read to each other: `7QK2-M9`."""
        return short_reference(self.key)


def masked_name(name: str) -> str:
    """A name that can be recognised and not read: `Jane Wanjiru` becomes `J*** W.`."""
    words = name.split()
    if not words:
        return ""
    first = f"{words[0][0]}***"
    return first if len(words) == 1 else f"{first} {words[-1][0]}."


def masked_label(label: str) -> str:
    """A customer as a screen names one, number and name: `000101 Jane Wanjiru` becomes ` → 000101 (J*** W.)`."""
    number, _, name = label.strip().partition(" ")
    return (f" → {number}" + (f" ({masked_name(name)})" if name else "")) if number else ""


def _who(customer: CustomerBrief) -> str:
    return f"acct {customer.account_no} ({masked_name(customer.name)})"
