"""What the judgement of a balance file starts from, and what it ends in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from branchtui.contract.imports import DateOrder, DecimalWriting

Staged = tuple[Any, ...]
"""A row in the order of the columns of `BalanceFileRow`."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How rows are read, and whom they may be about.

    `visible` are the branches that the sender sees, `inside` those that the file is for: all of them, or a
    division. `account_no` is the one payer it is for, if it is. `moved_share_percent` is where a move becomes
    remarkable. `as_of_date` is the file's, for a table that repeats it in its rows.
    """

    file_id: str
    visible: frozenset[str]
    inside: frozenset[str]
    division: str | None
    account_no: str | None
    currency: str
    as_of_date: str
    decimal: DecimalWriting
    date_order: DateOrder | None
    moved_share_percent: int
