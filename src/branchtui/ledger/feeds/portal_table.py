"""What the table of the M-PESA organisation portal says beside its columns: the short code above it, and who paid."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SHORT_CODE: Final = re.compile(r"short\s?code\W*([0-9]{3,20})?", re.IGNORECASE | re.ASCII)
_DIGITS: Final = re.compile(r"[0-9]{3,20}", re.ASCII)
_OTHER_PARTY: Final = re.compile(r"\s*(\+?[0-9][0-9* xX]{5,18})\s*-\s*(.*)", re.ASCII | re.DOTALL)
_PAID_BY: Final = re.compile(
    r"\bfrom\s+(\+?[0-9][0-9*xX]{5,18})\s*-\s*(.*?)(?:\s+Acc\.?\s*(.*))?$", re.ASCII | re.DOTALL
)


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
    return Payer(found[1], found[2], account_ref) if found else Payer(name=other_party)
