"""Valid requests for the endpoints of what was kept apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.ledger.till import OTHER_SHORT_CODE, SHORT_CODE, message
from tests.ledger.web.asking import Ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ledger.web.every_route import World


def held(world: World, branch: str) -> dict[str, Any]:
    """A message with a known code and another amount, which is kept apart."""
    code = world.till.fresh_code()
    short_code = SHORT_CODE if branch == "NKU" else OTHER_SHORT_CODE
    for amount in ("10.00", "20.00"):
        world.till.send(message(code, BusinessShortCode=short_code, TransAmount=amount))
    (found,) = world.till.events(code)
    return found


def ignore(world: World, branch: str) -> Ask:
    event = held(world, branch)
    path, body = f"/v1/callback-events/{event['id']}/ignore", {"reason": "settled by hand"}
    return Ask("POST", path, body, event["version"], {"path": event["id"]})


def restore(world: World, branch: str) -> Ask:
    ask = ignore(world, branch)
    done = ask.send(world.api(ask, branch)).json()
    path = f"/v1/callback-events/{done['id']}/restore"
    return Ask("POST", path, None, done["version"], {"path": done["id"]})


def _one(world: World, branch: str) -> Ask:
    event = held(world, branch)["id"]
    return Ask("GET", f"/v1/callback-events/{event}", ids={"path": event})


CHANGES: Final[dict[str, Callable[[World, str], Ask]]] = {
    "POST /v1/callback-events/{id}/ignore": ignore,
    "POST /v1/callback-events/{id}/restore": restore,
}
"""A valid change, its objects made for it alone."""

READS: Final[dict[str, Callable[[World, str], Ask]]] = {"GET /v1/callback-events/{id}": _one}
"""What reads an object of these: another branch's is not there."""

WHO_MAY: Final[dict[str, str]] = {
    "GET /v1/callback-events": "SAM",
    "GET /v1/callback-events/{id}": "SAM",
    "POST /v1/callback-events/{id}/ignore": "S",
    "POST /v1/callback-events/{id}/restore": "S",
}
"""As in every_route.py: written down, and derived from nothing."""
