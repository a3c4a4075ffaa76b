"""Customers over HTTP: entered, found, looked at in one answer (contract, section 3)."""

from __future__ import annotations

import itertools
import uuid
from typing import Any

import pytest
from tests.ledger.running import Api, RunningLedger

pytestmark = pytest.mark.both_stores

_PHONES = itertools.count(720_000_000)


def enter(api: Api, ledger: RunningLedger, branch: str = "NKU", **members: Any) -> dict[str, Any]:
    body = {"branch_id": ledger.branch(branch).id, "active": True} | members
    if "name" not in members:
        body = {"first_name": "Amani", "last_name": "Baraka"} | body
    else:
        body["legal_form"] = "entity"
    answer = api.post("/v1/customers", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def found(api: Api, q: str, **more: Any) -> list[str]:
    answer = api.get("/v1/customers", q=q, **more)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


def test_a_new_customer_has_numbers_and_a_wallet(running_ledger: RunningLedger) -> None:
    """Contract, section 3: numbers are made unless given; the main account is the wallet's."""
    teller = running_ledger.sign_in("teller")
    made = enter(teller, running_ledger, first_name="Zawadi", last_name="Neema")
    assert made["customer_no"].startswith("0")
    assert not made["account_no"].startswith("0")
    assert [(a["kind"], a["account_no"], a["balance_minor"]) for a in made["accounts"]] == [
        ("wallet", made["account_no"], 0)
    ]
    assert made["status"] == "active"
    assert made["branch_code"] == "NKU"
    assert "open-account" in made["actions"]
    assert "new-balance" in made["actions"]


def test_the_same_key_enters_one_customer_and_answers_the_same(running_ledger: RunningLedger) -> None:
    """IDEM-8: a repeated key answers the stored bytes."""
    teller, key = running_ledger.sign_in("teller"), str(uuid.uuid4())
    body = {"branch_id": running_ledger.branch("NKU").id, "first_name": "Twice", "last_name": "Sent"}
    first = teller.post("/v1/customers", body, key=key)
    second = teller.post("/v1/customers", body, key=key)
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert second.headers["idempotency-replayed"] == "true"
    assert found(teller, "twice sent") == ["Twice Sent"]


@pytest.mark.parametrize(
    ("member", "body"),
    [
        ("/last_name", {"first_name": "Only"}),
        ("/name", {"legal_form": "entity"}),
        ("/name", {"first_name": "A", "last_name": "B", "name": "AB Ltd"}),
        ("/date_of_birth", {"first_name": "A", "last_name": "B", "date_of_birth": "2999-01-01"}),
        ("/mobile_no", {"first_name": "A", "last_name": "B", "mobile_no": "12"}),
        ("/email", {"first_name": "A", "last_name": "B", "email": "nobody"}),
        ("/activation_date", {"first_name": "A", "last_name": "B", "activation_date": "2020-01-01"}),
        (
            "/activation_date",
            {
                "first_name": "A",
                "last_name": "B",
                "active": True,
                "submitted_on": "2024-02-02",
                "activation_date": "2024-02-01",
            },
        ),
    ],
)
def test_values_that_break_a_rule_name_their_member(
    running_ledger: RunningLedger, member: str, body: dict[str, Any]
) -> None:
    """Contract, section 10: 422 for values that break a rule, with a pointer."""
    teller = running_ledger.sign_in("teller")
    answer = teller.post("/v1/customers", {"branch_id": running_ledger.branch("NKU").id} | body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [member]


def test_a_number_that_is_taken_names_who_has_it(running_ledger: RunningLedger) -> None:
    """Contract, section 10: 409 `reference-taken` with `existing`, never another branch's customer."""
    teller, other = running_ledger.sign_in("teller"), running_ledger.sign_in("teller2")
    first = enter(teller, running_ledger, external_id="OLD/77", customer_no="K-77", account_no="A-77")
    for member, value in (("external_id", "OLD/77"), ("customer_no", "K-77"), ("account_no", "A-77")):
        body = {"first_name": "New", "last_name": "Comer", member: value}
        answer = teller.post("/v1/customers", body | {"branch_id": running_ledger.branch("NKU").id})
        assert answer.status_code == 409
        assert answer.json()["code"] == "reference-taken"
        assert first["id"] in answer.json()["existing"].values()
        if member != "account_no":
            assert f"by customer K-77 {first['name']}" in answer.json()["detail"]
        answer = other.post("/v1/customers", body | {"branch_id": running_ledger.branch("KSM").id})
        assert answer.status_code == 409
        assert answer.json()["existing"] is None
        assert first["name"] not in answer.json()["detail"]


def test_blanks_around_an_external_id_make_no_other_one_of_it(running_ledger: RunningLedger) -> None:
    """Contract, section 3: it is one customer's alone, however it was copied; and blanks alone are none."""
    teller, branch_id = running_ledger.sign_in("teller"), running_ledger.branch("NKU").id
    enter(teller, running_ledger, external_id="OLD/78 ", email=" a@example.org ")
    for given, status in (("\u00a0OLD/78", 409), ("  ", 422)):
        body = {"branch_id": branch_id, "first_name": "New", "last_name": "Comer", "external_id": given}
        assert teller.post("/v1/customers", body).status_code == status


def test_somebody_who_looks_alike_is_entered_only_when_confirmed(running_ledger: RunningLedger) -> None:
    """Contract, section 10: the same phone, or name and birth date, answers 409 `possible-duplicate`."""
    teller = running_ledger.sign_in("teller")
    phone = f"0{next(_PHONES)}"
    first = enter(
        teller,
        running_ledger,
        first_name="Ruth",
        last_name="Alike",
        mobile_no=phone,
        date_of_birth="1990-05-05",
    )
    branch_id = running_ledger.branch("NKU").id
    for body in (
        {"first_name": "Other", "last_name": "Name", "mobile_no": "+254" + phone[1:]},
        {"first_name": "Rúth", "last_name": "ALIKE", "date_of_birth": "1990-05-05"},
    ):
        body |= {"branch_id": branch_id}
        refused = teller.post("/v1/customers", body)
        assert refused.status_code == 409
        assert refused.json()["code"] == "possible-duplicate"
        assert refused.json()["duplicate_of"]["id"] == first["id"]
        confirmed = {"confirm-duplicate-of": refused.json()["duplicate_of"]["key"]}
        assert teller.post("/v1/customers", body, headers=confirmed).status_code == 201


def test_a_customer_cannot_be_entered_in_a_branch_that_is_not_ones_own(running_ledger: RunningLedger) -> None:
    """AUTHZ-3: an id in a body that is another branch's answers as one that does not exist."""
    teller = running_ledger.sign_in("teller")
    body = {"first_name": "A", "last_name": "B", "branch_id": running_ledger.branch("KSM").id}
    assert teller.post("/v1/customers", body).status_code == 404
    assert teller.post("/v1/customers", body | {"branch_id": "nowhere-at-all"}).status_code == 404


def test_a_customer_is_found_in_every_writing(running_ledger: RunningLedger) -> None:
    """Words in any order and without marks, the phone in any writing, every number."""
    teller = running_ledger.sign_in("teller")
    made = enter(
        teller,
        running_ledger,
        first_name="Ñûrî",
        middle_name="wa",
        last_name="O'Zũlu",
        mobile_no="+254 733 111 222",
        external_id="EX/9/b",
    )
    opened = teller.post(
        f"/v1/customers/{made['id']}/accounts",
        {"kind": "savings", "currency": "KES", "account_no": "SV-900.1"},
    )
    assert opened.status_code == 201
    for q in (
        "nuri", "NURI ozulu", "o’zulu ñûri", "zul", "wa nuri", "nu", "+254 733 111 222", "0733 111 222", "254733111222",
        "0733-111", "733111222", "(0733) 111222", "00254733111222", "+254 (0)733 111 222", "11222", made["customer_no"],
        made["account_no"], made["account_no"][:3] + " " + made["account_no"][3:], "ex/9/b", "EX9B", "sv-900", "SV9001",
    ):  # fmt: skip
        assert "Ñûrî wa O'Zũlu" in found(teller, q), q
    for q in ("nuri otieno", "0733 111 223", "ex/9/c", "*", '"', "%", "nuri OR wa*", "NEAR(", "-nuri"):
        assert "Ñûrî wa O'Zũlu" not in found(teller, q), q


def test_names_of_two_letters_in_scripts_without_spaces_are_found(running_ledger: RunningLedger) -> None:
    """A short word is found at the beginning of a name, whichever part people begin with."""
    teller = running_ledger.sign_in("teller")
    enter(teller, running_ledger, first_name="小明", last_name="欧阳")
    enter(teller, running_ledger, first_name="준호", last_name="김")
    for q in ("欧阳小明", "欧阳", "小明", "小明 欧阳", "欧"):
        assert found(teller, q) == ["欧阳小明"], q
    assert found(teller, "김준호") == found(teller, "준호") == ["김준호"]


def test_a_search_ends_at_the_own_branch(running_ledger: RunningLedger) -> None:
    """AUTHZ-2: other branches' customers are not found, not counted, not shown; the top sees all."""
    mine, theirs = running_ledger.sign_in("teller"), running_ledger.sign_in("teller2")
    own = enter(mine, running_ledger, first_name="Scoped", last_name="Nakuru")
    far = enter(theirs, running_ledger, "KSM", first_name="Scoped", last_name="Kisumu")
    assert found(mine, "scoped") == ["Scoped Nakuru"]
    assert found(theirs, "scoped") == ["Scoped Kisumu"]
    assert found(running_ledger.sign_in("auditor"), "scoped") == ["Scoped Kisumu", "Scoped Nakuru"]
    assert found(mine, far["customer_no"]) == found(mine, far["account_no"]) == []
    assert mine.get("/v1/customers", q="scoped", count="true").json()["count"] == 1
    for path in (f"/v1/customers/{far['id']}", f"/v1/accounts/{far['accounts'][0]['id']}/entries"):
        missing = mine.get(path.replace(far["id"], "nobody").replace(far["accounts"][0]["id"], "none"))
        refused = mine.get(path)
        assert refused.status_code == missing.status_code == 404
        assert refused.json()["detail"] == missing.json()["detail"]
    answer = mine.post(f"/v1/customers/{far['id']}/accounts", {"kind": "savings", "currency": "KES"})
    assert answer.status_code == 404
    assert mine.get("/v1/customers", branch=running_ledger.branch("KSM").id).status_code == 404
    assert mine.get("/v1/customers", anchor=f"id:{far['id']}").status_code == 404
    assert mine.get("/v1/customers", anchor=f"id:{own['id']}").json()["items"][0]["id"] == own["id"]
    assert mine.get(f"/v1/customers/{own['id']}").status_code == 200


def test_a_branch_filter_covers_the_branches_below_it(running_ledger: RunningLedger) -> None:
    """Contract, section 3: filters status and branch."""
    auditor = running_ledger.sign_in("auditor")
    enter(running_ledger.sign_in("hq-teller"), running_ledger, "HQ", first_name="Below", last_name="One")
    enter(
        running_ledger.sign_in("teller2"),
        running_ledger,
        "KSM",
        first_name="Below",
        last_name="Two",
        active=False,
    )
    assert found(auditor, "below", branch=running_ledger.branch("HQ").id) == ["Below One", "Below Two"]
    assert found(auditor, "below", branch=running_ledger.branch("KSM").id) == ["Below Two"]
    assert found(auditor, "below", status="pending") == ["Below Two"]
    plain = auditor.get("/v1/customers", status="pending", branch=running_ledger.branch("KSM").id).json()[
        "items"
    ]
    assert {item["status"] for item in plain} == {"pending"}
    assert plain[0]["name"] == "Below Two"
    assert auditor.get("/v1/customers", status="asleep").status_code == 422


def test_the_list_opens_anywhere_and_turns_both_ways(own_ledger: RunningLedger) -> None:
    """PAGE-1 to 3: cursors in both directions, an anchor by letter in any case, every order total."""
    teller = own_ledger.sign_in("teller")
    for name in ("Abel", "Bärbel", "Cora", "Dida", "Étienne", "Fatuma"):
        enter(teller, own_ledger, first_name=name, last_name="Liste")
    page = teller.get("/v1/customers", limit=2, anchor="key:É").json()
    assert [item["first_name"] for item in page["items"]] == ["Étienne", "Fatuma"]
    back = teller.get("/v1/customers", limit=2, cursor=page["prev"]).json()
    assert [item["first_name"] for item in back["items"]] == ["Cora", "Dida"]
    beyond = teller.get("/v1/customers", limit=2, anchor="key:zzz").json()
    assert [item["first_name"] for item in beyond["items"]] == ["Fatuma"]
    for sort, first in (("name", "Abel"), ("customer_no", "Abel"), ("created", "Fatuma")):
        walked = teller.pages("/v1/customers", limit=2, sort=sort)
        assert len({item["id"] for item in walked}) == len(walked) == 6
        assert walked[0]["first_name"] == first
    assert teller.get("/v1/customers", sort="created", anchor="key:yesterday").status_code == 400
    assert teller.get("/v1/customers", sort="phone").status_code == 400
    foreign = own_ledger.sign_in("supervisor").get("/v1/customers", limit=2, cursor=page["prev"])
    assert foreign.status_code == 400
    assert foreign.json()["code"] == "cursor-invalid"
    searched = teller.get("/v1/customers", q="liste", limit=4).json()
    rest = teller.get("/v1/customers", q="liste", limit=4, cursor=searched["next"]).json()
    assert [item["first_name"] for item in searched["items"] + rest["items"]] == [
        "Abel", "Bärbel", "Cora", "Dida", "Étienne", "Fatuma",
    ]  # fmt: skip


def test_a_profile_is_one_answer_with_natural_balances_and_the_latest_entries(
    running_ledger: RunningLedger,
) -> None:
    """Contract, section 3: `include=accounts,entries`; what is held and what is owed are both positive."""
    teller = running_ledger.sign_in("teller")
    member = running_ledger.add_member(accounts=("wallet", "savings", "loan"))
    for kind, amount in [("savings", 50_000 + n) for n in range(11)] + [("loan", 900_000)]:
        record = teller.post(
            "/v1/balance-records",
            {
                "customer_id": member.id,
                "account_kind": kind,
                "amount_minor": amount,
                "currency": "KES",
                "as_of_date": running_ledger.today().isoformat(),
                "external_ref": f"P-{kind}-{amount}",
            },
        ).json()
        posted = teller.post(f"/v1/balance-records/{record['id']}/post", if_match=record["version"])
        assert posted.status_code == 200, posted.text
    profile = teller.get(f"/v1/customers/{member.id}", include="accounts,entries")
    assert profile.headers["etag"] == f'"{profile.json()["version"]}"'
    balances = {a["kind"]: a["balance_minor"] for a in profile.json()["accounts"]}
    assert balances == {"wallet": 0, "savings": sum(50_000 + n for n in range(11)), "loan": 900_000}
    entries = profile.json()["entries"]
    assert len(entries) == 10
    assert (entries[0]["account_kind"], entries[0]["amount_minor"]) == ("loan", 900_000)
    assert entries[1]["balance_after_minor"] == balances["savings"]
    assert entries[1]["amount_minor"] == 50_010
    plain = teller.get(f"/v1/customers/{member.id}").json()
    assert plain["accounts"] is None
    assert plain["entries"] is None
    assert teller.get(f"/v1/customers/{member.id}", include="secrets").status_code == 400


def test_the_entries_of_an_account_are_walked_newest_first(running_ledger: RunningLedger) -> None:
    """Contract, section 9: keyset pages over one account's legs, in both directions."""
    teller = running_ledger.sign_in("teller")
    member = running_ledger.add_member(accounts=("wallet", "savings"))
    for amount in range(100, 107):
        record = teller.post(
            "/v1/balance-records",
            {
                "customer_id": member.id,
                "account_kind": "savings",
                "amount_minor": amount,
                "currency": "KES",
                "as_of_date": running_ledger.today().isoformat(),
                "external_ref": f"E-{amount}-{member.id}",
            },
        ).json()
        teller.post(f"/v1/balance-records/{record['id']}/post", if_match=record["version"])
    path = f"/v1/accounts/{member.accounts['savings'].id}/entries"
    walked = teller.pages(path, limit=3)
    assert [entry["amount_minor"] for entry in walked] == [106, 105, 104, 103, 102, 101, 100]
    second = teller.get(path, limit=3, cursor=teller.get(path, limit=3).json()["next"]).json()
    first = teller.get(path, limit=3, cursor=second["prev"]).json()
    assert [entry["amount_minor"] for entry in first["items"]] == [106, 105, 104]
    last = teller.get(path, limit=3, anchor="last").json()
    assert [entry["amount_minor"] for entry in last["items"]] == [102, 101, 100]
    assert teller.get(path, anchor="key:1").status_code == 400


def test_an_administrator_sees_customers_but_not_their_phones_or_money(running_ledger: RunningLedger) -> None:
    """AUTHZ-4: personal data is masked for who does not need it; administrators touch no money."""
    teller, administrator = running_ledger.sign_in("teller"), running_ledger.sign_in("administrator")
    made = enter(
        teller, running_ledger, mobile_no=f"0{next(_PHONES)}", email="a@b.example", date_of_birth="1980-01-01"
    )
    seen = administrator.get(f"/v1/customers/{made['id']}", include="accounts,entries").json()
    assert seen["mobile_no"].startswith("+2547")
    assert "***" in seen["mobile_no"]
    assert seen["email"] is None
    assert seen["date_of_birth"] is None
    assert seen["accounts"] is None
    assert seen["entries"] is None
    assert seen["actions"] == []
    assert seen["refused"]["open-account"]["code"] == "forbidden"
    assert (
        administrator.post(
            f"/v1/customers/{made['id']}/accounts", {"kind": "savings", "currency": "KES"}
        ).status_code
        == 403
    )
    assert (
        running_ledger.sign_in("auditor").get(f"/v1/customers/{made['id']}").json()["mobile_no"]
        == made["mobile_no"]
    )


def test_an_account_is_opened_only_where_it_may_be(running_ledger: RunningLedger) -> None:
    """Contract, section 3: the kinds that are opened by hand, a currency that exists, a number that is free."""
    teller = running_ledger.sign_in("teller")
    made = enter(teller, running_ledger, first_name="Opens", last_name="Accounts")
    path = f"/v1/customers/{made['id']}/accounts"
    assert teller.post(path, {"kind": "shares", "currency": "KES"}).json()["balance_minor"] == 0
    assert teller.post(path, {"kind": "wallet", "currency": "KES"}).status_code == 422
    assert teller.post(path, {"kind": "credit", "currency": "KES"}).status_code == 422
    assert teller.post(path, {"kind": "savings", "currency": "QQQ"}).status_code == 422
    taken = teller.post(path, {"kind": "savings", "currency": "KES", "account_no": made["account_no"]})
    assert taken.status_code == 409
    assert taken.json()["code"] == "reference-taken"
    left = running_ledger.add_member(status="closed")
    refused = teller.post(f"/v1/customers/{left.id}/accounts", {"kind": "savings", "currency": "KES"})
    assert refused.status_code == 409
    assert refused.json()["code"] == "transition-not-allowed"
    assert teller.get(f"/v1/customers/{left.id}").json()["actions"] == ["add-note", "reactivate"]


def test_a_search_with_more_matches_than_it_looks_at_says_so(own_ledger: RunningLedger) -> None:
    """PAGE-3: a count is exact or a lower bound; candidates are capped at 500."""
    from tests.ledger.seeded import plant_people

    from branchtui.ledger.workflows.customer_search import CANDIDATES

    plant_people(own_ledger, "NKU", CANDIDATES + 30, last_name="Common")
    plant_people(own_ledger, "KSM", CANDIDATES + 30, last_name="Common", first_name="Far")
    page = own_ledger.sign_in("teller").get("/v1/customers", q="ommon", count="true").json()
    assert (page["count"], page["count_exact"]) == (CANDIDATES, False)
    few = own_ledger.sign_in("teller").get("/v1/customers", q="ommon p7", count="true").json()
    assert few["count_exact"]
    assert few["count"] < CANDIDATES
    assert {item["branch_code"] for item in few["items"]} == {"NKU"}
