"""Saved ways of reading statements that are tables.

A ledger that the first revision of today made has the table already: it makes all that there are.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateTable

from branchtui.ledger.store.tables import column_maps

revision = "feeds_r0003"
down_revision = "r0003_credit"


def upgrade() -> None:
    """Make what is missing."""
    op.execute(CreateTable(column_maps, if_not_exists=True))
