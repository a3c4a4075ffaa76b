"""What administrators keep: code lists, staff, products, membership, and where it takes effect (section 2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.ledger.members import (
    add_product,
    add_staff,
    add_value,
    administrator,
    again,
    do,
    enter,
    ok,
    refused,
    supervisor,
    teller,
    wrong,
)
from tests.ledger.running import PASSWORD, RunningLedger

pytestmark = pytest.mark.both_stores


@pytest.fixture
def rules(running_ledger: RunningLedger) -> Iterator[Any]:
    """Sets the membership rules for one test."""
    api, path = administrator(running_ledger), "/v1/settings/membership"

    def set_them(**members: Any) -> dict[str, Any]:
        return ok(api.put(path, members, if_match=ok(api.get(path))["version"]))

    yield set_them
    set_them()


def person(ledger: RunningLedger, **members: Any) -> dict[str, Any]:
    body = {"branch_id": ledger.branch("NKU").id, "first_name": "Amina", "last_name": "Hassan"}
    return body | members


def test_a_new_ledger_has_lists_to_begin_with(running_ledger: RunningLedger) -> None:
    """Contract, section 2: the code lists; tellers choose, administrators keep them."""
    for code in (
        "gender", "client_type", "classification", "closure_reason", "rejection_reason", "withdrawal_reason",
        "relationship", "address_type", "identifier_type", "constitution", "business_line",
    ):  # fmt: skip
        page = ok(teller(running_ledger).get(f"/v1/codes/{code}/values"))
        assert len(page["items"]) >= 3, code
        assert page["items"][0]["actions"] == []
    for code in ("label", "group", "organisation"):
        assert teller(running_ledger).get(f"/v1/codes/{code}/values").status_code == 200
    for unknown in ("colour", "LABEL", "other", "id"):
        assert teller(running_ledger).get(f"/v1/codes/{unknown}/values").status_code == 404


def test_a_value_is_added_renamed_and_retired(running_ledger: RunningLedger) -> None:
    """Contract, section 2: a renamed value has its new name everywhere; a retired one stays where it is."""
    admin = administrator(running_ledger)
    value = add_value(running_ledger, "label", "Early bird")
    refused(admin.post("/v1/codes/label/values", {"name": "early BIRD"}), 409, "reference-taken")
    ok(admin.post("/v1/codes/group/values", {"name": "Early bird"}), 201)
    customer = enter(running_ledger, labels=["early bird"])
    assert customer["labels"] == ["Early bird"]
    path = f"/v1/codes/label/values/{value['id']}"
    ok(admin.patch(path, {"name": "Early riser"}, if_match=1))
    assert again(running_ledger, customer)["labels"] == ["Early riser"]
    stale = refused(admin.patch(path, {"name": "x"}, if_match=1), 412, "precondition-failed")
    assert stale["current"]["name"] == "Early riser"
    ok(admin.patch(path, {"active": False}, if_match=2))
    wrong(
        teller(running_ledger).post("/v1/customers", person(running_ledger, labels=["Early riser"])),
        "/labels/0",
    )
    kept = teller(running_ledger).patch(
        f"/v1/customers/{customer['id']}", {"labels": [value["id"]], "email": "a@example.org"}, if_match=1
    )
    assert ok(kept)["labels"] == ["Early riser"]
    names = [each["name"] for each in admin.pages("/v1/codes/label/values", active="true")]
    assert "Early riser" not in names
    found = ok(admin.get("/v1/codes/label/values", q="EARLY r"))["items"]
    assert [each["name"] for each in found] == ["Early riser"]


@pytest.mark.parametrize("who", ["teller", "supervisor", "auditor"])
def test_only_the_administrator_of_the_whole_keeps_lists(running_ledger: RunningLedger, who: str) -> None:
    """Product: administrators keep codes, staff, products, settings; tellers choose."""
    api = running_ledger.sign_in(who)
    here = running_ledger.branch("NKU").id
    for path, body in (
        ("/v1/codes/label/values", {"name": "Mine"}),
        ("/v1/staff", {"branch_id": here, "first_name": "A", "last_name": "B"}),
        ("/v1/products", {"code": "MINE", "name": "Mine", "kind": "savings"}),
    ):
        refused(api.post(path, body), 403, "forbidden")
    refused(api.put("/v1/settings/membership", {}, if_match=1), 403, "forbidden")


def test_staff_are_seen_in_their_branch_and_below(running_ledger: RunningLedger) -> None:
    """Contract, section 3: a customer is assigned to staff of the branch or of one above it; others are not shown."""
    here, there = (
        add_staff(running_ledger, first_name="Here"),
        add_staff(running_ledger, "KSM", first_name="There"),
    )
    top = add_staff(running_ledger, "HQ", first_name="Top", staff_no="S-1", mobile_no="0722 100 100")
    seen = {each["id"] for each in teller(running_ledger).pages("/v1/staff")}
    assert {here["id"], top["id"]} <= seen
    assert there["id"] not in seen
    assert there["id"] in {each["id"] for each in administrator(running_ledger).pages("/v1/staff")}
    assert teller(running_ledger).get("/v1/staff", branch=running_ledger.branch("KSM").id).status_code == 404
    admin = administrator(running_ledger)
    again_ = {
        "branch_id": running_ledger.branch("NKU").id,
        "first_name": "X",
        "last_name": "Y",
        "staff_no": "S-1",
    }
    refused(admin.post("/v1/staff", again_), 409, "reference-taken")
    customer = enter(running_ledger, staff_id=here["id"])
    ok(admin.patch(f"/v1/staff/{here['id']}", {"last_name": "Wafula"}, if_match=1))
    assert again(running_ledger, customer)["staff"] == "Here Wafula"
    ok(admin.patch(f"/v1/staff/{here['id']}", {"active": False}, if_match=2))
    wrong(
        do(teller(running_ledger), enter(running_ledger), "assign-staff", {"staff_id": here["id"]}),
        "/staff_id",
    )
    assert [each["name"] for each in ok(admin.get("/v1/staff", q="wafula"))["items"]] == ["Here Wafula"]
    assert here["id"] not in {each["id"] for each in admin.pages("/v1/staff", active="true")}
    wrong(admin.patch(f"/v1/staff/{there['id']}", {"mobile_no": "1"}, if_match=1), "/mobile_no")


def test_a_product_is_for_its_kind_and_currency(running_ledger: RunningLedger) -> None:
    """Contract, sections 2 and 3: an account is of a product that is sold, of its kind, named by code, id or name."""
    admin, api = administrator(running_ledger), teller(running_ledger)
    savings = add_product(running_ledger, name="Junior saver", currency="KES")
    refused(
        admin.post("/v1/products", {"code": savings["code"], "name": "x", "kind": "loan"}),
        409,
        "reference-taken",
    )
    wrong(
        admin.post("/v1/products", {"code": "QQ", "name": "x", "kind": "loan", "currency": "QQQ"}),
        "/currency",
    )
    customer = enter(running_ledger)
    path = f"/v1/customers/{customer['id']}/accounts"
    for given in (savings["code"], savings["id"], "junior SAVER"):
        made = ok(api.post(path, {"kind": "savings", "currency": "KES", "product": given}), 201)
        assert made["product"] == savings["code"]
    wrong(api.post(path, {"kind": "shares", "currency": "KES", "product": savings["code"]}), "/product")
    wrong(api.post(path, {"kind": "savings", "currency": "USD", "product": savings["code"]}), "/product")
    wrong(api.post(path, {"kind": "savings", "currency": "KES", "product": "none"}), "/product")
    ok(
        admin.patch(
            f"/v1/products/{savings['id']}", {"active": False, "description": "sold no more"}, if_match=1
        )
    )
    wrong(api.post(path, {"kind": "savings", "currency": "KES", "product": savings["code"]}), "/product")
    assert savings["code"] not in {
        each["code"] for each in api.pages("/v1/products", active="true", kind="savings")
    }


def test_mandatory_fields_are_asked_of_every_new_customer(running_ledger: RunningLedger, rules: Any) -> None:
    """The settings take effect in forms, imports and API alike."""
    rules(mandatory_fields=["mobile_no", "gender", "address", "constitution"])
    api = teller(running_ledger)
    seen = ok(api.get("/v1/settings/membership"))
    assert (seen["mandatory_fields"], seen["actions"]) == (
        ["mobile_no", "gender", "address", "constitution"],
        [],
    )
    problem = wrong(api.post("/v1/customers", person(running_ledger)), "/mobile_no")
    assert [each["pointer"] for each in problem["errors"]] == ["/mobile_no", "/gender", "/addresses"]
    entity = {"branch_id": running_ledger.branch("NKU").id, "legal_form": "entity", "name": "Asked Ltd"}
    problem = wrong(api.post("/v1/customers", entity), "/constitution")
    assert "/gender" not in [each["pointer"] for each in problem["errors"]]
    whole = person(
        running_ledger,
        mobile_no="0799 500 600",
        gender="Female",
        addresses=[{"address_type": "Home", "city": "Nakuru"}],
    )
    made = ok(api.post("/v1/customers", whole), 201)
    wrong(api.patch(f"/v1/customers/{made['id']}", {"gender": None}, if_match=1), "/gender")
    ok(api.patch(f"/v1/customers/{made['id']}", {"email": "a@example.org"}, if_match=1))


def test_what_is_asked_since_is_asked_before_activation(running_ledger: RunningLedger, rules: Any) -> None:
    """The settings take effect; whoever was entered before them says it before he is a member."""
    customer = enter(running_ledger, active=False)
    rules(mandatory_fields=["email"])
    wrong(do(teller(running_ledger), customer, "activate", {}), "/email")
    ok(
        teller(running_ledger).patch(
            f"/v1/customers/{customer['id']}", {"email": "a@example.org"}, if_match=1
        )
    )
    assert ok(do(teller(running_ledger), customer | {"version": 2}, "activate", {}))["status"] == "active"


def test_a_minimum_age_is_reckoned_to_the_day(running_ledger: RunningLedger, rules: Any) -> None:
    """Minimum age; an entity has none."""
    rules(minimum_age=18)
    api, day = teller(running_ledger), running_ledger.today("NKU")
    wrong(api.post("/v1/customers", person(running_ledger)), "/date_of_birth")
    eighteen = (
        day.replace(year=day.year - 18)
        if (day.month, day.day) != (2, 29)
        else day.replace(year=day.year - 18, day=28)
    )
    young = (eighteen + timedelta(days=1)).isoformat()
    wrong(api.post("/v1/customers", person(running_ledger, date_of_birth=young)), "/date_of_birth")
    made = ok(api.post("/v1/customers", person(running_ledger, date_of_birth=eighteen.isoformat())), 201)
    wrong(api.patch(f"/v1/customers/{made['id']}", {"date_of_birth": young}, if_match=1), "/date_of_birth")
    enter(running_ledger, name="Ageless Ltd")


def test_a_minimum_age_asked_for_since_holds_for_who_becomes_a_member_now(
    running_ledger: RunningLedger, rules: Any
) -> None:
    """Membership: whoever was entered before the age was set is not activated below it, nor without a date of birth."""
    born = running_ledger.today("NKU").replace(day=1) - timedelta(days=10 * 365)
    young = enter(running_ledger, active=False, date_of_birth=born.isoformat())
    ageless, company = (
        enter(running_ledger, active=False),
        enter(running_ledger, active=False, name="Late Ltd"),
    )
    rules(minimum_age=18)
    api = teller(running_ledger)
    for customer in (young, ageless):
        wrong(do(api, customer, "activate", {}), "/date_of_birth")
    assert ok(do(api, company, "activate", {}))["status"] == "active"


def test_terms_are_accepted_and_self_registration_is_a_choice(
    running_ledger: RunningLedger, rules: Any
) -> None:
    """Terms, self-registration."""
    rules(terms="Members pay a share of 500.00 on joining.")
    api = teller(running_ledger)
    wrong(api.post("/v1/customers", person(running_ledger)), "/terms_accepted")
    made = ok(api.post("/v1/customers", person(running_ledger, terms_accepted=True)), 201)
    assert made["terms_accepted_on"] == running_ledger.today("NKU").isoformat()
    own = person(running_ledger, terms_accepted=True, self_registered=True)
    wrong(api.post("/v1/customers", own), "/self_registered")
    rules(self_registration=True)
    wrong(api.post("/v1/customers", own | {"active": True}), "/active")
    made = ok(api.post("/v1/customers", own), 201)
    assert (made["self_registered"], made["status"]) == (True, "pending")


def test_a_new_member_is_approved_by_somebody_else(running_ledger: RunningLedger, rules: Any) -> None:
    """Approval for new members. MC-1: nobody lets in whom he entered himself, whatever the role."""
    rules(approval=True)
    maker, boss = teller(running_ledger), supervisor(running_ledger)
    wrong(maker.post("/v1/customers", person(running_ledger, active=True)), "/active")
    customer = ok(maker.post("/v1/customers", person(running_ledger)), 201)
    assert customer["refused"]["activate"]["approval"] == "customer.activate"
    problem = refused(do(maker, customer, "activate", {}), 403, "needs-checker")
    assert problem["approval"] == "customer.activate"
    asked = {
        "action": "customer.activate",
        "object_id": customer["id"],
        "object_version": 1,
        "body": {},
        "reason": "papers are complete",
    }
    filed = ok(maker.post("/v1/approvals", asked), 202)
    assert {"field": "Status", "before": "pending", "after": "active"} in filed["difference"]
    ok(boss.post("/v1/me/step-up", {"password": "seven quiet herons"}, key=""))
    approve = {"difference_hash": filed["difference_hash"]}
    ok(boss.post(f"/v1/approvals/{filed['id']}/approve", approve))
    assert again(running_ledger, customer)["status"] == "active"
    own = ok(boss.post("/v1/customers", person(running_ledger)), 201)
    refused(do(boss, own, "activate", {}), 403, "needs-checker")
    assert ok(do(running_ledger.sign_in("hq-supervisor"), own, "activate", {}))["status"] == "active"


def test_closing_and_reactivating_a_new_member_is_no_way_around_the_rules(
    running_ledger: RunningLedger, rules: Any
) -> None:
    """Contract, section 3: closed while pending, reactivated active; a new member all the same."""
    rules(approval=True, mandatory_fields=["date_of_birth"])
    maker, boss = teller(running_ledger), supervisor(running_ledger)
    customer = ok(maker.post("/v1/customers", person(running_ledger, date_of_birth="1990-02-01")), 201)
    rules(approval=True, mandatory_fields=["email"])
    leaves = {"closure_date": running_ledger.today("NKU").isoformat(), "closure_reason": "Own wish"}
    closed = ok(do(maker, customer, "close", leaves))
    assert closed["refused"]["reactivate"]["code"] == "needs-checker"
    assert closed["refused"]["reactivate"]["approval"] is None
    refused(do(maker, closed, "reactivate", {}), 403, "needs-checker")
    refused(do(running_ledger.sign_in("teller-b"), closed, "reactivate", {}), 403, "needs-checker")
    wrong(do(boss, closed, "reactivate", {}), "/email")
    rules(approval=True)
    member = ok(do(boss, closed, "reactivate", {}))
    assert member["status"] == "active"
    # Whoever was a member once is none who is new.
    closed = ok(do(maker, member, "close", leaves))
    assert ok(do(maker, closed, "reactivate", {}))["status"] == "active"


def test_another_name_of_who_entered_a_member_is_nobody_else(
    running_ledger: RunningLedger, rules: Any
) -> None:
    """MC-1: one person under two names is one person, in the menu, by the command, and on another's request."""
    rules(approval=True)
    admin, maker = running_ledger.sign_in("administrator"), teller(running_ledger)
    twin = {"username": "second-name", "role": "supervisor", "password": PASSWORD}
    twin |= {
        "branch_id": running_ledger.branch("NKU").id,
        "same_person_as": ok(maker.get("/v1/me"))["user"]["id"],
    }
    ok(admin.post("/v1/me/step-up", {"password": PASSWORD}, key=""))
    ok(admin.post("/v1/users", twin), 201)
    same = running_ledger.sign_in("second-name")
    customer = ok(maker.post("/v1/customers", person(running_ledger)), 201)
    path = f"/v1/customers/{customer['id']}"
    (listed,) = same.pages("/v1/customers", q=customer["customer_no"])
    for shown in (ok(same.get(path)), listed):
        assert shown["refused"]["activate"]["code"] == "needs-checker"
    refused(do(same, customer, "activate", {}), 403, "needs-checker")
    asked = {"action": "customer.activate", "object_id": customer["id"], "object_version": 1, "body": {}}
    filed = ok(running_ledger.sign_in("teller-b").post("/v1/approvals", asked | {"reason": "complete"}), 202)
    approve = {"difference_hash": filed["difference_hash"]}
    refused(same.post(f"/v1/approvals/{filed['id']}/approve", approve), 403, "needs-checker")
    ok(do(supervisor(running_ledger), customer, "activate", {}))


def test_look_alikes_are_shown_before_anything_is_saved(running_ledger: RunningLedger) -> None:
    """Duplicate warning (same phone, external id, or name with birth date), with the look-alikes shown."""
    known = enter(
        running_ledger,
        first_name="Njeri",
        last_name="Kariuki",
        mobile_no="0799 700 100",
        date_of_birth="1985-03-03",
        external_id="EXT-700",
        identifiers=[{"identifier_type": "National id", "number": "22 33 44"}],
    )
    api = teller(running_ledger)

    def alike(**asked: Any) -> list[tuple[str, list[str]]]:
        found = ok(api.get("/v1/customers/duplicates", **asked))["items"]
        return [(each["customer"]["id"], each["reasons"]) for each in found]

    assert alike(mobile_no="+254 799 700 100") == [(known["id"], ["phone"])]
    assert alike(external_id="EXT-700") == [(known["id"], ["external id"])]
    assert alike(identifier="223344") == [(known["id"], ["identifier"])]
    assert alike(name="njeri KARIUKI", date_of_birth="1985-03-03") == [
        (known["id"], ["name and date of birth"])
    ]
    assert alike(name="njeri kariuki") == []
    both = alike(mobile_no="0799700100", name="Njeri Kariuki", date_of_birth="1985-03-03")
    assert both == [(known["id"], ["phone", "name and date of birth"])]
    assert (
        ok(teller(running_ledger, "KSM").get("/v1/customers/duplicates", external_id="EXT-700"))["items"]
        == []
    )
    assert api.get("/v1/customers/duplicates", mobile_no="12").status_code == 422
