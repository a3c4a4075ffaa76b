"""What the table of the M-PESA organisation portal says beside its columns: the short code above it, and who paid."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from branchtui.ledger.feeds.finding import Finding, warning

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

OTHER_PARTY: Final = ("other_party_info", "other_party", "opposite_party")
"""How portals of different countries call the column that says who paid."""

_SHORT_CODE: Final = re.compile(
    r"(?:short\s?code|pay\s?bill(?:\s(?:no|number))?|(?:till|business)\s(?:no|number))\b\W*([0-9]{3,20})?",
    re.IGNORECASE | re.ASCII,
)
_DIGITS: Final = re.compile(r"[0-9]{3,20}", re.ASCII)
_SHORT_CODE_MAX: Final = 7
"""Digits that a short code of M-PESA has at most; a phone has more."""
_OTHER_PARTY: Final = re.compile(
    r"\s*(\+?[0-9][0-9* xX]{5,18}?|\*{3,9}[0-9]{3,4}|[0-9a-fA-F]{64})\s*(?:-\s*(.*))?", re.ASCII | re.DOTALL
)
_PAID_BY: Final = re.compile(
    r"\bfrom\s+(\+?[0-9][0-9*xX]{5,18})(?:\s*-\s*(?!Acc\b)(.*?))?(?:[\s-]+Acc\b\.?\s*(.*))?$",
    re.ASCII | re.DOTALL,
)
_TAKEN_BACK: Final = re.compile(r"\brevers", re.IGNORECASE)
_OWN_TRANSFER: Final = re.compile(
    r"\borgani[sz]ation settlement\b"
    r"|\b(?:utility|working|merchant)(?: account)? to (?:\w+ )?(?:utility|working|settlement)\b",
    re.IGNORECASE,
)

OWN_TRANSFER: Final[Finding] = warning(
    "own-transfer", "The organisation moved its own money between its accounts: it is no payment.", "details"
)
"""What is said of a row that `is_own_transfer`."""


class Payer(NamedTuple):
    """Who paid, and the account that the payer named; empty where the row does not say it."""

    phone: str = ""
    name: str = ""
    account_ref: str = ""


def short_code(above: Iterable[Sequence[str]]) -> str:
    """The short code that the portal writes above its table; empty where it writes none, or several."""
    told: set[str] = set()
    for cells in above:
        for place, cell in enumerate(cells):
            found = _SHORT_CODE.search(cell)
            if found is None:
                continue
            beside = cells[place + 1].strip() if place + 1 < len(cells) else ""
            if found[1]:
                told.add(found[1])
            elif _DIGITS.fullmatch(beside):
                told.add(beside)
    return told.pop() if len(told) == 1 else ""


def payer_of(other_party: str, details: str) -> Payer:
    """The payer of a row, by the column of the other party, else by the sentence of the details; the account by these."""
    said = _PAID_BY.search(details)
    account_ref = (said[3] or "") if said else ""
    found = _OTHER_PARTY.fullmatch(other_party) or said
    return Payer(found[1], found[2] or "", account_ref) if found else Payer(name=other_party)


def is_reversal(details: str, kind: str) -> bool:
    """Whether a row takes a transaction back: by what the portal says, not by what a payer wrote."""
    return _TAKEN_BACK.search(f"{_by_portal(details)} {kind}") is not None


def is_own_transfer(payer: Payer, details: str, kind: str) -> bool:
    """Whether an organisation moves its own money between its accounts: nobody has paid."""
    is_known = len(payer.phone) > _SHORT_CODE_MAX
    return not is_known and _OWN_TRANSFER.search(f"{_by_portal(details)} {kind}") is not None


def _by_portal(details: str) -> str:
    """The details without the payer and the account that he named."""
    said = _PAID_BY.search(details)
    return details[: said.start()] if said else details
