"""Plans and vouchers: what a wallet buys, exactly once, and never more than it holds."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.running import RunningLedger, fresh_key
from tests.ledger.till import Till, open_till
from tests.ledger.vouchers import fill_wallet, fresh_customer, new_plan, prove, sell, sold
from tests.ledger.workflows.test_manual_payments import held
from tests.ledger.workflows.test_payments import refused

from branchtui.ledger.voucher_codes import ALPHABET, folded_code, hidden_code, voucher_code

pytestmark = pytest.mark.both_stores

CODE = re.compile(f"[{ALPHABET}]{{4}}(-[{ALPHABET}]{{4}}){{2}}")


@pytest.fixture(scope="module")
def till(running_ledger: RunningLedger) -> Till:
    return open_till(running_ledger)


@pytest.fixture
def own_till(new_ledger: Callable[[Path], str], tmp_path: Path) -> Iterator[Till]:
    with RunningLedger(new_ledger(tmp_path)) as ledger:
        yield open_till(ledger)
        ledger.check()


def reverse(till: Till, voucher: dict[str, Any], *, who: str = "supervisor", **options: Any) -> Any:
    prove(till, who)
    return ask_to_reverse(till, voucher, who=who, **options)


def ask_to_reverse(till: Till, voucher: dict[str, Any], *, who: str = "supervisor", **options: Any) -> Any:
    options.setdefault("if_match", voucher["version"])
    return till.api(who).post(
        f"/v1/vouchers/{voucher['id']}/reverse", {"reason": "the wrong plan"}, **options
    )


# ── plans ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_plan_is_kept_by_administrators_and_changes_only_later_sales(till: Till) -> None:
    """Contract, section 5: code, name, price, currency, validity, active; a voucher stays as it was sold."""
    plan = new_plan(till, price_minor=5_000, days=7, name="Seven days")
    assert (plan["price_minor"], plan["validity_days"], plan["active"]) == (5_000, 7, True)
    customer = fresh_customer(till, 20_000)
    voucher = sold(till, customer, plan)
    admin, path = till.api("administrator"), f"/v1/plans/{plan['id']}"
    dearer = admin.patch(path, {"price_minor": 6_000, "name": "A week"}, if_match=1)
    assert (dearer.status_code, dearer.json()["version"]) == (200, 2)
    assert refused(admin.patch(path, {"name": "Late"}, if_match=1)) == (412, "precondition-failed")
    shown = till.api("teller").get(f"/v1/vouchers/{voucher['id']}").json()
    assert (shown["price_minor"], shown["plan_name"]) == (5_000, "Seven days")
    assert refused(admin.post("/v1/plans", {**_new(plan), "name": "Twice"})) == (409, "reference-taken")
    assert refused(admin.patch(path, {"price_minor": 0}, if_match=2)) == (422, "validation")
    assert refused(admin.post("/v1/plans", _new(plan) | {"currency": "ZZZ"})) == (422, "validation")
    named = till.api("teller").get("/v1/plans", q=plan["code"].lower()).json()["items"]
    assert [(each["id"], each["actions"]) for each in named] == [(plan["id"], [])]
    assert refused(till.api("supervisor").patch(path, {"name": "Mine"}, if_match=2)) == (403, "forbidden")


def _new(plan: dict[str, Any]) -> dict[str, Any]:
    return {name: plan[name] for name in ("code", "name", "price_minor", "currency", "validity_days")}


# ── sold ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_voucher_takes_its_price_from_the_wallet_and_is_revenue(till: Till) -> None:
    """Ledger, section 0: the wallet against revenue, in one entry; the answer has the new balance and the code."""
    plan, customer = new_plan(till, price_minor=5_000, days=3), fresh_customer(till, 12_000)
    earned = held(till, "revenue")
    answer = sell(till, customer, plan)
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"'), answer.text
    voucher = answer.json()
    assert answer.headers["location"] == f"/v1/vouchers/{voucher['id']}"
    assert (voucher["state"], voucher["sold_by"], voucher["plan_code"]) == ("valid", "teller", plan["code"])
    assert CODE.fullmatch(voucher["code"]), voucher["code"]
    sold_at, ends = (datetime.fromisoformat(voucher[name]) for name in ("sold_at", "expires_at"))
    assert ends - sold_at == timedelta(days=3)
    assert [each["balance_minor"] for each in voucher["balances"]] == [7_000]
    assert till.balance(customer) == 7_000
    assert held(till, "revenue") == earned - 5_000
    entries = till.ledger.query(
        "SELECT id, kind, reference FROM journal_entries WHERE subject_id = ?", voucher["id"]
    )
    assert entries == [(voucher["transaction_id"], "voucher.sell", voucher["voucher_no"])]
    shown = till.api("teller").get(f"/v1/vouchers/{voucher['id']}").json()
    assert {**voucher, "balances": []} == shown


def test_the_code_stands_in_no_log(till: Till) -> None:
    """Whoever has the code has the voucher: journal, audit chain and operations tell its number."""
    voucher = sold(till, fresh_customer(till, 5_000), new_plan(till))
    audited = till.ledger.query("SELECT after FROM audit WHERE object = ?", f"/v1/vouchers/{voucher['id']}")
    assert len(audited) == 1
    assert voucher["voucher_no"] in audited[0][0]
    assert voucher["code"] not in str(audited)
    told = till.ledger.query(
        "SELECT summary FROM operations WHERE resource = ?", f"/v1/vouchers/{voucher['id']}"
    )
    assert voucher["code"] not in str(told)
    legs = till.api("teller").get(f"/v1/transactions/{voucher['transaction_id']}").text
    assert voucher["code"] not in legs
    seen = till.api("auditor").get(f"/v1/vouchers/{voucher['id']}").json()
    assert seen["code"] == hidden_code(voucher["code"])


def test_a_wallet_that_is_short_buys_nothing(till: Till) -> None:
    """Contract, section 5: 409 `insufficient-balance`, by one cent too, and nothing is left of it."""
    plan, customer = new_plan(till, price_minor=5_000), fresh_customer(till, 4_999)
    answer = sell(till, customer, plan)
    assert refused(answer) == (409, "insufficient-balance")
    assert answer.json()["balance_minor"] == 4_999
    assert till.balance(customer) == 4_999
    assert till.api("teller").get(f"/v1/customers/{till.id_of(customer)}/vouchers").json()["items"] == []


def test_of_eight_sales_at_once_the_wallet_pays_for_two(till: Till) -> None:
    """The balance is looked at inside the posting transaction: the wallet never goes below zero."""
    plan, customer = new_plan(till, price_minor=5_000), fresh_customer(till, 10_000)
    plans = [new_plan(till, price_minor=5_000) for _ in range(7)] + [plan]
    with ThreadPoolExecutor(8) as tills:
        answers = list(tills.map(lambda each: sell(till, customer, each), plans))
    assert sorted(each.status_code for each in answers) == [201] * 2 + [409] * 6
    assert {refused(each)[1] for each in answers if each.status_code == 409} == {"insufficient-balance"}
    assert till.balance(customer) == 0
    till.ledger.check()


def test_the_same_key_sells_one_voucher_however_often_it_comes(till: Till) -> None:
    """IDEM-4: sent again, also at once, the answer is the first one with the same code."""
    plan, customer, key = new_plan(till), fresh_customer(till, 20_000), fresh_key()
    with ThreadPoolExecutor(4) as tills:
        answers = list(tills.map(lambda _: sell(till, customer, plan, key=key), range(4)))
    assert {each.status_code for each in answers} == {201}
    assert len({each.json()["code"] for each in answers}) == 1
    assert till.balance(customer) == 15_000


def test_the_same_sale_keyed_again_is_questioned(till: Till) -> None:
    """IDEM-11: another key, the same plan for the same customer a moment later; confirmed, it is a second voucher."""
    plan, customer = new_plan(till), fresh_customer(till, 20_000)
    first = sold(till, customer, plan)
    again = sell(till, customer, plan)
    assert refused(again) == (409, "possible-duplicate")
    confirmed = {"confirm-duplicate-of": again.json()["duplicate_of"]["key"]}
    second = sell(till, customer, plan, headers=confirmed)
    assert second.status_code == 201
    assert second.json()["code"] != first["code"]
    assert till.balance(customer) == 10_000


def test_what_may_not_be_sold_is_refused_and_moves_nothing(till: Till) -> None:
    """A plan that is sold no more, one of another currency or price, a customer who is not active or not ours."""
    plan, customer = new_plan(till), fresh_customer(till, 50_000)
    gone, foreign = new_plan(till), new_plan(till, currency="UGX")
    till.api("administrator").patch(f"/v1/plans/{gone['id']}", {"active": False}, if_match=1)
    assert refused(sell(till, customer, gone)) == (422, "validation")
    assert refused(sell(till, customer, foreign)) == (409, "account-not-open")
    dearer = sell(till, customer, plan | {"price_minor": 4_000})
    assert refused(dearer) == (409, "batch-changed")
    assert dearer.json()["price_minor"] == 5_000
    assert refused(sell(till, customer, plan | {"id": "no-such-plan"})) == (404, "not-found")
    assert refused(sell(till, customer, plan, who="teller2")) == (404, "not-found")
    assert refused(sell(till, customer, plan, who="auditor")) == (403, "forbidden")
    till.ledger.bulk(
        lambda tx: tx.connection.execute(
            "UPDATE customers SET status = 'closed' WHERE customer_no = ?", (customer,)
        )
    )
    assert refused(sell(till, customer, plan)) == (409, "customer-not-active")
    assert till.balance(customer) == 50_000


def test_nothing_is_sold_or_taken_back_on_a_closed_day(own_till: Till) -> None:
    """409 `day-closed`."""
    plan = new_plan(own_till)
    fill_wallet(own_till, "000101", 20_000)
    voucher = sold(own_till, "000101", plan)
    today, branch = own_till.ledger.today().isoformat(), own_till.ledger.branch("NKU").id
    own_till.ledger.bulk(
        lambda tx: tx.connection.execute(
            "INSERT INTO closed_days(id, branch_id, date, closed_by, closed_at) VALUES (?, ?, ?, 'supervisor', 1)",
            (f"{branch}:{today}", branch, today),
        )
    )
    assert refused(sell(own_till, "000101", new_plan(own_till))) == (409, "day-closed")
    assert refused(reverse(own_till, voucher)) == (409, "day-closed")


def test_the_effect_tells_the_wallet_before_and_after_and_does_nothing(till: Till) -> None:
    """What the confirmation shows is the ledger's own reckoning, refused as the sale would be."""
    plan, customer = new_plan(till, price_minor=5_000), fresh_customer(till, 9_000)
    path = f"/v1/customers/{till.id_of(customer)}/vouchers/effect"
    found = till.api("teller").get(path, plan_id=plan["id"]).json()
    assert (found["change"]["before_minor"], found["change"]["after_minor"]) == (9_000, 4_000)
    assert found["plan"]["code"] == plan["code"]
    dear = new_plan(till, price_minor=9_001)
    assert refused(till.api("teller").get(path, plan_id=dear["id"])) == (409, "insufficient-balance")
    assert till.balance(customer) == 9_000


# ── found again, printed ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_voucher_is_found_by_customer_number_code_and_in_the_log(till: Till) -> None:
    """A lost slip: the customer's vouchers, the number, the code in any writing, and the log of money."""
    customer = fresh_customer(till, 10_000)
    first, second = (sold(till, customer, new_plan(till)) for _ in range(2))
    api, path = till.api("teller"), f"/v1/customers/{till.id_of(customer)}/vouchers"
    assert [each["code"] for each in api.get(path).json()["items"]] == [second["code"], first["code"]]
    for q in (first["voucher_no"].lower(), first["code"].lower().replace("-", " ")):
        assert [each["id"] for each in api.get("/v1/vouchers", q=q).json()["items"]] == [first["id"]]
        logged = api.get("/v1/transactions", q=q).json()["items"]
        assert [each["id"] for each in logged] == [first["transaction_id"]]
        assert refused(api.get("/v1/vouchers", q=q, customer="nobody")) == (404, "not-found")
    assert till.api("teller2").get("/v1/vouchers", q=first["voucher_no"]).json()["items"] == []
    assert reverse(till, second).status_code == 200
    for state, wanted in (("valid", [first]), ("reversed", [second]), ("expired", [])):
        found = api.get(path, state=state).json()["items"]
        assert [each["id"] for each in found] == [each["id"] for each in wanted], state


def test_a_voucher_ends_by_itself(own_till: Till) -> None:
    """Its state follows the clock; nothing has to run for it."""
    fill_wallet(own_till, "000101", 5_000)
    voucher = sold(own_till, "000101", new_plan(own_till, days=2))
    path = f"/v1/vouchers/{voucher['id']}"
    own_till.ledger.clock.advance(days=2, seconds=-60)
    fresh = own_till.ledger.sign_in("teller", fresh=True)
    assert fresh.get(path).json()["state"] == "valid"
    own_till.ledger.clock.advance(seconds=60)
    assert fresh.get(path).json()["state"] == "expired"
    ended = fresh.get(f"/v1/customers/{voucher['customer_id']}/vouchers", state="expired").json()["items"]
    assert [each["id"] for each in ended] == [voucher["id"]]


@pytest.mark.parametrize("columns", [40, 80])
def test_the_slip_has_the_code_and_a_reprint_says_copy(till: Till, columns: int) -> None:
    """Printed as a receipt is, with a check code of its own; taken back, the paper has no code any more."""
    voucher = sold(till, fresh_customer(till, 5_000), new_plan(till, name="A day of surfing"))
    path = f"/v1/vouchers/{voucher['id']}/receipts"
    first = till.api("teller").post(path, {"columns": columns}).json()
    text = "\n".join(first["lines"])
    for wanted in (voucher["code"], voucher["voucher_no"], "A day of surfing", "50.00 KES", "Valid until"):
        assert wanted in text, (wanted, text)
    assert "COPY" not in text
    assert {len(line) <= columns for line in first["lines"]} == {True}
    log = f"/v1/transactions/{voucher['transaction_id']}/receipts"
    again = till.api("supervisor").post(log, {"columns": columns}).json()
    assert (again["receipt_no"], again["copy_no"]) == (first["receipt_no"], 1)
    assert voucher["code"] in "\n".join(again["lines"])
    assert reverse(till, voucher).status_code == 200
    gone = "\n".join(till.api("teller").post(path, {"columns": columns}).json()["lines"])
    assert "TAKEN BACK SINCE" in gone
    assert voucher["code"] not in gone


def test_it_counts_as_revenue_of_the_day_and_not_as_takings(own_till: Till) -> None:
    """Dashboard and day report: revenue booked; no tender had a part in it. A reversal takes it out again."""
    fill_wallet(own_till, "000101", 10_000)
    voucher = sold(own_till, "000101", new_plan(own_till, price_minor=4_000))
    api = own_till.api("teller")

    def revenue() -> int:
        found: int = api.get("/v1/dashboard").json()["days"][-1]["revenue_minor"]
        return found

    assert revenue() == 4_000
    found = api.get("/v1/reports/day").json()
    lines = [each for each in found["report"] if each["kind"] == "voucher.sell"]
    assert [(each["count"], each["moved_minor"], each["tender"]) for each in lines] == [(1, 4_000, None)]
    assert sum(each["received_minor"] for each in found["takings"]) == 10_000
    assert reverse(own_till, voucher).status_code == 200
    assert revenue() == 0


# ── taken back ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sale_keyed_wrongly_is_taken_back_by_a_supervisor_once(till: Till) -> None:
    """The mirror of its entry; the money is in the wallet again, the code is worth nothing."""
    customer = fresh_customer(till, 5_000)
    voucher = sold(till, customer, new_plan(till))
    assert voucher["refused"]["reverse"]["code"] == "needs-checker"
    assert refused(reverse(till, voucher, who="teller")) == (403, "needs-checker")
    assert refused(reverse(till, voucher, if_match=2)) == (412, "precondition-failed")
    prove(till, "supervisor")
    with ThreadPoolExecutor(2) as pair:
        answers = list(pair.map(lambda _: ask_to_reverse(till, voucher), range(2)))
    assert sorted(each.status_code for each in answers) == [200, 412]
    done = next(each.json() for each in answers if each.status_code == 200)
    assert (done["state"], done["reversal_reason"]) == ("reversed", "the wrong plan")
    assert [each["balance_minor"] for each in done["balances"]] == [5_000]
    assert till.balance(customer) == 5_000
    again = reverse(till, done)
    assert refused(again) == (409, "transition-not-allowed")
    till.ledger.check()


def test_a_teller_asks_and_a_supervisor_allows_the_reversal(till: Till) -> None:
    """MC-1 to 5: the refusal names what may be asked for, and the request shows the wallet before and after."""
    customer = fresh_customer(till, 5_000)
    voucher = sold(till, customer, new_plan(till))
    wanted = {
        "action": voucher["refused"]["reverse"]["approval"],
        "object_id": voucher["id"],
        "object_version": 1,
        "body": {"reason": "the wrong plan"},
        "reason": "the wrong plan",
    }
    filed = till.api("teller").post("/v1/approvals", wanted)
    assert filed.status_code == 202, filed.text
    request = filed.json()
    assert {
        "field": f"Wallet {voucher['balances'][0]['account_no']}",
        "before": "0.00 KES",
        "after": "50.00 KES",
    } in (request["difference"])
    prove(till, "supervisor")
    path = f"/v1/approvals/{request['id']}/approve"
    done = till.api("supervisor").post(path, {"difference_hash": request["difference_hash"]})
    assert done.status_code == 200, done.text
    assert till.balance(customer) == 5_000


# ── codes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_codes_cannot_be_taken_for_each_other_and_are_read_in_any_writing() -> None:
    """No 0 and O, no 1, I and L; another voucher or another institution has another code."""
    assert not set("01OIL") & set(ALPHABET)
    codes = {voucher_code(b"secret", f"voucher-{place}") for place in range(2_000)}
    assert len(codes) == 2_000
    assert all(CODE.fullmatch(code) for code in codes)
    code = voucher_code(b"secret", "voucher")
    assert code != voucher_code(b"another", "voucher")
    assert folded_code(f" {code.lower().replace('-', '')} ") == code
    assert folded_code("V000001") is None
    assert folded_code("AAAA-AAAA-AAA0") is None
    assert hidden_code(code) == f"****-****-{code[-4:]}"
