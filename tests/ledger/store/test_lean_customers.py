"""Customers carry no index that another one stands in for: the lists are merged, and older ledgers let theirs go."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from tests.ledger.members import do, enter, ok, supervisor, teller, today

from branchtui.ledger.store import migrate
from branchtui.ledger.store.migrations.versions.lean_r0007 import GONE
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.store.tables import customers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ledger.running import RunningLedger

ENDED = {
    "pending": ("reject", "rejection", "Papers missing"),
    "withdrawn": ("withdraw", "withdrawal", "Changed mind"),
    "closed": ("close", "closure", "Moved away"),
}
SORTS = {
    "name": lambda one: (one["name"].casefold(), one["id"]),
    "customer_no": lambda one: (one["customer_no"], one["id"]),
    "created": lambda one: (one["created_at"], one["id"]),
}


def in_every_status(ledger: RunningLedger) -> set[str]:
    """Two customers of each status, their names mixed; the statuses there are now."""
    api, day = supervisor(ledger), today(ledger)
    for number in range(2):
        enter(ledger, first_name=f"Merged{number}", last_name="Active")
        enter(ledger, first_name=f"Merged{number}", last_name="Pending", active=False)
        offered = enter(ledger, first_name=f"Merged{number}", last_name="Offered")
        body = {"destination_branch_id": ledger.branch("HQ").id, "transfer_date": day}
        ok(do(teller(ledger), offered, "transfer/propose", body))
        for name, (command, word, reason) in ENDED.items():
            one = enter(ledger, first_name=f"Merged{number}", last_name=name, active=command == "close")
            ok(do(api, one, command, {f"{word}_date": day, f"{word}_reason": reason}))
    return {row[0] for row in ledger.query("SELECT DISTINCT status FROM customers")}


@pytest.mark.both_stores
def test_a_list_of_every_status_is_one_order(running_ledger: RunningLedger) -> None:
    """PAGE-2: merged of a range for each status, every customer is met once, in order, forwards and backwards."""
    assert len(in_every_status(running_ledger)) == 6
    for api, narrowed in (
        (supervisor(running_ledger), {}),
        (running_ledger.sign_in("administrator"), {}),
        (running_ledger.sign_in("administrator"), {"branch": running_ledger.branch("NKU").id}),
    ):
        for sort, key in SORTS.items():
            asked: dict[str, Any] = {"sort": sort, **narrowed}
            found = api.pages("/v1/customers", limit=3, **asked)
            assert len({each["id"] for each in found}) == len(found)
            assert {each["status"] for each in found} >= {
                "active",
                "pending",
                "closed",
                "transfer_in_progress",
            }
            assert found == sorted(found, key=key, reverse=sort == "created")
            last = api.get("/v1/customers", anchor="last", limit=3, **asked).json()
            back, page = [last["items"]], last
            while page["prev"]:
                page = api.get("/v1/customers", cursor=page["prev"], limit=3, **asked).json()
                back.append(page["items"])
            assert list(itertools.chain.from_iterable(reversed(back))) == found


@pytest.mark.both_stores
def test_no_customer_has_a_status_that_the_merge_does_not_know(running_ledger: RunningLedger) -> None:
    """A customer outside of it would stand in no list: the statuses of the list are those of the law."""
    from branchtui.ledger.workflows.customer_rules import ALLOWED
    from branchtui.ledger.workflows.customer_search import STATUSES

    assert set(STATUSES) == set(ALLOWED)
    assert in_every_status(running_ledger) == set(STATUSES)


def test_an_older_ledger_lets_its_indexes_go(tmp_path: Path) -> None:
    """0047: what an older ledger has beside those of a new one is dropped, once, and its customers stay."""
    connection = connect(tmp_path / "ledger.db")
    migrate.upgrade(connection)
    new = _indexes(connection)
    assert new.isdisjoint(GONE)
    assert new >= {str(index.name) for index in customers.indexes}
    for name in GONE:
        connection.execute(f"CREATE INDEX {name} ON customers (created_at)")
    connection.execute("UPDATE alembic_version SET version_num = 'learned_r0005'")
    assert migrate.upgrade(connection) == "learned_r0005"
    assert (_indexes(connection), migrate.current(connection)) == (new, migrate.head())
    connection.close()


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_both_stores_are_told_to_let_them_go(dialect: str) -> None:
    """0047: the same statements on both."""
    script = migrate.render("learned_r0005", dialect)
    assert [name for name in GONE if f"DROP INDEX IF EXISTS {name};" in script] == list(GONE)


def _indexes(connection: Any) -> set[str]:
    named = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'customers'"
    return {name for (name,) in connection.execute(named)}
