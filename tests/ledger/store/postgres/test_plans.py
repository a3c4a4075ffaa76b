"""A batch asks by key, however small its tables were when its statements were planned (stack.md, Search)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from tests.ledger.postgres_server import PostgresServer

from branchtui.ledger.store.mapping import mapping_of, select_equal
from branchtui.ledger.store.postgres.store import PostgresStore
from branchtui.ledger.store.rows import Account, Operation, Payment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from branchtui.ledger.store.postgres.connection import PostgresConnection

pytestmark = pytest.mark.postgres

ASKED = {
    "a payment by its code": select_equal(Payment, ("code", "provider")),
    "accounts of a customer": select_equal(Account, ("customer_id",)),
    "an account by its number": select_equal(Account, ("account_no",)),
    "an operation by its key": mapping_of(Operation).select_by_key,
}


@pytest.fixture
def writer(postgres_server: PostgresServer, postgres_template: str) -> Iterator[PostgresConnection]:
    """The writer's connection to a ledger whose tables are empty, as the planner knows."""
    store = PostgresStore(postgres_server.new_database(template=postgres_template))
    store.filled()
    made = store.connect_writer()
    yield made
    made.rollback()
    made.close()


def plan(writer: PostgresConnection, statement: str) -> str:
    """How the server goes about it."""
    bound: Any = defaultdict(str)
    return "\n".join(line for (line,) in writer.execute(f"EXPLAIN {statement}", bound))


@pytest.mark.parametrize("statement", ASKED.values(), ids=ASKED)
def test_what_is_asked_by_key_is_found_by_its_index(writer: PostgresConnection, statement: str) -> None:
    """A table that fills up after the statement was planned is not read from end to end for each payment."""
    writer.begin()
    found = plan(writer, statement)
    assert "Index" in found
    assert "Seq Scan" not in found
    assert "JIT" not in found


def test_work_on_sets_is_planned_by_their_size(writer: PostgresConnection) -> None:
    """Thousands of rows are read from end to end where that is quicker; the next batch asks by key again."""
    writer.begin(bulk=True)
    assert writer.execute("SHOW enable_seqscan").fetchone() == ("on",)
    assert writer.execute("SHOW plan_cache_mode").fetchone() == ("auto",)
    writer.commit()
    writer.begin()
    assert writer.execute("SHOW enable_seqscan").fetchone() == ("off",)
    assert writer.execute("SHOW plan_cache_mode").fetchone() == ("force_generic_plan",)
