"""The ASGI application: reads a request, permits it, hands it to its handler, writes the answer (IDEM-5)."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route as HttpRoute

from branchtui.contract.problem import MEDIA_TYPE, Codes, Outcome
from branchtui.ledger.access import Permission
from branchtui.ledger.journal import InvariantBroken
from branchtui.ledger.logs import places
from branchtui.ledger.operations import Reply
from branchtui.ledger.problems import Refusal, forbidden, not_found, render
from branchtui.ledger.seal_key import KeyUnusable
from branchtui.ledger.store.errors import CommitUnknown, Contention, NotNow, StorageFull
from branchtui.ledger.store.rows import ChainHead
from branchtui.ledger.web.auth import authenticate
from branchtui.ledger.web.body import parse_json, parse_model, parse_query, read_bounded
from branchtui.ledger.web.denials import Denials
from branchtui.ledger.web.limits import NOBODY, Limits
from branchtui.ledger.web.openapi import document
from branchtui.ledger.web.route import Call, ListQuery, Route, idempotency_key, if_match_version
from branchtui.ledger.workflows.job_kinds import JOB_KINDS
from branchtui.ledger.workflows.jobs import start_runner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from starlette.requests import Request as HttpRequest

    from branchtui.ledger.core import Core

log = structlog.get_logger("branchtui.ledger")

HANDLER_SECONDS: Final = 10.0
_GZIP_FROM_BYTES: Final = 600


class Gate:
    """Carries requests to handlers and refusals to problems."""

    def __init__(self, core: Core, limits: Limits) -> None:
        self._core = core
        self._limits = limits
        self._denials = Denials(core)

    def endpoint(self, route: Route) -> Callable[[HttpRequest], Awaitable[Response]]:
        """The ASGI endpoint of a declared route."""

        async def serve(http: HttpRequest) -> Response:
            request_id = uuid.uuid4().hex
            at_us = self._core.clock.now_us()
            try:
                reply, branch_id = await self._answer(route, http, request_id, at_us)
            except Refusal as refusal:
                return _refused(refusal, request_id, self._core)
            except ClientDisconnect:
                return Response(status_code=400)
            except Exception as error:  # noqa: BLE001 - the last wall: nobody outside sees internals
                return _failed(error, route, request_id)
            headers = dict(reply.headers)
            if branch_id is not None:
                headers |= await self._head(branch_id)
            return Response(reply.body, reply.status, headers | {"request-id": request_id})

        return serve

    async def _answer(
        self, route: Route, http: HttpRequest, request_id: str, at_us: int
    ) -> tuple[Reply, str | None]:
        asker = None
        if route.permission is not Permission.PUBLIC or route.changes:
            await self._core.refresh()
        if route.permission is not Permission.PUBLIC:
            asker = await authenticate(self._core, http, at_us)
        who = asker.user_id if asker else NOBODY
        # Whether the ledger is well is told even when strangers hold all their places.
        bounded = asker is not None or http.method not in {"GET", "HEAD"}
        with self._limits.in_flight(who) if bounded else nullcontext():
            if asker is not None:
                if not asker.may(route.permission):
                    self._denials.note(asker, route.name, at_us)
                    raise forbidden(f"Your role, {asker.role.value}, may not do this.")
                if route.changes:
                    self._limits.change(who)
            raw = b"" if route.raw or http.method in {"GET", "HEAD"} else await read_bounded(http)
            call = Call(
                core=self._core,
                route=route,
                http=http,
                request_id=request_id,
                path=dict(http.path_params),
                query=parse_query(http.query_params.multi_items(), route.query),
                body=_body(route, http, raw),
                raw_body=raw,
                at_us=at_us,
                asker=asker,
            )
            if asker is not None and isinstance(call.query, ListQuery) and call.query.q:
                self._limits.search(who)
            if route.keyed:
                idempotency_key(http)
            if route.if_match:
                call.if_match = if_match_version(http)
            async with asyncio.timeout(None if route.raw or route.keyed else HANDLER_SECONDS):
                return await route.handler(call), asker.branch_id if asker else None

    async def _head(self, branch_id: str) -> dict[str, str]:
        """Where the branch's audit chain stands, for clients that watch for a rollback (AUD-3).

        The answer is decided by now: it goes out without this header rather than not at all.
        """
        try:
            head = await self._core.reader.get(ChainHead, branch_id)
        except Exception as error:  # noqa: BLE001 - whatever it is, what was done is to be told
            failed = {"error": type(error).__name__, "places": places(error)}
            log.warning("no ledger head", **failed)
            return {}
        seq, hashed = (head.seq, head.hash.hex()[:8]) if head else (0, "00000000")
        return {"ledger-head": f"{branch_id};{seq};{hashed}"}


def make_app(
    core: Core,
    routes: Sequence[Route],
    *,
    limits: Limits | None = None,
    on_start: Callable[[], Awaitable[None]] | None = None,
) -> Starlette:
    """The application over an open ledger. Closes the ledger when the server stops."""
    gate = Gate(core, limits or Limits())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if on_start is not None:
            await on_start()
        start_runner(core, JOB_KINDS)
        yield
        for task in list(core.background):
            task.cancel()
        await asyncio.gather(*core.background, return_exceptions=True)

    openapi = document(routes)
    http_routes = [HttpRoute("/openapi.json", lambda _: Response(openapi, media_type="application/json"))]
    by_path: dict[str, dict[str, Route]] = {}
    for route in routes:
        _verify(route)
        by_path.setdefault(route.path, {})[route.method] = route
    for path, methods in by_path.items():
        http_routes.append(HttpRoute(path, _by_method(gate, methods), methods=list(methods)))
    app = Starlette(
        routes=http_routes,
        middleware=[Middleware(GZipMiddleware, minimum_size=_GZIP_FROM_BYTES, compresslevel=5)],
        exception_handlers={HTTPException: _http_refusal},
        lifespan=lifespan,
    )
    # A redirect would be made of the Host header, and no client of ours follows one.
    app.router.redirect_slashes = False
    app.state.core = core
    return app


def _by_method(gate: Gate, methods: Mapping[str, Route]) -> Callable[[HttpRequest], Awaitable[Response]]:
    """One endpoint for all methods of a path, so that a 405 names them all."""
    endpoints = {method: gate.endpoint(route) for method, route in methods.items()}

    async def serve(http: HttpRequest) -> Response:
        return await endpoints.get(http.method, endpoints.get("GET", _nothing))(http)

    return serve


async def _nothing(_: HttpRequest) -> Response:
    """Starlette asks only for the methods that were declared, and for HEAD where there is GET."""
    raise HTTPException(405)


def _verify(route: Route) -> None:
    """A route without a permission, or a change without a key, may not exist (AUTHZ-1, IDEM-1)."""
    if not isinstance(route.permission, Permission):
        raise TypeError(f"{route.name} declares no permission")
    exempt = (
        route.raw
        or route.path.endswith("/cancel")
        or route.path.startswith(("/v1/sessions", "/v1/me/step-up"))
    )
    if route.method in {"POST", "PUT", "PATCH", "DELETE"} and not route.keyed and not exempt:
        raise TypeError(f"{route.name} changes something and takes no Idempotency-Key")


def _body(route: Route, http: HttpRequest, raw: bytes) -> Any:
    if route.body is None:
        if raw.strip() and parse_json(raw) != {}:
            raise Refusal(422, Codes.VALIDATION, "This request takes no body.")
        return None
    media_type = http.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refusal(415, Codes.MEDIA_TYPE, "The body must be application/json.")
    return parse_model(raw, route.body)


def _refused(refusal: Refusal, request_id: str, core: Core) -> Response:
    headers = {"content-type": MEDIA_TYPE, "request-id": request_id} | refusal.headers
    if refusal.retry_after_seconds is not None:
        headers["retry-after"] = str(refusal.retry_after_seconds)
    if refusal.status == 401:
        headers["www-authenticate"] = f'Bearer realm="{core.institution.ledger_id}"'
    if refusal.status in {408, 413}:
        # The rest of the body is not worth waiting for.
        headers["connection"] = "close"
    return Response(render(refusal, request_id), refusal.status, headers)


def _failed(error: Exception, route: Route, request_id: str) -> Response:
    """Our own failures: every one of them rolled its transaction back (IDEM-6)."""
    if isinstance(error, StorageFull):
        refusal = Refusal(
            507, Codes.STORAGE_FULL, "The ledger's disk is full. Nothing was recorded; tell the operator."
        )
    elif isinstance(error, CommitUnknown):
        refusal = Refusal(
            503,
            Codes.OVERLOADED,
            "The database went away while this was recorded. Ask again with the same key what became of it.",
            outcome=Outcome.UNKNOWN,
            retry_after_seconds=2,
            retry_same_key=True,
        )
    elif isinstance(error, Contention):
        refusal = Refusal(
            503,
            Codes.CONTENTION,
            "Others were faster each time. Nothing was done.",
            retry_after_seconds=1,
            retry_same_key=True,
        )
    elif isinstance(error, NotNow):
        refusal = Refusal(
            503, Codes.OVERLOADED, "The ledger cannot take this now. Nothing was done.", retry_after_seconds=1
        )
    elif isinstance(error, TimeoutError):
        refusal = Refusal(503, Codes.OVERLOADED, "The ledger took too long to answer.", retry_after_seconds=2)
    elif isinstance(error, KeyUnusable):
        log.error("no key for one-time codes", route=route.name, request_id=request_id, reason=str(error))
        refusal = Refusal(
            500, Codes.INTERNAL, "One-time codes cannot be used: the ledger has no key. Tell the operator."
        )
    else:
        code = Codes.INVARIANT if isinstance(error, InvariantBroken) else Codes.INTERNAL
        log.error(
            "request failed",
            route=route.name,
            request_id=request_id,
            error=type(error).__name__,
            places=places(error),
        )
        refusal = Refusal(500, code, f"The ledger failed; nothing was recorded. Reference {request_id[:8]}.")
    headers = {"content-type": MEDIA_TYPE, "request-id": request_id}
    if refusal.retry_after_seconds is not None:
        headers["retry-after"] = str(refusal.retry_after_seconds)
    return Response(render(refusal, request_id), refusal.status, headers)


async def _http_refusal(_: HttpRequest, error: Exception) -> Response:
    """Starlette's own refusals (no such path, wrong method) as problems."""
    assert isinstance(error, HTTPException)
    request_id = uuid.uuid4().hex
    if error.status_code == 404:
        refusal = not_found("address")
    elif error.status_code == 405:
        refusal = Refusal(405, Codes.METHOD_NOT_ALLOWED, "This address does not take that method.")
    else:
        refusal = Refusal(error.status_code, Codes.MALFORMED, str(error.detail), outcome=Outcome.NOT_APPLIED)
    headers = {"content-type": MEDIA_TYPE, "request-id": request_id} | dict(error.headers or {})
    return Response(render(refusal, request_id), refusal.status, headers)
