"""In a file, what belongs to something is looked up at once and refused at the commit (decision 0069).

A statement of many rows that a foreign key may end in the middle has to be undone alone: the engine copies every page
before it changes it, into a file of its own. A key that is looked at when all is written ends the transaction instead.
The text of a table is changed where the engine keeps it, as its manual says for what leaves the rows as they are.
"""

from __future__ import annotations

from alembic import op

from branchtui.ledger.store.tables import metadata

revision = "deferred_r0015"
down_revision = "payments_r0014"

LATER = " DEFERRABLE INITIALLY DEFERRED"


def upgrade() -> None:
    """Defer every foreign key of a file; a server keeps its own."""
    if op.get_context().dialect.name != "sqlite":
        return
    parents = {key.column.table.name for table in metadata.tables.values() for key in table.foreign_keys}
    op.execute("PRAGMA writable_schema = ON")
    for parent in sorted(parents):
        key = f"REFERENCES {parent} (id)"
        op.execute(
            f"UPDATE sqlite_master SET sql = replace(sql, '{key}', '{key}{LATER}') "  # noqa: S608 - names of our own schema
            f"WHERE type = 'table' AND instr(sql, '{key}') > 0 AND instr(sql, '{key}{LATER}') = 0"
        )
    # Whoever has the file open learns from a change of the tables that there are others.
    op.execute("CREATE TABLE deferred (id INTEGER)")
    op.execute("DROP TABLE deferred")
    op.execute("PRAGMA writable_schema = RESET")
