"""Looking after a ledger that nobody serves: its branches, payees, callback tokens and users, each change audited."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from branchtui.format.folding import fold
from branchtui.ledger import audit, setup
from branchtui.ledger.passwords import Passwords, verify_new
from branchtui.ledger.store.rows import Branch, CallbackToken, Payee, SecondFactor, Session, User
from branchtui.ledger.workflows import second_factor

if TYPE_CHECKING:
    from branchtui.ledger.store.unit import BulkTx

_CODE: Final = re.compile(r"[A-Za-z0-9-]{1,20}", re.ASCII)
_PAYEE: Final = re.compile(r"[A-Za-z0-9]{1,34}", re.ASCII)


def new_branch(tx: BulkTx, *, code: str, name: str, parent: str, timezone: str | None, at_us: int) -> Branch:
    """A branch under another one, with its currency, and its time zone unless another is given.

    Raises:
        ValueError: the code cannot be one or is taken, the name is empty, or the parent does not exist.
    """
    if not _CODE.fullmatch(code):
        raise ValueError(f"{code} is no code of a branch: letters, digits and hyphens, at most 20.")
    if not name.strip():
        raise ValueError("A branch has a name.")
    above = branch_of(tx, parent)
    made = setup.add_branch(
        tx,
        code=code,
        name=name.strip(),
        parent_code=parent,
        currency=above.currency,
        timezone=timezone or above.timezone,
    )
    _audit(tx, "branch.create", f"/v1/branches/{made.id}", made.id, at_us, after={"code": code})
    return made


def new_payee(tx: BulkTx, *, provider: str, number: str, branch_code: str, at_us: int) -> None:
    """Give a short code to a branch.

    Raises:
        ValueError: the number cannot be one or belongs to a branch already, or there is no such branch.
    """
    if not _PAYEE.fullmatch(number):
        raise ValueError(f"{number} is no number that people pay to: letters and digits, at most 34.")
    branch = branch_of(tx, branch_code)
    taken = tx.find_one(Payee, provider=provider, number=number)
    if taken is not None:
        owner = tx.get(Branch, taken.branch_id)
        assert owner is not None, "a payee names a branch that exists"
        raise ValueError(f"{number} of {provider} belongs to branch {owner.code} already.")
    setup.add_payee(tx, provider=provider, number=number, branch_id=branch.id)
    _audit(tx, "payee.create", None, branch.id, at_us, after={"provider": provider, "number": number})


def fresh_callback_token(tx: BulkTx, *, provider: str, end_others: bool, at_us: int) -> str:
    """A new secret for a provider's address; with `end_others` those before it are no longer taken."""
    if end_others:
        for token in tx.find(CallbackToken, provider=provider):
            if token.ended_at is None:
                tx.put(replace(token, ended_at=at_us))
    made = setup.new_callback_token(tx, provider, at_us)
    after = {"provider": provider, "others_ended": end_others}
    _audit(tx, "callback-token.create", None, _top(tx).id, at_us, after=after)
    return made


def unlock_user(tx: BulkTx, username: str, at_us: int) -> None:
    """Let somebody try again who mistyped the password too often (AUTH-3).

    Raises:
        ValueError: there is no such user.
    """
    user = _user(tx, username)
    _put(tx, _with_tries(user), "user.unlock", at_us)


def set_password(tx: BulkTx, username: str, password: str, at_us: int) -> None:
    """Give somebody a new password; every session ends, and earlier mistakes are forgotten.

    Raises:
        ValueError: there is no such user.
        PasswordUnfit: the password may not be used.
    """
    user = _user(tx, username)
    verify_new(password, user.username)
    changed = replace(_with_tries(user), password_hash=Passwords().hash(password))
    _end_sessions(tx, user, "a new password was set", at_us)
    _put(tx, changed, "user.password", at_us)


def disable_user(tx: BulkTx, username: str, at_us: int) -> None:
    """Let somebody no longer sign in; every session ends. What the user did stays in the books.

    Raises:
        ValueError: there is no such user, or no other administrator would be left.
    """
    user = _user(tx, username)
    others = [each for each in tx.find(User, role=user.role, disabled=0) if each.id != user.id]
    if user.role == "administrator" and not others:
        raise ValueError(f"{user.username} is the only administrator who may sign in. Nothing was changed.")
    _end_sessions(tx, user, "the user was disabled", at_us)
    _put(tx, replace(user, disabled=1), "user.disable", at_us)


def forget_codes(tx: BulkTx, username: str, at_us: int) -> None:
    """The user's device is lost: one-time codes are forgotten, every session ends (AUTH-4).

    Where a setting asks for codes, the next sign-in enrols a device anew.

    Raises:
        ValueError: there is no such user.
    """
    user = _user(tx, username)
    known = tx.get(SecondFactor, user.id)
    if known is not None:
        tx.put(second_factor.blank(user.id, wanted=bool(known.wanted)))
    _end_sessions(tx, user, "one-time codes were forgotten", at_us)
    _put(tx, user, "user.forget-codes", at_us)


def branch_of(tx: BulkTx, code: str) -> Branch:
    """The branch with this code.

    Raises:
        ValueError: there is none.
    """
    found = tx.find_one(Branch, code=code)
    if found is None:
        raise ValueError(f"There is no branch {code}.")
    return found


def _user(tx: BulkTx, username: str) -> User:
    found = tx.find_one(User, username=fold(username))
    if found is None:
        raise ValueError(f"There is no user {username}.")
    return found


def _with_tries(user: User) -> User:
    return replace(user, failed_tries=0, failed_since=None, next_try_at=None, locked_until=None)


def _put(tx: BulkTx, user: User, action: str, at_us: int) -> None:
    tx.put(replace(user, version=user.version + 1))
    _audit(tx, action, f"/v1/users/{user.id}", user.branch_id, at_us)


def _end_sessions(tx: BulkTx, user: User, reason: str, at_us: int) -> None:
    for session in tx.find(Session, user_id=user.id):
        if session.ended_at is None:
            tx.put(replace(session, ended_at=at_us, end_reason=reason))


def _top(tx: BulkTx) -> Branch:
    (found,) = (
        branch_id for (branch_id,) in tx.connection.execute("SELECT id FROM branches WHERE parent_id IS NULL")
    )
    branch = tx.get(Branch, found)
    assert branch is not None, "there is one topmost branch"
    return branch


def _audit(
    tx: BulkTx,
    action: str,
    changed: str | None,
    branch_id: str,
    at_us: int,
    *,
    after: dict[str, Any] | None = None,
) -> None:
    audit.append(
        tx,
        audit.Event(action=action, object=changed, after=after),
        branch_id=branch_id,
        principal=setup.system_principal(branch_id),
        at_us=at_us,
        operation_key=None,
        request_id=None,
    )
