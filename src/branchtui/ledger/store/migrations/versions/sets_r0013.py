"""What is written by the thousand costs a row less: fewer indexes of balance records, and parents asked for as a set.

A list of balance records of every status is merged from those by status, and what a teller keyed is indexed while it
waits. On the server a foreign key is looked up for each row, and locks the row that it finds; here each statement
asks once for the parents of all its rows. And a balance that moves stays on its page there, for which half of each page
is left free: it needs no new entry in the indexes of accounts then, of which it changes none.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex

from branchtui.ledger.store.tables import balance_records

revision = "sets_r0013"
down_revision = "references_r0012"

GONE = (
    "balance_records_amount",
    "balance_records_as_of",
    "balance_records_branch_amount",
    "balance_records_branch_as_of",
    "balance_records_branch_created",
    "balance_records_created",
)
"""What a ledger of before has, and a new one does not."""

NARROWED = "balance_records_keyed"

PARENTS = {
    "legs": {"entry_id": "journal_entries", "account_id": "accounts"},
    "import_rows": {"import_id": "imports"},
    "job_rows": {"job_id": "jobs"},
    "balance_file_rows": {"balance_file_id": "balance_files"},
    "balance_file_postings": {"balance_file_id": "balance_files"},
}
"""Table to column to the table where its value is an id: what foreign keys said on the server."""

ROOM_FOR_BALANCES = "ALTER TABLE accounts SET (fillfactor = 50)"
"""For pages from now on. A file that moves every balance would double the table anyway, and its indexes with it."""


def upgrade() -> None:
    """Take the indexes away; on the server put triggers of statements in the place of foreign keys."""
    for name in (*GONE, NARROWED):
        op.execute(f"DROP INDEX IF EXISTS {name}")
    (narrowed,) = (index for index in balance_records.indexes if index.name == NARROWED)
    op.execute(CreateIndex(narrowed))
    if op.get_context().dialect.name == "postgresql":
        op.execute(ROOM_FOR_BALANCES)
        for table, columns in PARENTS.items():
            _ask_once_a_statement(table, columns)


def _ask_once_a_statement(table: str, columns: dict[str, str]) -> None:
    for column in columns:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_{column}_fkey")
    # Found by their keys whatever the planner believes: its figures may be of a day when the table was small.
    missing = " OR ".join(
        f"(SELECT id FROM {parent} WHERE id = added.{column}) IS NULL"  # noqa: S608 - names of our own schema
        for column, parent in columns.items()
    )
    op.execute(
        f"CREATE OR REPLACE FUNCTION {table}_have_parents() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$ "
        f"BEGIN IF EXISTS (SELECT FROM added WHERE {missing}) THEN RAISE foreign_key_violation "
        f"USING MESSAGE = 'a row of {table} belongs to nothing'; END IF; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE OR REPLACE TRIGGER {table}_have_parents AFTER INSERT ON {table} REFERENCING NEW TABLE AS added "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_have_parents()"
    )
    for column, parent in columns.items():
        if parent != "journal_entries":  # nothing is ever taken out of it
            _keep_parents(table, column, parent)


def _keep_parents(table: str, column: str, parent: str) -> None:
    op.execute(
        f"CREATE OR REPLACE FUNCTION {table}_keep_{parent}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF EXISTS (SELECT FROM {table} WHERE {column} = OLD.id) THEN RAISE foreign_key_violation "
        f"USING MESSAGE = 'rows of {table} belong to a row of {parent}'; END IF; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE OR REPLACE TRIGGER {table}_keep_{parent} AFTER DELETE OR UPDATE OF id ON {parent} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_keep_{parent}()"
    )
