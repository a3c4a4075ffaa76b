"""The terminal device: opened for ourselves, raw, never blocking."""

from __future__ import annotations

import contextlib
import os
import select
import termios
from typing import Any, Final

_READ_BYTES: Final = 65536


class Tty:
    """An own open of the terminal behind a descriptor, so that its settings for reading stay the shell's.

    Every method survives a terminal that has vanished; `is_gone` says so.
    """

    def __init__(self, descriptor: int) -> None:
        self.is_gone = False
        self._fd = open_own(descriptor)
        self._before: list[Any] | None = None

    @property
    def fd(self) -> int:
        """The descriptor, for an event loop to watch."""
        return self._fd

    def size(self) -> tuple[int, int] | None:
        """Columns and rows; None when the terminal does not tell."""
        try:
            columns, rows = os.get_terminal_size(self._fd)
        except OSError:
            return None
        return (columns, rows) if columns > 0 and rows > 0 else None

    def make_raw(self) -> None:
        """No echo, no lines, no signals, no flow control, and output exactly as written.

        Without OPOST a line feed is one byte and keeps the column, which the cheapest moves rest on.
        """
        with contextlib.suppress(termios.error):
            now = termios.tcgetattr(self._fd)
            if self._before is None:
                self._before = [*now[:6], list(now[6])]
            now[0] &= ~(
                termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR | termios.ISTRIP
            )
            now[1] &= ~termios.OPOST
            now[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
            now[6][termios.VMIN], now[6][termios.VTIME] = 1, 0
            termios.tcsetattr(self._fd, termios.TCSANOW, now)

    def restore(self) -> None:
        """Give the terminal back as it was found; what was typed and not read is dropped."""
        with contextlib.suppress(termios.error):
            termios.tcflush(self._fd, termios.TCIFLUSH)
            if self._before is not None:
                termios.tcsetattr(self._fd, termios.TCSANOW, self._before)
        self._before = None

    def write(self, data: bytes | bytearray) -> int:
        """Hand over what the terminal takes now; returns how many bytes that was."""
        if self.is_gone:
            return len(data)
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError:
            self.is_gone = True
            return len(data)

    def read(self) -> bytes:
        """What was typed; empty when nothing is there or the terminal is gone."""
        try:
            data = os.read(self._fd, _READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self.is_gone = True
        return data

    def wait(self, seconds: float, *, to_write: bool = False) -> bool:
        """Wait for something to read (or for room to write), bounded; whether it came."""
        if self.is_gone or seconds <= 0:
            return False
        mine = [self._fd]
        readable, writable, _ = select.select([] if to_write else mine, mine if to_write else [], [], seconds)
        return bool(readable or writable)

    def close(self) -> None:
        """Close our own open; the shell's stays."""
        with contextlib.suppress(OSError):
            os.close(self._fd)


def open_own(descriptor: int) -> int:
    """A new open of the terminal behind `descriptor`, non-blocking.

    A flag on the descriptor itself would be the shell's too.

    Raises:
        OSError: it is no terminal, or may not be opened.
    """
    flags = os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    name = os.ttyname(descriptor)
    try:
        return os.open(name, flags)
    except OSError:
        # After su or sudo the device may belong to someone else; the controlling terminal still opens.
        return os.open("/dev/tty", flags)
