"""From first form to closure and back: every state with every command, dates, reasons, what stands in the way."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import pytest
from tests.ledger.balance_files import apply_bytes, payer, universal
from tests.ledger.members import (
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

from branchtui.ledger.store import search

pytestmark = pytest.mark.both_stores

REASONS: Final = {
    "close": "Moved away",
    "reject": "Papers missing",
    "withdraw": "Changed mind",
}

# Written down from the contract, and derived from nothing.
MAY: Final = {
    "pending": {
        "activate",
        "reject",
        "withdraw",
        "close",
        "assign-staff",
        "unassign-staff",
        "edit",
        "delete",
    },
    "active": {"close", "transfer/propose", "assign-staff", "unassign-staff", "edit"},
    "rejected": {"reopen"},
    "withdrawn": {"reopen"},
    "closed": {"reactivate"},
    "transfer_in_progress": {"transfer/accept", "transfer/reject", "transfer/withdraw"},
}
BECOMES: Final = {
    "activate": "active",
    "reject": "rejected",
    "withdraw": "withdrawn",
    "close": "closed",
    "reopen": "pending",
    "reactivate": "active",
    "transfer/propose": "transfer_in_progress",
    "transfer/accept": "active",
    "transfer/reject": "active",
    "transfer/withdraw": "active",
}
COMMANDS: Final = sorted(set().union(*MAY.values()))


def body_of(ledger: RunningLedger, command: str) -> dict[str, Any] | None:
    """A good body for a command."""
    day = today(ledger)
    bodies: dict[str, dict[str, Any]] = {
        "activate": {"activation_date": day},
        "reject": {"rejection_date": day, "rejection_reason": REASONS["reject"]},
        "withdraw": {"withdrawal_date": day, "withdrawal_reason": REASONS["withdraw"]},
        "close": {"closure_date": day, "closure_reason": REASONS["close"]},
        "reopen": {"reopened_date": day},
        "reactivate": {"reactivation_date": day},
        "transfer/propose": {"destination_branch_id": ledger.branch("KSM").id, "transfer_date": day},
        "transfer/accept": {},
        "transfer/reject": {"reason": "not ours"},
        "transfer/withdraw": {},
        "edit": {"email": "neema@example.org"},
    }
    return bodies.get(command)


def in_state(ledger: RunningLedger, state: str) -> dict[str, Any]:
    """A customer who was brought into a state by commands, and is assigned to somebody where that is possible."""
    boss = supervisor(ledger)
    customer = enter(ledger, active=False) if state in {"pending", "rejected", "withdrawn"} else enter(ledger)
    staff = add_staff(ledger)
    customer = ok(do(boss, customer, "assign-staff", {"staff_id": staff["id"]}))
    by = {
        "rejected": "reject",
        "withdrawn": "withdraw",
        "closed": "close",
        "transfer_in_progress": "transfer/propose",
    }
    if state in by:
        customer = ok(do(boss, customer, by[state], body_of(ledger, by[state])))
    assert customer["status"] == state
    return customer


def send(ledger: RunningLedger, customer: dict[str, Any], command: str) -> Any:
    """A command by who may give it: of the destination for what the destination decides."""
    if command == "edit":
        return supervisor(ledger).patch(
            f"/v1/customers/{customer['id']}", body_of(ledger, command), if_match=customer["version"]
        )
    if command == "delete":
        return supervisor(ledger).delete(f"/v1/customers/{customer['id']}", if_match=customer["version"])
    body = body_of(ledger, command)
    if command == "assign-staff":
        body = {"staff_id": add_staff(ledger)["id"]}
    here = (
        ledger.sign_in("hq-supervisor")
        if command in {"transfer/accept", "transfer/reject"}
        else supervisor(ledger)
    )
    return do(here, customer, command, body)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", MAY)
def test_every_command_in_every_state(running_ledger: RunningLedger, state: str, command: str) -> None:
    """Contract, section 3: the table, every pair of it; everything else is 409 with what is allowed instead."""
    customer = in_state(running_ledger, state)
    offered = again(running_ledger, customer)
    answer = send(running_ledger, customer, command)
    may = MAY[state]
    assert (command in offered["actions"] or command in {"transfer/accept", "transfer/reject"}) == (
        command in may
    ) or (command in offered["refused"])
    if command in may:
        assert answer.status_code == (204 if command == "delete" else 200), answer.text
        if command != "delete":
            assert answer.json()["status"] == BECOMES.get(command, state)
            assert answer.json()["version"] == customer["version"] + 1
        return
    problem = refused(answer, 409, "transition-not-allowed")
    assert problem["from"] == state
    assert problem["command"] == command
    assert set(problem["allowed"]) == may
    assert again(running_ledger, customer)["version"] == customer["version"]
    assert offered["refused"][command]["code"] in {"transition-not-allowed", "forbidden"}


@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_who_only_looks_is_offered_nothing(running_ledger: RunningLedger, role: str) -> None:
    """Product: the auditor changes nothing, the administrator has no hand in customers."""
    customer = enter(running_ledger)
    seen = ok(running_ledger.sign_in(role).get(f"/v1/customers/{customer['id']}"))
    assert seen["actions"] == []
    assert {each["code"] for each in seen["refused"].values()} == {"forbidden"}


@pytest.mark.parametrize(
    ("state", "command", "member", "early"),
    [
        ("pending", "activate", "activation_date", "submitted_on"),
        ("pending", "reject", "rejection_date", "submitted_on"),
        ("pending", "withdraw", "withdrawal_date", "submitted_on"),
        ("rejected", "reopen", "reopened_date", "rejection_date"),
        ("withdrawn", "reopen", "reopened_date", "withdrawal_date"),
        ("active", "close", "closure_date", "activation_date"),
        ("closed", "reactivate", "reactivation_date", "closure_date"),
    ],
)
def test_a_day_lies_between_what_went_before_and_today(
    running_ledger: RunningLedger, state: str, command: str, member: str, early: str
) -> None:
    """Bad input: activation before submission, reactivation before closure; nothing lies in the future."""
    customer = in_state(running_ledger, state)
    first = date.fromisoformat(customer[early])
    body = body_of(running_ledger, command) or {}
    before = body | {member: (first - timedelta(days=1)).isoformat()}
    wrong(do(supervisor(running_ledger), customer, command, before), f"/{member}")
    after = body | {member: (running_ledger.today("NKU") + timedelta(days=1)).isoformat()}
    wrong(do(supervisor(running_ledger), customer, command, after), f"/{member}")
    assert again(running_ledger, customer)["version"] == customer["version"]


def test_a_customer_is_activated_no_sooner_than_reopened(running_ledger: RunningLedger) -> None:
    """Contract, section 3: between submitted (or reopened) and today."""
    day = running_ledger.today("NKU")
    submitted = (day - timedelta(days=30)).isoformat()
    customer = enter(running_ledger, active=False, submitted_on=submitted)
    boss = supervisor(running_ledger)
    rejected = {"rejection_date": (day - timedelta(days=20)).isoformat(), "rejection_reason": "Other"}
    customer = ok(do(boss, customer, "reject", rejected))
    assert customer["rejection_reason"] == "Other"
    customer = ok(do(boss, customer, "reopen", {"reopened_date": (day - timedelta(days=10)).isoformat()}))
    assert (customer["rejection_date"], customer["rejection_reason"]) == (None, None)
    early = {"activation_date": (day - timedelta(days=15)).isoformat()}
    wrong(do(boss, customer, "activate", early), "/activation_date")
    good = {"activation_date": (day - timedelta(days=5)).isoformat()}
    assert ok(do(boss, customer, "activate", good))["activation_date"] == good["activation_date"]


@pytest.mark.parametrize(
    ("state", "command", "member", "value"),
    [
        ("active", "close", "closure_reason", "Papers missing"),
        ("pending", "reject", "rejection_reason", "Moved away"),
        ("pending", "withdraw", "withdrawal_reason", "No such reason"),
    ],
)
def test_a_reason_is_of_its_own_list(
    running_ledger: RunningLedger, state: str, command: str, member: str, value: str
) -> None:
    """Bad input: a reason from another list."""
    customer = in_state(running_ledger, state)
    body = (body_of(running_ledger, command) or {}) | {member: value}
    wrong(do(supervisor(running_ledger), customer, command, body), f"/{member}")
    missing = {name: each for name, each in body.items() if name != member}
    wrong(do(supervisor(running_ledger), customer, command, missing), f"/{member}")


def test_a_reason_may_be_given_by_id_or_name(running_ledger: RunningLedger) -> None:
    """Contract, section 3: a code is given by its id or its exact name, and shown by its name."""
    reasons = teller(running_ledger).pages("/v1/codes/closure_reason/values")
    moved = next(each for each in reasons if each["name"] == "Moved away")
    for given in (moved["id"], "Moved away", "moved AWAY"):
        customer = enter(running_ledger)
        body = {"closure_date": today(running_ledger), "closure_reason": given}
        assert ok(do(teller(running_ledger), customer, "close", body))["closure_reason"] == "Moved away"


def test_nobody_is_closed_with_money_or_waiting_records(running_ledger: RunningLedger) -> None:
    """Bad input: closure with a balance; contract: no open loan, no balance, no unposted balance record."""
    boss, body = supervisor(running_ledger), body_of(running_ledger, "close")
    for kind, verb in (("savings", "holds"), ("loan", "owes")):
        customer = enter(running_ledger)
        hold(running_ledger, customer, kind, 12_500)
        shown = again(running_ledger, customer)
        assert "close" not in shown["actions"]
        assert f"{verb} 125.00 KES" in shown["refused"]["close"]["message"]
        problem = refused(do(boss, shown, "close", body), 409, "balance-not-zero")
        assert problem["outcome"] == "not_applied"
    customer = enter(running_ledger)
    record = {
        "customer_id": customer["id"],
        "account_kind": "savings",
        "amount_minor": 100,
        "currency": "KES",
        "as_of_date": today(running_ledger),
        "external_ref": f"R-{customer['id']}",
    }
    made = ok(boss.post("/v1/balance-records", record), 201)
    assert again(running_ledger, customer)["refused"]["close"]["code"] == "records-waiting"
    refused(do(boss, customer, "close", body), 409, "records-waiting")
    assert boss.delete(f"/v1/balance-records/{made['id']}", if_match=1).status_code == 204
    assert ok(do(boss, customer, "close", body))["status"] == "closed"


def test_a_member_leaves_with_what_he_held_and_comes_back(running_ledger: RunningLedger) -> None:
    """Payouts, so that a member can leave; reactivated he is active at once."""
    boss, customer = supervisor(running_ledger), enter(running_ledger)
    savings = hold(running_ledger, customer, "savings", 40_000)
    paid = {"amount_minor": 40_000, "tender": "cash"}
    ok(boss.post(f"/v1/accounts/{savings['id']}/payouts", paid), 201)
    assert balance(running_ledger, customer, "savings") == 0
    closed = ok(do(boss, again(running_ledger, customer), "close", body_of(running_ledger, "close")))
    assert closed["status"] == "closed"
    back = ok(do(teller(running_ledger), closed, "reactivate", {}))
    assert (back["status"], back["reactivation_date"]) == ("active", today(running_ledger))
    assert (back["closure_date"], back["closure_reason"]) == (None, None)


def test_only_somebody_of_the_branch_or_above_is_assigned(running_ledger: RunningLedger) -> None:
    """Bad input: a staff member of another branch. To the branch he is nobody, to the top a refusal."""
    customer, top = enter(running_ledger), running_ledger.sign_in("hq-supervisor")
    theirs, above = add_staff(running_ledger, "KSM"), add_staff(running_ledger, "HQ", first_name="Above")
    refused(
        do(teller(running_ledger), customer, "assign-staff", {"staff_id": theirs["id"]}), 404, "not-found"
    )
    refused(do(teller(running_ledger), customer, "assign-staff", {"staff_id": "nobody"}), 404, "not-found")
    wrong(do(top, customer, "assign-staff", {"staff_id": theirs["id"]}), "/staff_id")
    body = {"first_name": "A", "last_name": "B", "branch_id": running_ledger.branch("NKU").id}
    refused(teller(running_ledger).post("/v1/customers", body | {"staff_id": theirs["id"]}), 404, "not-found")
    assigned = ok(do(teller(running_ledger), customer, "assign-staff", {"staff_id": above["id"]}))
    assert assigned["staff"] == "Above Otieno"
    freed = ok(do(teller(running_ledger), assigned, "unassign-staff"))
    assert (freed["staff_id"], freed["staff"]) == (None, None)
    problem = refused(do(teller(running_ledger), freed, "unassign-staff"), 409, "transition-not-allowed")
    assert problem["allowed"] == ["assign-staff"]


def test_a_pending_customer_is_deleted_with_everything_that_is_his(running_ledger: RunningLedger) -> None:
    """Contract, section 3: DELETE, pending only; the chain keeps a tombstone."""
    family = [{"first_name": "Ada", "last_name": "B", "relationship": "Child", "age": 4}]
    addresses = [{"address_type": "Home", "city": "Nakuru"}]
    customer = enter(running_ledger, active=False, family=family, addresses=addresses)
    api, path = teller(running_ledger), f"/v1/customers/{customer['id']}"
    ok(api.post(f"{path}/notes", {"note": "Called twice."}), 201)
    agreed = {
        "principal_minor": 120_000,
        "rate": "12",
        "start_date": today(running_ledger),
        "instalments": 12,
    }
    loan = ok(api.post(f"{path}/accounts", {"kind": "loan", "currency": "KES", "loan": agreed}), 201)
    assert api.delete(path, if_match=9).status_code == 412
    assert api.delete(path, if_match=customer["version"]).status_code == 204
    assert api.get(path).status_code == 404
    for table in ("family_members", "addresses", "customer_notes", "accounts", "customer_facets"):
        assert running_ledger.query(f"SELECT 1 FROM {table} WHERE customer_id = ?", customer["id"]) == []
    for table in ("loan_terms", "loan_instalments"):
        assert running_ledger.query(f"SELECT 1 FROM {table} WHERE account_id = ?", loan["id"]) == []
    told = running_ledger.query("SELECT action FROM audit WHERE object = ?", path)
    assert ("customer.delete",) in told


def test_a_pending_customer_whom_the_journal_names_is_not_deleted(running_ledger: RunningLedger) -> None:
    """Ledger, section 0: entries are never edited away; a balance file may have moved who is not active yet."""
    customer, api, boss = (
        enter(running_ledger, active=False),
        teller(running_ledger),
        supervisor(running_ledger),
    )
    path = f"/v1/customers/{customer['id']}"
    apply_bytes(boss, universal(payer(customer["account_no"], "100.00")))
    refused(api.delete(path, if_match=customer["version"]), 409, "balance-not-zero")
    apply_bytes(boss, universal(payer(customer["account_no"], "0.00")))
    shown = ok(api.get(path))
    (listed,) = api.pages("/v1/customers", q=customer["customer_no"])
    assert "delete" not in {*shown["actions"], *listed["actions"]}
    assert shown["refused"]["delete"]["code"] == "transition-not-allowed"
    problem = refused(api.delete(path, if_match=customer["version"]), 409, "transition-not-allowed")
    assert (problem["from"], problem["command"]) == ("pending", "delete")
    assert {"reject", "close"} <= set(problem["allowed"])
    assert "delete" not in problem["allowed"]


def test_the_second_of_two_who_edit_sees_what_changed_and_by_whom(running_ledger: RunningLedger) -> None:
    """CONC-2: 412 with the state as it is now, and each changed field with its actor and time; nothing is lost."""
    customer = enter(running_ledger, mobile_no="0799 100 200", email="old@example.org")
    path = f"/v1/customers/{customer['id']}"
    ok(teller(running_ledger).patch(path, {"email": "new@example.org", "last_name": "Chebet"}, if_match=1))
    late = supervisor(running_ledger).patch(path, {"email": "mine@example.org"}, if_match=1)
    problem = refused(late, 412, "precondition-failed")
    assert {each["field"] for each in problem["changed_fields"]} == {"email", "last_name"}
    assert {each["actor"] for each in problem["changed_fields"]} == {"teller"}
    assert problem["current"]["email"] == "new@example.org"
    assert late.headers["etag"] == '"2"'
    seen = again(running_ledger, customer)
    assert (seen["email"], seen["name"].endswith("Chebet"), seen["version"]) == ("new@example.org", True, 2)


def test_an_edit_changes_what_is_sent_and_search_follows(running_ledger: RunningLedger) -> None:
    """Contract, section 3: PATCH; only the members that are sent, null empties one."""
    customer = enter(running_ledger, first_name="Zuhura", last_name="Okoth", mobile_no="0799 100 201")
    api, path = teller(running_ledger), f"/v1/customers/{customer['id']}"
    changed = ok(
        api.patch(
            path,
            {"first_name": "Zawadi", "mobile_no": None, "gender": "female", "date_of_birth": "1990-01-31"},
            if_match=1,
        )
    )
    assert (changed["name"], changed["mobile_no"], changed["gender"]) == ("Zawadi Okoth", None, "Female")
    assert [each["id"] for each in ok(api.get("/v1/customers", q="zawadi okoth"))["items"]] == [
        customer["id"]
    ]
    assert ok(api.get("/v1/customers", q="zuhura okoth"))["items"] == []
    assert ok(api.get("/v1/customers", q="0799 100 201"))["items"] == []
    same = ok(api.patch(path, {"first_name": "Zawadi"}, if_match=2))
    assert same["version"] == 2
    for bad, pointer in (
        ({"first_name": None}, "/first_name"),
        ({"name": "Zawadi Ltd"}, "/name"),
        ({"date_of_birth": "2999-01-01"}, "/date_of_birth"),
        ({"email": "nobody"}, "/email"),
        ({"mobile_no": "12"}, "/mobile_no"),
        ({"gender": "Moved away"}, "/gender"),
        ({"incorporation_no": "CPR/1"}, "/incorporation_no"),
        ({"legal_form": "entity"}, "/legal_form"),
        ({"branch_id": "x"}, "/branch_id"),
        ({"status": "closed"}, "/status"),
        ({"submitted_on": "2020-01-01"}, "/submitted_on"),
    ):
        wrong(api.patch(path, bad, if_match=2), pointer)
    assert again(running_ledger, customer)["version"] == 2


def test_an_entity_has_its_own_fields(running_ledger: RunningLedger) -> None:
    """Contract, section 3: name, incorporation number, validity, constitution, business line; no birthday."""
    made = enter(
        running_ledger,
        name="Upendo Women Group",
        incorporation_no="CPR/2019/1",
        incorporation_valid_until="2030-12-31",
        constitution="Association",
        business_line="Trade",
    )
    assert (made["legal_form"], made["constitution"], made["business_line"]) == (
        "entity",
        "Association",
        "Trade",
    )
    assert (made["incorporation_no"], made["incorporation_valid_until"]) == ("CPR/2019/1", "2030-12-31")
    api, path = teller(running_ledger), f"/v1/customers/{made['id']}"
    assert ok(api.patch(path, {"name": "Upendo Group"}, if_match=1))["name"] == "Upendo Group"
    wrong(api.patch(path, {"name": None}, if_match=2), "/name")
    wrong(api.patch(path, {"date_of_birth": "1990-01-01"}, if_match=2), "/date_of_birth")
    body = {"legal_form": "entity", "branch_id": running_ledger.branch("NKU").id}
    wrong(api.post("/v1/customers", body), "/name")


def test_the_marks_of_a_customer_follow_every_change(running_ledger: RunningLedger) -> None:
    """Decision 0030: row and place in the lists change together."""
    staff = add_staff(running_ledger)
    customer = enter(running_ledger, staff_id=staff["id"])
    closed = ok(do(supervisor(running_ledger), customer, "close", body_of(running_ledger, "close")))

    def marks() -> list[tuple[Any, ...]]:
        return running_ledger.query(
            "SELECT facet, marks FROM customer_facets WHERE customer_id = ?", customer["id"]
        )

    ((_, after_closing),) = marks()
    assert after_closing.endswith(search.standing_mark("closed"))
    back = ok(do(supervisor(running_ledger), closed, "reactivate", {}))
    ok(do(supervisor(running_ledger), back, "unassign-staff"))
    assert marks() == []
