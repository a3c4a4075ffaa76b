"""Plans and vouchers.

A ledger that the first revision of today made has these tables already: it makes all that there are.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex, CreateTable

from branchtui.ledger.store.tables import VOUCHERS

revision = "vouchers_r0004"
down_revision = "credit_r0004"


def upgrade() -> None:
    """Make what is missing."""
    for table in VOUCHERS:
        op.execute(CreateTable(table, if_not_exists=True))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            op.execute(CreateIndex(index, if_not_exists=True))
