"""A ledger of the revision before loses the indexes of payments that others stand in for (0057)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from branchtui.ledger.store import migrate
from branchtui.ledger.store.list_statements import page_statement
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.workflows.payment_search import PAYMENTS

if TYPE_CHECKING:
    from pathlib import Path

    from branchtui.ledger.store.sqlite import SqliteConnection

AS_IT_WAS = """
UPDATE alembic_version SET version_num = 'sets_r0013';
CREATE INDEX payments_branch ON payments (branch_id, paid_at, id);
CREATE INDEX payments_paid ON payments (paid_at, id);
CREATE INDEX payments_phone ON payments (payer_phone, payer_name);
CREATE INDEX payments_habit ON payments (branch_id, amount_minor, paid_at) WHERE state = 'associated';
DROP INDEX payments_amount;
CREATE INDEX payments_amount ON payments (branch_id, amount_minor, state);
"""


@pytest.fixture
def connection(tmp_path: Path) -> SqliteConnection:
    made = connect(tmp_path / "ledger.db")
    migrate.upgrade(made)
    return made


def indexes(connection: SqliteConnection) -> dict[str, str]:
    """The statement that made each index of payments, by its name."""
    return dict(
        connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'payments' "
            "AND sql IS NOT NULL"
        )
    )


def test_a_ledger_of_the_revision_before_has_the_indexes_of_a_new_one(connection: SqliteConnection) -> None:
    """Decision 0007: dropped and widened, whatever the revision before had left behind."""
    new = indexes(connection)
    connection.run_script(AS_IT_WAS)
    assert indexes(connection) != new

    assert migrate.upgrade(connection) == "sets_r0013"

    assert indexes(connection) == new
    assert len(new) == 6


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
    names = dict.fromkeys(("branch", "state", "since", "until", "branches", "start_value", "start_key"))
    plan = [
        row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", names | {"limit_rows": 20})
    ]
    reads = [step for step in plan if "payments" in step]
    assert reads
    assert all(f"USING INDEX {index}" in step for step in reads), plan
