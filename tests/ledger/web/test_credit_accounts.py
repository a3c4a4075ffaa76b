"""Credit accounts over HTTP: opened, bought on, settled, reversed; and everything that is refused (contract, section 7).

Bad input of issue 8, and where each is tried with the contract's code:

| input | answered | test |
|---|---|---|
| a limit lowered below what is owed | taken, warned `credit-limit-exceeded`; 409 for what is bought then | a limit below what is owed |
| a settlement larger than the debt | 409 `overpayment` | more than is owed is taken only when asked for |
| a transaction settled by two tellers at once | 409 `already-settled` | a transaction is settled by one of two tellers |
| an inactive account bought on | 409 `account-not-active` | an inactive account is not bought on |
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from tests.ledger.running import TELLER_LIMIT_MINOR, RunningLedger
from tests.ledger.shop import DAILY, PATH, Shop

from branchtui.ledger.days import day_key
from branchtui.ledger.store import migrate
from branchtui.ledger.store.rows import ClosedDay

if TYPE_CHECKING:
    from branchtui.ledger.store.unit import BulkTx, Tx

pytestmark = pytest.mark.both_stores


@pytest.fixture
def shop(running_ledger: RunningLedger) -> Shop:
    return Shop(running_ledger)


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    found: dict[str, Any] = answer.json()
    return found


# ── opening ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_account_is_opened_with_its_opening_credit(shop: Shop) -> None:
    """Contract 7: the opening credit is a transaction that can be settled; its money is against the opening contra."""
    made = shop.open(opening_credit_minor=25_000, settle_every={"every": 1, "unit": "month", "nth": "last"})
    assert (made["owed_minor"], made["available_minor"], made["over_limit_minor"]) == (25_000, 75_000, 0)
    assert made["carry_forward_minor"] == 0
    assert len(made["next_settlements"]) == 5
    assert made["settle_every_words"] == "last day of the month"
    (opening,) = shop.transactions(made)
    assert (opening["type"], opening["amount_minor"], opening["open_minor"]) == ("opening", 25_000, 25_000)
    assert shop.ledger.balance_minor(made["id"]) == 25_000
    assert made["balances"][0]["balance_minor"] == 25_000


def test_the_customer_may_be_new(shop: Shop) -> None:
    """Contract 7: created inline when new, in the same transaction, and active at once."""
    person = {"branch_id": shop.ledger.branch("NKU").id, "first_name": "Akinyi", "last_name": "Odera"}
    made = shop.open(customer=person)
    customer = shop.api().get(f"/v1/customers/{made['customer_id']}", include="accounts").json()
    assert (customer["name"], customer["status"]) == ("Akinyi Odera", "active")
    assert {each["kind"] for each in customer["accounts"]} == {"wallet", "credit"}


def test_a_new_customer_is_refused_by_the_rules_of_customers(shop: Shop) -> None:
    """Contract 7: nothing half done: without a name there is neither customer nor account."""
    place = shop.ledger.branch("NKU").id
    before = shop.ledger.query("SELECT COUNT(*) FROM customers")
    wrong = shop.api().post(PATH, shop.new(customer={"branch_id": place, "first_name": "Akinyi"}))
    assert refused(wrong, 422, "validation")["errors"][0]["pointer"] == "/customer/last_name"
    assert shop.ledger.query("SELECT COUNT(*) FROM customers") == before


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"customer": None, "customer_id": None}, "/customer_id"),
        ({"opening_credit_minor": 100_001}, "/opening_credit_minor"),
        ({"statement_email": "not an address"}, "/statement_email"),
        ({"statement_email": "a@b.example\u202e"}, "/statement_email"),
        ({"currency": "UGX"}, "/currency"),
        ({"settle_every": {"every": 1, "unit": "week", "nth": 1}}, "/settle_every/nth"),
        ({"settle_every": {"every": 1, "unit": "day", "day_of_month": 3}}, "/settle_every/day_of_month"),
        ({"settle_every": {"every": 0, "unit": "day"}}, "/settle_every/every"),
        ({"settle_every": {"every": 1, "unit": "month", "nth": 2}}, "/settle_every/nth"),
        ({"max_credit_minor": -1}, "/max_credit_minor"),
    ],
    ids=str,
)
def test_values_that_break_a_rule_are_refused(shop: Shop, members: dict[str, Any], pointer: str) -> None:
    """Contract 7, 10: 422 with the member's pointer."""
    body = shop.new(customer_id=shop.ledger.add_member().id) | members
    answer = shop.api().post(PATH, body)
    found = refused(answer, 422, "validation")
    assert found["errors"][0]["pointer"] == pointer


def test_a_teller_opens_within_the_own_limit_and_no_further(shop: Shop) -> None:
    """Product, roles: credit without a bound, or beyond the own limit, is a supervisor's."""
    for members in (
        {"max_credit_minor": TELLER_LIMIT_MINOR + 1},
        {"max_credit_minor": None},
        {"restrict_credit": False},
    ):
        refused(shop.api().post(PATH, shop.new(**members)), 403, "needs-checker")
    assert shop.open(who="supervisor", max_credit_minor=None)["available_minor"] is None


def test_who_is_not_active_is_given_no_credit(shop: Shop) -> None:
    """Contract 7: 409 `customer-not-active`."""
    pending = shop.ledger.add_member(status="pending")
    refused(shop.api().post(PATH, shop.new(customer_id=pending.id)), 409, "customer-not-active")


def test_the_same_account_keyed_twice_is_asked_about(shop: Shop) -> None:
    """IDEM-11: the same user, customer and terms within ten minutes."""
    body = shop.new()
    assert shop.api().post(PATH, body).status_code == 201
    refused(shop.api().post(PATH, body), 409, "possible-duplicate")


# ── buying ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_purchase_beyond_the_limit_is_refused_with_its_figures(shop: Shop) -> None:
    """Contract 7: 409 `credit-limit-exceeded {owed, limit, available, over_by}`, and nothing is bought."""
    account = shop.open()
    bought = shop.buy(account, 60_000)
    assert (bought["owed_minor"], bought["available_minor"]) == (60_000, 40_000)
    found = refused(shop.send(account, "purchases", amount_minor=40_001), 409, "credit-limit-exceeded")
    assert {name: found[name] for name in ("owed", "limit", "available", "over_by")} == {
        "owed": 60_000,
        "limit": 100_000,
        "available": 40_000,
        "over_by": 1,
    }
    assert shop.buy(account, 40_000)["available_minor"] == 0


def test_a_limit_of_zero_is_no_credit_and_none_is_no_limit(shop: Shop) -> None:
    """Contract 7: `max_credit_minor` 0 and null."""
    none = shop.open(max_credit_minor=0)
    refused(shop.send(none, "purchases", amount_minor=1), 409, "credit-limit-exceeded")
    unbounded = shop.open(who="supervisor", max_credit_minor=None)
    assert shop.buy(unbounded, 5_000_000)["available_minor"] is None


def test_a_limit_that_does_not_restrict_warns(shop: Shop) -> None:
    """Contract 7: a logged warning when not restricted."""
    account = shop.open(who="supervisor", restrict_credit=False)
    bought = shop.buy(account, 100_500)
    (warning,) = bought["warnings"]
    assert (warning["code"], warning["over_by"]) == ("credit-limit-exceeded", 500)
    assert shop.now(account)["over_limit_minor"] == 500


def test_a_purchase_of_the_same_amount_needs_another_reference(shop: Shop) -> None:
    """IDEM-11: without a reference of the till the second one looks like a slip; with one it does not."""
    account = shop.open()
    bare = {"amount_minor": 700}
    path = f"{PATH}/{account['id']}/purchases"
    first = shop.api().post(path, bare)
    assert first.status_code == 201
    twin = refused(shop.api().post(path, bare), 409, "possible-duplicate")
    again = shop.api().post(path, bare, headers={"confirm-duplicate-of": twin["duplicate_of"]["key"]})
    assert again.status_code == 201
    shop.buy(account, 700)
    shop.buy(account, 700)


def test_the_same_key_buys_once(shop: Shop) -> None:
    """IDEM-8: a till that did not hear the answer sends the same again."""
    account = shop.open()
    body = {"amount_minor": 900, "pos_ref": shop.ref()}
    path, key = f"{PATH}/{account['id']}/purchases", "one-key-of-one-sale-0001"
    first = shop.api().post(path, body, key=key)
    second = shop.api().post(path, body, key=key)
    assert (first.json(), second.headers["idempotency-replayed"]) == (second.json(), "true")
    assert shop.now(account)["owed_minor"] == 900


def test_two_tills_at_once_never_pass_the_limit(shop: Shop) -> None:
    """INV-7: the limit is looked at inside the posting transaction; of forty purchases ten go through."""
    account = shop.open(max_credit_minor=10_000)
    with ThreadPoolExecutor(8) as tills:
        answers = list(
            tills.map(lambda _: shop.send(account, "purchases", amount_minor=1_000).status_code, range(40))
        )
    assert sorted(answers) == [201] * 10 + [409] * 30
    assert shop.now(account)["owed_minor"] == 10_000


def test_two_purchases_of_one_commit_do_not_pass_the_limit_together(shop: Shop) -> None:
    """INV-7: the second sees what the first has bought, though nothing of it is written yet."""
    account = shop.open(max_credit_minor=1_000)
    writer, begun, go_on = shop.ledger.core.writer, Event(), Event()

    def keep_the_writer(_: Tx) -> None:
        begun.set()
        go_on.wait()

    with ThreadPoolExecutor(3) as hands:
        hands.submit(shop.ledger.write, keep_the_writer)
        try:
            begun.wait()
            bought = [hands.submit(shop.send, account, "purchases", amount_minor=600) for _ in range(2)]
            while writer.waiting < len(bought) and not any(each.done() for each in bought):
                go_on.wait(0.001)
        finally:
            go_on.set()
    assert sorted(each.result().status_code for each in bought) == [201, 409]
    assert shop.now(account)["owed_minor"] == 600


def test_an_inactive_account_is_not_bought_on(shop: Shop) -> None:
    """Contract 7: 409 `account-not-active`; inactive needs zero, and settles before."""
    account = shop.open()
    shop.buy(account, 1_000)
    path = f"{PATH}/{account['id']}"
    owes = shop.api().patch(path, {"status": "inactive"}, if_match=1)
    assert refused(owes, 409, "transition-not-allowed")["from"] == "active"
    shop.settle(account)
    assert shop.api().patch(path, {"status": "inactive"}, if_match=1).status_code == 200
    refused(shop.send(account, "purchases", amount_minor=1), 409, "account-not-active")
    refused(shop.send(account, "settlements", tender="cash"), 409, "account-not-active")
    assert shop.api().patch(path, {"status": "active"}, if_match=2).status_code == 200
    shop.buy(account, 1)


def test_an_inactive_account_at_zero_is_paid_by_no_door(shop: Shop) -> None:
    """Contract 7: inactive needs zero; a payment is refused as a settlement is, keyed, given or given anew."""
    account = shop.open()
    assert shop.api().patch(f"{PATH}/{account['id']}", {"status": "inactive"}, if_match=1).status_code == 200
    key = {"customer_id": account["customer_id"], "amount_minor": 700, "currency": "KES", "tender": "cash"}
    refused(shop.api().post("/v1/payments", key | {"account_id": account["id"]}), 409, "account-not-active")
    payment = shop.api().post("/v1/payments", key).json()
    whither = {"customer_id": account["customer_id"], "account_id": account["id"]}
    path = f"/v1/payments/{payment['id']}"
    again = shop.api().post(
        f"{path}/reassign", whither | {"reason": "the shop's"}, if_match=payment["version"]
    )
    refused(again, 409, "account-not-active")
    waits = shop.api().post(f"{path}/disassociate", {"reason": "wrong"}, if_match=payment["version"]).json()
    given = shop.api().post(f"{path}/associate", whither, if_match=waits["version"])
    refused(given, 409, "account-not-active")
    assert shop.now(account)["owed_minor"] == 0


def test_what_is_owed_again_on_an_inactive_account_is_not_settled_on_a_closed_day(
    own_ledger: RunningLedger,
) -> None:
    """A cheque that bounced leaves it owing; a closed day takes no settlement of it either."""
    shop = Shop(own_ledger)
    account = shop.open()
    shop.buy(account, 1_000)
    paid = shop.settle(account)
    assert shop.api().patch(f"{PATH}/{account['id']}", {"status": "inactive"}, if_match=1).status_code == 200
    shop.bounce(paid)
    branch, day = own_ledger.branch("NKU"), own_ledger.today("NKU").isoformat()
    closed = ClosedDay(day_key(branch.id, day), branch.id, day, "supervisor", own_ledger.clock.now_us())
    own_ledger.write(lambda tx: tx.put(closed))
    refused(shop.send(account, "settlements", tender="card", reference="C-1"), 409, "day-closed")
    own_ledger.write(lambda tx: tx.remove(closed))
    assert shop.settle(account, tender="card", reference="C-1")["amount_minor"] == 1_000


def test_goods_given_back_settle_their_own_sale_first(shop: Shop) -> None:
    """Contract 7: a refund lowers what is owed; of its sale first, then of the oldest, then of what comes."""
    account = shop.open()
    shop.buy(account, 300)
    second = shop.buy(account, 500)
    refused(shop.send(account, "refunds", amount_minor=5), 403, "forbidden")
    given = shop.send(account, "refunds", who="supervisor", amount_minor=400, pos_ref=second["pos_ref"])
    assert (given.status_code, given.json()["owed_minor"]) == (201, 400)
    assert shop.opens(account) == [300, 100, 0]
    shop.send(account, "refunds", who="supervisor", amount_minor=600)
    assert shop.opens(account) == [0, 0, 0, -200]
    assert shop.now(account)["available_minor"] == 100_200
    shop.buy(account, 250)
    assert shop.opens(account) == [0, 0, 0, 0, 50]


def test_an_adjustment_goes_either_way_and_says_why(shop: Shop) -> None:
    """Ledger 0: by its sign against adjustments; upwards within the limit."""
    account = shop.open()

    def adjust(amount: int, why: str = "counted again") -> Any:
        return shop.send(account, "adjustments", who="supervisor", amount_minor=amount, narration=why)

    assert adjust(700).json()["owed_minor"] == 700
    assert adjust(-200).json()["owed_minor"] == 500
    refused(adjust(0), 422, "validation")
    refused(adjust(5, " "), 422, "validation")
    refused(adjust(99_501), 409, "credit-limit-exceeded")
    refused(shop.send(account, "adjustments", amount_minor=5, narration="no"), 403, "forbidden")


def test_nothing_is_bought_settled_or_taken_back_on_a_closed_day(shop: Shop) -> None:
    """Contract 7: 409 `day-closed` for each movement; what is owed stays what it was, and the next day goes on."""
    account = shop.open()
    shop.buy(account, 1_000)
    paid = shop.settle(account, mode="oldest_first", amount_minor=100)
    branch, day = shop.ledger.branch(shop.branch), shop.ledger.today().isoformat()
    closed = ClosedDay(day_key(branch.id, day), branch.id, day, "supervisor", shop.ledger.clock.now_us())
    shop.ledger.write(lambda tx: tx.put(closed))

    refused(shop.send(account, "purchases", amount_minor=500), 409, "day-closed")
    refused(shop.send(account, "refunds", who="supervisor", amount_minor=500), 409, "day-closed")
    wrong = shop.send(account, "adjustments", who="supervisor", amount_minor=-500, narration="an error")
    refused(wrong, 409, "day-closed")
    refused(shop.send(account, "settlements", tender="cash"), 409, "day-closed")
    back = shop.proved("supervisor").post(f"/v1/settlements/{paid['id']}/reverse", {"reason": "no funds"})
    refused(back, 409, "day-closed")
    assert shop.now(account)["owed_minor"] == 900

    shop.ledger.write(lambda tx: tx.remove(closed))
    shop.buy(account, 500)


# ── terms ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_limit_below_what_is_owed_is_taken_and_said(shop: Shop) -> None:
    """INV-7: later cuts of the limit are excepted and flagged; nothing more can be bought."""
    account = shop.open()
    shop.buy(account, 80_000)
    cut = shop.proved("teller").patch(f"{PATH}/{account['id']}", {"max_credit_minor": 50_000}, if_match=1)
    assert cut.status_code == 200, cut.text
    found = cut.json()
    assert (found["available_minor"], found["over_limit_minor"]) == (0, 30_000)
    assert found["warnings"][0]["over_by"] == 30_000
    refused(shop.send(account, "purchases", amount_minor=1), 409, "credit-limit-exceeded")
    shop.settle(account, mode="oldest_first", amount_minor=40_000)
    assert shop.buy(account, 10_000)["available_minor"] == 0


def test_terms_change_only_against_the_version_that_was_seen(shop: Shop) -> None:
    """CONC-2: 428 without, 412 with who changed what; what is bought meanwhile is no change of the terms."""
    account = shop.open(settle_every=DAILY, statement_email="shop@example.org")
    path = f"{PATH}/{account['id']}"
    shop.buy(account, 100)
    assert shop.api().patch(path, {"statement_email": None}).status_code == 428
    changed = shop.api().patch(path, {"statement_email": None, "settle_every": None}, if_match=1)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert changed.json()["next_settlements"] == []
    stale = refused(shop.api().patch(path, {"settle_every": DAILY}, if_match=1), 412, "precondition-failed")
    assert {each["field"] for each in stale["changed_fields"]} == {"statement_email", "settle_every"}
    assert stale["current"]["version"] == 2
    same = shop.api().patch(path, {"settle_every": None}, if_match=2)
    assert same.json()["version"] == 2


def test_a_limit_above_the_own_is_for_a_second_person(shop: Shop) -> None:
    """MC-1 to 5: the teller asks, the supervisor sees the difference and does it."""
    account = shop.open()
    body = {"max_credit_minor": TELLER_LIMIT_MINOR + 5}
    found = refused(
        shop.proved("teller").patch(f"{PATH}/{account['id']}", body, if_match=1), 403, "needs-checker"
    )
    asked = shop.api().post(
        "/v1/approvals",
        {
            "action": found["approval"],
            "object_id": account["id"],
            "object_version": 1,
            "body": body,
            "reason": "a good client",
        },
    )
    assert asked.status_code == 202, asked.text
    boss = shop.proved("supervisor")
    seen = boss.get(f"/v1/approvals/{asked.json()['approval_id']}").json()
    assert any(
        (line["before"], line["after"]) == ("1,000.00 KES", "100,000.05 KES") for line in seen["difference"]
    )
    done = boss.post(f"/v1/approvals/{seen['id']}/approve", {"difference_hash": seen["difference_hash"]})
    assert (done.status_code, done.json()["state"]) == (200, "approved")
    assert shop.now(account)["max_credit_minor"] == TELLER_LIMIT_MINOR + 5


# ── settling ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("tender", ["cash", "bank_transfer", "cheque", "card"])
def test_everything_is_settled_by_any_tender(shop: Shop, tender: str) -> None:
    """Contract 7: `all` needs no amount; the money is on the tender's own account."""
    account = shop.open(opening_credit_minor=100)
    shop.buy(account, 900)
    settled = shop.settle(account, tender=tender, reference="R-1")
    assert (settled["amount_minor"], settled["owed_minor"], settled["overpayment_minor"]) == (1_000, 0, 0)
    assert [line["amount_minor"] for line in settled["lines"]] == [100, 900]
    assert settled["balances"][0]["balance_minor"] == 0
    assert shop.opens(account) == [0, 0, 0]
    assert shop.api().get(f"/v1/settlements/{settled['id']}").json()["lines"] == settled["lines"]


def test_chosen_transactions_and_a_part_of_one_are_settled(shop: Shop) -> None:
    """Contract 7: `selected` lines, each whole or in part; the others stay open."""
    account = shop.open()
    first, second, third = (shop.buy(account, amount) for amount in (100, 200, 300))
    settled = shop.settle(
        account,
        mode="selected",
        lines=[
            {"transaction_id": third["id"], "amount_minor": 120},
            {"transaction_id": first["id"]},
        ],
    )
    assert settled["amount_minor"] == 220
    assert shop.opens(account) == [0, 200, 180, 0]
    assert shop.transactions(account, open=True)[0]["id"] == second["id"]


def test_the_oldest_are_settled_first(shop: Shop) -> None:
    """Contract 7: `oldest_first` with an amount."""
    account = shop.open()
    for amount in (100, 200, 300):
        shop.buy(account, amount)
    shop.settle(account, mode="oldest_first", amount_minor=250)
    assert shop.opens(account) == [0, 50, 300, 0]


def test_more_than_is_owed_is_taken_only_when_asked_for(shop: Shop) -> None:
    """Contract 7: a settlement larger than the debt; overpayment explicitly, and it pays what is bought next."""
    account = shop.open()
    shop.buy(account, 1_000)
    for mode in ("oldest_first", "all"):
        more = shop.send(account, "settlements", tender="cash", mode=mode, amount_minor=1_500)
        found = refused(more, 409, "overpayment")
        assert (found["owed"], found["over_by"]) == (1_000, 500)
    settled = shop.settle(account, mode="oldest_first", amount_minor=1_500, allow_overpayment=True)
    assert (settled["overpayment_minor"], settled["owed_minor"]) == (500, -500)
    assert shop.opens(account) == [0, -500]
    shop.buy(account, 700)
    assert shop.opens(account) == [0, 0, 200]
    again = shop.api().get(f"/v1/settlements/{settled['id']}").json()
    assert [line["amount_minor"] for line in again["lines"]] == [1_000, 500]


def test_all_means_what_was_seen(shop: Shop) -> None:
    """Contract 7, CONC-5: with an amount `all` is refused when more is owed now than was seen."""
    account = shop.open()
    shop.buy(account, 1_000)
    refused(shop.send(account, "settlements", tender="cash", amount_minor=900), 409, "batch-changed")
    shop.settle(account, amount_minor=1_000)
    refused(shop.send(account, "settlements", tender="cash"), 409, "already-settled")


def test_lines_that_cannot_be_settled_are_refused_as_a_whole(shop: Shop) -> None:
    """INV-10: more than is open, another account's, a credit, twice the same."""
    account, other = shop.open(), shop.open()
    bought, foreign = shop.buy(account, 500), shop.buy(other, 500)
    paid = shop.settle(
        account, mode="selected", lines=[{"transaction_id": bought["id"], "amount_minor": 100}]
    )

    def select(*lines: dict[str, Any], **more: Any) -> Any:
        return shop.send(account, "settlements", tender="cash", mode="selected", lines=list(lines), **more)

    one = {"transaction_id": bought["id"]}
    found = refused(select(one | {"amount_minor": 401}), 409, "already-settled")
    assert found["open_minor"] == 400
    refused(select({"transaction_id": foreign["id"]}), 404, "not-found")
    refused(select({"transaction_id": paid["transaction_id"]}), 422, "validation")
    refused(select(one, one), 422, "validation")
    refused(select(), 422, "validation")
    refused(select(one, amount_minor=399), 422, "validation")
    refused(select(one, amount_minor=401), 409, "overpayment")
    assert shop.opens(account) == [400, 0]


def test_a_transaction_is_settled_by_one_of_two_tellers(shop: Shop) -> None:
    """Bad input: both chose it; one settles it, the other hears that it is settled."""
    account = shop.open()
    bought = shop.buy(account, 500)
    lines = [{"transaction_id": bought["id"]}]

    def settle(who: str) -> Any:
        return shop.send(account, "settlements", who=who, tender="cash", mode="selected", lines=lines)

    with ThreadPoolExecutor(2) as tellers:
        answers = list(tellers.map(settle, ("teller", "teller-b")))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    late = next(answer for answer in answers if answer.status_code == 409)
    assert (late.json()["code"], late.json()["open_minor"]) == ("already-settled", 0)
    assert shop.opens(account) == [0, 0]


def test_a_bounced_cheque_opens_what_it_settled(shop: Shop) -> None:
    """Contract 7: the mirror of its entry; the same transactions are open again, by as much."""
    account = shop.open()
    first, second = shop.buy(account, 300), shop.buy(account, 500)
    cheque = {"number": "000123", "bank": "Umoja", "date": shop.ledger.today().isoformat()}
    settled = shop.settle(
        account,
        tender="cheque",
        cheque=cheque,
        mode="selected",
        lines=[{"transaction_id": second["id"], "amount_minor": 450}, {"transaction_id": first["id"]}],
    )
    assert (settled["cheque"], shop.opens(account)) == (cheque, [0, 50, 0])
    back = shop.bounce(settled)
    assert (back["state"], back["owed_minor"], back["lines"]) == ("reversed", 800, [])
    assert shop.opens(account) == [300, 500, 0, 0]
    again = shop.proved("supervisor").post(
        f"/v1/settlements/{settled['id']}/reverse", {"reason": "once more"}
    )
    refused(again, 409, "transition-not-allowed")
    assert [each["is_reversed"] for each in shop.transactions(account)] == [False, False, True, False]


def test_a_bounce_may_pass_the_limit_and_is_flagged(shop: Shop) -> None:
    """INV-7: a reversal cannot be refused for the limit; the account shows by how much it is over."""
    account = shop.open()
    shop.buy(account, 100_000)
    settled = shop.settle(account)
    shop.buy(account, 40_000)
    shop.bounce(settled)
    assert shop.now(account)["over_limit_minor"] == 40_000
    refused(shop.send(account, "purchases", amount_minor=1), 409, "credit-limit-exceeded")


def test_an_overpayment_that_was_used_is_opened_again(shop: Shop) -> None:
    """INV-10: the bounced cheque had paid in advance for what was bought later."""
    account = shop.open()
    shop.buy(account, 300)
    advance = shop.settle(account, mode="oldest_first", amount_minor=1_000, allow_overpayment=True)
    shop.settle(account, mode="oldest_first", amount_minor=50, allow_overpayment=True)
    shop.buy(account, 600)
    assert shop.opens(account) == [0, -100, -50, 0]
    shop.bounce(advance)
    assert shop.opens(account) == [250, 0, 0, 600, 0]


def test_a_teller_asks_for_a_reversal(shop: Shop) -> None:
    """Product, roles: reversals are a supervisor's; the teller files a request from the row."""
    account = shop.open()
    shop.buy(account, 300)
    settled = shop.settle(account)
    path = f"/v1/settlements/{settled['id']}"
    refused(shop.api().post(f"{path}/reverse", {"reason": "bounced"}), 403, "forbidden")
    assert settled["refused"]["reverse"]["approval"] == "settlement.reverse"
    asked = shop.api().post(
        "/v1/approvals",
        {
            "action": "settlement.reverse",
            "object_id": settled["id"],
            "object_version": 1,
            "body": {"reason": "the cheque bounced"},
            "reason": "the cheque bounced",
        },
    )
    assert asked.status_code == 202, asked.text
    boss = shop.proved("supervisor")
    done = boss.post(
        f"/v1/approvals/{asked.json()['id']}/approve", {"difference_hash": asked.json()["difference_hash"]}
    )
    assert done.status_code == 200, done.text
    assert shop.opens(account) == [300, 0, 0]


def test_large_purchases_and_settlements_go_by_approval(shop: Shop) -> None:
    """MC-2: what is above the teller's limit is asked for, checked anew, and done by who approves it."""
    account = shop.open(who="supervisor", max_credit_minor=3 * TELLER_LIMIT_MINOR)
    amount = TELLER_LIMIT_MINOR + 1
    for what, action, body in (
        ("purchases", "credit-account.purchase", {"amount_minor": amount, "pos_ref": shop.ref()}),
        ("settlements", "credit-account.settle", {"tender": "bank_transfer", "mode": "all"}),
    ):
        found = refused(shop.send(account, what, **body), 403, "needs-checker")
        assert found["approval"] == action
        asked = shop.api().post(
            "/v1/approvals",
            {
                "action": action,
                "object_id": account["id"],
                "object_version": 1,
                "body": body,
                "reason": "a large one",
            },
        )
        assert asked.status_code == 202, asked.text
        done = shop.proved("supervisor").post(
            f"/v1/approvals/{asked.json()['id']}/approve",
            {"difference_hash": asked.json()["difference_hash"]},
        )
        assert done.status_code == 200, done.text
    assert shop.now(account)["owed_minor"] == 0
    assert [each["type"] for each in shop.transactions(account)] == ["purchase", "settlement"]


# ── payments that are given to a credit account ─────────────────────────────────────────────────────────────────────


def test_a_payment_settles_the_oldest_and_its_disassociation_opens_them(
    running_ledger: RunningLedger,
) -> None:
    """Contract 5: a credit account that the money pays; taken back, what it settled is open again."""
    from tests.ledger.till import open_till

    shop, till = Shop(running_ledger), open_till(running_ledger)
    account = shop.open(customer_id=till.id_of("000102"), max_credit_minor=500_000)
    shop.buy(account, 100_000)
    shop.buy(account, 100_000)
    given = till.give(till.waiting(), "000102", account_id=account["id"])
    assert given.status_code == 200, given.text
    assert shop.opens(account) == [0, 50_000, 0]
    assert shop.transactions(account)[2]["type"] == "payment"
    back = till.take_back(given.json())
    assert back.status_code == 200, back.text
    assert shop.opens(account) == [100_000, 100_000, 0, 0]


# ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_accounts_are_found_by_customer_number_and_status(shop: Shop) -> None:
    """Contract 7: by name unless another order is asked for; searched by name, number and phone."""
    place = shop.ledger.branch("NKU").id
    person = {
        "branch_id": place,
        "first_name": "Zawadi",
        "last_name": "Kipchoge",
        "mobile_no": "0799 123 456",
    }
    made = shop.open(customer=person, opening_credit_minor=70_000)
    api = shop.api()
    for q in ("zawadi kip", "za", made["account_no"], made["customer"]["customer_no"], "0799 123"):
        found = api.get(PATH, q=q).json()["items"]
        assert [each["id"] for each in found] == [made["id"]], q
    assert api.get(PATH, q="zawadi", status="inactive").json()["items"] == []
    assert api.get(PATH, customer=made["customer_id"]).json()["items"][0]["owed_minor"] == 70_000
    names = [each["customer"]["name"] for each in api.pages(PATH)]
    assert names == sorted(names, key=str.casefold)
    assert api.get(PATH, sort="owed").json()["items"][0]["owed_minor"] >= 70_000
    assert shop.ledger.sign_in("teller2").get(PATH, q="zawadi").json()["items"] == []
    assert api.get(PATH, over_limit="true").status_code == 200


def test_a_renamed_customer_is_listed_under_the_new_name(shop: Shop) -> None:
    """The engine keeps the list's order by the customer's own name."""
    from dataclasses import replace

    from branchtui.ledger.store.rows import Customer

    made = shop.open()

    def rename(tx: Any) -> None:
        customer = tx.get(Customer, made["customer_id"])
        tx.put(replace(customer, name="Aaa", name_key="aaa renamed", version=customer.version + 1))

    shop.ledger.write(rename)
    assert shop.api().get(PATH).json()["items"][0]["id"] == made["id"]


def test_the_next_dates_of_a_rhythm_are_shown_before_it_is_kept(shop: Shop) -> None:
    """Contract 7: what the form shows while a rhythm is keyed."""
    answer = shop.api().get(
        f"{PATH}/settlement-dates", every=3, unit="week", weekday="mon", anchor="2026-10-07"
    )
    assert answer.json()["words"] == "first Monday after every 3 weeks"
    assert len(answer.json()["next_settlements"]) == 5
    wrong = shop.api().get(f"{PATH}/settlement-dates", every=1, unit="day", nth="last")
    assert refused(wrong, 422, "validation")["errors"][0]["pointer"] == "/nth"


def test_accounts_are_listed_by_their_next_settlement(own_ledger: RunningLedger) -> None:
    """Issue 8, PAGE-1: the next date first, who has none behind all of them; the same walked back, and from any day."""
    shop = Shop(own_ledger)
    rhythms: list[dict[str, Any] | None] = [{"every": 1, "unit": "month", "nth": "last"}, None, DAILY]
    made = [shop.open(settle_every=rhythms[number % 3]) for number in range(9)]
    dates = {each["id"]: (each["next_settlements"] or ["9999-12-31"])[0] for each in made}
    expected = sorted(dates, key=lambda each: (dates[each], each))

    def walk(turn: str, **first: Any) -> list[str]:
        found: list[str] = []
        asked: dict[str, Any] | None = first
        while asked is not None:
            page = shop.api().get(PATH, sort="next_settlement", status="active", **asked).json()
            ids = [each["id"] for each in page["items"]]
            found = [*ids, *found] if turn == "prev" else [*found, *ids]
            asked = {"cursor": page[turn], "limit": first["limit"]} if page[turn] else None
        return found

    for limit in (1, 2, 50):
        assert walk("next", limit=limit) == expected
        assert walk("prev", limit=limit, anchor="last") == expected
        for day in set(dates.values()):
            assert walk("next", limit=limit, anchor=f"key:{day}") == [
                each for each in expected if dates[each] >= day
            ]
    paid = shop.now(made[2])
    later = {"settle_every": {"every": 300, "unit": "day", "anchor": "2028-01-01"}}
    assert shop.api().patch(f"{PATH}/{paid['id']}", later, if_match=1).status_code == 200
    assert walk("next", limit=50)[5] == paid["id"]


def test_a_ledger_of_before_gets_the_order_by_settlement(own_ledger: RunningLedger) -> None:
    """The migration adds the column and its indexes where they are missing; rows that stand there are in their place."""
    shop = Shop(own_ledger)
    without, daily = shop.open(), shop.open(settle_every=DAILY)
    at_now = migrate.head()

    def forget(tx: BulkTx) -> None:
        for index in ("", "status_", "branch_", "branch_status_"):
            tx.connection.execute(f"DROP INDEX credit_accounts_{index}settles")
        tx.connection.execute("ALTER TABLE credit_accounts DROP COLUMN settles_on")
        tx.connection.execute("UPDATE alembic_version SET version_num = 'counter_r0003'")

    own_ledger.bulk(forget)
    connection = own_ledger.store.connect()
    try:
        assert migrate.upgrade(connection) == "counter_r0003"
        assert migrate.current(connection) == at_now
    finally:
        connection.close()
    found = shop.api().get(PATH, sort="next_settlement").json()["items"]
    assert [each["id"] for each in found] == [daily["id"], without["id"]]


def test_one_transaction_is_read_by_itself(shop: Shop) -> None:
    """Issue 8: as it stands in the list, with what of it is open; another account's is not there."""
    account, other = shop.open(), shop.open()
    bought = shop.buy(account, 3_000)
    shop.settle(account, mode="oldest_first", amount_minor=1_200)
    path = f"{PATH}/{account['id']}/transactions/{bought['id']}"
    (listed,) = [each for each in shop.transactions(account) if each["id"] == bought["id"]]
    found = shop.api().get(path)
    assert (found.status_code, found.json()) == (200, listed)
    assert found.json()["open_minor"] == 1_800
    for wrong in (f"{PATH}/{other['id']}/transactions/{bought['id']}", f"{path}0"):
        assert refused(shop.api().get(wrong), 404, "not-found")
    assert refused(shop.ledger.sign_in("teller2").get(path), 404, "not-found")
