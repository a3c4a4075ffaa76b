"""A slow line behind an ssh server that takes a megabyte at once: how far the screen lags behind the keys."""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.terminal.session import Session

BUFFER_BYTES = 1 << 20
HOLD_SECONDS = 5.0
REPEAT_HERTZ = 30.0
_PATIENCE_SECONDS = 20.0
_SETTLED_SECONDS = 1.5


@dataclass(frozen=True)
class Lag:
    """`seconds` from the release of the key to the last change of the far screen; `sent` bytes while it was held."""

    seconds: float
    sent: int
    is_reckoned: bool
    """It was not waited for: the bytes still in the buffer, at the line's rate, are added."""


class _Line:
    """The buffer, the line and the far terminal of a session, moved by the clock."""

    def __init__(self, session: Session, rate: float, trip: float) -> None:
        self.session, self.rate, self.one_way = session, rate, trip / 2
        self.waiting = bytearray()
        self.taken = 0
        self.changed_at = self.heard_at = time.perf_counter()
        self._down: deque[tuple[float, bytes]] = deque()
        self._up: deque[tuple[float, bytes]] = deque()
        self._free_at = time.perf_counter()
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        os.set_blocking(session.fd, False)

    def key(self, name: str) -> None:
        """A key pressed at the far end."""
        self._up.append((time.perf_counter() + self.one_way, self.session.typed(name)))

    def is_still(self, now: float) -> bool:
        """Whether nothing is under way and nothing came for a while."""
        quiet = now - self.heard_at > _SETTLED_SECONDS + 2 * self.one_way
        return quiet and not self.waiting and not self._down

    def turn(self) -> float:
        """Move everything on; returns the time."""
        ready, _, _ = select.select([self.session.fd], [], [], 0.004)
        if ready and len(self.waiting) < BUFFER_BYTES:
            with contextlib.suppress(BlockingIOError, OSError):
                data = os.read(self.session.fd, BUFFER_BYTES - len(self.waiting))
                self.waiting += data
                self.taken += len(data)
        now = time.perf_counter()
        while self.waiting and self._free_at <= now:
            count = max(1, int(self.rate * 0.02))
            piece, self.waiting = bytes(self.waiting[:count]), self.waiting[count:]
            self._free_at = max(self._free_at, now - 0.02) + len(piece) / self.rate
            self._down.append((self._free_at + self.one_way, piece))
        while self._down and self._down[0][0] <= now:
            self._arrive(self._down.popleft()[1], now)
        while self._up and self._up[0][0] <= now:
            with contextlib.suppress(BlockingIOError):
                os.write(self.session.fd, self._up.popleft()[1])
        return now

    def _arrive(self, piece: bytes, now: float) -> None:
        screen = self.session.screen
        before = screen.picture()
        screen.feed(self._decode(piece))
        self.heard_at = now
        if screen.rows != before:
            self.changed_at = now
        self._up.extend((now + self.one_way, reply) for reply in screen.replies)
        screen.replies.clear()


def hold_page_down(
    command: Sequence[str], bits_a_second: int, trip_seconds: float, *, env: Mapping[str, str] | None = None
) -> Lag:
    """Start `command`, let it settle, hold page-down for five seconds, and see when the screen stands still."""
    # A serial line of 9,600 bit/s carries ten bits a byte.
    rate = bits_a_second / (10 if bits_a_second < 20_000 else 8)
    with Session(command, width=120, height=36, env=env) as session:
        line = _Line(session, rate, trip_seconds)
        begun = time.perf_counter()
        while (now := line.turn()) - begun < 60 and not (line.is_still(now) and line.taken > 200):
            pass
        before, begun, pressed = line.taken, now, 0
        while (now := line.turn()) - begun < HOLD_SECONDS:
            if now - begun >= pressed / REPEAT_HERTZ:
                line.key("pagedown")
                pressed += 1
        released, sent = now, line.taken - before
        line.heard_at = now
        while not line.is_still(now) and now - released < _PATIENCE_SECONDS:
            now = line.turn()
        if line.is_still(now):
            return Lag(max(0.0, line.changed_at - released), sent, is_reckoned=False)
        return Lag(now - released + len(line.waiting) / rate, sent, is_reckoned=True)
