"""A file system for SQLite that passes everything on and writes down what it was asked to make durable.

The log holds every write, truncation, creation, deletion and sync of the files in one folder, in
their order, and between them what the ledger acknowledged. `disk.py` builds from it what a power
cut could have left.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import apsw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

BASE: Final = "unix"
_CREATES: Final = apsw.SQLITE_OPEN_CREATE
_NAMES_SYNCED: Final = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL
"""Kinds of files whose first sync also syncs the directory that names them, as SQLite's own file layer does."""


@dataclass(frozen=True, slots=True)
class Created:
    """A name that did not exist came to be, not yet durably."""

    name: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """A name went; durably when the directory was synced with it."""

    name: str
    is_durable: bool


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes at an offset, in the page cache."""

    name: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncated:
    """The file's new size, in the page cache."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Synced:
    """Everything written to the file is on the disk, and its name too where `names` says so."""

    name: str
    names: bool


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Somebody was told that this is done: from now on `statement` finds a row, whatever happens."""

    what: str
    statement: str
    bound: tuple[Any, ...]


Event = Created | Deleted | Written | Truncated | Synced | Acknowledged


class RecordingVFS(apsw.VFS):
    """The default file system of this process until it is left as a context; records the files in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._name = f"recording-{id(self)}"
        self._folder = folder
        self._lock = threading.Lock()
        self.log: list[Event] = []
        super().__init__(self._name, BASE, makedefault=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unregister()

    def note(self, event: Event) -> None:
        """Add to the log, from any thread."""
        with self._lock:
            self.log.append(event)

    def watched(self, path: str | None) -> str | None:
        """The name of a file in the folder whose durability matters, or None; -shm is rebuilt, never trusted."""
        if path is None:
            return None
        found = Path(path)
        return found.name if found.parent == self._folder and not found.name.endswith("-shm") else None

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's word
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        watched = self.watched(path)
        if watched is None:
            return apsw.VFSFile(BASE, name, flags)
        is_new = bool(flags[0] & _CREATES) and not Path(path).exists()
        names_synced = bool(flags[0] & _CREATES) and bool(flags[0] & _NAMES_SYNCED)
        file = RecordingFile(self, watched, name, flags, names_synced=names_synced)
        if is_new:
            self.note(Created(watched))
        return file

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's word
        super().xDelete(filename, syncdir)
        watched = self.watched(filename)
        if watched is not None:
            self.note(Deleted(watched, bool(syncdir)))


class RecordingFile(apsw.VFSFile):
    """One open file; several may be open on one name, and what they write is one file's history."""

    def __init__(
        self, vfs: RecordingVFS, watched: str, name: Any, flags: list[int], *, names_synced: bool
    ) -> None:
        super().__init__(BASE, name, flags)
        self._vfs = vfs
        self._name = watched
        self._names_synced = names_synced

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's word
        kept = bytes(data)
        super().xWrite(data, offset)
        self._vfs.note(Written(self._name, offset, kept))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's word
        super().xTruncate(newsize)
        self._vfs.note(Truncated(self._name, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's word
        super().xSync(flags)
        self._vfs.note(Synced(self._name, self._names_synced))
        self._names_synced = False


def sync_points(log: list[Event]) -> Iterator[int]:
    """The places in the log where something became durable: a power cut just before shows the most."""
    for place, event in enumerate(log):
        if isinstance(event, Synced) or (isinstance(event, Deleted) and event.is_durable):
            yield place
    yield len(log)
