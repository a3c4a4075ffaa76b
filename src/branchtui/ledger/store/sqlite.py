"""The embedded engine: how a SQLite file is opened, and by whom (DUR-1, DUR-2, CONC-6).

The engine is the one that `apsw` brings, never the system's: SQLite 3.7.0 to 3.51.2 can corrupt a
write-ahead log that two connections use.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import apsw

from branchtui.ledger.store.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


_FIXED: Final = (3, 51, 3)
_BUSY_TIMEOUT_MS: Final = 5_000
_CACHE_KIB: Final = 65_536
_ROWS_A_STATEMENT: Final = 200
"""Rows that one INSERT brings: between two the interpreter goes to another thread and has to come back."""

_PREPARED_MAX: Final = 16_000
"""Signs of the longest statement that the driver keeps prepared; to prepare one anew costs as much as its rows."""

_SINGLY: Final = 100
"""Rows that are inserted one by one before it is asked what they cost."""

_SHARED_FROM: Final = 50
"""Rows from which a value that they all have is looked for: what one step writes is alike in half of its columns."""

CHECKPOINT_PAGES: Final = 1_000
"""Pages of the write-ahead log from which the writer brings it into the database, once a batch is answered."""

BULK_TIMES: Final = 8
"""So many times as many between the pieces of long work: each touches nearly the same pages of the indexes anew."""


class SqliteConnection(apsw.Connection):
    """The driver's own connection, with the words that both engines share (`connection.Connection`)."""

    dialect: Final = "sqlite"
    is_far: Final = False
    _log_pages = 0

    def execute_all(self, asked: Sequence[tuple[str, Any]], /) -> list[list[Any]]:
        """The rows of several statements: nothing is far away."""
        return [self.execute(statement, bound).fetchall() for statement, bound in asked]

    def add_rows(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], /, *, scattered: bool = False
    ) -> None:
        """As many rows a statement as the driver keeps prepared, a few hundred at most.

        A value that all rows of a statement have is bound once. A `scattered` table takes its rows one by one, as
        long as nobody else wants the interpreter.
        """
        names = tuple(columns)
        most = _rows_a_statement(table, names)
        waiting = iter(rows)
        if scattered:
            self._add_singly(_insertion(table, names, (), 1), waiting)
        while together := list(itertools.islice(waiting, most)):
            by_column = list(zip(*together, strict=True))
            shared = _shared(by_column) if len(together) >= _SHARED_FROM else ()
            statement = _insertion(table, names, shared, len(together))
            if len(statement) > _PREPARED_MAX:  # it names what is shared, and that takes longer than `?`
                shared, statement = (), _insertion(table, names, (), len(together))
            if shared:
                own = [column for place, column in enumerate(by_column) if place not in shared]
                bound = (*(by_column[place][0] for place in shared), *_in_rows(zip(*own, strict=True)))
            else:
                bound = (*_in_rows(together),)
            self.execute(statement, bound)

    def _add_singly(self, statement: str, waiting: Iterator[Sequence[Any]]) -> None:
        """Insert row by row until none is left, or until the wait for the interpreter costs more than that saves.

        A statement of several rows copies every page that it changes, so that it could be undone alone: of such a
        table nearly a page for each row and index.
        """
        while together := list(itertools.islice(waiting, _SINGLY)):
            began, spent = time.perf_counter(), time.thread_time()
            self.executemany(statement, together)
            spent = time.thread_time() - spent
            if time.perf_counter() - began > 2 * spent:
                return

    def write_all(self, writes: Sequence[tuple[str, list[tuple[Any, ...]]]], /) -> None:
        """Each of these in order: nothing is far away."""
        for statement, bound in writes:
            self.executemany(statement, bound)

    def begin(self, *, bulk: bool = False, with_first: bool = False) -> None:
        """Begin a transaction that may write; nobody else writes until it ends (CONC-6). No statement has a limit here."""
        self.execute("BEGIN IMMEDIATE")

    def begin_reading(self) -> None:
        """Begin a transaction that sees one state of the file."""
        self.execute("BEGIN")

    def take_longer(self) -> None:
        """No statement has a limit here."""

    def commit(self) -> None:
        """Make the transaction durable."""
        self.execute("COMMIT")

    def rollback(self) -> None:
        """Undo the transaction, if there is one."""
        if self.in_transaction:
            self.execute("ROLLBACK")

    def tidy_by_hand(self) -> None:
        """Bring the log into the database in `tidy` alone.

        SQLite's own checkpoint swallows what its fsync reports and tries again at the next commit (DUR-4).
        """
        self.set_wal_hook(self._note_log)

    def tidy(self, *, bulk: bool = False) -> None:
        """Bring a long log into the database. Raises what the disk says; a reader in the way means later."""
        if self._log_pages < CHECKPOINT_PAGES * (BULK_TIMES if bulk else 1):
            return
        self._log_pages = 0
        with contextlib.suppress(apsw.BusyError):
            self.wal_checkpoint()

    def _note_log(self, _: apsw.Connection, __: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

    def keep_in_memory(self, kib: int) -> None:
        """Hold so much of the file in memory from now on."""
        self.execute(f"PRAGMA cache_size=-{kib}")

    def run_script(self, statements: str) -> None:
        """Run several statements without parameters."""
        for _ in self.execute(statements):
            pass

    def has_table(self, name: str) -> bool:
        """Whether there is a table of this name."""
        named = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        return self.execute(named, (name,)).fetchone() is not None


_in_rows: Final = itertools.chain.from_iterable


def _shared(by_column: Sequence[Sequence[Any]]) -> tuple[int, ...]:
    """The places of the columns in which every row has the same."""
    return tuple(
        place
        for place, column in enumerate(by_column)
        if column[0] is column[-1] and column.count(column[0]) == len(column)
    )


@lru_cache(256)
def _rows_a_statement(table: str, columns: tuple[str, ...]) -> int:
    start, row = len(_insertion(table, columns, (), 0)), 2 * len(columns) + len("(),")
    return max(1, min(_ROWS_A_STATEMENT, (_PREPARED_MAX - start) // row))


@lru_cache(256)
def _insertion(table: str, columns: tuple[str, ...], shared: tuple[int, ...], rows: int) -> str:
    """The statement that brings so many rows; the values of the `shared` columns are bound first."""
    own = [place for place in range(len(columns)) if place not in shared]
    names = ", ".join(columns[place] for place in (*shared, *own))
    row = ",".join((*(f"?{number}" for number in range(1, len(shared) + 1)), *"?" * len(own)))
    return f"INSERT OR FAIL INTO {table} ({names}) VALUES " + ",".join([f"({row})"] * rows)  # noqa: S608 - names of our own schema


def engine_is_sound(version: str) -> bool:
    """Whether this SQLite may use a write-ahead log with several connections (DUR-1)."""
    major, minor, patch = (int(part) for part in version.split(".")[:3])
    number = (major, minor, patch)
    backported = (number[:2] == (3, 50) and patch >= 7) or (number[:2] == (3, 44) and patch >= 6)
    return number >= _FIXED or backported


def connect(path: Path, *, read_only: bool = False) -> SqliteConnection:
    """A connection with the settings that keep money: WAL, synchronous=FULL, foreign keys on.

    Raises:
        StoreUnavailable: the engine is one that can corrupt, or the file cannot be opened.
    """
    if not engine_is_sound(apsw.sqlite_lib_version()):
        raise StoreUnavailable(
            f"SQLite {apsw.sqlite_lib_version()} can corrupt its log; 3.51.3 or later is needed."
        )
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    try:
        connection = SqliteConnection(str(path), flags=flags, statementcachesize=256)
        connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
        if not read_only:
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()
            if mode != ("wal",):
                raise StoreUnavailable(f"{path}: the file system does not carry a write-ahead log ({mode}).")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    except apsw.Error as error:
        raise StoreUnavailable(f"{path}: {error}") from error
    return connection
