"""The API document, made from the same declarations that make the routes (OpenAPI 3.1)."""

from __future__ import annotations

import inspect
import json
import re
from typing import TYPE_CHECKING, Any, Final

import branchtui
from branchtui.contract.sessions import Role
from branchtui.ledger.access import PERMISSIONS, Permission
from branchtui.ledger.web import openapi_links
from branchtui.ledger.web.openapi_answers import header_components, responses
from branchtui.ledger.web.openapi_guide import guide, tags
from branchtui.ledger.web.openapi_requests import parameter_components, parameters, request_body
from branchtui.ledger.web.openapi_schemas import Schemas

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.web.route import Route

_OPENING: Final = re.compile(r"^`[A-Z]+ /[^`]*`[:.]?\s*")


def document(routes: Sequence[Route]) -> bytes:
    """The document as JSON bytes."""
    schemas = Schemas()
    refusals: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(openapi_path(route.path), {})[route.method.lower()] = _operation(
            route, schemas, refusals
        )
    found = {
        "openapi": "3.1.0",
        "info": {
            "title": "branchtui ledger",
            "version": branchtui.__version__,
            "summary": "A double-entry ledger for branches. Every change is keyed and applied exactly once.",
            "description": guide(),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "tags": tags({tag_of(route) for route in routes}),
        "paths": paths,
        "components": {
            "schemas": schemas.found,
            "responses": dict(sorted(refusals.items())),
            "parameters": parameter_components(),
            "headers": header_components(),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The `access_token` of `POST /v1/sessions`: opaque, for ten minutes.",
                }
            },
        },
        "security": [{"bearer": []}],
    }
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


def _operation(route: Route, schemas: Schemas, refusals: dict[str, Any]) -> dict[str, Any]:
    name = operation_id(route)
    operation: dict[str, Any] = {
        "operationId": name,
        "tags": [tag_of(route)],
        "summary": route.summary,
        "description": _description(route),
        "parameters": parameters(route, schemas),
        "responses": responses(route, schemas, openapi_links.written(name), refusals),
    }
    if route.permission is Permission.PUBLIC:
        operation["security"] = []
    else:
        operation["x-permission"] = route.permission.value
    body = request_body(route, schemas)
    if body is not None:
        operation["requestBody"] = body
    return operation


def operation_id(route: Route) -> str:
    """The endpoint's name, which is a function's name in a generated client."""
    made = re.sub(r"[^a-z0-9]+", "_", f"{route.method}{route.path}".lower()).strip("_")
    return route.operation or made


def tag_of(route: Route) -> str:
    """What the endpoint belongs to: the first part of its path."""
    parts = route.path.strip("/").split("/")
    return parts[1].partition(".")[0] if parts[0] == "v1" else "health"


def _description(route: Route) -> str:
    """What the handler says of itself, and who may ask."""
    said = inspect.getdoc(route.handler) or ""
    text = _OPENING.sub("", said.partition("\nRaises:")[0].strip())
    parts = [text[:1].upper() + text[1:]] if text else []
    if route.permission not in {Permission.PUBLIC, Permission.SIGNED_IN}:
        roles = [role.value for role in Role if route.permission in PERMISSIONS.get(role, ())]
        parts.append(f"For: {', '.join(roles)}.")
    if route.step_up:
        parts.append("It is risky: the last password or code of the session is at most five minutes old.")
    return "\n\n".join(parts)


def openapi_path(path: str) -> str:
    """The path as the standard writes it."""
    return re.sub(r"{(\w+):\w+}", r"{\1}", path)
