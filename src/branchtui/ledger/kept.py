"""Figures that cost much: counted once for everybody who asks at once, and told again while they are young.

What is cheap is counted anew for whoever asks, so that a person sees at once what was just done. What went through
`MANY` rows or more is told again until it is `COSTS` times as old as counting it took: counting then takes a twentieth
of one core at most, however many ask. Rows decide and not time, so that a busy machine makes no figure old.

A key names everything that the figure depends on, first of all the branches that may be seen (AUTHZ-2).
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Iterator

MANY: Final = 20_000
"""Rows from which on a figure is told again; counting fewer takes less than a tenth of a second."""

COSTS: Final = 20
"""How many times its own cost a figure may be old."""

_AT_MOST: Final = 512
"""Keys that are remembered; the one that was used longest ago goes first."""

T = TypeVar("T")


class Counted(NamedTuple):
    """What was counted: how many rows that went through, and the instant that it holds for (microseconds)."""

    value: Any
    rows: int
    at_us: int


@dataclass(frozen=True, slots=True)
class Figure(Generic[T]):
    """What is told. `at_us` is the instant it holds for; `is_older`: it was begun before it was asked for."""

    value: T
    at_us: int
    is_older: bool


@dataclass(frozen=True, slots=True)
class _Known:
    counted: Counted
    until: float


@dataclass(frozen=True, slots=True)
class _Run:
    task: asyncio.Task[Counted]
    number: int


class Few(Generic[T]):
    """The values of the keys that were used last."""

    def __init__(self, at_most: int = _AT_MOST) -> None:
        self._at_most = at_most
        self._values: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable) -> T | None:
        """The value of this key, or None."""
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key]

    def put(self, key: Hashable, value: T | None) -> None:
        """Remember `value`; None forgets the key."""
        self._values.pop(key, None)
        if value is not None:
            self._values[key] = value
            if len(self._values) > self._at_most:
                self._values.popitem(last=False)


class Kept:
    """The figures of one process. Used on its event loop alone."""

    def __init__(self, *, many: int = MANY, seconds: Callable[[], float] = time.monotonic) -> None:
        """`seconds` is the clock by which cost and age are taken."""
        self.many = many
        self.parts: Few[Any] = Few()
        """Where who counts keeps what need not be counted anew."""
        self._seconds = seconds
        self._numbers = itertools.count()
        self._known: Few[_Known] = Few()
        self._runs: dict[Hashable, _Run] = {}

    async def figure(self, key: Hashable, count: Callable[[], Awaitable[Counted]]) -> Figure[Any]:
        """The figure of this key, counted by `count` unless it is known and young enough.

        The counting goes on when whoever began it has given up, for those who ask next.
        """
        return await self._told(key, count, keeps=True)

    async def exact(self, key: Hashable, count: Callable[[], Awaitable[Counted]]) -> Any:
        """What `count` says of a state that is not older than this call, counted by one at a time for all who wait."""
        return (await self._told(key, count, keeps=False)).value

    def tasks(self) -> Iterator[asyncio.Task[Counted]]:
        """What is being counted, for who stops the ledger."""
        return iter([run.task for run in self._runs.values()])

    async def _told(
        self, key: Hashable, count: Callable[[], Awaitable[Counted]], *, keeps: bool
    ) -> Figure[Any]:
        asked = next(self._numbers)
        while True:
            known = self._known.get(key) if keeps else None
            if known is not None and self._seconds() <= known.until:
                return Figure(known.counted.value, known.counted.at_us, is_older=True)
            run = self._runs.get(key) or self._begin(key, count, keeps=keeps)
            if known is not None or run.number > asked:
                counted = await asyncio.shield(run.task)
                return Figure(counted.value, counted.at_us, is_older=run.number < asked)
            # It began before this was asked: it may not hold what the asker did last. The next one does.
            await asyncio.wait((run.task,))

    def _begin(self, key: Hashable, count: Callable[[], Awaitable[Counted]], *, keeps: bool) -> _Run:
        async def work() -> Counted:
            began = self._seconds()
            counted = await count()
            if keeps:
                ended = self._seconds()
                young = _Known(counted, ended + COSTS * (ended - began))
                self._known.put(key, young if counted.rows >= self.many else None)
            return counted

        run = _Run(asyncio.get_running_loop().create_task(work(), name="ledger-figure"), next(self._numbers))
        self._runs[key] = run

        def ended(task: asyncio.Task[Counted]) -> None:
            del self._runs[key]
            if not task.cancelled():
                task.exception()  # told to those who wait; when nobody does any more, to nobody

        run.task.add_done_callback(ended)
        return run
