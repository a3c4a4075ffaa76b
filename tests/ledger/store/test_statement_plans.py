"""No statement that the ledger keeps ready reads a large table from end to end (stack.md, Search)."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import re
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

import apsw
import pytest

from branchtui.ledger import store, workflows
from branchtui.ledger.store import migrate
from branchtui.ledger.store.list_spec import ListSpec
from branchtui.ledger.store.list_statements import page_statement
from branchtui.ledger.store.migrations.versions import audit_r0009
from branchtui.ledger.store.sqlite import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from branchtui.ledger.store.sqlite import SqliteConnection

LARGE = (
    *(
        "accounts",
        "audit",
        "balance_file_postings",
        "balance_file_rows",
        "balance_records",
        "callback_events",
    ),
    *("credit_allocations", "credit_transactions", "customers", "import_rows", "journal_entries", "legs"),
    *("operations", "payments", "receipts", "vouchers"),
)
"""Tables that grow with the days of a ledger."""

SCANNED = re.compile(rf"SCAN (?:{'|'.join(LARGE)})\b")
STATEMENT = re.compile(r"\s*(?:SELECT|WITH|UPDATE|DELETE)\b")


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteConnection]:
    place: Path = tmp_path_factory.mktemp("plans")
    made = connect(place / "ledger.db")
    migrate.upgrade(made)
    yield made
    made.close()


@cache
def kept() -> dict[str, str]:
    """Every whole statement that a module of the store or of a workflow holds, by its place."""
    found = {}
    for package in (store, workflows):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" in module.name or ".postgres" in module.name:
                continue
            members = vars(importlib.import_module(module.name))
            for name, value in sorted(members.items()):
                if not name.isupper():
                    continue  # what a process keeps of what it was asked is as others left it
                several = value.values() if isinstance(value, dict) else value
                texts = several if isinstance(several, (tuple, list)) or value is not several else (value,)
                for at, text in enumerate(texts):
                    if isinstance(text, str) and STATEMENT.match(text):
                        found[f"{module.name.removeprefix('branchtui.ledger.')}.{name}.{at}"] = text
    return found


def plan(connection: SqliteConnection, statement: str) -> list[str] | None:
    """How a statement would be answered, whatever is bound; None where it is a piece of one."""
    bound: Any = defaultdict(int) if ":" in statement else (0,) * statement.count("?")
    try:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", bound)]
    except (apsw.SQLError, apsw.BindingsError):
        return None


def test_no_statement_reads_a_large_table_from_end_to_end(connection: SqliteConnection) -> None:
    """An index that goes takes no statement with it that had nothing else."""
    plans = {name: plan(connection, text) for name, text in kept().items()}

    read = {name: found for name, found in plans.items() if found is not None}
    assert len(read) > 100, "the statements were found"
    assert not {name: found for name, found in read.items() if any(map(SCANNED.match, found))}


def test_a_statement_without_an_index_is_noticed(connection: SqliteConnection) -> None:
    """The check can fail."""
    found = plan(connection, "SELECT id FROM customers WHERE account_no = :number")
    assert found is not None
    assert any(map(SCANNED.match, found))


LISTS = {
    name: value
    for module in pkgutil.walk_packages(workflows.__path__, f"{workflows.__name__}.")
    for name, value in sorted(vars(importlib.import_module(module.name)).items())
    # Customers that are filed under something are read by what they are filed under.
    if isinstance(value, ListSpec) and name != "FILED"
}
SORTED = "USE TEMP B-TREE FOR ORDER BY"
NEVER_ASKED = {("audit", "at", "branch"), ("audit", "seq", ""), ("audit", "seq", "branches")}
"""The order of a chain is that of one branch; that of time is of several."""


@pytest.mark.parametrize("narrowed", ["", "branch", "branches"])
@pytest.mark.parametrize("name", LISTS)
def test_a_page_of_a_list_is_read_in_its_order(
    connection: SqliteConnection, name: str, narrowed: str
) -> None:
    """Of one branch, of several and of all: never by sorting all that there is."""
    spec = LISTS[name]
    table = spec.columns[spec.tie].table.name
    if table not in LARGE or (narrowed and narrowed not in spec.filters):
        return
    for sort, forward in itertools.product(spec.sorts, (True, False)):
        if (table, sort, narrowed) in NEVER_ASKED:
            continue
        active = (narrowed,) if narrowed else ()
        statement = page_statement(spec, sort, active, forward=forward, start=False, inclusive=True)
        found = plan(connection, statement)
        assert found is not None
        # What is put together of a page for each value sorts these pages.
        pages = sum(each.startswith("SCAN page_") for each in found)
        assert found.count(SORTED) == pages, (sort, found)
        assert not any(SCANNED.fullmatch(each) for each in found), (sort, found)


def test_a_ledger_of_before_is_given_what_its_lists_are_read_from(tmp_path: Path) -> None:
    """Operations, the audit and what a provider sent, by time."""

    def indexes() -> set[str]:
        return {name for (name,) in made.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}

    made = connect(tmp_path / "ledger.db")
    migrate.upgrade(made)
    new = indexes()
    for name in audit_r0009.MADE:
        made.execute(f"DROP INDEX {name}")
    made.execute("UPDATE alembic_version SET version_num = ?", (audit_r0009.down_revision,))

    migrate.upgrade(made)

    assert indexes() == new >= set(audit_r0009.MADE)
    made.close()
