"""Valid requests for the endpoints of learned payers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.ledger.web.asking import Ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ledger.web.every_route import World


def taught(world: World, branch: str) -> dict[str, Any]:
    """What a payment that was just given to a customer taught."""
    owner = world.given(branch)["customer_id"]
    (found,) = world.boss(branch).get(f"/v1/learned-payers?customer={owner}").json()["items"]
    row: dict[str, Any] = found
    return row


def change(world: World, branch: str) -> Ask:
    row = taught(world, branch)
    path = f"/v1/learned-payers/{row['id']}"
    return Ask("PATCH", path, {"active": False}, row["version"], {"path": row["id"]})


def _one(world: World, branch: str) -> Ask:
    row = taught(world, branch)["id"]
    return Ask("GET", f"/v1/learned-payers/{row}", ids={"path": row})


def _of_customer(world: World, branch: str) -> Ask:
    owner = world.member(branch).id
    return Ask("GET", f"/v1/learned-payers?customer={owner}", ids={"path": owner})


CHANGES: Final[dict[str, Callable[[World, str], Ask]]] = {"PATCH /v1/learned-payers/{id}": change}
"""A valid change, its objects made for it alone."""

READS: Final[dict[str, Callable[[World, str], Ask]]] = {
    "GET /v1/learned-payers": _of_customer,
    "GET /v1/learned-payers/{id}": _one,
}
"""What reads an object of these: another branch's is not there."""

WHO_MAY: Final[dict[str, str]] = {
    "GET /v1/learned-payers": "TSA",
    "GET /v1/learned-payers/{id}": "TSA",
    "PATCH /v1/learned-payers/{id}": "TS",
}
"""As in every_route.py: written down, and derived from nothing."""
