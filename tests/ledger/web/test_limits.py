"""How much anybody may ask for, at the limit and one beyond it (ledger, section 7; T-25)."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ledger.running import RunningLedger, copy_template

from branchtui.ledger.problems import Refusal
from branchtui.ledger.web import limits
from branchtui.ledger.web.limits import LIFTED, NOBODY, Limits, Rate, Rates


class Hands:
    """An interval clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


def refused(run: object, *arguments: str) -> Refusal:
    assert callable(run)
    with pytest.raises(Refusal) as caught:
        run(*arguments)
    return caught.value


def test_two_hundred_changes_at_once_and_fifty_a_second_after_them(hands: Hands) -> None:
    """Section 7: 50 a second with a burst of 200; the next hears 429 and how long to wait."""
    house = Limits(monotonic=hands)
    for _ in range(200):
        house.change("achieng")
    refusal = refused(house.change, "achieng")
    assert (refusal.status, refusal.code, refusal.retry_after_seconds) == (429, "rate-limited", 1)
    assert refusal.retry_same_key
    hands.now += 1
    for _ in range(50):
        house.change("achieng")
    assert refused(house.change, "achieng").status == 429
    hands.now += 3_600
    for _ in range(200):
        house.change("achieng")
    assert refused(house.change, "achieng").status == 429


def test_twenty_searches_a_second(hands: Hands) -> None:
    """Section 7: and a search takes nothing of what changes may have."""
    house = Limits(monotonic=hands)
    for _ in range(20):
        house.search("achieng")
    assert refused(house.search, "achieng").status == 429
    house.change("achieng")
    hands.now += 0.0625
    house.search("achieng")
    assert refused(house.search, "achieng").status == 429


def test_one_persons_haste_is_nobody_elses_wait(hands: Hands) -> None:
    """Section 7: a rate is each principal's own."""
    house = Limits(Rates(changes=Rate(1, 1)), monotonic=hands)
    house.change("achieng")
    assert refused(house.change, "achieng").status == 429
    house.change("otieno")


def test_rates_can_be_lifted_and_places_cannot(hands: Hands) -> None:
    """Section 7: for a benchmark; what is in flight stays bounded."""
    house = Limits(LIFTED, monotonic=hands)
    for _ in range(1_000):
        house.change("achieng")
        house.search("achieng")
    assert LIFTED.in_flight == Rates().in_flight == 256


def test_what_is_remembered_of_rates_is_bounded(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code, habit 8: the one who asked longest ago is forgotten first."""
    monkeypatch.setattr(limits, "MAX_BUCKETS", 2)
    house = Limits(Rates(changes=Rate(1, 1)), monotonic=hands)
    for who in ("a", "b", "a", "c"):
        with contextlib.suppress(Refusal):
            house.change(who)
    assert refused(house.change, "a").status == 429
    house.change("b")


def test_the_places_of_one_person_of_strangers_and_of_the_house(hands: Hands) -> None:
    """Section 7: 64 of one user, 256 in all; strangers hold half of them at most."""
    house = Limits(monotonic=hands)
    with contextlib.ExitStack() as held:
        for _ in range(64):
            held.enter_context(house.in_flight("achieng"))
        assert refused(house.in_flight("achieng").__enter__).status == 429
        for _ in range(128):
            held.enter_context(house.in_flight(NOBODY))
        refusal = refused(house.in_flight(NOBODY).__enter__)
        assert (refusal.status, refusal.code, refusal.retry_after_seconds) == (503, "overloaded", 1)
        for _ in range(64):
            held.enter_context(house.in_flight("otieno"))
        assert refused(house.in_flight("njeri").__enter__).status == 503
    for who in ("achieng", "njeri", NOBODY):
        with house.in_flight(who):
            pass


@pytest.fixture
def strict_ledger(ledger_template: Path, tmp_path: Path) -> Iterator[RunningLedger]:
    rates = Rates(
        in_flight=3,
        in_flight_each=2,
        in_flight_nobody=1,
        changes=Rate(0.001, 3),
        searches=Rate(0.001, 2),
    )
    with RunningLedger(copy_template(ledger_template, tmp_path), rates=rates) as ledger:
        yield ledger
        ledger.check()


def test_changes_beyond_the_rate_answer_429_and_do_nothing(strict_ledger: RunningLedger) -> None:
    """Section 7, ERR-1: with Retry-After, not applied, to be sent again under the same key."""
    api = strict_ledger.sign_in("teller")
    body = {"branch_id": strict_ledger.branch("NKU").id, "first_name": "In", "last_name": "Haste"}
    for number in range(3):
        assert api.post("/v1/customers", body | {"external_id": f"H-{number}"}).status_code == 201
    answer = api.post("/v1/customers", body | {"external_id": "H-9"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 60
    problem = answer.json()
    assert (problem["code"], problem["outcome"]) == ("rate-limited", "not_applied")
    assert problem["retry"] == {
        "allowed": True,
        "same_key": True,
        "after_ms": int(answer.headers["retry-after"]) * 1_000,
    }
    assert len(api.get("/v1/customers").json()["items"]) == 3
    other = strict_ledger.sign_in("supervisor").post("/v1/customers", body | {"external_id": "H-10"})
    assert other.status_code in {201, 409}


def test_searches_beyond_the_rate_answer_429_and_lists_go_on(strict_ledger: RunningLedger) -> None:
    """Section 7: looking through a list is no search."""
    api = strict_ledger.sign_in("teller")
    for _ in range(2):
        assert api.get("/v1/customers", q="otieno").status_code == 200
    assert api.get("/v1/payments", q="otieno").json()["code"] == "rate-limited"
    for _ in range(5):
        assert api.get("/v1/customers").status_code == 200


def test_who_never_finishes_a_request_holds_a_place_and_no_more(strict_ledger: RunningLedger) -> None:
    """T-25: a stranger with a body that does not come keeps strangers out, not those who signed in."""
    api = strict_ledger.sign_in("teller")
    host, port = strict_ledger.url.removeprefix("http://").split(":")
    unfinished = (
        b"POST /v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        b"content-length: 100\r\nexpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(unfinished)
        assert line.recv(1_000).startswith(b"HTTP/1.1 100 ")  # it waits for the body now
        full = strict_ledger.anonymous().post("/v1/sessions", {"username": "x", "password": "x"}, key="")
        assert (full.status_code, full.json()["code"]) == (503, "overloaded")
        assert full.headers["retry-after"] == "1"
        assert api.get("/v1/me").status_code == 200
        assert strict_ledger.anonymous().get("/healthz").status_code == 200
    again = strict_ledger.anonymous()
    while again.post("/v1/sessions", {"username": "x", "password": "x"}, key="").status_code == 503:
        pass  # until the server has seen that the line is gone
    assert api.get("/v1/me").status_code == 200
