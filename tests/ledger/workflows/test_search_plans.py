"""No search reads a table from end to end: the plan of every statement that a search runs (stack.md, Search)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from tests.ledger.running import RunningLedger

from branchtui.contract.balance_records import RecordFilter, RecordStatus
from branchtui.contract.sessions import Role
from branchtui.ledger.access import Principal
from branchtui.ledger.phones import region_of
from branchtui.ledger.store.lists import Window
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.workflows import customer_search, payment_search, record_sets

if TYPE_CHECKING:
    from branchtui.ledger.store.reader import Reader

QUERIES = {
    "two names": "muthoni kamau",
    "a name": "mwangi",
    "three letters": "oti",
    "two letters": "wa",
    "one letter": "m",
    "a letter and a name": "m kamau",
    "an unparted script": "王",
    "a phone": "0720 111",
    "a phone abroad": "+254 745 617",
    "a phone's end": "4321",
    "a number": "100245",
    "a code": "TKDM8LPUQV",
    "an amount": "1,500.00",
    "nobody": "zzzyyx",
    "signs alone": "...",
}
SCANNED = re.compile(r"SCAN (customers|payments|accounts|balance_records)\b(?!_)(?! USING INDEX)")
PLACES = ("first", "last", "key:2026-11-01")


@dataclass
class Listening:
    """Notes what a list asks of its reader, and answers nothing."""

    reader: Reader
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def rows(self, _: object, statement: str, bound: dict[str, Any]) -> list[Any]:
        self.asked.append((statement, bound))
        return []

    async def values(self, statement: str, bound: dict[str, Any]) -> list[tuple[Any, ...]]:
        self.asked.append((statement, bound))
        return [(0,)] if "count(" in statement.lower() else []

    async def by_keys(self, *_: object) -> list[Any]:
        return []


async def plans(
    ledger: RunningLedger, spec: Any, filters: dict[str, Any], *, anchors: tuple[str, ...] = PLACES
) -> list[str]:
    """The steps of the plans of a page at each of these places, and of the count."""
    listening = Listening(ledger.core.reader)
    lists = replace(ledger.core.lists, reader=listening)  # type: ignore[arg-type]  # answers what a list asks
    for anchor in anchors:
        window = Window(anchor=anchor, count=anchor == "first")
        await lists.page(spec, window, filters, who="somebody", now_us=ledger.clock.now_us())
    connection = connect(ledger.path, read_only=True)
    try:
        return [
            str(step[3])
            for statement, bound in listening.asked
            for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", bound)
        ]
    finally:
        connection.close()


def scans(steps: list[str]) -> list[str]:
    return [step for step in steps if SCANNED.match(step)]


@pytest.mark.parametrize("status", [None, "pending"])
@pytest.mark.parametrize("code", ["HQ", "NKU"])
@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
async def test_finding_customers_reads_indexes_alone(
    running_ledger: RunningLedger, query: str, code: str, status: str | None
) -> None:
    """Contract, section 3: by the whole institution and by one branch of it, with and without a status."""
    branch = running_ledger.branch(code)
    scope = running_ledger.core.tree.scope(branch.id)
    search = customer_search.parse(query, region_of(branch.currency, branch.timezone))
    asked = customer_search.filters(scope.branch_ids, whole=scope.top, search=search, status=status)
    steps = await plans(running_ledger, customer_search.CUSTOMERS, asked)
    assert scans(steps) == []
    assert any("customers_brief" in step for step in steps)


@pytest.mark.parametrize("state", [None, "unassociated"])
@pytest.mark.parametrize("code", ["HQ", "NKU"])
@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
async def test_finding_payments_reads_indexes_alone(
    running_ledger: RunningLedger, query: str, code: str, state: str | None
) -> None:
    """Contract, section 5: "where is it?" by name, code, amount, phone and owner, in every state or one."""
    branch = running_ledger.branch(code)
    scope = running_ledger.core.tree.scope(branch.id)
    asked = payment_search.filters(
        scope.branch_ids, whole=scope.top, home=branch, q=query, state=state, date_from=date(2026, 1, 1)
    )
    steps = await plans(running_ledger, payment_search.PAYMENTS, asked)
    assert scans(steps) == []
    assert any("payments_amount (branch_id=? AND amount_minor=? AND state=?)" in step for step in steps)


@pytest.mark.parametrize("code", ["HQ", "NKU"])
@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
async def test_finding_records_by_their_customers_reads_no_customers_from_end_to_end(
    running_ledger: RunningLedger, query: str, code: str
) -> None:
    """Contract, section 4: the customers whose records are meant are found as the list of customers finds them."""
    branch = running_ledger.branch(code)
    scope = running_ledger.core.tree.scope(branch.id)
    who = Principal("u", "somebody", "p", Role.TELLER, branch.id, scope)
    for status in (None, RecordStatus.ACCOUNTED):
        asked = record_sets.list_filters(running_ledger.core, who, RecordFilter(q=query, status=status))
        steps = await plans(running_ledger, record_sets.RECORDS, asked, anchors=("first",))
        assert scans(steps) == []
        assert steps[0].startswith(
            "SEARCH balance_records USING INDEX sqlite_autoindex_balance_records_1 (id=?)"
        )


@pytest.mark.parametrize("code", ["HQ", "NKU"])
@pytest.mark.parametrize(
    ("narrowed", "index"),
    [
        (RecordFilter(customer="c"), "balance_records_customer (customer_id=?)"),
        (RecordFilter(import_id="i"), "sqlite_autoindex_balance_records_3 (import_id=?)"),
    ],
    ids=["customer", "import"],
)
async def test_the_records_of_one_customer_or_import_are_found_by_it(
    running_ledger: RunningLedger, narrowed: RecordFilter, index: str, code: str
) -> None:
    """0054: in every status they are few, and no order's index is walked for them."""
    branch = running_ledger.branch(code)
    scope = running_ledger.core.tree.scope(branch.id)
    who = Principal("u", "somebody", "p", Role.TELLER, branch.id, scope)
    asked = record_sets.list_filters(running_ledger.core, who, narrowed)
    steps = await plans(running_ledger, record_sets.RECORDS, asked)
    assert {step for step in steps if "balance_records" in step} == {
        f"SEARCH balance_records USING INDEX {index}"
    }


ORDERS = [
    *(
        ("customers", sort, status)
        for sort in customer_search.CUSTOMERS.sorts
        for status in (None, "pending")
    ),
    *(("payments", sort, state) for sort in payment_search.PAYMENTS.sorts for state in (None, "ignored")),
    *(("records", sort, status) for sort in record_sets.RECORDS.sorts for status in (None, "reversed")),
]


@pytest.mark.parametrize("code", ["HQ", "NKU"])
@pytest.mark.parametrize(("kind", "sort", "status"), ORDERS)
async def test_every_order_of_a_list_has_an_index_by_branch_and_by_status(
    running_ledger: RunningLedger, kind: str, sort: str, status: str | None, code: str
) -> None:
    """PAGE-1: each page reads the rows it shows, wherever it opens; nothing is sorted, nothing read from end to end."""
    ledger, branch = running_ledger, running_ledger.branch(code)
    scope = ledger.core.tree.scope(branch.id)
    if kind == "customers":
        spec: Any = customer_search.CUSTOMERS
        asked = customer_search.filters(scope.branch_ids, whole=scope.top, search=None, status=status)
    elif kind == "payments":
        spec = payment_search.PAYMENTS
        asked = payment_search.filters(scope.branch_ids, whole=scope.top, home=branch, state=status)
    else:
        spec, who = record_sets.RECORDS, Principal("u", "somebody", "p", Role.TELLER, branch.id, scope)
        narrowed = RecordFilter(status=None if status is None else RecordStatus(status))
        asked = record_sets.list_filters(ledger.core, who, narrowed)
    listening = Listening(ledger.core.reader)
    lists = replace(ledger.core.lists, reader=listening)  # type: ignore[arg-type]  # answers what a list asks
    for anchor in ("first", "last", "key:2026"):
        window = Window(anchor=anchor, sort=sort)
        await lists.page(spec, window, asked, who="somebody", now_us=ledger.clock.now_us())
    connection = connect(ledger.path, read_only=True)
    try:
        for statement, bound in listening.asked:
            steps = [str(step[3]) for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", bound)]
            narrowing = {name for name in ("branch", "status", "state") if name in asked}
            if spec.apart is not None:
                narrowing.add(spec.apart.column)
            read = [step for step in steps if step.startswith(("SEARCH ", "SCAN "))]
            merged = spec.apart is not None and spec.apart.column not in asked
            # What is merged is a page of each status, and alone that is put in order: by itself each page comes so.
            own = [step for step in read if "json_each" not in step and not step.startswith("SCAN page_")]
            assert len(own) == (len(spec.apart.values) if merged else 1), steps
            sorted_steps = [step for step in steps if "TEMP B-TREE" in step]
            assert len(sorted_steps) <= (len(spec.apart.values) if merged else 0), steps
            for step in own:
                assert "USING INDEX" in step or "USING COVERING INDEX" in step, steps
                assert all(f"{name}_id=?" in step or f"{name}=?" in step for name in narrowing), steps
    finally:
        connection.close()


def test_the_rule_sees_a_scan() -> None:
    """A plan that reads a table from end to end is seen; the text index and a search are none."""
    steps = [
        "SCAN customers",
        "SCAN customers_search VIRTUAL TABLE INDEX 0:M1",
        "SEARCH payments USING INDEX x",
    ]
    assert scans(steps) == ["SCAN customers"]
