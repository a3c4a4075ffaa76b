"""A ledger of the revision before loses the index entries that nobody asks for, and its pages still read an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from branchtui.ledger.store import file_pages, migrate
from branchtui.ledger.store.sqlite import connect

if TYPE_CHECKING:
    from pathlib import Path

    from branchtui.ledger.store.sqlite import SqliteConnection

AS_IT_WAS = """
UPDATE alembic_version SET version_num = 'learned_r0005';
CREATE INDEX balance_file_postings_entry ON balance_file_postings (entry_id);
DROP INDEX balance_file_rows_level;
CREATE INDEX balance_file_rows_level ON balance_file_rows (balance_file_id, level, row_no);
DROP INDEX journal_entries_kind;
CREATE INDEX journal_entries_kind ON journal_entries (kind, id) WHERE kind NOT IN ('payment.receive');
"""


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


def test_a_ledger_of_the_revision_before_has_the_indexes_of_a_new_one(connection: SqliteConnection) -> None:
    """Decision 0007: dropped and narrowed, whatever the revision before had left behind."""
    new = indexes(connection)
    connection.run_script(AS_IT_WAS)
    assert indexes(connection) != new

    assert migrate.upgrade(connection) == "learned_r0005"

    assert indexes(connection) == new
    assert "balance_file_postings_entry" not in new


@pytest.mark.parametrize("forward", [True, False])
def test_rows_of_which_something_is_said_are_read_from_their_index(
    connection: SqliteConnection, *, forward: bool
) -> None:
    """A page of them costs no walk over the rows that are well, which nearly all are."""
    statement = file_pages._TOLD_PAGES[forward]
    bound = {"file": "f", "place": 1, "limit_rows": 50, "level": "error"}

    steps = [str(step[3]) for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", bound)]

    assert any(
        "balance_file_rows_level (balance_file_id=? AND level=? AND row_no" in step for step in steps
    ), steps
    assert not any(step.startswith("SCAN told") for step in steps), steps
