"""Signing in, staying signed in, being thrown out (AUTH-1 to 6; T-17, T-19, T-20)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.ledger.running import PASSWORD, Api, RunningLedger

from branchtui.ledger.store.rows import User
from branchtui.ledger.store.unit import Tx
from branchtui.ledger.workflows import tries
from branchtui.ledger.workflows.tries import SECOND_US, Strangers, Tries, wait_seconds

pytestmark = pytest.mark.both_stores(always=True)


def sign_in(ledger: RunningLedger, username: str, password: str = PASSWORD) -> httpx.Response:
    return ledger.anonymous().post("/v1/sessions", {"username": username, "password": password}, key="")


def refresh(ledger: RunningLedger, token: str) -> httpx.Response:
    return ledger.anonymous().post("/v1/sessions/refresh", {"refresh_token": token}, key="")


def me(ledger: RunningLedger, token: str, *, active: bool = True) -> tuple[int, str]:
    headers = {} if active else {"x-user-activity": "0"}
    answer = Api(ledger.client, token=token).send("GET", "/v1/me", headers=headers)
    return answer.status_code, answer.json().get("code", "")


def plain(answer: httpx.Response) -> tuple[int, dict[str, Any]]:
    """What an answer says, without its reference."""
    return answer.status_code, {name: value for name, value in answer.json().items() if name != "instance"}


def fail(ledger: RunningLedger, username: str, times: int) -> list[tuple[int, dict[str, Any]]]:
    """Guess wrongly, each time as soon as it is allowed."""
    said = []
    for _ in range(times):
        said.append(plain(sign_in(ledger, username, "wrong")))
        ledger.clock.advance(seconds=61)
    return said


# ── guessing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_after_three_tries_each_waits_longer() -> None:
    """AUTH-3: three free, then 1, 2, 4 ... seconds, never more than 60."""
    assert [wait_seconds(count) for count in range(12)] == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.parametrize("username", ["teller", "nobody-of-this-name"])
def test_who_guesses_waits_and_is_locked_out_whether_the_name_exists_or_not(
    own_ledger: RunningLedger, username: str
) -> None:
    """AUTH-3: the 4th try makes the 5th wait, the 10th in half an hour is the last for half an hour."""
    for _ in range(4):
        assert plain(sign_in(own_ledger, username, "wrong"))[1]["code"] == "credentials-wrong"
    waits = sign_in(own_ledger, username)
    assert (waits.status_code, waits.json()["code"], waits.headers["retry-after"]) == (
        429,
        "login-throttled",
        "1",
    )
    own_ledger.clock.advance(seconds=61)
    assert {status for status, _ in fail(own_ledger, username, 6)} == {401}
    locked = sign_in(own_ledger, username)
    assert locked.status_code == 429
    assert int(locked.headers["retry-after"]) > 60
    own_ledger.clock.advance(seconds=30 * 60)
    assert sign_in(own_ledger, username).status_code == (201 if username == "teller" else 401)


def test_unknown_wrong_and_disabled_are_told_the_same(own_ledger: RunningLedger) -> None:
    """AUTH-3: at every step of the way, waits and locks included."""

    def disable(tx: Tx) -> None:
        user = tx.find_one(User, username="teller2")
        assert user is not None
        tx.put(replace(user, disabled=1))

    own_ledger.write(disable)
    said = []
    for username, password in (("teller", "wrong"), ("nobody", "wrong"), ("teller2", PASSWORD)):
        before = own_ledger.clock.offset_us
        said.append([plain(sign_in(own_ledger, username, password)) for _ in range(6)])
        own_ledger.clock.offset_us = before
    assert said[0] == said[1] == said[2]
    assert [status for status, _ in said[0]] == [401, 401, 401, 401, 429, 429]


def test_a_clock_put_back_keeps_nobody_out_for_longer_than_the_longest_wait() -> None:
    """What a clock a day ahead had locked is free once the clock is right; a second put back changes nothing."""
    now, day = 1_000_000 * SECOND_US, 86_400 * SECOND_US
    found = Tries()
    for _ in range(10):
        found = found.counted(now + day)
    assert found.refusal(now + day) is not None
    assert found.refusal(now + day - SECOND_US) is not None
    assert found.refusal(now) is None
    again = found.counted(now)
    assert again.failed == 1
    assert again.refusal(now) is None
    assert again.refusal(now + day) is None


def test_many_guesses_at_once_are_as_many_tries(own_ledger: RunningLedger) -> None:
    """T-17: a try counts before its password is looked at, so a burst gets no further than one by one."""
    with ThreadPoolExecutor(16) as crowd:
        statuses = [
            each.status_code for each in crowd.map(lambda _: sign_in(own_ledger, "teller", "x"), range(16))
        ]
    assert statuses.count(401) <= 4
    assert set(statuses) <= {401, 429}


def test_a_success_forgets_the_failures(own_ledger: RunningLedger) -> None:
    """AUTH-3: whoever knows the password starts anew."""
    fail(own_ledger, "teller", 3)
    assert sign_in(own_ledger, "teller").status_code == 201
    assert {status for status, _ in fail(own_ledger, "teller", 3)} == {401}
    assert sign_in(own_ledger, "TELLER").status_code == 201


def test_what_is_remembered_of_strangers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code, habit 8: made-up names do not fill the memory."""
    monkeypatch.setattr(tries, "MAX_STRANGERS", 3)
    strangers = Strangers()
    for number in range(10):
        strangers.count(f"name-{number}", 0)
    assert len(strangers._tries) == 3


# ── staying ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_access_token_lasts_ten_minutes_and_is_refreshed(own_ledger: RunningLedger) -> None:
    """AUTH-5: expired says so, and the refresh token goes on."""
    session = sign_in(own_ledger, "teller").json()
    own_ledger.clock.advance(seconds=599)
    assert me(own_ledger, session["access_token"])[0] == 200
    own_ledger.clock.advance(seconds=2)
    assert me(own_ledger, session["access_token"]) == (401, "token-expired")
    fresh = refresh(own_ledger, session["refresh_token"]).json()
    assert me(own_ledger, fresh["access_token"])[0] == 200
    assert me(own_ledger, session["access_token"]) == (401, "session-ended")


def test_a_session_nobody_uses_ends_though_a_program_polls(own_ledger: RunningLedger) -> None:
    """AUTH-5, T-19: fifteen minutes; `X-User-Activity: 0` keeps nothing alive, nor does a refresh."""
    session = sign_in(own_ledger, "teller").json()
    for _ in range(2):
        own_ledger.clock.advance(seconds=400)
        session = refresh(own_ledger, session["refresh_token"]).json()
        assert me(own_ledger, session["access_token"], active=False)[0] == 200
    own_ledger.clock.advance(seconds=101)
    assert me(own_ledger, session["access_token"], active=False) == (401, "idle")
    assert refresh(own_ledger, session["refresh_token"]).json()["code"] == "idle"


def test_a_session_ends_after_eight_hours_of_work(own_ledger: RunningLedger) -> None:
    """AUTH-5: absolute."""
    session = sign_in(own_ledger, "teller").json()
    for _ in range(8 * 60 // 9):
        own_ledger.clock.advance(seconds=9 * 60)
        session = refresh(own_ledger, session["refresh_token"]).json()
        assert me(own_ledger, session["access_token"])[0] == 200
        settle(own_ledger)
    own_ledger.clock.advance(seconds=5 * 60)
    assert me(own_ledger, session["access_token"])[0] == 401
    assert refresh(own_ledger, session["refresh_token"]).status_code == 401


def settle(ledger: RunningLedger) -> None:
    """Wait for what the ledger does behind its answers: the writer takes commands in order."""
    ledger.write(lambda _: None)


def test_a_refresh_whose_answer_was_lost_may_be_asked_again(own_ledger: RunningLedger) -> None:
    """AUTH-6, T-20: the same successor, while the new tokens were not used and for 60 seconds."""
    session = sign_in(own_ledger, "teller").json()
    own_ledger.clock.advance(seconds=30)
    lost, again = (refresh(own_ledger, session["refresh_token"]).json() for _ in range(2))
    assert again == lost
    own_ledger.clock.advance(seconds=59)
    assert refresh(own_ledger, session["refresh_token"]).json() == lost
    assert me(own_ledger, lost["access_token"])[0] == 200


@pytest.mark.parametrize("used", [True, False], ids=["after use", "after a minute"])
def test_a_refresh_token_that_comes_back_later_ends_the_session(
    own_ledger: RunningLedger, used: bool
) -> None:
    """AUTH-6, T-20: once its successor was used, or after 60 seconds, somebody else holds it: all is revoked."""
    session = sign_in(own_ledger, "teller").json()
    fresh = refresh(own_ledger, session["refresh_token"]).json()
    if used:
        assert me(own_ledger, fresh["access_token"])[0] == 200
        settle(own_ledger)
        own_ledger.clock.advance(seconds=1)
    else:
        own_ledger.clock.advance(seconds=61)
    assert refresh(own_ledger, session["refresh_token"]).json()["code"] == "session-ended"
    assert me(own_ledger, fresh["access_token"]) == (401, "session-ended")
    assert refresh(own_ledger, fresh["refresh_token"]).status_code == 401
    reasons = own_ledger.query("SELECT reason FROM audit WHERE action = 'session.end'")
    assert reasons == [("refresh-reused",)]


def test_a_third_session_ends_the_oldest(own_ledger: RunningLedger) -> None:
    """AUTH-5: two a user."""
    held = []
    for _ in range(3):
        held.append(sign_in(own_ledger, "teller").json()["access_token"])
        own_ledger.clock.advance(seconds=1)
    assert [me(own_ledger, token)[0] for token in held] == [401, 200, 200]


def test_who_is_disabled_or_signs_out_is_out_at_once(own_ledger: RunningLedger) -> None:
    """AUTH-5: revocation is immediate, for the refresh token too."""
    first, second = (sign_in(own_ledger, "teller").json() for _ in range(2))
    out = Api(own_ledger.client, token=first["access_token"]).delete("/v1/sessions/current", key="")
    assert out.status_code == 204
    assert me(own_ledger, first["access_token"]) == (401, "session-ended")
    assert refresh(own_ledger, first["refresh_token"]).status_code == 401

    def disable(tx: Tx) -> None:
        user = tx.find_one(User, username="teller")
        assert user is not None
        tx.put(replace(user, disabled=1))

    own_ledger.write(disable)
    assert me(own_ledger, second["access_token"]) == (401, "session-ended")
    assert refresh(own_ledger, second["refresh_token"]).status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Basic dGVsbGVyOng=", "Bearer x y", "bearer\tx", "x" * 5_000,
                                    "Bearer " + "x" * 5_000, "Bearer \xff\xfe"])  # fmt: skip
def test_what_is_no_token_is_nobody(running_ledger: RunningLedger, header: str) -> None:
    """AUTH-1: 401, whatever stands there."""
    answer = running_ledger.client.get("/v1/me", headers=[(b"authorization", header.encode("latin-1"))])
    assert (answer.status_code, answer.json()["code"]) == (401, "session-ended")


def test_two_tokens_are_nobodys(running_ledger: RunningLedger) -> None:
    """T-26: of two headers each side might read another one."""
    token = running_ledger.sign_in("teller").token
    headers = [("authorization", f"Bearer {token}"), ("authorization", "Bearer other")]
    assert running_ledger.client.get("/v1/me", headers=headers).status_code == 401
    assert running_ledger.client.get("/v1/me", headers=headers[::-1]).status_code == 401
