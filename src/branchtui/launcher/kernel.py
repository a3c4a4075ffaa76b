"""The few things a session asks of the kernel that Python has no word for."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import struct
from dataclasses import dataclass
from typing import Final

_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_SET_MEMORY_MERGE: Final = 67
_M_ARENA_MAX: Final = -8
_CREDENTIALS: Final = struct.Struct("3i")
# Found once, by the launcher: looking it up in each session would cost time and memory.
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Peer:
    """Who connected, as the kernel vouches for it; nothing that was sent can change it."""

    pid: int
    uid: int
    gid: int


def peer_of(line: socket.socket) -> Peer:
    """The process at the other end of a Unix socket."""
    return Peer(
        *_CREDENTIALS.unpack(line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    )


def keep_privileges_down() -> None:
    """No program started from here may gain privileges, nobody may trace this process, and it dumps no core.

    Raises:
        OSError: the kernel refuses.
    """
    _control(_PR_SET_NO_NEW_PRIVS, 1)
    _control(_PR_SET_DUMPABLE, 0)


def one_arena() -> None:
    """One heap for all threads: a session has few, and each further heap would be memory of its own."""
    _LIBC.mallopt(_M_ARENA_MAX, 1)


def merge_pages() -> None:
    """Let the kernel keep equal pages of this process, and of all forked from it, once (KSM, Linux 6.4).

    Raises:
        OSError: this kernel cannot.
    """
    _control(_PR_SET_MEMORY_MERGE, 1)


def hang_up_with(line: socket.socket) -> None:
    """From now on this process gets SIGHUP when the other end of `line` is gone, whatever it is doing.

    The client sends nothing after its greeting, so that the end is the only thing there is to tell.
    """
    descriptor = line.fileno()
    fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGHUP)
    fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_ASYNC)


def _control(option: int, value: int) -> None:
    if _LIBC.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
