"""The key gate: nothing typed is lost, and nothing goes astray (terminal, keys).

The framework hands a key to whatever has the focus when it arrives, while what the key before it
started (a screen being opened, a command being answered) may still be under way. Here keys wait in
arrival order, and each is let through when the one before has had its whole effect.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager, suppress
from typing import Any, Final

from textual import events
from textual.app import App, ScreenStackError
from textual.message_pump import MessagePump
from textual.screen import Screen

from branchtui.terminal.lean.figures import PaintFigures
from branchtui.terminal.shown import Seen, Shown, is_confirmation, is_interruption
from branchtui.terminal.torn_keys import TornTails, parted

KEYS_MAX: Final = 256
EMPTY_KEY: Final = "ctrl+g"
_CALM_LOOKS: Final = 4
"""Looks in a row, a turn of the event loop between them: what a worker was just started for shows by then."""
_PASS_SECONDS: Final = 1.0
"""A part that is closed while it is asked never answers: then the parts are gathered anew."""
_POLL_SECONDS: Final = 0.01
"""Only while keys wait for an answer of the ledger, or for the next layout."""

Typed = events.Key | events.Paste


class KeyGate:
    """One an app: `take` is given every key and paste.

    `is_ready` says whether what this one means is known, or hangs on an answer that is under way; it is asked
    again until it is, and may hurry what it waits for.
    A screen with `is_confirmation` puts aside what was typed before the terminal showed it: no money moves
    by a key typed before its confirmation was on the screen. One with `is_interruption` came by itself: what was
    typed before it was shown waits until it is gone. `paint` tells what the terminal has shown;
    replies and keys come by one way, in their order. `changed` is told when the counts change. `harmless` keys mean the
    same on every screen and move no money: who locks the terminal in a hurry finds it locked.
    """

    def __init__(
        self,
        app: App[Any],
        *,
        is_ready: Callable[[Typed], bool] = lambda _: True,
        harmless: frozenset[str] = frozenset(),
        changed: Callable[[], None] = lambda: None,
        paint: PaintFigures | None = None,
    ) -> None:
        self._app = app
        self._shown = Shown(paint)
        self._is_ready = is_ready
        self._harmless = harmless
        self._changed = changed
        self._waiting: deque[tuple[Typed, Seen]] = deque()
        self._kept: list[tuple[Screen[Any], tuple[Typed, Seen]]] = []
        self._let_through: Typed | None = None
        self._front: Screen[Any] | None = None
        self._holds = 0
        self._pump: asyncio.Task[None] | None = None
        self._torn = TornTails()
        self._told = 0
        self.put_aside = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._kept)

    @property
    def is_busy(self) -> bool:
        """True while a key is still having its effect."""
        return self._pump is not None and not self._pump.done()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keys wait while a command is being answered."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1

    def take(self, event: Typed) -> bool:
        """True when the event may go on now; False when it waits (or, at 256, is not taken)."""
        if not self._app.screen_stack:
            # The program ends while a key is on its way: there is nothing left it could be for.
            return False
        if event is self._let_through:
            self._let_through = None
            return True
        if isinstance(event, events.Key) and event.key == EMPTY_KEY:
            self._empty()
            return False
        keys = parted(event) if isinstance(event, events.Key) else [event]
        front = self._app.screen
        seen = self._shown.now(front, was_settled=not self.is_busy)
        if not self.is_busy:
            self._front = front
            self._set_aside(0)
            if not self._may_act_on(front, event, seen):
                self._turn_away(front, [(key, seen) for key in keys])
                return False
            may_go = (
                keys == [event]
                and not self._holds
                and self._is_calm(front, itself=False)
                and self._is_ready(event)
            )
            if may_go and self._is_torn(event):
                return False
            if not may_go:
                self._waiting.extend((key, seen) for key in keys)
            self._pump = asyncio.get_running_loop().create_task(self._work_off())
            return may_go
        if len(self) + len(keys) > KEYS_MAX:
            self._app.bell()
        else:
            self._waiting.extend((key, seen) for key in keys)
        return False

    def resume(self) -> None:
        """A screen was left: what waits for what stood beneath it goes on."""
        if self._kept and not self.is_busy:
            self._pump = asyncio.get_running_loop().create_task(self._work_off())

    async def close(self) -> None:
        """The app ends: what waits goes nowhere."""
        self._waiting.clear()
        self._kept.clear()
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)

    async def _work_off(self) -> None:
        # Between the last screen and the end of the app there is nothing a key could be for.
        with suppress(ScreenStackError):
            await self._work_off_in_order()

    async def _work_off_in_order(self) -> None:
        while True:
            await self._settled()
            self._stop_at_confirmation()
            if not self._waiting:
                self._tell(0)
                return
            released, _ = self._waiting.popleft()
            if self._is_torn(released):
                continue
            self._let_through = released
            if not self._app.post_message(self._let_through):
                return

    def _is_torn(self, released: Typed) -> bool:
        """Whether this is no key that somebody pressed. Asked when it is released: its place says what is text."""
        if not isinstance(released, events.Key):
            return False
        focused = self._app.focused
        is_text = focused is not None and focused.check_consume_key(released.key, released.character)
        return self._torn.drops(released, is_text=is_text)

    async def _settled(self) -> None:
        """Wait until every part has done all that the last key gave it, and no answer is owed."""
        await self._calm()
        while self._must_wait():
            while self._must_wait():
                self._tell(len(self._waiting))
                await asyncio.sleep(_POLL_SECONDS)
            await self._calm()

    def _tell(self, count: int) -> None:
        """How many wait, once they wait for an answer; and when none do any more, whatever each of them painted."""
        if count != self._told:
            self._told = count
            self._changed()

    def _must_wait(self) -> bool:
        return bool(self._holds or (self._waiting and not self._is_ready(self._waiting[0][0])))

    async def _calm(self) -> None:
        """Wait until no part has anything left to do, over several turns of the event loop."""
        looks = 0
        while looks < _CALM_LOOKS:
            front = self._app.screen
            if front._layout_required:
                # A list does not know yet how many rows a page has.
                looks = 0
                await asyncio.sleep(_POLL_SECONDS)
            elif self._is_calm(front):
                looks += 1
                await asyncio.sleep(0)
            else:
                looks = 0
                await self._pass(front)

    def _is_calm(self, front: Screen[Any], *, itself: bool = True) -> bool:
        """`itself` is False where the app is what asks: then it is at work on the key."""
        if front._layout_required or (itself and not _is_at_rest(self._app)):
            return False
        return all(map(_is_at_rest, front.walk_children(with_self=True)))

    async def _pass(self, front: Screen[Any]) -> None:
        """Each part that has something to do comes to the end of what stood in its queue."""
        asked: list[asyncio.Event] = []
        for part in self._parts(front):
            if _is_at_rest(part):
                continue
            came = asyncio.Event()
            if part.call_later(came.set):
                asked.append(came)
        if not asked:
            # Parts that are being closed take nothing any more: who closes them must have a turn, or the end never comes.
            await asyncio.sleep(_POLL_SECONDS)
            return
        try:
            async with asyncio.timeout(_PASS_SECONDS):
                for event in asked:
                    await event.wait()
        except TimeoutError:
            return

    def _parts(self, front: Screen[Any]) -> list[MessagePump]:
        return [self._app, *front.walk_children(with_self=True)]

    def _stop_at_confirmation(self) -> None:
        former, self._front = self._front, self._app.screen
        front = self._front
        self._give_back()
        if front is former or not (is_confirmation(front) or is_interruption(front)):
            return
        typed_in_sight = deque(each for each in self._waiting if self._may_act_on(front, *each))
        early = [each for each in self._waiting if each not in typed_in_sight]
        self._waiting = typed_in_sight
        self._turn_away(front, early)

    def _may_act_on(self, front: Screen[Any], typed: Typed, seen: Seen) -> bool:
        """Whether it was typed with `front` in sight, or is a key that means the same on every screen."""
        if isinstance(typed, events.Key) and typed.key in self._harmless:
            return True
        return self._shown.was_in_sight(front, seen)

    def _turn_away(self, front: Screen[Any], early: list[tuple[Typed, Seen]]) -> None:
        """What was typed before `front` was shown has no effect on it: it is kept for what is interrupted, or put aside."""
        if is_interruption(front):
            room = KEYS_MAX - len(self)
            self._kept.extend((front, each) for each in early[:room])
            self._changed()
        else:
            self._set_aside(len(early))

    def _give_back(self) -> None:
        """What was kept from a screen that is gone comes before everything else, in its order."""
        stack = self._app.screen_stack
        back = [each for screen, each in self._kept if screen not in stack]
        self._kept = [(screen, each) for screen, each in self._kept if screen in stack]
        self._waiting.extendleft(reversed(back))

    def _empty(self) -> None:
        aside = len(self)
        self._waiting.clear()
        self._kept.clear()
        self._set_aside(aside)

    def _set_aside(self, count: int) -> None:
        if self.put_aside != count:
            self.put_aside = count
            self._changed()


def _is_at_rest(part: MessagePump) -> bool:
    """Whether a part waits for its next message, with nothing to do until one comes; or will never do anything.

    Its queue may be empty while it is still busy with what it took out of it: only somebody who waits for the
    next message has done with the last.
    """
    try:
        return part._closed or is_waiting(part)
    except AttributeError:
        # None of it is public: after an upgrade the size of the queue is what can be known.
        return part.message_queue_size == 0


def is_waiting(part: MessagePump) -> bool:
    """Whether a part waits for its next message and has put nothing off until it comes."""
    ready: asyncio.Event = part._message_queue.ready_event
    waiters: Sized = ready._waiters  # who waits is told by nothing public
    return bool(waiters) and not ready.is_set() and not part._next_callbacks
