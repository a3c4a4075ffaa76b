"""What the institution asks of its roles: codes and limits (AUTH-4; contract, section 2)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.ledger.running import PASSWORD, RunningLedger
from tests.ledger.web.every_route import World


@pytest.fixture
def world(own_ledger: RunningLedger) -> World:
    return World.open(own_ledger)


def sign_in(ledger: RunningLedger, username: str) -> tuple[int, str]:
    body = {"username": username, "password": PASSWORD}
    answer = ledger.anonymous().post("/v1/sessions", body, key="")
    return answer.status_code, answer.json().get("code", "")


def test_a_role_is_asked_for_codes_from_the_next_sign_in_on(world: World) -> None:
    """AUTH-1: off until the institution's setting asks for it; other roles sign in as before."""
    admin = world.proved(world.administrator("HQ"))
    path = "/v1/settings/security"
    assert admin.get(path).json()["second_factor_roles"] == []
    done = admin.put(path, {"second_factor_roles": ["supervisor"]}, if_match=1)
    assert (done.status_code, done.json()["version"]) == (200, 2)
    assert sign_in(world.ledger, "supervisor") == (401, "otp-enrol")
    assert sign_in(world.ledger, "teller") == (201, "")
    stale = admin.put(path, {}, if_match=1)
    assert (stale.status_code, stale.json()["current"]["version"]) == (412, 2)


def test_a_role_has_a_limit_where_its_user_has_none(world: World) -> None:
    """Limits per role; the own limit of a user comes first, and both hold from the next request on."""
    record = world.record("NKU")
    admin = world.proved(world.administrator("HQ"))
    done = admin.put("/v1/settings/security", {"role_limits": {"supervisor": 4_999, "teller": 1}}, if_match=1)
    assert done.status_code == 200, done.text
    path = f"/v1/balance-records/{record['id']}/post"
    refused = world.boss("NKU").post(path, if_match=1)
    assert (refused.status_code, refused.json()["code"]) == (403, "needs-checker")
    assert world.ledger.sign_in("teller").post(path, if_match=1).status_code == 200


@pytest.mark.parametrize(
    "asked",
    [
        {"second_factor_roles": ["tellr"]},
        {"second_factor_roles": ["supervisor", "other"]},
        {"role_limits": {"superviser": 1_000}},
    ],
)
def test_a_role_that_there_is_not_sets_nothing(world: World, asked: dict[str, Any]) -> None:
    """VAL-2, contract 1: a name that is mistyped is refused, also within a list; nothing is asked of fewer than before."""
    admin = world.proved(world.administrator("HQ"))
    kept = {"second_factor_roles": [], "role_limits": {"teller": 5_000}}
    assert admin.put("/v1/settings/security", kept, if_match=1).status_code == 200
    refused = admin.put("/v1/settings/security", asked, if_match=2)
    assert (refused.status_code, refused.json()["code"]) == (422, "validation")
    found = admin.get("/v1/settings/security").json()
    assert (found["version"], found["role_limits"]) == (2, {"teller": 5_000})


def test_an_administrator_of_a_branch_sets_nothing_for_the_institution(world: World) -> None:
    """AUTHZ-2: the setting is everybody's, so only the top may change it; the refusal is in `refused`, too."""
    admin = world.proved(world.administrator("NKU"))
    shown = admin.get("/v1/settings/security").json()
    assert shown["actions"] == []
    assert admin.put("/v1/settings/security", {}, if_match=1).status_code == 403
