"""Users and branches as an administrator keeps them (contract, section 2)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from branchtui.contract.base import MAX_AMOUNT_MINOR, Answer, Currency, Id, Name, Request, Resource
from branchtui.contract.sessions import Role

Username = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$")
]
"""ASCII, so that no name looks like another one."""

BranchCode = Annotated[
    str, StringConstraints(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9][A-Za-z0-9./-]*$")
]
Limit = Annotated[int, Field(ge=0, le=MAX_AMOUNT_MINOR)]


class NewUser(Request):
    """`POST /v1/users`. `limit_minor` None: no limit. `same_person_as`: another user who is the same person (MC-1)."""

    username: Username
    role: Role
    branch_id: Id
    password: SecretStr
    limit_minor: Limit | None = None
    same_person_as: Id | None = None
    second_factor: bool = False


class UserChange(Request):
    """`PATCH /v1/users/{id}`: only the members that are sent change.

    A change of role, branch or password, and `disabled`, end the user's sessions at once (AUTH-5).
    `second_factor: false` forgets the user's codes.
    """

    role: Role | None = None
    branch_id: Id | None = None
    password: SecretStr | None = None
    limit_minor: Limit | None = None
    disabled: bool | None = None
    second_factor: bool | None = None
    same_person_as: Id | None = None


class UserRecord(Resource):
    """A user. `person_id` is the same for accounts that are known to be one person's."""

    username: str
    role: Role
    branch_id: str
    limit_minor: int | None = None
    currency: str
    disabled: bool = False
    locked_until: datetime | None = None
    second_factor: str = "off"
    person_id: str
    created_at: datetime


class Enrol(Request):
    """`POST /v1/me/totp`: without a code a fresh seed; with the first code of the device it is switched on."""

    otp: Annotated[str, StringConstraints(min_length=6, max_length=16)] | None = None


class Enrolled(Answer):
    """Shown once: the seed to enter into a device, or, once that is confirmed, the codes for the day it is lost."""

    state: str
    secret: str | None = None
    otpauth_uri: str | None = None
    recovery_codes: tuple[str, ...] = ()


class SecurityChange(Request):
    """`PUT /v1/settings/security`: both are set as they are sent.

    `second_factor_roles` sign in with a one-time code; `role_limits` is the largest single amount, in minor units,
    of users of a role who have no limit of their own.
    """

    second_factor_roles: tuple[Role, ...] = ()
    role_limits: dict[Role, Limit] = {}


class Security(Resource):
    """What the institution asks of its roles."""

    second_factor_roles: tuple[Role, ...] = ()
    role_limits: dict[Role, int] = {}


class NewBranch(Request):
    """`POST /v1/branches`: below `parent_id`; currency and time zone are the parent's unless they are given."""

    code: BranchCode
    name: Name
    parent_id: Id
    currency: Currency | None = None
    timezone: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None


class BranchChange(Request):
    """`PATCH /v1/branches/{id}`: a branch keeps its code and its place, so that its books stay where they are.

    What is not sent stays. `unknown_reference_waits`: every payment to this branch whose reference names nobody
    waits for a person, even where the phone is one customer's (section 5, tier 0); it holds from the next payment on.
    """

    name: Name | None = None
    unknown_reference_waits: bool | None = None


class BranchRecord(Resource):
    """A node of the tree, with its version."""

    code: str
    name: str
    parent_id: str | None = None
    currency: str
    timezone: str
    unknown_reference_waits: bool = False


class BusinessDay(Answer):
    """A day of a branch, closed or opened: a closed one takes no more postings."""

    branch_id: str
    branch_code: str
    business_date: date
    is_closed: bool
    closed_by: str | None = None
    closed_at: datetime | None = None
