"""The key gate: nothing typed is lost, and nothing goes astray (terminal, keys).

The framework hands a key to whatever has the focus when it arrives, while what the key before it
started (a screen being opened, a command being answered) may still be under way. Here keys wait in
arrival order, and each is let through when the one before has had its whole effect.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from textual import events
from textual.app import App, ScreenStackError
from textual.message_pump import MessagePump
from textual.screen import Screen

from branchtui.terminal.lean.figures import PaintFigures
from branchtui.terminal.shown import Seen, Shown, is_confirmation
from branchtui.terminal.torn_keys import TornTails, parted

KEYS_MAX: Final = 256
EMPTY_KEY: Final = "ctrl+g"
_QUIET_PASSES: Final = 2
_PASS_SECONDS: Final = 1.0
"""A part that is closed while it is asked never answers: then the parts are gathered anew."""
_POLL_SECONDS: Final = 0.01
"""Only while keys wait for an answer of the ledger."""

Typed = events.Key | events.Paste


class KeyGate:
    """One an app: `take` is given every key and paste.

    `is_ready` says whether what this one means is known, or hangs on an answer that is under way.
    A screen with `is_confirmation` puts aside what was typed before the terminal showed it: no money moves
    by a key typed before its confirmation was on the screen. `paint` tells what the terminal has shown;
    replies and keys come by one way, in their order. `changed` is told when the counts change.
    """

    def __init__(
        self,
        app: App[Any],
        *,
        is_ready: Callable[[Typed], bool] = lambda _: True,
        changed: Callable[[], None] = lambda: None,
        paint: PaintFigures | None = None,
    ) -> None:
        self._app = app
        self._shown = Shown(paint)
        self._is_ready = is_ready
        self._changed = changed
        self._waiting: deque[tuple[Typed, Seen]] = deque()
        self._let_through: Typed | None = None
        self._front: Screen[Any] | None = None
        self._holds = 0
        self._pump: asyncio.Task[None] | None = None
        self._torn = TornTails()
        self.put_aside = 0

    def __len__(self) -> int:
        return len(self._waiting)

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
            if not self._shown.was_in_sight(front, seen):
                self._set_aside(len(keys))
                return False
            may_go = keys == [event] and not self._holds and self._is_ready(event)
            if may_go and self._is_torn(event):
                return False
            if not may_go:
                self._waiting.extend((key, seen) for key in keys)
            self._pump = asyncio.get_running_loop().create_task(self._work_off())
            return may_go
        if len(self._waiting) + len(keys) > KEYS_MAX:
            self._app.bell()
        else:
            self._waiting.extend((key, seen) for key in keys)
        return False

    async def close(self) -> None:
        """The app ends: what waits goes nowhere."""
        self._waiting.clear()
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
        quiet = 0
        told = 0
        while quiet < _QUIET_PASSES:
            front = self._app.screen
            await self._pass(front)
            if self._holds or (self._waiting and not self._is_ready(self._waiting[0][0])):
                quiet = 0
                if told != len(self._waiting):
                    told = len(self._waiting)
                    self._changed()
                await asyncio.sleep(_POLL_SECONDS)
            elif front is not self._app.screen or any(part.message_queue_size for part in self._parts(front)):
                quiet = 0
            else:
                quiet += 1
        if told:
            self._changed()

    async def _pass(self, front: Screen[Any]) -> None:
        """Each part comes to the end of what stood in its queue."""
        asked: list[asyncio.Event] = []
        for part in self._parts(front):
            came = asyncio.Event()
            if part.call_later(came.set):
                asked.append(came)
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
        if front is former or not is_confirmation(front):
            return
        typed_in_sight = deque(each for each in self._waiting if self._shown.was_in_sight(front, each[1]))
        aside = len(self._waiting) - len(typed_in_sight)
        self._waiting = typed_in_sight
        self._set_aside(aside)

    def _empty(self) -> None:
        aside = len(self._waiting)
        self._waiting.clear()
        self._set_aside(aside)

    def _set_aside(self, count: int) -> None:
        if self.put_aside != count:
            self.put_aside = count
            self._changed()
