"""The report of a day over HTTP (contract, section 5)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.ledger.running import RunningLedger

pytestmark = pytest.mark.both_stores


def report(ledger: RunningLedger, username: str = "supervisor", **query: Any) -> dict[str, Any]:
    answer = ledger.sign_in(username).get("/v1/reports/day", **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_day_adds_up_by_user_tender_and_kind(own_ledger: RunningLedger) -> None:
    """What came, what went back and what only moved; the takings are the sums; nothing of other branches or days."""
    member = own_ledger.add_member(accounts=("wallet", "savings"))

    def take(who: str, amount: int, tender: str, number: str | None = None) -> dict[str, Any]:
        body = {"customer_id": member.id, "amount_minor": amount, "currency": "KES", "tender": tender}
        answer = own_ledger.sign_in(who).post(
            "/v1/payments", body | ({"receipt_no": number} if number else {})
        )
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    take("teller", 10_000, "cash")
    take("teller", 2_500, "cash", "A 1")
    wrong = take("teller", 4_000, "cheque", "CH 7")
    take("supervisor", 30_000, "card", "C 9")
    boss = own_ledger.sign_in("supervisor")
    gone = boss.post(
        f"/v1/payments/{wrong['id']}/reverse", {"reason": "keyed wrongly"}, if_match=wrong["version"]
    )
    assert gone.status_code == 200, gone.text
    record = {
        "customer_id": member.id,
        "account_kind": "savings",
        "amount_minor": 125_000,
        "currency": "KES",
        "as_of_date": own_ledger.today().isoformat(),
    }
    made = own_ledger.sign_in("teller").post("/v1/balance-records", record).json()
    posted = own_ledger.sign_in("teller").post(
        f"/v1/balance-records/{made['id']}/post", if_match=made["version"]
    )
    assert posted.status_code == 200, posted.text

    found = report(own_ledger)
    assert [tuple(each.values()) for each in found["takings"]] == [
        ("cash", "KES", 2, 12_500, 0, 0),
        ("cheque", "KES", 1, 4_000, 1, 4_000),
        ("card", "KES", 1, 30_000, 0, 0),
    ]
    shown = {
        (each["created_by"], each["kind"], each.get("tender")): (
            each["count"], each["moved_minor"], each["received_minor"], each["paid_minor"],
        )
        for each in found["report"]
    }  # fmt: skip
    assert shown == {
        ("teller", "payment.create", "cash"): (2, 12_500, 12_500, 0),
        ("teller", "payment.create", "cheque"): (1, 4_000, 4_000, 0),
        ("teller", "balance-record", None): (1, 125_000, 0, 0),
        ("supervisor", "payment.create", "card"): (1, 30_000, 30_000, 0),
        ("supervisor", "payment.reverse", "cheque"): (1, 4_000, 0, 4_000),
    }
    mine = report(own_ledger, "teller", created_by="teller")
    assert {each["tender"]: each["received_minor"] for each in mine["takings"]} == {
        "cash": 12_500,
        "cheque": 4_000,
    }
    assert report(own_ledger, "teller2")["report"] == []
    assert report(own_ledger, date="2026-01-31")["report"] == []
    assert own_ledger.sign_in("teller2").get(
        "/v1/reports/day", branch=own_ledger.branch("NKU").id
    ).status_code == 404  # fmt: skip

    for columns in (40, 80):
        lines = report(own_ledger, columns=columns)["lines"]
        assert all(len(line) <= columns for line in lines)
        text = "\n".join(lines)
        assert "DAY REPORT" in text
        assert "125.00 KES" in text, "the cash"
        assert "300.00 KES" in text, "the card"
    assert report(own_ledger)["lines"] is None
