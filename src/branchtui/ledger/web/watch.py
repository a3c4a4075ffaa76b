"""Around every request: it is counted and logged, and while the ledger stops its connection is the last."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from branchtui.ledger.metrics import UNKNOWN

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from branchtui.ledger.core import Core

log = structlog.get_logger("branchtui.ledger")

_SEEN: Final = "branchtui.seen"
_QUIET: Final = frozenset({"GET /healthz", "GET /readyz"})
"""What is asked every few seconds, for ever: logged only when it is refused."""


@dataclass(slots=True)
class Seen:
    """What the request turned out to be: a route's template, never its values; a user's id, never the name."""

    route: str = UNKNOWN
    request_id: str | None = None
    user: str | None = None
    code: str | None = None


def seen(scope: Scope) -> Seen:
    """What is to be told of the request of this scope; whoever learns something of it notes it there."""
    found: Seen | None = scope.get(_SEEN)
    if found is None:
        found = scope[_SEEN] = Seen()
    return found


class Watch:
    """The outermost application."""

    def __init__(self, app: ASGIApp, core: Core) -> None:
        self._app = app
        self._core = core

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request on; what is measured ends where the answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, told, status, took = time.perf_counter(), seen(scope), 0, 0.0

        async def noted(message: Message) -> None:
            nonlocal status, took
            if message["type"] == "http.response.start":
                status, took = message["status"], time.perf_counter() - began
                if self._core.stopping:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            self._tell(told, status, took or time.perf_counter() - began)

    def _tell(self, told: Seen, status: int, seconds: float) -> None:
        """A status of 0: no answer was given, since who asked has gone or the ledger ended."""
        self._core.metrics.answered(told.route, status, seconds)
        if told.code is not None:
            self._core.metrics.refused(told.route, told.code)
        if told.route in _QUIET and status < 400:
            return
        more = {} if told.code is None else {"code": told.code}
        log.info(
            "request",
            route=told.route,
            status=status,
            ms=round(seconds * 1_000, 1),
            request_id=told.request_id,
            user=told.user,
            **more,
        )
