"""Signing in and out, and who one is (contract, section 2)."""

from __future__ import annotations

import json

from pydantic import SecretStr

from branchtui.contract.base import Answer
from branchtui.contract.sessions import Branch, Me, Session, SignIn
from branchtui.remote.answers import read_answer, read_nothing
from branchtui.remote.classify import Kind
from branchtui.remote.errors import LedgerError
from branchtui.remote.restored import Losses
from branchtui.remote.transport import Ask


class Branches(Answer):
    """`GET /v1/branches`."""

    items: tuple[Branch, ...]


class Sessions(Losses):
    """The endpoints about the person at the terminal."""

    async def sign_in(self, username: str, password: str | SecretStr, otp: str | None = None) -> Session:
        """Open a session; what this user left in doubt is taken up at once (OUT-6).

        Raises:
            Refused: `credentials-wrong` (nothing says which part), `login-throttled` and their like.
            Unreachable: the ledger did not answer; a session may be open there and ends by itself.
        """
        secret = password if isinstance(password, SecretStr) else SecretStr(password)
        wanted = SignIn(username=username, password=secret, otp=otp)
        members = {"username": wanted.username, "password": secret.get_secret_value()}
        if otp:
            members["otp"] = otp
        ask = Ask("POST", "/v1/sessions", Kind.SIGN_IN, body=json.dumps(members).encode())
        session = await self._call(ask, lambda reply: read_answer(reply, Session))
        self._session = session
        self.heads.session_began(session)
        self._look_for_losses(session)
        self.resolver.signed_in(session.ledger.ledger_id, session.user.username)
        return session

    async def sign_out(self) -> bool:
        """End the session. Tokens are forgotten in any case; False when the ledger did not confirm."""
        if self._session is None:
            return True
        ask = Ask("DELETE", "/v1/sessions/current", Kind.READ)
        try:
            await self._call(ask, read_nothing)
        except LedgerError:
            return False
        finally:
            self._drop_session()
        return True

    async def me(self) -> Me:
        """Who the ledger takes this session for."""
        return await self._read("/v1/me", Me)

    async def branches(self) -> tuple[Branch, ...]:
        """The branches this user may see, as a flat list of a tree."""
        return (await self._read("/v1/branches", Branches)).items
