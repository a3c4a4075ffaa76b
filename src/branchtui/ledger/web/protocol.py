"""Connections are bounded before anything is done with a request: heads, waits, readers, and how many (ledger, 7)."""

from __future__ import annotations

import socket
import struct
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from branchtui.contract.problem import MEDIA_TYPE, Codes
from branchtui.ledger.problems import Refusal, render

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

MAX_HEAD_BYTES: Final = 16 * 1024
MAX_HEADERS: Final = 64
HEAD_SECONDS: Final = 20.0
CONNECTIONS_MAX: Final = 4_096
"""Connections at once; for one more the one that has been idle longest is closed."""

LAST_SECONDS: Final = 0.5
"""How long an idle connection still takes a request once the server stops."""

READER_SECONDS: Final = 30.0
SLOWEST_READER_BYTES_PER_SECOND: Final = 256
"""Who takes less of an answer than this, over so long, is not waited for."""

_RESET: Final = struct.pack("ii", 1, 0)

_TOO_LARGE: Final = Refusal(
    431,
    Codes.TOO_LARGE,
    f"A request's line and headers may hold {MAX_HEAD_BYTES // 1024} KiB and {MAX_HEADERS} headers at most.",
)
_TOO_SLOW: Final = Refusal(408, Codes.TOO_SLOW, "The request did not arrive in time.", retry_same_key=True)
_UNREADABLE: Final = Refusal(400, Codes.MALFORMED, "This is not a readable HTTP request.")
_PHRASES: Final = {400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large"}


class _HeadTooLarge(Exception):
    """Stops the parser in the middle of a head."""


@dataclass(slots=True)
class House:
    """What the connections of one server share: those that are idle, longest first, and who is told of refusals."""

    refused: Callable[[int], object] = lambda _: None
    idle: OrderedDict[BoundedProtocol, None] = field(default_factory=OrderedDict)


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol over httptools, which by itself collects headers without end and waits for ever."""

    def __init__(self, *arguments: Any, house: House, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._house = house
        self._unread = 0
        self._reader: asyncio.TimerHandle | None = None
        self._in_head = False
        self._parsed_bytes = 0
        self._open_bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """A new connection has as long for its first head as for any other."""
        super().connection_made(transport)
        self._arm()
        idle = self._house.idle
        idle[self] = None
        if len(self.connections) > CONNECTIONS_MAX:
            idle.popitem(last=False)[0].transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._disarm()
        self.resume_writing()
        self._house.idle.pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, which tells of a header only when it ends: until then the bytes are counted here."""
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        self._open_bytes += len(data)
        if self._open_bytes > MAX_HEAD_BYTES:
            self._refuse(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head, self._parsed_bytes, self._open_bytes = True, 0, 0
        self._arm()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """The line counts as the headers do."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header before it is kept."""
        self._count(len(name) + len(value) + len(": \r\n"))
        if len(self.headers) >= MAX_HEADERS:
            raise _HeadTooLarge
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole: its time is over, the body has limits of its own."""
        self._in_head = False
        self._disarm()
        self._house.idle.pop(self, None)
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """The connection is idle again, unless the next request is there already."""
        super().on_response_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            self._house.idle[self] = None

    def shutdown(self) -> None:
        """The server stops: a request that is on its way is still taken, then the connection is closed."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            self.loop.call_later(LAST_SECONDS, self._leave)
        else:
            super().shutdown()

    def _leave(self) -> None:
        if not self.transport.is_closing():
            super().shutdown()

    def pause_writing(self) -> None:
        """The client takes an answer more slowly than it is made."""
        super().pause_writing()
        self._unread = self.transport.get_write_buffer_size()
        self._reader = self.loop.call_later(READER_SECONDS, self._look_at_reader)

    def resume_writing(self) -> None:
        """The client has taken it."""
        if self._reader is not None:
            self._reader.cancel()
            self._reader = None
        super().resume_writing()

    def _look_at_reader(self) -> None:
        left = self.transport.get_write_buffer_size()
        if self._unread - left < READER_SECONDS * SLOWEST_READER_BYTES_PER_SECOND:
            self._reader = None
            # At once: the kernel would go on for minutes with what it holds.
            line = self.transport.get_extra_info("socket")
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.transport.abort()
            return
        self._unread = left
        self._reader = self.loop.call_later(READER_SECONDS, self._look_at_reader)

    def send_400_response(self, msg: str) -> None:
        """What cannot be read is refused as a problem, or, while an answer is under way, cut off in silence.

        An answer of ours here would be taken for that of the request which is still worked on.
        """
        too_large = self._in_head and (
            self._parsed_bytes > MAX_HEAD_BYTES or len(self.headers) >= MAX_HEADERS
        )
        self._refuse(_TOO_LARGE if too_large else _UNREADABLE)

    def _count(self, size: int) -> None:
        self._parsed_bytes += size
        if self._parsed_bytes > MAX_HEAD_BYTES:
            raise _HeadTooLarge

    def _refuse(self, refusal: Refusal) -> None:
        self._disarm()
        self._house.refused(refusal.status)
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            body = render(refusal, None)
            head = (
                f"HTTP/1.1 {refusal.status} {_PHRASES[refusal.status]}\r\n"
                f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()

    def _arm(self) -> None:
        self._disarm()
        self._timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self._refuse(_TOO_SLOW)
