"""Bookings of a bank that came in as the payments they stand for: known again where another file tells of them as one.

A ledger that the first revision of today made has the table already: it makes all that there are.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex, CreateTable

from branchtui.ledger.store.tables import statement_batches

revision = "batches_r0011"
down_revision = "plans_r0010"


def upgrade() -> None:
    """Make what is missing."""
    op.execute(CreateTable(statement_batches, if_not_exists=True))
    for index in statement_batches.indexes:
        op.execute(CreateIndex(index, if_not_exists=True))
