"""The routes of one address and what lies below it, passed over at once by whoever asks for another.

The framework tries every route in turn, by a regular expression each: of 150 addresses that is a tenth of what the
event loop spends on a request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.routing import BaseRoute, Match, Route

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Receive, Scope, Send

_DEPTH: Final = 2
"""So many parts of a path tell one section from another: `/v1/customers`."""
_FOUND: Final = "branchtui.route"


def in_sections(routes: Iterable[Route]) -> list[BaseRoute]:
    """The routes by the beginning of their paths, in the order in which each beginning came first."""
    found: dict[str, list[Route]] = {}
    for route in routes:
        beginning = "/".join(route.path.split("/")[: _DEPTH + 1])
        # What is a parameter already there is no beginning to go by.
        found.setdefault(beginning.partition("{")[0], []).append(route)
    return [_Section(beginning, tuple(some)) for beginning, some in found.items()]


class _Section(BaseRoute):
    def __init__(self, beginning: str, routes: tuple[Route, ...]) -> None:
        self._beginning, self._routes = beginning, routes

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As a router: the first route that takes the request, else the first that has its path."""
        partial: tuple[Match, Scope] = (Match.NONE, {})
        if not scope["path"].startswith(self._beginning):
            return partial
        for route in self._routes:
            match, more = route.matches(scope)
            if match is Match.FULL:
                return match, {**more, _FOUND: route}
            if match is Match.PARTIAL and partial[0] is Match.NONE:
                partial = match, {**more, _FOUND: route}
        return partial

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What `matches` found answers."""
        await scope[_FOUND].handle(scope, receive, send)
