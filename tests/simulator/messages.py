"""A request and an answer as bytes that can be held, copied, cut and delivered late."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.simulator.faults import Part

from branchtui.remote.http_library import httpx

if TYPE_CHECKING:
    from starlette.types import Message as AsgiMessage

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Message:
    """One request as it goes over the line; `sender` is only for who reads the trace."""

    sender: str
    method: str
    target: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @classmethod
    def of(cls, sender: str, request: httpx.Request) -> Message:
        """The bytes of a request of httpx."""
        headers = tuple((name.lower(), value) for name, value in request.headers.raw)
        return cls(sender, request.method, request.url.raw_path.decode(), headers, request.content)

    @property
    def path(self) -> str:
        """Without the query."""
        return self.target.partition("?")[0]

    @property
    def key(self) -> str | None:
        """The key of the operation that it makes, asks about or fences."""
        for name, value in self.headers:
            if name == b"idempotency-key":
                return value.decode().strip('"')
        parts = self.path.split("/")
        return parts[3] if len(parts) > 3 and parts[2] == "operations" else None

    @property
    def part(self) -> Part:
        """What it is part of."""
        path = self.path
        found = _BY_PATH.get((self.method, path))
        if found is not None:
            return found
        if path.startswith("/v1/operations/"):
            return Part.FENCE if path.endswith("/cancel") else Part.QUESTION
        if path.startswith("/v1/callbacks/"):
            return Part.PROVIDER
        return Part.READING if self.method == "GET" else Part.CHANGE


_BY_PATH = {
    ("POST", "/v1/sessions"): Part.SIGN_IN,
    ("POST", "/v1/sessions/refresh"): Part.REFRESH,
    ("DELETE", "/v1/sessions/current"): Part.SIGN_OUT,
    ("POST", "/v1/me/step-up"): Part.STEP_UP,
    ("GET", "/healthz"): Part.PROBE,
}


@dataclass(slots=True)
class Answer:
    """What comes back; filled by an ASGI application, or by somebody between."""

    status: int = 0
    headers: Headers = field(default_factory=list)
    body: bytes = b""

    def add(self, part: AsgiMessage) -> None:
        """Take what an application sends."""
        if part["type"] == "http.response.start":
            self.status, self.headers = part["status"], list(part["headers"])
        else:
            self.body += part.get("body", b"")

    def response(self, request: httpx.Request, cut_at: int | None = None) -> httpx.Response:
        """As httpx gives it, its body broken off behind `cut_at` bytes."""
        return httpx.Response(
            self.status, headers=self.headers, stream=Body(self.body, cut_at), request=request
        )


class Body(httpx.AsyncByteStream):
    """A body that may break off."""

    def __init__(self, body: bytes, cut_at: int | None) -> None:
        self._body = body
        self._cut_at = cut_at

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._cut_at is None:
            yield self._body
            return
        yield self._body[: self._cut_at]
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


def asgi_scope(message: Message) -> dict[str, Any]:
    """The request as an application is given it."""
    path, _, query = message.target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": message.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": list(message.headers),
        "client": ("127.0.0.1", 40_000),
        "server": ("ledger", 80),
        "state": {},
    }


def page(status: int, media_type: str, body: bytes, **more: str) -> Answer:
    """What somebody between answers."""
    headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
    headers += [(name.replace("_", "-").encode(), value.encode()) for name, value in more.items()]
    return Answer(status, headers, body)


_HTML = b"<html><body>Welcome to the hotel. Please accept our terms.</body></html>"
PAGES = (
    page(200, "text/html", _HTML),
    page(200, "application/json", b'{"status": "ok"}'),
    page(200, "application/json", b"[]"),
    page(202, "text/plain", b""),
    page(302, "text/html", _HTML, location="http://portal.example/"),
    page(403, "text/html", _HTML),
    page(404, "application/json", b'{"code": "operation-unknown", "status": 404}'),
    page(409, "application/problem+json", b'{"title": "x", "status": 403, "code": "forbidden"}'),
    page(502, "text/html", _HTML),
    page(503, "text/html", _HTML, retry_after="2"),
    page(504, "text/html", b""),
)
"""Captive portals, gateways and what else answers in the ledger's place."""
