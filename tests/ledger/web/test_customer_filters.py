"""The list of customers by seven filters in any combination, counted, and taken out as a file (section 3)."""

from __future__ import annotations

import csv
import io
import itertools
import random
from typing import Any, Final

import pytest
from tests.ledger.members import (
    add_product,
    add_staff,
    add_value,
    administrator,
    do,
    enter,
    ok,
    refused,
    supervisor,
    teller,
    today,
    wrong,
)
from tests.ledger.running import RunningLedger

from branchtui.ledger.workflows import customer_filters

pytestmark = pytest.mark.both_stores

FILTERS: Final = ("label", "staff", "product", "group", "organisation", "status", "branch")


class Crowd:
    """Forty customers of two branches with all combinations of what lists go by, dealt by chance."""

    def __init__(self, ledger: RunningLedger) -> None:
        self.ledger = ledger
        rng = random.Random(6)
        self.labels = [add_value(ledger, "label")["name"] for _ in range(2)]
        self.groups = [add_value(ledger, "group")["name"] for _ in range(2)]
        self.organisations = [add_value(ledger, "organisation")["name"] for _ in range(2)]
        self.products = [add_product(ledger)["code"] for _ in range(2)]
        self.staff = {
            branch: [add_staff(ledger, branch, first_name=f"{branch}{place}")["id"] for place in range(2)]
            for branch in ("NKU", "KSM")
        }
        self.people: list[dict[str, Any]] = []
        for place in range(40):
            branch = "NKU" if place % 4 else "KSM"
            members: dict[str, Any] = {
                "first_name": f"{rng.choice('ABCDEF')}crowd{place:02d}",
                "labels": [each for each in self.labels if rng.random() < 0.5],
                "group": rng.choice([None, *self.groups]),
                "organisation": rng.choice([None, *self.organisations]),
                "staff_id": rng.choice([None, *self.staff[branch]]),
                "active": rng.random() < 0.7,
            }
            made = enter(ledger, branch, **members)
            sold = [each for each in self.products if rng.random() < 0.4]
            for code in sold:
                body = {"kind": "savings", "currency": "KES", "product": code}
                ok(teller(ledger, branch).post(f"/v1/customers/{made['id']}/accounts", body), 201)
            self.people.append(made | {"products": sold, "branch": made["branch_id"]})

    def fits(self, one: dict[str, Any], asked: dict[str, str]) -> bool:
        """Whether somebody passes the filters, by what was entered."""
        return all(
            {
                "label": value in one["labels"],
                "staff": one["staff_id"] == value,
                "product": value in one["products"],
                "group": one["group"] == value,
                "organisation": one["organisation"] == value,
                "status": one["status"] == value,
                "branch": one["branch_id"] == value,
            }[name]
            for name, value in asked.items()
        )

    def choices(self) -> dict[str, list[str]]:
        """Two values of each filter."""
        return {
            "label": self.labels,
            "staff": self.staff["NKU"],
            "product": self.products,
            "group": self.groups,
            "organisation": self.organisations,
            "status": ["active", "pending"],
            "branch": [self.ledger.branch(code).id for code in ("NKU", "KSM")],
        }


@pytest.fixture(scope="module")
def crowd(running_ledger: RunningLedger) -> Crowd:
    return Crowd(running_ledger)


@pytest.mark.parametrize("many", [False, True], ids=["rare", "frequent"])
@pytest.mark.parametrize("sort", ["name", "customer_no", "created"])
def test_every_combination_of_filters_finds_exactly_who_fits(
    crowd: Crowd, sort: str, many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract, section 3: filters in any combination, counted, page by page in every order, whichever way leads."""
    if many:  # whatever is rarest counts as frequent, and is walked instead of gathered
        monkeypatch.setattr(customer_filters, "GATHERED_MAX", 0)
    top, choices, rng = crowd.ledger.sign_in("auditor"), crowd.choices(), random.Random(sort)
    for size in range(1, len(FILTERS) + 1):
        for names in itertools.combinations(FILTERS, size):
            asked = {name: rng.choice(choices[name]) for name in names}
            expected = {each["id"] for each in crowd.people if crowd.fits(each, asked)}
            page = ok(top.get("/v1/customers", sort=sort, limit=200, count="true", **asked))
            found = [each["id"] for each in page["items"] if "crowd" in each["name"]]
            assert set(found) == expected, asked
            assert len(found) == len(expected)
            assert page["count_exact"]
            assert page["count"] == len(page["items"]), asked


@pytest.mark.parametrize("sort", ["name", "customer_no", "created"])
def test_a_filtered_list_turns_both_ways_and_opens_anywhere(crowd: Crowd, sort: str) -> None:
    """PAGE-1 to 3: cursors both ways and anchors, whatever the filters; each row once."""
    api = crowd.ledger.sign_in("auditor")
    asked = {"label": crowd.labels[0], "status": "active", "sort": sort}
    whole = [each["id"] for each in ok(api.get("/v1/customers", limit=200, **asked))["items"]]
    walked = [each["id"] for each in api.pages("/v1/customers", limit=3, **asked)]
    assert walked == whole
    last = ok(api.get("/v1/customers", limit=3, anchor="last", **asked))
    back = [each["id"] for each in last["items"]]
    page = last
    while page["prev"] is not None:
        page = ok(api.get("/v1/customers", limit=3, cursor=page["prev"], **asked))
        back = [each["id"] for each in page["items"]] + back
    assert back == whole
    middle = whole[len(whole) // 2]
    opened = ok(api.get("/v1/customers", limit=2, anchor=f"id:{middle}", **asked))
    assert opened["items"][0]["id"] == middle
    other = asked | {"label": crowd.labels[1]}
    refused(api.get("/v1/customers", limit=3, cursor=last["prev"], **other), 400, "cursor-invalid")


def test_a_search_is_narrowed_by_filters_too(crowd: Crowd) -> None:
    """`:customers status=active staff=otieno`, and words beside."""
    api, choices = crowd.ledger.sign_in("auditor"), crowd.choices()
    for name in FILTERS:
        for value in choices[name]:
            expected = {each["id"] for each in crowd.people if crowd.fits(each, {name: value})}
            for q in ("crowd", "Baraka"):
                page = ok(api.get("/v1/customers", q=q, limit=200, **{name: value}))
                found = {each["id"] for each in page["items"] if "crowd" in each["name"]}
                assert found == expected, (name, value, q)
    first = crowd.people[0]
    for label in crowd.labels:
        page = ok(api.get("/v1/customers", q=first["customer_no"], label=label))
        assert (first["id"] in [each["id"] for each in page["items"]]) == (label in first["labels"])


def test_a_name_may_be_exact_or_a_part_that_only_one_has(running_ledger: RunningLedger) -> None:
    """The fast path names staff by a word; what may be several is asked about, never guessed."""
    one = add_staff(running_ledger, first_name="Kipchumba", last_name="Lagat")
    add_staff(running_ledger, first_name="Kipchoge", last_name="Lagat")
    customer, api = enter(running_ledger, staff_id=one["id"]), teller(running_ledger)
    for given in (one["id"], "Kipchumba Lagat", "kipchumba LAGAT", "chumba"):
        assert [each["id"] for each in ok(api.get("/v1/customers", staff=given))["items"]] == [customer["id"]]
    problem = wrong(api.get("/v1/customers", staff="lagat"), "/staff")
    assert "Kipchoge Lagat, Kipchumba Lagat" in problem["detail"]
    for name in ("label", "staff", "product", "group", "organisation"):
        wrong(api.get("/v1/customers", **{name: "nobody and nothing"}), f"/{name}")
    far = add_staff(running_ledger, "KSM", first_name="Farida")
    wrong(api.get("/v1/customers", staff=far["id"]), "/staff")
    wrong(api.get("/v1/customers", status="sleeping"), "/status")


def test_filters_end_at_the_own_branch(crowd: Crowd) -> None:
    """AUTHZ-2: other branches' customers are neither found nor counted, whatever they are labelled."""
    for branch, code in (("NKU", "KSM"), ("KSM", "NKU")):
        api, own = teller(crowd.ledger, branch), crowd.ledger.branch(branch).id
        for label in crowd.labels:
            page = ok(api.get("/v1/customers", label=label, count="true", limit=200))
            assert {each["branch_id"] for each in page["items"]} <= {own}
            assert page["count"] == len(page["items"])
        assert api.get("/v1/customers", branch=crowd.ledger.branch(code).id).status_code == 404


def test_a_product_finds_who_has_got_an_account_by_posting(running_ledger: RunningLedger) -> None:
    """Decision 0030: an account that a posting opens counts, one by one and in bulk."""
    product, boss = add_product(running_ledger, "shares"), supervisor(running_ledger)
    customers = [enter(running_ledger) for _ in range(3)]
    records = []
    for place, customer in enumerate(customers):
        body = {
            "customer_id": customer["id"],
            "account_kind": "shares",
            "amount_minor": 700 + place,
            "currency": "KES",
            "as_of_date": today(running_ledger),
            "product": product["code"],
            "external_ref": f"PROD-{customer['id']}",
        }
        records.append(ok(boss.post("/v1/balance-records", body), 201)["id"])
    ok(boss.post(f"/v1/balance-records/{records[0]}/post", if_match=1))
    ids = ",".join(records[1:])
    seen = ok(boss.get("/v1/balance-records/summary", ids=ids))
    seen.pop("currency")
    ok(boss.post("/v1/balance-records/post-all", seen | {"ids": records[1:]}))
    found = ok(boss.get("/v1/customers", product=product["name"], limit=200))["items"]
    assert {each["id"] for each in found} == {each["id"] for each in customers}


def exported(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    text = answer.content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_list_is_taken_out_as_a_file_that_no_spreadsheet_runs(running_ledger: RunningLedger) -> None:
    """SEC-6, PAGE-4: guarded texts, a trailer with the number of rows, a digest; the filters of the list."""
    label = add_value(running_ledger, "label", "=HYPERLINK(A1)")
    evil = enter(
        running_ledger, first_name="=cmd|' /C calc'!A0", last_name="O'Brien", labels=[label["id"]],
        mobile_no="0799 800 100", external_id="000123", gender="Female",
    )  # fmt: skip
    enter(running_ledger, labels=[label["id"]], first_name="-2+3", active=False)
    api = teller(running_ledger)
    answer = api.get("/v1/customers/export.csv", label=label["id"], status="active")
    rows = exported(answer)
    assert (len(rows), answer.headers["row-count"]) == (3, "1")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    row = dict(zip(rows[0], rows[1], strict=True))
    assert (row["first_name"], row["name"][:2], row["last_name"]) == ("'=cmd|' /C calc'!A0", "'=", "O'Brien")
    assert (row["mobile_no"], row["external_id"], row["customer_no"]) == (
        "+254799800100",
        "000123",
        evil["customer_no"],
    )
    assert (row["labels"], row["gender"], row["branch"]) == ("'=HYPERLINK(A1)", "Female", "NKU")
    assert rows[2] == ["#rows", "1"]
    both = exported(api.get("/v1/customers/export.csv", label=label["id"]))
    assert both[-1] == ["#rows", "2"]
    found = exported(api.get("/v1/customers/export.csv", q="O'Brien", label=label["id"], sort="created"))
    assert found[-1] == ["#rows", "1"]
    refused(administrator(running_ledger).get("/v1/customers/export.csv"), 403, "forbidden")
    assert (
        exported(teller(running_ledger, "KSM").get("/v1/customers/export.csv", label=label["id"]))[-1][1]
        == "0"
    )


def test_more_than_a_thousand_persons_need_a_proof(own_ledger: RunningLedger, engine: str) -> None:
    """AUTH-7: export of more than 1,000 persons needs a step-up."""
    body = {"closure_date": today(own_ledger), "closure_reason": "Other"}
    ok(do(teller(own_ledger), enter(own_ledger), "close", body))
    at = own_ledger.branch("NKU").id

    def fill(tx: Any) -> None:
        tx.connection.executemany(
            "INSERT INTO customers (id, version, customer_no, account_no, legal_form, name, branch_id, status, "
            "created_by, created_at, name_key, reversed_name_key, search_text) "
            "VALUES (?, 1, ?, ?, 'person', 'X Y', ?, 'active', 'ledger', 1, 'x y', 'y x', 'x y')",
            [(f"x{place}", f"X{place}", f"Y{place}", at) for place in range(1_001)],
        )

    if engine != "sqlite":
        pytest.skip("written with the embedded engine's own words")
    own_ledger.bulk(fill)
    assert exported(teller(own_ledger).get("/v1/customers/export.csv", status="closed"))[-1] == ["#rows", "1"]
    own_ledger.clock.advance(seconds=400)
    api = teller(own_ledger)
    refused(api.get("/v1/customers/export.csv"), 403, "step-up")
    ok(api.post("/v1/me/step-up", {"password": "seven quiet herons"}, key=""))
    assert exported(api.get("/v1/customers/export.csv"))[-1] == ["#rows", "1002"]
