"""Making a ledger, its branches and its users: what the command line does while nobody serves the file."""

from __future__ import annotations

import json
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from branchtui.contract.base import Name
from branchtui.contract.people import BranchCode, Username
from branchtui.contract.sessions import Role
from branchtui.format.folding import fold
from branchtui.ledger import audit
from branchtui.ledger.access import SYSTEM, Principal, Scope
from branchtui.ledger.clock import Clock, SystemClock, new_id
from branchtui.ledger.core import claim_current, load_institution
from branchtui.ledger.passwords import Passwords, verify_new
from branchtui.ledger.store import migrate
from branchtui.ledger.store.engine import store_at
from branchtui.ledger.store.errors import Fault, StoreUnavailable
from branchtui.ledger.store.rows import Branch, CallbackToken, Institution, Payee, User
from branchtui.ledger.store.unit import Batch, BulkTx
from branchtui.ledger.texts import is_unsafe
from branchtui.ledger.tokens import token_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from branchtui.ledger.store.connection import Connection

T = TypeVar("T")

_NAME: Final = "1 to 140 characters on one line, none of them invisible"


@dataclass(frozen=True, slots=True)
class NewLedger:
    """What a new ledger begins with: an institution, its top branch, its first administrator (AUTH-8)."""

    institution: str
    branch_code: str
    branch_name: str
    currency: str
    timezone: str
    admin: str
    admin_password: str


def init_ledger(database: str, new: NewLedger, *, clock: Clock | None = None) -> None:
    """Make a ledger in a file that does not exist yet, or in an empty database.

    Raises:
        ValueError: a name or a code cannot be one.
        StoreUnavailable: there is a ledger already, or none can be made there.
        PasswordUnfit: the administrator's password may not be used.
    """
    store = store_at(database)
    _fitting(Name, new.institution, f"{new.institution!r} is no name of an institution: {_NAME}.")
    verify_branch(new.branch_code, new.branch_name)
    verify_username(new.admin)
    verify_new(new.admin_password, new.admin)
    store.verify(new=True)
    claim = store.claim(alone=True)
    try:
        connection = store.connect()
        try:
            migrate.refuse_other_tables(connection)
            migrate.upgrade(connection)
            # Tables without an institution are of an attempt that broke off: this one goes on with them.
            if connection.execute("SELECT id FROM institution").fetchone() is not None:
                raise StoreUnavailable(f"{store.name} holds a ledger already. Nothing was changed.")
        finally:
            connection.close()
        store.made()
    finally:
        claim.release()
    at_us = (clock or SystemClock()).now_us()
    change(database, lambda tx: _begin(tx, new, at_us))


def change(database: str, run: Callable[[BulkTx], T], *, alone: bool = False) -> T:
    """Run `run` in one transaction on a ledger; a file that nobody serves.

    `alone` refuses a database that somebody serves, for a change that processes would not notice.

    Raises:
        StoreUnavailable: a ledger process has it open, or there is none.
    """
    with changing(database, alone=alone) as connection:
        return in_one_transaction(connection, run)


def change_in_parts(database: str, parts: Iterable[Callable[[BulkTx], object]], *, cache_kib: int) -> None:
    """Run each of `parts` in a transaction of its own, with `cache_kib` of memory for what they touch again and again.

    Raises:
        StoreUnavailable: a ledger process has it open, or there is none; parts that were done stay.
    """
    with changing(database) as connection:
        connection.keep_in_memory(cache_kib)
        for run in parts:
            in_one_transaction(connection, run)


@contextmanager
def changing(database: str, *, alone: bool = False) -> Iterator[Connection]:
    """A connection to the ledger, claimed, with the tables of this version.

    Raises:
        StoreUnavailable: a ledger process has it open, there is none, or it went away meanwhile.
    """
    store = store_at(database)
    store.verify()
    claim = claim_current(store, alone=alone)
    try:
        connection = store.connect()
        try:
            yield connection
        except Exception as error:
            if store.fault_of(error) not in {Fault.AWAY, Fault.CONTENTION, Fault.FULL, Fault.LATE}:
                raise
            raise StoreUnavailable(f"{store.name} could not take this and undid it: {error}") from error
        finally:
            connection.close()
    finally:
        claim.release()


def in_one_transaction(connection: Connection, run: Callable[[BulkTx], T]) -> T:
    """Run `run` in one transaction of `connection`."""
    try:
        connection.begin(bulk=True)
        batch = Batch(connection)
        tx = BulkTx(batch)
        found = run(tx)
        tx.keep()
        batch.flush()
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return found


def add_branch(
    tx: BulkTx, *, code: str, name: str, parent_code: str | None, currency: str, timezone: str
) -> Branch:
    """Add a branch under another one; None for the top.

    Raises:
        ValueError: the code or the name cannot be one, the parent does not exist or the code is taken.
    """
    verify_branch(code, name)
    parent = tx.find_one(Branch, code=parent_code) if parent_code else None
    if parent_code and parent is None:
        raise ValueError(f"There is no branch {parent_code}.")
    known = [str(each) for (each,) in tx.connection.execute("SELECT code FROM branches")]
    alike = next((each for each in known if each.casefold() == code.casefold()), None)
    if alike is not None or tx.find(Branch, code=code):
        raise ValueError(f"There is a branch {alike or code} already.")
    branch = Branch(new_id(), code, name, parent.id if parent else None, currency, timezone)
    tx.put(branch)
    return branch


def add_user(
    tx: BulkTx,
    *,
    username: str,
    role: Role,
    branch_code: str,
    password: str,
    limit_minor: int | None,
    at_us: int,
) -> User:
    """Add a user to a branch.

    Raises:
        ValueError: the name cannot be one or is taken, or the branch does not exist.
        PasswordUnfit: the password may not be used.
    """
    verify_username(username)
    verify_new(password, username)
    branch = tx.find_one(Branch, code=branch_code)
    if branch is None:
        raise ValueError(f"There is no branch {branch_code}.")
    folded = fold(username)
    if tx.find(User, username=folded):
        raise ValueError(f"There is a user {username} already.")
    user = User(
        id=new_id(),
        version=1,
        username=folded,
        person_id=new_id(),
        role=role.value,
        branch_id=branch.id,
        password_hash=Passwords().hash(password),
        limit_minor=limit_minor,
        disabled=0,
        failed_tries=0,
        failed_since=None,
        next_try_at=None,
        locked_until=None,
        created_at=at_us,
    )
    tx.put(user)
    given = {"role": role.value, "branch_id": branch.id, "limit_minor": limit_minor}
    event = audit.Event(action="user.create", object=f"/v1/users/{user.id}", after=given)
    audit.append(
        tx,
        event,
        branch_id=branch.id,
        principal=system_principal(branch.id),
        at_us=at_us,
        operation_key=None,
        request_id=None,
    )
    return user


def add_payee(tx: BulkTx, *, provider: str, number: str, branch_id: str) -> None:
    """Give a short code or bank account to a branch."""
    tx.put(Payee(new_id(), provider, number, branch_id))


def new_callback_token(tx: BulkTx, provider: str, at_us: int) -> str:
    """A fresh path token for a provider's callbacks; only its hash is kept (HOOK-1)."""
    token = secrets.token_urlsafe(24)
    tx.put(CallbackToken(new_id(), provider, token_hash(token), at_us, None))
    return token


def verify_username(username: str) -> None:
    """Refuse a name that nobody could sign in by, or that looks like another one.

    Raises:
        ValueError: the sentence for the person.
    """
    rule = "letters, digits and . _ @ -, at most 64, a letter or digit first"
    _fitting(Username, username, f"{username!r} is no name of a user: {rule}.")


def verify_branch(code: str, name: str) -> None:
    """Refuse a code or a name that no branch can have.

    Raises:
        ValueError: the sentence for the person.
    """
    rule = "letters, digits and . / -, at most 20, a letter or digit first"
    _fitting(BranchCode, code, f"{code!r} is no code of a branch: {rule}.")
    _fitting(Name, name, f"{name!r} is no name of a branch: {_NAME}.")


def _fitting(kind: Any, value: str, said: str) -> None:
    """Refuse what the contract would not take, whichever door it comes by."""
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise ValueError(said) from error
    if is_unsafe(value):
        raise ValueError(said)


def system_principal(branch_id: str) -> Principal:
    """The actor of what the ledger does by itself in a branch."""
    return Principal(SYSTEM, SYSTEM, SYSTEM, Role.ADMINISTRATOR, branch_id, Scope(frozenset({branch_id})))


def branch_codes(database: str) -> Iterator[str]:
    """The codes of all branches, for messages."""
    connection = store_at(database).connect(read_only=True)
    try:
        _, tree = load_institution(connection)
        yield from (branch.code for branch in tree)
    finally:
        connection.close()


def _begin(tx: BulkTx, new: NewLedger, at_us: int) -> None:
    tx.put(
        Institution(
            id="institution",
            name=new.institution,
            currency=new.currency,
            timezone=new.timezone,
            ledger_id=new_id(),
            epoch=new_id(),
            secret=secrets.token_bytes(32),
            settings=json.dumps({}),
            created_at=at_us,
        )
    )
    add_branch(
        tx,
        code=new.branch_code,
        name=new.branch_name,
        parent_code=None,
        currency=new.currency,
        timezone=new.timezone,
    )
    add_user(
        tx,
        username=new.admin,
        role=Role.ADMINISTRATOR,
        branch_code=new.branch_code,
        password=new.admin_password,
        limit_minor=None,
        at_us=at_us,
    )
