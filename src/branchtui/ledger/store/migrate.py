"""Migrations by Alembic, rendered as SQL and executed by the driver that the ledger itself uses."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateColumn

from branchtui.ledger.store.errors import StoreUnavailable
from branchtui.ledger.store.tables import branches, callback_events, credit_accounts, customers, plans

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext, RevisionStep
    from sqlalchemy import Table

    from branchtui.ledger.store.connection import Connection

GROWN: tuple[Table, ...] = (branches, customers, credit_accounts, plans, callback_events)
"""Tables that have gained columns since the first release of their revision."""

NO_LEDGER = "This database holds no ledger yet. Make one with: branchtui ledger init"

_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT table_name FROM information_schema.tables "
    "WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'",
}
_COLUMNS = {
    "sqlite": "SELECT name FROM pragma_table_xinfo(?)",
    "postgresql": "SELECT column_name FROM information_schema.columns "
    "WHERE table_schema = current_schema() AND table_name = ?",
}
_DIALECTS = {"sqlite": sqlite.dialect, "postgresql": postgresql.dialect}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    return config


@cache
def head() -> str:
    """The newest revision that this program knows: to read the scripts takes longer than to open a ledger."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None, "there is at least one migration"
    return revision


@cache
def _known() -> frozenset[str]:
    """Every revision that this program knows."""
    return frozenset(each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions())


def verify(connection: Connection) -> str:
    """Refuse a database that this program cannot bring to its own version; returns the revision that it stands at.

    Raises:
        StoreUnavailable: it holds no ledger, or one that a later version of the program has had.
    """
    stands = current(connection)
    if stands is None:
        raise StoreUnavailable(NO_LEDGER)
    if stands != head() and stands not in _known():
        raise StoreUnavailable(
            f"A later version of branchtui has had this ledger (its tables are of revision {stands}). "
            "Use that version; nothing was changed."
        )
    return stands


def refuse_other_tables(connection: Connection) -> None:
    """Refuse to make a ledger among the tables of something else.

    Raises:
        StoreUnavailable: there are tables, and they are no ledger's, or a later version's.
    """
    if current(connection) is not None:
        verify(connection)
        return
    found = connection.execute(_TABLES[connection.dialect]).fetchone()
    if found is not None:
        raise StoreUnavailable(
            f"This database holds something else already, such as the table {found[0]}. "
            "A ledger has a database of its own; nothing was changed."
        )


def current(connection: Connection) -> str | None:
    """The revision that the database stands at, or None when it is empty."""
    if not connection.has_table("alembic_version"):
        return None
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(found[0]) if found else None


def render(start: str | None, dialect: str) -> str:
    """The SQL that brings a database from revision `start` (None: empty) to the newest."""
    config = _config()
    script = ScriptDirectory.from_config(config)
    buffer = io.StringIO()

    def upgrade(_revision: object, _: MigrationContext) -> list[RevisionStep]:
        return script._upgrade_revs("head", start or "base")  # noqa: SLF001 - what alembic's own command calls

    options = {"as_sql": True, "starting_rev": start, "destination_rev": "head", "fn": upgrade}
    with EnvironmentContext(config, script, **options) as environment:
        environment.configure(
            dialect_name=dialect,
            output_buffer=buffer,
            starting_rev=start,
            literal_binds=True,
            transactional_ddl=False,
        )
        environment.run_migrations()
    return buffer.getvalue()


def upgrade(connection: Connection) -> str | None:
    """Bring the database to the newest revision in one transaction; returns where it stood before."""
    before = current(connection)
    if before == head():
        return before
    statements = render(before, connection.dialect)
    connection.begin()
    try:
        if before is not None:
            connection.run_script(missing_columns(connection))
        connection.run_script(statements)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return before


def missing_columns(connection: Connection) -> str:
    """The SQL that adds to the tables of `GROWN` the columns that they lack; each may be empty or has a default.

    A table that is not there yet is made whole by its revision.
    """
    dialect = _DIALECTS[connection.dialect]()
    found: list[str] = []
    for table in GROWN:
        there = {name for (name,) in connection.execute(_COLUMNS[connection.dialect], (table.name,))}
        found += [
            f"ALTER TABLE {table.name} ADD COLUMN {CreateColumn(column).compile(dialect=dialect)};"
            for column in table.columns
            if there and column.name not in there
        ]
    return "\n".join(found)
