"""Confirmations whose time is early, late or none that can be: late money is money, a time to come is no time (HOOK-1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.ledger.running import RunningLedger
from tests.ledger.till import Till, message, open_till

from branchtui.ledger.clock import as_datetime

pytestmark = pytest.mark.both_stores

ACCEPTED = {"ResultCode": 0, "ResultDesc": "Accepted"}
REJECTED = {"ResultCode": 1, "ResultDesc": "Rejected"}


@pytest.fixture(scope="module")
def till(running_ledger: RunningLedger) -> Till:
    return open_till(running_ledger)


@pytest.mark.parametrize("written", ["20991103091502", "99991231235959"])
def test_a_message_of_a_time_that_has_not_come_for_a_year_is_parked(till: Till, written: str) -> None:
    """HOOK-1: acknowledged and kept with its reason and body where its branch sees it; a repeat adds nothing."""
    code = till.fresh_code()
    assert till.send(message(code, TransTime=written), path="validation").json() == REJECTED
    for _ in range(2):
        assert till.send(message(code, TransTime=written)).json() == ACCEPTED
    (event,) = till.events(code)
    assert (event["state"], event["branch_id"]) == ("parked", till.ledger.branch("NKU").id)
    assert (
        event["reason"]
        == f"TransTime is {written[:4]}-{written[4:6]}-{written[6:8]}, more than a year ahead."
    )
    assert written in event["body"]
    assert till.by_code(code) == []


def test_a_message_that_comes_with_its_right_time_later_is_the_payment(till: Till) -> None:
    """What was parked has taken no code."""
    code = till.fresh_code()
    till.send(message(code, TransTime="20991103091502"))
    payment = till.pay(code)
    assert (payment["state"], payment["paid_at"][:10]) == ("associated", "2026-11-03")


@pytest.mark.parametrize("days", [-6_000, -400, 1, 40])
def test_a_time_that_is_late_or_ahead_by_a_clock_is_a_payment(till: Till, days: int) -> None:
    """Late messages are normal, and the clock of either side may be wrong: the money is there."""
    at = as_datetime(till.ledger.clock.now_us()) + timedelta(days=days)
    assert till.pay(TransTime=f"{at:%Y%m%d%H%M%S}")["state"] == "associated"
