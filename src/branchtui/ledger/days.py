"""Business days of a branch: a closed one takes no more postings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branchtui.ledger.store.rows import ClosedDay

if TYPE_CHECKING:
    from branchtui.ledger.store.unit import Tx


def day_key(branch_id: str, day: str) -> str:
    """The id of a closed day: the branch and the ISO date."""
    return f"{branch_id}:{day}"


def is_closed(tx: Tx, branch_id: str, day: str) -> bool:
    """Whether the branch has closed this day (an ISO date)."""
    return tx.get(ClosedDay, day_key(branch_id, day)) is not None
