"""Indexes of customers that others stand in for go: a list of every status is merged from those by status.

An account number is looked for among the accounts, where every customer's wallet stands.
"""

from __future__ import annotations

from alembic import op

revision = "lean_r0007"
down_revision = "branches_r0006"

GONE = (
    "customers_account_no",
    "customers_account_no_key",
    "customers_branch_created",
    "customers_branch_name",
    "customers_branch_no",
    "customers_branch_reversed",
    "customers_created",
)
"""What a ledger of before has, and a new one does not."""


def upgrade() -> None:
    """Take them away."""
    for name in GONE:
        op.execute(f"DROP INDEX IF EXISTS {name}")
