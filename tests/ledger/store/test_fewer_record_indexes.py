"""A ledger of the revision before loses the indexes of balance records that others stand in for (0054)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from branchtui.ledger.store import migrate
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.workflows import record_sets

if TYPE_CHECKING:
    from pathlib import Path

    from branchtui.ledger.store.sqlite import SqliteConnection

AS_IT_WAS = """
UPDATE alembic_version SET version_num = 'batches_r0011';
CREATE INDEX balance_records_created ON balance_records (created_at, id);
CREATE INDEX balance_records_branch_amount ON balance_records (branch_id, amount_minor, id);
DROP INDEX balance_records_keyed;
CREATE INDEX balance_records_keyed ON balance_records (created_by, status, created_at, id);
"""


@pytest.fixture
def connection(tmp_path: Path) -> SqliteConnection:
    made = connect(tmp_path / "ledger.db")
    migrate.upgrade(made)
    return made


def indexes(connection: SqliteConnection) -> dict[str, str]:
    """The statement that made each index of balance records, by its name."""
    return dict(
        connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'balance_records' "
            "AND sql IS NOT NULL"
        )
    )


def test_a_ledger_of_the_revision_before_has_the_indexes_of_a_new_one(connection: SqliteConnection) -> None:
    """Decision 0007: dropped and narrowed, whatever the revision before had left behind."""
    new = indexes(connection)
    connection.run_script(AS_IT_WAS)
    assert indexes(connection) != new

    assert migrate.upgrade(connection) == "batches_r0011"

    assert indexes(connection) == new
    assert len(new) == 8


def test_what_a_teller_keyed_and_still_waits_is_read_from_its_index(connection: SqliteConnection) -> None:
    """CONC-5: a teller's set costs no walk over what others have waiting, nor over what was posted long ago."""
    filters = {"branch": "b", "currency": "KES", "own": "me", "waits": True}
    statement = record_sets._statement(filters)

    steps = [str(step[3]) for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", filters)]

    assert steps == ["SEARCH balance_records USING INDEX balance_records_keyed (created_by=?)"]
