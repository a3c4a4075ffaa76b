"""What money is handed over with, and the number that stands on it."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from branchtui.contract.base import OpenEnum


class Tender(OpenEnum):
    """What a payment is made with, or given back by."""

    CASH = "cash"
    BANK_TRANSFER = "bank_transfer"
    CHEQUE = "cheque"
    CARD = "card"
    MOBILE_MONEY = "mobile_money"
    OTHER = "other"


TenderReference = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=64, pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9 ./#_-]*[A-Za-z0-9])?$"
    ),
]
"""The number of a slip, cheque or receipt, or a provider's code: letters, digits and a few signs between them."""
