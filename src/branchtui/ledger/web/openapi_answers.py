"""Answers of the API document: each endpoint's statuses, their codes, and what the headers beside them mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.base import Resource
from branchtui.contract.problem import MEDIA_TYPE, Codes
from branchtui.ledger.access import Permission
from branchtui.ledger.web.openapi_schemas import is_model
from branchtui.ledger.web.route import ETAG_PATTERN, ListQuery

if TYPE_CHECKING:
    from branchtui.ledger.web.openapi_schemas import Schemas
    from branchtui.ledger.web.route import Route

CONFLICT: Final = 409
ALWAYS: Final = ".always"

_STATUS_OF: Final[dict[str, int]] = {
    Codes.MALFORMED: 400,
    Codes.KEY_MISSING: 400,
    Codes.KEY_MALFORMED: 400,
    Codes.TOKEN_EXPIRED: 401,
    Codes.SESSION_ENDED: 401,
    Codes.IDLE: 401,
    Codes.OTP_REQUIRED: 401,
    Codes.OTP_ENROL: 401,
    Codes.FORBIDDEN: 403,
    Codes.NEEDS_CHECKER: 403,
    Codes.STEP_UP: 403,
    Codes.SAME_PERSON: 403,
    Codes.NOT_FOUND: 404,
    Codes.OPERATION_UNKNOWN: 404,
    Codes.TOO_SLOW: 408,
    Codes.PRECONDITION_FAILED: 412,
    Codes.MEDIA_TYPE: 415,
    Codes.VALIDATION: 422,
    Codes.KEY_REUSED: 422,
    Codes.PRECONDITION_REQUIRED: 428,
    Codes.RATE_LIMITED: 429,
    Codes.LOGIN_THROTTLED: 429,
    Codes.INTERNAL: 500,
    Codes.INVARIANT: 500,
    Codes.OVERLOADED: 503,
    Codes.CONTENTION: 503,
    Codes.STORAGE_FULL: 507,
}
"""Where a code of an endpoint goes when it is not a conflict (409)."""

_SAID: Final[dict[int, str]] = {
    400: "It cannot be read as a request of this API. Nothing was done.",
    401: "Nobody is signed in, or not as well as is needed. Nothing was done; the same key may be sent again.",
    403: "The caller may not do this, or not alone, or not without proof. Nothing was done.",
    404: "There is no such thing, or it is another branch's.",
    408: "The request did not arrive in time. Nothing was done; the same key may be sent again.",
    409: "The state does not allow it. Nothing was done, and the key keeps this answer.",
    410: "The cursor is older than fifteen minutes: open the list again.",
    412: "Somebody changed it since. Nothing was done, and the key keeps this answer.",
    413: "The body is too large. Nothing was done.",
    415: "The body is of another media type, or compressed. Nothing was done.",
    422: "A value breaks a rule; `errors` names each. Nothing was done, and the key keeps what a rule decided.",
    428: "`If-Match` is missing. Nothing was done.",
    429: "Too much at once. Nothing was done; wait as long as `Retry-After` says and send the same key.",
    431: "The request's line and headers are too large. Nothing was done.",
    500: "The ledger failed and rolled back: nothing was recorded. Send the same key once more at most.",
    503: "Not now. Read `outcome`: unless it is `unknown`, nothing was done. Wait and send the same key.",
    507: "The ledger's disk is full. Nothing was recorded; tell the operator.",
}

_TEXT: Final = {"type": "string"}
_WHOLE: Final = {"type": "integer", "minimum": 0}
HEADERS: Final[dict[str, dict[str, Any]]] = {
    "Request-Id": {
        "description": "Names this request in the ledger's log; a problem's `instance` is the same.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    },
    "ETag": {
        "description": "The version of the resource in quotes: send it back in `If-Match` to change it.",
        "schema": {"type": "string", "pattern": f"^{ETAG_PATTERN}$"},
    },
    "Location": {"description": "The path of what was made, or of the job that goes on.", "schema": _TEXT},
    "Idempotency-Replayed": {
        "description": "`true`: the key was used before; this is the answer of then, and nothing was done now.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Ledger-Head": {
        "description": "`branch;seq;hash8`: where the branch's audit chain stands. One that goes back means that "
        "the ledger was restored from a copy.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]+;[0-9]+;[0-9a-f]{8}$"},
    },
    "Retry-After": {"description": "Seconds to wait before the same request.", "schema": _WHOLE},
    "WWW-Authenticate": {"description": "`Bearer`, with the ledger's id as realm.", "schema": _TEXT},
    "Cache-Control": {"description": "`no-store`: it is for this caller, now.", "schema": _TEXT},
    "Upload-Offset": {"description": "How many bytes have arrived.", "schema": _WHOLE},
    "Upload-Length": {"description": "How many bytes the file has.", "schema": _WHOLE},
    "Content-Digest": {"description": "`sha-256=:...:` of the file (RFC 9530).", "schema": _TEXT},
    "Content-Disposition": {"description": "A name for the file.", "schema": _TEXT},
    "Row-Count": {"description": "How many rows the file has.", "schema": _WHOLE},
}
"""What an answer's header means."""


def refusals(route: Route) -> dict[int, frozenset[str]]:
    """The statuses that an endpoint may refuse or fail with, and the codes under each (ledger, section 4)."""
    found: dict[int, set[str]] = {}
    for code in _general(route) | set(route.refuses):
        status = _STATUS_OF.get(code, CONFLICT)
        if code == Codes.CREDENTIALS:
            status = 401 if route.permission is Permission.PUBLIC else 403
        if code == Codes.STORAGE_FULL and route.permission is Permission.PUBLIC and route.method == "GET":
            status = 503
        found.setdefault(status, set()).add(code)
    found.setdefault(431, set()).add(Codes.TOO_LARGE)
    if _reads_body(route):
        found.setdefault(413, set()).add(Codes.TOO_LARGE)
    if issubclass(route.query, ListQuery):
        found.setdefault(400, set()).add(Codes.CURSOR_INVALID)
        found.setdefault(410, set()).add(Codes.CURSOR_INVALID)
    return {status: frozenset(codes) for status, codes in sorted(found.items())}


def _general(route: Route) -> set[str]:
    """The codes that follow from what the endpoint is."""
    found = {Codes.MALFORMED, Codes.VALIDATION, Codes.INTERNAL, Codes.OVERLOADED}
    if route.permission is not Permission.PUBLIC:
        found |= {Codes.TOKEN_EXPIRED, Codes.SESSION_ENDED, Codes.IDLE, Codes.RATE_LIMITED}
    if route.permission not in {Permission.PUBLIC, Permission.SIGNED_IN}:
        found.add(Codes.FORBIDDEN)
    if route.step_up:
        found.add(Codes.STEP_UP)
    if "{" in route.path or _names_objects(route):
        found.add(Codes.NOT_FOUND)
    if _reads_body(route):
        found |= {Codes.TOO_SLOW, Codes.MEDIA_TYPE, Codes.STORAGE_FULL, Codes.CONTENTION, Codes.INVARIANT}
    if route.keyed:
        found |= {Codes.KEY_MISSING, Codes.KEY_MALFORMED, Codes.KEY_REUSED, Codes.OPERATION_CANCELLED}
    if route.if_match:
        found |= {Codes.PRECONDITION_FAILED, Codes.PRECONDITION_REQUIRED}
    return found


def _reads_body(route: Route) -> bool:
    return route.method not in {"GET", "HEAD"}


def _names_objects(route: Route) -> bool:
    """Whether a query or body may name an object that is not there."""
    body = set(route.body.model_fields) if route.body is not None else set()
    named = body | set(route.query.model_fields)
    return any(name.endswith("_id") or name in {"branch", "customer", "anchor", "filter"} for name in named)


def responses(
    route: Route, schemas: Schemas, links: dict[str, Any], shared: dict[str, Any]
) -> dict[str, Any]:
    """All answers of an endpoint, by status; refusals, which many have in common, go into `shared` by their codes."""
    found: dict[str, Any] = {str(route.status): _done(route, schemas, route.status, links)}
    if route.may_wait:
        found["202"] = _done(route, schemas, 202, {})
    for status, codes in refusals(route).items():
        refused = _refused(route, schemas, status, sorted(codes))
        name = ".".join([str(status), *sorted(codes)])
        if route.method == "HEAD" or shared.setdefault(name, refused) != refused:
            found[str(status)] = refused
        else:
            found[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return found


def _done(route: Route, schemas: Schemas, status: int, links: dict[str, Any]) -> dict[str, Any]:
    said = {201: "Made.", 202: "Accepted; it goes on.", 204: "Done; there is nothing to say."}
    answer: dict[str, Any] = {
        "description": said.get(status, "Done."),
        "headers": _named(_done_headers(route, status)),
    }
    if route.answer is not None:
        answer["content"] = {"application/json": {"schema": schemas.answer(route.answer)}}
    elif route.media_type is not None:
        binary = {} if route.media_type.startswith("text/") else {"format": "binary"}
        answer["content"] = {route.media_type: {"schema": {"type": "string"} | binary}}
    for media_type in route.also:
        answer["content"][media_type] = {"schema": {"type": "string"}}
    if links:
        answer["links"] = links
    return answer


def _done_headers(route: Route, status: int) -> dict[str, bool]:
    """The headers of a success, and whether each is always there."""
    found = {"Request-Id": True}
    if route.permission is not Permission.PUBLIC:
        # The answer is decided before the head is read, and goes out without it rather than not at all.
        found["Ledger-Head"] = False
    if route.keyed:
        found["Idempotency-Replayed"] = False
    if is_model(route.answer, Resource):
        found["ETag"] = True
    if status == 202 or (status == 201 and is_model(route.answer, Resource)):
        found["Location"] = True
    if route.path.startswith("/v1/uploads"):
        found |= {"Upload-Offset": True, "Upload-Length": True}
    if route.media_type is not None:
        found |= {"Content-Digest": True, "Content-Disposition": True, "Row-Count": False}
    if route.also:
        found |= {"Content-Digest": False, "Content-Disposition": False, "Cache-Control": True}
    if route.path in {"/v1/sessions", "/v1/sessions/refresh", "/v1/jobs/{id}"} or route.media_type:
        found["Cache-Control"] = True
    return found


def _refused(route: Route, schemas: Schemas, status: int, codes: list[str]) -> dict[str, Any]:
    # A head that cannot be read is refused before the request has a name.
    headers = {"Request-Id": status not in {400, 408, 431}}
    if status == 401:
        headers["WWW-Authenticate"] = True
    if status in {429, 503}:
        headers["Retry-After"] = status == 429
    if status == 412:
        headers["ETag"] = False
    if route.keyed and status in {409, 412, 422}:
        headers["Idempotency-Replayed"] = False
    named = ", ".join(f"`{code}`" for code in codes)
    answer: dict[str, Any] = {"description": f"{_SAID[status]} Codes: {named}.", "headers": _named(headers)}
    if route.method != "HEAD":
        schema = schemas.problem() | {
            "properties": {"status": {"const": status}, "code": {"enum": codes}},
        }
        answer["content"] = {MEDIA_TYPE: {"schema": schema}}
    return answer


def _named(headers: dict[str, bool]) -> dict[str, Any]:
    """References to the headers, as each is: always there, or not."""
    return {
        name: {"$ref": f"#/components/headers/{name}{ALWAYS if always else ''}"}
        for name, always in headers.items()
    }


def header_components() -> dict[str, Any]:
    """Every header, as it may be there and as it always is."""
    always = {f"{name}{ALWAYS}": said | {"required": True} for name, said in HEADERS.items()}
    return dict(sorted({**HEADERS, **always}.items()))
