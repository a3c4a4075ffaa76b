"""Who asks: opaque tokens against the session table, on every request (AUTH-1, AUTH-5)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from branchtui.contract.problem import Codes
from branchtui.contract.sessions import Role
from branchtui.ledger.access import Principal
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store.errors import StorageFull, StoreFailure
from branchtui.ledger.store.rows import Session, User
from branchtui.ledger.tokens import token_hash

if TYPE_CHECKING:
    from starlette.requests import Request as HttpRequest

    from branchtui.ledger.core import Core
    from branchtui.ledger.store.unit import Tx

MINUTE_US: Final = 60 * 1_000_000
IDLE_US: Final = 15 * MINUTE_US
ABSOLUTE_US: Final = 8 * 60 * MINUTE_US
_TOUCH_US: Final = MINUTE_US


def ended(code: str, detail: str) -> Refusal:
    """401: nothing was applied; sign in again and send the same key."""
    return Refusal(401, code, detail, retry_same_key=True)


async def authenticate(core: Core, http: HttpRequest, at_us: int) -> Principal:
    """The principal of a request's bearer token.

    Raises:
        Refusal: 401 `token-expired`, `idle` or `session-ended`.
    """
    given = http.headers.getlist("authorization")
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token:
        raise ended(Codes.SESSION_ENDED, "Sign in first.")
    session = await core.reader.find_one(Session, access_hash=token_hash(token.strip()))
    if session is None or session.ended_at is not None or at_us > session.started_at + ABSOLUTE_US:
        raise ended(Codes.SESSION_ENDED, "Your session has ended. Sign in again.")
    if at_us > last_used(core, session) + IDLE_US:
        raise ended(Codes.IDLE, "Your session ended because nothing was done for a while. Sign in again.")
    # A full disk takes no new tokens, and reading goes on (DUR-4).
    if at_us > session.access_expires_at and not core.writer.full:
        raise ended(Codes.TOKEN_EXPIRED, "The access token has expired. Refresh it and send the same key.")
    user = await core.reader.get(User, session.user_id)
    if user is None or user.disabled:
        raise ended(Codes.SESSION_ENDED, "Your session has ended. Sign in again.")
    await core.know(user.branch_id)
    active = http.headers.get("x-user-activity") != "0" and at_us > session.last_used_at + _TOUCH_US
    if active or (session.previous_valid_until or 0) > at_us:
        _touch(core, session.id, at_us, active=active)
    return principal_of(core, user, session, http.client.host if http.client else None)


def last_used(core: Core, session: Session) -> int:
    """When a person last used the session, also where there was no room to note it."""
    return max(session.last_used_at, core.used_while_full.get(session.id, 0))


def principal_of(core: Core, user: User, session: Session | None, address: str | None) -> Principal:
    """The principal that a stored user is."""
    return Principal(
        user_id=user.id,
        username=user.username,
        person_id=user.person_id,
        role=Role(user.role),
        branch_id=user.branch_id,
        scope=core.tree.scope(user.branch_id),
        limit_minor=core.limit_of(user.role, user.limit_minor),
        session_id=session.id if session else None,
        address=address,
    )


def _touch(core: Core, session_id: str, at_us: int, *, active: bool) -> None:
    """Note the session's last use once a minute, and the first of new tokens, without holding the request up.

    Tokens that are used have arrived: from now on the refresh token before them is worth nothing (AUTH-6).
    """

    def note(tx: Tx) -> None:
        current = tx.get(Session, session_id)
        if current is None:
            return
        used_at = max(current.last_used_at, at_us) if active else current.last_used_at
        grace = current.previous_valid_until
        tx.put(
            replace(current, last_used_at=used_at, previous_valid_until=min(grace, at_us) if grace else None)
        )

    async def quietly() -> None:
        # A full disk or a ledger that stops keeps nobody from reading.
        try:
            await core.writer.submit(note)
        except StorageFull:
            if active:
                core.used_while_full[session_id] = at_us
        except StoreFailure:
            pass
        else:
            core.used_while_full.pop(session_id, None)

    task = asyncio.ensure_future(quietly())
    core.background.add(task)
    task.add_done_callback(core.background.discard)
