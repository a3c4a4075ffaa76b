"""About oneself and others: proving to be the person, passwords, users, branches (contract, section 2)."""

from __future__ import annotations

import json

from pydantic import SecretStr

from branchtui.contract.base import Answer
from branchtui.contract.paging import DEFAULT_LIMIT, Page
from branchtui.contract.people import (
    BranchChange,
    BranchRecord,
    Enrol,
    Enrolled,
    NewBranch,
    NewUser,
    Security,
    SecurityChange,
    UserChange,
    UserRecord,
)
from branchtui.contract.sessions import Me, NewPassword, Proved
from branchtui.remote.answers import read_answer
from branchtui.remote.calls import query_of, segment
from branchtui.remote.classify import Kind
from branchtui.remote.intents import Intent
from branchtui.remote.transport import Ask
from branchtui.remote.writing import Writing


class BranchTree(Answer):
    """`GET /v1/branches`, with what may be done to each."""

    items: tuple[BranchRecord, ...]


class People(Writing):
    """The endpoints of people. Changes raise what `Writing._write` raises."""

    async def step_up(self, *, password: str | None = None, otp: str | None = None) -> Proved:
        """Prove to be the person (AUTH-7). Refused `credentials-wrong` or `login-throttled`: nothing was opened."""
        given = {"password": password, "otp": otp}
        body = json.dumps({name: value for name, value in given.items() if value}).encode()
        ask = Ask("POST", "/v1/me/step-up", Kind.READ, body=body)
        return await self._call(ask, lambda reply: read_answer(reply, Proved))

    async def change_password(self, password: str, new_password: str) -> Me:
        """A new password; the other sessions of this user end."""
        body = NewPassword(password=SecretStr(password), new_password=SecretStr(new_password))
        return await self._write(Intent.plain("user.password"), path="/v1/me/password", body=body, answer=Me)

    async def enrol_device(self, code: str | None = None) -> Enrolled:
        """A seed for the own device; with its first code it is switched on. What is shown comes once."""
        intent = Intent.plain("user.second-factor")
        return await self._write(intent, path="/v1/me/totp", body=Enrol(otp=code), answer=Enrolled)

    async def security(self) -> Security:
        """What the institution asks of its roles."""
        return await self._read("/v1/settings/security", Security)

    async def set_security(self, seen: Security, change: SecurityChange) -> Security:
        """Set one-time codes and limits by role, against what was seen."""
        return await self._write(
            Intent.plain("security.change"),
            method="PUT",
            path="/v1/settings/security",
            body=change,
            if_match=seen.version,
            answer=Security,
        )

    async def users(
        self,
        q: str | None = None,
        *,
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[UserRecord]:
        """Users of the branches that one may see, by name."""
        query = query_of(q=q or None, cursor=cursor, anchor=anchor, limit=limit, count=count)
        return await self._read("/v1/users", Page[UserRecord], query=query)

    async def create_user(self, user: NewUser) -> UserRecord:
        """Add a user."""
        intent = Intent.plain("user.create", user.username)
        return await self._write(intent, path="/v1/users", body=user, answer=UserRecord)

    async def change_user(self, user: UserRecord, change: UserChange) -> UserRecord:
        """Change what is set in `change`, and nothing else."""
        return await self._write(
            Intent.plain("user.change", user.username, target=user.id),
            method="PATCH",
            path=f"/v1/users/{segment(user.id)}",
            body=change,
            if_match=user.version,
            answer=UserRecord,
        )

    async def unlock_user(self, user: UserRecord) -> UserRecord:
        """Let a user try again."""
        intent = Intent.plain("user.unlock", user.username, target=user.id)
        return await self._write(intent, path=f"/v1/users/{segment(user.id)}/unlock", answer=UserRecord)

    async def branch_tree(self) -> tuple[BranchRecord, ...]:
        """The branches that one may see, a tree by `parent_id`."""
        return (await self._read("/v1/branches", BranchTree)).items

    async def create_branch(self, branch: NewBranch) -> BranchRecord:
        """Add a branch below another one."""
        intent = Intent.plain("branch.create", branch.code)
        return await self._write(intent, path="/v1/branches", body=branch, answer=BranchRecord)

    async def change_branch(self, branch: BranchRecord, change: BranchChange) -> BranchRecord:
        """Give a branch another name, or say whether its payments with an unknown reference wait."""
        return await self._write(
            Intent.plain("branch.change", branch.code, target=branch.id),
            method="PATCH",
            path=f"/v1/branches/{segment(branch.id)}",
            body=change,
            if_match=branch.version,
            answer=BranchRecord,
        )
