"""What refers to a customer or an account is found by an index: the engine looks there before it deletes either.

Without, the deletion of one pending customer looks through every payment, receipt and voucher there is. What was kept
apart gains who settled it by hand: `store/migrate.py` adds those columns.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex

from branchtui.ledger.store.tables import payments, receipts, vouchers

revision = "references_r0012"
down_revision = "batches_r0011"

MADE = ("payments_account", "receipts_customer", "vouchers_account")


def upgrade() -> None:
    """Make them."""
    for table in (payments, receipts, vouchers):
        for index in table.indexes:
            if index.name in MADE:
                op.execute(CreateIndex(index, if_not_exists=True))
