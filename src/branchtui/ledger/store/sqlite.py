"""The embedded engine: how a SQLite file is opened, and by whom (DUR-1, DUR-2, CONC-6).

The engine is the one that `apsw` brings, never the system's: SQLite 3.7.0 to 3.51.2 can corrupt a
write-ahead log that two connections use.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
from pathlib import Path
from typing import Final

import apsw

_FIXED: Final = (3, 51, 3)
_BUSY_TIMEOUT_MS: Final = 5_000
_CACHE_KIB: Final = 65_536


Connection = apsw.Connection
"""What a statement runs on, for those who may not know the driver."""


class StoreUnavailable(Exception):
    """The database cannot be used; the message says why, for a person."""


def engine_is_sound(version: str) -> bool:
    """Whether this SQLite may use a write-ahead log with several connections (DUR-1)."""
    major, minor, patch = (int(part) for part in version.split(".")[:3])
    number = (major, minor, patch)
    backported = (number[:2] == (3, 50) and patch >= 7) or (number[:2] == (3, 44) and patch >= 6)
    return number >= _FIXED or backported


def database_path(url: str) -> Path:
    """The file that `sqlite:///PATH` names.

    Raises:
        StoreUnavailable: the address is of another form.
    """
    prefix = "sqlite:///"
    if not url.startswith(prefix) or len(url) == len(prefix):
        raise StoreUnavailable(f"A database is written sqlite:///PATH; this is not one: {url}")
    return Path(url.removeprefix(prefix)).absolute()


def connect(path: Path, *, read_only: bool = False) -> apsw.Connection:
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
        connection = apsw.Connection(str(path), flags=flags, statementcachesize=256)
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


def stop_the_process(error: BaseException) -> None:
    """An I/O error leaves the truth to recovery: stop at once, never retry (DUR-4)."""
    sys.stderr.write(f"branchtui ledger: the database reports an I/O error, stopping: {error}\n")
    sys.stderr.flush()
    os._exit(70)


class FileLock:
    """One process owns the file: a lock beside it, held until `release` or the end of the process."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            raise StoreUnavailable(
                f"{database} is in use by another ledger process. Stop that one first; nothing was changed."
            ) from error

    def release(self) -> None:
        """Give the file free."""
        with contextlib.suppress(OSError):
            os.close(self._fd)
