"""Which row of which file brought a customer; `store/migrate.py` adds the columns."""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex

from branchtui.ledger.store.tables import customers

revision = "imported_r0004"
down_revision = "vouchers_r0004"


def upgrade() -> None:
    """Make the order in which a file's customers are found."""
    for index in customers.indexes:
        if index.name == "customers_import":
            op.execute(CreateIndex(index, if_not_exists=True))
