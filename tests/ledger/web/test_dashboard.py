"""The branch's day over HTTP (contract, section 5)."""

from __future__ import annotations

import re
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from tests.ledger.running import Api, RunningLedger
from tests.ledger.till import open_till

from branchtui.ledger import seed as seeds
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.store.unit import BulkTx
from branchtui.ledger.workflows import dashboard, dashboard_days

pytestmark = pytest.mark.both_stores


def board(ledger: RunningLedger, username: str, **query: Any) -> dict[str, Any]:
    answer = ledger.sign_in(username).get("/v1/dashboard", **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def queue(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in found["queues"] if each["name"] == name)


def fill(ledger: RunningLedger, branch: str) -> None:
    def run(tx: BulkTx) -> None:
        import random

        seeds.plant(
            tx,
            ledger.branch(branch),
            customers=20,
            payments=40,
            unmatched=6,
            balance_records=12,
            rng=random.Random(5),
            now_us=ledger.clock.now_us(),
        )

    ledger.bulk(run)


def test_queues_count_what_waits_in_the_own_branch(own_ledger: RunningLedger) -> None:
    """Each queue has a count, a total and an age; other branches' are not in it."""
    fill(own_ledger, "NKU")
    fill(own_ledger, "KSM")
    found = board(own_ledger, "teller")
    ((count, total, oldest),) = own_ledger.query(
        "SELECT COUNT(*), SUM(amount_minor), MIN(paid_at) FROM payments"
        " WHERE state = 'unassociated' AND branch_id = ?",
        own_ledger.branch("NKU").id,
    )
    waiting = queue(found, "payments-unassociated")
    assert (waiting["count"], waiting["total_minor"]) == (count, total) == (6, total)
    assert waiting["oldest_at"] is not None
    assert oldest > 0
    ((count, total),) = own_ledger.query(
        "SELECT COUNT(*), SUM(amount_minor) FROM balance_records WHERE status = 'not_accounted' AND branch_id = ?",
        own_ledger.branch("NKU").id,
    )
    records = queue(found, "records-not-accounted")
    assert (records["count"], records["total_minor"]) == (count, total)
    assert queue(board(own_ledger, "auditor"), "payments-unassociated")["count"] == 12
    one = board(own_ledger, "auditor", branch=own_ledger.branch("KSM").id)
    assert queue(one, "payments-unassociated")["count"] == 6
    assert one["branch_name"] == "Kisumu"


def test_held_callbacks_are_shown_to_who_may_see_them(own_ledger: RunningLedger) -> None:
    """AUTHZ-4: a teller's day has no queue of quarantined or parked callbacks."""
    names = {username: {each["name"] for each in board(own_ledger, username)["queues"]} for username in
             ("teller", "supervisor", "administrator")}  # fmt: skip
    held = {"callbacks-quarantined", "callbacks-parked"}
    assert not names["teller"] & held
    assert held <= names["supervisor"]
    assert names["administrator"] == held | {"work-under-way"}


def test_the_last_seven_days_are_what_the_journal_says(own_ledger: RunningLedger) -> None:
    """Payments associated less those taken back, by business day, the newest day last."""
    fill(own_ledger, "NKU")
    found = board(own_ledger, "teller")
    days = [each["date"] for each in found["days"]]
    today = own_ledger.today()
    assert days == [(today - timedelta(days=back)).isoformat() for back in range(6, -1, -1)]
    assert found["business_date"] == today.isoformat()
    counts = dict(
        own_ledger.query(
            "SELECT business_date, COUNT(*) FROM journal_entries WHERE kind = 'payment.associate' GROUP BY 1"
        )
    )
    assert [each["payments_associated"] for each in found["days"]] == [counts.get(day, 0) for day in days]
    assert sum(each["payments_associated_minor"] for each in found["days"]) > 0
    payment = own_ledger.sign_in("supervisor").get("/v1/payments", state="associated").json()["items"][0]
    taken = own_ledger.sign_in("supervisor").post(
        f"/v1/payments/{payment['id']}/disassociate", {"reason": "wrong"}, if_match=payment["version"]
    )
    assert taken.status_code == 200, taken.text
    after = board(own_ledger, "teller")
    assert after["days"][-1]["payments_associated"] == found["days"][-1]["payments_associated"] - 1
    before_minor = found["days"][-1]["payments_associated_minor"]
    assert after["days"][-1]["payments_associated_minor"] == before_minor - payment["amount_minor"]


def test_payments_by_hand_count_until_they_are_taken_back_or_reversed(own_ledger: RunningLedger) -> None:
    """Associated at once; what nobody has any more is counted no more, and never twice."""
    boss, member = own_ledger.sign_in("supervisor"), own_ledger.add_member()

    def keyed() -> dict[str, Any]:
        body = {"customer_id": member.id, "amount_minor": 7_000, "currency": "KES", "tender": "cheque"}
        answer = boss.post(
            "/v1/payments", body | {"receipt_no": f"CH {member.customer.customer_no} {len(seen)}"}
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    def moved(payment: dict[str, Any], verb: str) -> dict[str, Any]:
        path, reason = f"/v1/payments/{payment['id']}/{verb}", {"reason": "keyed wrongly"}
        answer = boss.post(path, reason, if_match=payment["version"])
        assert answer.status_code == 200, answer.text
        return answer.json()

    seen: list[tuple[int, int]] = []

    def look() -> None:
        today = board(own_ledger, "teller")["days"][-1]
        seen.append((today["payments_associated"], today["payments_associated_minor"]))

    payment = keyed()
    look()
    payment = moved(payment, "disassociate")
    look()
    moved(payment, "reverse")
    look()
    moved(keyed(), "reverse")
    look()
    assert seen == [(1, 7_000), (0, 0), (0, 0), (0, 0)]


def test_records_posted_today_are_counted_whatever_their_own_date(own_ledger: RunningLedger) -> None:
    """A record as of last month that is posted now is today's work."""
    teller, member = own_ledger.sign_in("teller"), own_ledger.add_member(accounts=("wallet", "savings"))
    body = {
        "customer_id": member.id,
        "account_kind": "savings",
        "amount_minor": 125_000,
        "currency": "KES",
        "as_of_date": (own_ledger.today() - timedelta(days=30)).isoformat(),
    }
    record = teller.post("/v1/balance-records", body).json()
    assert board(own_ledger, "teller")["records_posted_today"] == 0
    assert queue(board(own_ledger, "teller"), "records-not-accounted")["total_minor"] == 125_000
    assert (
        teller.post(f"/v1/balance-records/{record['id']}/post", if_match=record["version"]).status_code == 200
    )
    found = board(own_ledger, "teller")
    assert (found["records_posted_today"], found["records_posted_today_minor"]) == (1, 125_000)
    assert queue(found, "records-not-accounted")["count"] == 0
    assert board(own_ledger, "teller2")["records_posted_today"] == 0


def test_another_branchs_day_is_not_there(own_ledger: RunningLedger) -> None:
    """AUTHZ-2: 404, as for a branch that does not exist."""
    teller = own_ledger.sign_in("teller")
    assert teller.get("/v1/dashboard", branch=own_ledger.branch("KSM").id).status_code == 404
    assert teller.get("/v1/dashboard", branch="nowhere").status_code == 404


def test_associations_by_tier_count_what_somebody_has_of_the_days_asked_for(
    own_ledger: RunningLedger,
) -> None:
    """Each payment once and by the tier it has now; not one that was reversed, nor another branch's, nor an older one."""
    till = open_till(own_ledger)
    elsewhere = own_ledger.add_member("KSM", accounts=("wallet",))
    keyed = {"currency": "KES", "tender": "cheque"}

    def key(api: Api, customer_id: str, amount_minor: int) -> dict[str, Any]:
        body = keyed | {
            "customer_id": customer_id,
            "amount_minor": amount_minor,
            "receipt_no": till.fresh_code(),
        }
        answer = api.post("/v1/payments", body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    member = till.id_of("000101")
    older = key(own_ledger.sign_in("supervisor"), member, 900)
    own_ledger.clock.advance(days=9)
    boss, other = (own_ledger.sign_in(username, fresh=True) for username in ("supervisor", "teller2"))
    first = till.pay()
    assert first["match"]["tier"] == 1, first
    twice = key(boss, member, 7_000)
    back = boss.post(
        f"/v1/payments/{twice['id']}/disassociate", {"reason": "whose?"}, if_match=twice["version"]
    )
    assert back.status_code == 200, back.text
    till.give(back.json(), "000101", who="supervisor")
    till.waiting()
    gone = key(boss, member, 500)
    key(other, elsewhere.id, 11_000)
    undone = boss.post(
        f"/v1/payments/{gone['id']}/reverse", {"reason": "keyed wrongly"}, if_match=gone["version"]
    )
    assert undone.status_code == 200, undone.text

    own_ledger.sign_in("teller", fresh=True)
    found = board(own_ledger, "teller")
    by_tier = [
        {"tier": 0, "payments": 1, "total_minor": 7_000},
        {"tier": 1, "payments": 1, "total_minor": first["amount_minor"]},
    ]
    assert found["associated_by_tier"] == by_tier
    assert len(found["days"]) == 7
    assert found["days"][-1]["payments_associated"] == 2
    assert found["days"][-1]["payments_associated_minor"] == 7_000 + first["amount_minor"]

    longer = board(own_ledger, "teller", days=14)
    assert len(longer["days"]) == 14
    assert [day["payments_associated_minor"] for day in longer["days"][:5]] == [
        0,
        0,
        0,
        0,
        older["amount_minor"],
    ]
    assert longer["associated_by_tier"] == [by_tier[0] | {"payments": 2, "total_minor": 7_900}, by_tier[1]]
    assert board(own_ledger, "teller2", days=14)["associated_by_tier"] == [
        {"tier": 0, "payments": 1, "total_minor": 11_000}
    ]


def test_days_are_bounded(own_ledger: RunningLedger) -> None:
    """One day to a quarter; anything else is refused by name."""
    teller = own_ledger.sign_in("teller")
    for days, told in (("1", 1), ("92", 92)):
        assert len(teller.get("/v1/dashboard", days=days).json()["days"]) == told
    for days in ("0", "93", "-1", "a"):
        assert teller.get("/v1/dashboard", days=days).status_code == 422, days


@pytest.mark.parametrize(
    ("module", "figure", "step"),
    [
        (dashboard, "_UNASSOCIATED", "SEARCH payments USING COVERING INDEX payments_waiting (branch_id=?)"),
        (
            dashboard_days,
            "_ASSOCIATED",
            "journal_entries_branch_date (branch_id=? AND business_date=? AND kind=?)",
        ),
        (
            dashboard_days,
            "_BY_TIER",
            "journal_entries_branch_date (branch_id=? AND business_date=? AND kind=?)",
        ),
        (
            dashboard_days,
            "_REVENUE",
            "journal_entries_branch_date (branch_id=? AND business_date=? AND kind=?)",
        ),
        (dashboard_days, "_TOUCHED", "journal_entries_branch (branch_id=? AND id>?)"),
        (dashboard, "_POSTED", "legs_account (account_id=? AND entry_id>?)"),
    ],
)
def test_no_figure_of_the_day_reads_the_books_from_end_to_end(
    running_ledger: RunningLedger, module: ModuleType, figure: str, step: str
) -> None:
    """Stack: what Home and the dashboard tell costs what waits and what the days hold, whatever the history."""
    if running_ledger.database.startswith("postgresql"):
        pytest.skip("its planner decides by size")
    statement = getattr(module, figure)
    bound = dict.fromkeys(re.findall(r":(\w+)", statement), "[]")
    connection = connect(running_ledger.path, read_only=True)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", bound)]
    connection.close()
    assert any(step in line for line in plan), plan
    whole = ("SCAN payments", "SCAN entries", "SCAN legs", "SCAN accounts", "SCAN journal_entries")
    assert not any(line.startswith(whole) for line in plan), plan
