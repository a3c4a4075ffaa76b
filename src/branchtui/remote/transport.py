"""One exchange over HTTP/1.1, and nothing about what follows: httpx set up by link sections 2, 3 (RTY-5, 6) and 4."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

import branchtui
from branchtui.remote.address import certificate_sentence, ledger_address, tls_context
from branchtui.remote.answers import JSON_BYTES_MAX, Reply, decoded
from branchtui.remote.classify import Event, Failed, Kind
from branchtui.remote.clock import Clock
from branchtui.remote.http_library import httpx
from branchtui.remote.line import Line
from branchtui.remote.own_certificate import OwnCertificate, refusal_of

SLEEP_SECONDS: Final = 20.0
_FIRST_BYTE: Final = "http11.send_request_headers.started"
NewWire = Callable[[], httpx.AsyncBaseTransport]
"""Makes what carries requests: a pool of connections, or in a test the ledger itself (habit 10)."""

# httpx writes full addresses at INFO, and a search for a phone stands in one (SEC-4).
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """RTY-5, in seconds: of one attempt by what it is, and of each wait within it."""

    read: float = 10.0
    mutation: float = 12.0
    connect: float = 5.0
    silence: float = 8.0
    pool: float = 2.0

    def widened(self, factor: float) -> Deadlines:
        """For a satellite line."""
        return Deadlines(
            self.read * factor,
            self.mutation * factor,
            self.connect * factor,
            self.silence * factor,
            self.pool * factor,
        )

    def of(self, kind: Kind) -> float:
        """The deadline of one attempt."""
        return self.read if kind is Kind.READ else self.mutation


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, the same at every attempt.

    `path` begins with `/v1` and is already quoted. `is_activity` is False for what no person asked
    for (AUTH-5). `wait_seconds` is how long the ledger may hold the answer (a long poll).
    """

    method: str
    path: str
    kind: Kind
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    is_activity: bool = True
    wait_seconds: float = 0.0
    deadline_seconds: float | None = None


class Transport:
    """The pool of connections to one ledger."""

    def __init__(
        self,
        base_url: str,
        *,
        clock: Clock,
        line: Line,
        ca_file: Path | None = None,
        own: OwnCertificate | None = None,
        deadlines: Deadlines | None = None,
        new_wire: NewWire | None = None,
    ) -> None:
        self.base_url = ledger_address(base_url)
        self.deadlines = deadlines or Deadlines()
        self._clock = clock
        self._line = line
        # Made once: loading the authorities costs tens of milliseconds. Without https none is loaded, and
        # nothing could be trusted by it.
        is_private = self.base_url.startswith("https")
        self._tls = tls_context(ca_file, own) if is_private else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._new_wire = new_wire or self._new_pool
        self._http = self._new_client()
        self._asleep = self._slept()

    async def exchange(
        self,
        ask: Ask,
        *,
        token: SecretStr | None,
        seconds: float,
        before_first_byte: Callable[[], None] | None = None,
    ) -> Reply:
        """Send `ask` once and read its whole answer within `seconds`.

        `before_first_byte` is called when a connection stands and nothing of the request is on it;
        what it raises stops the request there.

        Raises:
            Failed: no answer, or one that cannot be read. Any status is a `Reply`.
        """
        async with self.stream(
            ask, token=token, seconds=seconds, before_first_byte=before_first_byte
        ) as response:
            body = b""
            if ask.method != "HEAD" and response.status_code != httpx.codes.NO_CONTENT:
                body = b"".join([piece async for piece in decoded(response, JSON_BYTES_MAX)])
            return Reply(response.status_code, response.headers, body)

    @asynccontextmanager
    async def stream(
        self,
        ask: Ask,
        *,
        token: SecretStr | None,
        seconds: float,
        before_first_byte: Callable[[], None] | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """As `exchange`, for a body that is read piece by piece."""
        self._forget_connections_after_sleep()
        request = self._request(ask, token, before_first_byte)
        self._line.sent(_size_up(request))
        begun = self._clock.monotonic()
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                response = await self._http.send(request, stream=True)
                try:
                    yield response
                finally:
                    await response.aclose()
                    taken_ms = (self._clock.monotonic() - begun) * 1000
                    self._line.received(_size_down(response), taken_ms)
        except TimeoutError:
            raise Failed(Event.BROKEN, "The ledger did not answer in time.", is_timeout=True) from None
        except ssl.SSLError as error:
            # httpx knows those of a handshake alone; what breaks a record or comes after it reaches us as it is.
            raise _broken_by(error) from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise _failure_of(error) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    def _request(
        self, ask: Ask, token: SecretStr | None, before_first_byte: Callable[[], None] | None
    ) -> httpx.Request:
        headers = {"X-User-Activity": "1" if ask.is_activity else "0", **ask.headers}
        if token is not None:
            headers["Authorization"] = f"Bearer {token.get_secret_value()}"
        if ask.body is not None:
            headers["Content-Type"] = ask.media_type

        async def trace(name: str, info: dict[str, Any]) -> None:  # noqa: ARG001 - the signature httpcore calls
            if name == _FIRST_BYTE and before_first_byte is not None:
                before_first_byte()

        timeout = httpx.Timeout(
            connect=self.deadlines.connect,
            read=self.deadlines.silence + ask.wait_seconds,
            write=self.deadlines.silence,
            pool=self.deadlines.pool,
        )
        return self._http.build_request(
            ask.method,
            self.base_url + ask.path,
            params=ask.query or None,
            content=ask.body,
            headers=headers,
            timeout=timeout,
            extensions={"trace": trace},
        )

    def _new_pool(self) -> httpx.AsyncBaseTransport:
        limits = httpx.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=60)
        return httpx.AsyncHTTPTransport(
            verify=self._tls,
            http1=True,
            http2=False,
            limits=limits,
            retries=0,
            trust_env=False,
        )

    def _new_client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=self._new_wire(),
            trust_env=False,
            follow_redirects=False,
            headers={
                "Accept": "application/json, application/problem+json",
                "Accept-Encoding": "gzip",
                "User-Agent": f"branchtui/{branchtui.__version__}",
            },
        )

    def _slept(self) -> float:
        return self._clock.boottime() - self._clock.monotonic()

    def _forget_connections_after_sleep(self) -> None:
        """After the machine slept its idle connections look fresh and are dead (RTY-6)."""
        asleep = self._slept()
        if asleep - self._asleep > SLEEP_SECONDS:
            old, self._http = self._http, self._new_client()
            _closing.add(task := asyncio.get_running_loop().create_task(old.aclose()))
            task.add_done_callback(_closing.discard)
        self._asleep = asleep


_closing: set[asyncio.Task[None]] = set()

_NOTHING_SENT: Final = "The ledger does not answer. Nothing was sent."
_BROKE: Final = "The line to the ledger broke."
_PERMANENT: Final = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, httpx.StreamError)


def _failure_of(error: Exception) -> Failed:
    """What httpx raises, once, in our words (the table of the link's section 2)."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        sentence = certificate_sentence(error)
        if sentence is not None:
            return Failed(Event.MISCONFIGURED, sentence)
        return Failed(Event.NOT_SENT, _NOTHING_SENT, is_timeout=isinstance(error, httpx.TimeoutException))
    if isinstance(error, _PERMANENT):
        return Failed(Event.MISCONFIGURED, "This request cannot be sent to that address. Nothing was sent.")
    return Failed(
        Event.BROKEN,
        _BROKE,
        is_timeout=isinstance(error, httpx.TimeoutException),
    )


def _broken_by(error: ssl.SSLError) -> Failed:
    """A TLS line that broke under a request, or a ledger that does not take our certificate: a TLS 1.3 server says so late."""
    sentence = refusal_of(error)
    if sentence is not None:
        return Failed(Event.MISCONFIGURED, sentence)
    return Failed(Event.BROKEN, _BROKE)


def _size_up(request: httpx.Request) -> int:
    line = len(request.method) + 1 + len(request.url.raw_path) + len(" HTTP/1.1\r\n")
    return line + _size_of_headers(request.headers) + len(request.content)


def _size_down(response: httpx.Response) -> int:
    line = len(f"HTTP/1.1 {response.status_code} {response.reason_phrase}\r\n")
    return line + _size_of_headers(response.headers) + response.num_bytes_downloaded


def _size_of_headers(headers: httpx.Headers) -> int:
    return sum(len(name) + len(value) + len(": \r\n") for name, value in headers.raw) + len("\r\n")
