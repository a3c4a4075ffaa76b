"""An event loop over real sockets whose time leaps: when nothing is under way, the next timer is due now.

The client's own waits, deadlines and limits stand as they are, and no test waits for them. Real work elsewhere (a
ledger that answers, a thread) is announced by `real_work`: time stands still meanwhile. Bytes between two sockets of
this machine are delivered before a leap, which waits for them for a moment.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

T = TypeVar("T")

MORNING: Final = datetime(2026, 11, 3, 9, 15, tzinfo=UTC)
GRACE_SECONDS: Final = 0.0003
"""How long a leap waits for bytes on their way through the kernel. Finer than epoll can count, so it is `select`."""
_SILENCE_SECONDS: Final = 60.0
"""Real work that says nothing for so long has hung: a bound, not an expectation."""


class _Leaping(selectors.SelectSelector):
    """Waits for sockets and real work; otherwise for nothing."""

    def __init__(self, grace_seconds: float) -> None:
        super().__init__()
        self._grace_seconds = grace_seconds
        self.now = 1_000.0
        self.outstanding = 0

    def select(self, timeout: float | None = None) -> list[Any]:
        """What is ready; nothing, and later, when only a timer is left."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        ready = super().select(_SILENCE_SECONDS if self.outstanding else self._grace_seconds)
        if ready:
            return ready
        if self.outstanding:
            raise AssertionError(f"real work said nothing for {_SILENCE_SECONDS:g} s")
        if timeout is None:
            raise AssertionError("nothing is under way, and nothing will ever happen")
        self.now += timeout
        return ready


class LeapingLoop(asyncio.SelectorEventLoop):
    """As every loop, on time that leaps."""

    def __init__(self, grace_seconds: float = GRACE_SECONDS) -> None:
        self._leaping = _Leaping(grace_seconds)
        super().__init__(self._leaping)

    def time(self) -> float:
        """Virtual seconds."""
        return self._leaping.now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]  # a future is all that anybody asks for
        """On a thread, while time stands still."""
        self._leaping.outstanding += 1
        future: asyncio.Future[Any] = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._returned)
        return future

    def _returned(self, _: asyncio.Future[Any]) -> None:
        self._leaping.outstanding -= 1

    @contextmanager
    def real_work(self) -> Iterator[None]:
        """Somebody outside this loop works for it: time stands still meanwhile."""
        self._leaping.outstanding += 1
        try:
            yield
        finally:
            self._leaping.outstanding -= 1


@contextmanager
def real_work() -> Iterator[None]:
    """As the running loop's, where its time leaps; nothing on any other."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, LeapingLoop):
        with loop.real_work():
            yield
    else:
        yield


class LoopClock:
    """The link's three clocks by the running loop's time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._begun = loop.time()

    def now(self) -> datetime:
        """The wall clock."""
        return MORNING + timedelta(seconds=self._loop.time() - self._begun)

    def monotonic(self) -> float:
        """Seconds of the loop."""
        return self._loop.time()

    def boottime(self) -> float:
        """The machine never sleeps."""
        return self._loop.time()


def run_leaping(
    work: Callable[[LeapingLoop], Coroutine[Any, Any, T]], *, grace_seconds: float = GRACE_SECONDS
) -> T:
    """Run `work` to its end on a loop of its own; without sockets a leap has nothing to wait for."""
    loop = LeapingLoop(grace_seconds)
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(work(loop))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        with loop.real_work():
            loop.run_until_complete(loop.shutdown_default_executor())
        asyncio.set_event_loop(None)
        loop.close()
