"""A ledger that is really served, and that dies (or whose disk breaks) where a line on its standard input says.

`python -m tests.ledger.faults.doomed DATABASE [whole]` serves the ledger at this URL as `branchtui ledger serve`
does and prints its own. A line `kill NUMBER POINT` then ends it by SIGKILL when it comes to that point for
that time; a line `break NUMBER POINT` makes the disk report an I/O error there, once; `hold NUMBER POINT`
lets it stand there (it says `held`) until a line `go`. The product knows nothing of this: the points are its
own functions, wrapped here, and its files, opened through our file system.

Steps are made small, so that a handful of rows has many of them; with `whole` they stay as they are. What
a dead process left to others is theirs at once.
"""

from __future__ import annotations

import importlib
import inspect
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

import apsw

from branchtui.ledger import serve
from branchtui.ledger.store import sqlite
from branchtui.ledger.web.limits import LIFTED
from branchtui.ledger.workflows import (
    file_apply,
    file_check,
    import_check,
    import_run,
    jobs,
    record_bulk,
    record_jobs,
)

if TYPE_CHECKING:
    from collections.abc import Callable

BASE: Final = "unix"
STEP_ROWS: Final = 10
ROWS_AT_ONCE: Final = 20

CODE_POINTS: Final[dict[str, tuple[str, str]]] = {
    "a batch begins": ("branchtui.ledger.store.writer", "_run_batch"),
    "a batch is decided": ("branchtui.ledger.store.unit", "Batch.flush"),
    "an entry is verified": ("branchtui.ledger.journal", "_verify"),
    "the key is remembered": ("branchtui.ledger.operations", "_remember"),
    "a row joins the chain": ("branchtui.ledger.audit", "append"),
    "an answer is ready": ("branchtui.ledger.web.route", "Call.execute"),
    "callers are told": ("branchtui.ledger.store.writer", "_settle"),
    "records are posted": ("branchtui.ledger.workflows.record_jobs", "post_records"),
    "records are deleted": ("branchtui.ledger.workflows.record_jobs", "delete_records"),
    "progress is noted": ("branchtui.ledger.workflows.jobs", "progress"),
    "waiters are called": ("branchtui.ledger.workflows.jobs", "called"),
    "verdicts are kept": ("branchtui.ledger.store.import_store", "stage"),
    "rows become records": ("branchtui.ledger.store.import_store", "insert_records"),
    "rows become plans": ("branchtui.ledger.workflows.import_plans", "take_rows"),
    "rows become customers": ("branchtui.ledger.store.customer_store", "insert_customers"),
    "stated rows are kept": ("branchtui.ledger.store.file_store", "stage"),
    "differences are posted": ("branchtui.ledger.workflows.file_apply", "apply_rows"),
}
"""Each gives two points: `before` it and `after` it."""

FILE_POINTS: Final = (
    "the log is written",
    "the log is synced",
    "the database is written",
    "the database is synced",
)

READ_POINTS: Final = ("before the log is read", "before the database is read")

_RESULTS: Final = {
    "read": apsw.SQLITE_IOERR_READ,
    "written": apsw.SQLITE_IOERR_WRITE,
    "synced": apsw.SQLITE_IOERR_FSYNC,
}

POINTS: Final = tuple(
    f"{when} {name}" for name in (*CODE_POINTS, *FILE_POINTS) for when in ("before", "after")
)


class Doom:
    """Counts how often a point is passed and does there what was asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._way, self._left, self._point = "", 0, ""
        self._go = threading.Event()

    def go(self) -> None:
        """Whoever is held goes on."""
        self._way, self._point = "", ""
        self._go.set()

    def arm(self, way: str, number: int, point: str) -> None:
        """From now on: `way` (kill, break or hold) when `point` is passed for the `number`th time, from 1."""
        assert point in {*POINTS, *READ_POINTS}, point
        with self._lock:
            self._go.clear()
            self._way, self._left, self._point = way, number, point

    def pass_by(self, point: str) -> None:
        """The ledger is at this point.

        Raises:
            apsw.IOError: the disk is to break here.
        """
        if point != self._point:
            return
        with self._lock:
            self._left -= 1
            if self._left != 0:
                if self._left < 0 and self._way == "break":
                    # Whoever syncs once more after an error takes a lost write for a written one.
                    os.write(2, b"TRIED AGAIN\n")
                return
        if self._way == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self._way == "hold":
            print("held", flush=True)
            self._go.wait()
            return
        error = apsw.IOError(f"made by a test: {point}")
        error.__dict__["extendedresult"] = _RESULTS[point.rpartition(" ")[2]]
        raise error


class DoomedVFS(apsw.VFS):
    """The default file system of this process; its database and log pass by the doom."""

    def __init__(self, doom: Doom) -> None:
        self._doom = doom
        super().__init__("doomed", BASE, makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's word
        if flags[0] & apsw.SQLITE_OPEN_MAIN_DB:
            return DoomedFile(self._doom, "database", name, flags)
        if flags[0] & apsw.SQLITE_OPEN_WAL:
            return DoomedFile(self._doom, "log", name, flags)
        return apsw.VFSFile(BASE, name, flags)


class DoomedFile(apsw.VFSFile):
    """A file whose writes and syncs pass by the doom."""

    def __init__(self, doom: Doom, what: str, name: Any, flags: list[int]) -> None:
        super().__init__(BASE, name, flags)
        self._doom, self._what = doom, what

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - SQLite's word
        self._doom.pass_by(f"before the {self._what} is read")
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's word
        self._doom.pass_by(f"before the {self._what} is written")
        super().xWrite(data, offset)
        self._doom.pass_by(f"after the {self._what} is written")

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's word
        self._doom.pass_by(f"before the {self._what} is synced")
        super().xSync(flags)
        self._doom.pass_by(f"after the {self._what} is synced")


def wrap(doom: Doom, name: str, module: str, path: str) -> None:
    """Let the calls of one function pass by the doom, before and after."""
    owner: Any = importlib.import_module(module)
    *above, last = path.split(".")
    for part in above:
        owner = getattr(owner, part)
    original: Callable[..., Any] = getattr(owner, last)

    async def passing_async(*arguments: Any, **options: Any) -> Any:
        doom.pass_by(f"before {name}")
        value = await original(*arguments, **options)
        doom.pass_by(f"after {name}")
        return value

    def passing(*arguments: Any, **options: Any) -> Any:
        doom.pass_by(f"before {name}")
        value = original(*arguments, **options)
        doom.pass_by(f"after {name}")
        return value

    setattr(owner, last, passing_async if inspect.iscoroutinefunction(original) else passing)


def main() -> None:
    """Serve until told to stop, or until the doom strikes."""
    doom = Doom()
    vfs = DoomedVFS(doom)
    for name, (module, path) in CODE_POINTS.items():
        wrap(doom, name, module, path)
    at_once = ((jobs, "LEASE_US", 500_000), (jobs, "RENEW_SECONDS", 0.1), (jobs, "RETRY_SECONDS", 0.1))
    small = (
        (sqlite, "CHECKPOINT_PAGES", 100),
        (import_check, "CHUNK_ROWS", STEP_ROWS),
        (import_run, "CHUNK_ROWS", STEP_ROWS),
        (file_check, "CHUNK_ROWS", STEP_ROWS),
        (file_apply, "ROWS_A_PIECE", STEP_ROWS),
        (file_apply, "TIMES_ALONE", 1),
        (record_jobs, "ROWS_A_PIECE", STEP_ROWS),
        (record_jobs, "TIMES_ALONE", 1),
        (record_bulk, "ROWS_AT_ONCE", ROWS_AT_ONCE),
    )
    for owner, name, value in at_once if "whole" in sys.argv else at_once + small:
        assert hasattr(owner, name)
        setattr(owner, name, value)

    def listen() -> None:
        for line in sys.stdin:
            if line == "go\n":
                doom.go()
                print("going", flush=True)
                continue
            way, number, point = line.strip().split(" ", 2)
            doom.arm(way, int(number), point)
            print("armed", flush=True)

    threading.Thread(target=listen, daemon=True).start()
    serve.serve(sys.argv[1], serve.Serving(rates=LIFTED), announce=lambda url: print(url, flush=True))
    vfs.unregister()


if __name__ == "__main__":
    main()
