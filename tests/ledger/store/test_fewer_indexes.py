"""A ledger of a revision before loses the indexes that others stand in for, and every page still reads one (0007, 0054, 0057)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from branchtui.ledger.store import file_pages, migrate
from branchtui.ledger.store.list_statements import page_statement
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.workflows import record_sets
from branchtui.ledger.workflows.payment_search import PAYMENTS

if TYPE_CHECKING:
    from pathlib import Path

    from branchtui.ledger.store.sqlite import SqliteConnection

AS_IT_WAS = {
    "learned_r0005": """
        CREATE INDEX balance_file_postings_entry ON balance_file_postings (entry_id);
        DROP INDEX balance_file_rows_level;
        CREATE INDEX balance_file_rows_level ON balance_file_rows (balance_file_id, level, row_no);
        DROP INDEX journal_entries_kind;
        CREATE INDEX journal_entries_kind ON journal_entries (kind, id) WHERE kind NOT IN ('payment.receive');
    """,
    "batches_r0011": """
        CREATE INDEX balance_records_created ON balance_records (created_at, id);
        CREATE INDEX balance_records_branch_amount ON balance_records (branch_id, amount_minor, id);
        DROP INDEX balance_records_keyed;
        CREATE INDEX balance_records_keyed ON balance_records (created_by, status, created_at, id);
    """,
    "sets_r0013": """
        CREATE INDEX payments_branch ON payments (branch_id, paid_at, id);
        CREATE INDEX payments_paid ON payments (paid_at, id);
        CREATE INDEX payments_phone ON payments (payer_phone, payer_name);
        CREATE INDEX payments_habit ON payments (branch_id, amount_minor, paid_at) WHERE state = 'associated';
        DROP INDEX payments_amount;
        CREATE INDEX payments_amount ON payments (branch_id, amount_minor, state);
    """,
}
"""What each of these revisions had, beside what stays."""


@pytest.fixture
def connection(tmp_path: Path) -> SqliteConnection:
    made = connect(tmp_path / "ledger.db")
    migrate.upgrade(made)
    return made


def indexes(connection: SqliteConnection) -> dict[str, str]:
    """The statement that made each index, by its name."""
    return dict(
        connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    )


def plan(connection: SqliteConnection, statement: str, bound: dict[str, Any]) -> list[str]:
    """The steps by which a statement is answered."""
    return [str(step[3]) for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", bound)]


@pytest.mark.parametrize("revision", AS_IT_WAS)
def test_a_ledger_of_a_revision_before_has_the_indexes_of_a_new_one(
    connection: SqliteConnection, revision: str
) -> None:
    """Decision 0007: dropped, narrowed and widened, whatever the revision before had left behind."""
    new = indexes(connection)
    connection.run_script(f"UPDATE alembic_version SET version_num = '{revision}';{AS_IT_WAS[revision]}")
    assert indexes(connection) != new

    assert migrate.upgrade(connection) == revision

    assert indexes(connection) == new


def test_records_and_payments_have_no_more_indexes_than_were_counted(connection: SqliteConnection) -> None:
    """Each row that is written pays for each of them (0054, 0057)."""
    tables = [statement.split(" ON ")[1].split(" ")[0] for statement in indexes(connection).values()]
    assert (tables.count("balance_records"), tables.count("payments")) == (8, 6)


@pytest.mark.parametrize("forward", [True, False])
def test_rows_of_which_something_is_said_are_read_from_their_index(
    connection: SqliteConnection, *, forward: bool
) -> None:
    """A page of them costs no walk over the rows that are well, which nearly all are."""
    bound = {"file": "f", "place": 1, "limit_rows": 50, "level": "error"}

    steps = plan(connection, file_pages._TOLD_PAGES[forward], bound)

    assert any(
        "balance_file_rows_level (balance_file_id=? AND level=? AND row_no" in step for step in steps
    ), steps
    assert not any(step.startswith("SCAN told") for step in steps), steps


def test_what_a_teller_keyed_and_still_waits_is_read_from_its_index(connection: SqliteConnection) -> None:
    """CONC-5: a teller's set costs no walk over what others have waiting, nor over what was posted long ago."""
    filters = {"branch": "b", "currency": "KES", "own": "me", "waits": True}

    steps = plan(connection, record_sets.set_statement(filters), filters)

    assert steps == ["SEARCH balance_records USING INDEX balance_records_keyed (created_by=?)"]


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("start", [True, False])
@pytest.mark.parametrize("sort", PAYMENTS.sorts)
@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ((), "payments_state (state=?"),
        (("branches",), "payments_state (state=?"),
        (("branch",), "payments_list (branch_id=? AND state=?"),
        (("branch", "state"), "payments_list (branch_id=? AND state=?"),
        (("branch", "since", "until"), "payments_list (branch_id=? AND state=? AND paid_at>?"),
    ],
    ids=["all", "of branches", "of a branch", "what waits", "some days"],
)
def test_a_page_of_payments_of_every_state_is_read_in_order(
    connection: SqliteConnection,
    filters: tuple[str, ...],
    index: str,
    sort: str,
    *,
    start: bool,
    forward: bool,
) -> None:
    """PAGE-1: a page each state, from the index of its order; what is sorted is so many pages, never the table."""
    statement = page_statement(PAYMENTS, sort, filters, forward=forward, start=start, inclusive=False)
    names = ("branch", "state", "since", "until", "branches", "start_value", "start_key")

    steps = plan(connection, statement, dict.fromkeys(names) | {"limit_rows": 20})

    reads = [step for step in steps if "payments" in step]
    assert reads
    assert all(f"USING INDEX {index}" in step for step in reads), steps
    if "state" in filters:
        assert not any("TEMP B-TREE" in step for step in steps), steps
