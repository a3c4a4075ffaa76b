"""A payment enters ten trees instead of fourteen (decision 0057).

A list of payments of every state is merged from those by state; one index of amounts serves the search and the habits of
payers; nobody looks payments up by their payer's phone.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex

from branchtui.ledger.store.tables import payments

revision = "payments_r0014"
down_revision = "sets_r0013"

GONE = ("payments_branch", "payments_habit", "payments_paid", "payments_phone")
"""What a ledger of before has, and a new one does not."""

WIDENED = "payments_amount"


def upgrade() -> None:
    """Take the indexes away, and make that of amounts anew."""
    for name in (*GONE, WIDENED):
        op.execute(f"DROP INDEX IF EXISTS {name}")
    (widened,) = (index for index in payments.indexes if index.name == WIDENED)
    op.execute(CreateIndex(widened))
