"""Maker and checker are never one person, and what is approved is what was seen (MC-1 to 5; T-11)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.ledger.running import RunningLedger
from tests.ledger.web.every_route import World

from branchtui.ledger.store.rows import Account, User
from branchtui.ledger.store.unit import Tx


@pytest.fixture
def world(own_ledger: RunningLedger) -> World:
    return World.open(own_ledger)


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def change_user(world: World, username: str, **values: Any) -> None:
    def put(tx: Tx) -> None:
        user = tx.find_one(User, username=username)
        assert user is not None
        tx.put(replace(user, **values))

    world.ledger.write(put)


def person_of(world: World, username: str) -> str:
    ((found,),) = world.ledger.query("SELECT person_id FROM users WHERE username = ?", username)
    return str(found)


def approve(world: World, request: dict[str, Any], who: str = "supervisor", **options: Any) -> httpx.Response:
    api = world.proved(world.ledger.sign_in(who))
    shown = options.pop("shown", None) or api.get(f"/v1/approvals/{request['id']}").json()
    body = {"difference_hash": shown.get("difference_hash", "0" * 64)}
    return api.post(f"/v1/approvals/{request['id']}/approve", body, **options)


def spent_request(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """A request to take back a payment whose money is gone, and the payment."""
    payment = world.given("NKU")

    def spend(tx: Tx) -> None:
        account = tx.get(Account, payment["balances"][0]["account_id"])
        assert account is not None
        tx.put(replace(account, balance_minor=0))

    world.ledger.write(spend)
    shown = world.boss("NKU").get(f"/v1/payments/{payment['id']}").json()
    assert shown["refused"]["disassociate"]["code"] == "payment-already-spent"
    filed = world.boss("NKU").post(
        "/v1/approvals",
        {
            "action": shown["refused"]["disassociate"]["approval"],
            "object_id": payment["id"],
            "object_version": payment["version"],
            "body": {"reason": "the wrong customer"},
            "reason": "the wrong customer",
        },
    )
    assert filed.status_code == 202, filed.text
    return filed.json(), payment


def test_a_refusal_above_the_limit_names_what_may_be_asked_for(world: World) -> None:
    """Contract 2: 403 `needs-checker`, and the row's `refused` says which approval lifts it."""
    payment, customer = world.large("NKU")
    teller = world.ledger.sign_in("teller")
    refused = teller.post(
        f"/v1/payments/{payment['id']}/associate", {"customer_id": customer}, if_match=payment["version"]
    )
    assert said(refused) == (403, "needs-checker")
    assert refused.json()["approval"] == "payment.associate"
    shown = teller.get(f"/v1/payments/{payment['id']}").json()
    assert shown["refused"]["associate"]["approval"] == "payment.associate"


def test_a_request_is_shown_as_a_difference_and_done_by_who_approves(world: World) -> None:
    """MC-3: field, before, after, money and customer restated; approving moves the money, once."""
    request = world.request("NKU")
    assert (request["state"], request["maker"], request["code"]) == ("pending", "teller", "pending-approval")
    assert request["approval_id"] == request["id"]
    assert request["actions"] == ["withdraw"]
    boss = world.proved(world.boss("NKU"))
    assert [each["id"] for each in boss.get("/v1/approvals", view="to-decide").json()["items"]] == [
        request["id"]
    ]
    shown = boss.get(f"/v1/approvals/{request['id']}").json()
    assert shown["actions"] == ["approve", "reject"]
    lines = {line["field"]: (line["before"], line["after"]) for line in shown["difference"]}
    assert lines["State"] == ("unassociated", "associated")
    assert lines["Amount"] == ("", "150,000.00 KES")
    assert "Achieng Otieno" in lines["Customer"][1]
    wallet = next(field for field in lines if field.startswith("Wallet"))
    assert lines[wallet] == ("0.00 KES", "150,000.00 KES")

    done = approve(world, request)

    assert done.status_code == 200, done.text
    assert (done.json()["state"], done.json()["decided_by"]) == ("approved", "supervisor")
    payment = boss.get(done.json()["resource"]).json()
    assert (payment["state"], payment["amount_minor"]) == ("associated", 15_000_000)
    assert said(approve(world, request)) == (409, "approval-settled")
    actions = [
        row[0] for row in world.ledger.query("SELECT action FROM audit WHERE action LIKE 'approval.%'")
    ]
    assert actions.count("approval.approve") >= 1
    assert ("payment.associate",) in world.ledger.query("SELECT action FROM audit WHERE actor = 'supervisor'")
    world.ledger.check()


def test_nobody_approves_what_they_asked_for_and_the_attempt_is_on_the_chain(world: World) -> None:
    """MC-1: a supervisor's own request; no role and no setting changes that."""
    request, _ = spent_request(world)
    refused = approve(world, request)
    assert said(refused) == (403, "same-person")
    rejected = world.boss("NKU").post(f"/v1/approvals/{request['id']}/reject", {"reason": "mine"})
    assert said(rejected) == (403, "same-person")
    audited = world.ledger.query("SELECT outcome FROM audit WHERE reason = 'same-person'")
    assert audited == [("not_applied",)]


def test_two_accounts_of_one_person_are_one_person(world: World) -> None:
    """MC-1: flagged by `person_id`, whether that was known when it was asked for or is known since."""
    request = world.request("NKU")
    change_user(world, "supervisor", person_id=person_of(world, "teller"))
    assert said(approve(world, request)) == (403, "same-person")
    shown = world.boss("NKU").get(f"/v1/approvals/{request['id']}").json()
    assert shown["refused"]["approve"]["code"] == "same-person"
    assert world.boss("NKU").get("/v1/approvals", view="to-decide").json()["items"] == []
    assert approve(world, request, who="hq-supervisor").status_code == 200


def test_money_that_was_spent_goes_back_through_approval_only(world: World) -> None:
    """Contract 5: the checker sees that the account falls below zero, and decides."""
    request, payment = spent_request(world)
    shown = world.ledger.sign_in("hq-supervisor").get(f"/v1/approvals/{request['id']}").json()
    wallet = next(line for line in shown["difference"] if line["field"].startswith("Wallet"))
    assert (wallet["before"], wallet["after"]) == ("0.00 KES", "-1,500.00 KES")
    done = approve(world, request, who="hq-supervisor")
    assert done.status_code == 200, done.text
    assert world.boss("NKU").get(f"/v1/payments/{payment['id']}").json()["state"] == "unassociated"


def test_a_record_whose_money_has_left_is_reversed_by_a_second_person(world: World) -> None:
    """Decision 0063: 409 `insufficient-balance` for who is alone; the checker sees the account go below zero."""
    boss, owner = world.proved(world.boss("NKU")), world.member("NKU")
    body = {
        "customer_id": owner.id,
        "account_kind": "savings",
        "amount_minor": 5_000,
        "currency": "KES",
        "as_of_date": world.ledger.today("NKU").isoformat(),
    }
    record = boss.post("/v1/balance-records", body).json()
    path = f"/v1/balance-records/{record['id']}"
    posted = boss.post(f"{path}/post", if_match=1).json()
    assert "reverse" in posted["actions"]
    account_id = posted["balances"][0]["account_id"]
    paid = boss.post(f"/v1/accounts/{account_id}/payouts", {"amount_minor": 1_200, "tender": "cash"})
    assert paid.status_code == 201, paid.text

    refused = boss.post(f"{path}/reverse", {"reason": "wrong book"}, if_match=2)
    assert said(refused) == (409, "insufficient-balance")
    assert "holds 38.00 KES, less than the 50.00 of this record" in refused.json()["detail"]
    (listed,) = boss.get("/v1/balance-records", customer=owner.id).json()["items"]
    for shown in (boss.get(path).json(), listed, refused.json()["current"]):
        assert shown["refused"]["reverse"]["approval"] == "balance-record.reverse"

    filed = boss.post(
        "/v1/approvals",
        {
            "action": "balance-record.reverse",
            "object_id": record["id"],
            "object_version": 2,
            "body": {"reason": "wrong book"},
            "reason": "wrong book",
        },
    )
    assert filed.status_code == 202, filed.text
    seen = world.ledger.sign_in("hq-supervisor").get(f"/v1/approvals/{filed.json()['id']}").json()
    savings = next(line for line in seen["difference"] if line["field"].startswith("Savings"))
    assert (savings["before"], savings["after"]) == ("38.00 KES", "-12.00 KES")
    assert approve(world, filed.json(), who="hq-supervisor").status_code == 200
    assert boss.get(path).json()["status"] == "reversed"
    world.ledger.check()


def test_what_changed_since_is_not_approved(world: World) -> None:
    """MC-2: the target moved: 409 `stale-approval`, nothing done, and a new request takes its place."""
    request = world.request("NKU")
    shown = world.boss("NKU").get(f"/v1/approvals/{request['id']}").json()
    customer = world.member("NKU").id
    boss = world.boss("NKU")
    moved = boss.post(f"/v1/payments/{request['object_id']}/associate", {"customer_id": customer}, if_match=1)
    assert moved.status_code == 200
    back = boss.post(f"/v1/payments/{request['object_id']}/disassociate", {"reason": "again"}, if_match=2)
    assert back.status_code == 200
    assert said(approve(world, request, shown=shown)) == (409, "stale-approval")
    # Nor by the hash of what stands now: the maker asked for another version.
    assert said(approve(world, request)) == (409, "stale-approval")
    now = boss.get(f"/v1/approvals/{request['id']}").json()
    assert (now["state"], now["actions"]) == ("stale", ["reject"])
    again = world.ledger.sign_in("teller").post(
        "/v1/approvals",
        {
            "action": "payment.associate",
            "object_id": request["object_id"],
            "object_version": 3,
            "body": {"customer_id": customer},
            "reason": "once more",
        },
    )
    assert again.status_code == 202, again.text
    world.ledger.check()


def test_what_is_approved_is_what_was_seen(world: World) -> None:
    """MC-3: the balance moved between looking and approving: the hash does not fit, nothing is done."""
    request, payment = spent_request(world)
    shown = world.ledger.sign_in("hq-supervisor").get(f"/v1/approvals/{request['id']}").json()

    def move(tx: Tx) -> None:
        account = tx.get(Account, payment["balances"][0]["account_id"])
        assert account is not None
        tx.put(replace(account, balance_minor=-77))

    world.ledger.write(move)
    assert said(approve(world, request, who="hq-supervisor", shown=shown)) == (409, "stale-approval")
    assert approve(world, request, who="hq-supervisor").status_code == 200


@pytest.mark.parametrize("lost", [{"disabled": 1}, {"role": "auditor"}])
def test_a_maker_who_may_not_ask_any_more_gets_nothing(world: World, lost: dict[str, Any]) -> None:
    """MC-2: the maker's right is looked at again when it is approved."""
    request = world.request("NKU")
    change_user(world, "teller", **lost)
    assert said(approve(world, request)) == (409, "stale-approval")


def test_a_checker_needs_the_limit_too(world: World) -> None:
    """MC-2: a supervisor whose own limit is lower cannot lift what is above it."""
    request = world.request("NKU")
    change_user(world, "supervisor", limit_minor=1_000)
    shown = world.boss("NKU").get(f"/v1/approvals/{request['id']}").json()
    assert (shown["actions"], shown["refused"]["approve"]["code"]) == (["reject"], "needs-checker")
    assert said(approve(world, request)) == (403, "needs-checker")
    assert approve(world, request, who="hq-supervisor").status_code == 200


def test_one_request_at_a_time_and_the_maker_may_withdraw(world: World) -> None:
    """MC-4: one pending per action and object; withdrawn, there is room again."""
    request = world.request("NKU")
    teller = world.ledger.sign_in("teller")
    body = {name: request[name] for name in ("action", "object_id", "object_version")} | {
        "body": {"customer_id": world.member("NKU").id},
        "reason": "again",
    }
    second = teller.post("/v1/approvals", body)
    assert said(second) == (409, "approval-already-pending")
    assert second.json()["existing"]["id"] == request["id"]
    assert said(world.boss("NKU").post(f"/v1/approvals/{request['id']}/withdraw")) == (403, "forbidden")
    assert teller.post(f"/v1/approvals/{request['id']}/withdraw").json()["state"] == "withdrawn"
    assert teller.post("/v1/approvals", body).status_code == 202


def test_a_card_number_is_in_no_part_of_a_request(world: World) -> None:
    """T-30: not in what is asked for, whose reason is shown and kept, and not in why it is rejected."""
    request = world.request("NKU")
    card = "4111 1111 1111 1111"
    asked = {
        "action": "payment.disassociate",
        "object_id": request["object_id"],
        "object_version": 1,
        "body": {"reason": card},
        "reason": "x",
    }
    refused = world.ledger.sign_in("teller").post("/v1/approvals", asked)
    assert (said(refused), refused.json()["errors"][0]["pointer"]) == ((422, "validation"), "/body/reason")
    path = f"/v1/approvals/{request['id']}/reject"
    refused = world.boss("NKU").post(path, {"reason": card})
    assert (said(refused), refused.json()["errors"][0]["pointer"]) == ((422, "validation"), "/reason")
    assert world.boss("NKU").post(path, {"reason": "no"}).json()["state"] == "rejected"


def test_a_request_expires_after_a_day(world: World) -> None:
    """MC-4: 24 hours; what nobody decided gives its place back."""
    request = world.request("NKU")
    world.ledger.clock.advance(seconds=24 * 3600 + 1)
    boss = world.ledger.sign_in("supervisor", fresh=True)
    assert boss.get(f"/v1/approvals/{request['id']}").json()["state"] == "expired"
    assert boss.get("/v1/approvals", view="to-decide").json()["items"] == []
    refused = boss.post(
        f"/v1/approvals/{request['id']}/approve", {"difference_hash": request["difference_hash"]}
    )
    assert said(refused) == (409, "approval-settled")


def test_nothing_is_filed_that_nobody_could_approve(world: World) -> None:
    """MC-5: without another supervisor who may, 409 `no-checker`, and no request waits."""
    for username in ("supervisor", "hq-supervisor"):
        change_user(world, username, disabled=1)
    record = _large_record(world)
    filed = _file_post(world, record)
    assert said(filed) == (409, "no-checker")
    assert world.ledger.query("SELECT count(*) FROM approvals") == [(0,)]


def test_what_needs_no_second_person_is_not_filed(world: World) -> None:
    """MC-2, contract 4: within the limit it is done, not asked for; an unknown action is named."""
    record = world.record("NKU")
    assert said(_file_post(world, record)) == (409, "transition-not-allowed")
    teller = world.ledger.sign_in("teller")
    body = {"action": "balance-record.burn", "object_id": record["id"], "object_version": 1, "reason": "x"}
    unknown = teller.post("/v1/approvals", body)
    assert unknown.json()["errors"][0]["pointer"] == "/action"
    reversal = {
        "action": "balance-record.reverse",
        "object_id": record["id"],
        "object_version": 1,
        "body": {"reason": "x"},
        "reason": "x",
    }
    # A reversal is a supervisor's: no approval lifts what the role may never do.
    assert said(teller.post("/v1/approvals", reversal)) == (403, "forbidden")


def test_a_balance_above_the_limit_is_posted_by_approval(world: World) -> None:
    """Contract 4: the record as it was asked for; post again is refused as ever."""
    record = _large_record(world)
    filed = _file_post(world, record)
    assert filed.status_code == 202, filed.text
    done = approve(world, filed.json())
    assert done.status_code == 200, done.text
    posted = world.boss("NKU").get(f"/v1/balance-records/{record['id']}").json()
    assert (posted["status"], posted["posted_by"]) == ("accounted", "supervisor")
    world.ledger.check()


def test_a_reversal_above_a_supervisors_limit_needs_another(world: World) -> None:
    """Contract 4: reverse (reason, supervisor, approval above a limit)."""
    record = world.record("NKU", posted=True)
    change_user(world, "supervisor", limit_minor=1_000)
    filed = world.boss("NKU").post(
        "/v1/approvals",
        {
            "action": "balance-record.reverse",
            "object_id": record["id"],
            "object_version": record["version"],
            "body": {"reason": "keyed twice"},
            "reason": "keyed twice",
        },
    )
    assert filed.status_code == 202, filed.text
    assert approve(world, filed.json(), who="hq-supervisor").status_code == 200
    found = world.boss("NKU").get(f"/v1/balance-records/{record['id']}").json()
    assert found["status"] == "reversed"
    world.ledger.check()


def test_home_counts_what_waits_for_me(world: World) -> None:
    """Product: "Approvals waiting", for who decides, and never one's own."""
    world.request("NKU")
    spent_request(world)
    queues = {each["name"]: each for each in world.boss("NKU").get("/v1/dashboard").json()["queues"]}
    assert (queues["approvals-waiting"]["count"], queues["approvals-waiting"]["total_minor"]) == (
        1,
        15_000_000,
    )
    teller = {each["name"] for each in world.ledger.sign_in("teller").get("/v1/dashboard").json()["queues"]}
    assert "approvals-waiting" not in teller


def _large_record(world: World) -> dict[str, Any]:
    teller = world.ledger.sign_in("teller")
    made = teller.post("/v1/balance-records", world.new_record("NKU") | {"amount_minor": 20_000_000})
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    assert found["refused"]["post"]["approval"] == "balance-record.post"
    return found


def _file_post(world: World, record: dict[str, Any]) -> httpx.Response:
    body = {
        "action": "balance-record.post",
        "object_id": record["id"],
        "object_version": record["version"],
        "reason": "a large one",
    }
    return world.ledger.sign_in("teller").post("/v1/approvals", body)
