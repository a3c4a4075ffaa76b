"""A keyed change, exactly once: journal before the first byte, one key over all attempts, doubt never lost."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any, Final, TypeVar

from pydantic import BaseModel, SecretStr

from branchtui.contract.base import Answer
from branchtui.contract.problem import Codes
from branchtui.remote.answers import Reply, read_answer, read_nothing
from branchtui.remote.calls import LINK_DOWN
from branchtui.remote.classify import End, Event, Failed, Kind, end_of, leaves_doubt
from branchtui.remote.clock import Clock, Sleep
from branchtui.remote.errors import (
    AwaitsApproval,
    Blocked,
    JournalUnavailable,
    LedgerError,
    LinkDown,
    OutcomeUnknown,
    Refused,
    Unreachable,
)
from branchtui.remote.heads import Heads
from branchtui.remote.intents import Intent, IntentState, Pending
from branchtui.remote.journal import Journal
from branchtui.remote.line import Line
from branchtui.remote.listeners import Listeners
from branchtui.remote.person import Person
from branchtui.remote.questions import Questions
from branchtui.remote.resolver import Resolver, Verdict
from branchtui.remote.retry import Try
from branchtui.remote.transport import Ask, Transport

M = TypeVar("M", bound=BaseModel)

_ACCEPTED: Final = 202


@dataclass(frozen=True, slots=True)
class Sending:
    """A change is tried again: attempt `attempt` begins in `next_in_seconds` ("slow link – still sending")."""

    intent: Pending
    attempt: int
    next_in_seconds: float


SendingListener = Callable[[Sending], None]
ASKED_MAX: Final = 2
"""A change asks the person so often: to sign in again, and for a fresh proof."""


@dataclass(slots=True)
class _Course:
    """What is known of one change while its attempts are made.

    `sent` and `in_doubt` are of all its attempts, the last one's part apart: `last_sent`, and
    `doubt_before` it.
    """

    sent: bool = False
    in_doubt: bool = False
    last_sent: bool = False
    doubt_before: bool = False


class Writing(Questions):
    """Adds to `Questions` the one way a change is made."""

    def __init__(
        self,
        transport: Transport,
        *,
        journal: Journal,
        new_key: Callable[[], str],
        line: Line,
        clock: Clock,
        rng: Random,
        sleep: Sleep,
    ) -> None:
        super().__init__(transport, heads=Heads(journal, clock), line=line, clock=clock, rng=rng, sleep=sleep)
        self._journal = journal
        self._new_key = new_key
        self._under_way: set[asyncio.Task[Any]] = set()
        self._being_sent: set[str] = set()
        self._sending_listeners: Listeners[Sending] = Listeners()
        self.person = Person()
        self.resolver = Resolver(
            question=self._ask_operation,
            fence=self._fence,
            is_being_sent=self._being_sent.__contains__,
            journal=journal,
            clock=clock,
            rng=rng,
            sleep=sleep,
        )

    def listen_sending(self, listener: SendingListener) -> Callable[[], None]:
        """Call `listener` before each repeated attempt of a change; the result ends that."""
        return self._sending_listeners.add(listener)

    async def _write(
        self,
        intent: Intent,
        *,
        path: str,
        answer: type[M],
        method: str = "POST",
        body: BaseModel | None = None,
        if_match: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> M:
        """Make the change that `intent` means and return what the ledger then holds, as `answer`.

        Raises:
            Refused: the ledger said no, nothing happened. Conflict: someone was first.
            Unreachable: nothing was sent (LinkDown, Blocked, JournalUnavailable included).
            OutcomeUnknown: sent and not answered; the resolver has it.
        """
        done = await self._carry_out(
            intent,
            path=path,
            method=method,
            body=body,
            if_match=if_match,
            headers=headers,
            read=lambda reply: read_answer(reply, answer),
            current=answer,
        )
        assert done is not None
        return done

    async def _erase(self, intent: Intent, *, path: str, if_match: int, current: type[M]) -> None:
        """DELETE, which answers nothing. Raises as `_write` does."""
        await self._carry_out(
            intent, path=path, method="DELETE", if_match=if_match, read=read_nothing, current=current
        )

    async def _carry_out(
        self,
        intent: Intent,
        *,
        path: str,
        method: str,
        read: Callable[[Reply], M | None],
        current: type[BaseModel],
        body: BaseModel | None = None,
        if_match: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> M | None:
        if self._session is None and not await self.person.signs_in():
            raise self._no_session()
        self._refuse_now(intent)
        # PATCH: what was not set must not be sent; elsewhere a None is the absence of the member.
        masked = b"" if body is None else _json_of(body, is_patch=method == "PATCH")
        content = masked if body is None else _with_secrets(masked, body)
        # The journal is a file: nothing by which a password could be guessed goes into it (OUT-2).
        pending = self._pending(intent, method, path, masked)
        ask = Ask(
            method,
            path,
            Kind.MUTATION,
            body=content or None,
            headers={
                **(headers or {}),
                "Idempotency-Key": f'"{pending.key}"',
                **({} if if_match is None else {"If-Match": f'"{if_match}"'}),
            },
        )
        self._journal.prepare(pending)
        course = _Course()
        task = asyncio.get_running_loop().create_task(self._see_through(pending, ask, read, course, current))
        self._under_way.add(task)
        self._being_sent.add(pending.key)
        task.add_done_callback(self._under_way.discard)
        task.add_done_callback(lambda _: self._being_sent.discard(pending.key))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # Nobody waits any more. Unsent, it is dropped; sent, it goes on and its end is told by the resolver.
            if not course.sent:
                task.cancel()
            task.add_done_callback(partial(self._tell_late, pending))
            raise

    def _refuse_now(self, intent: Intent) -> None:
        """Everything that stops a change before it has a key (OUT-1, OUT-6, AUD-3)."""
        self._refuse_alarmed()
        if self._breaker.refuses:
            raise LinkDown(LINK_DOWN)
        twin = self.resolver.twin_of(intent)
        if twin is not None:
            raise Blocked(
                f"The same is not confirmed yet: {twin.summary}, ref {twin.reference}. "
                "Nothing was sent. Wait until it is settled."
            )
        first = self.resolver.blocking
        if first is not None:
            raise Blocked(
                f"First settle what an earlier session left open: {first.summary}, ref {first.reference}. "
                "Nothing was sent."
            )

    def _pending(self, intent: Intent, method: str, path: str, content: bytes) -> Pending:
        session = self._session
        assert session is not None
        return Pending(
            key=self._new_key(),
            action=intent.action,
            summary=intent.summary,
            state=IntentState.PREPARED,
            created_at=self._clock.now(),
            ledger_id=session.ledger.ledger_id,
            epoch=session.ledger.epoch,
            user=session.user.username,
            method=method,
            route=path,
            body_sha256=hashlib.sha256(content).hexdigest(),
            target=intent.target,
            amount_minor=intent.amount_minor,
            currency=intent.currency,
        )

    async def _see_through(
        self,
        pending: Pending,
        ask: Ask,
        read: Callable[[Reply], M | None],
        course: _Course,
        current: type[BaseModel],
    ) -> M | None:
        """Make the attempts, and bring the journal and the caller to the same end."""

        async def attempt(this: Try) -> M | None:
            course.last_sent = False
            course.doubt_before = course.in_doubt

            def before_first_byte() -> None:
                if not course.sent:
                    self._journal.sent(pending.key)
                course.last_sent = course.sent = True

            try:
                reply = await self._attempt(
                    ask, this, username=pending.user, before_first_byte=before_first_byte
                )
                self._raise_for_approval(reply)
                return read(reply)
            except Failed as failure:
                course.in_doubt = course.in_doubt or leaves_doubt(failure, sent=course.last_sent)
                raise

        try:
            done = await self._run_asking(attempt, pending)
        except Failed as failure:
            raise self._ended(pending, failure, course, current) from failure
        except AwaitsApproval:
            self._note(pending, IntentState.SUCCEEDED)
            raise
        except BaseException as error:
            # Before its first byte nothing can have happened. After it the row stays: the resolver has it,
            # or, when the program is ending, its next start.
            if not course.sent:
                self._note(pending, IntentState.REJECTED)
            elif isinstance(error, Exception):
                raise self._in_doubt(pending) from error
            raise
        self._note(pending, IntentState.SUCCEEDED)
        return done

    async def _run_asking(self, attempt: Callable[[Try], Awaitable[M | None]], pending: Pending) -> M | None:
        """The attempts; where the person has to sign in or to prove who it is, more of them after it, with the same key."""
        waiting = partial(self._tell_sending, pending)
        for _ in range(ASKED_MAX):
            try:
                return await self._retries.run(Kind.MUTATION, attempt, waiting=waiting)
            except Failed as failure:
                if not await self._goes_on(failure, pending):
                    raise
        return await self._retries.run(Kind.MUTATION, attempt, waiting=waiting)

    async def _goes_on(self, failure: Failed, pending: Pending) -> bool:
        """Whether the person has done what the ledger asks for; who signs in must be who began it."""
        if failure.problem is not None and failure.problem.code == Codes.STEP_UP:
            return await self.person.proves()
        if failure.event is not Event.UNAUTHORISED:
            return False
        self._drop_refused(failure)
        if not await self.person.signs_in() or self._session is None:
            return False
        session = self._session
        now = (session.ledger.ledger_id, session.ledger.epoch, session.user.username)
        return now == (pending.ledger_id, pending.epoch, pending.user)

    def _ended(
        self, pending: Pending, failure: Failed, course: _Course, current: type[BaseModel]
    ) -> LedgerError:
        if end_of(failure, in_doubt=course.doubt_before, sent=course.last_sent) is End.UNKNOWN:
            return self._in_doubt(pending)
        self._note(pending, IntentState.REJECTED)
        return self._error_of(failure, Kind.MUTATION, current)

    def _in_doubt(self, pending: Pending) -> OutcomeUnknown:
        """Hand it to the resolver."""
        self._note(pending, IntentState.UNKNOWN)
        unknown = replace(pending, state=IntentState.UNKNOWN)
        self.resolver.own(unknown)
        return OutcomeUnknown(unknown)

    def _drop_session(self) -> None:
        super()._drop_session()
        self.resolver.signed_out()

    def _note(self, pending: Pending, state: IntentState) -> None:
        """Write what is known by now. When the disk refuses, the row says `sent` and is resolved at the next start."""
        with suppress(JournalUnavailable):
            self._journal.move(pending.key, state)

    def _tell_sending(self, pending: Pending, this: Try, seconds: float) -> None:
        self._sending_listeners.tell(Sending(pending, this.number, seconds))

    def _tell_late(self, pending: Pending, task: asyncio.Task[Any]) -> None:
        """The caller was cancelled: who listens to the resolver learns the end."""
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self.resolver.tell(pending, Verdict.RECORDED)
        elif isinstance(error, Refused):
            self.resolver.tell(pending, Verdict.REFUSED, code=error.code)
        elif isinstance(error, Unreachable):
            self.resolver.tell(pending, Verdict.NOT_RECORDED)

    @staticmethod
    def _raise_for_approval(reply: Reply) -> None:
        if reply.status == _ACCEPTED and b"pending-approval" in reply.body:
            waiting = read_answer(reply, _Filed)
            if waiting.code == "pending-approval":
                raise AwaitsApproval("It waits for a second person's approval.", waiting.approval_id)


class _Filed(Answer):
    """The answer 202 to what needs a checker."""

    code: str = ""
    approval_id: str = ""


def _with_secrets(masked: bytes, body: BaseModel) -> bytes:
    """The body as it is sent: `masked` with its passwords in their places."""
    secret = {
        name: value.get_secret_value()
        for name in type(body).model_fields
        if isinstance(value := getattr(body, name), SecretStr)
    }
    return json.dumps(json.loads(masked) | secret).encode() if secret else masked


def _json_of(body: BaseModel, *, is_patch: bool) -> bytes:
    return body.model_dump_json(exclude_unset=is_patch, exclude_none=not is_patch).encode()
