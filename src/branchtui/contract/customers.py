"""Customers and their accounts (contract, section 3)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import StringConstraints

from branchtui.contract.base import (
    Answer,
    BalanceMinor,
    Currency,
    Day,
    Id,
    Name,
    Number,
    OpenEnum,
    Request,
    Resource,
)


class LegalForm(OpenEnum):
    """A person has first and last names, an entity one name."""

    PERSON = "person"
    ENTITY = "entity"
    OTHER = "other"


class CustomerStatus(OpenEnum):
    """Where a customer stands between first form and closure."""

    PENDING = "pending"
    ACTIVE = "active"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    TRANSFER_IN_PROGRESS = "transfer_in_progress"
    CLOSED = "closed"
    OTHER = "other"


class AccountKind(OpenEnum):
    """Every account a customer can have. The kind decides the side that is natural to it."""

    WALLET = "wallet"
    SAVINGS = "savings"
    SHARES = "shares"
    LOAN = "loan"
    OVERPAYMENT = "overpayment"
    RECEIVABLE = "receivable"
    CREDIT = "credit"
    OTHER = "other"


class AccountStatus(OpenEnum):
    """Whether an account takes part in business."""

    OPEN = "open"
    CLOSED = "closed"
    OTHER = "other"


class CustomerBrief(Answer):
    """A customer as other resources name one. `account_no` is the main account's, the wallet's."""

    id: str
    customer_no: str
    name: str
    account_no: str
    status: CustomerStatus = CustomerStatus.ACTIVE


class Account(Answer):
    """An account of a customer.

    `balance_minor` is what is held (wallet, savings, shares, overpayment) or owed (loan, receivable,
    credit), in minor units of `currency`.
    """

    id: str
    account_no: str
    kind: AccountKind
    currency: str
    status: AccountStatus
    product: str | None = None
    balance_minor: BalanceMinor


class AccountBalance(Answer):
    """The new balance of an account that a change of money touched."""

    account_id: str
    account_no: str
    kind: AccountKind
    currency: str
    balance_minor: BalanceMinor


class Entry(Answer):
    """One leg on an account, as its owner sees it: positive raises the balance, negative lowers it."""

    id: str
    account_id: str
    account_no: str
    account_kind: AccountKind
    kind: str
    amount_minor: int
    balance_after_minor: BalanceMinor
    currency: str
    booked_at: datetime
    narration: str = ""
    reference: str | None = None
    created_by: str


class Customer(Resource):
    """A customer. `accounts` and `entries` (the latest, over all accounts) come with `include`."""

    customer_no: str
    account_no: str
    legal_form: LegalForm
    name: str
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    branch_id: str
    branch_code: str
    status: CustomerStatus
    mobile_no: str | None = None
    email: str | None = None
    date_of_birth: date | None = None
    gender: str | None = None
    external_id: str | None = None
    submitted_on: date | None = None
    activation_date: date | None = None
    created_at: datetime
    accounts: tuple[Account, ...] | None = None
    entries: tuple[Entry, ...] | None = None

    @property
    def brief(self) -> CustomerBrief:
        """This customer as other resources name it."""
        return CustomerBrief(
            id=self.id,
            customer_no=self.customer_no,
            name=self.name,
            account_no=self.account_no,
            status=self.status,
        )


class NewCustomer(Request):
    """`POST /v1/customers`. Numbers may come from an older system and are made otherwise."""

    legal_form: LegalForm = LegalForm.PERSON
    first_name: Name | None = None
    middle_name: Name | None = None
    last_name: Name | None = None
    name: Name | None = None
    branch_id: Id
    customer_no: Number | None = None
    account_no: Number | None = None
    mobile_no: Annotated[str, StringConstraints(max_length=32)] | None = None
    email: Annotated[str, StringConstraints(max_length=254)] | None = None
    date_of_birth: Day | None = None
    gender: Annotated[str, StringConstraints(max_length=64)] | None = None
    external_id: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    active: bool = False
    activation_date: Day | None = None
    submitted_on: Day | None = None


class NewAccount(Request):
    """`POST /v1/customers/{id}/accounts`."""

    kind: AccountKind
    currency: Currency
    product: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    account_no: Number | None = None
