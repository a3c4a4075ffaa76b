"""Balance files, their rows and postings.

A ledger that the first revision of today made has these tables already: it makes all that there are.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex, CreateTable

from branchtui.ledger.store.tables import BALANCE_FILES

revision = "balancefiles_r0003"
down_revision = "feeds_r0003"

APPEND_ONLY = "balance_file_postings"


def upgrade() -> None:
    """Make what is missing."""
    for table in BALANCE_FILES:
        op.execute(CreateTable(table, if_not_exists=True))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            op.execute(CreateIndex(index, if_not_exists=True))
    if op.get_context().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER IF NOT EXISTS {APPEND_ONLY}_no_{verb.lower()} BEFORE {verb} ON {APPEND_ONLY} "
                f"BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY} is append-only'); END"
            )
    else:
        op.execute(
            f"CREATE OR REPLACE TRIGGER {APPEND_ONLY}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {APPEND_ONLY} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
