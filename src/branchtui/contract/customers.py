"""Customers and their accounts (contract, section 3)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from branchtui.contract.base import (
    TRIMMED,
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
from branchtui.contract.customer_parts import (
    AdditionalDetails,
    Address,
    CodeGiven,
    Document,
    FamilyMember,
    HistoryEntry,
    Identifier,
    NewAddress,
    NewFamilyMember,
    NewIdentifier,
    Note,
)
from branchtui.contract.loans import Loan, NewLoan


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


class Account(Resource):
    """An account of a customer.

    `balance_minor` is what is held (wallet, savings, shares, overpayment) or owed (loan, receivable,
    credit), in minor units of `currency`. A loan with terms tells of them in `loan`.
    """

    version: int = 1
    account_no: str
    kind: AccountKind
    currency: str
    status: AccountStatus
    product: str | None = None
    balance_minor: BalanceMinor
    loan: Loan | None = None


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


class CustomerRow(Resource):
    """A customer as a list shows one, and what may be done; why the rest may not is told with the whole customer."""

    customer_no: str
    account_no: str
    legal_form: LegalForm
    name: str
    branch_id: str
    branch_code: str
    status: CustomerStatus
    mobile_no: str | None = None
    external_id: str | None = None
    created_at: datetime

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


ROW_FIELDS: Final = tuple(sorted(CustomerRow.model_fields.keys() - {"id", "version", "refused"}))
"""What a list asks of each customer; id and version always come."""


class Customer(CustomerRow):
    """A customer. What `include` names comes along: accounts, the latest entries over all accounts, parts, history.

    Codes, `staff`, `group`, `organisation` and `labels` are told by their names.
    """

    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    date_of_birth: date | None = None
    gender: str | None = None
    client_type: str | None = None
    classification: str | None = None
    staff_id: str | None = None
    staff: str | None = None
    labels: tuple[str, ...] = ()
    group: str | None = None
    organisation: str | None = None
    incorporation_no: str | None = None
    incorporation_valid_until: date | None = None
    constitution: str | None = None
    business_line: str | None = None
    submitted_on: date | None = None
    activation_date: date | None = None
    reopened_on: date | None = None
    closure_date: date | None = None
    closure_reason: str | None = None
    rejection_date: date | None = None
    rejection_reason: str | None = None
    withdrawal_date: date | None = None
    withdrawal_reason: str | None = None
    reactivation_date: date | None = None
    terms_accepted_on: date | None = None
    self_registered: bool = False
    created_by: str = ""
    accounts: tuple[Account, ...] | None = None
    entries: tuple[Entry, ...] | None = None
    family: tuple[FamilyMember, ...] | None = None
    addresses: tuple[Address, ...] | None = None
    identifiers: tuple[Identifier, ...] | None = None
    documents: tuple[Document, ...] | None = None
    notes: tuple[Note, ...] | None = None
    additional_details: AdditionalDetails | None = None
    history: tuple[HistoryEntry, ...] | None = None


def unread(row: CustomerRow) -> Customer:
    """The customer of a row, of whom no more is known: nothing may be done to him before the rest is."""
    told = {name: getattr(row, name) for name in CustomerRow.model_fields}
    return Customer(**told | {"actions": (), "refused": {}})


Mobile = Annotated[str, StringConstraints(max_length=32)]
Email = Annotated[str, StringConstraints(max_length=254, strip_whitespace=True)]
# A blank before or behind a number is nobody's: with it one customer's would be another one.
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True), TRIMMED]
RegistrationNo = Annotated[
    str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True), TRIMMED
]
Labels = Annotated[tuple[CodeGiven, ...], Field(max_length=20)]

PARTS_MAX = 20
"""Parts of a kind that may come with a new customer."""


class NewCustomer(Request):
    """`POST /v1/customers`. Numbers may come from an older system and are made otherwise.

    A code is given by its id or its exact name. The parts are entered with the customer or not at all.
    """

    legal_form: LegalForm = LegalForm.PERSON
    first_name: Name | None = None
    middle_name: Name | None = None
    last_name: Name | None = None
    name: Name | None = None
    branch_id: Id
    customer_no: Number | None = None
    account_no: Number | None = None
    mobile_no: Mobile | None = None
    email: Email | None = None
    date_of_birth: Day | None = None
    gender: CodeGiven | None = None
    client_type: CodeGiven | None = None
    classification: CodeGiven | None = None
    staff_id: Id | None = None
    external_id: ExternalId | None = None
    labels: Labels = ()
    group: CodeGiven | None = None
    organisation: CodeGiven | None = None
    incorporation_no: RegistrationNo | None = None
    incorporation_valid_until: Day | None = None
    constitution: CodeGiven | None = None
    business_line: CodeGiven | None = None
    active: bool = False
    activation_date: Day | None = None
    submitted_on: Day | None = None
    terms_accepted: bool = False
    self_registered: bool = False
    family: Annotated[tuple[NewFamilyMember, ...], Field(max_length=PARTS_MAX)] = ()
    addresses: Annotated[tuple[NewAddress, ...], Field(max_length=PARTS_MAX)] = ()
    identifiers: Annotated[tuple[NewIdentifier, ...], Field(max_length=PARTS_MAX)] = ()


class CustomerChange(Request):
    """`PATCH /v1/customers/{id}`: only the members that are sent change; null empties one.

    The legal form stays, and the branch changes by transfer.
    """

    first_name: Name | None = None
    middle_name: Name | None = None
    last_name: Name | None = None
    name: Name | None = None
    mobile_no: Mobile | None = None
    email: Email | None = None
    date_of_birth: Day | None = None
    gender: CodeGiven | None = None
    client_type: CodeGiven | None = None
    classification: CodeGiven | None = None
    staff_id: Id | None = None
    external_id: ExternalId | None = None
    labels: Labels | None = None
    group: CodeGiven | None = None
    organisation: CodeGiven | None = None
    incorporation_no: RegistrationNo | None = None
    incorporation_valid_until: Day | None = None
    constitution: CodeGiven | None = None
    business_line: CodeGiven | None = None
    submitted_on: Day | None = None


class ActivateCustomer(Request):
    """`POST /v1/customers/{id}/activate`. The date is today's unless it is given."""

    activation_date: Day | None = None


class CloseCustomer(Request):
    """`POST /v1/customers/{id}/close`. The reason is a value of `closure_reason`."""

    closure_date: Day
    closure_reason: CodeGiven


class ReactivateCustomer(Request):
    """`POST /v1/customers/{id}/reactivate`: active again at once. The date is today's unless it is given."""

    reactivation_date: Day | None = None


class RejectCustomer(Request):
    """`POST /v1/customers/{id}/reject`. The reason is a value of `rejection_reason`."""

    rejection_date: Day
    rejection_reason: CodeGiven


class WithdrawCustomer(Request):
    """`POST /v1/customers/{id}/withdraw`. The reason is a value of `withdrawal_reason`."""

    withdrawal_date: Day
    withdrawal_reason: CodeGiven


class ReopenCustomer(Request):
    """`POST /v1/customers/{id}/reopen`: pending again. The date is today's unless it is given."""

    reopened_date: Day | None = None


class AssignStaff(Request):
    """`POST /v1/customers/{id}/assign-staff`."""

    staff_id: Id


class LookAlike(Answer):
    """A customer who is like one that is to be entered, and in what."""

    customer: CustomerBrief
    mobile_no: str | None = None
    date_of_birth: date | None = None
    reasons: tuple[str, ...]


class LookAlikes(Answer):
    """`GET /v1/customers/duplicates`: at most ten, the likest first."""

    items: tuple[LookAlike, ...]


class NewAccount(Request):
    """`POST /v1/customers/{id}/accounts`. `product` is a product's code, id or exact name; `loan` is for loans."""

    kind: AccountKind
    currency: Currency
    product: Annotated[str, StringConstraints(min_length=1, max_length=140)] | None = None
    account_no: Number | None = None
    loan: NewLoan | None = None
