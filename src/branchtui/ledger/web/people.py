"""Endpoints of users and branches (contract, section 2)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from sqlalchemy import Boolean, bindparam, func, literal_column

from branchtui.contract import people as wire
from branchtui.contract.base import Answer
from branchtui.contract.paging import Page
from branchtui.contract.problem import Codes
from branchtui.format.folding import fold
from branchtui.ledger.access import Permission as P
from branchtui.ledger.core import Tree
from branchtui.ledger.passwords import PasswordUnfit, verify_new
from branchtui.ledger.problems import invalid, not_found
from branchtui.ledger.store import tables
from branchtui.ledger.store.errors import StoreFailure
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.rows import Branch, BranchVersion, SecondFactor, User
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, paged
from branchtui.ledger.workflows import activity, people

if TYPE_CHECKING:
    from pydantic import SecretStr

    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Reply
    from branchtui.ledger.passwords import Passwords

_u = tables.users.c

USERS: Final = ListSpec(
    row_type=User,
    name="users",
    sorts={"username": Sort("username"), "created": Sort("created_at", descending=True, key=int)},
    filters={
        "branch": _u.branch_id == bindparam("branch"),
        "branches": literal_column("users.branch_id IN (SELECT value FROM json_each(:branches))", Boolean),
        "q": func.instr(_u.username, bindparam("q")) > 0,
    },
)
"""The list behind `GET /v1/users`."""


class Branches(Answer):
    """The branches that the user may see: a tree by `parent_id`, the own one first."""

    items: tuple[wire.BranchRecord, ...]


async def user_list(call: Call) -> Reply:
    """`GET /v1/users`: those of the branches that the caller may see, by name."""
    core, query = call.core, call.query
    filters = activity.branch_filter(call.principal.scope)
    if query.q and fold(query.q).strip():
        filters["q"] = fold(query.q).strip()
    rows = await core.lists.page(
        USERS, query.window(), filters, who=call.principal.user_id, now_us=call.at_us
    )
    factors = {
        each.user_id: each for each in await core.reader.by_keys(SecondFactor, [row.id for row in rows.rows])
    }
    staff = people.Staff(core, call.principal)
    items = tuple(staff.user(row, factors.get(row.id), call.at_us) for row in rows.rows)
    return paged(rows, items, call)


async def user(call: Call) -> Reply:
    """`GET /v1/users/{id}`."""
    found = await call.core.reader.get(User, call.path["id"])
    if found is None or not call.principal.scope.covers(found.branch_id):
        raise not_found("user")
    factor = await call.core.reader.get(SecondFactor, found.id)
    answer = people.Staff(call.core, call.principal).user(found, factor, call.at_us)
    return answered(answer, version=found.version)


class UserDesk:
    """What needs the password hasher."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords

    async def create(self, call: Call) -> Reply:
        """`POST /v1/users`."""
        asked: wire.NewUser = call.body
        hashed = await self._hashed(asked.password, asked.username, with_code=asked.second_factor)
        return await call.execute(
            "user.create", lambda tx, command: people.create(call.core, tx, command, asked, hashed)
        )

    async def change(self, call: Call) -> Reply:
        """`PATCH /v1/users/{id}`."""
        asked: wire.UserChange = call.body
        known = await call.core.reader.get(User, call.path["id"])
        hashed = None
        if asked.password is not None and known is not None:
            hashed = await self._hashed(asked.password, known.username, with_code=False)
        return await call.execute(
            "user.change",
            lambda tx, command: people.change(
                call.core, tx, command, call.path["id"], call.version, asked, hashed
            ),
        )

    async def _hashed(self, password: SecretStr, username: str, *, with_code: bool) -> str:
        try:
            verify_new(password.get_secret_value(), username, with_code=with_code)
        except PasswordUnfit as error:
            raise invalid("/password", str(error)) from error
        return await self._passwords.hashed(password.get_secret_value())


async def unlock(call: Call) -> Reply:
    """`POST /v1/users/{id}/unlock`."""
    return await call.execute(
        "user.unlock", lambda tx, command: people.unlock(call.core, tx, command, call.path["id"])
    )


async def branches(call: Call) -> Reply:
    """`GET /v1/branches`."""
    core, who = call.core, call.principal
    versions = {
        each.branch_id: each for each in await core.reader.by_keys(BranchVersion, who.scope.branch_ids)
    }
    seen = sorted(who.scope.branch_ids, key=lambda each: (each != who.branch_id, core.tree[each].code))
    items = tuple(
        people.branch_answer(who, core.tree[each], people.branch_version(versions.get(each))) for each in seen
    )
    return answered(Branches(items=items))


async def branch_create(call: Call) -> Reply:
    """`POST /v1/branches`."""
    found = await call.execute(
        "branch.create", lambda tx, command: people.add_branch(call.core, tx, command, call.body)
    )
    await _plant_again(call.core)
    return found


async def branch_change(call: Call) -> Reply:
    """`PATCH /v1/branches/{id}`."""
    found = await call.execute(
        "branch.change",
        lambda tx, command: people.change_branch(
            call.core, tx, command, call.path["id"], call.version, call.body
        ),
    )
    await _plant_again(call.core)
    return found


async def _plant_again(core: Core) -> None:
    """The tree as it is stored now: scopes are cut from it.

    What was done is told as done though it cannot be read now: who shares the ledger reads it with the next request.
    """
    with suppress(StoreFailure):
        core.tree = Tree(await core.reader.find(Branch))
        return
    core.fresh_until = 0.0


def routes(passwords: Passwords) -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (*_user_routes(UserDesk(passwords)), *_branch_routes())


def _user_routes(desk: UserDesk) -> tuple[Route, ...]:
    return (
        Route(
            "GET",
            "/v1/users",
            P.USER_VIEW,
            user_list,
            "Users of the branches one may see",
            query=ListQuery,
            answer=Page[wire.UserRecord],
            operation="list_users",
            sorts=tuple(USERS.sorts),
        ),
        Route(
            "POST",
            "/v1/users",
            P.USER_ADMIN,
            desk.create,
            "Add a user",
            body=wire.NewUser,
            answer=wire.UserRecord,
            status=201,
            keyed=True,
            step_up=True,
            operation="create_user",
            refuses=(Codes.REFERENCE_TAKEN,),
        ),
        Route(
            "GET",
            "/v1/users/{id}",
            P.USER_VIEW,
            user,
            "A user",
            answer=wire.UserRecord,
            operation="get_user",
        ),
        Route(
            "PATCH",
            "/v1/users/{id}",
            P.USER_ADMIN,
            desk.change,
            "Change a user: role, branch, limit, password, disabled",
            body=wire.UserChange,
            answer=wire.UserRecord,
            keyed=True,
            if_match=True,
            step_up=True,
            operation="change_user",
            refuses=(Codes.TRANSITION_NOT_ALLOWED,),
        ),
        Route(
            "POST",
            "/v1/users/{id}/unlock",
            P.USER_UNLOCK,
            unlock,
            "Let a user try again",
            answer=wire.UserRecord,
            keyed=True,
            step_up=True,
            operation="unlock_user",
            refuses=(Codes.TRANSITION_NOT_ALLOWED,),
        ),
    )


def _branch_routes() -> tuple[Route, ...]:
    return (
        Route(
            "GET",
            "/v1/branches",
            P.SIGNED_IN,
            branches,
            "Branches of the user",
            answer=Branches,
            operation="list_branches",
        ),
        Route(
            "POST",
            "/v1/branches",
            P.BRANCH_ADMIN,
            branch_create,
            "Add a branch below another one",
            body=wire.NewBranch,
            answer=wire.BranchRecord,
            status=201,
            keyed=True,
            step_up=True,
            operation="create_branch",
            refuses=(Codes.REFERENCE_TAKEN,),
        ),
        Route(
            "PATCH",
            "/v1/branches/{id}",
            P.BRANCH_ADMIN,
            branch_change,
            "Rename a branch, or say what becomes of its payments with an unknown reference",
            body=wire.BranchChange,
            answer=wire.BranchRecord,
            keyed=True,
            if_match=True,
            step_up=True,
            operation="change_branch",
        ),
    )
