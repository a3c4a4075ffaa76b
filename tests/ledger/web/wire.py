"""Bytes as they are, to a ledger and back."""

from __future__ import annotations

import contextlib
import re
import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ledger.running import RunningLedger

UNFINISHED: Final = (
    b"POST %s HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n%s"
    b"content-length: 100\r\nexpect: 100-continue\r\n\r\n"
)


def line_to(ledger: RunningLedger, *, seconds: float = 30.0) -> socket.socket:
    """A connection that nothing was said on."""
    host, port = ledger.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=seconds)


def raw(ledger: RunningLedger, request: bytes, *, whole: bool = False) -> bytes:
    """What the server says to these bytes, until it closes or two seconds pass without a byte.

    Unless the `whole` is wanted, the first answer that leaves the connection open is enough.
    """
    with line_to(ledger, seconds=2) as line:
        line.sendall(request)
        answer = b""
        with contextlib.suppress(TimeoutError, ConnectionError):
            while part := line.recv(65_536):
                answer += part
                if not whole and _is_whole(answer) and b"connection: close" not in answer:
                    break
        return answer


def _is_whole(answer: bytes) -> bool:
    """Whether the first answer is there to its end: its body may come behind its head."""
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *([0-9]+)", head)
    return bool(end) and len(body) >= (0 if length is None else int(length[1]))


def statuses(answer: bytes) -> list[int]:
    """The status of every answer that stands in these bytes."""
    return [int(found) for found in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", answer)]


@contextlib.contextmanager
def held(ledger: RunningLedger, token: str, path: str = "/v1/customers") -> Iterator[socket.socket]:
    """A request under way whose body does not come."""
    with line_to(ledger) as line:
        key = (
            b"authorization: Bearer %s\r\nidempotency-key: aaaaaaaaaaaaaaaaaaaa\r\n" % token.encode()
            if token
            else b""
        )
        line.sendall(UNFINISHED % (path.encode(), key))
        assert line.recv(1_000).startswith(b"HTTP/1.1 100 ")
        yield line
