"""Valid requests for the endpoints of plans and vouchers."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from tests.ledger.web.asking import Ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ledger.web.every_route import World


def plan_create(_: World, __: str) -> Ask:
    body = {"code": f"D{uuid.uuid4().hex[:12]}", "name": "A day", "currency": "KES"}
    return Ask("POST", "/v1/plans", body | {"price_minor": 5_000, "validity_days": 1}, who="top")


def plan_made(world: World) -> dict[str, Any]:
    """A plan of 50.00."""
    found: dict[str, Any] = plan_create(world, "HQ").send(world.administrator("HQ")).json()
    return found


def plan_change(world: World, _: str) -> Ask:
    body = {"name": f"A day {uuid.uuid4().hex}"}
    return Ask("PATCH", f"/v1/plans/{plan_made(world)['id']}", body, 1, who="top")


def customer_with(world: World, branch: str, amount_minor: int) -> str:
    """A customer whose wallet holds so much."""
    owner = world.member(branch).id
    body = {"customer_id": owner, "amount_minor": amount_minor, "currency": "KES", "tender": "cash"}
    paid = world.boss(branch).post("/v1/payments", body | {"receipt_no": uuid.uuid4().hex[:12]})
    assert paid.status_code == 201, paid.text
    return owner


def sell(world: World, branch: str) -> Ask:
    owner, plan = customer_with(world, branch, 5_000), plan_made(world)
    body = {"plan_id": plan["id"], "price_minor": 5_000}
    return Ask("POST", f"/v1/customers/{owner}/vouchers", body, ids={"path": owner})


def sold(world: World, branch: str) -> dict[str, Any]:
    """A voucher that was sold."""
    answer = sell(world, branch).send(world.boss(branch))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def reverse(world: World, branch: str) -> Ask:
    voucher = sold(world, branch)["id"]
    return Ask("POST", f"/v1/vouchers/{voucher}/reverse", {"reason": "keyed twice"}, 1, {"path": voucher})


def print_slip(world: World, branch: str) -> Ask:
    voucher = sold(world, branch)["id"]
    return Ask("POST", f"/v1/vouchers/{voucher}/receipts", {"columns": 40}, ids={"path": voucher})


def _one(world: World, branch: str) -> Ask:
    voucher = sold(world, branch)["id"]
    return Ask("GET", f"/v1/vouchers/{voucher}", ids={"path": voucher})


def _of_customer(world: World, branch: str) -> Ask:
    owner = world.member(branch).id
    return Ask("GET", f"/v1/customers/{owner}/vouchers", ids={"path": owner})


def _all_of_customer(world: World, branch: str) -> Ask:
    owner = world.member(branch).id
    return Ask("GET", f"/v1/vouchers?customer={owner}", ids={"path": owner})


def _effect(world: World, branch: str) -> Ask:
    owner, plan = customer_with(world, branch, 5_000), plan_made(world)
    path = f"/v1/customers/{owner}/vouchers/effect?plan_id={plan['id']}"
    return Ask("GET", path, ids={"path": owner})


CHANGES: Final[dict[str, Callable[[World, str], Ask]]] = {
    "POST /v1/plans": plan_create,
    "PATCH /v1/plans/{id}": plan_change,
    "POST /v1/customers/{id}/vouchers": sell,
    "POST /v1/vouchers/{id}/reverse": reverse,
    "POST /v1/vouchers/{id}/receipts": print_slip,
}
"""A valid change, its objects made for it alone, for every keyed endpoint of these."""

READS: Final[dict[str, Callable[[World, str], Ask]]] = {
    "GET /v1/vouchers": _all_of_customer,
    "GET /v1/vouchers/{id}": _one,
    "GET /v1/customers/{id}/vouchers": _of_customer,
    "GET /v1/customers/{id}/vouchers/effect": _effect,
}
"""What reads an object of these: another branch's is not there."""

WHO_MAY: Final[dict[str, str]] = {
    "GET /v1/plans": "TSAM",
    "POST /v1/plans": "M",
    "PATCH /v1/plans/{id}": "M",
    "GET /v1/vouchers": "TSA",
    "GET /v1/vouchers/{id}": "TSA",
    "GET /v1/customers/{id}/vouchers": "TSA",
    "GET /v1/customers/{id}/vouchers/effect": "TS",
    "POST /v1/customers/{id}/vouchers": "TS",
    "POST /v1/vouchers/{id}/reverse": "TS",
    "POST /v1/vouchers/{id}/receipts": "TS",
}
"""As in every_route.py: written down, and derived from nothing."""
