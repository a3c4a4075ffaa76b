"""The head of a request is bounded in size and time before anything is done with it (ledger, section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from branchtui.contract.problem import MEDIA_TYPE, Codes
from branchtui.ledger.problems import Refusal, render

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

MAX_HEAD_BYTES: Final = 16 * 1024
MAX_HEADERS: Final = 64
HEAD_SECONDS: Final = 20.0

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


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol over httptools, which by itself collects headers without end and waits for ever."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._in_head = False
        self._parsed_bytes = 0
        self._open_bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """A new connection has as long for its first head as for any other."""
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._disarm()
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
        super().on_headers_complete()

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
