"""A ledger of the first schema gains the tables of approvals and people, and loses nothing."""

from __future__ import annotations

import pytest

from branchtui.ledger.store import migrate
from branchtui.ledger.store.engine import Store
from branchtui.ledger.store.tables import CONTROL

pytestmark = pytest.mark.both_stores(always=True)


def test_a_ledger_of_the_first_revision_is_brought_up_to_date(empty_store: Store) -> None:
    """Decision 0007: one transaction; what was made by the first revision of today is left alone."""
    connection = empty_store.connect()
    try:
        for table in reversed(CONTROL):
            connection.execute(f"DROP TABLE {table.name}")
        connection.execute("UPDATE alembic_version SET version_num = 'r0001'")
        connection.execute("INSERT INTO counters (id, value) VALUES ('stays', 7)")

        assert migrate.upgrade(connection) == "r0001"

        assert all(connection.has_table(table.name) for table in CONTROL)
        assert connection.execute("SELECT id, value FROM counters").fetchall() == [("stays", 7)]
        assert migrate.current(connection) == migrate.head()
    finally:
        connection.close()


def test_tables_that_are_there_already_are_left_as_they_are(empty_store: Store) -> None:
    """Decision 0007: the first revision of today makes them all; the second finds nothing to make."""
    connection = empty_store.connect()
    try:
        connection.execute("INSERT INTO session_proofs (session_id, proved_at) VALUES ('s', 1)")
        connection.execute("UPDATE alembic_version SET version_num = 'r0001'")
        assert migrate.upgrade(connection) == "r0001"
        assert connection.execute("SELECT session_id FROM session_proofs").fetchall() == [("s",)]
    finally:
        connection.close()
