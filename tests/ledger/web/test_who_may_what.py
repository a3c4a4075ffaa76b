"""Every endpoint by every role, in the own branch and in another (AUTHZ-1 to 3, T-08, T-09)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from tests.ledger.running import RunningLedger
from tests.ledger.web.asking import Ask
from tests.ledger.web.every_route import (
    CHANGES,
    KEYED,
    KEYED_APART,
    PERSON,
    READS,
    ROUTES,
    SCOPED_APART,
    WHO_MAY,
    World,
    plain_path,
)

from branchtui.contract.sessions import Role
from branchtui.ledger.web.route import Route


@pytest.fixture(scope="module")
def world(running_ledger: RunningLedger) -> World:
    return World.open(running_ledger)


def without_instance(answer: Any) -> tuple[int, dict[str, Any]]:
    problem = answer.json() if answer.content else {}
    return answer.status_code, {name: value for name, value in problem.items() if name != "instance"}


def test_every_endpoint_has_a_row_in_the_table() -> None:
    """T-09: a new endpoint is permitted to nobody until somebody writes down to whom."""
    assert {route.name for route in ROUTES} == set(WHO_MAY)


def test_every_keyed_endpoint_and_every_object_has_a_case() -> None:
    """T-08: a new endpoint that changes, or that names an object, is tried over the branch's border."""
    assert {route.name for route in KEYED} == set(CHANGES) | set(KEYED_APART)
    assert not set(CHANGES) & set(KEYED_APART)
    with_values = {route.name for route in ROUTES if "{" in route.path}
    assert with_values - set(CHANGES) - set(SCOPED_APART) <= set(READS)


@pytest.mark.parametrize("role", ["", *PERSON])
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_who_may_is_let_in_and_nobody_else(world: World, route: Route, role: str) -> None:
    """AUTHZ-1: 401 without a session, 403 without the permission, whatever is asked for."""
    may = WHO_MAY[route.name]
    api = world.ledger.sign_in(PERSON[role]) if role else world.ledger.anonymous()
    if route.path == "/v1/sessions/current" and role:
        # The session is over afterwards, so it is nobody's whom another test knows.
        world.ledger.add_user(f"leaver-{PERSON[role]}", Role.TELLER)
        api = world.ledger.sign_in(f"leaver-{PERSON[role]}")
    headers = {"content-type": "application/json"} if route.method not in {"GET", "HEAD"} else {}

    answer = api.send(route.method, plain_path(route), headers=headers)

    if may == "public":
        assert answer.status_code not in {401, 403} or route.path.startswith("/v1/sessions")
    elif not role:
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
    elif role in may:
        assert answer.status_code not in {401, 403}, answer.text
    else:
        assert answer.status_code == 403
    assert answer.status_code < 500 or route.path == "/readyz"


@pytest.mark.sampled(40)
@pytest.mark.parametrize("name", [*CHANGES, *READS])
def test_what_is_another_branchs_is_not_there(world: World, name: str) -> None:
    """AUTHZ-2, AUTHZ-3: an id of another branch, in path, query or body, answers what an unknown one does."""
    make = (CHANGES | READS)[name]
    own, others = make(world, "NKU"), make(world, "KSM")
    api = world.api(own, "NKU")
    counted = "SELECT (SELECT count(*) FROM operations), (SELECT count(*) FROM journal_entries)"
    for slot, foreign in others.ids.items():
        before = world.ledger.query(counted)
        there = own.instead(slot, foreign).send(api)
        nowhere = own.instead(slot, str(uuid.uuid4())).send(api)
        assert there.status_code == 404, (slot, there.text)
        assert without_instance(there) == without_instance(nowhere)
        assert foreign not in there.text
        assert world.ledger.query(counted) == before
    if own.who != "top":
        # What is the whole institution's has no other branch.
        whole = others.send(api)
        assert whole.status_code in ({404, 409} if not others.ids else {404})
    assert own.send(api).status_code < 300


@pytest.mark.parametrize("name", CHANGES)
def test_a_member_that_is_the_ledgers_to_set_is_refused(world: World, name: str) -> None:
    """VAL-2, T-10: status, version, balances and authors are not the caller's to send."""
    own: Ask = CHANGES[name](world, "NKU")
    model = next(route.body for route in ROUTES if route.name == name)
    for member, value in (("status", "accounted"), ("version", 9), ("created_by", "x"), ("balance_minor", 1),
                          ("id", "x"), ("role", "supervisor"), ("__proto__", {})):  # fmt: skip
        body = (own.body or {}) | {member: value}
        if model is not None and member in model.model_fields:
            continue
        answer = Ask(own.method, own.path, body, own.if_match).send(world.api(own, "NKU"))
        assert answer.status_code == 422, (member, answer.text)
        assert answer.json()["code"] == "validation"
