"""The complete log of money: every journal entry, and its legs (contract, section 5)."""

from __future__ import annotations

from datetime import date, datetime

from branchtui.contract.base import Answer
from branchtui.contract.customers import CustomerBrief
from branchtui.contract.tenders import Tender


class TransactionLeg(Answer):
    """One side of an entry. Of `debit_minor` and `credit_minor` one is given, in minor units of `currency`.

    `balance_after_minor` is what the account then held or owed, as its owner reads it; of an account of the branch's
    own a debit is positive.
    """

    line: int
    account_no: str
    account_kind: str
    customer_id: str | None = None
    debit_minor: int | None = None
    credit_minor: int | None = None
    currency: str
    balance_after_minor: int


class Transaction(Answer):
    """A journal entry: `amount_minor` is the sum of its debits, in minor units of `currency`.

    `customer` and `account_no` are those whose money it is, where it is somebody's; `tender` is what it came or went
    by. `operation` is the short reference of the operation that wrote it. `legs` and `reversed_by` come with one
    transaction alone.
    """

    id: str
    branch_id: str
    kind: str
    booked_at: datetime
    business_date: date
    amount_minor: int
    currency: str
    customer: CustomerBrief | None = None
    account_no: str | None = None
    tender: Tender | None = None
    narration: str = ""
    reference: str | None = None
    created_by: str
    operation: str
    reversal_of: str | None = None
    reversed_by: str | None = None
    legs: tuple[TransactionLeg, ...] | None = None
