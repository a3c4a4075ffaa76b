"""Endpoints about oneself: proving to be the person, a new password, one-time codes (contract, section 2)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from branchtui.contract import sessions as wire
from branchtui.contract.people import Enrol, Enrolled
from branchtui.contract.problem import Codes
from branchtui.ledger import audit
from branchtui.ledger.access import Permission as P
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.passwords import PasswordUnfit, verify_new
from branchtui.ledger.problems import Refusal, invalid
from branchtui.ledger.store.rows import Operation, SecondFactor, SessionProof, User
from branchtui.ledger.web.proof import PROOF_US
from branchtui.ledger.web.route import Call, Route, answered, idempotency_key
from branchtui.ledger.workflows import second_factor, sessions

if TYPE_CHECKING:
    from branchtui.ledger.operations import Command
    from branchtui.ledger.passwords import Passwords
    from branchtui.ledger.store.unit import Tx


class MyDesk:
    """What needs the password hasher."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords

    async def step_up(self, call: Call) -> Reply:
        """`POST /v1/me/step-up`: what is risky is open to this session for five minutes (AUTH-7).

        Raises:
            Refusal: 403 `credentials-wrong`, 429 `login-throttled`, 422 when nothing is given.
        """
        asked: wire.StepUp = call.body
        core, who = call.core, call.principal
        if asked.password is None and not asked.otp:
            raise invalid("/password", "Give the password, or a code.")
        user = await self._tried(call)
        if asked.password is not None:
            await self._verify(call, user, asked.password.get_secret_value())
        key = core.secret_key() if asked.otp else b""

        def decide(tx: Tx) -> None:
            if asked.otp:
                try:
                    second_factor.spend(tx, who.user_id, key, asked.otp, call.at_us)
                except Refusal as refusal:
                    raise _wrong() from refusal
            sessions.forget_tries(tx, who.user_id)
            assert who.session_id is not None, "who is signed in has a session"
            tx.put(SessionProof(who.session_id, call.at_us))
            sessions.log(tx, who, audit.Event(action="session.step-up"), call.at_us)

        await core.writer.submit(decide)
        return answered(wire.Proved(proved_until=as_datetime(call.at_us + PROOF_US)))

    async def password(self, call: Call) -> Reply:
        """`POST /v1/me/password`: every other session ends (AUTH-5).

        Raises:
            Refusal: 403 `credentials-wrong`, 422 for a new password that may not be used.
        """
        asked: wire.NewPassword = call.body
        core, who = call.core, call.principal
        hashed = ""
        if await core.reader.get(Operation, idempotency_key(call.http)) is None:
            user = await self._tried(call)
            await self._verify(call, user, asked.password.get_secret_value())
            new = asked.new_password.get_secret_value()
            factor = await core.reader.get(SecondFactor, who.user_id)
            try:
                verify_new(new, who.username, with_code=second_factor.is_enrolled(factor))
            except PasswordUnfit as error:
                raise invalid("/new_password", str(error)) from error
            hashed = await self._passwords.hashed(new)

        def decide(tx: Tx, command: Command) -> Reply:
            user = tx.get(User, who.user_id)
            assert user is not None, "who is signed in exists"
            sessions.forget_tries(tx, user.id)
            user = tx.get(User, who.user_id)
            assert user is not None, "who is signed in exists"
            tx.put(replace(user, password_hash=hashed, version=user.version + 1))
            sessions.end_sessions(tx, user.id, command.at_us, "the password was changed", but=who.session_id)
            return reply(
                wire.Me(user=sessions.user_answer(core, who), ledger=sessions.identity(core)),
                event=audit.Event(action=command.action, object=f"/v1/users/{user.id}"),
                branch_id=who.branch_id,
                resource=f"/v1/users/{user.id}",
                summary="own password",
            )

        return await call.execute("user.password", decide)

    async def _tried(self, call: Call) -> User:
        """Count a try before it is looked at; the user it is of."""
        user_id = call.principal.user_id
        await call.core.writer.submit(lambda tx: sessions.begin_try(tx, user_id, call.at_us))
        user = await call.core.reader.get(User, user_id)
        assert user is not None, "who is signed in exists"
        return user

    async def _verify(self, call: Call, user: User, password: str) -> None:
        if not await self._passwords.verify(user.password_hash, password):
            await call.core.writer.submit(
                lambda tx: sessions.note_failure(tx, call.core, user.id, call.at_us)
            )
            raise _wrong()


async def totp(call: Call) -> Reply:
    """`POST /v1/me/totp`: what is shown is nowhere stored, so a replay shows it no more.

    Raises:
        Refusal: 403 `credentials-wrong` for a code that does not fit, 409 when codes are on already.
    """
    core, who, asked = call.core, call.principal, call.body
    key = core.secret_key()
    shown: dict[str, object] = {}

    def decide(tx: Tx, command: Command) -> Reply:
        factor = second_factor.stored(tx, who.user_id)
        if second_factor.is_enrolled(factor):
            raise Refusal(
                409, Codes.TRANSITION_NOT_ALLOWED, "Codes are on already. An administrator can reset them."
            )
        if asked.otp is None:
            made = second_factor.enrolment(
                second_factor.begin(tx, who.user_id), key, who.username, core.institution.name
            )
            shown.update(secret=made.secret, otpauth_uri=made.uri)
            state = "enrolling"
        else:
            try:
                codes = second_factor.confirm(tx, who.user_id, key, asked.otp, command.at_us)
            except Refusal as refusal:
                raise _wrong() from refusal
            shown.update(recovery_codes=codes)
            state = "on"
        return reply(
            Enrolled(state=state),
            event=audit.Event(
                action=command.action, object=f"/v1/users/{who.user_id}", after={"state": state}
            ),
            branch_id=who.branch_id,
            resource=f"/v1/users/{who.user_id}",
            summary=f"one-time codes {state}",
        )

    stored = await call.execute("user.second-factor", decide)
    if stored.replayed or stored.status != 200:
        return stored
    body = json.dumps(json.loads(stored.body) | shown).encode()
    return replace(stored, body=body, headers=stored.headers | {"cache-control": "no-store"})


def _wrong() -> Refusal:
    """Not a 401: the session is well, and must not be renewed because of it."""
    return Refusal(403, Codes.CREDENTIALS, "That is wrong. Nothing was done.")


def routes(passwords: Passwords) -> tuple[Route, ...]:
    """The endpoints of this module."""
    desk = MyDesk(passwords)
    return (
        Route(
            "POST",
            "/v1/me/step-up",
            P.SIGNED_IN,
            desk.step_up,
            "Prove to be the person",
            body=wire.StepUp,
            answer=wire.Proved,
            operation="step_up",
            refuses=(
                Codes.CREDENTIALS,
                Codes.LOGIN_THROTTLED,
            ),
        ),
        Route(
            "POST",
            "/v1/me/password",
            P.SIGNED_IN,
            desk.password,
            "A new password; other sessions end",
            body=wire.NewPassword,
            answer=wire.Me,
            keyed=True,
            operation="change_own_password",
            refuses=(
                Codes.CREDENTIALS,
                Codes.LOGIN_THROTTLED,
            ),
        ),
        Route(
            "POST",
            "/v1/me/totp",
            P.SIGNED_IN,
            totp,
            "Enrol a device for one-time codes",
            body=Enrol,
            answer=Enrolled,
            keyed=True,
            step_up=True,
            operation="enrol_device",
            refuses=(
                Codes.CREDENTIALS,
                Codes.TRANSITION_NOT_ALLOWED,
            ),
        ),
    )
