"""Signing in, staying signed in, signing out (AUTH-1 to 6)."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from branchtui.contract import sessions as wire
from branchtui.contract.problem import Codes
from branchtui.format.folding import fold
from branchtui.ledger import audit
from branchtui.ledger.access import PERMISSIONS, SYSTEM, Principal
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store.rows import Counter, Session, SpentRefresh, User
from branchtui.ledger.tokens import token_hash
from branchtui.ledger.workflows.tries import Tries

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.unit import Tx
    from branchtui.ledger.workflows.sources import Failures

SECOND_US: Final = 1_000_000
ACCESS_SECONDS: Final = 10 * 60
REFRESH_GRACE_US: Final = 60 * SECOND_US
SESSIONS_PER_USER: Final = 2
_STRANGERS: Final = "tries-at-nobody"


@dataclass(frozen=True, slots=True)
class Tokens:
    """A fresh pair, as the client holds it; the ledger stores only hashes."""

    access: str
    refresh: str


def fresh_tokens() -> Tokens:
    """256 random bits each."""
    return Tokens(secrets.token_urlsafe(32), secrets.token_urlsafe(32))


def successor_tokens(secret: bytes, refresh: str) -> Tokens:
    """The pair that follows a refresh token: the same one however often it is asked for (AUTH-6)."""

    def derive(purpose: bytes) -> str:
        return hmac.digest(secret, purpose + refresh.encode(), "sha256").hex()

    return Tokens(derive(b"access"), derive(b"refresh"))


def normal_username(username: str) -> str:
    """Usernames are compared folded."""
    return fold(username)


def begin_try(tx: Tx, user_id: str, at_us: int) -> None:
    """Count a try before its password is looked at, so that many at once are not one; a success forgets it.

    Raises:
        Refusal: 429 `login-throttled`.
    """
    user = tx.get(User, user_id)
    assert user is not None, "the user was read a moment ago"
    tries = Tries(user.failed_tries, user.failed_since, user.next_try_at, user.locked_until)
    if refusal := tries.refusal(at_us):
        raise refusal
    counted = tries.counted(at_us)
    tx.put(
        replace(
            user,
            failed_tries=counted.failed,
            failed_since=counted.since,
            next_try_at=counted.next_at,
            locked_until=counted.locked_until,
        )
    )


def note_failure(tx: Tx, core: Core, user_id: str, at_us: int) -> None:
    """The chain says that somebody did not know a user's password."""
    user = tx.get(User, user_id)
    assert user is not None, "the user was read a moment ago"
    principal = Principal(
        user_id=user.id,
        username=user.username,
        person_id=user.person_id,
        role=wire.Role(user.role),
        branch_id=user.branch_id,
        scope=core.tree.scope(user.branch_id),
    )
    if (user.locked_until or 0) > at_us:
        core.metrics.locked_out()
    log(tx, principal, audit.Event(action="session.refused", outcome="not_applied"), at_us)


def count_stranger(tx: Tx) -> None:
    """What a try at a name that nobody has costs the store: as much as one at a name that somebody has (AUTH-3)."""
    known = tx.get(Counter, _STRANGERS) or Counter(_STRANGERS, 0)
    tx.put(replace(known, value=known.value + 1))


def note_source(tx: Tx, core: Core, address: str | None, found: Failures, at_us: int) -> None:
    """The topmost branch's chain says from where sign-ins fail."""
    top = next(branch for branch in core.tree if branch.parent_id is None)
    ledger = Principal(
        SYSTEM, SYSTEM, SYSTEM, wire.Role.ADMINISTRATOR, top.id, core.tree.scope(top.id), address=address
    )
    after = {"failures": found.count, "names": len(found.names)}
    log(tx, ledger, audit.Event(action="session.source-alarm", outcome="not_applied", after=after), at_us)


def open_session(tx: Tx, principal: Principal, tokens: Tokens, session_id: str, at_us: int) -> Session:
    """Start a session; a third one of the same user ends the oldest (AUTH-5)."""
    user = tx.get(User, principal.user_id)
    assert user is not None, "the user was verified a moment ago"
    tx.put(replace(user, failed_tries=0, failed_since=None, next_try_at=None, locked_until=None))
    running = [each for each in tx.find(Session, user_id=user.id) if each.ended_at is None]
    running.sort(key=lambda each: each.started_at)
    too_many = max(0, len(running) - SESSIONS_PER_USER + 1)
    for old in running[:too_many]:
        tx.put(replace(old, ended_at=at_us, end_reason="another session was opened"))
    kept = {each.id for each in running[too_many:]}
    for spent in tx.find(SpentRefresh, user_id=user.id):
        # Of a session that is over there is nothing left to revoke.
        if spent.session_id not in kept:
            tx.remove(spent)
    session = Session(
        id=session_id,
        user_id=user.id,
        access_hash=token_hash(tokens.access),
        access_expires_at=at_us + ACCESS_SECONDS * SECOND_US,
        refresh_hash=token_hash(tokens.refresh),
        previous_refresh_hash=None,
        previous_valid_until=None,
        started_at=at_us,
        last_used_at=at_us,
        ended_at=None,
        end_reason=None,
        address=principal.address,
    )
    tx.put(session)
    log(tx, principal, audit.Event(action="session.open", object=f"/v1/sessions/{session_id}"), at_us)
    return session


def end_session(tx: Tx, principal: Principal, at_us: int, reason: str) -> None:
    """Sign out: the session's tokens are worth nothing at once."""
    session = tx.get(Session, principal.session_id) if principal.session_id else None
    if session is not None and session.ended_at is None:
        tx.put(replace(session, ended_at=at_us, end_reason=reason))
        log(tx, principal, audit.Event(action="session.end", object=f"/v1/sessions/{session.id}"), at_us)


def refresh_session(tx: Tx, core: Core, session_id: str, refresh: str, at_us: int) -> Tokens:
    """Rotate the tokens of a session and return the new pair.

    The previous refresh token answers with the same successor for 60 s, or until that one is first used (AUTH-6).

    Raises:
        Refusal: 401 `session-ended`.
    """
    session = tx.get(Session, session_id)
    given = token_hash(refresh)
    known = session is not None and given in {session.refresh_hash, session.previous_refresh_hash}
    if session is None or session.ended_at is not None or not known:
        raise Refusal(401, Codes.SESSION_ENDED, "Your session has ended. Sign in again.")
    tokens = successor_tokens(core.institution.secret, refresh)
    if given == session.refresh_hash:
        if session.previous_refresh_hash is not None:
            tx.put(SpentRefresh(session.previous_refresh_hash, session.id, session.user_id, at_us))
        tx.put(
            replace(
                session,
                access_hash=token_hash(tokens.access),
                access_expires_at=at_us + ACCESS_SECONDS * SECOND_US,
                refresh_hash=token_hash(tokens.refresh),
                previous_refresh_hash=given,
                previous_valid_until=at_us + REFRESH_GRACE_US,
            )
        )
    return tokens


def is_reuse(session: Session, refresh: str, at_us: int) -> bool:
    """Whether an old refresh token comes back after its grace, or after its successor was used."""
    previous = token_hash(refresh) == session.previous_refresh_hash
    return previous and at_us > (session.previous_valid_until or 0)


def end_family(tx: Tx, session_id: str, principal: Principal, at_us: int) -> None:
    """A refresh token was used twice: whoever holds the session loses it, and the chain says so."""
    session = tx.get(Session, session_id)
    if session is not None and session.ended_at is None:
        tx.put(replace(session, ended_at=at_us, end_reason="refresh token used twice"))
        event = audit.Event(
            action="session.end", object=f"/v1/sessions/{session_id}", reason="refresh-reused"
        )
        log(tx, principal, event, at_us)


def end_sessions(tx: Tx, user_id: str, at_us: int, reason: str, *, but: str | None = None) -> None:
    """End every session of a user at once, save the one named (AUTH-5)."""
    for session in tx.find(Session, user_id=user_id):
        if session.ended_at is None and session.id != but:
            tx.put(replace(session, ended_at=at_us, end_reason=reason))


def forget_tries(tx: Tx, user_id: str) -> None:
    """Whoever knew the password starts anew (AUTH-3)."""
    user = tx.get(User, user_id)
    assert user is not None, "the user was verified a moment ago"
    tx.put(replace(user, failed_tries=0, failed_since=None, next_try_at=None, locked_until=None))


def session_answer(
    core: Core, principal: Principal, tokens: Tokens, *, with_code: bool = False
) -> wire.Session:
    """What the client is told at sign-in and refresh; `with_code`: the user signs in with a code too."""
    return wire.Session(
        access_token=SecretStr(tokens.access),
        expires_in=ACCESS_SECONDS,
        refresh_token=SecretStr(tokens.refresh),
        user=user_answer(core, principal, with_code=with_code),
        ledger=identity(core),
        capabilities=CAPABILITIES,
    )


CAPABILITIES: Final = (
    "balance-records",
    "payments",
    "imports",
    "credit-accounts",
    "balance-files",
    "operations",
    "approvals",
    "people",
)
"""What this ledger offers, for terminals that are older or newer."""


def user_answer(core: Core, principal: Principal, *, with_code: bool = False) -> wire.User:
    """The user as the contract shows one."""
    seen = sorted(
        principal.scope.branch_ids, key=lambda each: (each != principal.branch_id, core.tree[each].code)
    )
    limits = {} if principal.limit_minor is None else {"amount_minor": principal.limit_minor}
    return wire.User(
        id=principal.user_id,
        username=principal.username,
        roles=(principal.role,),
        branch_id=principal.branch_id,
        branches=tuple(branch_answer(core, branch_id) for branch_id in seen),
        limits=limits,
        second_factor=with_code,
        permissions=tuple(sorted(PERMISSIONS[principal.role])),
    )


def branch_answer(core: Core, branch_id: str) -> wire.Branch:
    """A branch as the contract shows one."""
    branch = core.tree[branch_id]
    return wire.Branch(
        id=branch.id,
        code=branch.code,
        name=branch.name,
        parent_id=branch.parent_id,
        currency=branch.currency,
        timezone=branch.timezone,
    )


def identity(core: Core) -> wire.LedgerIdentity:
    """Which ledger this is."""
    found = core.institution
    return wire.LedgerIdentity(ledger_id=found.ledger_id, epoch=found.epoch, institution=found.name)


def log(tx: Tx, principal: Principal, event: audit.Event, at_us: int) -> None:
    """A row of the chain for what has no operation key."""
    audit.append(
        tx,
        event,
        branch_id=principal.branch_id,
        principal=principal,
        at_us=at_us,
        operation_key=None,
        request_id=None,
    )
