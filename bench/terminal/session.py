"""A program in a real pseudo-terminal: keys in, bytes out, counted and seen."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Self

from bench.terminal.limit import Picture, limit
from bench.terminal.screen import Screen, Style

KEYS = {
    "up": "\x1b[A",
    "down": "\x1b[B",
    "pagedown": "\x1b[6~",
    "pageup": "\x1b[5~",
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "f2": "\x1bOQ",
    "f3": "\x1bOR",
    "f4": "\x1bOS",
    "f5": "\x1b[15~",
}
PROBE = b"\x1b[6n"
_MAX_FRAMES = 6
Stage = tuple[Picture, int, int, Style]
"""A picture, and where the cursor stands in which look."""


@dataclass(frozen=True)
class Step:
    """What one key caused: `own` leaves out acknowledgements; `stages` are the pictures that came, in order."""

    total: int
    own: int
    reads: int
    first_seconds: float
    last_seconds: float
    stages: list[Stage]

    @cached_property
    def limit(self) -> int:
        """The fewest bytes from the picture before to the last one; reckoned when asked for, it takes long."""
        before, y, x, pen = self.stages[0]
        return limit(before, self.stages[-1][0], y, x, pen) if self.total else 0

    @cached_property
    def limit_by_frame(self) -> int:
        """The sum over the pictures as they came: what they show was not there at once."""
        if self.reads > _MAX_FRAMES:
            return self.limit
        return sum(
            limit(old, new, y, x, pen) for (old, y, x, pen), (new, *_) in pairwise(self.stages) if old != new
        )


class Session:
    """`command` on a terminal of `width` by `height`; `colours` 16, 256 or 2**24 are told by TERM and COLORTERM."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        width: int,
        height: int,
        colours: int = 1 << 24,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> None:
        self.screen = Screen(width, height)
        self._stages: list[Stage] = []
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        pid, self.fd = pty.fork()
        if pid == 0:
            with contextlib.suppress(Exception):
                if cwd:
                    os.chdir(cwd)
                _set_size(0, width, height)
                os.execvpe(command[0], list(command), _environment(colours, env or {}))  # noqa: S606 - the child
            os._exit(127)
        self.pid = pid
        _set_size(self.fd, width, height)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        with contextlib.suppress(OSError):
            os.waitpid(self.pid, 0)

    def rest(
        self, *, quiet: float = 0.3, first: float = 1.0, most: float = 20.0
    ) -> tuple[bytes, int, float, float]:
        """Read until `quiet` seconds bring nothing; bytes, reads, and when the first and last of them came."""
        begun = time.perf_counter()
        data, reads, first_at, last_at = b"", 0, 0.0, 0.0
        self._stages = [self._stage()]
        while (now := time.perf_counter()) - begun < most:
            left = first - (now - begun) if not reads else quiet - (now - begun - last_at)
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                break
            try:
                got = os.read(self.fd, 1 << 16)
            except OSError:
                break
            last_at = time.perf_counter() - begun
            first_at = first_at or last_at
            data += got
            reads += 1
            self.screen.feed(self._decode(got))
            self.answer()
            self._stages.append(self._stage())
        return data, reads, first_at, last_at

    def _stage(self) -> Stage:
        screen = self.screen
        return screen.picture(), screen.y, screen.x, screen.pen

    def answer(self) -> None:
        """Send what the terminal replies."""
        for reply in self.screen.replies:
            os.write(self.fd, reply)
        self.screen.replies.clear()

    def start(self, *, quiet: float = 1.5) -> Step:
        """The first screen, from nothing."""
        return self._step(lambda: None, quiet=quiet, first=15.0)

    def press(self, key: str, *, quiet: float = 0.3, first: float = 1.0) -> Step:
        """One key."""
        return self._step(lambda: self.send(key), quiet=quiet, first=first)

    def wait(self, *, quiet: float = 0.4, first: float = 1.5) -> Step:
        """What comes without another key: an answer."""
        return self._step(lambda: None, quiet=quiet, first=first)

    def send(self, key: str) -> None:
        """Type a key by its name, or text as it stands."""
        os.write(self.fd, self.typed(key))

    def typed(self, key: str) -> bytes:
        """What a key sends in the mode the terminal is in."""
        sequence = KEYS.get(key, key)
        if "1" in self.screen.modes and key in {"up", "down"}:
            sequence = sequence.replace("[", "O")
        return sequence.encode()

    def resize(self, width: int, height: int, *, quiet: float = 0.6) -> Step:
        """Another size; the terminal keeps the top left corner."""

        def happen() -> None:
            self.screen.resize(width, height)
            _set_size(self.fd, width, height)
            os.kill(self.pid, signal.SIGWINCH)

        return self._step(happen, quiet=quiet, first=1.5)

    def wait_for(self, text: str, *, seconds: float = 30.0) -> None:
        """Until a text is on the screen."""
        end = time.perf_counter() + seconds
        while text not in self.screen.text() and time.perf_counter() < end:
            self.rest(quiet=0.05, first=0.5)
        if text not in self.screen.text():
            raise AssertionError(f"{text!r} is not on the screen:\n{self.screen.text()}")

    def idle(self, seconds: float) -> tuple[int, float]:
        """Bytes sent and wake-ups a second while nothing happens."""
        before = _switches(self.pid)
        data, _, _, _ = self.rest(quiet=seconds, first=seconds, most=seconds)
        return len(data), (_switches(self.pid) - before) / seconds

    def _step(self, happen: object, *, quiet: float, first: float) -> Step:
        assert callable(happen)
        happen()
        data, reads, first_at, last_at = self.rest(quiet=quiet, first=first)
        own = len(data) - len(PROBE) * data.count(PROBE)
        return Step(len(data), own, reads, first_at, last_at, self._stages)


def _set_size(fd: int, width: int, height: int) -> None:
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))


def _environment(colours: int, more: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "USER", "PYTHONPATH") if name in os.environ}
    kept |= {"TERM": "xterm" if colours == 16 else "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    if colours > 256:
        kept["COLORTERM"] = "truecolor"
    return {**kept, **more}


def _switches(pid: int) -> int:
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        status = (task / "status").read_text().splitlines()
        total += sum(int(line.split()[1]) for line in status if "ctxt_switches" in line)
    return total
