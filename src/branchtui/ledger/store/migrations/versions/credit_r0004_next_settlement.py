"""Credit accounts in the order of their next settlement.

The column is added by `store/migrate.py`, which looks first whether it is there; here are the indexes that hold
the order.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex

from branchtui.ledger.store.tables import credit_accounts

revision = "credit_r0004"
down_revision = "counter_r0003"


def upgrade() -> None:
    """Make what is missing."""
    for index in sorted(credit_accounts.indexes, key=lambda each: str(each.name)):
        op.execute(CreateIndex(index, if_not_exists=True))
