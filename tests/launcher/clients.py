"""A launcher as a process of its own, and clients that say what they like to it."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from branchtui import __version__
from branchtui.launcher import wire

PATIENCE_SECONDS = 30.0
"""How long something may take before a test gives up: a bound, not an expectation."""
FIELDS = [
    ("version", __version__),
    ("cwd", "/"),
    ("option:ledger", "http://127.0.0.1:1"),
    ("env:TERM", "xterm-256color"),
]


class RunningLauncher:
    """`branchtui launcher --socket PATH`, or another service of ours that prints a line when it is ready."""

    def __init__(
        self,
        path: Path,
        *,
        env: Mapping[str, str] | None = None,
        module: Sequence[str] = ("branchtui", "launcher", "--socket"),
        more: Sequence[str] = (),
    ) -> None:
        self.path = path
        self._log = path.with_suffix(".log")
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *module, str(path), *more],
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **(env or {})},
                text=True,
            )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()

    @property
    def log(self) -> str:
        """What it wrote about itself so far."""
        return self._log.read_text()

    def logged(self, text: str) -> str:
        """Wait until a text is in the log; returns the log."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in self.log:
            assert time.monotonic() < deadline, f"{text!r} is not in the log:\n{self.log}"
            select.select([], [], [], 0.02)
        return self.log

    def buried(self, session: int) -> None:
        """Wait until a session has ended, and the launcher counts it no more."""
        self.logged(f" session={session} ")

    def spare(self) -> int:
        """Wait until a child was forked ahead; its process id. Only while there are no sessions."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := self.children):
            assert time.monotonic() < deadline, "no spare was made"
            select.select([], [], [], 0.02)
        return found[0]

    @property
    def children(self) -> list[int]:
        """The processes it has forked and not yet buried."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]


class Client:
    """A connection with a pseudo-terminal, as `uid` when given (only root may), and whatever is sent over it."""

    def __init__(self, path: Path, *, uid: int | None = None) -> None:
        self.master, self.slave = pty.openpty()
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.line.settimeout(PATIENCE_SECONDS)
        self.painted = b""
        with as_user(uid):
            self.line.connect(str(path))
        if uid is not None:
            os.fchown(self.slave, uid, -1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.line.close()
        for descriptor in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def ask(self, fields: Sequence[tuple[str, str]] = FIELDS) -> bytes:
        """Greet properly; the answer."""
        self.send(wire.pack(fields))
        return self.answer()

    def send(self, data: bytes, descriptors: int = 3) -> None:
        """Send anything, with so many descriptors of the terminal."""
        rights = struct.pack(f"{descriptors}i", *[self.slave] * descriptors)
        self.line.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if descriptors else [])

    def answer(self) -> bytes:
        """What comes back; empty when the connection is gone. A refusal may stand behind the kernel's word on it."""
        for _ in range(2):
            with contextlib.suppress(ConnectionError):
                return self.line.recv(wire.MAX_ANSWER_BYTES)
        return b""

    def see(self, text: str) -> None:
        """Wait until a text was painted."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text.encode() not in self.painted:
            left = deadline - time.monotonic()
            came, _, _ = select.select([self.master], [], [], max(left, 0))
            assert came, f"{text!r} never came: {self.painted!r}"
            data = os.read(self.master, 65_536)
            self.painted += data
            for _ in range(data.count(b"\x1b[6n")):
                os.write(self.master, b"\x1b[1;4R")


@contextlib.contextmanager
def as_user(uid: int | None) -> Iterator[None]:
    """Connect as somebody else: the kernel notes the effective user of that moment."""
    if uid is None:
        yield
        return
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


def status_of(pid: int) -> dict[str, str]:
    """What the kernel says about a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def is_gone(pid: int) -> bool:
    """Whether a process has ended, buried or not."""
    try:
        return status_of(pid)["State"].startswith("Z")
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_for_end(pid: int) -> None:
    """Wait until a process that is not our child has ended."""
    try:
        watch = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([watch], [], [], PATIENCE_SECONDS)[0], f"{pid} does not end"
    finally:
        os.close(watch)
