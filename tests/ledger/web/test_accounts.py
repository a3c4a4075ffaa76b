"""Loans with their schedules, payouts, offsets: never more than is held or owed, the effect shown before (section 3)."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from tests.ledger.members import (
    account,
    add_product,
    balance,
    enter,
    hold,
    ok,
    refused,
    supervisor,
    teller,
    today,
    wrong,
)
from tests.ledger.running import TELLER_LIMIT_MINOR, RunningLedger

pytestmark = pytest.mark.both_stores

TERMS = {
    "principal_minor": 1_200_000,
    "rate": "12",
    "method": "flat",
    "start_date": "2026-01-31",
    "instalments": 12,
}


def lend(ledger: RunningLedger, customer: dict[str, Any], **loan: Any) -> dict[str, Any]:
    body = {"kind": "loan", "currency": "KES", "loan": TERMS | loan}
    return ok(teller(ledger).post(f"/v1/customers/{customer['id']}/accounts", body), 201)


def schedule(ledger: RunningLedger, loan: dict[str, Any]) -> dict[str, Any]:
    return ok(teller(ledger).get(f"/v1/accounts/{loan['id']}/schedule"))


def pay_out(ledger: RunningLedger, held: dict[str, Any], amount_minor: int, **more: Any) -> Any:
    who = more.pop("who", "supervisor")
    options = {name: more.pop(name) for name in ("key", "headers") if name in more}
    body = {"amount_minor": amount_minor, "tender": "cash"} | more
    return ledger.sign_in(who).post(f"/v1/accounts/{held['id']}/payouts", body, **options)


def offset(
    ledger: RunningLedger, loan: dict[str, Any], source: dict[str, Any], amount_minor: int, **more: Any
) -> Any:
    who = more.pop("who", "teller")
    body = {"from_account_id": source["id"], "amount_minor": amount_minor}
    return ledger.sign_in(who).post(f"/v1/accounts/{loan['id']}/offset", body, **more)


def test_a_loan_opens_with_terms_and_owes_what_is_posted(running_ledger: RunningLedger) -> None:
    """Contract, section 3: principal, interest due, schedule and status; opening moves no money (decision 0030)."""
    customer = enter(running_ledger)
    product = add_product(running_ledger, "loan")
    day = running_ledger.today("NKU")
    start = (day - timedelta(days=45)).isoformat()
    body = {
        "kind": "loan",
        "currency": "KES",
        "product": product["name"],
        "loan": TERMS | {"start_date": start},
    }
    path = f"/v1/customers/{customer['id']}/accounts"
    answer = teller(running_ledger).post(path, body)
    loan = ok(answer, 201)
    assert answer.headers["location"] == f"/v1/accounts/{loan['id']}"
    assert (loan["balance_minor"], loan["loan"]["status"], loan["product"]) == (0, "agreed", product["code"])
    found = schedule(running_ledger, loan)
    assert [(each["principal_minor"], each["interest_minor"]) for each in found["instalments"]] == [
        (100_000, 12_000)
    ] * 12
    assert found["owed_minor"] == 0
    whole = 12 * 112_000
    hold(running_ledger, customer, "loan", whole)
    seen = ok(teller(running_ledger).get(f"/v1/accounts/{loan['id']}"))
    assert (seen["balance_minor"], seen["loan"]["status"]) == (whole, "in_arrears")
    assert seen["loan"]["overdue_minor"] == 112_000
    assert seen["loan"]["interest_due_minor"] == 12_000
    assert (seen["loan"]["principal_open_minor"], seen["loan"]["next_due_minor"]) == (1_200_000, 112_000)
    assert account(running_ledger, customer, "loan")["loan"]["status"] == "in_arrears"


def test_a_schedule_may_come_as_an_older_system_has_it(running_ledger: RunningLedger) -> None:
    """Contract, section 3: or with its schedule as an older system has it."""
    customer = enter(running_ledger)
    given = [
        {"due_date": "2026-03-01", "principal_minor": 700, "interest_minor": 70},
        {"due_date": "2026-05-01", "principal_minor": 300},
    ]
    loan = lend(
        running_ledger,
        customer,
        principal_minor=1_000,
        rate=None,
        schedule=given,
        instalments=None,
        start_date="2026-02-01",
    )
    assert (loan["loan"]["method"], loan["loan"]["instalments"], loan["loan"]["interest_minor"]) == (
        "given",
        2,
        70,
    )
    hold(running_ledger, customer, "loan", 300)
    found = schedule(running_ledger, loan)
    assert next((each["status"], each["paid_minor"]) for each in found["instalments"]) == ("paid", 770)


@pytest.mark.parametrize(
    ("loan", "pointer"),
    [
        (TERMS | {"rate": None}, "/loan/rate"),
        (TERMS | {"rate": "1e3"}, "/loan/rate"),
        (TERMS | {"instalments": None}, "/loan/instalments"),
        (TERMS | {"instalments": 601}, "/loan/instalments"),
        (TERMS | {"principal_minor": 0}, "/loan/principal_minor"),
        (TERMS | {"method": "given"}, "/loan/schedule"),
        (TERMS | {"start_date": "9999-12-01"}, "/loan/start_date"),
        (TERMS | {"schedule": [{"due_date": "2026-03-01", "principal_minor": 1}]}, "/loan/instalments"),
        (
            TERMS | {"instalments": 1, "schedule": [{"due_date": "2026-03-01", "principal_minor": 1}]},
            "/loan/schedule",
        ),
        (
            {
                "principal_minor": 5,
                "start_date": "2026-02-01",
                "schedule": [{"due_date": "2026-01-01", "principal_minor": 5}],
            },
            "/loan/schedule/0/due_date",
        ),
    ],
)
def test_terms_that_are_none_are_refused(
    running_ledger: RunningLedger, loan: dict[str, Any], pointer: str
) -> None:
    """Contract, section 10: 422 with a pointer."""
    customer = enter(running_ledger)
    body = {"kind": "loan", "currency": "KES", "loan": loan}
    wrong(teller(running_ledger).post(f"/v1/customers/{customer['id']}/accounts", body), pointer)
    savings = {"kind": "savings", "currency": "KES", "loan": TERMS}
    wrong(teller(running_ledger).post(f"/v1/customers/{customer['id']}/accounts", savings), "/loan")


@pytest.mark.parametrize("kind", ["savings", "shares", "overpayment"])
def test_a_loan_is_offset_in_part_with_its_effect_shown_before(
    running_ledger: RunningLedger, kind: str
) -> None:
    """Offset from savings, shares or overpayment, the effect shown before `y`; partial."""
    customer, api = enter(running_ledger), teller(running_ledger)
    loan = hold(running_ledger, customer, "loan", 10_000)
    source = hold(running_ledger, customer, kind, 6_000)
    effect = ok(
        api.get(f"/v1/accounts/{loan['id']}/offset/effect", from_account_id=source["id"], amount_minor=2_500)
    )
    assert (effect["entry_id"], effect["max_minor"]) == (None, 6_000)
    shown = {each["kind"]: (each["before_minor"], each["after_minor"]) for each in effect["changes"]}
    assert shown == {kind: (6_000, 3_500), "loan": (10_000, 7_500)}
    assert balance(running_ledger, customer, "loan") == 10_000
    done = ok(offset(running_ledger, loan, source, 2_500), 201)
    assert done["changes"] == effect["changes"]
    assert (balance(running_ledger, customer, "loan"), balance(running_ledger, customer, kind)) == (
        7_500,
        3_500,
    )
    (entry,) = running_ledger.query(
        "SELECT kind, subject_id FROM journal_entries WHERE id = ?", done["entry_id"]
    )
    assert entry == ("account.offset", loan["id"])
    entries = api.pages(f"/v1/accounts/{loan['id']}/entries")
    assert (entries[0]["kind"], entries[0]["amount_minor"], entries[0]["balance_after_minor"]) == (
        "account.offset", -2_500, 7_500,
    )  # fmt: skip


def test_never_more_than_is_owed_or_held(running_ledger: RunningLedger) -> None:
    """Never more than is owed or held; nothing is moved by a refusal."""
    customer = enter(running_ledger)
    loan, savings = (
        hold(running_ledger, customer, "loan", 1_000),
        hold(running_ledger, customer, "savings", 5_000),
    )
    problem = refused(offset(running_ledger, loan, savings, 1_001), 409, "more-than-owed")
    assert problem["balance_minor"] == 1_000
    assert "10.00 KES" in problem["detail"]
    hold(running_ledger, customer, "loan", 9_000)
    refused(offset(running_ledger, loan, savings, 5_001), 409, "insufficient-balance")
    refused(pay_out(running_ledger, savings, 5_001), 409, "insufficient-balance")
    assert (balance(running_ledger, customer, "loan"), balance(running_ledger, customer, "savings")) == (
        10_000,
        5_000,
    )
    ok(offset(running_ledger, loan, savings, 5_000), 201)
    shown = account(running_ledger, customer, "savings")
    assert shown["refused"]["payout"]["code"] == "insufficient-balance"
    assert "holds nothing" in shown["refused"]["payout"]["message"]


@pytest.mark.parametrize("kind", ["wallet", "receivable"])
def test_a_loan_is_not_offset_from_elsewhere(running_ledger: RunningLedger, kind: str) -> None:
    """Contract, section 9: a loan from savings, shares or overpayment, of the same customer."""
    customer, other, api = enter(running_ledger), enter(running_ledger), teller(running_ledger)
    loan = hold(running_ledger, customer, "loan", 1_000)
    if kind == "receivable":
        body = {"kind": "receivable", "currency": "KES"}
        source = ok(api.post(f"/v1/customers/{customer['id']}/accounts", body), 201)
    else:
        source = account(running_ledger, customer, "wallet")
    wrong(offset(running_ledger, loan, source, 1), "/from_account_id")
    theirs = hold(running_ledger, other, "savings", 500)
    refused(offset(running_ledger, loan, theirs, 1), 404, "not-found")
    own = hold(running_ledger, customer, "savings", 500)
    wrong(offset(running_ledger, own, own, 1), "/account_id")


def test_two_who_offset_at_once_never_take_what_is_not_there(running_ledger: RunningLedger) -> None:
    """INV-2: twenty at once on 10.00; some are done, the others refused, nothing goes below zero."""
    customer = enter(running_ledger)
    loan, savings = (
        hold(running_ledger, customer, "loan", 100_000),
        hold(running_ledger, customer, "savings", 1_000),
    )
    who = ("teller", "teller-b", "supervisor", "hq-teller")
    for name in who:
        running_ledger.sign_in(name)

    amounts = [100 + place for place in range(20)]

    def each(place: int) -> int:
        answer = offset(running_ledger, loan, savings, amounts[place], who=who[place % 4])
        return int(answer.status_code) if answer.status_code != 201 else -amounts[place]

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(each, range(20)))
    taken = -sum(found for found in done if found < 0)
    assert set(done) <= {409, *(-amount for amount in amounts)}
    assert balance(running_ledger, customer, "savings") == 1_000 - taken
    assert 1_000 - taken < max(amounts)


@pytest.mark.parametrize(
    ("tender", "account_kind"),
    [("cash", "cash"), ("bank_transfer", "bank"), ("cheque", "bank"), ("mobile_money", "provider-float")],
)
def test_a_payout_credits_its_tender(running_ledger: RunningLedger, tender: str, account_kind: str) -> None:
    """Ledger, section 0: payout: debit savings, shares, overpayment or wallet, credit the tender."""
    customer, here = enter(running_ledger), running_ledger.branch("NKU").id
    shares = hold(running_ledger, customer, "shares", 2_000)
    own = f"gl-{here}-{account_kind}-KES"
    before = running_ledger.query("SELECT balance_minor FROM accounts WHERE id = ?", own) or [(0,)]
    done = ok(pay_out(running_ledger, shares, 1_500, tender=tender, reference=f"REF-{tender}"), 201)
    after = running_ledger.query("SELECT balance_minor FROM accounts WHERE id = ?", own)
    assert before[0][0] - after[0][0] == 1_500
    assert (done["tender"], done["reference"]) == (tender, f"REF-{tender}")
    assert balance(running_ledger, customer, "shares") == 500


def test_what_is_asked_of_a_payout(running_ledger: RunningLedger) -> None:
    """Contract, section 3: tender and reference; nobody is paid by card; a loan is not paid out."""
    customer = enter(running_ledger)
    savings = hold(running_ledger, customer, "savings", 2_000)
    wrong(pay_out(running_ledger, savings, 100, tender="cheque"), "/reference")
    wrong(pay_out(running_ledger, savings, 100, tender="card", reference="x"), "/tender")
    wrong(pay_out(running_ledger, savings, 100, tender="barter"), "/tender")
    wrong(pay_out(running_ledger, savings, 0), "/amount_minor")
    wrong(pay_out(running_ledger, savings, 1, narration="4111 1111 1111 1111"), "/narration")
    card = {"tender": "bank_transfer", "reference": "4111 1111 1111 1111"}
    wrong(pay_out(running_ledger, savings, 1, **card), "/reference")
    wrong(pay_out(running_ledger, hold(running_ledger, customer, "loan", 5), 1), "/account_id")
    assert balance(running_ledger, customer, "savings") == 2_000


def test_the_effect_of_any_amount_is_shown(running_ledger: RunningLedger) -> None:
    """Contract, section 1: amounts go to 10^15, in a query as in a body; one more is refused."""
    customer, boss, largest = enter(running_ledger), supervisor(running_ledger), 10**15
    savings, loan = (hold(running_ledger, customer, kind, largest) for kind in ("savings", "loan"))
    for amount in (1_000_000_000, largest):
        effect = ok(boss.get(f"/v1/accounts/{savings['id']}/payouts/effect", amount_minor=amount))
        assert effect["changes"][0]["after_minor"] == largest - amount
        effect = ok(
            boss.get(
                f"/v1/accounts/{loan['id']}/offset/effect", from_account_id=savings["id"], amount_minor=amount
            )
        )
        assert [each["after_minor"] for each in effect["changes"]] == [largest - amount] * 2
    beyond = boss.get(f"/v1/accounts/{savings['id']}/payouts/effect", amount_minor=largest + 1)
    wrong(beyond, "/amount_minor")


def test_a_payout_is_done_once_and_a_second_is_asked_about(running_ledger: RunningLedger) -> None:
    """IDEM-8, IDEM-11: the same key pays once; the same payout typed again is questioned."""
    customer = enter(running_ledger)
    savings, key = hold(running_ledger, customer, "savings", 2_000), str(uuid.uuid4())
    first, second = (pay_out(running_ledger, savings, 700, key=key) for _ in range(2))
    assert (first.status_code, first.content) == (201, second.content)
    problem = refused(pay_out(running_ledger, savings, 700), 409, "possible-duplicate")
    confirmed = {"confirm-duplicate-of": problem["duplicate_of"]["key"]}
    ok(pay_out(running_ledger, savings, 700, headers=confirmed), 201)
    assert balance(running_ledger, customer, "savings") == 600


def test_a_teller_asks_for_a_payout_and_a_supervisor_allows_it(running_ledger: RunningLedger) -> None:
    """Product: payouts are a supervisor's; approving shows what changes, and it is done in one transaction."""
    customer, boss = enter(running_ledger), supervisor(running_ledger)
    savings = hold(running_ledger, customer, "savings", 2_000)
    shown = account(running_ledger, customer, "savings")
    assert shown["refused"]["payout"]["approval"] == "account.payout"
    problem = refused(pay_out(running_ledger, savings, 500, who="teller"), 403, "needs-checker")
    assert problem["approval"] == "account.payout"
    effect = teller(running_ledger).get(f"/v1/accounts/{savings['id']}/payouts/effect", amount_minor=500)
    assert ok(effect)["changes"][0]["after_minor"] == 1_500
    asked = {
        "action": "account.payout",
        "object_id": savings["id"],
        "object_version": shown["version"],
        "body": {"amount_minor": 500, "tender": "cheque", "reference": "000417"},
        "reason": "the member leaves",
    }
    filed = ok(teller(running_ledger).post("/v1/approvals", asked), 202)
    assert {"field": "Tender", "before": "", "after": "cheque 000417"} in filed["difference"]
    assert (filed["amount_minor"], filed["currency"]) == (500, "KES")
    ok(boss.post("/v1/me/step-up", {"password": "seven quiet herons"}, key=""))
    done = ok(
        boss.post(f"/v1/approvals/{filed['id']}/approve", {"difference_hash": filed["difference_hash"]})
    )
    assert (done["state"], done["resource"]) == ("approved", f"/v1/accounts/{savings['id']}")
    assert balance(running_ledger, customer, "savings") == 1_500
    later = ok(
        teller(running_ledger).post("/v1/approvals", asked | {"object_version": shown["version"] + 1}), 202
    )
    ok(pay_out(running_ledger, savings, 1), 201)
    stale = boss.post(f"/v1/approvals/{later['id']}/approve", {"difference_hash": later["difference_hash"]})
    refused(stale, 409, "stale-approval")


def test_an_offset_above_the_limit_needs_a_second_person(running_ledger: RunningLedger) -> None:
    """MC-1: above a teller's limit; the supervisor may, or allows it."""
    customer = enter(running_ledger)
    loan = hold(running_ledger, customer, "loan", 3 * TELLER_LIMIT_MINOR)
    savings = hold(running_ledger, customer, "savings", 3 * TELLER_LIMIT_MINOR)
    problem = refused(offset(running_ledger, loan, savings, TELLER_LIMIT_MINOR + 1), 403, "needs-checker")
    assert problem["approval"] == "account.offset"
    ok(offset(running_ledger, loan, savings, TELLER_LIMIT_MINOR), 201)
    ok(offset(running_ledger, loan, savings, TELLER_LIMIT_MINOR + 1, who="supervisor"), 201)


def test_no_money_moves_on_a_closed_day_nor_for_who_is_not_active(own_ledger: RunningLedger) -> None:
    """Contract, section 3: customer active, day open."""
    customer = enter(own_ledger)
    savings = hold(own_ledger, customer, "savings", 2_000)
    here, day = own_ledger.branch("NKU").id, today(own_ledger)

    def close_day(tx: Any) -> None:
        tx.connection.execute(
            "INSERT INTO closed_days (id, branch_id, date, closed_by, closed_at) VALUES (?, ?, ?, 'x', 1)",
            (f"{here}:{day}", here, day),
        )

    own_ledger.bulk(close_day)
    refused(pay_out(own_ledger, savings, 100), 409, "day-closed")
    pending = enter(own_ledger, active=False)
    wallet = account(own_ledger, pending, "wallet")
    refused(pay_out(own_ledger, wallet, 100), 409, "customer-not-active")
