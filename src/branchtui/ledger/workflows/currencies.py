"""Whether a currency exists."""

from __future__ import annotations

from babel.core import get_global

from branchtui.ledger.problems import invalid


def verify_currency(currency: str) -> None:
    """Refuse a currency that does not exist (422)."""
    if currency not in get_global("all_currencies"):
        raise invalid("/currency", f"There is no currency {currency}.")
