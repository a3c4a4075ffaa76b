"""The branch's day where very much is booked: told again while it is young, remembered by day, never another's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.ledger.running import RunningLedger
from tests.ledger.till import message, open_till

from branchtui.ledger.kept import Kept
from branchtui.ledger.workflows import dashboard_days

pytestmark = pytest.mark.both_stores


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def large(ledger: RunningLedger) -> Seconds:
    """Have every figure of this ledger be one of many rows."""
    seconds = Seconds()
    ledger.core.kept = Kept(many=0, seconds=seconds)
    return seconds


def board(ledger: RunningLedger, username: str, **query: Any) -> dict[str, Any]:
    answer = ledger.sign_in(username).get("/v1/dashboard", **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def anew(ledger: RunningLedger, username: str, **query: Any) -> dict[str, Any]:
    """The same, counted from end to end by a ledger that remembers nothing."""
    remembering, ledger.core.kept = ledger.core.kept, Kept()
    try:
        return board(ledger, username, **query)
    finally:
        ledger.core.kept = remembering


def test_what_waits_is_told_again_with_its_instant_until_it_is_old(own_ledger: RunningLedger) -> None:
    """`as_of` is null while all is of now; another branch has figures of its own (AUTHZ-2)."""
    seconds = large(own_ledger)
    till = open_till(own_ledger)
    before = board(own_ledger, "teller")
    assert before["as_of"] is None
    till.pay()
    again = board(own_ledger, "teller")
    assert again["as_of"] is not None
    assert again["days"] == before["days"]
    assert board(own_ledger, "teller2")["as_of"] is None
    seconds.now += 1
    after = board(own_ledger, "teller")
    assert after["as_of"] is None
    assert after["days"][-1]["payments_associated"] == before["days"][-1]["payments_associated"] + 1


def test_remembered_days_are_counted_anew_where_an_entry_touched_them(
    own_ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A payment of yesterday that is taken back, or given again, changes yesterday's tiers as well as today."""
    monkeypatch.setattr(dashboard_days, "_SETTLED_US", 0)
    seconds = large(own_ledger)
    till = open_till(own_ledger)

    def same(who: str = "supervisor") -> dict[str, Any]:
        seconds.now += 1
        found = board(own_ledger, who)
        assert found == anew(own_ledger, who)
        return found

    first, second = till.pay(), till.pay()
    yesterday = same()
    own_ledger.clock.advance(days=1)
    boss = own_ledger.sign_in("supervisor", fresh=True)
    assert same()["days"][-2] == yesterday["days"][-1]
    # The newest entry is always looked at once more: it is one of today, so that only what it names touches yesterday.
    assert till.send(message(till.fresh_code())).status_code == 200
    same()
    taken = boss.post(
        f"/v1/payments/{first['id']}/disassociate", {"reason": "whose?"}, if_match=first["version"]
    )
    assert taken.status_code == 200, taken.text
    assert sum(tier["payments"] for tier in same()["associated_by_tier"]) == 2
    till.give(taken.json(), "000101", who="supervisor")
    found = same()
    assert sum(tier["payments"] for tier in found["associated_by_tier"]) == 3
    assert {tier["tier"] for tier in found["associated_by_tier"]} == {0, second["match"]["tier"]}
    assert board(own_ledger, "supervisor", days=1)["associated_by_tier"][0]["payments"] == 1


def test_a_payment_that_is_given_meanwhile_stands_in_the_queue_or_in_a_day(
    own_ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CONC-3: what waits and what was given are of one state, whatever is done between two readings."""
    till = open_till(own_ledger)
    waiting = till.waiting()
    reader = own_ledger.core.reader
    read, read_once = reader.in_long_snapshot, asyncio.Event()

    async def given_behind_the_first(work: Any) -> Any:
        if read_once.is_set():
            await asyncio.to_thread(till.give, waiting, "000101")
            return await read(work)
        read_once.set()
        return await read(work)

    monkeypatch.setattr(reader, "in_long_snapshot", given_behind_the_first)
    for _ in range(2):
        found = board(own_ledger, "supervisor")
        (queue,) = (each for each in found["queues"] if each["name"] == "payments-unassociated")
        assert queue["count"] + sum(day["payments_associated"] for day in found["days"]) == 1
