"""Requests of the API document: parameters with their exact forms, and bodies with examples."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.approvals import NewApproval
from branchtui.contract.codes import CodeName
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission
from branchtui.ledger.web.openapi_examples import BODIES
from branchtui.ledger.web.route import ETAG_PATTERN, KEY_PATTERN, ListQuery, item_members
from branchtui.ledger.workflows.approvables import REGISTER
from branchtui.ledger.workflows.import_kinds import KINDS

if TYPE_CHECKING:
    from branchtui.ledger.web.openapi_schemas import Schemas
    from branchtui.ledger.web.route import Route

_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Names the intent: a fresh UUID for each, the same one for each repetition. The same key never does "
    "anything twice.",
    "schema": {
        "type": "string",
        "pattern": f'^({KEY_PATTERN}|"{KEY_PATTERN}")$',
        "examples": ["018f3c1e-5b7a-7c3e-9d21-4f1f0f6f2a11"],
    },
}
_IF_MATCH: Final[dict[str, Any]] = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The `ETag` of the version that was seen. `*` and weak tags match nothing.",
    "schema": {"type": "string", "pattern": f"^{ETAG_PATTERN}$", "examples": ['"1"']},
}
_DUPLICATE: Final[dict[str, Any]] = {
    "name": "Confirm-Duplicate-Of",
    "in": "header",
    "required": False,
    "description": "After 409 `possible-duplicate`: `duplicate_of.key` (or `duplicate_of.id`), when it really is a "
    "second one.",
    "schema": {"type": "string"},
}
_ACTIVITY: Final[dict[str, Any]] = {
    "name": "X-User-Activity",
    "in": "header",
    "required": False,
    "description": "`0`: nobody asked for this by hand; it keeps no session alive.",
    "schema": {"type": "string", "examples": ["0"]},
}
_BYTES: Final = {"type": "string", "pattern": "^[0-9]{1,15}$"}
_CHUNK: Final[tuple[dict[str, Any], ...]] = (
    {
        "name": "Upload-Length",
        "in": "header",
        "required": True,
        "description": "How many bytes the whole file has, at most 64 MiB.",
        "schema": _BYTES,
    },
    {
        "name": "Upload-Offset",
        "in": "header",
        "required": True,
        "description": "Where in the file this chunk begins; a chunk that arrived before may be sent again.",
        "schema": _BYTES,
    },
    {
        "name": "Content-Digest",
        "in": "header",
        "required": True,
        "description": "`sha-256=:<base64>:` of this chunk (RFC 9530).",
        "schema": {"type": "string", "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$"},
    },
)

_SAID: Final[dict[str, str]] = {
    "q": "What to look for.",
    "sort": "The order; the first one unless it is given.",
    "cursor": "A page's `next` or `prev`, with all else as it was.",
    "anchor": "Where to open the list: `first`, `last`, `id:<id>`, `key:<value>`.",
    "limit": "How many items at most.",
    "count": "Whether to count.",
    "fields": "Only these members of each item, by commas; `id` and `version` always come.",
    "include": "What comes with it, by commas.",
    "branch": "Only this branch and those below it, by id.",
    "label": "Only who has this label: its id, its exact name, or a part that only one has.",
    "staff": "Only who is assigned to this member of staff: by id, exact name, or a part that only one has.",
    "product": "Only who has an account of this product: its code, id, exact name, or a part that only one has.",
    "group": "Only this group's: its id, its exact name, or a part that only one has.",
    "organisation": "Only this organisation's: its id, its exact name, or a part that only one has.",
    "customer": "Only this customer's, by id.",
    "wait": "How many seconds the answer may be held until the job ends.",
    "ids": "Only these, by commas.",
    "days": "How many days are told, today the last of them.",
}
_FOR_INSTANCE: Final = {"days": 14}
_ANCHOR: Final = "^(first|last|id:.+|key:.+)$"
_ID: Final[dict[str, Any]] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 64,
    "pattern": "^[A-Za-z0-9_-]+$",
}


_BOUND_BY_BODY: Final = ("/start", "/apply", "/revert")
"""Actions that may be sent the version that was seen, and are bound by more than that."""


def parameters(route: Route, schemas: Schemas) -> list[dict[str, Any]]:
    """What stands in the path, the query and the headers of an endpoint."""
    found = [
        {"name": name, "in": "path", "required": True, "schema": _path_schema(route, name)}
        for name in re.findall(r"{(\w+)", route.path)
    ]
    if route.keyed:
        found.append(_reference(_KEY))
    if route.if_match:
        found.append(_reference(_IF_MATCH))
    elif Codes.PRECONDITION_FAILED in route.refuses and route.path.endswith(_BOUND_BY_BODY):
        found.append(_IF_MATCH | {"required": False})
    if Codes.POSSIBLE_DUPLICATE in route.refuses:
        found.append(_reference(_DUPLICATE))
    if _is_chunk(route):
        found.extend(_reference(each) for each in _CHUNK)
    if route.permission is not Permission.PUBLIC:
        found.append(_reference(_ACTIVITY))
    return found + _query(route, schemas)


def parameter_components() -> dict[str, Any]:
    """The headers that many endpoints take."""
    return {each["name"]: each for each in (_KEY, _IF_MATCH, _DUPLICATE, _ACTIVITY, *_CHUNK)}


def _reference(parameter: dict[str, Any]) -> dict[str, Any]:
    return {"$ref": f"#/components/parameters/{parameter['name']}"}


def _query(route: Route, schemas: Schemas) -> list[dict[str, Any]]:
    found = []
    for name, field in route.query.model_fields.items():
        schema = schemas.parameter(field.rebuild_annotation()) | _exact(route, name)
        if not field.is_required() and field.default is not None and "default" not in schema:
            schema["default"] = getattr(field.default, "value", field.default)
        parameter: dict[str, Any] = {"name": name, "in": "query", "required": field.is_required()}
        if name in _SAID:
            parameter["description"] = _SAID[name]
        if name in _FOR_INSTANCE:
            parameter["example"] = _FOR_INSTANCE[name]
        found.append(parameter | {"schema": schema})
    return found


def _exact(route: Route, name: str) -> dict[str, Any]:
    """What a list takes is known from its declaration, more exactly than its query's type says."""
    if name == "sort" and route.sorts:
        return {"enum": list(route.sorts)}
    if name == "anchor":
        return {"pattern": _ANCHOR}
    if name == "fields" and issubclass(route.query, ListQuery):
        return {"pattern": _listed(item_members(route))}
    return {}


def _listed(names: set[str]) -> str:
    one = "|".join(sorted(names))
    return f"^({one})(,({one}))*$"


def _path_schema(route: Route, name: str) -> dict[str, Any]:
    if name == "key":
        return {"type": "string", "pattern": f"^{KEY_PATTERN}$"}
    if name == "code":
        return {"type": "string", "enum": [each.value for each in CodeName if each is not CodeName.OTHER]}
    if name == "date":
        return {"type": "string", "format": "date"}
    if name == "kind":
        return {"type": "string", "enum": [kind.value for kind in KINDS]}
    if route.path.startswith("/v1/uploads"):
        return {"type": "string", "format": "uuid", "description": "Made by the client, for one file."}
    return _ID


def _is_chunk(route: Route) -> bool:
    return route.raw and route.path.startswith("/v1/uploads") and route.method == "PUT"


def request_body(route: Route, schemas: Schemas) -> dict[str, Any] | None:
    """What is sent, if anything."""
    if route.body is NewApproval:
        return _json(_approval(schemas), BODIES.get(route.name))
    if route.body is not None:
        return _json(schemas.asked(route.body), BODIES.get(route.name))
    if _is_chunk(route):
        schema = {"type": "string", "format": "binary"}
        return {"required": True, "content": {"application/octet-stream": {"schema": schema}}}
    if route.raw and route.method == "POST":
        said = "Whatever the provider sends. What cannot be understood is kept apart, and acknowledged all the same."
        return _json({"description": said}, BODIES.get(route.name)) | {"required": False}
    return None


def _json(schema: dict[str, Any], examples: dict[str, Any] | None) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schema}
    if examples:
        content["examples"] = {name: {"value": value} for name, value in examples.items()}
    return {"required": True, "content": {"application/json": content}}


def _approval(schemas: Schemas) -> dict[str, Any]:
    """A request for approval: one form an action, told apart by `action`."""
    return schemas.union(
        NewApproval, "action", {name: ("body", approvable.body) for name, approvable in REGISTER.items()}
    )
