"""Users, branches, the own password, and proving to be the person (AUTH-5 to 7; contract, section 2)."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest
from tests.ledger.running import PASSWORD, Api, RunningLedger
from tests.ledger.web.every_route import CHANGES, World

from branchtui.ledger.store.errors import StoreAway
from branchtui.ledger.store.rows import Branch

NEW_PASSWORD = "nine loud pelicans"


@pytest.fixture
def world(own_ledger: RunningLedger) -> World:
    return World.open(own_ledger)


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def is_in(ledger: RunningLedger, token: str) -> bool:
    return Api(ledger.client, token=token).get("/v1/me").status_code == 200


def opened(ledger: RunningLedger, username: str, password: str = PASSWORD) -> httpx.Response:
    return ledger.anonymous().post("/v1/sessions", {"username": username, "password": password}, key="")


# ── refresh tokens ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_refresh_token_that_is_twice_old_ends_the_session(own_ledger: RunningLedger) -> None:
    """AUTH-6, T-20: however long ago it was exchanged, whoever sends it holds what is not theirs."""
    first = opened(own_ledger, "teller").json()
    token, held = first["refresh_token"], first
    for _ in range(3):
        answer = own_ledger.anonymous().post(
            "/v1/sessions/refresh", {"refresh_token": held["refresh_token"]}, key=""
        )
        held = answer.json()
    assert is_in(own_ledger, held["access_token"])
    again = own_ledger.anonymous().post("/v1/sessions/refresh", {"refresh_token": token}, key="")
    assert said(again) == (401, "session-ended")
    assert not is_in(own_ledger, held["access_token"])
    assert own_ledger.query("SELECT reason FROM audit WHERE action = 'session.end'") == [("refresh-reused",)]


def test_what_is_remembered_of_refresh_tokens_ends_with_their_session(own_ledger: RunningLedger) -> None:
    """Code, habit 8: signing in forgets the tokens of sessions that are over."""
    held = opened(own_ledger, "teller").json()
    api = Api(own_ledger.client, token=held["access_token"])
    for _ in range(3):
        held = api.post("/v1/sessions/refresh", {"refresh_token": held["refresh_token"]}, key="").json()
    assert own_ledger.query("SELECT count(*) FROM spent_refreshes") == [(2,)]
    Api(own_ledger.client, token=held["access_token"]).delete("/v1/sessions/current", key="")
    opened(own_ledger, "teller")
    assert own_ledger.query("SELECT count(*) FROM spent_refreshes") == [(0,)]


# ── step-up ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_risky_asks_for_the_password_again_and_takes_the_same_key(world: World) -> None:
    """AUTH-7: five minutes after signing in a reversal answers `step-up`; proved, the same key does it."""
    record = world.record("NKU", posted=True)
    boss, key = world.ledger.sign_in("supervisor", fresh=True), str(uuid.uuid4())
    path, body = f"/v1/balance-records/{record['id']}/reverse", {"reason": "keyed twice"}
    world.ledger.clock.advance(seconds=301)
    asked = boss.post(path, body, if_match=record["version"], key=key)
    assert said(asked) == (403, "step-up")
    assert asked.json()["retry"] == {"allowed": True, "same_key": True, "after_ms": None}
    assert said(boss.post("/v1/me/step-up", {"password": "wrong"}, key="")) == (403, "credentials-wrong")
    assert boss.post("/v1/me/step-up", {"password": PASSWORD}, key="").status_code == 200
    done = boss.post(path, body, if_match=record["version"], key=key)
    assert done.status_code == 200
    tokens = {"refresh_token": boss.session["refresh_token"]}
    boss.token = world.ledger.anonymous().post("/v1/sessions/refresh", tokens, key="").json()["access_token"]
    world.ledger.clock.advance(seconds=301)
    # A replay needs no proof: it does nothing.
    again = boss.post(path, body, if_match=record["version"], key=key)
    assert (again.status_code, again.content) == (200, done.content)


def test_guessing_at_the_step_up_is_throttled_like_signing_in(own_ledger: RunningLedger) -> None:
    """AUTH-3: an open session is no way around the throttle."""
    api = own_ledger.sign_in("teller", fresh=True)
    guesses = [said(api.post("/v1/me/step-up", {"password": "wrong"}, key="")) for _ in range(5)]
    assert guesses == [(403, "credentials-wrong")] * 4 + [(429, "login-throttled")]
    assert said(api.post("/v1/me/step-up", {}, key="")) == (422, "validation")


@pytest.mark.parametrize("what", ["users", "delete-all", "unlock", "branches", "approve"])
def test_every_risky_endpoint_asks(world: World, what: str) -> None:
    """AUTH-7: user administration, branches, delete-all, approving."""
    name = {
        "users": "POST /v1/users",
        "delete-all": "POST /v1/balance-records/delete-all",
        "unlock": "POST /v1/users/{id}/unlock",
        "branches": "POST /v1/branches",
        "approve": "POST /v1/approvals/{id}/approve",
    }[what]
    ask = CHANGES[name](world, "NKU")
    username = world.api(ask, "NKU").username
    api = world.ledger.sign_in(username, fresh=True)
    world.ledger.clock.advance(seconds=301)
    assert said(ask.send(api)) == (403, "step-up")


# ── the own password ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_password_ends_every_other_session_at_once(own_ledger: RunningLedger) -> None:
    """AUTH-5: the session that asked goes on; the old password opens nothing."""
    other = opened(own_ledger, "teller").json()
    mine = Api(own_ledger.client, token=opened(own_ledger, "teller").json()["access_token"])
    key, body = str(uuid.uuid4()), {"password": PASSWORD, "new_password": NEW_PASSWORD}
    done = mine.post("/v1/me/password", body, key=key)
    assert done.status_code == 200, done.text
    assert mine.get("/v1/me").status_code == 200
    assert not is_in(own_ledger, other["access_token"])
    assert opened(own_ledger, "teller").status_code == 401
    assert opened(own_ledger, "teller", NEW_PASSWORD).status_code == 201
    again = mine.post("/v1/me/password", body, key=key)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (200, "true")


@pytest.mark.parametrize(
    ("old", "new", "answer"),
    [
        ("wrong", NEW_PASSWORD, (403, "credentials-wrong")),
        (PASSWORD, "too short", (422, "validation")),
        (PASSWORD, "passwordpassword", (422, "validation")),
        (PASSWORD, "x" * 129, (422, "validation")),
    ],
)
def test_a_password_that_may_not_be_used_changes_nothing(
    own_ledger: RunningLedger, old: str, new: str, answer: tuple[int, str]
) -> None:
    """AUTH-2: 15 characters to 128, no common one; and the old one is asked for."""
    api = own_ledger.sign_in("teller", fresh=True)
    assert said(api.post("/v1/me/password", {"password": old, "new_password": new})) == answer
    assert opened(own_ledger, "teller").status_code == 201


def test_no_password_is_in_what_the_ledger_keeps(world: World) -> None:
    """AUTH-2, IDEM-3: neither the fingerprint nor the answer of a key lets anybody guess quickly."""
    api = world.ledger.sign_in("teller", fresh=True)
    key = str(uuid.uuid4())
    api.post("/v1/me/password", {"password": PASSWORD, "new_password": NEW_PASSWORD}, key=key)
    ((fingerprint, body),) = world.ledger.query("SELECT fingerprint, body FROM operations WHERE key = ?", key)
    world.ledger.clock.advance(seconds=1)
    second = world.ledger.sign_in("teller-b", fresh=True)
    assert NEW_PASSWORD.encode() not in body
    changed = api.post(
        "/v1/me/password", {"password": "other", "new_password": "another one entirely"}, key=key
    )
    # The same key with other passwords is the same request: nothing in the fingerprint depends on them.
    assert changed.headers["idempotency-replayed"] == "true"
    assert len(fingerprint) == 32
    assert second.get("/v1/me").status_code == 200


# ── users ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_administrator_adds_a_user_who_signs_in(world: World) -> None:
    """Contract 2: the answer shows no password; the name is compared folded."""
    made = world.user("HQ", "NKU", username="Akinyi.O", limit_minor=50_000)
    assert made["username"] == "akinyi.o"
    assert "password" not in str(sorted(made)).replace("set-password", "")
    session = opened(world.ledger, "AKINYI.O").json()
    assert session["user"]["limits"] == {"amount_minor": 50_000}
    again = world.administrator("HQ").post(
        "/v1/users",
        {"username": "akinyi.o", "role": "teller", "branch_id": made["branch_id"], "password": PASSWORD},
    )
    assert said(again) == (409, "reference-taken")


@pytest.mark.parametrize(
    "change",
    [{"role": "supervisor"}, {"disabled": True}, {"password": NEW_PASSWORD}, {"branch_id": "KSM"}],
    ids=min,
)
def test_who_is_changed_is_out_at_once(world: World, change: dict[str, Any]) -> None:
    """AUTH-5: role, branch, password and disabling end the sessions; a limit alone does not."""
    user = world.user("HQ", "NKU")
    token = opened(world.ledger, user["username"]).json()["access_token"]
    admin = world.proved(world.administrator("HQ"))
    path = f"/v1/users/{user['id']}"
    kept = admin.patch(path, {"limit_minor": 7}, if_match=1)
    assert kept.status_code == 200
    assert is_in(world.ledger, token)
    if "branch_id" in change:
        change = {"branch_id": world.ledger.branch("KSM").id}
    changed = admin.patch(path, change, if_match=2)
    assert changed.status_code == 200, changed.text
    assert not is_in(world.ledger, token)
    stale = admin.patch(path, {"limit_minor": 8}, if_match=2)
    assert said(stale) == (412, "precondition-failed")
    assert stale.json()["current"]["version"] == 3
    assert {each["actor"] for each in stale.json()["changed_fields"]} == {"administrator"}
    world.ledger.check()


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": "teller"}, {"password": NEW_PASSWORD}])
def test_nobody_takes_the_own_rights_away(world: World, change: dict[str, Any]) -> None:
    """AUTH-8: there is always an administrator left who did it."""
    admin = world.proved(world.administrator("HQ"))
    own = admin.get(f"/v1/users/{admin.session['user']['id']}").json()
    refused = admin.patch(f"/v1/users/{own['id']}", change, if_match=own["version"])
    assert said(refused) == (409, "transition-not-allowed")


def test_a_supervisor_unlocks_who_guessed_too_often(world: World) -> None:
    """AUTH-3: the locked one signs in at once, and the chain says who opened."""
    for _ in range(10):
        opened(world.ledger, "teller", "wrong")
        world.ledger.clock.advance(seconds=61)
    assert said(opened(world.ledger, "teller"))[1] == "login-throttled"
    boss = world.ledger.sign_in("supervisor", fresh=True)
    locked = next(each for each in boss.pages("/v1/users") if each["username"] == "teller")
    assert locked["locked_until"] is not None
    assert "unlock" in locked["actions"]
    assert boss.post(f"/v1/users/{locked['id']}/unlock").json()["locked_until"] is None
    assert opened(world.ledger, "teller").status_code == 201
    audited = world.ledger.query("SELECT actor FROM audit WHERE action = 'user.unlock'")
    assert audited == [("supervisor",)]
    world.ledger.check()


# ── branches ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_done_is_told_as_done_though_the_database_goes_away_behind_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ERR-1: `not_applied` is never said of a change that was committed."""
    admin, core = world.proved(world.administrator("HQ")), world.ledger.core
    as_it_is, looked = core.reader.find, []

    async def away(row_type: type[Any], **equal: Any) -> list[Any]:
        if row_type is Branch:
            looked.append(row_type)
            raise StoreAway
        return await as_it_is(row_type, **equal)

    monkeypatch.setattr(core.reader, "find", away)
    new = {"code": "NYE", "name": "Nyeri", "parent_id": world.ledger.branch("HQ").id}
    made = admin.post("/v1/branches", new)
    assert (made.status_code, len(looked)) == (201, 1)


def test_no_two_branches_are_told_apart_by_capitals_alone(world: World) -> None:
    """VAL-3: a code is typed by people, in whatever letters: one of them names one branch."""
    admin, top = world.proved(world.administrator("HQ")), world.ledger.branch("HQ").id
    taken = admin.post("/v1/branches", {"code": "nku", "name": "Nakuru again", "parent_id": top})
    assert said(taken) == (409, "reference-taken")
    assert "a branch NKU already" in taken.json()["detail"]


def test_a_new_branch_is_in_the_tree_at_once(world: World) -> None:
    """Contract 2: it takes users and customers, its currency is its parent's, those above see it."""
    admin = world.proved(world.administrator("HQ"))
    parent = world.ledger.branch("NKU").id
    made = admin.post("/v1/branches", {"code": "NKU-2", "name": "Naivasha", "parent_id": parent})
    assert made.status_code == 201, made.text
    branch = made.json()
    assert (branch["currency"], branch["parent_id"], branch["version"]) == ("KES", parent, 1)
    codes = {each["code"] for each in world.boss("NKU").get("/v1/branches").json()["items"]}
    assert codes == {"NKU", "NKU-2"}
    user = world.user("HQ", "NKU")
    moved = admin.patch(f"/v1/users/{user['id']}", {"branch_id": branch["id"]}, if_match=1)
    assert moved.json()["branch_id"] == branch["id"]
    renamed = admin.patch(f"/v1/branches/{branch['id']}", {"name": "Naivasha [/] Town"}, if_match=1)
    assert renamed.json()["name"] == "Naivasha [/] Town"
    assert said(admin.patch(f"/v1/branches/{branch['id']}", {"name": "X"}, if_match=1)) == (
        412,
        "precondition-failed",
    )
    zone = admin.post("/v1/branches", {"code": "Z", "name": "Z", "parent_id": parent, "timezone": "../etc"})
    assert said(zone) == (422, "validation")
    world.ledger.check()


# ── what was refused ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_the_role_may_not_do_is_on_the_chain_once_a_minute(own_ledger: RunningLedger) -> None:
    """AUD-1: denied authorizations are logged, by template and role; many are one row, so that nobody fills the chain."""
    teller = own_ledger.sign_in("teller", fresh=True)
    for _ in range(20):
        assert teller.get("/v1/users").status_code == 403
    assert teller.get(f"/v1/users/{uuid.uuid4()}").status_code == 403
    own_ledger.clock.advance(seconds=61)
    assert teller.get("/v1/users").status_code == 403
    own_ledger.write(lambda _: None)
    rows = own_ledger.query(
        "SELECT actor, object, reason, outcome FROM audit WHERE action = 'authorization.denied' ORDER BY seq"
    )
    listed = ("teller", "GET /v1/users", "teller", "not_applied")
    assert rows == [listed, ("teller", "GET /v1/users/{id}", "teller", "not_applied"), listed]
    own_ledger.check()
