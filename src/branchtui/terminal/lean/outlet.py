"""Bytes to the terminal without ever blocking the program."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from branchtui.terminal.lean.tty import Tty


class Outlet:
    """Writes at once what the terminal takes and keeps the rest until it takes more.

    The rest is bounded by one frame: while it `is_busy` nothing more is made, and `when_free` is called
    once it has gone.
    """

    def __init__(self, tty: Tty, loop: asyncio.AbstractEventLoop, when_free: Callable[[], None]) -> None:
        self.writes = 0
        """How often the terminal was written to."""
        self._tty = tty
        self._loop = loop
        self._when_free = when_free
        self._rest = bytearray()

    @property
    def is_busy(self) -> bool:
        """Whether bytes wait for the terminal to take them."""
        return bool(self._rest)

    def write(self, data: bytes) -> int:
        """Send `data` after everything before it; returns the writes it took so far."""
        if self._rest:
            self._rest += data
            return 0
        before = self.writes
        if self._push(data):
            self._loop.add_writer(self._tty.fd, self._writable)
        return self.writes - before

    def finish(self, last: bytes, seconds: float) -> None:
        """Send the rest and `last` words, waiting at most `seconds`; then write nothing any more."""
        if self._rest:
            self._loop.remove_writer(self._tty.fd)
        self._rest += last
        end = time.monotonic() + seconds
        while self._push(bytes(self._rest)) and (left := end - time.monotonic()) > 0:
            self._tty.wait(left, to_write=True)
        self._rest.clear()

    def _push(self, data: bytes) -> bool:
        """Write what goes; whether something is left."""
        sent = 0
        while sent < len(data):
            count = self._tty.write(data[sent:])
            if count == 0:
                break
            self.writes += 1
            sent += count
        self._rest[:] = data[sent:]
        return bool(self._rest)

    def _writable(self) -> None:
        if not self._push(bytes(self._rest)):
            self._loop.remove_writer(self._tty.fd)
            self._when_free()
