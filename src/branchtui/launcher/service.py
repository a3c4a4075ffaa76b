"""The launcher itself: accepts, forks, reaps, and does nothing else.

It reads not one byte of what a client sends: who connects is told by the kernel, and everything said is heard
by a child that has become the sender. One thread, no event loop, no connection to anything but its clients.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from branchtui.launcher.kernel import Peer, peer_of
from branchtui.launcher.spare import Spare, wait_as_spare
from branchtui.launcher.waiter import END, KILLED
from branchtui.launcher.wire import REFUSED

Serve = Callable[[socket.socket, Peer], int]
Log = Callable[[str], None]
Rehearse = Callable[[], None]

_OURS: Final = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_FIRST_FREE_DESCRIPTOR: Final = 3
_PAUSE_SECONDS: Final = 1.0
_REST_MILLISECONDS: Final = 500
"""A new spare is made when nobody has come for so long: it must not slow the session that has just begun."""
_FAILED: Final = 70
_OVERFLOW_FILE: Final = Path("/proc/sys/kernel/overflowuid")


@dataclass(frozen=True, slots=True)
class Limits:
    """How many sessions there may be at once: in all, and of one user."""

    sessions: int = 200
    sessions_per_user: int = 4


@dataclass(frozen=True, slots=True)
class Child:
    """A session that was forked: whose it is, since when (monotonic, seconds), and the way to its client."""

    uid: int
    began: float
    line: socket.socket


class Launcher:
    """Forks `serve` for each client of `listener`, until SIGTERM or SIGINT; sessions then go on without it.

    `serve` runs in the child and returns its exit code; `rehearse` makes a child forked ahead ready for it.
    `clock` is monotonic, in seconds; `log` takes one line, which names nobody but by user id.
    """

    def __init__(
        self,
        listener: socket.socket,
        serve: Serve,
        rehearse: Rehearse,
        *,
        limits: Limits,
        log: Log,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listener = listener
        self._serve = serve
        self._rehearse = rehearse
        self._spare: Spare | None = None
        self._limits = limits
        self._log = log
        self._clock = clock
        self._children: dict[int, Child] = {}
        self._is_ending = False
        self._nobody = overflow_uid()
        self._kept = ExitStack()

    def __enter__(self) -> Self:
        # Signals only wake the loop: nothing of ours runs in the middle of anything.
        self._wakes, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._kept.callback(os.close, self._wakes)
        self._kept.callback(os.close, wake)
        former: dict[int, Any] = {number: signal.signal(number, self._signalled) for number in _OURS}
        self._kept.callback(lambda: [signal.signal(number, was) for number, was in former.items()])
        self._kept.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(wake, warn_on_full_buffer=False))
        return self

    def __exit__(self, *_: object) -> None:
        if self._spare is not None:
            # It ends by itself when nobody can give it a client any more.
            self._spare.channel.close()
        self._kept.close()

    def run(self) -> None:
        """Serve until told to end."""
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        poll.register(self._wakes, select.POLLIN)
        while not self._is_ending:
            wants_spare = self._spare is None and len(self._children) < self._limits.sessions
            ready = {descriptor for descriptor, _ in poll.poll(_REST_MILLISECONDS if wants_spare else None)}
            if not ready:
                self._make_spare()
            if self._wakes in ready:
                with suppress(BlockingIOError):
                    os.read(self._wakes, 4096)
                self._reap()
            if self._listener.fileno() in ready and not self._is_ending:
                self._accept()

    def _signalled(self, number: int, _: object) -> None:
        if number in {signal.SIGTERM, signal.SIGINT}:
            self._is_ending = True

    def _accept(self) -> None:
        try:
            line, _ = self._listener.accept()
        except OSError as error:
            if error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS}:
                # The client stays in the queue and would wake us again at once: a session must end first.
                self._log(f"cannot accept: {os.strerror(error.errno)}")
                select.select([self._wakes], [], [], _PAUSE_SECONDS)
            return
        try:
            peer = peer_of(line)
            reason = self._reason_against(peer)
            if reason is None:
                self._start(line, peer)
                return
        except OSError as error:
            peer, reason = Peer(0, -1, -1), f"the host cannot start it ({error.strerror})"
        self._log(f"refused uid={peer.uid}: {reason}")
        with suppress(OSError), line:
            line.send(REFUSED + reason.encode("ascii", "replace"), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)

    def _reason_against(self, peer: Peer) -> str | None:
        """Why this client gets no session, from what the kernel says about it alone."""
        if peer.pid <= 0 or peer.uid == self._nobody:
            # From another namespace: the id that is left may stand for anybody there.
            return "you are in a container"
        if os.geteuid() not in {0, peer.uid}:
            return "it serves another user"
        if len(self._children) >= self._limits.sessions:
            return "all its sessions are taken"
        if sum(child.uid == peer.uid for child in self._children.values()) >= self._limits.sessions_per_user:
            return "you have as many sessions as one may have"
        return None

    def _start(self, line: socket.socket, peer: Peer) -> None:
        pid = self._start_spare(line, peer)
        if pid is None:
            pid = self._fork(line, lambda own: self._serve(own, peer))
        self._children[pid] = Child(peer.uid, self._clock(), line)
        self._log(f"started uid={peer.uid} session={pid}")

    def _start_spare(self, line: socket.socket, peer: Peer) -> int | None:
        spare = self._spare
        if spare is None or not spare.is_ready():
            return None
        self._spare = None
        return spare.pid if spare.give(line, peer) else None

    def _make_spare(self) -> None:
        try:
            ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError:
            return
        try:
            pid = self._fork(its, lambda own: wait_as_spare(own, self._rehearse, self._serve))
        except OSError:
            ours.close()
            return
        finally:
            its.close()
        self._spare = Spare(pid, ours)

    def _fork(self, way: socket.socket, act: Callable[[socket.socket], int]) -> int:
        """Fork a child that does `act` with `way`, and has nothing else; its process id."""
        # Held back until the child has its own answers to them.
        signal.pthread_sigmask(signal.SIG_BLOCK, _OURS)
        try:
            pid = os.fork()
            if pid == 0:
                self._be_child(way, act)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _OURS)
        return pid

    def _be_child(self, way: socket.socket, act: Callable[[socket.socket], int]) -> None:
        """Never returns: what the parent would do at its end is not the child's to do."""
        code = _FAILED
        try:
            signal.set_wakeup_fd(-1)
            for number in _OURS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _OURS)
            code = act(alone_with(way))
        except BaseException as error:  # noqa: BLE001 - whatever it is, it must end here and show no value
            with suppress(OSError):
                os.write(2, f"branchtui stopped: {type(error).__name__}\n".encode())
        finally:
            os._exit(code)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self._spare is not None and self._spare.pid == pid:
                self._spare.channel.close()
                self._spare = None
            child = self._children.pop(pid, None)
            if child is not None:
                self._ended(pid, child, status)

    def _ended(self, pid: int, child: Child, status: int) -> None:
        code = os.waitstatus_to_exitcode(status)
        word = END + str(code).encode() if code >= 0 else KILLED + str(-code).encode()
        with suppress(OSError), child.line:
            child.line.send(word, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        how = f"exit={code}" if code >= 0 else f"signal={-code}"
        seconds = self._clock() - child.began
        self._log(f"ended uid={child.uid} session={pid} {how} after={seconds:.0f}s")


def alone_with(line: socket.socket) -> socket.socket:
    """Close every descriptor but the standard ones and `line`: other people's connections among them."""
    kept = socket.socket(fileno=os.dup2(line.detach(), _FIRST_FREE_DESCRIPTOR, inheritable=False))
    os.closerange(_FIRST_FREE_DESCRIPTOR + 1, os.sysconf("SC_OPEN_MAX"))
    return kept


def overflow_uid() -> int:
    """The user id that the kernel shows for one it cannot name in this namespace."""
    try:
        return int(_OVERFLOW_FILE.read_bytes())
    except (OSError, ValueError):
        return 65534
