"""An address is found in its section as a router finds it among all."""

from __future__ import annotations

import pytest
from starlette.routing import Match, Route

from branchtui.ledger.web.sections import in_sections


async def nothing(_: object) -> None:
    """Answers nothing: it is only looked for."""


ROUTES = [
    Route("/v1/payments/export.csv", nothing, methods=["GET", "POST"], name="export"),
    Route("/v1/payments/{id}", nothing, methods=["GET"], name="one"),
    Route("/v1/payments", nothing, methods=["GET"], name="list"),
    Route("/v1/payments-of-others", nothing, methods=["GET"], name="others"),
    Route("/v1/payments/{id}", nothing, methods=["DELETE"], name="gone"),
    Route("/healthz", nothing, methods=["GET"], name="well"),
    Route("/{anything}", nothing, methods=["GET"], name="anything"),
]


def found(routes: list[Route], method: str, path: str) -> tuple[Match, str]:
    """What a router does with these: the first that takes the request, else the first with its path."""
    scope = {"type": "http", "path": path, "method": method, "root_path": ""}
    partial = Match.NONE, ""
    for route in routes:
        match, more = route.matches(scope)
        name = more.get("branchtui.route", route).name if more else ""
        if match is Match.FULL:
            return match, name
        if match is Match.PARTIAL and partial[0] is Match.NONE:
            partial = match, name
    return partial


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "path",
    [
        "/v1/payments/export.csv",
        "/v1/payments/7",
        "/v1/payments",
        "/v1/payments/",
        "/v1/payments-of-others",
        "/v1/payments-of",
        "/healthz",
        "/healthy",
        "/v1",
        "/",
        "/v1/payments/7/more",
    ],
)
def test_a_section_answers_as_all_routes_in_their_order(path: str, method: str) -> None:
    """The same route, whole or in part, or none."""
    assert found(in_sections(ROUTES), method, path) == found(ROUTES, method, path)  # type: ignore[arg-type]
