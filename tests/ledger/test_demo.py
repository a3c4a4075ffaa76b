"""The demonstration: everything that the samples and the manual expect to find in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.ledger.running import Api, RunningLedger

from branchtui.ledger import demo
from branchtui.ledger.demo import Demonstration

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "mobile-money" / "c2b"


pytestmark = pytest.mark.xdist_group("demonstration")
"""Together, so that it is built once."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    return demo.build(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def served(built: Demonstration) -> Iterator[RunningLedger]:
    with RunningLedger(built["database"]) as ledger:
        yield ledger
        ledger.check()


def enter(served: RunningLedger, built: Demonstration, username: str) -> Api:
    user = next(each for each in built["users"] if each["username"] == username)
    api = served.anonymous()
    body = {"username": username, "password": user["password"]}
    answer = api.post("/v1/sessions", body, key="")
    assert answer.status_code == 201, answer.text
    return Api(served.client, username, answer.json()["access_token"], answer.json())


@pytest.fixture(scope="module")
def teller(served: RunningLedger, built: Demonstration) -> Api:
    return enter(served, built, "teller1")


def test_it_has_what_the_issue_counts(served: RunningLedger) -> None:
    """5,000 customers, 400 balance records, 3,000 payments of which 150 wait unmatched; nothing broken."""
    assert served.query("SELECT COUNT(*) FROM customers") == [(5_000,)]
    assert served.query("SELECT COUNT(*) FROM balance_records") == [(400,)]
    assert dict(served.query("SELECT state, COUNT(*) FROM payments GROUP BY 1")) == {
        "associated": 2_850,
        "unassociated": 150,
    }
    served.check()


def test_its_users_are_those_that_the_product_lists(served: RunningLedger, built: Demonstration) -> None:
    """A teller and a supervisor a branch, an auditor and an administrator for both; passwords that may be used."""
    roles = [(user["role"], served.core.tree[user["branch_id"]].code) for user in built["users"]]
    assert roles == [
        ("teller", "KIA"),
        ("supervisor", "KIA"),
        ("teller", "NYE"),
        ("supervisor", "NYE"),
        ("auditor", "HQ"),
        ("administrator", "HQ"),
    ]
    assert all(len(user["password"]) >= 15 for user in built["users"])
    assert len({user["password"] for user in built["users"]}) == 6
    for user in built["users"]:
        assert enter(served, built, user["username"]).get("/v1/me").status_code == 200
    json.dumps(built)


@pytest.mark.parametrize(("code", "username"), [("KIA", "teller1"), ("NYE", "teller2")])
def test_a_third_of_what_waits_is_the_tellers_own(
    served: RunningLedger, built: Demonstration, code: str, username: str
) -> None:
    """Contract, section 4: a teller's Post All takes the teller's own records, so there must be some."""
    by_maker = dict(
        served.query(
            "SELECT created_by, COUNT(*) FROM balance_records WHERE branch_id = ? AND status = 'not_accounted' GROUP BY 1",
            served.branch(code).id,
        )
    )
    total = sum(by_maker.values())
    assert total // 3 <= by_maker[username] <= total // 3 + 1
    mine = enter(served, built, username).get("/v1/balance-records/summary", status="not_accounted").json()
    assert mine["count"] > 0


@pytest.mark.parametrize(
    ("q", "customer_no", "account_no", "name"),
    [
        ("wanjiku", "000101", "100245", "Wanjiku Kamau"),
        ("achieng", "000102", "100246", "Achieng O'Brien"),
        ("ngugi", "000103", "100247", "Ngũgĩ wa Mwangi"),
        ("0711 222 333", "000101", "100245", "Wanjiku Kamau"),
        ("100248", "000104", "100248", "Naliaka Wekesa"),
        ("000103", "000103", "100247", "Ngũgĩ wa Mwangi"),
    ],
)
def test_the_known_customers_are_the_only_ones_found(
    teller: Api, q: str, customer_no: str, account_no: str, name: str
) -> None:
    """Product, command line: the samples find their owners, and nobody else."""
    page = teller.get("/v1/customers", q=q, count="true").json()
    assert [(item["customer_no"], item["account_no"], item["name"]) for item in page["items"]] == [
        (customer_no, account_no, name)
    ]
    assert (page["count"], page["count_exact"]) == (1, True)


def test_the_second_branch_sees_none_of_the_first(served: RunningLedger, built: Demonstration) -> None:
    """Branches stand beside each other below the head office."""
    other, auditor = enter(served, built, "teller2"), enter(served, built, "auditor")
    assert other.get("/v1/customers", q="wanjiku").json()["items"] == []
    assert len(auditor.get("/v1/customers", q="wanjiku").json()["items"]) == 1
    assert auditor.get("/v1/dashboard").json()["queues"][0]["count"] == 150


def confirm(served: RunningLedger, built: Demonstration, body: bytes) -> httpx.Response:
    return served.client.post(
        f"/v1/callbacks/mpesa/{built['callback_token']}/confirmation",
        content=body,
        headers={"content-type": "application/json"},
    )


def payment(teller: Api, code: str) -> dict[str, Any] | None:
    items = teller.get("/v1/payments", state="all", q=code).json()["items"]
    return next((item for item in items if item["code"] == code), None)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are kept beside the project, not in it")
def test_every_sample_ends_as_its_readme_says(
    served: RunningLedger, built: Demonstration, teller: Api
) -> None:
    """Posting the samples at a running demonstration fills the queue and associates as they say."""
    first = ["plain.json"]
    names = first + sorted(each.name for each in SAMPLES.glob("*.json") if each.name not in first)
    for name in names:
        answer = confirm(served, built, (SAMPLES / name).read_bytes())
        assert (answer.status_code, answer.json()["ResultCode"]) == (200, 0), name

    def state(name: str) -> str | None:
        found = payment(teller, json.loads((SAMPLES / name).read_bytes())["TransID"])
        if found is None:
            return None
        return f"{found['state']} {found['match']['tier'] if found['match'] else '-'}"

    for name in (
        "plain",
        "reference_spaces_case",
        "numeric_types",
        "no_name_keys",
        "name_with_escape_and_markup",
    ):
        assert state(f"{name}.json") == "associated 1", name
    for name in ("phone_hashed_international", "phone_hashed_local"):
        assert state(f"{name}.json") == "associated 3", name
    assert state("till_no_reference.json") == "associated 2"
    for name in ("phone_masked_spaces", "phone_masked_tight", "reference_unknown"):
        assert state(f"{name}.json") == "unassociated -", name
    for name in (
        "bad_amount_text",
        "bad_amount_zero",
        "bad_time",
        "bad_almost_everything_missing",
        "short_code_not_ours",
    ):
        assert state(f"{name}.json") is None, name
    masked = payment(teller, "SKA11AAB03")
    assert masked is not None
    candidates = teller.get(f"/v1/payments/{masked['id']}/candidates").json()["items"]
    assert [each["customer"]["customer_no"] for each in candidates] == ["000101"]
    assert candidates[0]["tier"] == 4
    plain = payment(teller, "SKA10QWE77")
    assert plain is not None
    assert plain["amount_minor"] == 150_000
    waiting = {
        each["name"]: each["count"]
        for each in enter(served, built, "supervisor1").get("/v1/dashboard").json()["queues"]
    }
    assert waiting["callbacks-quarantined"] == 1
    assert waiting["payments-unassociated"] == 123
