"""Family, addresses, identifiers, notes, further details, history: one profile in one request (section 3)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.ledger.members import do, enter, hold, ok, refused, supervisor, teller, today, wrong
from tests.ledger.running import RunningLedger

pytestmark = pytest.mark.both_stores

CHILD = {"first_name": "Ada", "last_name": "Baraka", "relationship": "Child", "date_of_birth": "2015-05-05"}
HOME = {"address_type": "Home", "street": "Moi Avenue 12", "city": "Nakuru", "country": "KE"}
PASSPORT = {"identifier_type": "Passport", "number": "AK 1234567"}

GOOD: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("family-members", CHILD, {"profession": "pupil", "is_dependent": True}),
    ("addresses", HOME, {"city": "Naivasha", "active": False}),
    ("identifiers", PASSPORT, {"valid_until": "2031-01-31", "description": "the blue one"}),
    ("notes", {"note": "Prefers to be called after four."}, {"note": "Moved; ask for the new address."}),
]


@pytest.mark.parametrize(("path", "new", "change"), GOOD, ids=[path for path, _, _ in GOOD])
def test_a_part_is_added_changed_and_taken_away(
    running_ledger: RunningLedger, path: str, new: dict[str, Any], change: dict[str, Any]
) -> None:
    """Contract, sections 1 and 3: each part has its version; changing it needs If-Match."""
    customer, api = enter(running_ledger), teller(running_ledger)
    if path == "identifiers":
        new = new | {"number": f"AK {customer['customer_no']}"}
    many = f"/v1/customers/{customer['id']}/{path}"
    answer = api.post(many, new)
    made = ok(answer, 201)
    assert answer.headers["location"] == f"{many}/{made['id']}"
    assert new.items() <= made.items()
    assert made["actions"] == ["edit", "delete"]
    assert [each["id"] for each in ok(api.get(many))["items"]] == [made["id"]]
    one = f"{many}/{made['id']}"
    refused(api.patch(one, change), 428, "precondition-required")
    changed = ok(api.patch(one, change, if_match=1))
    assert change.items() <= changed.items()
    assert changed["version"] == 2
    stale = refused(api.patch(one, change, if_match=1), 412, "precondition-failed")
    assert {each["field"] for each in stale["changed_fields"]} >= change.keys()
    assert stale["current"]["version"] == 2
    assert supervisor(running_ledger).delete(one, if_match=2).status_code == 204
    assert ok(api.get(many))["items"] == []
    refused(api.patch(one, change, if_match=2), 404, "not-found")


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("family-members", CHILD | {"relationship": "Moved away"}, "/relationship"),
        ("family-members", {"first_name": "A", "last_name": "B"}, "/relationship"),
        ("family-members", CHILD | {"age": 4}, "/age"),
        ("family-members", CHILD | {"date_of_birth": "2999-01-01"}, "/date_of_birth"),
        ("family-members", CHILD | {"mobile_no": "12"}, "/mobile_no"),
        ("family-members", CHILD | {"gender": "Spouse"}, "/gender"),
        ("addresses", {"address_type": "Home"}, "/street"),
        ("addresses", HOME | {"country": "ZZ"}, "/country"),
        ("addresses", HOME | {"address_type": "Child"}, "/address_type"),
        ("identifiers", PASSPORT | {"identifier_type": "Home"}, "/identifier_type"),
        ("identifiers", PASSPORT | {"number": "Ä1"}, "/number"),
        ("notes", {"note": ""}, "/note"),
        ("notes", {"note": "card 4111 1111 1111 1111"}, "/note"),
        ("notes", {"note": "a\u202eb"}, "/note"),
    ],
)
def test_a_part_that_breaks_a_rule_names_its_member(
    running_ledger: RunningLedger, path: str, body: dict[str, Any], pointer: str
) -> None:
    """Contract, section 10: 422 with a pointer; nothing is kept."""
    customer, api = enter(running_ledger), teller(running_ledger)
    many = f"/v1/customers/{customer['id']}/{path}"
    wrong(api.post(many, body), pointer)
    assert ok(api.get(many))["items"] == []


def test_one_identifier_belongs_to_one_customer(running_ledger: RunningLedger) -> None:
    """Decision 0030: no two customers have one number of one kind, however it is written."""
    first, second, api = enter(running_ledger), enter(running_ledger), teller(running_ledger)
    ok(api.post(f"/v1/customers/{first['id']}/identifiers", PASSPORT | {"number": "ZK 77-88"}), 201)
    path = f"/v1/customers/{second['id']}/identifiers"
    taken = refused(api.post(path, PASSPORT | {"number": "zk7788"}), 409, "reference-taken")
    assert f"Customer {first['customer_no']} {first['name']} has this identifier" in taken["detail"]
    taken = refused(
        api.post(f"/v1/customers/{first['id']}/identifiers", PASSPORT | {"number": "zk7788"}),
        409,
        "reference-taken",
    )
    assert "The customer has this identifier already" in taken["detail"]
    stranger = enter(running_ledger, "KSM")
    path_there = f"/v1/customers/{stranger['id']}/identifiers"
    there = teller(running_ledger, "KSM").post(path_there, PASSPORT | {"number": "zk7788"})
    taken = refused(there, 409, "reference-taken")
    assert (taken["existing"], taken["detail"][:16]) == (None, "Another customer")
    ok(api.post(path, PASSPORT | {"identifier_type": "National id", "number": "ZK7788"}), 201)
    body = {"branch_id": running_ledger.branch("NKU").id, "first_name": "A", "last_name": "B"}
    refused(
        api.post("/v1/customers", body | {"identifiers": [PASSPORT | {"number": "ZK7788"}]}),
        409,
        "reference-taken",
    )


def test_parts_come_with_a_new_customer_or_not_at_all(running_ledger: RunningLedger) -> None:
    """Family members and addresses in the same flow; a wrong one names its place and nothing is recorded."""
    api = teller(running_ledger)
    body = {"branch_id": running_ledger.branch("NKU").id, "first_name": "Wholesome", "last_name": "Family"}
    bad = body | {"family": [CHILD, CHILD | {"relationship": "Neighbour"}], "addresses": [HOME]}
    wrong(api.post("/v1/customers", bad), "/family/1/relationship")
    assert ok(api.get("/v1/customers", q="wholesome family"))["items"] == []
    good = body | {"family": [CHILD], "addresses": [HOME], "identifiers": [PASSPORT | {"number": "WF1"}]}
    made = ok(api.post("/v1/customers", good), 201)
    assert [each["relationship"] for each in made["family"]] == ["Child"]
    assert [each["city"] for each in made["addresses"]] == ["Nakuru"]
    assert [each["number"] for each in made["identifiers"]] == ["WF1"]


def test_a_profile_is_one_request(running_ledger: RunningLedger) -> None:
    """Contract, section 3: a profile is ONE request; who may not see a part is not shown it."""
    customer, api = enter(running_ledger), teller(running_ledger)
    path = f"/v1/customers/{customer['id']}"
    hold(running_ledger, customer, "savings", 1_000)
    ok(api.post(f"{path}/family-members", CHILD | {"mobile_no": "0799 300 100"}), 201)
    ok(api.post(f"{path}/addresses", HOME), 201)
    ok(api.post(f"{path}/notes", {"note": "First."}), 201)
    ok(api.put(f"{path}/additional-details", {"details": {"Shamba": "two acres"}}, if_match=1))
    names = "accounts,entries,family,addresses,identifiers,documents,notes,additional_details,history"
    whole = ok(api.get(path, include=names))
    assert {each["kind"] for each in whole["accounts"]} == {"wallet", "savings"}
    assert whole["entries"][0]["amount_minor"] == 1_000
    assert whole["family"][0]["mobile_no"] == "+254799300100"
    assert whole["addresses"][0]["street"] == "Moi Avenue 12"
    assert (whole["identifiers"], whole["documents"]) == ([], [])
    assert whole["notes"][0]["note"] == "First."
    assert whole["additional_details"]["details"] == {"Shamba": "two acres"}
    assert [each["action"] for each in whole["history"]] == [
        "customer-details.change", "note.create", "address.create", "family-member.create", "customer.create",
    ]  # fmt: skip
    plain = ok(api.get(path))
    assert [plain[name] for name in names.split(",")] == [None] * 9
    refused(api.get(path, include="accounts,secrets"), 400, "malformed")
    masked = ok(running_ledger.sign_in("administrator").get(path, include=names))
    assert {masked[name] for name in ("accounts", "entries", "documents", "history")} == {None}
    assert masked["family"] is None
    seen = ok(running_ledger.sign_in("auditor").get(path, include=names))
    assert len(seen["family"]) == 1


def test_who_wrote_a_note_changes_it(running_ledger: RunningLedger) -> None:
    """Decision 0030: a note is its author's; a supervisor may take it away."""
    customer = enter(running_ledger)
    many = f"/v1/customers/{customer['id']}/notes"
    note = ok(teller(running_ledger).post(many, {"note": "Mine."}), 201)
    other = running_ledger.sign_in("teller-b")
    (seen,) = ok(other.get(many))["items"]
    assert (seen["actions"], set(seen["refused"])) == ([], {"edit", "delete"})
    refused(other.patch(f"{many}/{note['id']}", {"note": "Not yours."}, if_match=1), 403, "forbidden")
    refused(other.delete(f"{many}/{note['id']}", if_match=1), 403, "forbidden")
    refused(
        supervisor(running_ledger).patch(f"{many}/{note['id']}", {"note": "x"}, if_match=1), 403, "forbidden"
    )
    assert supervisor(running_ledger).delete(f"{many}/{note['id']}", if_match=1).status_code == 204


def test_what_is_closed_takes_notes_and_nothing_else(running_ledger: RunningLedger) -> None:
    """Decision 0030: the profile of who has left stays as it was; what happens afterwards is noted."""
    customer, api = enter(running_ledger), teller(running_ledger)
    path = f"/v1/customers/{customer['id']}"
    closed = {"closure_date": today(running_ledger), "closure_reason": "Deceased"}
    ok(do(api, customer, "close", closed))
    for part, body in (("family-members", CHILD), ("addresses", HOME), ("identifiers", PASSPORT)):
        refused(api.post(f"{path}/{part}", body), 409, "transition-not-allowed")
    refused(api.put(f"{path}/additional-details", {"details": {}}, if_match=1), 409, "transition-not-allowed")
    ok(api.post(f"{path}/notes", {"note": "The widow called."}), 201)


def test_further_details_are_set_as_a_whole(running_ledger: RunningLedger) -> None:
    """Contract, section 3: additional details, by names of the institution's own."""
    customer, api = enter(running_ledger), teller(running_ledger)
    path = f"/v1/customers/{customer['id']}/additional-details"
    assert (ok(api.get(path))["details"], ok(api.get(path))["version"]) == ({}, 1)
    first = ok(api.put(path, {"details": {"Crop": "maize", "Acres": "2"}}, if_match=1))
    assert first["version"] == 2
    stale = refused(api.put(path, {"details": {}}, if_match=1), 412, "precondition-failed")
    assert {each["field"] for each in stale["changed_fields"]} == {"Crop", "Acres"}
    assert ok(api.put(path, {"details": {"Crop": "beans"}}, if_match=2))["details"] == {"Crop": "beans"}
    wrong(api.put(path, {"details": {str(n): "x" for n in range(51)}}, if_match=3), "/details")
    wrong(api.put(path, {"details": {"Card": "4111111111111111"}}, if_match=3), "/details/Card")


def test_the_history_tells_who_did_what_and_no_secrets(running_ledger: RunningLedger) -> None:
    """AUD-1: before and after without full names and phones; codes by their names; the newest first, page by page."""
    customer, api = enter(running_ledger, mobile_no="0799 400 500"), teller(running_ledger)
    path = f"/v1/customers/{customer['id']}"
    ok(
        api.patch(
            path,
            {"mobile_no": "0799 400 501", "classification": "Priority", "last_name": "Wambui"},
            if_match=1,
        )
    )
    closed = {"closure_date": today(running_ledger), "closure_reason": "Moved away"}
    ok(do(supervisor(running_ledger), customer | {"version": 2}, "close", closed))
    history = api.pages(f"{path}/history", limit=2)
    assert [(each["action"], each["actor"]) for each in history] == [
        ("customer.close", "supervisor"),
        ("customer.change", "teller"),
        ("customer.create", "teller"),
    ]
    assert history[0]["reason"] == "Moved away"
    assert history[0]["changes"]["status"] == {"before": "active", "after": "closed"}
    assert history[0]["changes"]["closure_reason"]["after"] == "Moved away"
    assert history[1]["changes"]["classification"]["after"] == "Priority"
    assert history[1]["changes"]["mobile_no"] == {"before": "+2547*****500", "after": "+2547*****501"}
    assert "Wambui" not in str(history)
    assert "400501" not in str(history)
