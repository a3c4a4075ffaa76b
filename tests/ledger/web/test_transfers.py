"""Transfer between branches: offered, accepted, rejected, withdrawn, and the money that waits meanwhile (section 3)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.ledger.members import (
    account,
    add_staff,
    again,
    balance,
    do,
    enter,
    hold,
    ok,
    refused,
    supervisor,
    teller,
    today,
    wrong,
)
from tests.ledger.running import RunningLedger
from tests.ledger.shop import Shop
from tests.ledger.statements import credit, import_statement, mt940, own_accounts
from tests.ledger.till import MASK, Till, open_till

from branchtui.ledger.store.rows import ClosedDay

CHEQUE = {"number": "000123", "bank": "Umoja"}

pytestmark = pytest.mark.both_stores


@pytest.fixture(scope="module")
def till(running_ledger: RunningLedger) -> Till:
    return open_till(running_ledger)


def offer(ledger: RunningLedger, customer: dict[str, Any], to: str = "KSM", **more: Any) -> dict[str, Any]:
    body = {"destination_branch_id": ledger.branch(to).id, "transfer_date": today(ledger)} | more
    return ok(do(teller(ledger), customer, "transfer/propose", body))


def queue(ledger: RunningLedger, branch: str, direction: str, **more: Any) -> list[str]:
    found = teller(ledger, branch).pages("/v1/transfers", direction=direction, **more)
    return [each["customer_id"] for each in found]


def test_the_destination_sees_what_is_offered_in_brief_and_accepts_it(running_ledger: RunningLedger) -> None:
    """Contract, section 3: the destination's queue; accepted, the customer is active there with all accounts."""
    customer = enter(running_ledger, mobile_no="0799 200 100")
    hold(running_ledger, customer, "savings", 9_900)
    offered = offer(running_ledger, again(running_ledger, customer), note="moves to Kisumu")
    assert offered["status"] == "transfer_in_progress"
    (shown,) = [
        each
        for each in teller(running_ledger, "KSM").pages("/v1/transfers", direction="incoming")
        if each["customer_id"] == customer["id"]
    ]
    assert shown["version"] == offered["version"]
    assert shown["customer"]["name"] == customer["name"]
    assert (shown["from_branch_code"], shown["to_branch_code"], shown["state"]) == ("NKU", "KSM", "proposed")
    assert (shown["note"], shown["proposed_by"]) == ("moves to Kisumu", "teller")
    assert "0799" not in str(shown)
    assert set(shown["actions"]) == {"transfer/accept", "transfer/reject"}
    assert customer["id"] in queue(running_ledger, "NKU", "outgoing")
    assert customer["id"] not in queue(running_ledger, "NKU", "incoming")
    assert teller(running_ledger, "KSM").get(f"/v1/customers/{customer['id']}").status_code == 404

    staff = add_staff(running_ledger, "KSM", first_name="Akinyi")
    taken = ok(
        do(
            teller(running_ledger, "KSM"),
            shown | {"id": customer["id"]},
            "transfer/accept",
            {"staff_id": staff["id"]},
        )
    )

    assert (taken["status"], taken["branch_code"], taken["staff"]) == ("active", "KSM", "Akinyi Otieno")
    assert teller(running_ledger).get(f"/v1/customers/{customer['id']}").status_code == 404
    assert balance(running_ledger, customer, "savings", "KSM") == 9_900
    branches = running_ledger.query(
        "SELECT DISTINCT branch_id FROM accounts WHERE customer_id = ?", customer["id"]
    )
    assert branches == [(running_ledger.branch("KSM").id,)]
    assert customer["id"] not in queue(running_ledger, "KSM", "incoming")
    assert customer["id"] in queue(running_ledger, "KSM", "incoming", state="accepted")
    assert customer["id"] in queue(running_ledger, "NKU", "outgoing", state="accepted")


def test_a_transfer_is_accepted_once(running_ledger: RunningLedger) -> None:
    """Bad input: a transfer accepted twice; the second is refused and nothing is lost."""
    customer = offer(running_ledger, enter(running_ledger))
    there = teller(running_ledger, "KSM")
    key = "018f3c1e-0000-7c3e-9d21-4f1f0f6f2a11"
    first = do(there, customer, "transfer/accept", {}, key=key)
    again_ = do(there, customer, "transfer/accept", {}, key=key)
    assert first.status_code == again_.status_code == 200
    assert first.content == again_.content
    refused(
        do(supervisor(running_ledger, "KSM"), customer, "transfer/accept", {}), 412, "precondition-failed"
    )
    taken = first.json()
    refused(do(there, taken, "transfer/accept", {}), 409, "transition-not-allowed")
    counted = running_ledger.query("SELECT state FROM transfers WHERE customer_id = ?", customer["id"])
    assert counted == [("accepted",)]


def test_a_transfer_is_sent_back_with_a_reason_or_taken_back(running_ledger: RunningLedger) -> None:
    """Contract, section 3: reject (destination, reason) and withdraw (origin): active where the customer was."""
    customer = offer(running_ledger, enter(running_ledger))
    there = teller(running_ledger, "KSM")
    wrong(do(there, customer, "transfer/reject", {}), "/reason")
    back = do(there, customer, "transfer/reject", {"reason": "does not live here"})
    assert (back.status_code, back.json()["status"], back.json()["branch_code"]) == (200, "active", "NKU")
    here = again(running_ledger, customer)
    (told,) = teller(running_ledger).pages("/v1/transfers", direction="outgoing", state="rejected")
    assert told["decision_note"] == "does not live here"
    assert told["decided_by"] == "teller2"
    once_more = offer(running_ledger, here)
    withdrawn = ok(do(teller(running_ledger), once_more, "transfer/withdraw", {"note": "stays"}))
    assert (withdrawn["status"], withdrawn["branch_code"]) == ("active", "NKU")


def test_who_decides_too_late_is_told_how_it_ended(running_ledger: RunningLedger) -> None:
    """Contract, section 3: each side has seen the offer, and reads who was first; a branch that never saw it reads nothing."""
    customer, there = offer(running_ledger, enter(running_ledger)), teller(running_ledger, "KSM")
    back = ok(do(teller(running_ledger), customer, "transfer/withdraw", {}))
    for command, body in (("transfer/accept", {}), ("transfer/reject", {"reason": "late"})):
        problem = refused(do(there, customer, command, body), 409, "transition-not-allowed")
        home = running_ledger.branch("NKU").name
        assert problem["detail"].startswith(f"{home} has taken the offer back")
        assert (problem["from"], problem["allowed"]) == ("withdrawn", [])
    again_offered = offer(running_ledger, back)
    ok(do(there, again_offered, "transfer/accept", {}))
    problem = refused(
        do(teller(running_ledger), again_offered, "transfer/withdraw", {}), 409, "transition-not-allowed"
    )
    assert problem["detail"].startswith(f"{running_ledger.branch('KSM').name} has accepted the customer")
    stranger = enter(running_ledger, "KSM")
    refused(do(teller(running_ledger), stranger, "transfer/withdraw", {}), 404, "not-found")
    refused(teller(running_ledger).get(f"/v1/customers/{customer['id']}"), 404, "not-found")


def test_each_side_decides_its_own(running_ledger: RunningLedger) -> None:
    """Contract, section 3: the origin cannot accept for the destination, nor the destination withdraw."""
    customer = offer(running_ledger, enter(running_ledger))
    refused(do(teller(running_ledger), customer, "transfer/accept", {}), 403, "forbidden")
    refused(do(teller(running_ledger), customer, "transfer/reject", {"reason": "x"}), 403, "forbidden")
    refused(do(teller(running_ledger, "KSM"), customer, "transfer/withdraw", {}), 403, "forbidden")
    shown = again(running_ledger, customer)
    assert "transfer/withdraw" in shown["actions"]
    assert shown["refused"]["transfer/accept"]["code"] == "forbidden"
    ok(do(teller(running_ledger), customer, "transfer/withdraw", {}))
    other = enter(running_ledger)
    assert do(teller(running_ledger, "KSM"), other, "transfer/accept", {}).status_code == 404


def test_what_cannot_be_offered(running_ledger: RunningLedger) -> None:
    """Contract, section 3: a branch that is another one and exists, a day not before the activation."""
    customer, here = enter(running_ledger), running_ledger.branch("NKU").id
    api, day = teller(running_ledger), today(running_ledger)
    own = {"destination_branch_id": here, "transfer_date": day}
    wrong(do(api, customer, "transfer/propose", own), "/destination_branch_id")
    nowhere = {"destination_branch_id": "nowhere", "transfer_date": day}
    refused(do(api, customer, "transfer/propose", nowhere), 404, "not-found")
    early = {"destination_branch_id": running_ledger.branch("KSM").id, "transfer_date": "2001-01-01"}
    wrong(do(api, customer, "transfer/propose", early), "/transfer_date")
    pending = enter(running_ledger, active=False)
    good = early | {"transfer_date": day}
    refused(do(api, pending, "transfer/propose", good), 409, "transition-not-allowed")


def test_nobody_moves_the_money_of_who_is_under_way(running_ledger: RunningLedger, till: Till) -> None:
    """Contract, section 3: money movement by people is refused until it ends."""
    customer, boss = enter(running_ledger), supervisor(running_ledger)
    savings = hold(running_ledger, customer, "savings", 5_000)
    loan = hold(running_ledger, customer, "loan", 5_000)
    record = {
        "customer_id": customer["id"],
        "account_kind": "savings",
        "amount_minor": 100,
        "currency": "KES",
        "as_of_date": today(running_ledger),
        "external_ref": f"U-{customer['id']}",
    }
    waiting = ok(boss.post("/v1/balance-records", record), 201)
    payment = till.waiting()
    offered = offer(running_ledger, again(running_ledger, customer))
    moves = (
        boss.post(f"/v1/accounts/{savings['id']}/payouts", {"amount_minor": 1, "tender": "cash"}),
        boss.post(f"/v1/accounts/{loan['id']}/offset", {"from_account_id": savings["id"], "amount_minor": 1}),
        boss.post(f"/v1/balance-records/{waiting['id']}/post", if_match=1),
        boss.post(f"/v1/payments/{payment['id']}/associate", {"customer_id": customer["id"]}, if_match=1),
    )
    for answer in moves:
        assert "is being transferred" in refused(answer, 409, "customer-not-active")["detail"]
    effect = boss.get(f"/v1/accounts/{savings['id']}/payouts/effect", amount_minor=1)
    refused(effect, 409, "customer-not-active")
    taken = ok(do(teller(running_ledger, "KSM"), offered, "transfer/accept", {}))
    there = supervisor(running_ledger, "KSM")
    moved = ok(there.get(f"/v1/balance-records/{waiting['id']}"))
    assert (
        ok(there.post(f"/v1/balance-records/{waiting['id']}/post", if_match=moved["version"]))["status"]
        == "accounted"
    )
    ok(
        there.post(
            f"/v1/accounts/{loan['id']}/offset", {"from_account_id": savings["id"], "amount_minor": 5_000}
        ),
        201,
    )
    assert taken["branch_code"] == "KSM"
    assert balance(running_ledger, customer, "loan", "KSM") == 0


@pytest.mark.parametrize("end", ["accept", "reject", "withdraw"])
def test_payments_that_arrive_meanwhile_wait_and_are_tried_again(
    running_ledger: RunningLedger, till: Till, end: str
) -> None:
    """Contract, section 3: payments that arrive wait and are tried again then, wherever the customer is by then."""
    customer = offer(running_ledger, enter(running_ledger))
    payments = [till.pay(BillRefNumber=customer["account_no"], MSISDN=MASK) for _ in range(3)]
    stray = till.waiting()
    for payment in payments:
        assert payment["state"] == "unassociated"
        assert "being transferred" in payment["waits_because"]
    there, here = teller(running_ledger, "KSM"), teller(running_ledger)
    if end == "accept":
        ok(do(there, customer, "transfer/accept", {}))
    elif end == "reject":
        ok(do(there, customer, "transfer/reject", {"reason": "not ours"}))
    else:
        ok(do(here, customer, "transfer/withdraw", {}))
    branch = "KSM" if end == "accept" else "NKU"
    assert balance(running_ledger, customer, "wallet", branch) == 3 * 150_000
    top = till.top
    for payment in payments:
        seen = ok(top.get(f"/v1/payments/{payment['id']}"))
        assert (seen["state"], seen["customer_id"], seen["match"]["tier"]) == (
            "associated",
            customer["id"],
            1,
        )
    assert ok(top.get(f"/v1/payments/{stray['id']}"))["state"] == "unassociated"
    assert running_ledger.query("SELECT 1 FROM payment_waits WHERE customer_id = ?", customer["id"]) == []


def test_payments_of_a_statement_wait_for_the_transfer_as_well(
    running_ledger: RunningLedger, till: Till
) -> None:
    """Contract, section 3: whichever door a payment came by, one that waits for a transfer is tried again."""
    own_accounts(running_ledger, "0170555000111")
    customer = offer(running_ledger, enter(running_ledger))
    said = [credit(f"MOVING{number:04d}", "12,50", says=customer["account_no"]) for number in range(2)]
    done = import_statement(till.api("supervisor"), mt940(*said, account="0170555000111"))
    assert done["imported"] == 2
    (payment, _) = (till.by_code(f"MOVING{number:04d}")[0] for number in range(2))
    assert (payment["state"], "being transferred" in payment["waits_because"]) == ("unassociated", True)
    ok(do(teller(running_ledger), customer, "transfer/withdraw", {}))
    assert balance(running_ledger, customer, "wallet") == 2 * 1_250
    assert running_ledger.query("SELECT 1 FROM payment_waits WHERE customer_id = ?", customer["id"]) == []


def test_a_payment_that_was_given_to_another_meanwhile_stays_there(
    running_ledger: RunningLedger, till: Till
) -> None:
    """Contract, section 5: a payment has one owner; what waits is looked at anew."""
    customer, other = offer(running_ledger, enter(running_ledger)), enter(running_ledger)
    payment = till.pay(BillRefNumber=customer["account_no"], MSISDN=MASK)
    ok(
        supervisor(running_ledger).post(
            f"/v1/payments/{payment['id']}/associate",
            {"customer_id": other["id"]},
            if_match=payment["version"],
        )
    )
    ok(do(teller(running_ledger), customer, "transfer/withdraw", {}))
    assert balance(running_ledger, customer, "wallet") == 0
    assert balance(running_ledger, other, "wallet") == 150_000


def left_behind(ledger: RunningLedger, reference: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A customer of KSM by now, and the record in NKU whose reference KSM has used already."""
    customer, there = enter(ledger), enter(ledger, "KSM")
    for branch, owner in (("KSM", there), ("NKU", customer)):
        body = {
            "customer_id": owner["id"],
            "account_kind": "shares",
            "amount_minor": 700,
            "currency": "KES",
            "as_of_date": today(ledger, branch),
            "external_ref": reference,
        }
        ok(supervisor(ledger, branch).post("/v1/balance-records", body), 201)
    offered = offer(ledger, again(ledger, customer))
    ok(do(teller(ledger, "KSM"), offered, "transfer/accept", {}))
    (record,) = teller(ledger).pages("/v1/balance-records", customer=customer["id"])
    return customer, record


def test_a_record_whose_reference_is_used_there_stays_behind(running_ledger: RunningLedger) -> None:
    """Contract, section 4: a reference is unique in its branch for ever; nothing is lost by a transfer."""
    customer, record = left_behind(running_ledger, "SAME-REFERENCE")
    boss = supervisor(running_ledger)
    posted = ok(boss.post(f"/v1/balance-records/{record['id']}/post", if_match=record["version"]))
    assert posted["status"] == "accounted"
    assert account(running_ledger, customer, "shares", "KSM")["balance_minor"] == 700


def test_a_record_that_stayed_behind_is_named_where_it_keeps_the_customer_from_closing(
    running_ledger: RunningLedger,
) -> None:
    """Contract, section 3: whoever cannot see the record reads where it waits, what it is, and who ends it."""
    customer, _ = left_behind(running_ledger, "KEEPS-FROM-CLOSING")
    boss = supervisor(running_ledger, "KSM")
    customer = ok(boss.get(f"/v1/customers/{customer['id']}"))
    said = "1 balance record waits to be posted or deleted. One waits in NKU"
    assert customer["refused"]["close"]["message"].startswith(said)
    body = {"closure_date": today(running_ledger), "closure_reason": "Moved away"}
    problem = refused(do(boss, customer, "close", body), 409, "records-waiting")
    assert problem["detail"] == customer["refused"]["close"]["message"]
    assert "shares 7.00 KES, reference KEEPS-FROM-CLOSING" in problem["detail"]


def test_post_all_of_what_stayed_behind_opens_the_account_where_the_customer_is(
    running_ledger: RunningLedger,
) -> None:
    """INV-11: an account is of its customer's branch, whichever branch posts the record that opens it."""
    customer, record = left_behind(running_ledger, "SAME-REFERENCE-OF-ALL")
    boss = supervisor(running_ledger)
    seen = ok(boss.get("/v1/balance-records/summary", ids=record["id"]))
    body = {"ids": [record["id"]]} | {name: seen[name] for name in ("count", "total_minor", "set_hash")}
    assert ok(boss.post("/v1/balance-records/post-all", body))["count"] == 1
    opened = account(running_ledger, customer, "shares", "KSM")
    assert opened["balance_minor"] == 700
    branches = running_ledger.query("SELECT branch_id FROM accounts WHERE id = ?", opened["id"])
    assert branches == [(running_ledger.branch("KSM").id,)]


def test_a_settlement_is_taken_back_in_the_books_of_the_branch_that_took_the_money(
    running_ledger: RunningLedger,
) -> None:
    """Ledger, section 0: the mirror touches the drawer of the first branch, and stands in that branch's day."""
    shop, there = Shop(running_ledger), Shop(running_ledger, branch="KSM", teller="teller2")
    account_ = shop.open(customer_id=enter(running_ledger)["id"])
    shop.buy(account_, 4_100)
    paid = shop.settle(account_, tender="cheque", cheque=CHEQUE | {"date": today(running_ledger)})
    customer = ok(teller(running_ledger).get(f"/v1/customers/{account_['customer']['id']}"))
    ok(do(teller(running_ledger, "KSM"), offer(running_ledger, customer), "transfer/accept", {}))
    home = running_ledger.branch("NKU")
    closed = ClosedDay(f"{home.id}:{today(running_ledger)}", home.id, today(running_ledger), "supervisor", 0)
    running_ledger.write(lambda tx: tx.put(closed))
    path = f"/v1/settlements/{paid['id']}/reverse"
    refused(there.proved("supervisor2").post(path, {"reason": "no funds"}), 409, "day-closed")
    running_ledger.write(lambda tx: tx.remove(closed))

    assert there.bounce(paid, who="supervisor2")["owed_minor"] == 4_100

    drawers = running_ledger.query(
        "SELECT journal_entries.branch_id, accounts.branch_id, legs.amount_minor FROM journal_entries "
        "JOIN legs ON legs.entry_id = journal_entries.id JOIN accounts ON accounts.id = legs.account_id "
        "WHERE accounts.customer_id IS NULL AND journal_entries.kind = 'credit.reversal' "
        "AND journal_entries.reference = ?",
        paid["settlement_no"],
    )
    assert drawers == [(home.id, home.id, -4_100)]
    assert there.opens(account_) == [4_100, 0, 0]
