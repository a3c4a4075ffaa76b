"""Whether amounts above zero came in or went out, in a table whose amounts stand in one column.

Accounts are written from their owner's side: what came in is above zero. Many cards are written the other way round:
what was spent is above zero. A file that shows that it may be so is asked about, never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

QUESTION: Final = "{}: did amounts above zero come in, or were they spent or paid out? Say which: above_zero."
_CARD_COLUMN: Final = re.compile(
    r"(?:^|_)card(?:id|no|number|type)?(?:_|$)|cardholder|cardmember|kreditkarte|karten|funding"
    r"|merchant_?(?:country|city|place|category)"
)
_CARD_WORDS: Final = re.compile(
    r"\b(?:credit|visa|master)[ -]?card\b|\bcard (?:number|statement|account|no)\b|\bkreditkarte|\bcarte de crédit\b",
    re.IGNORECASE,
)
_SETTLED: Final = re.compile(
    r"\bthank you\b|\bpayment received\b|\bdirect ?pay\b|\bauto ?pay\b|\bpayment[ -]+thanks\b", re.IGNORECASE
)
"""How a card's list tells of the payment that settles it: for its holder money that came in."""

_SPENT: Final = frozenset({"purchase", "purchases", "sale", "pos purchase", "card purchase"})
"""Cells that say of a row that something was bought."""


@dataclass(slots=True)
class AboveZeroEvidence:
    """What the rows show: settlements of a card on either side of zero, and whether the file says that it is a card."""

    is_card: bool = False
    spent_above: int = 0
    settled_above: int = 0
    settled_below: int = 0

    def look_at(self, header: Sequence[str], above: Iterable[Sequence[str]]) -> None:
        """The header, and the lines above it."""
        self.is_card = any(_CARD_COLUMN.search(name) for name in header) or any(
            _CARD_WORDS.search(cell) for cells in above for cell in cells
        )

    def add(self, cells: Sequence[str], details: str, sign: int) -> None:
        """A row: what it says, and on which side of zero its amount is."""
        if _SETTLED.search(details):
            self.settled_above += sign > 0
            self.settled_below += sign < 0
        elif sign > 0 and any(cell.strip().lower() in _SPENT for cell in cells):
            self.spent_above += 1

    @property
    def question(self) -> str | None:
        """What must be asked, or None: a settlement above zero shows that what came in is."""
        if self.settled_below and not self.settled_above:
            return QUESTION.format("A payment to the card is written below zero")
        if self.spent_above:
            return QUESTION.format("A purchase is written above zero")
        if self.is_card and not self.settled_above:
            return QUESTION.format("The file is of a card")
        return None


BY_BALANCE: Final = QUESTION.format("The running balance falls where an amount is above zero")
