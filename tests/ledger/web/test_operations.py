"""What was done, over HTTP: keys, fences, the audit chain (contract, section 9; IDEM-9)."""

from __future__ import annotations

import itertools
import uuid
from typing import Any

import pytest
from tests.ledger.running import Api, RunningLedger

pytestmark = pytest.mark.both_stores


def new_customer(ledger: RunningLedger, name: str, branch: str = "NKU") -> dict[str, Any]:
    return {"branch_id": ledger.branch(branch).id, "first_name": name, "last_name": "Operation"}


def enter(api: Api, ledger: RunningLedger, name: str, branch: str = "NKU") -> str:
    key = str(uuid.uuid4())
    assert api.post("/v1/customers", new_customer(ledger, name, branch), key=key).status_code == 201
    return key


def test_a_late_copy_after_the_fence_is_refused_for_ever(running_ledger: RunningLedger) -> None:
    """IDEM-9: an unseen key becomes cancelled; whoever sends it later gets 409 `operation-cancelled`."""
    teller, key = running_ledger.sign_in("teller"), str(uuid.uuid4())
    assert teller.get(f"/v1/operations/{key}").status_code == 404
    assert teller.get(f"/v1/operations/{key}").json()["code"] == "operation-unknown"
    for _ in range(2):
        fenced = teller.post(f"/v1/operations/{key}/cancel", key="")
        assert fenced.status_code == 200
        assert fenced.json()["state"] == "cancelled"
    for _ in range(2):
        late = teller.post("/v1/customers", new_customer(running_ledger, "Late"), key=key)
        assert late.status_code == 409
        assert late.json()["code"] == "operation-cancelled"
        assert late.json()["outcome"] == "not_applied"
    assert teller.get("/v1/customers", q="late operation").json()["items"] == []


def test_a_fence_that_comes_too_late_answers_what_was_done(running_ledger: RunningLedger) -> None:
    """IDEM-9: when it is done already, the fence answers that outcome and changes nothing."""
    teller = running_ledger.sign_in("teller")
    key = enter(teller, running_ledger, "Early")
    fenced = teller.post(f"/v1/operations/{key}/cancel", key="").json()
    assert (fenced["state"], fenced["status"]) == ("succeeded", 201)
    assert fenced["resource"].startswith("/v1/customers/")
    assert fenced == teller.get(f"/v1/operations/{key}").json()


def test_what_others_did_is_not_to_be_seen(running_ledger: RunningLedger) -> None:
    """IDEM-9: only the owner, or who resolves in that branch, may ask; all others get the 404 of the unknown."""
    key = enter(running_ledger.sign_in("teller"), running_ledger, "Private")
    for username in ("teller-b", "teller2", "supervisor2", "auditor"):
        api = running_ledger.sign_in(username)
        assert api.get(f"/v1/operations/{key}").json()["code"] == "operation-unknown"
        assert api.post(f"/v1/operations/{key}/cancel", key="").status_code == 404
    for username in ("supervisor", "hq-supervisor"):
        assert running_ledger.sign_in(username).get(f"/v1/operations/{key}").json()["state"] == "succeeded"


def test_a_key_that_cannot_be_one_is_refused(running_ledger: RunningLedger) -> None:
    """IDEM-1: 16 to 64 letters, digits, _ or -."""
    teller = running_ledger.sign_in("teller")
    for key in ("short", "x" * 65, "sixteen.letters.!"):
        answer = teller.get(f"/v1/operations/{key}")
        assert answer.status_code == 400
        assert answer.json()["code"] == "idempotency-key-malformed"
        assert teller.post(f"/v1/operations/{key}/cancel", key="").status_code == 400


def test_what_i_did_is_listed_newest_first_and_found(own_ledger: RunningLedger) -> None:
    """Contract, section 9: one's own by default; found by short reference in any writing, or by summary."""
    teller, other = own_ledger.sign_in("teller"), own_ledger.sign_in("teller-b")
    keys = [enter(teller, own_ledger, name) for name in ("One", "Two", "Three")]
    theirs = enter(other, own_ledger, "Theirs")
    listed = teller.pages("/v1/operations", limit=2)
    assert [item["key"] for item in listed] == keys[::-1]
    assert all(item["actor"] == "teller" and item["action"] == "customer.create" for item in listed)
    reference = listed[1]["reference"]
    for q in (reference, reference.lower(), reference.replace("-", " "), reference[:5], "000002"):
        found = teller.get("/v1/operations", q=q).json()["items"]
        assert keys[1] in [item["key"] for item in found], q
    assert teller.get("/v1/operations", q="no such thing").json()["items"] == []
    assert teller.get("/v1/operations", mine="false").status_code == 403
    branch = own_ledger.sign_in("supervisor").get("/v1/operations", mine="false").json()["items"]
    assert [item["key"] for item in branch] == [theirs, *keys[::-1]]
    assert own_ledger.sign_in("supervisor2").get("/v1/operations", mine="false").json()["items"] == []
    away = own_ledger.sign_in("supervisor").get(
        "/v1/operations", mine="false", branch=own_ledger.branch("KSM").id
    )
    assert away.status_code == 404


def test_no_summary_holds_a_name_or_a_phone(own_ledger: RunningLedger) -> None:
    """AUD-1: operations and audit name customers by their numbers."""
    teller = own_ledger.sign_in("teller")
    body = new_customer(own_ledger, "Unmistakable") | {"mobile_no": "0733 444 555"}
    teller.post("/v1/customers", body)
    auditor = own_ledger.sign_in("auditor")
    for text in (teller.get("/v1/operations").text, auditor.get("/v1/audit").text):
        assert "Unmistakable" not in text
        assert "733444555" not in text


def test_the_audit_chain_is_read_by_auditors_and_ends_at_its_head(own_ledger: RunningLedger) -> None:
    """AUD-1, AUD-2: gapless rows, each bound to the one before, the newest being the head."""
    teller, auditor = own_ledger.sign_in("teller"), own_ledger.sign_in("auditor")
    key = enter(teller, own_ledger, "Chained")
    branch_id = own_ledger.branch("NKU").id
    rows = auditor.pages("/v1/audit", limit=2, branch=branch_id)
    assert [row["seq"] for row in rows] == list(range(len(rows), 0, -1))
    for newer, older in itertools.pairwise(rows):
        assert newer["prev_hash"] == older["hash"]
    heads = {head["branch_id"]: head for head in auditor.get("/v1/audit/head").json()["items"]}
    assert (heads[branch_id]["seq"], heads[branch_id]["hash"]) == (rows[0]["seq"], rows[0]["hash"])
    assert rows[0]["operation_key"] == key
    assert rows[0]["action"] == "customer.create"
    answer = teller.get("/v1/me")
    assert answer.headers["ledger-head"] == f"{branch_id};{rows[0]['seq']};{rows[0]['hash'][:8]}"
    for username in ("teller", "supervisor", "administrator"):
        assert own_ledger.sign_in(username).get("/v1/audit").status_code == 403
        assert own_ledger.sign_in(username).get("/v1/audit/head").status_code == 403


def test_the_audit_is_narrowed_by_who_did_what_to_what(own_ledger: RunningLedger) -> None:
    """Contract, section 9: filters branch, actor, action, object; over all branches by time."""
    enter(own_ledger.sign_in("teller"), own_ledger, "Here")
    enter(own_ledger.sign_in("teller2"), own_ledger, "There", "KSM")
    auditor = own_ledger.sign_in("auditor")
    everything = auditor.pages("/v1/audit", limit=3)
    assert len({(row["branch_id"], row["seq"]) for row in everything}) == len(everything)
    assert [row["at"] for row in everything] == sorted((row["at"] for row in everything), reverse=True)
    made = auditor.pages("/v1/audit", action="customer.create")
    assert [row["actor"] for row in made] == ["teller2", "teller"]
    assert auditor.pages("/v1/audit", actor="teller", action="customer.create") == made[1:]
    assert [row["action"] for row in auditor.pages("/v1/audit", object=made[0]["object"])] == [
        "customer.create"
    ]
    assert auditor.get("/v1/audit", branch="nowhere").status_code == 404
