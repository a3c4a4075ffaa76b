"""Endpoints of sessions, of oneself, of branches, and of the ledger's own health."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import structlog

from branchtui.contract import sessions as wire
from branchtui.contract.base import Answer
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.operations import Reply
from branchtui.ledger.passwords import Passwords
from branchtui.ledger.problems import Refusal, stops
from branchtui.ledger.store.errors import StorageFull, StoreFailure
from branchtui.ledger.store.rows import Counter, SecondFactor, Session, SpentRefresh, User
from branchtui.ledger.tokens import token_hash
from branchtui.ledger.web.auth import ABSOLUTE_US, IDLE_US, ended, last_used, principal_of
from branchtui.ledger.web.route import Call, Route, answered
from branchtui.ledger.workflows import second_factor, sessions
from branchtui.ledger.workflows.sources import Sources
from branchtui.ledger.workflows.tries import Strangers

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.unit import Tx


log = structlog.get_logger("branchtui.ledger")

_MARK: Final = "written-after-full"
_READY_SECONDS: Final = 3.0


class Health(Answer):
    """Whether the ledger answers."""

    status: str


class SignInDesk:
    """Signs people in. Holds the password hasher, whose number of parallel runs is bounded."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords
        self._strangers = Strangers()
        self._sources = Sources()

    async def sign_in(self, call: Call) -> Reply:
        """`POST /v1/sessions`: the same answer, after the same work, for an unknown name and a wrong password (AUTH-3)."""
        try:
            return await self._sign_in(call)
        except Refusal as refusal:
            if refusal.code in {Codes.CREDENTIALS, Codes.LOGIN_THROTTLED}:
                await self._note_source(call)
            raise

    async def _note_source(self, call: Call) -> None:
        """Tell of a source whose sign-ins fail too often; where it is stands on the chain, not in the log."""
        core, address = call.core, call.http.client.host if call.http.client else None
        found = self._sources.failed(address, sessions.normal_username(call.body.username), call.at_us)
        if found is None:
            return
        core.metrics.alarm("sign-ins")
        log.warning("sign-ins fail from one source", failures=found.count, names=len(found.names))
        with suppress(StoreFailure):
            await core.writer.submit(lambda tx: sessions.note_source(tx, core, address, found, call.at_us))

    async def _sign_in(self, call: Call) -> Reply:
        asked: wire.SignIn = call.body
        core = call.core
        name = sessions.normal_username(asked.username)
        user = await core.reader.find_one(User, username=name)
        if user is None:
            self._strangers.count(name, call.at_us)
            await core.writer.submit(sessions.count_stranger)
        else:
            user_id = user.id
            await core.writer.submit(lambda tx: sessions.begin_try(tx, user_id, call.at_us))
        password = asked.password.get_secret_value()
        fits = await self._passwords.verify(user.password_hash if user else None, password)
        if user is None or not fits or user.disabled:
            await core.writer.submit(
                sessions.count_stranger
                if user is None
                else lambda tx: sessions.note_failure(tx, core, user.id, call.at_us)
            )
            raise _wrong()
        await core.know(user.branch_id)
        client = call.http.client
        principal = principal_of(core, user, None, client.host if client else None)
        await self._enrol_first(call, user, asked.otp)
        tokens = sessions.fresh_tokens()
        session_id = core.new_id()
        principal = replace(principal, session_id=session_id)
        rehashed = (
            await self._passwords.hashed(password)
            if self._passwords.needs_rehash(user.password_hash)
            else None
        )

        def decide(tx: Tx) -> tuple[str, ...]:
            current = tx.get(User, user.id)
            if current is None or current.disabled or current.password_hash != user.password_hash:
                # Changed while the password was looked at.
                raise _wrong()
            codes = _settle_code(core, tx, user, asked.otp, call.at_us)
            sessions.open_session(tx, principal, tokens, session_id, call.at_us)
            if rehashed is not None and (current := tx.get(User, user.id)):
                tx.put(replace(current, password_hash=rehashed))
            return codes

        try:
            codes = await core.writer.submit(decide)
        except Refusal as refusal:
            if refusal.code == Codes.CREDENTIALS:
                await core.writer.submit(lambda tx: sessions.note_failure(tx, core, user.id, call.at_us))
            raise
        with_code = await _has_code(core, user.id)
        answer = sessions.session_answer(core, principal, tokens, with_code=with_code)
        return _session_reply(answer.model_copy(update={"recovery_codes": codes}), status=201)

    async def _enrol_first(self, call: Call, user: User, otp: str | None) -> None:
        """Whose device is not known yet is shown a seed, this once, and signs in with its first code (AUTH-4).

        Raises:
            Refusal: 401 `otp-required`, or `otp-enrol` with the seed.
        """
        core = call.core
        factor = await core.reader.get(SecondFactor, user.id)
        if otp or not second_factor.is_wanted(factor, user.role, core.settings):
            return
        if second_factor.is_enrolled(factor):
            raise Refusal(401, Codes.OTP_REQUIRED, "Give the code that your device shows.")
        key = core.secret_key()
        begun = await core.writer.submit(lambda tx: second_factor.begin(tx, user.id))
        made = second_factor.enrolment(begun, key, user.username, core.institution.name)
        raise Refusal(
            401,
            Codes.OTP_ENROL,
            "Enter this secret into your device, then sign in with the code that it shows.",
            extra={"secret": made.secret, "otpauth_uri": made.uri},
            headers={"cache-control": "no-store"},
        )


def _settle_code(core: Core, tx: Tx, user: User, otp: str | None, at_us: int) -> tuple[str, ...]:
    """Use the code up where one is asked for; the first one of a device brings the recovery codes."""
    factor = second_factor.stored(tx, user.id)
    if not second_factor.is_wanted(factor, user.role, core.settings):
        return ()
    if not otp:
        raise Refusal(401, Codes.OTP_REQUIRED, "Give the code that your device shows.")
    if second_factor.is_enrolled(factor):
        second_factor.spend(tx, user.id, core.secret_key(), otp, at_us)
        return ()
    return second_factor.confirm(tx, user.id, core.secret_key(), otp, at_us)


async def _has_code(core: Core, user_id: str) -> bool:
    return second_factor.is_enrolled(await core.reader.get(SecondFactor, user_id))


def _wrong() -> Refusal:
    return Refusal(401, Codes.CREDENTIALS, "User name or password is wrong.")


async def refresh(call: Call) -> Reply:
    """`POST /v1/sessions/refresh` (AUTH-6)."""
    core = call.core
    token = call.body.refresh_token.get_secret_value()
    hashed = token_hash(token)
    session = await core.reader.find_one(Session, refresh_hash=hashed)
    session = session or await core.reader.find_one(Session, previous_refresh_hash=hashed)
    if session is None and (spent := await core.reader.get(SpentRefresh, hashed)) is not None:
        session = await core.reader.get(Session, spent.session_id)
    user = await core.reader.get(User, session.user_id) if session else None
    if session is None or user is None or user.disabled or session.ended_at is not None:
        raise ended(Codes.SESSION_ENDED, "Your session has ended. Sign in again.")
    if call.at_us > min(last_used(core, session) + IDLE_US, session.started_at + ABSOLUTE_US):
        raise ended(Codes.IDLE, "Your session ended because nothing was done for a while. Sign in again.")
    await core.know(user.branch_id)
    principal = principal_of(core, user, session, call.http.client.host if call.http.client else None)
    is_older = hashed not in {session.refresh_hash, session.previous_refresh_hash}
    if is_older or sessions.is_reuse(session, token, call.at_us):
        await core.writer.submit(lambda tx: sessions.end_family(tx, session.id, principal, call.at_us))
        raise ended(Codes.SESSION_ENDED, "Your session has ended. Sign in again.")
    tokens = await core.writer.submit(
        lambda tx: sessions.refresh_session(tx, core, session.id, token, call.at_us)
    )
    with_code = await _has_code(core, user.id)
    return _session_reply(sessions.session_answer(core, principal, tokens, with_code=with_code))


async def sign_out(call: Call) -> Reply:
    """`DELETE /v1/sessions/current`."""
    await call.core.writer.submit(
        lambda tx: sessions.end_session(tx, call.principal, call.at_us, "signed out")
    )
    return Reply(status=204, body=b"")


async def me(call: Call) -> Reply:
    """`GET /v1/me`."""
    core = call.core
    with_code = await _has_code(core, call.principal.user_id)
    user = sessions.user_answer(core, call.principal, with_code=with_code)
    return answered(wire.Me(user=user, ledger=sessions.identity(core), capabilities=sessions.CAPABILITIES))


async def health(_: Call) -> Reply:
    """`GET /healthz`: the process answers."""
    return answered(Health(status="ok"))


async def ready(call: Call) -> Reply:
    """`GET /readyz`: the ledger can record; 503 while its disk is full (DUR-4), its database away, or it stops."""
    core = call.core
    if core.stopping:
        raise stops()
    try:
        async with asyncio.timeout(_READY_SECONDS):
            if core.writer.full or core.writer.away:
                # Only a write that succeeds shows that all is well again, and nobody else may be sending any.
                await core.writer.submit(_leave_a_mark)
            else:
                await core.reader.get(Counter, _MARK)
    except StorageFull as error:
        raise Refusal(503, Codes.STORAGE_FULL, "The ledger's disk is full.") from error
    except (StoreFailure, TimeoutError) as error:
        raise Refusal(503, Codes.OVERLOADED, "The ledger's database is away.") from error
    return answered(Health(status="ready"))


def _leave_a_mark(tx: Tx) -> None:
    known = tx.get(Counter, _MARK) or Counter(_MARK, 0)
    tx.put(replace(known, value=known.value + 1))


def _session_reply(answer: wire.Session, status: int = 200) -> Reply:
    """The one answer that carries secrets: written out by hand, never cached, never logged."""
    body = answer.model_dump(mode="json")
    body["access_token"] = answer.access_token.get_secret_value()
    body["refresh_token"] = answer.refresh_token.get_secret_value()
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return Reply(status=status, body=json.dumps(body).encode(), headers=headers)


def routes(passwords: Passwords) -> tuple[Route, ...]:
    """The endpoints of this module."""
    desk = SignInDesk(passwords)
    return (
        Route(
            "POST",
            "/v1/sessions",
            P.PUBLIC,
            desk.sign_in,
            "Sign in",
            body=wire.SignIn,
            answer=wire.Session,
            status=201,
            operation="sign_in",
            refuses=(
                Codes.CREDENTIALS,
                Codes.OTP_REQUIRED,
                Codes.OTP_ENROL,
                Codes.LOGIN_THROTTLED,
            ),
        ),
        Route(
            "POST",
            "/v1/sessions/refresh",
            P.PUBLIC,
            refresh,
            "New tokens for a session",
            body=wire.Refresh,
            answer=wire.Session,
            operation="refresh_session",
            refuses=(
                Codes.SESSION_ENDED,
                Codes.IDLE,
            ),
        ),
        Route(
            "DELETE",
            "/v1/sessions/current",
            P.SIGNED_IN,
            sign_out,
            "Sign out",
            status=204,
            operation="sign_out",
        ),
        Route(
            "GET",
            "/v1/me",
            P.SIGNED_IN,
            me,
            "Who is signed in",
            answer=wire.Me,
            operation="get_me",
        ),
        Route(
            "GET",
            "/healthz",
            P.PUBLIC,
            health,
            "The process answers",
            answer=Health,
            operation="get_health",
        ),
        Route(
            "GET",
            "/readyz",
            P.PUBLIC,
            ready,
            "The ledger can record",
            answer=Health,
            operation="get_readiness",
            refuses=(Codes.STORAGE_FULL,),
        ),
    )
