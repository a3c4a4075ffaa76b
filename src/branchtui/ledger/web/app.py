"""The ASGI application: reads a request, permits it, hands it to its handler, writes the answer (IDEM-5)."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from contextlib import asynccontextmanager, nullcontext
from http import HTTPMethod
from typing import TYPE_CHECKING, Any, Final

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route as HttpRoute

from branchtui.contract.base import PATIENT_SECONDS
from branchtui.contract.problem import MEDIA_TYPE, Codes, Outcome
from branchtui.ledger.access import Permission
from branchtui.ledger.core import UnknownBranch
from branchtui.ledger.credit_worker import start_credit_worker
from branchtui.ledger.journal import InvariantBroken
from branchtui.ledger.logs import places
from branchtui.ledger.operations import Reply
from branchtui.ledger.problems import Refusal, forbidden, not_found, render, stops
from branchtui.ledger.seal_key import KeyUnusable
from branchtui.ledger.store.errors import (
    CommitUnknown,
    Contention,
    NotNow,
    StorageFull,
    TookTooLong,
    WriterStopped,
)
from branchtui.ledger.store.rows import AuditRow, ChainHead
from branchtui.ledger.web.auth import authenticate
from branchtui.ledger.web.body import parse_json, parse_model, parse_query, read_bounded
from branchtui.ledger.web.denials import Denials
from branchtui.ledger.web.limits import NOBODY, Limits
from branchtui.ledger.web.openapi_serving import PATH, Document
from branchtui.ledger.web.route import Call, ListQuery, Route, idempotency_key, if_match_version
from branchtui.ledger.web.sections import in_sections
from branchtui.ledger.web.watch import Watch, seen
from branchtui.ledger.workflows.job_kinds import JOB_KINDS
from branchtui.ledger.workflows.jobs import start_runner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from starlette.requests import Request as HttpRequest

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core

log = structlog.get_logger("branchtui.ledger")

HANDLER_SECONDS: Final = 10.0
_GZIP_FROM_BYTES: Final = 600
_PACKED_ALREADY: Final = ()
"""Pictures, sound and film are served by nobody here; the framework would look through its list for each answer."""
_ID_BYTES: Final = 16
_SEEN: Final = "ledger-seen"
_SEEN_FORM: Final = re.compile(
    r"(?P<branch_id>[^;]{1,64});(?P<seq>[0-9]{1,18});(?P<hash8>[0-9a-f]{8})", re.ASCII
)
_LAG_SECONDS: Final = 0.5


class Gate:
    """Carries requests to handlers and refusals to problems."""

    def __init__(self, core: Core, limits: Limits) -> None:
        self._core = core
        self._limits = limits
        self._denials = Denials(core)

    def endpoint(self, route: Route) -> Callable[[HttpRequest], Awaitable[Response]]:
        """The ASGI endpoint of a declared route."""

        async def serve(http: HttpRequest) -> Response:
            request_id = secrets.token_hex(_ID_BYTES)
            told = seen(http.scope)
            told.route, told.request_id = route.name, request_id
            at_us = self._core.clock.now_us()
            try:
                reply = await self._answer(route, http, request_id, at_us)
                headers = reply.headers | {"request-id": request_id}
                answer = Response(reply.body, reply.status, headers)
            except Refusal as refusal:
                told.code = refusal.code
                answer = _refused(refusal, request_id, self._core)
            except ClientDisconnect:
                return Response(status_code=400)
            except Exception as error:  # noqa: BLE001 - the last wall: nobody outside sees internals
                failure = _failure(error, route, request_id, self._core)
                told.code = failure.code
                answer = _refused(failure, request_id, self._core)
            asker: Principal | None = getattr(http.state, "asker", None)
            if asker is not None:
                answer.headers.update(await self._head(asker.branch_id, http, request_id))
            return answer

        return serve

    async def _answer(self, route: Route, http: HttpRequest, request_id: str, at_us: int) -> Reply:
        asker = None
        if route.permission is not Permission.PUBLIC or route.changes:
            await self._core.refresh()
        if route.permission is not Permission.PUBLIC:
            asker = http.state.asker = await authenticate(self._core, http, at_us)
            seen(http.scope).user = asker.user_id
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
                if route.exports:
                    self._limits.export(who)
            raw = b"" if route.raw or http.method in {"GET", "HEAD"} else await read_bounded(http)
            call = Call(
                core=self._core,
                route=route,
                http=http,
                request_id=request_id,
                path=dict(http.path_params),
                query=parse_query(
                    [] if route.ignores_query else http.query_params.multi_items(), route.query
                ),
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
            try:
                return await _handled(call)
            except UnknownBranch:
                await self._core.refresh(at_once=True)
                if asker is not None:
                    call.asker = http.state.asker = await authenticate(self._core, http, at_us)
                return await _handled(call)

    async def _head(self, branch_id: str, http: HttpRequest, request_id: str) -> dict[str, str]:
        """Where the branch's audit chain stands, for clients that watch for a rollback (AUD-3).

        A client that says what it saw (`Ledger-Seen`) is told whether the chain holds it. The answer is decided by now: it goes out without this header rather than not at all.
        """
        try:
            head = await self._core.reader.get(ChainHead, branch_id)
            said = await self._seen(branch_id, http.headers.get(_SEEN, ""), request_id)
        except Exception as error:  # noqa: BLE001 - whatever it is, what was done is to be told
            failed = {"error": type(error).__name__, "places": places(error)}
            log.warning("no ledger head", **failed)
            return {}
        seq, hashed = (head.seq, head.hash.hex()[:8]) if head else (0, "00000000")
        return {"ledger-head": f"{branch_id};{seq};{hashed}"} | said

    async def _seen(self, branch_id: str, seen: str, request_id: str) -> dict[str, str]:
        """Whether the chain holds the row that a client saw at its end; of another branch nothing is said."""
        parts = _SEEN_FORM.fullmatch(seen)
        if parts is None or parts["branch_id"] != branch_id:
            return {}
        seq = int(parts["seq"])
        row = await self._core.reader.get(AuditRow, (branch_id, seq))
        if row is not None and row.hash.hex()[:8] == parts["hash8"]:
            return {_SEEN: "known"}
        self._core.metrics.alarm("history")
        log.error(
            "a terminal saw a row that the audit chain does not hold",
            branch=branch_id,
            seq=seq,
            hash8=parts["hash8"],
            request_id=request_id,
        )
        return {_SEEN: "unknown"}


async def _handled(call: Call) -> Reply:
    if call.route.raw or call.route.keyed:
        return await call.route.handler(call)
    async with asyncio.timeout(PATIENT_SECONDS if call.route.patient else HANDLER_SECONDS):
        return await call.route.handler(call)


def make_app(
    core: Core,
    routes: Sequence[Route],
    *,
    limits: Limits | None = None,
    on_start: Callable[[], Awaitable[None]] | None = None,
    watches_loop: bool = True,
) -> Starlette:
    """The application over an open ledger. Closes the ledger when the server stops.

    `watches_loop`: twice a second it is measured how late the event loop is; on a loop without time there is nothing
    to measure.
    """
    limits = limits or Limits()
    gate = Gate(core, limits)
    core.metrics.gauge("branchtui_requests_in_flight", "Requests that are worked on", limits.held)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if on_start is not None:
            await on_start()
        start_runner(core, JOB_KINDS)
        start_credit_worker(core)
        if watches_loop:
            lagging = asyncio.get_running_loop().create_task(_watch_loop(core), name="ledger-lag")
            core.background.add(lagging)
        yield
        core.begin_stop()
        ending = [*core.background, *core.kept.tasks()]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    http_routes = [HttpRoute(PATH, Document(routes).serve)]
    by_path: dict[str, dict[str, Route]] = {}
    for route in routes:
        _verify(route)
        by_path.setdefault(route.path, {})[route.method] = route
    for path, methods in by_path.items():
        # What stands for itself is not the id of something: a method it does not take ends here, and is not tried on
        # the address with an id that it looks like.
        taken = list(methods) if "{" in path else list(HTTPMethod)
        http_routes.append(HttpRoute(path, _by_method(gate, methods), methods=taken))
    app = Starlette(
        routes=in_sections(http_routes),
        middleware=[
            Middleware(Watch, core=core),
            Middleware(
                GZipMiddleware,
                minimum_size=_GZIP_FROM_BYTES,
                compresslevel=5,
                exclude_content_types=_PACKED_ALREADY,
            ),
        ],
        exception_handlers={HTTPException: _http_refusal},
        lifespan=lifespan,
    )
    # A redirect would be made of the Host header, and no client of ours follows one.
    app.router.redirect_slashes = False
    app.state.core = core
    return app


async def _watch_loop(core: Core) -> None:
    """Measure how late the event loop comes back to whoever waits for an instant."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(_LAG_SECONDS)
        core.metrics.lagged(max(0.0, time.perf_counter() - began - _LAG_SECONDS))


def _by_method(gate: Gate, methods: Mapping[str, Route]) -> Callable[[HttpRequest], Awaitable[Response]]:
    """One endpoint for all methods of a path, so that a 405 names them all."""
    endpoints = {method: gate.endpoint(route) for method, route in methods.items()}

    if "GET" in endpoints:
        endpoints.setdefault("HEAD", endpoints["GET"])
    allowed = ", ".join(endpoints)

    async def serve(http: HttpRequest) -> Response:
        endpoint = endpoints.get(http.method)
        if endpoint is None:
            raise HTTPException(405, headers={"Allow": allowed})
        return await endpoint(http)

    return serve


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


def _failure(error: Exception, route: Route, request_id: str, core: Core) -> Refusal:
    """Our own failures: every one of them rolled its transaction back (IDEM-6)."""
    if isinstance(error, StorageFull):
        return Refusal(
            507, Codes.STORAGE_FULL, "The ledger's disk is full. Nothing was recorded; tell the operator."
        )
    if isinstance(error, CommitUnknown):
        return Refusal(
            503,
            Codes.OVERLOADED,
            "The database went away while this was recorded. Ask again with the same key what became of it.",
            outcome=Outcome.UNKNOWN,
            retry_after_seconds=2,
            retry_same_key=True,
        )
    if isinstance(error, Contention):
        return Refusal(
            503,
            Codes.CONTENTION,
            "Others were faster each time. Nothing was done.",
            retry_after_seconds=1,
            retry_same_key=True,
        )
    if isinstance(error, WriterStopped):
        return stops()
    if isinstance(error, TookTooLong):
        log.warning("a statement was broken off at its limit", route=route.name, request_id=request_id)
        return Refusal(
            503,
            Codes.OVERLOADED,
            "The database is too busy for this now. Nothing was done; it is tried again by itself.",
            retry_after_seconds=5,
            retry_same_key=True,
        )
    if isinstance(error, NotNow):
        return Refusal(
            503,
            Codes.OVERLOADED,
            "The ledger cannot take this now. Nothing was done.",
            retry_after_seconds=1,
            retry_same_key=True,
        )
    if isinstance(error, TimeoutError):
        return Refusal(503, Codes.OVERLOADED, "The ledger took too long to answer.", retry_after_seconds=2)
    if isinstance(error, KeyUnusable):
        core.metrics.alarm("no-key")
        log.error("no key for one-time codes", route=route.name, request_id=request_id, reason=str(error))
        return Refusal(
            500, Codes.INTERNAL, "One-time codes cannot be used: the ledger has no key. Tell the operator."
        )
    code = Codes.INVARIANT if isinstance(error, InvariantBroken) else Codes.INTERNAL
    core.metrics.alarm(code)
    log.error(
        "request failed",
        route=route.name,
        request_id=request_id,
        error=type(error).__name__,
        places=places(error),
    )
    return Refusal(500, code, f"The ledger failed; nothing was recorded. Reference {request_id[:8]}.")


async def _http_refusal(http: HttpRequest, error: Exception) -> Response:
    """Starlette's own refusals (no such path, wrong method) as problems."""
    assert isinstance(error, HTTPException)
    request_id = secrets.token_hex(_ID_BYTES)
    if error.status_code == 404:
        refusal = not_found("address")
    elif error.status_code == 405:
        refusal = Refusal(405, Codes.METHOD_NOT_ALLOWED, "This address does not take that method.")
    else:
        refusal = Refusal(error.status_code, Codes.MALFORMED, str(error.detail), outcome=Outcome.NOT_APPLIED)
    told = seen(http.scope)
    told.request_id, told.code = request_id, refusal.code
    headers = {"content-type": MEDIA_TYPE, "request-id": request_id} | dict(error.headers or {})
    return Response(render(refusal, request_id), refusal.status, headers)
