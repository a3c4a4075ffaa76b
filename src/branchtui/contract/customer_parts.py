"""The parts of a profile: family, addresses, identifiers, notes, further details, documents, history (section 3)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from branchtui.contract.base import Answer, Day, Id, Name, Request, Resource

CodeGiven = Annotated[str, StringConstraints(min_length=1, max_length=140)]
"""A value of a code list: its id or its exact name."""

Mobile = Annotated[str, StringConstraints(min_length=1, max_length=32)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=140)]
Line = Annotated[str, StringConstraints(max_length=140)]
Age = Annotated[int, Field(ge=0, le=150)]


class NewFamilyMember(Request):
    """`POST /v1/customers/{id}/family-members`. A date of birth or an age in years, not both."""

    first_name: Name
    middle_name: Name | None = None
    last_name: Name
    relationship: CodeGiven
    is_contact: bool = False
    mobile_no: Mobile | None = None
    date_of_birth: Day | None = None
    age: Age | None = None
    gender: CodeGiven | None = None
    profession: Words | None = None
    marital_status: Words | None = None
    is_dependent: bool = False


class FamilyMemberChange(Request):
    """`PATCH /v1/customers/{id}/family-members/{part_id}`: only the members that are sent change."""

    first_name: Name | None = None
    middle_name: Name | None = None
    last_name: Name | None = None
    relationship: CodeGiven | None = None
    is_contact: bool | None = None
    mobile_no: Mobile | None = None
    date_of_birth: Day | None = None
    age: Age | None = None
    gender: CodeGiven | None = None
    profession: Words | None = None
    marital_status: Words | None = None
    is_dependent: bool | None = None


class FamilyMember(Resource):
    """Somebody of a customer's family."""

    first_name: str
    middle_name: str | None = None
    last_name: str
    relationship: str
    is_contact: bool = False
    mobile_no: str | None = None
    date_of_birth: date | None = None
    age: int | None = None
    gender: str | None = None
    profession: str | None = None
    marital_status: str | None = None
    is_dependent: bool = False


class NewAddress(Request):
    """`POST /v1/customers/{id}/addresses`. `country` is an ISO 3166 code of two letters."""

    address_type: CodeGiven
    street: Line | None = None
    line_1: Line | None = None
    line_2: Line | None = None
    line_3: Line | None = None
    city: Line | None = None
    state_province: Line | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    postal_code: Annotated[str, StringConstraints(max_length=20)] | None = None
    active: bool = True


class AddressChange(Request):
    """`PATCH /v1/customers/{id}/addresses/{part_id}`: only the members that are sent change."""

    address_type: CodeGiven | None = None
    street: Line | None = None
    line_1: Line | None = None
    line_2: Line | None = None
    line_3: Line | None = None
    city: Line | None = None
    state_province: Line | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    postal_code: Annotated[str, StringConstraints(max_length=20)] | None = None
    active: bool | None = None


class Address(Resource):
    """Where a customer is found."""

    address_type: str
    street: str | None = None
    line_1: str | None = None
    line_2: str | None = None
    line_3: str | None = None
    city: str | None = None
    state_province: str | None = None
    country: str | None = None
    postal_code: str | None = None
    active: bool = True


Identification = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ./_-]*$")
]


class NewIdentifier(Request):
    """`POST /v1/customers/{id}/identifiers`. No two customers have one number of one type."""

    identifier_type: CodeGiven
    number: Identification
    description: Line | None = None
    valid_until: Day | None = None


class IdentifierChange(Request):
    """`PATCH /v1/customers/{id}/identifiers/{part_id}`: only the members that are sent change."""

    identifier_type: CodeGiven | None = None
    number: Identification | None = None
    description: Line | None = None
    valid_until: Day | None = None


class Identifier(Resource):
    """A number that somebody else has given the customer: a passport's, a tax office's."""

    identifier_type: str
    number: str
    description: str | None = None
    valid_until: date | None = None


NoteText = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]


class NewNote(Request):
    """`POST /v1/customers/{id}/notes`."""

    note: NoteText


class NoteChange(Request):
    """`PATCH /v1/customers/{id}/notes/{part_id}`."""

    note: NoteText | None = None


class Note(Resource):
    """What somebody wrote about a customer."""

    note: str
    created_by: str
    created_at: datetime


DetailName = Annotated[str, StringConstraints(min_length=1, max_length=64)]
DetailText = Annotated[str, StringConstraints(max_length=500)]


class AdditionalDetailsChange(Request):
    """`PUT /v1/customers/{id}/additional-details`: all of them, as they are sent; fifty at most."""

    details: Annotated[dict[DetailName, DetailText], Field(max_length=50)]


class AdditionalDetails(Resource):
    """What an institution keeps beyond the form, by names of its own. `id` is the customer's."""

    details: dict[str, str] = {}


class NewDocument(Request):
    """`POST /v1/customers/{id}/documents`: of a whole upload; `sha256` is checked where it is given.

    `file_name` is a name and nothing else: nothing is ever opened by it.
    """

    upload_id: Id
    name: Name
    file_name: Annotated[str, StringConstraints(max_length=140)] = ""
    description: Line | None = None
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


class Document(Resource):
    """A file of a customer. `length` in bytes; `media_type` is what its content is, whatever its name says.

    `description` is a person's. `seen` is what the ledger found: `width` and `height` in pixels of an image, `lines`
    and the first of them (`text`) of a text.
    """

    name: str
    file_name: str = ""
    description: str | None = None
    media_type: str
    length: int
    sha256: str
    seen: dict[str, Any] = {}
    created_by: str
    created_at: datetime


class HistoryEntry(Answer):
    """Something that was done to a customer. `changes` maps a member to what it was and is, where that may be told."""

    id: str
    at: datetime
    actor: str
    action: str
    object: str
    outcome: str
    reason: str | None = None
    changes: dict[str, dict[str, Any]] = {}
