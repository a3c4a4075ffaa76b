"""Who refers to a customer or an account is found by an index: the engine looks there before it deletes either.

Without, the deletion of one pending customer looks through every payment, receipt and voucher there is. Payments name
their account without a reference of the engine's, see `tables/money.py`. What was kept apart gains who settled it by
hand: `store/migrate.py` adds those columns.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex

from branchtui.ledger.store.tables import receipts, vouchers

revision = "references_r0012"
down_revision = "batches_r0011"

MADE = ("receipts_customer", "vouchers_account")

_WITHOUT = """
UPDATE sqlite_schema
SET sql = replace(sql, ', ' || char(10) || '    FOREIGN KEY(account_id) REFERENCES accounts (id)', '')
WHERE type = 'table' AND name = 'payments'
"""


def upgrade() -> None:
    """Take the reference away and make the indexes."""
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE payments DROP CONSTRAINT IF EXISTS payments_account_id_fkey")
    else:
        # The way of SQLite's manual (lang_altertable, 7) to remove a constraint: no row is touched.
        op.execute("PRAGMA writable_schema = ON")
        op.execute(_WITHOUT)
        op.execute("PRAGMA writable_schema = RESET")
    for table in (receipts, vouchers):
        for index in table.indexes:
            if index.name in MADE:
                op.execute(CreateIndex(index, if_not_exists=True))
