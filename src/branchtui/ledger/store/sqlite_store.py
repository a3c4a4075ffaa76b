"""A ledger in a file: where it lies, and the lock that keeps it one process's (CONC-6)."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Final

import apsw

from branchtui.ledger.store.errors import Fault, StoreUnavailable
from branchtui.ledger.store.reader import Reader, SqliteReader
from branchtui.ledger.store.sqlite import SqliteConnection, connect


def database_path(url: str) -> Path:
    """The file that `sqlite:///PATH` names.

    Raises:
        StoreUnavailable: the address is of another form.
    """
    prefix = "sqlite:///"
    if not url.startswith(prefix) or len(url) == len(prefix):
        raise StoreUnavailable(f"A database is written sqlite:///PATH; this is not one: {url}")
    return Path(url.removeprefix(prefix)).absolute()


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


class SqliteStore:
    """A ledger in a file."""

    shared: Final = False

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """The file."""
        return str(self.path)

    @property
    def file(self) -> Path | None:
        """Where it lies."""
        return self.path

    def verify(self, *, new: bool = False) -> None:
        """Refuse a place without a ledger; for a new one, make its folder.

        Raises:
            StoreUnavailable: there is no file.
        """
        if new:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        elif not self.path.is_file():
            raise StoreUnavailable(f"There is no ledger at {self.path}. Make one with: branchtui ledger init")

    def claim(self, *, alone: bool = False) -> FileLock:
        """The lock beside the file.

        Raises:
            StoreUnavailable: another process has it.
        """
        return FileLock(self.path)

    def connect(self, *, read_only: bool = False) -> SqliteConnection:
        """A connection to the file; raises as `connect` does."""
        return connect(self.path, read_only=read_only)

    def connect_writer(self) -> SqliteConnection:
        """As `connect`, with the log brought into the database by the writer alone."""
        connection = connect(self.path)
        connection.tidy_by_hand()
        return connection

    def reader(self) -> Reader:
        """Readers over the write-ahead log."""
        return SqliteReader(self.path)

    def fault_of(self, error: BaseException) -> Fault | None:
        """What an error of the engine means (DUR-4)."""
        if isinstance(error, apsw.FullError):
            return Fault.FULL
        if isinstance(error, apsw.IOError):
            return Fault.BROKEN
        return Fault.OTHER if isinstance(error, apsw.Error) else None

    def was_committed(self, mark: tuple[str, int]) -> bool:
        """A file is never far away: its COMMIT answers."""
        raise AssertionError(f"a COMMIT of a file is never in doubt: {mark}")

    def made(self) -> None:
        """Its owner alone may read it."""
        self.path.chmod(0o600)

    def filled(self) -> None:
        """The engine needs to be told nothing."""
