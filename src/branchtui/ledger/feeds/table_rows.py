"""Rows of a statement's table that are no movements: balances carried forward, sums, notes, headings repeated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from branchtui.ledger.feeds.table_unfit import column_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.feeds.table_row import Row

_CARRIED: Final = re.compile(
    r"\bbalance\b|\b[bc]/f\b|\b(?:brought|carried) forward\b|\b(?:saldo|solde)\b", re.IGNORECASE
)
"""How the rows read that hold a balance and no movement."""

_BALANCE: Final = re.compile(
    r"(?:(?:opening|closing|starting|ending|beginning|previous|final) (?:ledger |available |account )?balance(?: (?:as of|as at|at|on))?"
    r"|balance (?:[bc]/[fd]|(?:brought|carried) (?:forward|down)|forward)|[bc]/f|(?:brought|carried) forward"
    r"|(?:s a l d o|saldo)(?: (?:anterior|inicial|final|vortrag|do|dia|total|disponível|em|conta|atual|actual|iniziale|finale"
    r"|contabile|początkowe|końcowe|am|vom|zum|per))*"
    r"|saldovortrag|anfangssaldo|endsaldo|schlusssaldo|(?:(?:alter|neuer|letzter) )?kontostand(?: (?:am|vom|zum|per))?"
    r"|(?:ancien|nouveau) solde|solde (?:initial|final|précédent|anterieur|antérieur))",
    re.IGNORECASE,
)
"""All that such a row says, where it has an amount."""

_SUMS: Final = re.compile(r"\s*(?:sub[ -]?|grand )?totals?\b", re.IGNORECASE)
_SUM_ALONE: Final = re.compile(
    r"\W*(?:sub[ -]?|grand )?totals?(?: (?:credits?|debits?|amount))?\W*", re.IGNORECASE
)
"""How a row of sums begins."""

_LETTERS: Final = re.compile(r"[^\W\d_]{2,}")


def reads_as_carried(details: str) -> bool:
    """Whether a row without an amount tells of a balance."""
    return _CARRIED.search(details) is not None


def reads_as_balance(details: str) -> bool:
    """Whether a text says that the amount beside it is a balance, and nothing else: `Opening Balance 01/11/2026`."""
    words = " ".join(re.sub(r"[\d.:,()*=-]+|\b[0-9/]{4,10}\b", " ", details).split())
    return _BALANCE.fullmatch(words) is not None


def holds_balance(row: Row, details: str) -> bool:
    """Whether a row tells of a balance or a sum: by all that it says, or, where that is nothing, by any of its cells."""
    if details.strip():
        return reads_as_balance(details) or _SUM_ALONE.fullmatch(details) is not None
    return any(map(reads_as_balance, row.cells))


def is_sum(row: Row, date: str) -> bool:
    """Whether a row holds sums or a balance of those above: it begins with the word, and has no date (`date` is its cell)."""
    first = next((cell for cell in row.cells if cell.strip()), "")
    begins = _SUMS.match(first) is not None or reads_as_balance(first)
    return begins and (not date.strip() or date is first)


def is_heading(row: Row, header: Sequence[str]) -> bool:
    """Whether a row is the header once more, as on every page of a list."""
    return [column_name(cell) for cell in row.cells] == list(header)


def is_line(row: Row) -> bool:
    """Whether a row is a line of asterisks or dashes, without a letter or digit."""
    return not any(sign.isalnum() for cell in row.cells for sign in cell)


def is_note(row: Row) -> bool:
    """Whether a row holds words in one cell and nothing else: what stands below a list, or goes on from the row above.

    One word alone may be what is left of a row that was cut: a receipt number, a name.
    """
    held = [cell.strip() for cell in row.cells if cell.strip()]
    words = sum(_LETTERS.search(word) is not None for word in held[0].split()) if len(held) == 1 else 0
    return words > 1 or (words == 1 and held[0].endswith(":"))


def is_short_only(row: Row) -> bool:
    """Whether nothing is wrong with a row but that cells are missing."""
    return all(each.code == "columns" for each in row.findings)
