"""Users and branches, in words, columns and the fields of their forms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from branchtui.contract.people import BranchChange, NewBranch, NewUser, UserChange
from branchtui.contract.sessions import Role
from branchtui.format.money import money
from branchtui.screens.rows import words
from branchtui.widgets.actions import Action
from branchtui.widgets.columns import Column
from branchtui.widgets.fields import ChoiceField, Field, MoneyField, PasswordField, TextField
from branchtui.widgets.picker import PickerField, Suggestion

if TYPE_CHECKING:
    from branchtui.contract.paging import Page
    from branchtui.contract.people import BranchRecord, UserRecord
    from branchtui.screens.desk import Desk

    Users = Callable[[str], Awaitable[Page[UserRecord]]]

_ROLES: Final = [(role.value, words(role).capitalize()) for role in Role if role is not Role.OTHER]
_INDENT: Final = "  "
_YES, _NO = "yes", "no"
_UNKNOWN_REFERENCES: Final = [(_NO, "By phone"), (_YES, "Waits")]
"""What becomes of a payment whose reference names nobody."""


UNLOCK: Final = Action("unlock", "", "Unlock", "Let the user try again", changes=True)
PASSWORD: Final = Action(
    "password", "", "New password", "Give the user a new password; sessions end", changes=True
)
CODES: Final = Action(
    "codes", "", "One-time codes", "Ask for codes at the next sign-in, or forget them", changes=True
)
PERSON: Final = Action(
    "person",
    "",
    "Same person",
    "Two names of one person: neither decides what the other asked for",
    changes=True,
)
"""What the menu of a user offers beside editing and disabling."""


def user_columns(desk: Desk) -> list[Column[UserRecord]]:
    """Who, what they may, where, how much, whether they can sign in."""
    return [
        Column("User", lambda one: one.username),
        Column("Role", lambda one: words(one.role), width=14),
        Column("Branch", lambda one: desk.branch_code(one.branch_id), width=10),
        Column("Limit", _limit, width=16, align="right"),
        Column("Codes", lambda one: words(one.second_factor), width=10),
        Column("State", user_state, width=9),
    ]


def user_state(one: UserRecord) -> str:
    """Whether somebody can sign in now."""
    if one.disabled:
        return "disabled"
    return "locked" if one.locked_until is not None else "active"


def user_lines(one: UserRecord, desk: Desk) -> list[tuple[str, str]]:
    """Everything about a user."""
    locked = f"until {desk.time(one.locked_until)}" if one.locked_until is not None else ""
    pairs = [
        ("User", one.username),
        ("Role", words(one.role)),
        ("Branch", desk.branch_code(one.branch_id)),
        ("Limit", _limit(one)),
        ("One-time codes", words(one.second_factor)),
        ("State", user_state(one)),
        ("Locked", locked),
    ]
    return [(label, value) for label, value in pairs if value]


def _limit(one: UserRecord) -> str:
    return "none" if one.limit_minor is None else f"{money(one.limit_minor, one.currency)} {one.currency}"


def branch_columns(depths: dict[str, int]) -> list[Column[BranchRecord]]:
    """The tree: each branch below its parent, further in."""
    return [
        Column("Branch", lambda one: f"{_INDENT * depths.get(one.id, 0)}{one.code}", width=18),
        Column("Name", lambda one: one.name),
        Column("Currency", lambda one: one.currency, width=9),
        Column("Unknown", lambda one: "waits" if one.unknown_reference_waits else "", width=7),
        Column("Time zone", lambda one: one.timezone, width=18),
    ]


def in_tree_order(branches: Iterable[BranchRecord]) -> tuple[list[BranchRecord], dict[str, int]]:
    """Parents before their children, by code; and how deep each stands."""
    every = sorted(branches, key=lambda one: one.code)
    known = {one.id for one in every}
    below: dict[str | None, list[BranchRecord]] = {}
    for one in every:
        below.setdefault(one.parent_id if one.parent_id in known else None, []).append(one)
    ordered: list[BranchRecord] = []
    depths: dict[str, int] = {}
    waiting = [(one, 0) for one in reversed(below.get(None, []))]
    while waiting:
        one, depth = waiting.pop()
        ordered.append(one)
        depths[one.id] = depth
        waiting += [(child, depth + 1) for child in reversed(below.get(one.id, []))]
    return ordered, depths


def branch_picker(name: str, label: str, branches: Sequence[BranchRecord], chosen: str | None) -> PickerField:
    """Chooses a branch by its code or name."""

    async def find(text: str) -> Sequence[Suggestion]:
        wanted = text.strip().casefold()
        return [_suggested(one) for one in branches if wanted in f"{one.code} {one.name}".casefold()]

    known = next((one for one in branches if one.id == chosen), None)
    return PickerField(
        name, label, find, chosen=None if known is None else _suggested(known), hint="code or name"
    )


def _suggested(one: BranchRecord) -> Suggestion:
    return Suggestion(one.id, f"{one.code} {one.name}")


def user_picker(name: str, label: str, users: Users, but: UserRecord) -> PickerField:
    """Chooses a user by a part of the name, any but `but`."""

    async def find(text: str) -> Sequence[Suggestion]:
        found = (await users(text.strip())).items
        return [Suggestion(one.id, one.username, words(one.role)) for one in found if one.id != but.id]

    return PickerField(name, label, find, hint="user name")


def user_fields(desk: Desk, branches: Sequence[BranchRecord], user: UserRecord | None = None) -> list[Field]:
    """Name and password for a new user; role, branch and limit for every one."""
    currency = user.currency if user is not None else desk.currency
    limit = user.limit_minor if user is not None else None
    shared: list[Field] = [
        ChoiceField("role", "Role", _ROLES, value=user.role.value if user is not None else ""),
        branch_picker("branch_id", "Branch", branches, user.branch_id if user is not None else None),
        MoneyField(
            "limit_minor",
            f"Limit {currency}",
            currency,
            required=False,
            value="" if limit is None else money(limit, currency),
        ),
    ]
    if user is not None:
        return shared
    return [
        TextField("username", "User name", required=True, max_length=64),
        *shared,
        PasswordField("password", "Password"),
    ]


def new_user(values: dict[str, str]) -> NewUser:
    """The body of a creation, from the wire values of the form."""
    limit = values.get("limit_minor")
    return NewUser(
        username=values["username"],
        role=Role(values["role"]),
        branch_id=values["branch_id"],
        password=SecretStr(values["password"]),
        limit_minor=int(limit) if limit else None,
    )


def changed_user(values: dict[str, str], user: UserRecord) -> UserChange | None:
    """The body of a change: only what differs from `user`; None when nothing does."""
    limit = values.get("limit_minor")
    keyed = {
        "role": Role(values["role"]),
        "branch_id": values["branch_id"],
        "limit_minor": int(limit) if limit else None,
    }
    differs = {name: value for name, value in keyed.items() if value != getattr(user, name)}
    return UserChange.model_validate(differs) if differs else None


def new_branch(values: dict[str, str]) -> NewBranch:
    """The body of a creation, from the wire values of the form."""
    return NewBranch(
        code=values["code"],
        name=values["name"],
        parent_id=values["parent_id"],
        timezone=values.get("timezone"),
    )


def branch_fields(branch: BranchRecord) -> list[Field]:
    """What may be changed of a branch."""
    return [
        TextField("name", "Name", required=True, max_length=140, value=branch.name),
        ChoiceField(
            "unknown_reference_waits",
            "Unknown ref.",
            _UNKNOWN_REFERENCES,
            value=_YES if branch.unknown_reference_waits else _NO,
        ),
    ]


def changed_branch(values: dict[str, str]) -> BranchChange:
    """The body of a change, from the wire values of the form."""
    return BranchChange(
        name=values["name"], unknown_reference_waits=values["unknown_reference_waits"] == _YES
    )
