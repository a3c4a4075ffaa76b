"""The launcher's socket in the file system: one launcher a path, nobody else's folder, no rest of an old one."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final, Self

_BACKLOG: Final = 64
_FOR_ALL: Final = 0o666
_FOR_ONE: Final = 0o600


class CannotListen(Exception):
    """The launcher cannot be reached at this path; `str()` is the sentence for the person."""


class SocketFile:
    """A listening socket at `path`, for every user when root makes it, else for its owner alone.

    Raises:
        CannotListen: another launcher listens there, or the place cannot be trusted.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        is_for_all = os.geteuid() == 0
        _make_folder(path.parent, 0o755 if is_for_all else 0o700)
        with ExitStack() as undo:
            self._lock = _locked(path.with_name(f"{path.name}.lock"))
            undo.callback(os.close, self._lock)
            _remove_rest(path)
            # Packets stay whole, and the three descriptors come with theirs.
            self.listener = undo.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
            _bind(self.listener, path, _FOR_ALL if is_for_all else _FOR_ONE)
            self.listener.setblocking(False)
            undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()
        with suppress(OSError):
            self._path.unlink()
        os.close(self._lock)


def _bind(listener: socket.socket, path: Path, mode: int) -> None:
    before = os.umask(0o777 & ~mode)
    try:
        listener.bind(str(path))
        listener.listen(_BACKLOG)
    except OSError as error:
        raise CannotListen(f"The launcher cannot listen at {path}: {error.strerror or error}.") from error
    finally:
        os.umask(before)


def _make_folder(folder: Path, mode: int) -> None:
    """The folder, made if need be; refused when somebody else could put another socket in its place."""
    try:
        folder.mkdir(mode=mode, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        raise CannotListen(f"The launcher cannot use the folder {folder}: {error.strerror}.") from error
    is_shared = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
    if found.st_uid not in {0, os.geteuid()} or is_shared:
        raise CannotListen(
            f"The folder {folder} belongs to others; the launcher's socket would not be safe there."
        )


def _locked(path: Path) -> int:
    """Hold the lock beside the socket while the launcher lives; the kernel frees it, however it ends."""
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _FOR_ONE)
    except OSError as error:
        raise CannotListen(f"The launcher cannot write {path}: {error.strerror}.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise CannotListen(f"Another launcher listens at {path.with_suffix('')}.") from None
    return lock


def _remove_rest(path: Path) -> None:
    """What a launcher that was killed left; with the lock in hand it is nobody's."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise CannotListen(f"The launcher cannot use {path}: {error.strerror}.") from error
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
        raise CannotListen(f"{path} is something else; it was left as it is.")
    path.unlink()
