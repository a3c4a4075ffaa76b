"""The counter: tenders of payments, and the orders of the log of money.

A ledger that the first revision of today made has all this already, and not what refuses changes.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex, CreateTable

from branchtui.ledger.store.tables import COUNTER, journal_entries

revision = "counter_r0003"
down_revision = "balancefiles_r0003"

APPEND_ONLY = ("payment_tenders",)


def upgrade() -> None:
    """Make what is missing."""
    for table in (*COUNTER, journal_entries):
        op.execute(CreateTable(table, if_not_exists=True))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            op.execute(CreateIndex(index, if_not_exists=True))
    if op.get_context().dialect.name == "sqlite":
        for name in APPEND_ONLY:
            _refuse_changes(name)
        return
    for name in APPEND_ONLY:
        op.execute(
            f"CREATE OR REPLACE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _refuse_changes(table: str) -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
