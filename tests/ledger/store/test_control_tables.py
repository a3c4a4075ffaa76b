"""A ledger of the first schema gains the tables of approvals and people, and loses nothing."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.running import copy_template

from branchtui.ledger.store import migrate
from branchtui.ledger.store.sqlite import connect, database_path
from branchtui.ledger.store.tables import CONTROL


def test_a_ledger_of_the_first_revision_is_brought_up_to_date(ledger_template: Path, tmp_path: Path) -> None:
    """Decision 0007: one transaction; what was made by the first revision of today is left alone."""
    connection = connect(database_path(copy_template(ledger_template, tmp_path)))
    try:
        for table in reversed(CONTROL):
            connection.execute(f"DROP TABLE {table.name}")
        connection.execute("UPDATE alembic_version SET version_num = 'r0001'")
        users = connection.execute("SELECT count(*) FROM users").fetchall()

        assert migrate.upgrade(connection) == "r0001"

        tables = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        assert {table.name for table in CONTROL} <= tables
        assert connection.execute("SELECT count(*) FROM users").fetchall() == users
        assert migrate.current(connection) == migrate.head()
    finally:
        connection.close()
