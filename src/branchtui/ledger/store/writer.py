"""The one writer: collects the commands that wait, decides them in order, commits once, answers each.

Nobody is answered before COMMIT returned (DUR-3). A batch that breaks a constraint, or anything else,
is run again one command at a time, so that only the guilty one fails (CONC-4). One that met another
transaction, or a server that went away, is run again as a whole (CONC-7); where the connection broke
under COMMIT, the database is asked first whether it was done.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from branchtui.ledger.store.company import Company
from branchtui.ledger.store.errors import (
    CommitDoubt,
    CommitUnknown,
    Contention,
    Fault,
    NotNow,
    StorageFull,
    StoreAway,
    StoreUnavailable,
    TookTooLong,
    WriterBusy,
    WriterStopped,
    stop_the_process,
)
from branchtui.ledger.store.scout import read_ahead
from branchtui.ledger.store.unit import Batch, BulkTx, Tx

if TYPE_CHECKING:
    from collections.abc import Callable

    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.engine import Store

T = TypeVar("T")

MAX_BATCH: Final = 128
"""Commands that share one commit at most: bounds how long the first waits for the last."""

MAX_WAITING: Final = 4_096
"""Commands that may wait; beyond it the ledger says that it is overloaded."""

MAX_TRIES: Final = 5
"""How often a batch is run that meets other transactions (CONC-7)."""

PAUSE_SECONDS: Final = (0.005, 0.2)
"""Between two tries: anything between these, so that two that met do not meet again."""

PATIENCE_SECONDS: Final = 10.0
"""How long a batch waits for a server that went away, or for its turn, before its callers are told."""


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
    """Owns the only connection of this process that writes, on a thread of its own."""

    def __init__(
        self,
        store: Store,
        *,
        on_io_error: Callable[[BaseException], None] = stop_the_process,
        chance: random.Random | None = None,
        pause: Callable[[float], object] | None = None,
        committed: Callable[[float], object] = lambda _: None,
        company: Company | None = None,
    ) -> None:
        """`committed` is told, on the writer's thread, how many seconds each COMMIT took."""
        self._store = store
        self._committed = committed
        self._company = company or Company()
        self._on_io_error = on_io_error
        self._chance = chance or random.Random()  # noqa: S311 - spreads retries, keeps no secret
        # Nothing ever sets it: a wait that needs no clock of its own.
        self._pause = pause or threading.Event().wait
        self._connection: Connection | None = None
        self._queue: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._carried: _Task | None = None
        self._thread = threading.Thread(target=self._work, name="ledger-writer", daemon=True)
        self._ready: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self._stopping = False
        self.full = False
        self.away = False
        self.batches = 0
        self.commands = 0
        self.retries = 0

    @property
    def waiting(self) -> int:
        """Commands that wait for their batch."""
        return self._queue.qsize()

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
            self._connection = self._store.connect_writer()
        except Exception as error:  # noqa: BLE001 - whatever it is, `start` raises it on the caller's thread
            self._ready.put(error)
            return
        self._ready.put(None)
        while self._turn():
            pass
        self._refuse_the_rest()
        self._disconnect()

    def _turn(self) -> bool:
        """Wait for a command, do it and those behind it as one batch, answer them; False once told to stop."""
        first = self._carried or self._queue.get()
        self._carried = None
        if first is None:
            return False
        tasks = [first]
        while not first.bulk and len(tasks) < MAX_BATCH:
            try:
                following = self._following(len(tasks))
            except queue.Empty:
                break
            if following is None:
                self._queue.put(None)
                break
            if following.bulk:
                self._carried = following
                break
            tasks.append(following)
        self._company.begins(len(tasks))
        began = time.monotonic()
        self._answer(tasks, self._run(tasks))
        # Whoever brings the pieces of long work is nobody's company: each of them stands alone.
        answered = 0 if first.bulk else len(tasks)
        self._company.answered(answered, self._queue.qsize(), time.monotonic() - began)
        self._tidy(bulk=first.bulk)
        return True

    def _following(self, gathered: int) -> _Task | None:
        """The next of a batch of `gathered`; raises queue.Empty when none has come in the time that it may wait."""
        with contextlib.suppress(queue.Empty):
            return self._queue.get_nowait()
        seconds = self._company.seconds_for(gathered)
        if not seconds:
            raise queue.Empty
        return self._queue.get(timeout=seconds)

    def _tidy(self, *, bulk: bool) -> None:
        """What the store does between batches; those who are answered do not wait for it."""
        if self._connection is None:
            return
        try:
            self._connection.tidy(bulk=bulk)
        except Exception as error:
            fault = self._store.fault_of(error)
            if fault is Fault.FULL:
                self.full = True
            elif fault is Fault.BROKEN:
                self._on_io_error(error)
            else:
                raise

    def _refuse_the_rest(self) -> None:
        """Whoever asked while the writer was being stopped is told so, and does not wait for ever."""
        while True:
            try:
                task = self._queue.get_nowait()
            except queue.Empty:
                return
            if task is not None:
                self._answer([task], [_Done(error=WriterStopped())])

    def _run(self, tasks: list[_Task]) -> list[_Done]:
        # Whoever asks while the server is known to be away is told so at once.
        until = time.monotonic() + (0.0 if self.away else PATIENCE_SECONDS)
        tries = 0
        while True:
            try:
                done = self._attempt(tasks, until)
            except CommitUnknown as error:
                return [_Done(error=error) for _ in tasks]
            except Exception as error:  # noqa: BLE001 - whatever a batch dies of, only the guilty command may
                fault = self._fault_of(error)
                if fault is Fault.FULL:
                    self.full = True
                    return [_Done(error=StorageFull()) for _ in tasks]
                if fault is Fault.BROKEN:
                    self._on_io_error(error)
                    return [_Done(error=error) for _ in tasks]
                if fault in {Fault.CONTENTION, Fault.AWAY}:
                    tries += 1
                    failed = self._given_up(fault, tries, until)
                    if failed is not None:
                        return [_Done(error=failed) for _ in tasks]
                    continue
                if len(tasks) == 1:
                    return [_Done(error=TookTooLong() if fault is Fault.LATE else error)]
                return [result for task in tasks for result in self._run([task])]
            self.away = False
            self.batches += 1
            self.commands += len(tasks)
            return done

    def _fault_of(self, error: Exception) -> Fault | None:
        return Fault.AWAY if isinstance(error, StoreUnavailable) else self._store.fault_of(error)

    def _given_up(self, fault: Fault | None, tries: int, until: float) -> NotNow | None:
        """What the callers are told when the batch is not to be run again; None after a pause when it is."""
        late = time.monotonic() >= until
        if fault is Fault.AWAY:
            self._disconnect()
            if late:
                self.away = True
                return StoreAway()
        elif late or tries >= MAX_TRIES:
            return Contention()
        self.retries += 1
        self._pause(self._chance.uniform(*PAUSE_SECONDS))
        return None

    def _attempt(self, tasks: list[_Task], until: float) -> list[_Done]:
        """Run the batch once. Where COMMIT is in doubt, its results stand if it was done; else it is to run again."""
        if self._connection is None:
            self._connection = self._store.connect_writer()
        results: list[_Done] = []
        # Only what was written shows that there is room again: to look something up needs none.
        written = self._connection.total_changes() if self.full else 0
        try:
            _run_batch(self._store, self._connection, tasks, results, self._committed)
            if self.full and self._connection.total_changes() > written:
                self.full = False
        except CommitDoubt as doubt:
            self._disconnect()
            if not self._was_committed(doubt, until):
                raise StoreUnavailable("The connection was lost before the commit was done.") from doubt
        return results

    def _was_committed(self, doubt: CommitDoubt, until: float) -> bool:
        """Ask until the database answers (CONC-7: never assume).

        Raises:
            CommitUnknown: it did not answer in time.
        """
        while doubt.mark is not None:
            try:
                return self._store.was_committed(doubt.mark)
            except Exception as error:
                if time.monotonic() >= until:
                    self.away = True
                    raise CommitUnknown from error
                if self._fault_of(error) not in {Fault.AWAY, Fault.CONTENTION, Fault.LATE}:
                    # Whatever kept the database from answering: to run again could do it twice.
                    raise CommitUnknown from error
            self._pause(self._chance.uniform(*PAUSE_SECONDS))
        raise CommitUnknown from doubt

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _answer(self, tasks: list[_Task], results: list[_Done]) -> None:
        loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], _Done]]] = {}
        for task, result in zip(tasks, results, strict=True):
            loops.setdefault(task.loop, []).append((task.future, result))
        for loop, pairs in loops.items():
            # A loop that has closed has nobody left who waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_settle, pairs)


class FencedWriter:
    """The writer for somebody who may lose the right to write: `fence` raises inside the same transaction then."""

    def __init__(self, writer: Writer, fence: Callable[[Tx], None]) -> None:
        self._writer = writer
        self._fence = fence

    async def submit(self, run: Callable[[Tx], T]) -> T:
        """As `Writer.submit`, behind the fence."""

        def fenced(tx: Tx) -> T:
            self._fence(tx)
            return run(tx)

        return await self._writer.submit(fenced)

    async def bulk(self, run: Callable[[BulkTx], T]) -> T:
        """As `Writer.bulk`, behind the fence."""

        def fenced(tx: BulkTx) -> T:
            self._fence(tx)
            return run(tx)

        return await self._writer.bulk(fenced)


def _run_batch(
    store: Store,
    connection: Connection,
    tasks: list[_Task],
    results: list[_Done],
    committed: Callable[[float], object],
) -> None:
    """Decide every task in order and commit once; a task that raises leaves nothing behind."""
    batch = Batch(connection, len(tasks))
    try:
        connection.begin(bulk=tasks[0].bulk, with_first=not tasks[0].bulk)
        if connection.is_far and len(tasks) > 1:
            read_ahead(batch, [task.run for task in tasks])
        for task in tasks:
            tx = BulkTx(batch) if task.bulk else batch.begin()
            try:
                results.append(_Done(value=task.run(tx)))
            except Exception as error:
                if store.fault_of(error) is not None:
                    raise
                results.append(_Done(error=error))
                if task.bulk:
                    connection.rollback()
                    return
                tx.drop()
            else:
                tx.keep()
        batch.flush()
        began = time.perf_counter()
        connection.commit()
        committed(time.perf_counter() - began)
    except BaseException:
        connection.rollback()
        raise


def _settle(pairs: list[tuple[asyncio.Future[Any], _Done]]) -> None:
    for future, result in pairs:
        if future.done():
            continue
        if result.error is not None:
            future.set_exception(result.error)
        else:
            future.set_result(result.value)
