"""Branches that let every payment with an unknown reference wait; `store/migrate.py` adds the column."""

from __future__ import annotations

revision = "branches_r0006"
down_revision = "learned_r0005"


def upgrade() -> None:
    """Nothing besides the column, which has a default: so far no branch did."""
