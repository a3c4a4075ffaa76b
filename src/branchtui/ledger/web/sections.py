"""The routes of one address and what lies below it, found at once by the beginning of the path.

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
    """The routes as one that looks, by the beginning of a path, at those alone which may take it, in their order."""
    return [_Sections(tuple(routes))]


class _Sections(BaseRoute):
    def __init__(self, routes: tuple[Route, ...]) -> None:
        beginnings = [_beginning(route.path) for route in routes]
        # What is a parameter already there is no beginning to go by: any section's path may be one of its.
        self._anywhere = tuple(route for route, found in zip(routes, beginnings, strict=True) if "{" in found)
        self._sections = {
            section: tuple(
                route
                for route, found in zip(routes, beginnings, strict=True)
                if found == section or "{" in found
            )
            for section in beginnings
            if "{" not in section
        }

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As a router: the first route that takes the request, else the first that has its path."""
        partial: tuple[Match, Scope] = (Match.NONE, {})
        for route in self._sections.get(_beginning(scope["path"]), self._anywhere):
            match, more = route.matches(scope)
            if match is Match.FULL:
                return match, {**more, _FOUND: route}
            if match is Match.PARTIAL and partial[0] is Match.NONE:
                partial = match, {**more, _FOUND: route}
        return partial

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What `matches` found answers."""
        await scope[_FOUND].handle(scope, receive, send)


def _beginning(path: str) -> str:
    return "/".join(path.split("/", _DEPTH + 1)[: _DEPTH + 1])
