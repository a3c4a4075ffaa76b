"""Rows of what belongs to customers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CodeValue:
    """A value of a code list; `name_key` is the folded name, unique in its list."""

    id: str
    version: int
    code: str
    name: str
    name_key: str
    position: int
    active: int
    number: int
    created_at: int


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody of the institution to whom customers are assigned; no user, and signs in to nothing."""

    id: str
    version: int
    branch_id: str
    staff_no: str | None
    first_name: str
    last_name: str
    name: str
    name_key: str
    mobile_no: str | None
    email: str | None
    joined_on: str | None
    active: int
    number: int
    created_at: int


@dataclass(frozen=True, slots=True)
class Product:
    """A kind of account as the institution sells it; accounts name it by `code`."""

    id: str
    version: int
    code: str
    name: str
    name_key: str
    kind: str
    currency: str | None
    description: str
    active: int
    number: int
    created_at: int


@dataclass(frozen=True, slots=True)
class CustomerFacet:
    """A customer under one of the marks he is listed by, with all of his marks."""

    facet: str
    name_key: str
    customer_id: str
    marks: str


@dataclass(frozen=True, slots=True)
class FamilyMember:
    """Somebody of a customer's family; a date of birth or an age in years."""

    id: str
    version: int
    customer_id: str
    first_name: str
    middle_name: str | None
    last_name: str
    relationship: str
    is_contact: int
    mobile_no: str | None
    date_of_birth: str | None
    age: int | None
    gender: str | None
    profession: str | None
    marital_status: str | None
    is_dependent: int
    created_by: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Address:
    """Where a customer is found."""

    id: str
    version: int
    customer_id: str
    address_type: str
    street: str | None
    line_1: str | None
    line_2: str | None
    line_3: str | None
    city: str | None
    state_province: str | None
    country: str | None
    postal_code: str | None
    active: int
    created_by: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Identifier:
    """A number that somebody else has given the customer; `number_key` is it without signs and case."""

    id: str
    version: int
    customer_id: str
    identifier_type: str
    number: str
    number_key: str
    description: str | None
    valid_until: str | None
    created_by: str
    created_at: int


@dataclass(frozen=True, slots=True)
class CustomerNote:
    """What somebody wrote about a customer."""

    id: str
    version: int
    customer_id: str
    note: str
    created_by: str
    created_at: int


@dataclass(frozen=True, slots=True)
class CustomerDetails:
    """Further details of a customer, a JSON object of texts."""

    customer_id: str
    version: int
    details: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file of a customer; `seen` is a JSON object of what the ledger found in its bytes."""

    id: str
    version: int
    customer_id: str
    upload_id: str
    name: str
    file_name: str
    description: str | None
    media_type: str
    length: int
    sha256: str
    seen: str
    created_by: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """A customer on the way from one branch to another."""

    id: str
    customer_id: str
    from_branch_id: str
    to_branch_id: str
    transfer_date: str
    note: str | None
    state: str
    proposed_by: str
    proposed_at: int
    decided_by: str | None
    decided_at: int | None
    decision_note: str | None


@dataclass(frozen=True, slots=True)
class PaymentWait:
    """A payment that waits for a customer's transfer to end."""

    payment_id: str
    customer_id: str


@dataclass(frozen=True, slots=True)
class LoanTerms:
    """What was agreed about a loan; amounts in minor units of its account's currency."""

    account_id: str
    principal_minor: int
    interest_minor: int
    rate: str | None
    method: str
    every: str
    start_date: str
    instalments: int


@dataclass(frozen=True, slots=True)
class LoanInstalment:
    """One instalment of a loan's schedule."""

    account_id: str
    number: int
    due_date: str
    principal_minor: int
    interest_minor: int
