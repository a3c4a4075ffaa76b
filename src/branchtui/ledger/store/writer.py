"""The one writer: collects the commands that wait, decides them in order, commits once, answers each.

Nobody is answered before COMMIT returned (DUR-3). A batch that breaks a constraint, or anything else,
is run again one command at a time, so that only the guilty one fails (CONC-4).
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import apsw

from branchtui.ledger.store.sqlite import connect, stop_the_process
from branchtui.ledger.store.unit import Batch, BulkTx, Tx

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

MAX_BATCH: Final = 128
"""Commands that share one commit at most: bounds how long the first waits for the last."""

CHECKPOINT_PAGES: Final = 1_000
"""Pages of the write-ahead log from which it is brought into the database, once the batch is answered."""

MAX_WAITING: Final = 4_096
"""Commands that may wait; beyond it the ledger says that it is overloaded."""


class StorageFull(Exception):
    """The disk is full; nothing was applied and the transaction was rolled back (DUR-4)."""


class WriterStopped(Exception):
    """The ledger is stopping; nothing was applied."""


class WriterBusy(Exception):
    """Too many commands wait; nothing was applied."""


@dataclass(slots=True)
class _Task:
    run: Callable[[Any], Any]
    bulk: bool
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


@dataclass(slots=True)
class _Done:
    value: Any = None
    error: BaseException | None = None


class Writer:
    """Owns the only connection that writes, on a thread of its own."""

    def __init__(
        self, path: Path, *, on_io_error: Callable[[BaseException], None] = stop_the_process
    ) -> None:
        self._path = path
        self._on_io_error = on_io_error
        self._queue: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="ledger-writer", daemon=True)
        self._ready: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self._stopping = False
        self.full = False
        self._log_pages = 0
        self.batches = 0
        self.commands = 0

    def start(self) -> None:
        """Open the database; raises what opening it raised."""
        self._thread.start()
        error = self._ready.get()
        if error is not None:
            raise error

    def stop(self) -> None:
        """Finish what waits, then close the connection."""
        self._stopping = True
        self._queue.put(None)
        self._thread.join()

    async def submit(self, run: Callable[[Tx], T]) -> T:
        """Run `run` in the next batch and return its value after the commit.

        Raises whatever `run` raised (nothing of it was applied), or StorageFull.
        """
        return await self._enqueue(run, bulk=False)

    async def bulk(self, run: Callable[[BulkTx], T]) -> T:
        """Run `run` alone in a transaction of its own, where set-based statements are allowed."""
        return await self._enqueue(run, bulk=True)

    async def _enqueue(self, run: Callable[[Any], T], *, bulk: bool) -> T:
        if self._stopping:
            raise WriterStopped
        if self._queue.qsize() >= MAX_WAITING:
            raise WriterBusy
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Task(run, bulk, future, loop))
        return await asyncio.shield(future)

    def _work(self) -> None:
        try:
            connection = connect(self._path)
            # SQLite's own checkpoint swallows what its fsync reports and tries again at the next commit (DUR-4).
            connection.set_wal_hook(self._note_log)
        except Exception as error:  # noqa: BLE001 - whatever it is, `start` raises it on the caller's thread
            self._ready.put(error)
            return
        self._ready.put(None)
        carried: _Task | None = None
        while True:
            first = carried or self._queue.get()
            carried = None
            if first is None:
                break
            tasks = [first]
            while not first.bulk and len(tasks) < MAX_BATCH:
                try:
                    following = self._queue.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    self._queue.put(None)
                    break
                if following.bulk:
                    carried = following
                    break
                tasks.append(following)
            self._answer(tasks, self._run(connection, tasks))
            self._checkpoint(connection)
        self._refuse_the_rest()
        connection.close()

    def _note_log(self, _: apsw.Connection, __: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _checkpoint(self, connection: apsw.Connection) -> None:
        """Bring a long log into the database; those who are answered do not wait for it."""
        if self._log_pages < CHECKPOINT_PAGES:
            return
        self._log_pages = 0
        try:
            connection.wal_checkpoint()
        except apsw.FullError:
            self.full = True
        except apsw.IOError as error:
            self._on_io_error(error)
        except apsw.BusyError:
            return

    def _refuse_the_rest(self) -> None:
        """Whoever asked while the writer was being stopped is told so, and does not wait for ever."""
        while True:
            try:
                task = self._queue.get_nowait()
            except queue.Empty:
                return
            if task is not None:
                self._answer([task], [_Done(error=WriterStopped())])

    def _run(self, connection: apsw.Connection, tasks: list[_Task]) -> list[_Done]:
        try:
            done = _run_batch(connection, tasks)
        except apsw.FullError:
            self.full = True
            return [_Done(error=StorageFull()) for _ in tasks]
        except apsw.IOError as error:
            self._on_io_error(error)
            return [_Done(error=error) for _ in tasks]
        except Exception as error:  # noqa: BLE001 - whatever a batch dies of, only the guilty command may
            if len(tasks) == 1:
                return [_Done(error=error)]
            return [result for task in tasks for result in self._run(connection, [task])]
        self.full = False
        self.batches += 1
        self.commands += len(tasks)
        return done

    def _answer(self, tasks: list[_Task], results: list[_Done]) -> None:
        loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], _Done]]] = {}
        for task, result in zip(tasks, results, strict=True):
            loops.setdefault(task.loop, []).append((task.future, result))
        for loop, pairs in loops.items():
            # A loop that has closed has nobody left who waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_settle, pairs)


def _run_batch(connection: apsw.Connection, tasks: list[_Task]) -> list[_Done]:
    """Decide every task in order and commit once; a task that raises leaves nothing behind."""
    batch = Batch(connection)
    results: list[_Done] = []
    connection.execute("BEGIN IMMEDIATE")
    try:
        for task in tasks:
            tx = BulkTx(batch) if task.bulk else batch.begin()
            try:
                results.append(_Done(value=task.run(tx)))
            except apsw.Error:
                raise
            except Exception as error:  # noqa: BLE001 - one command's failure is its caller's alone
                if task.bulk:
                    connection.execute("ROLLBACK")
                    return [_Done(error=error)]
                tx.drop()
                results.append(_Done(error=error))
            else:
                tx.keep()
        batch.flush()
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return results


def _settle(pairs: list[tuple[asyncio.Future[Any], _Done]]) -> None:
    for future, result in pairs:
        if future.done():
            continue
        if result.error is not None:
            future.set_exception(result.error)
        else:
            future.set_result(result.value)
