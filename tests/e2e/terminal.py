"""A real terminal for tests: the program in a pseudo-terminal, its screen read by an emulator.

Waits for painted text, never for time. Every byte that leaves the program is kept, so that a test
can look for foreign control codes.
"""

from __future__ import annotations

import os
import re
import select
import signal
import time
import unicodedata
from typing import TYPE_CHECKING, Self

import pyte
from ptyprocess import PtyProcess
from tests.e2e.planted import leaks, told_by_process
from tests.terminal.lean import replay
from wcwidth import wcwidth

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PATIENCE_SECONDS = 90.0
"""How long a text may take before the test gives up: a bound, not an expectation."""

KEYS = {
    "enter": "\r",
    "esc": "\x1b",
    "tab": "\t",
    "backtab": "\x1b[Z",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pgdn": "\x1b[6~",
    "pgup": "\x1b[5~",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f3": "\x1bOR",
    "f4": "\x1bOS",
    "f5": "\x1b[15~",
    "f9": "\x1b[20~",
    "backspace": "\x7f",
    "ctrl+a": "\x01",
    "ctrl+d": "\x04",
    "ctrl+l": "\x0c",
    "ctrl+q": "\x11",
    "ctrl+r": "\x12",
    "ctrl+s": "\x13",
    "ctrl+u": "\x15",
    "ctrl+p": "\x10",
    "ctrl+z": "\x1a",
    "space": " ",
}


class _Screen(replay.Screen):
    """An xterm, as far as text goes: it repeats and scrolls by many lines as well. Says where its cursor is when it is asked, as every terminal does."""

    def __init__(self, columns: int, rows: int, process: PtyProcess) -> None:
        super().__init__(columns, rows)
        self._process = process

    def draw(self, data: str) -> None:
        """Without the marks that the emulator does not know as such: it would drop all that follows them."""
        super().draw("".join(each for each in data if unicodedata.combining(each) or wcwidth(each)))

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """As xterm does: the top stays as long as the cursor does, else everything moves up with it."""
        lines = lines or self.lines
        above = max(0, self.cursor.y - lines + 1)
        rows = [dict(self.buffer[y]) for y in range(above, min(self.lines, above + lines))]
        self.cursor.y -= above
        place = self.cursor.y, self.cursor.x
        super().resize(lines, columns)
        self.buffer.clear()
        for y, row in enumerate(rows):
            self.buffer[y].update({x: cell for x, cell in row.items() if x < self.columns})
        self.cursor.y, self.cursor.x = place[0], min(place[1], self.columns - 1)
        self.dirty.update(range(lines))

    def write_process_input(self, data: str) -> None:
        """The emulator's answer goes where a terminal's would."""
        self._process.write(data.encode())


class _Stream(pyte.ByteStream):
    """Bytes of a line, cut anywhere; knows what the screen knows."""

    csi = replay.Stream.csi
    events = replay.Stream.events


_FIGURES = re.compile(r"\s*(?:line \d+ ms|[\d.]+ k?B|ledger \d+ ms)")


def without_figures(text: str) -> str:
    """A screen's text without what the line was like: it is another at every paint."""
    return "\n".join(_FIGURES.sub("", line).rstrip() for line in text.split("\n"))


class Terminal:
    """The program `argv` on a screen of `columns` by `rows`."""

    def __init__(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, columns: int = 80, rows: int = 24
    ) -> None:
        environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(env or {})}
        self.process = PtyProcess.spawn(list(argv), env=environment, dimensions=(rows, columns))
        self.received = b""
        self._given = dict(env or {})
        self._told = b""
        self._screen = _Screen(columns, rows, self.process)
        self._stream = _Stream(self._screen)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def lines(self) -> list[str]:
        """The painted rows, top first."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """The painted screen."""
        return "\n".join(self.lines)

    @property
    def cells(self) -> list[str]:
        """The painted rows with one character a cell, so that a place in the text is a column."""
        rows = range(self._screen.lines)
        across = range(self._screen.columns)
        return ["".join(self._screen.buffer[y][x].data[:1] or " " for x in across) for y in rows]

    def press(self, *keys: str) -> None:
        """Press keys: a name from KEYS, or text that is typed as it stands."""
        for key in keys:
            self.process.write(KEYS.get(key, key).encode())
        self._listen()

    def type_bytes(self, data: bytes) -> None:
        """Send bytes as they are, however many: what is painted meanwhile is read, or both sides would wait."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while data:
            readable, writable, _ = select.select([self.process.fd], [self.process.fd], [], PATIENCE_SECONDS)
            assert readable or writable, f"The terminal takes nothing any more; it shows:\n{self.text}"
            if readable and not self._read(deadline):
                raise AssertionError(f"The terminal ended while it was typed into; it shows:\n{self.text}")
            if writable:
                # A pseudo-terminal that is writable takes a page at least.
                data = data[os.write(self.process.fd, data[:2048]) :]

    def resize(self, columns: int, rows: int) -> None:
        """Make the window another size, as somebody drags it."""
        self._screen.resize(rows, columns)
        self.process.setwinsize(rows, columns)

    def scribble(self, text: str) -> None:
        """Something else writes on the terminal: a message of the system, a stray background job."""
        self._stream.feed(text.encode())

    def see(self, *wanted: str) -> str:
        """Wait until every text is on the screen together; returns the screen."""
        return self._wait(lambda: all(text in self.text for text in wanted), f"to see {wanted}")

    def press_until(self, key: str, wanted: str) -> str:
        """Press a key, again while nobody hears it, until a text is on the screen; returns the screen."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while wanted not in self.text:
            self.press(key)
            while wanted not in self.text and self._read(time.monotonic() + 0.5):
                pass
            assert time.monotonic() < deadline, f"{key} is not heard; the screen shows:\n{self.text}"
        return self.text

    def see_no_more(self, text: str) -> str:
        """Wait until a text has left the screen; returns the screen."""
        return self._wait(lambda: text not in self.text, f"to see no more {text!r}")

    def see_again(self, before: str) -> None:
        """Wait until the screen shows what it showed `before`, whatever the line was like meanwhile."""
        wanted = without_figures(before)
        self.see_that(lambda text: without_figures(text) == wanted, f"to see again:\n{before}")

    def see_that(self, holds: Callable[[str], bool], what: str) -> str:
        """Wait until the screen is as wanted; returns it."""
        return self._wait(lambda: holds(self.text), what)

    def line_with(self, text: str) -> str:
        """The first painted row that holds a text; waits for it."""
        self.see(text)
        return next(line for line in self.lines if text in line)

    def read_some(self) -> bool:
        """Take in what was painted, when something was; False when the program has ended."""
        return self._read(time.monotonic() + 1.0)

    def come_to_rest(self) -> None:
        """Take in what is being painted, until nothing has come for two seconds."""
        while self._read(time.monotonic() + 2.0):
            pass

    def wait_for_end(self) -> int:
        """Wait until the program has ended; returns its exit code."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._read(deadline):
            pass
        if self.process.isalive():
            raise AssertionError(f"The terminal does not end; it shows:\n{self.text}")
        return int(self.process.exitstatus if self.process.exitstatus is not None else -1)

    def close(self) -> None:
        """End the program if it still runs; no password that was typed may stand in anything that it leaves."""
        self._listen()
        if self.process.isalive():
            self.process.kill(signal.SIGKILL)
        self.process.close(force=True)
        found = list(leaks(painted=self.received, told=self._told, given=self._given))
        assert not found, f"a password stands in {found}"

    def _listen(self) -> None:
        """Keep what the program says of itself to whoever lists the processes."""
        if told := told_by_process(self.process.pid):
            self._told = told

    def _wait(self, is_there: Callable[[], bool], what: str) -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_there():
            if not self._read(deadline):
                raise AssertionError(
                    f"The terminal ended or fell silent while waiting {what}; it shows:\n{self.text}"
                )
        return self.text

    def _read(self, deadline: float) -> bool:
        """Take in what was painted; False when the program has ended or patience has."""
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        ready, _, _ = select.select([self.process.fd], [], [], left)
        if not ready:
            return False
        try:
            data = self.process.read(65_536)
        except EOFError:
            return False
        self.received += data
        self._stream.feed(data)
        return True
