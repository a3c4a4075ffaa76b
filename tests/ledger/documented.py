"""Whatever a test of the ledger is answered has to stand in the API document: its status, and a refusal's code."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from branchtui.contract.problem import MEDIA_TYPE
from branchtui.ledger.passwords import Passwords
from branchtui.ledger.web.openapi_answers import refusals
from branchtui.ledger.web.routes import all_routes

if TYPE_CHECKING:
    import httpx

    from branchtui.ledger.web.route import Route

OUTSIDE: Final = {405}
"""Told of all addresses at once, in the document's prose."""


@cache
def _routes() -> list[tuple[re.Pattern[str], Route]]:
    return [
        (re.compile(re.sub(r"{\w+}", "[^/]+", route.path)), route)
        for route in all_routes(Passwords(memory_kib=8, passes=1))
    ]


def refuse_undocumented(response: httpx.Response) -> None:
    """Fail the test that was answered what no reader of the document expects."""
    method, path = response.request.method, response.request.url.path
    # Fixed paths stand before those with an id.
    matching = [route for form, route in _routes() if route.method == method and form.fullmatch(path)]
    if not matching or response.status_code in OUTSIDE:
        return
    route, status = matching[0], response.status_code
    if status < 400:
        expected = {route.status} | ({202} if route.may_wait else set())
        assert status in expected, f"{route.name} answered {status}, which its Route does not declare"
        return
    known = refusals(route)
    assert status in known, f"{route.name} answered {status}, which its Route does not declare"
    if response.headers.get("content-type") == MEDIA_TYPE and method != "HEAD":
        response.read()
        code = response.json()["code"]
        assert code in known[status], (
            f"{route.name} answered {status} {code}, which its Route does not declare"
        )
