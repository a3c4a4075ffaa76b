"""One thread, one loop, and time that jumps to whatever happens next: the same seed is the same run.

What would be a process of its own is a `Process`: a group of tasks that ends as one, with whatever it held.
Work for other threads is done on the spot. Tasks and futures hash by the order in which they were made, so that a
set of them is walked alike in every run.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any, Final, TypeVar

T = TypeVar("T")

TURNS_MAX: Final = 3_000_000
"""Turns of the loop in one run: beyond them something asks again and again and gets nowhere."""

_PROCESS: contextvars.ContextVar[Process | None] = contextvars.ContextVar("process", default=None)


class Killed(BaseException):
    """The process that runs this has been killed here: nothing behind this line happens."""


class _Task(asyncio.Task[Any]):
    def __init__(self, number: int, work: Coroutine[Any, Any, Any], **more: Any) -> None:
        self._number = number
        super().__init__(work, **more)

    def __hash__(self) -> int:
        return self._number


class _Future(asyncio.Future[Any]):
    def __init__(self, number: int, **more: Any) -> None:
        self._number = number
        super().__init__(**more)

    def __hash__(self) -> int:
        return self._number


class _Jump:
    """Stands where a loop has what it waits with: it waits for nobody and lets time pass instead."""

    def __init__(self, loop: SimLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        self._loop.pass_time(timeout)
        return []

    def close(self) -> None:
        return


class SimLoop(asyncio.BaseEventLoop):
    """A loop without files, threads or signals, on virtual seconds that begin at 0."""

    def __init__(self) -> None:
        super().__init__()
        self._seconds = 0.0
        self._turns = 0
        self._numbers = count()
        self._selector = _Jump(self)
        self._clock_resolution = 1e-6
        self.set_task_factory(self._new_task)
        self.set_exception_handler(self._note_failure)
        self._failures: list[str] = []
        self._failed: list[asyncio.Task[Any]] = []
        self.nowhere = contextvars.copy_context()
        """The context of what belongs to no process: the network, the weather."""

    def time(self) -> float:
        """Virtual seconds since the beginning."""
        return self._seconds

    def pass_time(self, timeout: float | None) -> None:
        """Let `timeout` seconds pass.

        Raises:
            AssertionError: nothing is under way, or the run does not get on.
        """
        self._turns += 1
        if self._turns > TURNS_MAX:
            raise AssertionError(
                f"{TURNS_MAX:,} turns of the loop, and no end: something goes round in circles"
            )
        if timeout is None:
            raise AssertionError("nothing is under way, and nothing will ever happen")
        self._seconds += max(0.0, timeout)

    def create_future(self) -> asyncio.Future[Any]:
        """A future that hashes by its number."""
        return _Future(next(self._numbers), loop=self)

    def run_in_executor(  # type: ignore[override]  # no thread, so no future of one
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Do it in the next turn, on this thread."""
        future = self.create_future()

        def work() -> None:
            if future.done():
                return
            try:
                future.set_result(func(*args))
            except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits gets it
                future.set_exception(error)

        self.call_soon(work)
        return future

    def _new_task(self, loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> asyncio.Task[Any]:
        context = more.get("context")
        process = _PROCESS.get() if context is None else context.get(_PROCESS)
        task = _Task(next(self._numbers), work, loop=loop, **more)
        if process is not None:
            process.adopt(task)
        return task

    def _note_failure(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What goes wrong in a callback; what a task came to is looked at in the end, whenever it is collected."""
        error = context.get("exception")
        if not isinstance(error, Killed) and "never retrieved" not in str(context.get("message")):
            self._failures.append(f"{context.get('message')}: {error!r}")

    def failures(self) -> list[str]:
        """What went wrong so far and concerned nobody: in callbacks, and in tasks that nobody waited for."""
        unheard = [f"{task!r}" for task in self._failed if task._log_traceback]
        return self._failures + unheard

    def task_failed(self, task: asyncio.Task[Any]) -> None:
        """A task of a living process ended with an error, which somebody should ask for."""
        self._failed.append(task)

    def _process_events(self, event_list: list[Any]) -> None:
        return

    def _write_to_self(self) -> None:
        return


class Process:
    """A program that runs, and can be killed."""

    def __init__(self, loop: SimLoop, name: str) -> None:
        self.name = name
        self.is_alive = True
        self.ended: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._context = contextvars.copy_context()
        self._context.run(_PROCESS.set, self)
        self._tasks: dict[asyncio.Task[Any], None] = {}

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """It dies with this process."""
        self._tasks[task] = None
        task.add_done_callback(self._done)
        if not self.is_alive:
            task.cancel()

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        # Reading `exception()` here would count as somebody's asking.
        if self.is_alive and not task.cancelled() and isinstance(task._exception, Exception):
            self._loop.task_failed(task)

    def run(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task of this process."""
        return self._loop.create_task(work, context=self._context.copy())

    def call(self, work: Callable[..., T], *args: Any) -> T:
        """Call something as this process does; whatever it begins belongs to the process."""
        return self._context.copy().run(work, *args)

    def end(self) -> None:
        """Everything of it stops."""
        if not self.is_alive:
            return
        self.is_alive = False
        if not self.ended.done():
            self.ended.set_result(None)
        for task in list(self._tasks):
            task.cancel()


def run(work: Callable[[SimLoop], Coroutine[Any, Any, T]]) -> T:
    """Run `work` to its end on a loop of its own."""
    loop = SimLoop()
    try:
        return loop.run_until_complete(work(loop))
    finally:
        left = sorted(asyncio.all_tasks(loop), key=hash)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
