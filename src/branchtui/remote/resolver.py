"""Doubt, settled: ask what became of the key; when it never arrived, fence it; only then say so (link, section 5)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from random import Random
from typing import Final

from branchtui.contract.operations import Operation, OperationState
from branchtui.contract.problem import Codes
from branchtui.remote.breaker import either
from branchtui.remote.clock import Clock, Sleep
from branchtui.remote.errors import JournalUnavailable, LedgerError, Refused
from branchtui.remote.intents import Intent, IntentState, Pending
from branchtui.remote.journal import Journal
from branchtui.remote.listeners import Listeners

WAIT_FIRST_SECONDS: Final = 0.5
WAIT_MAX_SECONDS: Final = 8.0
# Full jitter may draw nearly nothing; a ledger that says "in progress" is not asked in a loop.
WAIT_MIN_SECONDS: Final = 0.25
ENDED_MAX: Final = 256
QUESTIONS_AT_ONCE: Final = 2
"""So many questions are under way at most: a terminal that comes back with much in doubt keeps its line free."""


class Verdict(Enum):
    """What became of a change that was in doubt. Only `NOT_RECORDED` and `REFUSED` allow keying it again."""

    RECORDED = auto()
    REFUSED = auto()
    NOT_RECORDED = auto()


@dataclass(frozen=True, slots=True)
class Settlement:
    """The end of a doubt. `operation` is None when the change's own late answer ended it."""

    intent: Pending
    verdict: Verdict
    settled_at: datetime
    operation: Operation | None = None
    code: str | None = None

    @property
    def sentence(self) -> str:
        """For the person, in words that cannot be mistaken for another end."""
        what = f"{self.intent.summary}, ref {self.intent.reference}"
        if self.verdict is Verdict.RECORDED:
            return f"Recorded (confirmed late): {what}."
        if self.verdict is Verdict.REFUSED:
            return f"The ledger refused it ({self.code or 'no reason given'}), nothing happened: {what}."
        return f"NOT recorded: {what}. You can enter it again."


class Phase(Enum):
    """What the resolver is doing about one intent."""

    CHECKING = auto()
    WAITING = auto()
    SIGNED_OUT = auto()
    PARKED = auto()
    SETTLED = auto()


@dataclass(frozen=True, slots=True)
class Progress:
    """Told to listeners: "checking… next in 4 s". `settlement` is there in phase SETTLED alone."""

    intent: Pending
    phase: Phase
    next_in_seconds: float | None = None
    settlement: Settlement | None = None


ProgressListener = Callable[[Progress], None]


@dataclass(slots=True)
class _Doubt:
    """One owned intent."""

    pending: Pending
    ended: asyncio.Future[Settlement]
    is_from_before: bool
    hurry: asyncio.Event
    task: asyncio.Task[None] | None = None
    last: Progress | None = None
    is_never_seen: bool = False
    """The ledger has just said that it does not know the key: the fence is next."""


class Resolver:
    """Owns every intent in doubt of the signed-in user, until each is settled, or parked, or the program ends.

    It never sends a change again: the body is gone on purpose (OUT-5).
    """

    def __init__(
        self,
        *,
        question: Callable[[str, str], Awaitable[Operation]],
        fence: Callable[[str, str], Awaitable[Operation]],
        is_being_sent: Callable[[str], bool],
        journal: Journal,
        clock: Clock,
        rng: Random,
        sleep: Sleep,
    ) -> None:
        self._question = question
        self._fence = fence
        self._is_being_sent = is_being_sent
        self._journal = journal
        self._clock = clock
        self._rng = rng
        self._sleep = sleep
        self._places = asyncio.Semaphore(QUESTIONS_AT_ONCE)
        self._doubts: dict[str, _Doubt] = {}
        # What ended in this run and was not acknowledged: a screen that opens after the end must see it.
        self._ended: dict[str, Progress] = {}
        self._listeners: Listeners[Progress] = Listeners()
        self._identity: tuple[str, str] | None = None
        self._next_sign_in = asyncio.Event()

    @property
    def unresolved(self) -> tuple[Pending, ...]:
        """The signed-in user's intents in doubt, oldest first; the status line shows their number."""
        return tuple(
            doubt.pending
            for doubt in self._doubts.values()
            if (doubt.pending.ledger_id, doubt.pending.user) == self._identity
        )

    @property
    def settled_unseen(self) -> tuple[Pending, ...]:
        """What was settled and not yet acknowledged with `acknowledge` (OUT-4)."""
        return () if self._identity is None else self._journal.to_be_seen(*self._identity)

    @property
    def unresolved_of_others(self) -> int:
        """How many intents other users of this terminal have open; the count alone is shown (OUT-6)."""
        return 0 if self._identity is None else self._journal.in_doubt_of_others(*self._identity)

    @property
    def blocking(self) -> Pending | None:
        """The oldest intent of an earlier session that must be settled or parked first (OUT-6)."""
        for doubt in self._doubts.values():
            pending = doubt.pending
            is_mine = (pending.ledger_id, pending.user) == self._identity
            if is_mine and doubt.is_from_before and not pending.is_parked:
                return pending
        return None

    @property
    def next_to_ask(self) -> str | None:
        """The key of the oldest doubt that may be asked about now."""
        for key, doubt in self._doubts.items():
            if self._may_ask(doubt) and not doubt.pending.is_parked:
                return key
        return None

    def twin_of(self, intent: Intent) -> Pending | None:
        """An intent in doubt for the same target and amount: the same may not be keyed meanwhile."""
        if intent.target is None or intent.amount_minor is None:
            return None
        wanted = (intent.target, intent.amount_minor, intent.currency)
        for pending in self.unresolved:
            if (pending.target, pending.amount_minor, pending.currency) == wanted:
                return pending
        return None

    def listen(self, listener: ProgressListener) -> Callable[[], None]:
        """Call `listener` with each `Progress`; the result ends that."""
        return self._listeners.add(listener)

    def progress_of(self, key: str) -> Progress | None:
        """What was last told about an intent, its end included, for a screen that opens later."""
        doubt = self._doubts.get(key)
        return doubt.last if doubt is not None else self._ended.get(key)

    def signed_in(self, ledger_id: str, user: str) -> None:
        """A session began: take up what this user left in doubt (OUT-6)."""
        self._identity = (ledger_id, user)
        self._next_sign_in.set()
        self._next_sign_in = asyncio.Event()
        for pending in self._journal.in_doubt(ledger_id, user):
            # What this process is still sending has its own attempts; a fence would stop it on its way.
            if pending.key in self._doubts or self._is_being_sent(pending.key):
                continue
            if pending.state is IntentState.PREPARED:
                # Its first byte never went out: nothing to ask.
                self.tell(pending, Verdict.NOT_RECORDED)
            else:
                self.own(pending, is_from_before=True)

    def signed_out(self) -> None:
        """The session ended: asking stops until the next one.

        Told by who holds the session: that a question was refused for one that has ended does not say so, for the same
        person may have signed in while it was under way.
        """
        self._identity = None

    def own(self, pending: Pending, *, is_from_before: bool = False) -> None:
        """Take an intent in doubt, and settle it in the background."""
        if pending.key in self._doubts:
            return
        loop = asyncio.get_running_loop()
        doubt = _Doubt(pending, loop.create_future(), is_from_before, asyncio.Event())
        self._doubts[pending.key] = doubt
        doubt.task = loop.create_task(self._settle(doubt))

    async def settle(self, intent: Pending) -> Settlement:
        """Wait until `intent` is settled. To stop waiting settles nothing and loses nothing."""
        ended = self._ended.get(intent.key)
        if ended is not None and ended.settlement is not None:
            return ended.settlement
        self.own(intent)
        return await asyncio.shield(self._doubts[intent.key].ended)

    def check_now(self, key: str) -> None:
        """A person asks to check at once."""
        doubt = self._doubts.get(key)
        if doubt is not None:
            doubt.hurry.set()

    def never_seen(self, key: str) -> None:
        """Somebody else has asked: the ledger does not know the key, so that the fence can go out at once."""
        doubt = self._doubts.get(key)
        if doubt is not None:
            doubt.is_never_seen = True
            doubt.hurry.set()

    def park(self, key: str) -> None:
        """Leave it to a supervisor: it blocks no more and is asked about only with `check_now`."""
        doubt = self._doubts.get(key)
        if doubt is None:
            return
        # A disk that refuses forgets it at the next start: then it blocks again, which is safe.
        with suppress(JournalUnavailable):
            self._journal.park(key)
        doubt.pending = replace(doubt.pending, is_parked=True)
        doubt.hurry.set()

    def acknowledge(self, key: str) -> None:
        """The teller has seen the end of it: it leaves the screen."""
        ended = self._ended.pop(key, None)
        with suppress(JournalUnavailable):
            if ended is not None and ended.settlement is not None:
                self._write_end(ended.settlement)
            self._journal.move(key, IntentState.SEEN)

    def tell(self, pending: Pending, verdict: Verdict, *, code: str | None = None) -> None:
        """An end that needed no question: write it down and tell."""
        self._end(pending, Settlement(pending, verdict, self._clock.now(), code=code))

    async def close(self) -> None:
        """Stop asking. The journal keeps what is in doubt."""
        tasks = [doubt.task for doubt in self._doubts.values() if doubt.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _settle(self, doubt: _Doubt) -> None:
        window = WAIT_FIRST_SECONDS
        while True:
            await self._until_allowed(doubt)
            self._tell(doubt, Phase.CHECKING)
            with suppress(LedgerError):
                settlement = self._interpreted(doubt.pending, await self._operation(doubt))
                if settlement is not None:
                    self._end(doubt.pending, settlement)
                    return
            seconds = max(WAIT_MIN_SECONDS, self._rng.uniform(0, window))
            window = min(WAIT_MAX_SECONDS, window * 2)
            if self._may_ask(doubt) and not doubt.pending.is_parked:
                self._tell(doubt, Phase.WAITING, seconds)
                await either(doubt.hurry, self._sleep, seconds)
                if not doubt.pending.is_parked:
                    doubt.hurry.clear()

    async def _until_allowed(self, doubt: _Doubt) -> None:
        """Wait for the owner's session, and, once parked, for a person's word."""
        if doubt.pending.is_parked:
            doubt.hurry.clear()
            self._tell(doubt, Phase.PARKED)
            await doubt.hurry.wait()
        while not self._may_ask(doubt):
            self._tell(doubt, Phase.SIGNED_OUT)
            await self._next_sign_in.wait()

    def _may_ask(self, doubt: _Doubt) -> bool:
        """Only the owner may ask (IDEM-9)."""
        return (doubt.pending.ledger_id, doubt.pending.user) == self._identity

    async def _operation(self, doubt: _Doubt) -> Operation:
        """One question; when the ledger never saw the key, one fence; both in the owner's name (IDEM-9)."""
        key, user = doubt.pending.key, doubt.pending.user
        asks, doubt.is_never_seen = not doubt.is_never_seen, False
        async with self._places:
            try:
                if asks:
                    return await self._question(key, user)
            except Refused as refused:
                if refused.code != Codes.OPERATION_UNKNOWN:
                    raise
            return await self._fence(key, user)

    def _interpreted(self, pending: Pending, operation: Operation) -> Settlement | None:
        verdict = {
            OperationState.SUCCEEDED: Verdict.RECORDED,
            OperationState.REJECTED: Verdict.REFUSED,
            OperationState.CANCELLED: Verdict.NOT_RECORDED,
        }.get(operation.state)
        if verdict is None or operation.key != pending.key:
            return None
        return Settlement(pending, verdict, self._clock.now(), operation, operation.code)

    def _end(self, pending: Pending, settlement: Settlement) -> None:
        # A disk that refuses now leaves the row in doubt: it is asked about again at the next start.
        with suppress(JournalUnavailable):
            self._write_end(settlement)
        doubt = self._doubts.pop(pending.key, None)
        if doubt is not None and not doubt.ended.done():
            doubt.ended.set_result(settlement)
        progress = Progress(pending, Phase.SETTLED, settlement=settlement)
        self._ended[pending.key] = progress
        if len(self._ended) > ENDED_MAX:
            del self._ended[next(iter(self._ended))]
        self._listeners.tell(progress)

    def _write_end(self, settlement: Settlement) -> None:
        is_applied = settlement.verdict is Verdict.RECORDED
        state = IntentState.APPLIED if is_applied else IntentState.NOT_APPLIED
        self._journal.move(settlement.intent.key, state)

    def _tell(self, doubt: _Doubt, phase: Phase, seconds: float | None = None) -> None:
        doubt.last = Progress(doubt.pending, phase, seconds)
        self._listeners.tell(doubt.last)
