"""The writer on a disk that is full or fails at a commit or a checkpoint (DUR-3, DUR-4)."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import apsw
import pytest

from branchtui.ledger.store import migrate, sqlite
from branchtui.ledger.store.connection import Connection
from branchtui.ledger.store.errors import StorageFull
from branchtui.ledger.store.rows import Counter
from branchtui.ledger.store.sqlite import SqliteConnection, connect
from branchtui.ledger.store.sqlite_store import SqliteStore
from branchtui.ledger.store.unit import BulkTx, Tx
from branchtui.ledger.store.writer import Writer

_SYNC: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_METHODS: Final = 19
"""Members of SQLite's `sqlite3_io_methods`: a version, and 18 functions."""

_SYNC_PLACE: Final = 5
"""xSync behind the version, xClose, xRead, xWrite and xTruncate."""


class FailingSync:
    """Replaces the sync of a connection's database file: it fails, and counts how often it was asked."""

    def __init__(self, connection: Connection) -> None:
        assert isinstance(connection, SqliteConnection)
        self.asked = 0
        self._fail = _SYNC(self._sync)
        file = ctypes.c_void_p()
        assert connection.file_control("main", apsw.SQLITE_FCNTL_FILE_POINTER, ctypes.addressof(file))
        assert file.value is not None
        self._slot = ctypes.cast(file.value, ctypes.POINTER(ctypes.c_void_p))
        methods = (ctypes.c_void_p * _METHODS).from_address(self._slot[0])
        self._copy = (ctypes.c_void_p * _METHODS)(*methods)
        self._copy[_SYNC_PLACE] = ctypes.cast(self._fail, ctypes.c_void_p).value
        self._original = self._slot[0]
        self._slot[0] = ctypes.addressof(self._copy)

    def _sync(self, _: Any, __: int) -> int:
        self.asked += 1
        return apsw.SQLITE_IOERR_FSYNC

    def mend(self) -> None:
        """The disk is well again."""
        self._slot[0] = self._original


def _often_tidied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new ledger's file, whose log is brought in from a few pages on."""
    path = folder / "ledger.db"
    connection = connect(path)
    migrate.upgrade(connection)
    connection.close()
    monkeypatch.setattr(sqlite, "CHECKPOINT_PAGES", 5)
    return path


async def test_a_checkpoint_whose_fsync_fails_ends_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DUR-4: SQLite's own checkpoint would swallow the error and sync again at the next commit, as if well."""
    path = _often_tidied(tmp_path, monkeypatch)
    told: list[BaseException] = []
    running = Writer(SqliteStore(path), on_io_error=told.append)
    running.start()
    failing = await running.bulk(lambda tx: FailingSync(tx.connection))

    def add(number: int) -> Callable[[Tx], int]:
        def command(tx: Tx) -> int:
            tx.put(Counter(f"number {number}", number))
            return number

        return command

    number = 0
    while not failing.asked:
        assert await running.submit(add(number)) == number
        # The checkpoint follows the answer; the next command finds it done.
        await running.bulk(_nothing)
        number += 1
    failing.mend()
    running.stop()

    assert [type(error) for error in told] == [apsw.IOError]
    assert failing.asked == 1


async def test_long_work_brings_the_log_in_rarer_and_the_next_batch_brings_in_what_it_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each piece touches nearly the same pages anew; a log that had grown long would make every reader slower."""
    path = _often_tidied(tmp_path, monkeypatch)
    monkeypatch.setattr(sqlite, "BULK_TIMES", 10)
    lengths: list[int] = []
    as_it_is = SqliteConnection.wal_checkpoint

    def bring_in(connection: SqliteConnection) -> tuple[int, int]:
        found = as_it_is(connection)
        lengths.append(found[0])
        return found

    monkeypatch.setattr(SqliteConnection, "wal_checkpoint", bring_in)
    running = Writer(SqliteStore(path))
    running.start()
    pieces = 0
    while not lengths:
        await running.bulk(_count(f"piece {pieces}"))
        pieces += 1
    for name in ("one", "two", "three"):
        await running.bulk(_count(name))
    await running.submit(_count("single"))
    running.stop()

    from_pieces, from_single = lengths[:2]
    assert from_pieces >= 50
    assert 5 <= from_single < 50


@pytest.fixture
def failing_commits(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """What the next commits of every connection raise instead of being done."""
    errors: list[Exception] = []
    as_it_is = SqliteConnection.commit

    def commit(connection: SqliteConnection) -> None:
        if errors:
            raise errors.pop()
        as_it_is(connection)

    monkeypatch.setattr(SqliteConnection, "commit", commit)
    return errors


def _count(name: str) -> Callable[[Tx], None]:
    return lambda tx: tx.put(Counter(name, 1))


async def test_a_commit_that_finds_no_room_is_said_and_nothing_of_it_is_kept(
    tmp_path: Path, failing_commits: list[Exception]
) -> None:
    """DUR-3, DUR-4: who is answered finds it stored, so that a commit that failed is no success; the next one goes."""
    path = tmp_path / "ledger.db"
    connection = connect(path)
    migrate.upgrade(connection)
    running = Writer(SqliteStore(path), on_io_error=lambda _: None)
    running.start()

    failing_commits.append(apsw.FullError("no room"))
    with pytest.raises(StorageFull):
        await running.submit(_count("lost"))
    assert running.full
    await running.submit(lambda tx: tx.get(Counter, "lost"))
    assert running.full, "who only looks something up has shown nothing"
    await running.submit(_count("kept"))
    assert not running.full
    running.stop()

    assert connection.execute("SELECT id FROM counters").fetchall() == [("kept",)]
    connection.close()


async def test_a_commit_whose_fsync_fails_ends_the_ledger_and_is_never_tried_again(
    tmp_path: Path, failing_commits: list[Exception]
) -> None:
    """DUR-4: nobody knows what is on the disk after that, so the process stops, and who waits gets no success."""
    path = tmp_path / "ledger.db"
    connection = connect(path)
    migrate.upgrade(connection)
    told: list[BaseException] = []
    running = Writer(SqliteStore(path), on_io_error=told.append)
    running.start()

    failing_commits.append(apsw.IOError("fsync"))
    with pytest.raises(apsw.IOError):
        await running.submit(_count("lost"))
    running.stop()

    assert [type(error) for error in told] == [apsw.IOError]
    assert connection.execute("SELECT id FROM counters").fetchall() == []
    connection.close()


def _nothing(_: BulkTx) -> None:
    """Waits for the writer."""
