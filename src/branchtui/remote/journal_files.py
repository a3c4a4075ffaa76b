"""Which file a process writes its intents to: its own, private, and never another living process's (OUT-7)."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from branchtui.remote.errors import JournalUnavailable

PROCESSES_MAX: Final = 16
_FILE_MODE: Final = 0o600
_DIRECTORY_MODE: Final = 0o700


@dataclass(slots=True)
class OwnedFile:
    """A journal file and the lock that keeps other processes from it. The lock dies with the process."""

    path: Path
    lock: int

    def release(self) -> None:
        """Let another process have the file."""
        if self.lock >= 0:
            os.close(self.lock)
            self.lock = -1


def journal_directory(state_home: Path, base_url: str, profile: str) -> Path:
    """Where the journals of one ledger and one profile lie: the address is hashed, it may hold a path of its own."""
    name = hashlib.sha256(f"{base_url}\n{profile}".encode()).hexdigest()[:16]
    return state_home / "intents" / name


def claim_file(directory: Path) -> OwnedFile:
    """The first journal of `directory` that no living process has.

    Raises:
        JournalUnavailable: the directory is not ours or cannot be made, or sixteen processes are at work.
    """
    try:
        _make_private(directory)
        for number in range(PROCESSES_MAX):
            owned = _claim(_path(directory, number))
            if owned is not None:
                return owned
    except OSError as error:
        raise JournalUnavailable(
            f"The journal in {directory} cannot be opened ({error.strerror}), so no change is sent. Looking up goes on."
        ) from error
    raise JournalUnavailable(
        f"{PROCESSES_MAX} terminals of this user are open already. Close one to make changes."
    )


def claim_orphans(directory: Path, own: Path) -> Iterator[OwnedFile]:
    """The other journals of `directory` whose processes have ended, each locked for the caller to release."""
    for number in range(PROCESSES_MAX):
        path = _path(directory, number)
        if path != own and path.exists():
            owned = _claim(path)
            if owned is not None:
                yield owned


def _path(directory: Path, number: int) -> Path:
    return directory / ("intents.db" if number == 0 else f"intents-{number + 1}.db")


def _claim(path: Path) -> OwnedFile | None:
    # The lock is a file of its own: closing any descriptor of the database would drop SQLite's own locks on it.
    lock = _open_private(path.with_suffix(".lock"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    except BaseException:
        os.close(lock)
        raise
    try:
        # Made before SQLite opens it, so that it, and the rollback journal that takes its mode, are private.
        os.close(_open_private(path))
    except BaseException:
        os.close(lock)
        raise
    return OwnedFile(path, lock)


def _open_private(path: Path) -> int:
    """Open or make a file that is ours alone (0600), never through a link."""
    descriptor = os.open(
        path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, _FILE_MODE
    )
    try:
        found = os.fstat(descriptor)
        _refuse_foreign(path, is_right=stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid())
        if stat.S_IMODE(found.st_mode) != _FILE_MODE:
            os.fchmod(descriptor, _FILE_MODE)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _make_private(directory: Path) -> None:
    """Make the directory, and the one above it that is ours, for this user alone (0700)."""
    for part in (directory.parent, directory):
        part.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
        found = part.lstat()
        _refuse_foreign(part, is_right=stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid())
        if stat.S_IMODE(found.st_mode) != _DIRECTORY_MODE:
            part.chmod(_DIRECTORY_MODE)


def _refuse_foreign(path: Path, *, is_right: bool) -> None:
    if not is_right:
        raise JournalUnavailable(
            f"{path} belongs to somebody else or is not what it should be, so no change is sent. Looking up goes on."
        )
