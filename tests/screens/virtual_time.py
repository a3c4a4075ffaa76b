"""An event loop whose time jumps: nothing under way means that the next timer is due now.

Seconds cost nothing, so that a ledger may take three of them for every answer. Work on threads is real: while some
is outstanding the loop waits for it and time stands still.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar
from unittest import mock

import textual._time

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")

MORNING: Final = datetime(2026, 11, 3, 9, 15, tzinfo=UTC)
"""When every virtual day begins."""


class _Jumping(selectors.SelectSelector):
    """Never waits for the clock, only for threads."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0
        self.outstanding = 0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self.outstanding:
            return super().select(None)
        if timeout is None:
            raise AssertionError("nothing is under way, and nothing will ever happen")
        self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """As every loop, on virtual time."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds."""
        return self._jumping.now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """On a thread, while time stands still."""
        self._jumping.outstanding += 1
        future: asyncio.Future[Any] = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._returned)
        return future

    def _returned(self, _: asyncio.Future[Any]) -> None:
        self._jumping.outstanding -= 1

    @contextmanager
    def real_work(self) -> Iterator[None]:
        """A thread works for somebody: time stands still meanwhile."""
        self._jumping.outstanding += 1
        try:
            yield
        finally:
            self._jumping.outstanding -= 1


class VirtualClock:
    """The link's three clocks, and the ledger's, by the loop's time."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._begun = loop.time()
        self._stamps = 0

    def now(self) -> datetime:
        """The wall clock: it stands at the morning, so that no figure depends on how fast somebody types."""
        return MORNING

    def now_us(self) -> int:
        """The ledger's: later with each stamp, by so little that nobody reads it."""
        self._stamps += 1
        return int(MORNING.timestamp() * 1_000_000) + self._stamps

    def monotonic(self) -> float:
        """Seconds of the loop."""
        return self._loop.time()

    def boottime(self) -> float:
        """The machine never sleeps."""
        return self._loop.time()


def run_virtually(work: Callable[[VirtualLoop], Coroutine[Any, Any, T]]) -> T:
    """Run `work` to its end on a loop of its own; timers of the framework go by the same time."""
    loop = VirtualLoop()
    try:
        with mock.patch.object(textual._time, "get_time", loop.time):
            asyncio.set_event_loop(loop)
            return loop.run_until_complete(work(loop))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        with loop.real_work():
            loop.run_until_complete(loop.shutdown_default_executor())
        asyncio.set_event_loop(None)
        loop.close()
