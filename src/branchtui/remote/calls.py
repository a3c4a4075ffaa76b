"""How a call is made: circuit, session, attempts by the matrix, and errors in the caller's terms."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any, Final, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, SecretStr, ValidationError

from branchtui.contract.problem import Codes, Outcome, Problem
from branchtui.contract.sessions import Session, User
from branchtui.remote.answers import Reply, failure_of, read_answer
from branchtui.remote.breaker import Breaker, Budget
from branchtui.remote.classify import LINE_FAILURES, Event, Failed, Kind
from branchtui.remote.clock import Clock, Sleep
from branchtui.remote.errors import (
    Conflict,
    LedgerError,
    LinkDown,
    NotOurLedger,
    NotTrusted,
    Refused,
    SessionEnded,
    Unreachable,
)
from branchtui.remote.head import Head
from branchtui.remote.heads import SEEN, Heads
from branchtui.remote.line import Line, LineFigures, LineListener
from branchtui.remote.retry import Retries, Try, Waiting
from branchtui.remote.transport import Ask, Transport

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

_GONE: Final = "The one who began this is no longer signed in. Nothing was sent."
LINK_DOWN: Final = "Link down – nothing was sent."
_QUERY_TRUE: Final = "true"


def segment(identity: str) -> str:
    """One part of a path: an id is opaque, and must not lead anywhere else."""
    return quote(identity, safe="")


def query_of(**members: Any) -> tuple[tuple[str, str], ...]:
    """Query parameters without those that are None or False."""
    return tuple(
        (name, _QUERY_TRUE if value is True else str(value))
        for name, value in members.items()
        if value is not None and value is not False
    )


class Calls:
    """What every method of `Ledger` stands on."""

    def __init__(
        self,
        transport: Transport,
        *,
        heads: Heads,
        line: Line,
        clock: Clock,
        rng: Random,
        sleep: Sleep,
    ) -> None:
        self._transport = transport
        self._line = line
        self._clock = clock
        self._rng = rng
        self._sleep = sleep
        self.heads = heads
        self._session: Session | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._budget = Budget()
        self._retries = Retries(clock=clock, rng=rng, sleep=sleep, budget=self._budget)
        self._breaker = Breaker(
            probe=self._probe,
            rng=rng,
            sleep=sleep,
            changed=lambda is_up: line.turned(is_up=is_up),
            is_in_doubt=self._is_in_doubt,
        )

    @property
    def line(self) -> LineFigures:
        """What the line did so far; subtract two of them for the figures of a step."""
        return self._line.figures

    def listen_line(self, listener: LineListener) -> Callable[[], None]:
        """Call `listener` with the new figures after each exchange; the result ends that."""
        return self._line.listen(listener)

    @property
    def user(self) -> User | None:
        """Who is signed in."""
        return self._session.user if self._session is not None else None

    @property
    def is_signed_in(self) -> bool:
        """Whether a session is held. The ledger may have ended it since."""
        return self._session is not None

    async def try_now(self) -> None:
        """A person asks to try the line at once instead of waiting for the next probe; ends when it was tried."""
        await self._breaker.try_now()

    async def _read(
        self,
        path: str,
        answer: type[M],
        *,
        query: tuple[tuple[str, str], ...] = (),
        is_activity: bool = True,
        wait_seconds: float = 0.0,
        username: str | None = None,
    ) -> M:
        """GET `path` and read it as `answer`; with `username` in that person's session alone.

        Raises:
            Refused: the ledger said no. SessionEnded: sign in again.
            Unreachable: no answer, or none of the ledger's (NotOurLedger).
        """
        ask = Ask("GET", path, Kind.READ, query=query, is_activity=is_activity, wait_seconds=wait_seconds)
        return await self._call(ask, lambda reply: read_answer(reply, answer), username=username)

    async def _call(
        self,
        ask: Ask,
        read: Callable[[Reply], T],
        *,
        waiting: Waiting | None = None,
        username: str | None = None,
    ) -> T:
        """Make `ask`, which changes nothing or may be repeated at will, by its column of the matrix."""

        async def attempt(this: Try) -> T:
            return read(await self._attempt(ask, this, username=username))

        total = self._retries.total_seconds + ask.wait_seconds
        try:
            return await self._retries.run(ask.kind, attempt, waiting=waiting, total_seconds=total)
        except Failed as failure:
            raise self._error_of(failure, ask.kind) from failure

    async def _attempt(
        self,
        ask: Ask,
        this: Try,
        *,
        username: str | None = None,
        before_first_byte: Callable[[], None] | None = None,
    ) -> Reply:
        """One attempt; a 2xx comes back, anything else is raised as `Failed`.

        With `username` it is that person's and nobody else's, whoever signed in since.
        """
        if this.after is not None and this.after.event is Event.UNAUTHORISED:
            await self._renew_session(this.after.token)
        if username is not None and (self.user is None or self.user.username != username):
            raise Failed(Event.UNAUTHORISED, _GONE, problem=_no_session(_GONE), is_final=True)
        is_signed = self._session is not None and ask.kind is not Kind.SIGN_IN
        token = self._session.access_token if self._session is not None and is_signed else None
        reply = await self._compared(ask, token, this.seconds_left, before_first_byte)
        if not reply.is_success:
            failure = failure_of(reply, self._clock.now())
            failure.token = token
            # Without a session there is none to renew.
            failure.is_final = failure.event is Event.UNAUTHORISED and token is None
            raise failure
        return reply

    async def _compared(
        self,
        ask: Ask,
        token: SecretStr | None,
        seconds_left: float,
        before_first_byte: Callable[[], None] | None,
    ) -> Reply:
        """One exchange, its head compared; a reading that is older than what is known is asked once more (RTY-7)."""
        if token is None:
            return await self._exchange(ask, token, seconds_left, before_first_byte)
        asked, noted = self.heads.question, self.heads.noted
        reply = await self._exchange(_asking(ask, asked), token, seconds_left, before_first_byte)
        if self.heads.is_older(reply.headers, asked, noted) and ask.method == "GET":
            asked, noted = self.heads.question, self.heads.noted
            reply = await self._exchange(_asking(ask, asked), token, seconds_left, before_first_byte)
            self.heads.is_older(reply.headers, asked, noted)
        return reply

    async def _exchange(
        self,
        ask: Ask,
        token: SecretStr | None,
        seconds_left: float,
        before_first_byte: Callable[[], None] | None = None,
    ) -> Reply:
        if ask.kind is Kind.READ:
            await self._breaker.trial_ended()
        # Signing in is a person's act and as good a probe as any.
        if not self._breaker.admit() and ask.kind is not Kind.SIGN_IN:
            raise self._link_down()
        deadline = ask.deadline_seconds or self._transport.deadlines.of(ask.kind) + ask.wait_seconds
        try:
            reply = await self._transport.exchange(
                ask, token=token, seconds=min(deadline, seconds_left), before_first_byte=before_first_byte
            )
        except Failed as failure:
            self._count_failure(failure)
            raise
        except BaseException:
            self._breaker.dropped()
            raise
        if reply.is_success or failure_of(reply, self._clock.now()).event not in LINE_FAILURES:
            self._breaker.succeeded()
        else:
            self._breaker.failed()
        return reply

    def _link_down(self) -> Failed:
        """The circuit is open; waiting is the breaker's business, not this call's."""
        return Failed(Event.NOT_SENT, LINK_DOWN, is_final=True)

    def _count_failure(self, failure: Failed) -> None:
        if failure.event in LINE_FAILURES:
            self._breaker.failed()
        else:
            self._breaker.dropped()

    async def _renew_session(self, refused: SecretStr | None) -> None:
        """Replace the access token `refused`, once for all callers that wait (AUTH-6: single flight).

        What it raises is final for the call: the renewal has had its own attempts.
        """
        session = self._session
        if session is None:
            raise Failed(Event.UNAUTHORISED, "Nobody is signed in.", problem=_no_session(), is_final=True)
        if session.access_token != refused:
            return
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.get_running_loop().create_task(self._exchange_refresh_token(session))
        try:
            # A caller that is cancelled must not cut the renewal the others wait for.
            await asyncio.shield(self._renewal)
        except Failed as failure:
            # Who signed in meanwhile ended the session that was to be renewed, and has one that is good.
            if self._session is not None and self._session.access_token != refused:
                return
            raise Failed(failure.event, failure.said, problem=failure.problem, is_final=True) from failure

    async def _exchange_refresh_token(self, session: Session) -> None:
        body = json.dumps({"refresh_token": session.refresh_token.get_secret_value()}).encode()
        ask = Ask("POST", "/v1/sessions/refresh", Kind.REFRESH, body=body, is_activity=False)

        async def attempt(this: Try) -> Session:
            reply = await self._exchange(ask, None, this.seconds_left)
            if not reply.is_success:
                raise failure_of(reply, self._clock.now())
            return read_answer(reply, Session)

        try:
            renewed = await self._retries.run(Kind.REFRESH, attempt)
        except Failed as failure:
            if failure.event is Event.UNAUTHORISED and self._session is session:
                self._drop_session()
            raise
        if self._session is session:
            self._session = renewed

    def _drop_refused(self, failure: Failed) -> None:
        """Forget the session that was refused; not one that began since."""
        if self._session is not None and self._session.access_token == failure.token:
            self._drop_session()

    def _drop_session(self) -> None:
        """Forget tokens and user."""
        self._session = None

    def _is_in_doubt(self) -> bool:
        """Whether the end of a change is waited for."""
        return False

    async def _probe(self) -> bool:
        """`GET /healthz`, once, past the circuit: does the ledger answer?"""
        ask = Ask("GET", "/healthz", Kind.READ, is_activity=False)
        try:
            reply = await self._transport.exchange(ask, token=None, seconds=self._transport.deadlines.read)
        except Failed:
            return False
        return reply.is_success

    def _error_of(self, failure: Failed, kind: Kind, current: type[BaseModel] | None = None) -> LedgerError:
        """A failure that certainly changed nothing, in the caller's terms."""
        problem = failure.problem
        if problem is not None:
            if failure.event is Event.UNAUTHORISED and kind is not Kind.SIGN_IN:
                self._drop_refused(failure)
                return SessionEnded(problem)
            if failure.event is Event.CONFLICT:
                return Conflict(problem, _current(problem, current))
            return Refused(problem)
        if failure.said == LINK_DOWN:
            return LinkDown(LINK_DOWN)
        if failure.event is Event.MISCONFIGURED:
            return NotTrusted(failure.said)
        if failure.event in {Event.FOREIGN, Event.REDIRECT, Event.GATEWAY}:
            return NotOurLedger(failure.said)
        return Unreachable(failure.said)

    def _no_session(self) -> SessionEnded:
        return SessionEnded(_no_session())


def _asking(ask: Ask, seen: Head | None) -> Ask:
    """The request with the question whether the ledger still holds what was seen."""
    return ask if seen is None else replace(ask, headers={**ask.headers, SEEN: str(seen)})


def _no_session(said: str = "Nobody is signed in. Nothing was sent.") -> Problem:
    """What the ledger would say to a request without a session; nothing was sent."""
    return Problem(
        title="Nobody is signed in.",
        detail=said,
        status=401,
        code=Codes.SESSION_ENDED,
        outcome=Outcome.NOT_APPLIED,
    )


def _current(problem: Problem, model: type[BaseModel] | None) -> Any:
    """What stands now, as its model where it fits, else as it came."""
    current = problem.extra.get("current")
    if model is None or not isinstance(current, Mapping):
        return current
    try:
        return model.model_validate_json(json.dumps(current))
    except ValidationError:
        return current
