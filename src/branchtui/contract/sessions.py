"""Signing in, and who one is (contract, section 2)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import SecretStr, StringConstraints

from branchtui.contract.base import Answer, OpenEnum, Request


class Role(OpenEnum):
    """What a user may do; the ledger decides, the terminal only shows it."""

    TELLER = "teller"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    OTHER = "other"


class SignIn(Request):
    """`POST /v1/sessions`."""

    username: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    password: SecretStr
    otp: Annotated[str, StringConstraints(max_length=16)] | None = None


class Refresh(Request):
    """`POST /v1/sessions/refresh`: exchanges a refresh token for new tokens (AUTH-6)."""

    refresh_token: SecretStr


class StepUp(Request):
    """`POST /v1/me/step-up`: the password, or a code where the user has a second factor; both where both are given."""

    password: SecretStr | None = None
    otp: Annotated[str, StringConstraints(max_length=16)] | None = None


class Proved(Answer):
    """Until when what is risky is open to this session (AUTH-7)."""

    proved_until: datetime


class NewPassword(Request):
    """`POST /v1/me/password`: every other session of the user ends (AUTH-5)."""

    password: SecretStr
    new_password: SecretStr


class Branch(Answer):
    """A node of the branch tree: office, division and store are branches."""

    id: str
    code: str
    name: str
    parent_id: str | None = None
    currency: str
    timezone: str


class User(Answer):
    """Who is signed in. `limits` maps a kind of action to the largest amount in minor units.

    `permissions` names what the roles may do, so that a terminal offers nothing that the ledger refuses to everybody of
    the role; None from a ledger that does not tell. The ledger decides by itself, whatever a terminal makes of it.
    """

    id: str
    username: str
    roles: tuple[Role, ...]
    branch_id: str
    branches: tuple[Branch, ...]
    limits: dict[str, int] = {}
    second_factor: bool = False
    permissions: tuple[str, ...] | None = None

    def may(self, permission: str) -> bool:
        """Whether a role may do what needs `permission`; what is not told may be tried."""
        return not permission or self.permissions is None or permission in self.permissions


class LedgerIdentity(Answer):
    """Which ledger this is; `epoch` changes when a backup is restored (T-31)."""

    ledger_id: str
    epoch: str
    institution: str = ""


class Session(Answer):
    """Tokens and identity. `expires_in` is in seconds. Tokens live in memory only (SEC-1).

    `recovery_codes` come once, with the sign-in that switched one-time codes on (AUTH-4).
    """

    access_token: SecretStr
    token_type: str = "Bearer"
    expires_in: int
    refresh_token: SecretStr
    user: User
    ledger: LedgerIdentity
    capabilities: tuple[str, ...] = ()
    recovery_codes: tuple[str, ...] = ()


class Me(Answer):
    """`GET /v1/me`."""

    user: User
    ledger: LedgerIdentity
    capabilities: tuple[str, ...] = ()
