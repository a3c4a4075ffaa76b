"""Associating all payments that have one certain owner: exactly the set that was seen, or nothing."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.running import TELLER_LIMIT_MINOR, RunningLedger, fresh_key
from tests.ledger.till import MASK, OTHER_SHORT_CODE, Till, open_till
from tests.ledger.workflows.test_payments import refused

from branchtui.contract import associations
from branchtui.ledger.workflows import association_sets

pytestmark = pytest.mark.both_stores


@pytest.fixture
def till(new_ledger: Callable[[Path], str], tmp_path: Path) -> Iterator[Till]:
    with RunningLedger(new_ledger(tmp_path)) as ledger:
        yield open_till(ledger)
        ledger.check()


def summary(till: Till, who: str = "teller", **shown: Any) -> dict[str, Any]:
    answer = till.api(who).get("/v1/payments/association-summary", **shown)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def associate_all(till: Till, seen: dict[str, Any], who: str = "teller", **options: Any) -> Any:
    body = {name: seen[name] for name in ("count", "total_minor", "set_hash")}
    body["filter"] = options.pop("shown", {})
    body["after"] = options.pop("after", None)
    return till.api(who).post("/v1/payments/associate-all", body, **options)


def latecomers(till: Till) -> list[dict[str, Any]]:
    """Two payments whose owners are entered later, one by reference, one by phone, and one that stays nobody's."""
    waiting = [
        till.waiting(BillRefNumber="300301"),
        till.waiting(BillRefNumber="", MSISDN="254744000111"),
        till.waiting(),
    ]
    till.add_customer("teller", "NKU", "000301", "300301", "Late", "Comer", None)
    till.add_customer("teller", "NKU", "000302", "300302", "Later", "Still", "0744 000 111")
    return waiting


def test_all_that_have_one_certain_owner_by_now_are_given_at_once(till: Till) -> None:
    """Issue 7: tier 1 and tier 2 as they are now, count, total and fingerprint seen; what has no owner waits on."""
    by_reference, by_phone, nobodys = latecomers(till)
    seen = summary(till)
    assert (seen["count"], seen["by_reference"], seen["by_phone"]) == (2, 1, 1)
    assert seen["total_minor"] == 300_000
    answer = associate_all(till, seen)
    assert (answer.status_code, answer.json()) == (
        200,
        {"count": 2, "total_minor": 300_000, "currency": "KES"},
    )
    assert (till.balance("000301"), till.balance("000302")) == (150_000, 150_000)
    for payment, number, tier in ((by_reference, "000301", 1), (by_phone, "000302", 2)):
        (found,) = till.by_code(payment["code"])
        assert (found["state"], found["customer"]["customer_no"]) == ("associated", number)
        assert (found["match"]["tier"], found["associated_by"], found["version"]) == (tier, "teller", 2)
        assert "teller associated all" in found["match"]["reasons"]
    assert till.by_code(nobodys["code"])[0]["state"] == "unassociated"
    assert summary(till)["count"] == 0
    nothing = associate_all(till, summary(till))
    assert refused(nothing) == (422, "validation")
    audited = till.ledger.query("SELECT after FROM audit WHERE action = 'payment.associate-all'")
    assert any(seen["set_hash"] in str(after) for (after,) in audited)


def test_a_set_that_has_moved_is_left_alone(till: Till) -> None:
    """CONC-5: one more payment, or the same with another owner, and nothing at all is done."""
    latecomers(till)
    seen = summary(till)
    till.waiting(BillRefNumber="300303")
    till.add_customer("teller", "NKU", "000303", "300303", "Third", "Comer", None)
    moved = associate_all(till, seen)
    assert refused(moved) == (409, "batch-changed")
    assert (moved.json()["count"], moved.json()["total_minor"]) == (3, 450_000)
    assert (till.balance("000301"), till.balance("000302")) == (0, 0)
    seen = summary(till)
    # The phone is another customer's now: as many, as much, another owner.
    till.ledger.bulk(
        lambda tx: tx.connection.execute("UPDATE customers SET mobile_no = NULL WHERE customer_no = '000302'")
    )
    till.add_customer("teller", "NKU", "000304", "300304", "Owner", "Anew", "0744 000 111")
    now = summary(till)
    assert (now["count"], now["total_minor"]) == (seen["count"], seen["total_minor"])
    assert refused(associate_all(till, seen)) == (409, "batch-changed")
    assert till.balance("000304") == 0


def test_two_people_at_once_give_each_payment_once(till: Till) -> None:
    """INV-4: one of the two finds that the set has moved; the same key again answers the same."""
    latecomers(till)
    seen, key = summary(till), fresh_key()
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(
                lambda each: associate_all(till, seen, each[0], key=each[1]),
                [("teller", key), ("teller", key), ("supervisor", fresh_key()), ("teller", fresh_key())],
            )
        )
    done = [each for each in answers if each.status_code == 200]
    assert {each.json()["count"] for each in done} == {2}
    assert {each.status_code for each in answers} == {200, 409}
    assert (till.balance("000301"), till.balance("000302")) == (150_000, 150_000)


def test_what_a_person_touched_or_may_not_touch_is_in_no_set(till: Till) -> None:
    """Taken back by hand, above the limit, another branch's, of two owners, of one who is not active: none of these."""
    given = till.pay()
    assert given["state"] == "associated"
    assert till.take_back(given, who="supervisor").status_code == 200
    assert summary(till)["count"] == 0
    latecomers(till)
    large = till.waiting(BillRefNumber="300305", TransAmount=f"{TELLER_LIMIT_MINOR / 100 + 1:.2f}")
    till.add_customer("teller", "NKU", "000305", "300305", "Large", "Payer", None)
    assert summary(till)["count"] == 2
    assert summary(till, "supervisor")["count"] == 3
    assert summary(till, "supervisor", q=large["code"])["count"] == 1
    assert summary(till, "teller2")["count"] == 0
    till.add_customer("teller", "NKU", "000306", "300306", "Same", "Phone", "0744 000 111")
    till.ledger.bulk(
        lambda tx: tx.connection.execute(
            "UPDATE customers SET status = 'closed' WHERE customer_no = '000301'"
        )
    )
    assert summary(till)["count"] == 0


def test_another_branchs_owner_is_not_looked_at(till: Till) -> None:
    """Matching covers the payee's branch and those below it; so does the set."""
    till.waiting(BillRefNumber="200999", BusinessShortCode=OTHER_SHORT_CODE, MSISDN=MASK)
    till.add_customer("teller", "NKU", "000999", "200999", "Not", "There", None)
    assert summary(till, "hq-supervisor")["count"] == 0
    gone = till.api("teller").get("/v1/payments/association-summary", branch=till.ledger.branch("KSM").id)
    assert refused(gone) == (404, "not-found")


def test_a_long_list_is_looked_through_piece_by_piece(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """Contract 5: what is nobody's in front hides nothing behind it; each piece is a set of its own, and says what is left."""
    monkeypatch.setattr(association_sets, "LOOKED_AT_MAX", 2)
    nobodys = [till.waiting() for _ in range(3)]
    latecomers(till)
    first = summary(till)
    assert (first["count"], first["looked_at"], first["remaining"], first["after"]) == (0, 2, 4, None)
    assert first["next"] == nobodys[1]["id"]
    second = summary(till, after=first["next"])
    assert (second["count"], second["remaining"], second["after"]) == (1, 2, first["next"])
    third = summary(till, after=second["next"])
    assert (third["count"], third["looked_at"], third["remaining"], third["next"]) == (1, 2, 0, None)

    # A piece is no other piece: the set of one is not done behind another payment.
    assert refused(associate_all(till, second)) == (409, "batch-changed")
    assert refused(associate_all(till, second, after=third["after"])) == (409, "batch-changed")
    done = associate_all(till, second, after=second["after"])
    assert (done.status_code, done.json()["count"]) == (200, 1)
    assert (till.balance("000301"), till.balance("000302")) == (150_000, 0)
    assert associate_all(till, third, after=third["after"]).status_code == 200
    assert till.balance("000302") == 150_000
    monkeypatch.setattr(associations, "REMAINING_MAX", 1)
    assert summary(till)["remaining"] == 1
