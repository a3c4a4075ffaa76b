"""What may befall one exchange on its way: where it is cut and how, how slowly it goes, what arrives instead of it."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator


class How(Enum):
    """How a line ends: in good order, all at once, or by silence."""

    FIN = "FIN"
    RST = "RST"
    STALL = "stall"


@dataclass(frozen=True, slots=True)
class Cut:
    """After `at` bytes have passed, nothing passes any more."""

    at: int
    how: How


@dataclass(frozen=True, slots=True)
class Pace:
    """How bytes go one way, in seconds: `latency` before the first, then slices, each `pause` after the one before.

    `bytes_per_second` makes the pauses by the size of the slices.
    """

    latency: float = 0.0
    slice_bytes: int = 65_536
    pause: float = 0.0
    bytes_per_second: float | None = None

    def slices(self, data: bytes) -> Iterator[tuple[float, bytes]]:
        """Waits and what follows each."""
        wait = self.latency
        for begin in range(0, len(data), self.slice_bytes):
            piece = data[begin : begin + self.slice_bytes]
            if self.bytes_per_second is not None:
                wait += len(piece) / self.bytes_per_second
            yield wait, piece
            wait = self.pause


AT_ONCE: Final = Pace()


@dataclass(frozen=True, slots=True)
class Fault:
    """What befalls one request and its answer; as it stands here, nothing.

    `request` and `answer` cut, `up` and `down` slow down, `flip_request` and `flip_answer` turn one bit of what
    passes. `copies` more of the request go to the ledger at the same time, on lines of their own; one is kept for
    later if `is_kept`, and the request itself goes nowhere if `is_lost`. `instead` comes back in the place of the
    answer. `ends_upstream`: the ledger is told that no byte follows the request (half-close).
    """

    request: Cut | None = None
    answer: Cut | None = None
    up: Pace = AT_ONCE
    down: Pace = AT_ONCE
    flip_request: int | None = None
    flip_answer: int | None = None
    copies: int = 0
    is_kept: bool = False
    is_lost: bool = False
    instead: bytes | None = None
    ends_upstream: bool = False


NONE: Final = Fault()


def flipped(data: bytes, bit: int | None) -> bytes:
    """`data` with one bit turned, if it is as long."""
    if bit is None or bit // 8 >= len(data):
        return data
    turned = bytearray(data)
    turned[bit // 8] ^= 1 << (bit % 8)
    return bytes(turned)


def page(status: int, *, title: str = "Sign in to the hotel's network") -> bytes:
    """What a captive portal or a proxy's own error page looks like."""
    return raw(status, f"<html><title>{title}</title></html>".encode(), "text/html; charset=utf-8")


def raw(status: int, body: bytes, media_type: str, *more: str) -> bytes:
    """An answer as it goes over the line."""
    lines = (f"HTTP/1.1 {status} X", f"content-type: {media_type}", f"content-length: {len(body)}", *more)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


BOMB_BYTES: Final = 300 * 1024 * 1024


def bomb(before: bytes = b'{"items": ["', filler: bytes = b"a") -> bytes:
    """300 MB of JSON, packed into 300 kB; made piece by piece."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    piece = filler * (1024 * 1024)
    packed = [packer.compress(before)]
    packed += [packer.compress(piece) for _ in range(BOMB_BYTES // len(piece))]
    return b"".join((*packed, packer.flush()))


@dataclass
class Passed:
    """One exchange as the proxy saw it. `at` is the loop's time when the request had come, in seconds."""

    method: str
    path: str
    at: float
    key: str | None = None
    request: bytes = b""
    answer: bytes = b""
    fault: Fault = field(default_factory=Fault)
    is_cut: bool = False

    @property
    def status(self) -> int:
        """What the ledger answered; 0: it did not."""
        return int(self.answer[9:12]) if self.answer else 0

    @property
    def plain_answer(self) -> bytes:
        """The answer's body, unpacked."""
        head, _, body = self.answer.partition(b"\r\n\r\n")
        return gzip.decompress(body) if b"content-encoding: gzip" in head.lower() else body
