"""Which row of which file brought a plan; `store/migrate.py` adds the columns."""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex

from branchtui.ledger.store.tables import plans

revision = "plans_r0010"
down_revision = "audit_r0009"


def upgrade() -> None:
    """Make the order in which a file's plans are found."""
    for index in plans.indexes:
        if index.name == "plans_import":
            op.execute(CreateIndex(index, if_not_exists=True))
