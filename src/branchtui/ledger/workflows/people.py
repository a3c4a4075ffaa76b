"""Users and branches, as an administrator keeps them while the ledger is served (contract, section 2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from branchtui.contract import people as wire
from branchtui.contract.base import RefusedAction
from branchtui.contract.problem import Codes
from branchtui.contract.sessions import Role
from branchtui.format.folding import fold
from branchtui.ledger import audit, history
from branchtui.ledger.access import Permission
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import Refusal, conflict, forbidden, invalid, not_found
from branchtui.ledger.store.rows import Branch, BranchVersion, SecondFactor, User
from branchtui.ledger.workflows import second_factor, sessions

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx

_CHANGED: Final = "changed"
"""What the chain says of a secret."""


def path_of(user_id: str) -> str:
    """Where a user is found."""
    return f"/v1/users/{user_id}"


def branch_path(branch_id: str) -> str:
    """Where a branch is found."""
    return f"/v1/branches/{branch_id}"


@dataclass(frozen=True, slots=True)
class Staff:
    """Who looks at users; what may be done to each depends on it."""

    core: Core
    who: Principal

    def user(self, user: User, factor: SecondFactor | None, at_us: int) -> wire.UserRecord:
        """A user as the contract shows one."""
        refusals = {name: self.refusal(name, user) for name in ("edit", "unlock")}
        until = max(user.locked_until or 0, user.next_try_at or 0)
        return wire.UserRecord(
            id=user.id,
            version=user.version,
            actions=tuple(name for name, refusal in refusals.items() if refusal is None),
            refused={
                name: RefusedAction(code=refusal.code, message=refusal.detail)
                for name, refusal in refusals.items()
                if refusal is not None
            },
            username=user.username,
            role=Role(user.role),
            branch_id=user.branch_id,
            limit_minor=user.limit_minor,
            currency=self.core.tree[user.branch_id].currency,
            disabled=bool(user.disabled),
            locked_until=as_datetime(until) if until > at_us else None,
            second_factor=self._factor_word(user, factor),
            person_id=user.person_id,
            created_at=as_datetime(user.created_at),
        )

    def refusal(self, action: str, user: User) -> Refusal | None:
        """Why `who` may not do `action` to `user`, or None."""
        needed = Permission.USER_ADMIN if action == "edit" else Permission.USER_UNLOCK
        if not self.who.may(needed):
            return forbidden(f"Your role, {self.who.role.value}, may not {action} users.")
        if action == "unlock" and user.id == self.who.user_id:
            return conflict(
                Codes.TRANSITION_NOT_ALLOWED, "Nobody unlocks the own name. Ask another supervisor."
            )
        return None

    def _factor_word(self, user: User, factor: SecondFactor | None) -> str:
        if second_factor.is_enrolled(factor):
            return "on"
        wanted = second_factor.is_wanted(factor, user.role, self.core.settings)
        return "at-next-sign-in" if wanted else "off"


def create(core: Core, tx: Tx, command: Command, asked: wire.NewUser, password_hash: str) -> Reply:
    """`POST /v1/users`.

    Raises:
        Refusal: 404 for a branch or person that is not the caller's to see, 409 `reference-taken`.
    """
    branch = _branch(core, command.principal, asked.branch_id)
    username = fold(asked.username)
    if tx.find(User, username=username):
        raise conflict(Codes.REFERENCE_TAKEN, f"There is a user {username} already. Nothing was recorded.")
    same = _user(tx, command.principal, asked.same_person_as) if asked.same_person_as else None
    user = User(
        id=core.new_id(),
        version=1,
        username=username,
        person_id=same.person_id if same else core.new_id(),
        role=asked.role.value,
        branch_id=branch.id,
        password_hash=password_hash,
        limit_minor=asked.limit_minor,
        disabled=0,
        failed_tries=0,
        failed_since=None,
        next_try_at=None,
        locked_until=None,
        created_at=command.at_us,
    )
    tx.put(user)
    factor = None
    if asked.second_factor:
        factor = second_factor.blank(user.id, wanted=True)
        tx.put(factor)
    after = {"role": user.role, "branch_id": branch.id, "limit_minor": user.limit_minor, "version": 1}
    event = audit.Event(action=command.action, object=path_of(user.id), after=after)
    return _user_done(core, command, user, factor, event, status=201)


def change(
    core: Core,
    tx: Tx,
    command: Command,
    user_id: str,
    seen: int,
    asked: wire.UserChange,
    password_hash: str | None,
) -> Reply:
    """`PATCH /v1/users/{id}`: what touches who somebody is ends that user's sessions at once (AUTH-5).

    Raises:
        Refusal: 404, 412, 422 for a member that cannot be empty, 409 for what an administrator may not do to
            the own name.
    """
    who = command.principal
    user = _user(tx, who, user_id)
    if user.version != seen:
        factor = tx.get(SecondFactor, user.id)
        changes = history.changes_since(tx, path_of(user.id), seen)
        current = Staff(core, who).user(user, factor, command.at_us)
        raise history.stale(current, changes, core.tree[user.branch_id].timezone)
    sent = {name: getattr(asked, name) for name in asked.model_fields_set}
    for name, value in sent.items():
        if value is None and name != "limit_minor":
            raise invalid(f"/{name}", f"{name} cannot be empty.")
    _refuse_own(user, who, sent)
    changed, before = _applied(core, tx, command, user, sent)
    if password_hash is not None:
        changed = replace(changed, password_hash=password_hash)
        before |= {"password": _CHANGED}
    factor = tx.get(SecondFactor, user.id)
    if "second_factor" in sent and bool(sent["second_factor"]) != (
        factor is not None and bool(factor.wanted)
    ):
        before |= {"second_factor": _CHANGED}
        factor = second_factor.blank(user.id, wanted=bool(sent["second_factor"]))
        tx.put(factor)
    if not before:
        return _user_done(core, command, user, factor, audit.Event(command.action, object=path_of(user.id)))
    changed = replace(changed, version=user.version + 1)
    tx.put(changed)
    if before.keys() & {"role", "branch_id", "disabled", "password", "second_factor"}:
        sessions.end_sessions(tx, user.id, command.at_us, f"{who.username} changed the user")
    after = {
        name: _CHANGED if name in {"password", "second_factor"} else getattr(changed, name) for name in before
    }
    event = audit.Event(
        action=command.action,
        object=path_of(user.id),
        before={name: value for name, value in before.items() if value != _CHANGED},
        after=after | {"version": changed.version},
    )
    return _user_done(core, command, changed, factor, event)


def unlock(core: Core, tx: Tx, command: Command, user_id: str) -> Reply:
    """`POST /v1/users/{id}/unlock`: the user may try again (AUTH-3).

    Raises:
        Refusal: 404, 409 for the own name.
    """
    user = _user(tx, command.principal, user_id)
    refusal = Staff(core, command.principal).refusal("unlock", user)
    if refusal is not None:
        raise refusal
    sessions.forget_tries(tx, user.id)
    event = audit.Event(action=command.action, object=path_of(user.id))
    free = tx.get(User, user.id)
    assert free is not None, "it was written a moment ago"
    return _user_done(core, command, free, tx.get(SecondFactor, user.id), event)


def add_branch(core: Core, tx: Tx, command: Command, asked: wire.NewBranch) -> Reply:
    """`POST /v1/branches`.

    Raises:
        Refusal: 404 for a parent that is not the caller's, 409 `reference-taken`, 422 for a time zone that is none.
    """
    parent = _branch(core, command.principal, asked.parent_id)
    alike = next((each.code for each in core.tree if each.code.casefold() == asked.code.casefold()), None)
    if alike is not None or tx.find(Branch, code=asked.code):
        said = f"There is a branch {alike or asked.code} already. Nothing was recorded."
        raise conflict(Codes.REFERENCE_TAKEN, said)
    timezone = asked.timezone or parent.timezone
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise invalid("/timezone", f"There is no time zone {timezone}.") from error
    branch = Branch(
        core.new_id(), asked.code, asked.name, parent.id, asked.currency or parent.currency, timezone
    )
    tx.put(branch)
    tx.put(BranchVersion(branch.id, 1))
    after = {"code": branch.code, "name": branch.name, "parent_id": parent.id, "version": 1}
    event = audit.Event(action=command.action, object=branch_path(branch.id), after=after)
    return _branch_done(command, branch, 1, event, audited_in=parent.id, status=201)


def change_branch(
    core: Core, tx: Tx, command: Command, branch_id: str, seen: int, asked: wire.BranchChange
) -> Reply:
    """`PATCH /v1/branches/{id}`.

    Raises:
        Refusal: 404, 412.
    """
    _branch(core, command.principal, branch_id)
    branch = tx.get(Branch, branch_id)
    assert branch is not None, "it is in the tree"
    version = branch_version(tx.get(BranchVersion, branch_id))
    if version != seen:
        changes = history.changes_since(tx, branch_path(branch_id), seen)
        raise history.stale(branch_answer(command.principal, branch, version), changes, branch.timezone)
    sent = {name: value for name, value in asked.model_dump().items() if value is not None}
    before = {name: value for name in sent if (value := getattr(branch, name)) != sent[name]}
    if not before:
        event = audit.Event(action=command.action, object=branch_path(branch_id))
        return _branch_done(command, branch, version, event, audited_in=branch_id)
    changed = replace(branch, **{name: _stored(sent[name]) for name in before})
    tx.put(changed)
    tx.put(BranchVersion(branch_id, version + 1))
    event = audit.Event(
        action=command.action,
        object=branch_path(branch_id),
        before={name: type(sent[name])(value) for name, value in before.items()},
        after={name: sent[name] for name in before} | {"version": version + 1},
    )
    return _branch_done(command, changed, version + 1, event, audited_in=branch_id)


def _stored(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value


def branch_version(known: BranchVersion | None) -> int:
    """How often the branch was changed, plus one."""
    return known.version if known else 1


def branch_answer(who: Principal, branch: Branch, version: int) -> wire.BranchRecord:
    """A branch as the contract shows one."""
    may = who.may(Permission.BRANCH_ADMIN)
    refusal = forbidden(f"Your role, {who.role.value}, may not change branches.")
    return wire.BranchRecord(
        id=branch.id,
        version=version,
        actions=("edit", "add-below") if may else (),
        refused={} if may else {"edit": RefusedAction(code=refusal.code, message=refusal.detail)},
        code=branch.code,
        name=branch.name,
        parent_id=branch.parent_id,
        currency=branch.currency,
        timezone=branch.timezone,
        unknown_reference_waits=bool(branch.unknown_reference_waits),
    )


def _applied(
    core: Core, tx: Tx, command: Command, user: User, sent: dict[str, Any]
) -> tuple[User, dict[str, Any]]:
    """The user with what was sent, and what stood there before where it differs."""
    values: dict[str, Any] = {}
    if "role" in sent:
        values["role"] = sent["role"].value
    if "branch_id" in sent:
        values["branch_id"] = _branch(core, command.principal, sent["branch_id"]).id
    if "limit_minor" in sent:
        values["limit_minor"] = sent["limit_minor"]
    if "disabled" in sent:
        values["disabled"] = int(sent["disabled"])
    if "same_person_as" in sent:
        values["person_id"] = _user(tx, command.principal, sent["same_person_as"]).person_id
    before = {name: getattr(user, name) for name, value in values.items() if getattr(user, name) != value}
    return replace(user, **values), before


def _refuse_own(user: User, who: Principal, sent: dict[str, Any]) -> None:
    """Nobody takes the own rights away, or gives oneself others: then there would be no administrator left."""
    if user.id != who.user_id:
        return
    if sent.get("disabled") or "role" in sent or "branch_id" in sent or "password" in sent:
        raise conflict(
            Codes.TRANSITION_NOT_ALLOWED,
            "Nobody disables the own name or changes its role, branch or password here. Ask another administrator; "
            "the own password has a place of its own.",
        )


def _branch(core: Core, who: Principal, branch_id: str) -> Branch:
    found = core.tree.find(branch_id)
    if found is None or not who.scope.covers(branch_id):
        raise not_found("branch")
    return found


def _user(tx: Tx, who: Principal, user_id: str) -> User:
    user = tx.get(User, user_id)
    if user is None or not who.scope.covers(user.branch_id):
        raise not_found("user")
    return user


def _user_done(
    core: Core,
    command: Command,
    user: User,
    factor: SecondFactor | None,
    event: audit.Event,
    *,
    status: int = 200,
) -> Reply:
    return reply(
        Staff(core, command.principal).user(user, factor, command.at_us),
        event=event,
        branch_id=user.branch_id,
        status=status,
        resource=path_of(user.id),
        version=user.version,
        location=path_of(user.id) if status == 201 else None,
        summary=f"user {user.username}",
    )


def _branch_done(
    command: Command,
    branch: Branch,
    version: int,
    event: audit.Event,
    *,
    audited_in: str,
    status: int = 200,
) -> Reply:
    return reply(
        branch_answer(command.principal, branch, version),
        event=event,
        branch_id=audited_in,
        status=status,
        resource=branch_path(branch.id),
        version=version,
        location=branch_path(branch.id) if status == 201 else None,
        summary=f"branch {branch.code}",
    )
