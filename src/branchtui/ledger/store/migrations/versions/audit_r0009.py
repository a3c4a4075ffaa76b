"""What was done in several branches is read by time from an index: without it each page sorts all that was ever done."""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex

from branchtui.ledger.store.tables import audit, callback_events, operations

revision = "audit_r0009"
down_revision = "leaner_r0008"

MADE = ("audit_at", "callback_events_received", "operations_completed")


def upgrade() -> None:
    """Make them."""
    for table in (audit, callback_events, operations):
        for index in table.indexes:
            if index.name in MADE:
                op.execute(CreateIndex(index, if_not_exists=True))
