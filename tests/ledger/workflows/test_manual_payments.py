"""Payments keyed at the counter, and payments that are moved on: the books agree after each."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.running import TELLER_LIMIT_MINOR, RunningLedger, fresh_key
from tests.ledger.shop import Shop
from tests.ledger.till import Till, message, open_till
from tests.ledger.workflows.test_payments import refused, spend

pytestmark = pytest.mark.both_stores

MOVES = ("associate", "disassociate", "reassign", "ignore", "restore", "refund", "reverse")
REASON = {"reason": "as the slip says"}


@pytest.fixture(scope="module")
def till(running_ledger: RunningLedger) -> Till:
    return open_till(running_ledger)


@pytest.fixture
def own_till(new_ledger: Callable[[Path], str], tmp_path: Path) -> Iterator[Till]:
    with RunningLedger(new_ledger(tmp_path)) as ledger:
        yield open_till(ledger)
        ledger.check()


def key(till: Till, customer_no: str = "000101", *, who: str = "teller", **more: Any) -> Any:
    options = {name: more.pop(name) for name in ("key", "headers") if name in more}
    body = {
        "customer_id": till.id_of(customer_no),
        "amount_minor": 25_000,
        "currency": "KES",
        "tender": "cash",
        "receipt_no": till.fresh_code(),
    } | more
    body = {name: value for name, value in body.items() if value is not None}
    return till.api(who).post("/v1/payments", body, **options)


def move(till: Till, payment: dict[str, Any], verb: str, *, who: str = "supervisor", **body: Any) -> Any:
    """Send a command of a payment, in the version it is given in."""
    whole: dict[str, Any] = {"reason": "as the slip says"} | body
    if verb == "associate":
        whole.pop("reason")
    options: dict[str, Any] = {"if_match": payment["version"]}
    if verb == "refund":
        whole = {"tender": "cash"} | whole
        options = {}
    return till.api(who).post(
        f"/v1/payments/{payment['id']}/{verb}", None if verb == "restore" else whole, **options
    )


def held(till: Till, kind: str, branch: str = "NKU") -> int:
    """What lies in an account of the branch's own, in minor units; a debit is positive."""
    account = f"gl-{till.ledger.branch(branch).id}-{kind}-KES"
    found = till.ledger.query("SELECT balance_minor FROM accounts WHERE id = ?", account)
    return int(found[0][0]) if found else 0


# ── keyed by hand ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("tender", "kind"),
    [
        ("cash", "cash"),
        ("bank_transfer", "bank"),
        ("cheque", "cheques-receivable"),
        ("card", "card-receivable"),
        ("mobile_money", "provider-float"),
    ],
)
def test_a_payment_keyed_by_hand_raises_the_wallet_and_what_its_tender_holds(
    till: Till, tender: str, kind: str
) -> None:
    """Ledger, section 0: the tender's account against the customer's wallet, in one entry; associated at once.

    A receipt number of M-PESA is one whichever way it is written, so that no door brings the payment a second time.
    """
    before, drawer = till.balance("000101"), held(till, kind)
    provider, code = ("mpesa", "AB12/3") if tender == "mobile_money" else (None, "AB 12/3")
    answer = key(till, tender=tender, provider=provider, narration="rent of October", receipt_no="ab 12/3")
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"'), answer.text
    body = answer.json()
    assert answer.headers["location"] == f"/v1/payments/{body['id']}"
    assert (body["state"], body["source"], body["code"]) == ("associated", "manual", code)
    assert (body["tender"], body["keyed_by"], body["narration"]) == (tender, "teller", "rent of October")
    assert body["match"] == {"tier": 0, "reasons": ["teller keyed it"]}
    assert [each["balance_minor"] for each in body["balances"]] == [before + 25_000]
    assert (till.balance("000101"), held(till, kind)) == (before + 25_000, drawer + 25_000)
    legs = till.ledger.query(
        "SELECT count(*) FROM journal_entries JOIN legs ON entry_id = id WHERE subject_id = ?", body["id"]
    )
    assert legs == [(2,)]
    shown = till.api("teller").get(f"/v1/payments/{body['id']}").json()
    assert {**body, "balances": []} == shown


@pytest.mark.parametrize("account_kind", ["loan", "savings", "receivable"])
def test_it_may_pay_a_loan_or_a_bill(till: Till, account_kind: str) -> None:
    """Contract, section 5: `account_id` is the account that the money pays."""
    opened = (
        till.api("teller")
        .post(f"/v1/customers/{till.id_of('000103')}/accounts", {"kind": account_kind, "currency": "KES"})
        .json()
    )
    answer = key(till, "000103", account_id=opened["id"])
    assert answer.status_code == 201, answer.text
    assert answer.json()["account_id"] == opened["id"]
    assert till.ledger.balance_minor(opened["id"]) == (25_000 if account_kind == "savings" else -25_000)


def test_values_that_do_not_go_together_are_refused(till: Till) -> None:
    """422 with the member that is wrong; nothing is recorded."""
    before = till.balance("000101")
    tomorrow = till.ledger.today("NKU").replace(year=2100).isoformat()
    for pointer, more in (
        ("/provider", {"tender": "mobile_money"}),
        ("/provider", {"provider": "mpesa"}),
        ("/receipt_no", {"tender": "cheque", "receipt_no": None}),
        ("/receipt_no", {"receipt_no": "4111 1111 1111 1111"}),
        ("/receipt_no", {"receipt_no": "=1+1"}),
        ("/narration", {"narration": "card 4111 1111 1111 1111"}),
        ("/paid_on", {"paid_on": tomorrow}),
        ("/tender", {"tender": "shells"}),
        ("/tender", {"tender": "other"}),
        ("/currency", {"currency": "kes"}),
        ("/amount_minor", {"amount_minor": 0}),
        ("/narration", {"narration": "\x1b[2J"}),
    ):
        answer = key(till, **more)
        assert answer.status_code == 422, (more, answer.text)
        assert [each["pointer"] for each in answer.json()["errors"]] == [pointer], more
    assert refused(key(till, currency="USD")) == (409, "account-not-open")
    assert refused(key(till, account_id=till.wallet("000102"))) == (404, "not-found")
    assert refused(key(till, "000201")) == (404, "not-found")
    assert till.balance("000101") == before


def test_a_number_is_used_once_whichever_door_the_payment_came_by(till: Till) -> None:
    """INV-6: a callback, a statement and a manual entry of one payment are one payment; `existing` names the first."""
    callback = till.waiting()
    again = key(till, tender="mobile_money", provider="mpesa", receipt_no=callback["code"].lower())
    assert refused(again) == (409, "reference-taken")
    existing = again.json()["existing"]
    assert (existing["payment_no"], existing["state"]) == (callback["payment_no"], "unassociated")
    assert "which is another amount" in again.json()["detail"]

    by_hand = key(till, tender="mobile_money", provider="mpesa", amount_minor=150_000).json()
    before = till.balance("000101")
    assert till.send(message(by_hand["code"])).json()["ResultCode"] == 0
    assert till.balance("000101") == before
    assert len(till.by_code(by_hand["code"])) == 1
    till.send(message(by_hand["code"], TransAmount="2.00"))
    assert [each["state"] for each in till.events(by_hand["code"])] == ["quarantined"]

    slip = key(till).json()
    assert refused(key(till, receipt_no=slip["code"], amount_minor=25_000)) == (409, "reference-taken")
    elsewhere = key(till, "000201", who="supervisor2", receipt_no=slip["code"])
    assert refused(elsewhere) == (409, "reference-taken")
    assert "existing" not in elsewhere.json()
    assert slip["payment_no"] not in elsewhere.text


def test_money_that_comes_after_its_payment_was_reversed_is_kept_for_a_person(till: Till) -> None:
    """Contract, section 5: never silently dropped. The books say it never came, and the provider says it did."""
    by_hand = key(till, tender="mobile_money", provider="mpesa", amount_minor=150_000).json()
    assert move(till, by_hand, "reverse").json()["state"] == "reversed"
    before = till.balance("000101")
    for _ in range(2):
        till.send(message(by_hand["code"]))
    (event,) = till.events(by_hand["code"])
    assert event["state"] == "quarantined"
    assert f"is payment {by_hand['payment_no']}, which was keyed by hand and reversed" in event["reason"]
    assert [each["state"] for each in till.by_code(by_hand["code"])] == ["reversed"]
    assert till.balance("000101") == before


def test_what_the_provider_told_of_too_is_not_reversed(till: Till) -> None:
    """Contract, section 5: money that came lies in an account; whose it is is put right, that it came is not."""
    by_hand = key(till, tender="mobile_money", provider="mpesa", amount_minor=150_000).json()
    assert "reverse" in till.api("supervisor").get(f"/v1/payments/{by_hand['id']}").json()["actions"]
    for _ in range(2):
        till.send(message(by_hand["code"]))
    (told,) = [
        each
        for each in till.api("supervisor").pages("/v1/callback-events", state="confirmed")
        if each["code"] == by_hand["code"]
    ]
    assert (told["actions"], f"is payment {by_hand['payment_no']}" in told["reason"]) == ([], True)
    assert till.events(by_hand["code"]) == []

    answer = move(till, by_hand, "reverse")
    assert refused(answer) == (409, "transition-not-allowed")
    assert (answer.json()["detail"], answer.json()["allowed"]) == (
        "The provider or the bank has told of it: this money came. Disassociate it, or refund it.",
        ["disassociate", "reassign"],
    )
    (listed,) = till.by_code(by_hand["code"])
    shown = till.api("supervisor").get(f"/v1/payments/{by_hand['id']}").json()
    for each in (listed, shown):
        assert "reverse" not in each["actions"]
    assert shown["refused"]["reverse"]["message"] == answer.json()["detail"]
    asked = {
        "action": "payment.reverse",
        "object_id": by_hand["id"],
        "object_version": by_hand["version"],
        "body": REASON,
        "reason": "counted twice",
    }
    assert refused(till.api("teller").post("/v1/approvals", asked)) == (409, "transition-not-allowed")

    waiting = move(till, by_hand, "disassociate").json()
    assert refused(move(till, waiting, "reverse")) == (409, "transition-not-allowed")
    gone = move(till, waiting, "refund", tender="cash")
    assert gone.json()["state"] == "refunded"


def test_a_reversal_that_waits_is_not_approved_once_the_provider_has_told(till: Till) -> None:
    """MC-2: what has changed since is looked at again."""
    by_hand = key(till, tender="mobile_money", provider="mpesa", amount_minor=150_000).json()
    asked = {
        "action": "payment.reverse",
        "object_id": by_hand["id"],
        "object_version": by_hand["version"],
        "body": REASON,
        "reason": "counted twice",
    }
    request = till.api("teller").post("/v1/approvals", asked).json()
    till.send(message(by_hand["code"]))
    assert till.api("supervisor").get(f"/v1/approvals/{request['id']}").json()["state"] == "stale"
    approved = till.api("supervisor").post(
        f"/v1/approvals/{request['id']}/approve", {"difference_hash": request["difference_hash"]}
    )
    assert refused(approved) == (409, "stale-approval")


def test_cash_without_a_number_is_questioned_when_it_is_keyed_again(till: Till) -> None:
    """IDEM-11: same user, account, tender and amount within ten minutes; `Confirm-Duplicate-Of` says both are meant."""
    first_key = fresh_key()
    first = key(till, "000102", receipt_no=None, amount_minor=7_700, key=first_key)
    assert first.status_code == 201
    assert first.json()["code"] is None
    twin = key(till, "000102", receipt_no=None, amount_minor=7_700)
    assert refused(twin) == (409, "possible-duplicate")
    assert twin.json()["duplicate_of"]["key"] == first_key
    assert key(till, "000102", receipt_no=None, amount_minor=7_800).status_code == 201
    confirmed = {"confirm-duplicate-of": first_key}
    both = key(till, "000102", receipt_no=None, amount_minor=7_700, headers=confirmed)
    assert both.status_code == 201
    replay = key(till, "000102", receipt_no=None, amount_minor=7_700, key=first_key)
    assert replay.headers["idempotency-replayed"] == "true"


def test_above_the_limit_somebody_else_takes_it(till: Till) -> None:
    """403 `needs-checker`; no request stands for it, since the money lies in the taker's drawer."""
    answer = key(till, amount_minor=TELLER_LIMIT_MINOR + 1)
    assert refused(answer) == (403, "needs-checker")
    assert "approval" not in answer.json()
    assert key(till, amount_minor=TELLER_LIMIT_MINOR + 1, who="supervisor").status_code == 201


def test_nothing_is_taken_for_who_is_not_active_or_on_a_closed_day(own_till: Till) -> None:
    """409 `customer-not-active`, `day-closed`."""
    today, branch = own_till.ledger.today().isoformat(), own_till.ledger.branch("NKU").id
    own_till.ledger.bulk(
        lambda tx: tx.connection.execute(
            "UPDATE customers SET status = 'closed' WHERE customer_no = '000102'"
        )
    )
    assert refused(key(own_till, "000102")) == (409, "customer-not-active")
    own_till.ledger.bulk(
        lambda tx: tx.connection.execute(
            "INSERT INTO closed_days(id, branch_id, date, closed_by, closed_at) VALUES (?, ?, ?, 'supervisor', 1)",
            (f"{branch}:{today}", branch, today),
        )
    )
    assert refused(key(own_till)) == (409, "day-closed")


def test_a_payment_of_an_earlier_day_says_so_and_is_booked_today(till: Till) -> None:
    """`paid_on` is when it was paid; money enters the books on the day it is keyed."""
    payment = key(till, paid_on="2026-01-31").json()
    assert payment["paid_at"].startswith("2026-01-31T09:00")
    (day,) = till.ledger.query(
        "SELECT business_date FROM journal_entries WHERE subject_id = ?", payment["id"]
    )
    assert day == (till.ledger.today("NKU").isoformat(),)


@pytest.mark.parametrize(
    "way", ["", "disassociate", "reassign away", "reassign here", "disassociate, associate"]
)
def test_a_payment_settles_the_credit_account_it_is_on_and_no_longer_when_it_leaves(
    till: Till, way: str
) -> None:
    """Contract, sections 5 and 7: the oldest purchase first; what takes it back opens it again, and so does reversing."""
    shop = Shop(till.ledger)
    account = shop.open()
    for amount in (20_000, 10_000):
        shop.buy(account, amount)
    onto = {"customer_id": account["customer_id"], "account_id": account["id"]}
    elsewhere = {"customer_id": till.id_of("000101")}
    payment = key(till, **(elsewhere if way == "reassign here" else onto)).json()
    for step in filter(None, way.split(", ")):
        body = {"disassociate": {}, "reassign away": elsewhere}.get(step, onto)
        answer = move(till, payment, step.split()[0], **body)
        assert answer.status_code == 200, answer.text
        payment = answer.json()
    has_it = payment["account_id"] == account["id"]
    assert [each for each in shop.opens(account) if each] == ([5_000] if has_it else [20_000, 10_000])
    assert move(till, payment, "reverse").status_code == 200
    assert [each for each in shop.opens(account) if each] == [20_000, 10_000]
    till.ledger.check()


# ── moved on ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_payment_is_given_to_another_in_one_step(till: Till) -> None:
    """Contract, section 5: both balances come with the answer, both entries are of one operation."""
    payment = till.pay()
    before = till.balance("000101"), till.balance("000102")
    answer = move(till, payment, "reassign", who="teller", customer_id=till.id_of("000102"))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["state"], body["version"]) == ("associated", payment["version"] + 1)
    assert body["customer"]["customer_no"] == "000102"
    assert body["match"]["reasons"] == ["teller chose A. O'Brien: as the slip says"]
    assert [each["balance_minor"] for each in body["balances"]] == [before[0] - 150_000, before[1] + 150_000]
    assert (till.balance("000101"), till.balance("000102")) == (before[0] - 150_000, before[1] + 150_000)
    same = move(till, body, "reassign", customer_id=till.id_of("000102"))
    assert refused(same) == (422, "validation")


def test_reassigning_is_refused_as_taking_back_is(own_till: Till) -> None:
    """Spent money needs an approval, another day a supervisor, a customer who is not active nothing helps."""
    payment = own_till.pay()
    spend(own_till, "000101", 1)
    spent = move(own_till, payment, "reassign", customer_id=own_till.id_of("000102"))
    assert refused(spent) == (409, "payment-already-spent")
    assert spent.json()["approval"] == "payment.reassign"
    own_till.ledger.bulk(
        lambda tx: tx.connection.execute(
            "UPDATE customers SET status = 'closed' WHERE customer_no = '000103'"
        )
    )
    keyed = key(own_till).json()
    closed = move(own_till, keyed, "reassign", customer_id=own_till.id_of("000103"))
    assert refused(closed) == (409, "customer-not-active")
    own_till.ledger.clock.advance(days=1)
    own_till.ledger._apis.clear()
    late = move(own_till, keyed, "reassign", who="teller", customer_id=own_till.id_of("000102"))
    assert refused(late) == (403, "needs-checker")
    assert late.json()["approval"] == "payment.reassign"
    assert (
        move(own_till, keyed, "reassign", customer_id=own_till.id_of("000102")).json()["state"]
        == "associated"
    )


def test_an_ignored_payment_leaves_the_queue_and_comes_back_whole(till: Till) -> None:
    """No money moves; restored, it waits for the reason it waited for."""
    payment = till.waiting()
    receipts = held(till, "unallocated-receipts")
    ignored = move(till, payment, "ignore", who="teller").json()
    assert (ignored["state"], ignored["waits_because"]) == ("ignored", "teller ignored it: as the slip says")
    assert ignored["actions"] == ["restore"]
    assert ignored["candidates"] is None
    queue = till.api("teller").get("/v1/payments", state="unassociated", q=payment["code"]).json()["items"]
    assert queue == []
    assert refused(move(till, ignored, "associate", customer_id=till.id_of("000101"))) == (
        409,
        "transition-not-allowed",
    )
    again = move(till, ignored, "restore", who="teller").json()
    assert (again["state"], again["waits_because"]) == ("unassociated", payment["waits_because"])
    assert held(till, "unallocated-receipts") == receipts


@pytest.mark.parametrize("verb", ["unassociated", "ignored"])
def test_a_payment_that_nobody_has_goes_back_to_its_payer(till: Till, verb: str) -> None:
    """Ledger, section 0: unallocated receipts against the tender; it is over then."""
    payment = till.waiting()
    if verb == "ignored":
        payment = move(till, payment, "ignore").json()
    receipts, bank = held(till, "unallocated-receipts"), held(till, "bank")
    assert refused(move(till, payment, "refund", tender="bank_transfer")) == (422, "validation")
    answer = move(till, payment, "refund", tender="bank_transfer", reference="FT 99")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["state"], body["actions"], body["tender"]) == ("refunded", [], None)
    assert {**body["refund"], "refunded_at": ""} == {
        "tender": "bank_transfer",
        "reference": "FT 99",
        "reason": "as the slip says",
        "refunded_by": "supervisor",
        "refunded_at": "",
    }
    assert held(till, "unallocated-receipts") == receipts + 150_000
    assert held(till, "bank") == bank - 150_000
    assert refused(move(till, body, "refund")) == (409, "transition-not-allowed")
    assert till.by_code(payment["code"])[0]["refund"]["reference"] == "FT 99"


def test_a_payment_keyed_wrongly_is_mirrored(till: Till) -> None:
    """Contract, section 5: the mirror entry names the original; drawer and wallet are as before."""
    before, drawer = till.balance("000101"), held(till, "cash")
    payment = key(till).json()
    answer = move(till, payment, "reverse")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["state"], body["customer_id"], body["actions"]) == ("reversed", None, [])
    assert [each["balance_minor"] for each in body["balances"]] == [before]
    assert (till.balance("000101"), held(till, "cash")) == (before, drawer)
    entries = till.ledger.query(
        "SELECT id, reversal_of FROM journal_entries WHERE subject_id = ? ORDER BY booked_at", payment["id"]
    )
    assert entries[1][1] == entries[0][0]
    assert refused(key(till, receipt_no=payment["code"])) == (409, "reference-taken")


@pytest.mark.parametrize(
    "way", ["disassociate", "reassign", "disassociate, associate", "disassociate, ignore"]
)
def test_wherever_it_went_meanwhile_reversing_leaves_nothing_of_it(till: Till, way: str) -> None:
    """INV-4: the money leaves the account it lies in now, and the drawer."""
    before = [till.balance(number) for number in ("000101", "000102")]
    drawer, receipts = held(till, "cash"), held(till, "unallocated-receipts")
    payment = key(till).json()
    for verb in way.split(", "):
        body = {} if verb in {"disassociate", "ignore"} else {"customer_id": till.id_of("000102")}
        answer = move(till, payment, verb, **body)
        assert answer.status_code == 200, answer.text
        payment = answer.json()
    assert move(till, payment, "reverse").json()["state"] == "reversed"
    assert [till.balance(number) for number in ("000101", "000102")] == before
    assert (held(till, "cash"), held(till, "unallocated-receipts")) == (drawer, receipts)


def test_what_came_by_itself_is_not_reversed(till: Till) -> None:
    """The provider did send it: it is taken back, or refunded."""
    assert refused(move(till, till.waiting(), "reverse")) == (409, "transition-not-allowed")
    assert refused(move(till, till.pay(), "reverse")) == (409, "transition-not-allowed")


def test_refunds_and_reversals_are_a_supervisors_or_wait_for_one(till: Till) -> None:
    """Product: a teller asks, somebody else does it; the difference says what would change."""
    waiting, keyed = till.waiting(), key(till).json()
    for payment, verb in ((waiting, "refund"), (keyed, "reverse")):
        answer = move(till, payment, verb, who="teller")
        assert refused(answer) == (403, "needs-checker"), verb
        assert answer.json()["approval"] == f"payment.{verb}"
        shown = till.api("teller").get(f"/v1/payments/{payment['id']}").json()
        assert shown["refused"][verb]["approval"] == f"payment.{verb}"
        asked = {
            "action": f"payment.{verb}",
            "object_id": payment["id"],
            "object_version": payment["version"],
            "body": {"reason": "counted twice"} | ({"tender": "cash"} if verb == "refund" else {}),
            "reason": "counted twice",
        }
        request = till.api("teller").post("/v1/approvals", asked).json()
        assert {"field": "State", "before": payment["state"], "after": f"{verb.removesuffix('e')}ed"} in (
            request["difference"]
        )
        approved = till.api("supervisor").post(
            f"/v1/approvals/{request['id']}/approve", {"difference_hash": request["difference_hash"]}
        )
        assert approved.status_code == 200, approved.text
        state = till.api("teller").get(f"/v1/payments/{payment['id']}").json()["state"]
        assert state == f"{verb.removesuffix('e')}ed"


def test_spent_money_is_reassigned_and_reversed_by_approval_alone(own_till: Till) -> None:
    """Contract, section 5: 409 `payment-already-spent`, possible through approval only; the wallet goes below zero."""
    for verb in ("reassign", "reverse"):
        payment = key(own_till).json()
        spend(own_till, "000101", own_till.balance("000101"))
        body: dict[str, Any] = REASON | (
            {"customer_id": own_till.id_of("000102")} if verb == "reassign" else {}
        )
        straight = move(own_till, payment, verb, **body)
        assert refused(straight) == (409, "payment-already-spent")
        asked = {
            "action": f"payment.{verb}",
            "object_id": payment["id"],
            "object_version": payment["version"],
            "body": body,
            "reason": "agreed with the customer",
        }
        request = own_till.api("supervisor").post("/v1/approvals", asked).json()
        own = own_till.api("supervisor").post(
            f"/v1/approvals/{request['id']}/approve", {"difference_hash": request["difference_hash"]}
        )
        assert refused(own) == (403, "same-person")
        approved = own_till.api("hq-supervisor").post(
            f"/v1/approvals/{request['id']}/approve", {"difference_hash": request["difference_hash"]}
        )
        assert approved.status_code == 200, approved.text
        assert own_till.balance("000101") == -25_000
        spend(own_till, "000101", -25_000)


@pytest.mark.parametrize("verb", MOVES)
def test_every_command_refuses_an_old_version_and_a_state_that_does_not_allow_it(
    till: Till, verb: str
) -> None:
    """CONC-2, and contract, section 5: state by command, the permitted and the refused."""
    starts: dict[str, Callable[[], dict[str, Any]]] = {
        "unassociated": till.waiting,
        "associated": till.pay,
        "ignored": lambda: move(till, till.waiting(), "ignore").json(),
        "refunded": lambda: move(till, till.waiting(), "refund").json(),
        "reversed": lambda: move(till, key(till).json(), "reverse").json(),
        "keyed": lambda: key(till).json(),
        "keyed and taken back": lambda: move(till, key(till).json(), "disassociate").json(),
    }
    permitted = {
        "unassociated": {"associate", "ignore", "refund"},
        "associated": {"disassociate", "reassign"},
        "ignored": {"restore", "refund"},
        "refunded": set(),
        "reversed": set(),
        "keyed": {"disassociate", "reassign", "reverse"},
        "keyed and taken back": {"associate", "ignore", "refund", "reverse"},
    }
    body = {"customer_id": till.id_of("000103")} if verb in {"associate", "reassign"} else {}
    for start, make in starts.items():
        payment = make()
        shown = till.api("supervisor").get(f"/v1/payments/{payment['id']}").json()
        assert (verb in shown["actions"]) is (verb in permitted[start]), (start, verb)
        if verb != "refund":
            stale = move(till, payment | {"version": payment["version"] + 1}, verb, **body)
            assert refused(stale) == (412, "precondition-failed"), (start, verb)
        answer = move(till, payment, verb, **body)
        assert (answer.status_code == 200) is (verb in permitted[start]), (start, verb, answer.text)
        if answer.status_code != 200:
            assert answer.status_code == 409
            assert answer.json()["code"] == shown["refused"][verb]["code"]
    till.ledger.check()
