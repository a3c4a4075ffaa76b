"""The log of money: every entry once, found by whatever is known of it, and exported without a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.running import RunningLedger
from tests.ledger.till import OTHER_SHORT_CODE, Till, open_till
from tests.ledger.workflows.test_manual_payments import key, move
from tests.ledger.workflows.test_payments import refused

from branchtui.contract.sessions import Role
from branchtui.ledger.access import Principal
from branchtui.ledger.store.lists import bound_of
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.workflows import transaction_export, transactions
from branchtui.ledger.workflows.transactions import Asked

pytestmark = pytest.mark.both_stores


@pytest.fixture(scope="module")
def till(new_ledger: Callable[[Path], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    """Two branches whose money moved in every way that the log tells of."""
    with RunningLedger(new_ledger(tmp_path_factory.mktemp("log"))) as ledger:
        till = open_till(ledger)
        till.pay("LOG0000001")
        till.pay("LOG0000002", BusinessShortCode=OTHER_SHORT_CODE, BillRefNumber="200245")
        waiting = till.pay("LOG0000003", BillRefNumber="", MSISDN="")
        given = till.give(waiting, "000102").json()
        move(till, given, "reassign", customer_id=till.id_of("000103"))
        keyed = key(till, tender="cheque", receipt_no="KCB 77", narration="=HYPERLINK(1)").json()
        move(till, keyed, "reverse")
        move(till, till.pay("LOG0000004", BillRefNumber="", MSISDN=""), "refund")
        yield till
        ledger.check()


def kinds(till: Till, who: str = "supervisor", **query: Any) -> list[str]:
    return [each["kind"] for each in till.api(who).pages("/v1/transactions", **query)]


EVERY_KIND_OF_NKU = [
    "payment.refund",
    "payment.receive",
    "payment.reverse",
    "payment.create",
    "payment.associate",
    "payment.disassociate",
    "payment.associate",
    "payment.receive",
    "payment.associate",
    "payment.receive",
]


def test_every_entry_of_the_branch_stands_in_the_log_once_newest_first(till: Till) -> None:
    """Issue: the complete log of money in one list; pages are seamless, and the other way round too."""
    assert kinds(till, limit=3) == EVERY_KIND_OF_NKU
    assert kinds(till, limit=4, sort="oldest") == EVERY_KIND_OF_NKU[::-1]
    assert kinds(till, who="supervisor2") == ["payment.associate", "payment.receive"]
    assert len(kinds(till, who="hq-supervisor")) == len(EVERY_KIND_OF_NKU) + 2
    counted = till.api("auditor").get("/v1/transactions", count="true", limit=1).json()
    assert (counted["count"], counted["count_exact"]) == (12, True)


def test_a_line_says_whose_money_how_much_and_by_which_tender(till: Till) -> None:
    """Contract, section 5: amount, customer, account, tender, who and why."""
    (reverse, create) = till.api("teller").pages("/v1/transactions", q="KCB 77")
    assert (create["kind"], create["amount_minor"], create["currency"]) == ("payment.create", 25_000, "KES")
    assert (create["tender"], create["reference"]) == ("cheque", "KCB 77")
    assert (create["customer"]["customer_no"], create["account_no"]) == ("000101", "100245")
    assert (create["narration"], create["created_by"]) == ("=HYPERLINK(1)", "teller")
    assert (reverse["reversal_of"], reverse["tender"]) == (create["id"], "cheque")
    assert {create["legs"], create["reversed_by"]} == {None}


def test_a_line_opens_its_entry_with_legs_that_sum_to_nothing(till: Till) -> None:
    """Issue: each line opens its journal entry with legs; debit and credit stand apart."""
    (_, create) = till.api("teller").pages("/v1/transactions", q="KCB 77")
    whole = till.api("teller").get(f"/v1/transactions/{create['id']}").json()
    legs = whole["legs"]
    assert [(each["account_kind"], each["debit_minor"], each["credit_minor"]) for each in legs] == [
        ("cheques-receivable", 25_000, None),
        ("wallet", None, 25_000),
    ]
    assert legs[1]["customer_id"] == till.id_of("000101")
    assert whole["reversed_by"] is not None
    assert {**whole, "legs": None, "reversed_by": None} == create


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"kind": "payment.refund"}, ["payment.refund"]),
        ({"kind": "payment.receive"}, ["payment.receive"] * 3),
        ({"kind": "voucher.buy"}, []),
        ({"created_by": "teller"}, ["payment.create", "payment.associate"]),
        ({"created_by": "supervisor", "kind": "payment.refund"}, ["payment.refund"]),
        ({"created_by": "ledger"}, ["payment.receive"] * 3 + ["payment.associate"]),
        ({"q": "LOG0000003"}, ["payment.associate", "payment.disassociate", "payment.associate", "payment.receive"]),
        ({"q": "kcb 77"}, ["payment.reverse", "payment.create"]),
        ({"q": "000103"}, ["payment.associate", "payment.disassociate", "payment.associate", "payment.receive"]),
        ({"q": "100246"}, ["payment.disassociate", "payment.associate"]),
        ({"q": "no such thing"}, []),
        ({"q": "..."}, []),
        ({"date_to": "2020-01-01"}, []),
        ({"date_from": "9999-12-31"}, []),
        ({"date_from": "0001-01-01", "date_to": "9999-12-31"}, EVERY_KIND_OF_NKU),
    ],
    ids=str,
)  # fmt: skip
def test_the_log_narrows_by_kind_person_days_and_what_is_known(
    till: Till, query: dict[str, Any], expected: list[str]
) -> None:
    """One list with filters; a search finds the entries of the payments that it finds."""
    assert sorted(kinds(till, **query)) == sorted(expected)


def test_the_log_of_a_customer_is_what_moved_that_customers_money(till: Till) -> None:
    """Reassigned money was two customers', each for a while."""
    ours = till.id_of("000102")
    assert kinds(till, customer=ours) == ["payment.disassociate", "payment.associate"]
    assert kinds(till, customer=ours, kind="payment.disassociate") == ["payment.disassociate"]
    assert kinds(till, customer=till.id_of("000201")) == []


def test_an_operation_is_found_by_its_short_reference(till: Till) -> None:
    """What people read to each other leads to the entries of that operation."""
    (_, create) = till.api("teller").pages("/v1/transactions", q="KCB 77")
    found = till.api("teller").pages("/v1/transactions", q=create["operation"].lower())
    assert create["id"] in {each["id"] for each in found}


def test_the_log_opens_at_a_day(till: Till) -> None:
    """Keys of an order by time are days, months and years of the branch."""
    today = till.ledger.today("NKU")
    api = till.api("teller")

    def first(anchor: str) -> str:
        answer = api.get("/v1/transactions", anchor=anchor, limit=1)
        assert answer.status_code == 200, answer.text
        found: str = answer.json()["items"][0]["kind"]
        return found

    assert first(f"key:{today}") == EVERY_KIND_OF_NKU[0]
    assert first(f"key:{today - timedelta(days=1)}") == EVERY_KIND_OF_NKU[-1], (
        "nothing is so old: the last row"
    )
    assert first(f"key:{today.year}") == EVERY_KIND_OF_NKU[0]
    assert refused(api.get("/v1/transactions", anchor="key:soon")) == (400, "malformed")
    items = api.get("/v1/transactions", anchor="first").json()["items"]
    assert api.get("/v1/transactions", anchor=f"id:{items[4]['id']}").json()["items"][0] == items[4]


def test_another_branchs_entry_is_not_there(till: Till) -> None:
    """AUTHZ-2: the same 404 as for what was never there."""
    (theirs, *_) = till.api("supervisor2").pages("/v1/transactions")
    assert refused(till.api("teller").get(f"/v1/transactions/{theirs['id']}")) == (404, "not-found")
    assert kinds(till, q="LOG0000002") == []


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_export_is_whole_counted_and_harmless_in_a_spreadsheet(till: Till) -> None:
    """PAGE-4, SEC-6: every line of the list, count and control total at the end, no formula."""
    answer = till.api("supervisor").get("/v1/transactions.csv")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["row-count"] == str(len(EVERY_KIND_OF_NKU))
    assert "content-digest" in answer.headers
    header, *rows, total = csv.reader(io.StringIO(answer.text))
    assert tuple(header) == transaction_export.COLUMNS
    assert [row[3] for row in rows] == EVERY_KIND_OF_NKU
    assert total[:2] == ["TOTAL", str(len(rows))]
    assert total[9] == "KES"
    assert float(total[8]) == sum(float(row[8]) for row in rows)
    for row in rows:
        assert not any(cell[:1] in {"=", "+", "-", "@", "\t", "\r"} for cell in row), row
    assert "'=HYPERLINK(1)" in answer.text
    listed = till.api("supervisor").pages("/v1/transactions")
    assert [row[14] for row in rows] == [each["id"] for each in listed]


def test_the_export_narrows_as_the_list_does_and_an_empty_one_says_so(till: Till) -> None:
    """The same filters, the same entries."""
    api = till.api("auditor")
    one = api.get("/v1/transactions.csv", kind="payment.refund", branch=till.ledger.branch("NKU").id)
    assert [row[3] for row in csv.reader(io.StringIO(one.text))][1:-1] == ["payment.refund"]
    none = api.get("/v1/transactions.csv", date_to="2020-01-01")
    assert none.text.splitlines()[1:] == ["TOTAL,0" + "," * 14]


def test_an_export_is_told_to_the_audit_chain(till: Till) -> None:
    """AUD-1: who took how many rows of how many persons away."""
    till.api("supervisor").get("/v1/transactions.csv", kind="payment.refund")
    rows = till.ledger.query(
        "SELECT actor, after FROM audit WHERE action = 'transaction.export' ORDER BY at DESC LIMIT 1"
    )
    assert rows == [("supervisor", '{"persons":0,"rows":1}')]


def test_very_many_persons_need_a_proof_and_very_many_rows_a_narrower_question(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AUTH-7: an export of more persons than a thousand; and a file has an end."""
    monkeypatch.setattr(transaction_export, "PERSONS_MAX", 1)
    api = till.api("hq-supervisor")
    session = api.session["user"]["id"]
    till.ledger.bulk(
        lambda tx: tx.connection.execute(
            "UPDATE sessions SET started_at = started_at - 600000000 WHERE user_id = ?", (session,)
        )
    )
    assert refused(api.get("/v1/transactions.csv")) == (403, "step-up")
    monkeypatch.setattr(transaction_export, "ROWS_MAX", 3)
    assert refused(api.get("/v1/transactions.csv")) == (422, "validation")


# ── plans ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("who", "asked", "index"),
    [
        ("teller", Asked(), "journal_entries_branch (branch_id=?)"),
        ("teller", Asked(kind="payment.refund"), "journal_entries_branch_kind (branch_id=? AND kind=?)"),
        ("hq-supervisor", Asked(kind="payment.refund"), "journal_entries_kind (kind=?)"),
        ("hq-supervisor", Asked(created_by="teller"), "journal_entries_person (created_by=?)"),
        (
            "teller",
            Asked(created_by="teller", kind="payment.create"),
            "journal_entries_person (created_by=?)",
        ),
    ],
    ids=str,
)
async def test_no_list_of_the_log_sorts_or_reads_it_from_end_to_end(
    till: Till, who: str, asked: Asked, index: str
) -> None:
    """Stack: a page costs the same at row one and at row one million."""
    if till.ledger.database.startswith("postgresql"):
        pytest.skip("its planner decides by size")
    branch_id = till.ledger.branch("HQ" if who.startswith("hq") else "NKU").id
    principal = Principal(who, who, who, Role.TELLER, branch_id, till.ledger.core.tree.scope(branch_id))
    found = await transactions.filters(till.ledger.core, principal, asked, 0)
    connection = connect(till.ledger.path, read_only=True)
    statement = transactions.export_statement(tuple(sorted(found)))
    plan = [
        row[3]
        for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", bound_of(found) | {"limit_rows": 50})
    ]
    connection.close()
    assert any(index in line for line in plan), plan
    assert not any("TEMP B-TREE" in line for line in plan), plan
