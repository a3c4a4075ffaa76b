"""Sums of money that are exact however much it is: SQLite's SUM fails beyond 64 bits, and answers nothing.

A sum is asked for as two, of what is above a thousand million and of what is below, and put together here: both
stay within 64 bits for as many rows as there can be.
"""

from __future__ import annotations

from typing import Final

_PART: Final = 1_000_000_000


def exact_sum(amount: str) -> str:
    """Two columns of a statement for the sum of `amount`, an expression of 64 bits; 0 and 0 of no rows."""
    return f"COALESCE(SUM(({amount}) / {_PART}), 0), COALESCE(SUM(({amount}) % {_PART}), 0)"


def whole(high: int, low: int) -> int:
    """The sum from its two columns."""
    return high * _PART + low
