"""Days of a branch, closed and opened again over HTTP, and what a closed one keeps out (contract, section 2)."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.ledger.running import RunningLedger
from tests.ledger.till import Till, open_till

pytestmark = pytest.mark.both_stores


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def path(ledger: RunningLedger, command: str, *, branch: str = "NKU", days: int = 0) -> str:
    """Of today, or so many days later."""
    day = ledger.today(branch) + timedelta(days=days)
    return f"/v1/branches/{ledger.branch(branch).id}/days/{day.isoformat()}/{command}"


def cash(till: Till, **more: Any) -> httpx.Response:
    body = {"customer_id": till.id_of("000101"), "amount_minor": 500, "currency": "KES", "tender": "cash"}
    return till.api("teller").post(
        "/v1/payments", body | {"receipt_no": uuid.uuid4().hex[:12].upper()} | more
    )


def test_a_closed_day_takes_no_postings_until_it_is_opened(own_ledger: RunningLedger) -> None:
    """Nothing is keyed on it; what arrives by itself is booked on the next open day, and stays there."""
    till, boss = open_till(own_ledger), own_ledger.sign_in("supervisor")
    today = own_ledger.today()
    closed = boss.post(path(own_ledger, "close"))
    assert closed.status_code == 200, closed.text
    shown = closed.json()
    assert (shown["branch_code"], shown["business_date"]) == ("NKU", today.isoformat())
    assert (shown["is_closed"], shown["closed_by"]) == (True, "supervisor")
    assert boss.get("/v1/reports/day").json()["is_closed"]

    assert said(cash(till)) == (409, "day-closed")
    came = till.pay()
    assert came["state"] == "associated"
    tomorrow = (today + timedelta(days=1)).isoformat()
    days = own_ledger.query(
        "SELECT DISTINCT business_date FROM journal_entries WHERE subject_id = ?", came["id"]
    )
    assert days == [(tomorrow,)]

    opened = boss.post(path(own_ledger, "open"))
    assert (opened.status_code, opened.json()["is_closed"], opened.json()["closed_by"]) == (200, False, None)
    assert cash(till).status_code == 201
    told = own_ledger.query("SELECT action, actor FROM audit WHERE action LIKE 'day.%' ORDER BY seq")
    assert told == [("day.close", "supervisor"), ("day.open", "supervisor")]
    own_ledger.check()


def test_a_day_is_closed_once_and_opened_once(own_ledger: RunningLedger) -> None:
    """409 `transition-not-allowed` with what is allowed; the same key again answers the same (IDEM-8)."""
    boss, key = own_ledger.sign_in("supervisor"), str(uuid.uuid4())
    problem = boss.post(path(own_ledger, "open"))
    assert said(problem) == (409, "transition-not-allowed")
    assert (problem.json()["from"], problem.json()["allowed"]) == ("open", ["close"])
    first = boss.post(path(own_ledger, "close"), key=key)
    again = boss.post(path(own_ledger, "close"), key=key)
    assert (first.status_code, again.content) == (200, first.content)
    problem = boss.post(path(own_ledger, "close"))
    assert said(problem) == (409, "transition-not-allowed")
    assert (problem.json()["from"], problem.json()["allowed"]) == ("closed", ["open"])

    def close(_: int) -> int:
        return boss.post(path(own_ledger, "close", days=-1)).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(close, range(8))) == [200] + [409] * 7


def test_days_that_are_none_or_are_to_come_are_refused(own_ledger: RunningLedger) -> None:
    """422 for both; a leap day is a day, in a leap year."""
    boss, place = own_ledger.sign_in("supervisor"), own_ledger.branch("NKU").id
    for day in ("2026-02-29", "2026-13-01", "20260131", "2026-1-31", "today", "٢٠٢٦-٠١-٣١"):
        refused = boss.post(f"/v1/branches/{place}/days/{day}/close")
        assert (said(refused), refused.json()["errors"][0]["pointer"]) == ((422, "validation"), "/date"), day
    assert said(boss.post(path(own_ledger, "close", days=1))) == (422, "validation")
    assert boss.post(f"/v1/branches/{place}/days/2024-02-29/close").status_code == 200


def test_a_branch_closes_its_own_days_alone(own_ledger: RunningLedger) -> None:
    """The office above may close a branch's day, and its own leaves the branch's open; nobody closes another's."""
    till, top = open_till(own_ledger), own_ledger.sign_in("hq-supervisor")
    assert top.post(path(own_ledger, "close", branch="HQ")).status_code == 200
    assert cash(till).status_code == 201
    assert said(own_ledger.sign_in("supervisor2").post(path(own_ledger, "close"))) == (404, "not-found")
    assert said(own_ledger.sign_in("teller").post(path(own_ledger, "close"))) == (403, "forbidden")
    assert top.post(path(own_ledger, "close")).status_code == 200
    assert said(cash(till)) == (409, "day-closed")
