"""What administrators keep for everybody: code lists, staff, products, membership (contract, section 2)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from branchtui.contract.base import Currency, Day, Id, Name, OpenEnum, Request, Resource
from branchtui.contract.customers import AccountKind


class CodeName(OpenEnum):
    """The code lists."""

    GENDER = "gender"
    CLIENT_TYPE = "client_type"
    CLASSIFICATION = "classification"
    CLOSURE_REASON = "closure_reason"
    REJECTION_REASON = "rejection_reason"
    WITHDRAWAL_REASON = "withdrawal_reason"
    RELATIONSHIP = "relationship"
    ADDRESS_TYPE = "address_type"
    IDENTIFIER_TYPE = "identifier_type"
    CONSTITUTION = "constitution"
    BUSINESS_LINE = "business_line"
    LABEL = "label"
    GROUP = "group"
    ORGANISATION = "organisation"
    OTHER = "other"


class CodeValue(Resource):
    """A value of a code list. Whoever names it may say its id or its exact name."""

    code: CodeName
    name: str
    position: int
    active: bool = True


Position = Annotated[int, Field(ge=0, le=1_000_000)]


class NewCodeValue(Request):
    """`POST /v1/codes/{code}/values`. Without a position it comes last."""

    name: Name
    position: Position | None = None


class CodeValueChange(Request):
    """`PATCH /v1/codes/{code}/values/{id}`. One that is not active is offered no more, and stays where it is."""

    name: Name | None = None
    position: Position | None = None
    active: bool | None = None


StaffNo = Annotated[
    str, StringConstraints(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9][A-Za-z0-9./-]*$")
]
Mobile = Annotated[str, StringConstraints(min_length=1, max_length=32)]
Email = Annotated[str, StringConstraints(min_length=1, max_length=254)]


class StaffMember(Resource):
    """Somebody of the institution to whom customers of the branch, and of those below it, may be assigned."""

    branch_id: str
    branch_code: str
    staff_no: str | None = None
    first_name: str
    last_name: str
    name: str
    mobile_no: str | None = None
    email: str | None = None
    joined_on: date | None = None
    active: bool = True


class NewStaffMember(Request):
    """`POST /v1/staff`."""

    branch_id: Id
    first_name: Name
    last_name: Name
    staff_no: StaffNo | None = None
    mobile_no: Mobile | None = None
    email: Email | None = None
    joined_on: Day | None = None


class StaffChange(Request):
    """`PATCH /v1/staff/{id}`: only the members that are sent change."""

    branch_id: Id | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    staff_no: StaffNo | None = None
    mobile_no: Mobile | None = None
    email: Email | None = None
    joined_on: Day | None = None
    active: bool | None = None


ProductCode = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
]
Description = Annotated[str, StringConstraints(max_length=500)]


class Product(Resource):
    """A kind of account as the institution sells it; accounts name it by its code."""

    code: str
    name: str
    kind: AccountKind
    currency: str | None = None
    description: str = ""
    active: bool = True


class NewProduct(Request):
    """`POST /v1/products`. Without a currency it is sold in any."""

    code: ProductCode
    name: Name
    kind: AccountKind
    currency: Currency | None = None
    description: Description = ""


class ProductChange(Request):
    """`PATCH /v1/products/{id}`. A product keeps its code, kind and currency."""

    name: Name | None = None
    description: Description | None = None
    active: bool | None = None


class MandatoryField(StrEnum):
    """What the institution may ask of every new customer beyond the names."""

    MOBILE_NO = "mobile_no"
    EMAIL = "email"
    DATE_OF_BIRTH = "date_of_birth"
    GENDER = "gender"
    CLIENT_TYPE = "client_type"
    CLASSIFICATION = "classification"
    STAFF_ID = "staff_id"
    EXTERNAL_ID = "external_id"
    GROUP = "group"
    ORGANISATION = "organisation"
    INCORPORATION_NO = "incorporation_no"
    CONSTITUTION = "constitution"
    BUSINESS_LINE = "business_line"
    ADDRESS = "address"
    IDENTIFIER = "identifier"


Age = Annotated[int, Field(ge=1, le=120)]
Terms = Annotated[str, StringConstraints(max_length=10_000)]


class MembershipChange(Request):
    """`PUT /v1/settings/membership`: all are set as they are sent.

    `terms` are what a new member accepts, by `terms_accepted`; empty: nothing is to be accepted. `minimum_age` in
    years; None: none. With `approval` new customers begin pending, and nobody activates whom he entered himself.
    Without `self_registration` nobody is taken in who registered himself (`self_registered`).
    """

    self_registration: bool = False
    terms: Terms = ""
    minimum_age: Age | None = None
    mandatory_fields: tuple[MandatoryField, ...] = ()
    approval: bool = False


class Membership(Resource):
    """What the institution asks of who becomes a member, in forms, imports and over the API alike."""

    self_registration: bool = False
    terms: str = ""
    minimum_age: int | None = None
    mandatory_fields: tuple[MandatoryField, ...] = ()
    approval: bool = False
