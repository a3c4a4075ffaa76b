"""Fewer index entries for each row of a balance file: those that nobody asks for are not kept.

An entry of a file is found by its file and row; of levels, the rows are indexed of which something is said; the kind
of a file's entries is among those that most entries are of.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex

from branchtui.ledger.store.tables import balance_file_rows, journal_entries

revision = "leaner_r0008"
down_revision = "lean_r0007"

DROPPED = ("balance_file_postings_entry",)
NARROWED = ("balance_file_rows_level", "journal_entries_branch_kind", "journal_entries_kind")


def upgrade() -> None:
    """Drop what nobody asks for, and make the others anew over the rows that they are for."""
    for name in (*DROPPED, *NARROWED):
        op.execute(f"DROP INDEX IF EXISTS {name}")
    for table in (balance_file_rows, journal_entries):
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            if index.name in NARROWED:
                op.execute(CreateIndex(index, if_not_exists=True))
