"""The API document, made from the same declarations that make the routes (OpenAPI 3.1)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

import branchtui
from branchtui.contract.problem import MEDIA_TYPE, Problem
from branchtui.ledger.access import Permission
from branchtui.ledger.web.route import ETAG_PATTERN, KEY_PATTERN, ListQuery, Route

if TYPE_CHECKING:
    from collections.abc import Sequence

_REFERENCE: Final = "#/components/schemas/{model}"


def document(routes: Sequence[Route]) -> bytes:
    """The document as JSON bytes."""
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    problem = _schema(Problem, schemas, "serialization")
    for route in routes:
        paths.setdefault(_openapi_path(route.path), {})[route.method.lower()] = _operation(
            route, schemas, problem
        )
    _without_other(schemas)
    found = {
        "openapi": "3.1.0",
        "info": {
            "title": "branchtui ledger",
            "version": branchtui.__version__,
            "description": "A double-entry ledger for branches. Every change is keyed and applied exactly once.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}],
    }
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


def _operation(route: Route, schemas: dict[str, Any], problem: dict[str, Any]) -> dict[str, Any]:
    refused = {
        "description": "Refused, with `code` and `outcome`.",
        "content": {MEDIA_TYPE: {"schema": problem}},
    }
    answer: dict[str, Any] = {"description": "Done."}
    if route.answer is not None:
        schema = _schema(route.answer, schemas, "serialization")
        answer["content"] = {"application/json": {"schema": schema}}
    operation: dict[str, Any] = {
        "operationId": re.sub(r"[^a-z0-9]+", "_", f"{route.method}{route.path}".lower()).strip("_"),
        "summary": route.summary,
        "parameters": _parameters(route, schemas),
        "responses": {str(route.status): answer, **dict.fromkeys(sorted(_refusals(route)), refused)},
    }
    if route.permission is Permission.PUBLIC:
        operation["security"] = []
    else:
        operation["x-permission"] = route.permission.value
    if route.body is not None:
        schema = _schema(route.body, schemas, "validation")
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _refusals(route: Route) -> set[str]:
    """The statuses of every refusal that the endpoint may answer with."""
    found = {"400", "404", "422", "431", "500", "503"}
    if route.permission is not Permission.PUBLIC:
        found |= {"401", "403", "429"}
    if route.permission is Permission.PUBLIC and route.body is not None:
        found |= {"401", "429"}
    if route.method not in {"GET", "HEAD"}:
        found |= {"408", "413", "415", "507"}
    if route.keyed or route.raw:
        found |= {"409", "412"}
    if route.if_match:
        found.add("428")
    if issubclass(route.query, ListQuery):
        found.add("410")
    return found


def _parameters(route: Route, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": _path_schema(name)}
        for name in re.findall(r"{(\w+)", route.path)
    ]
    if route.keyed:
        key = {"type": "string", "pattern": f'^({KEY_PATTERN}|"{KEY_PATTERN}")$'}
        found.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": key})
    if route.if_match:
        tag = {"type": "string", "pattern": f"^{ETAG_PATTERN}$"}
        found.append({"name": "If-Match", "in": "header", "required": True, "schema": tag})
    for name, field in route.query.model_fields.items():
        schema = TypeAdapter(field.rebuild_annotation()).json_schema(ref_template=_REFERENCE)
        schemas.update(schema.pop("$defs", {}))
        found.append({"name": name, "in": "query", "required": field.is_required(), "schema": schema})
    return found


def _path_schema(name: str) -> dict[str, Any]:
    if name == "key":
        return {"type": "string", "pattern": f"^{KEY_PATTERN}$"}
    return {"type": "string", "minLength": 1}


def _without_other(schemas: dict[str, Any]) -> None:
    """`other` is how a terminal reads what it does not know; nobody sends it, and the ledger refuses it."""
    for schema in schemas.values():
        if "other" in schema.get("enum", ()):
            schema["enum"] = [value for value in schema["enum"] if value != "other"]


def _schema(model: Any, schemas: dict[str, Any], mode: Any) -> dict[str, Any]:
    adapter = TypeAdapter(model)
    schema = adapter.json_schema(mode=mode, ref_template=_REFERENCE)
    schemas.update(schema.pop("$defs", {}))
    name = re.sub(r"[^A-Za-z0-9_]+", "_", getattr(model, "__name__", str(model))).strip("_")
    schemas[name] = schema
    return {"$ref": _REFERENCE.format(model=name)}


def _openapi_path(path: str) -> str:
    return re.sub(r"{(\w+):\w+}", r"{\1}", path)
