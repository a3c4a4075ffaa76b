"""How a balance is written in a file: as an amount, but nothing may be owed, and what is held has a minus (VAL-1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from branchtui.contract.base import MAX_AMOUNT_MINOR
from branchtui.contract.imports import DecimalWriting
from branchtui.format.money import exponent_of
from branchtui.ledger.feeds.amounts import amount_reader
from branchtui.ledger.feeds.finding import CellError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

_SUM_DIGITS_MAX: Final = 24
_OTHER_SIGN: Final = re.compile(
    r"[\u2010-\u2015\u2212]\s?[0-9][0-9.,]*|[0-9][0-9.,]*\s?(?:[-\u2010-\u2015\u2212]|cr?)",
    re.ASCII | re.IGNORECASE,
)
"""How others write what is held: with a dash, or with a minus or `CR` behind it."""


def balance_reader(writing: DecimalWriting, currency: str) -> Callable[[str], int]:
    """A function from a cell to minor units of `currency` (-10^15 to 10^15); raises CellError with the sentence."""
    read = amount_reader(writing, currency)
    decimals = exponent_of(currency)
    scale = 10**decimals
    point = "." if writing is DecimalWriting.POINT else ","
    part = rf"(?:{re.escape(point)}([0-9]{{1,{decimals}}}))?" if decimals else "()"
    plain = re.compile(rf"(-?)([0-9]{{1,16}}){part}", re.ASCII)

    def read_balance(cell: str) -> int:
        text = cell.strip()
        found = plain.fullmatch(text)
        if found is None:
            return _unusual(text, read)
        amount: int = int(found[2]) * scale
        if found[3]:
            amount += int(found[3].ljust(decimals, "0"))
        if amount > MAX_AMOUNT_MINOR:
            return read(text.removeprefix("-"))  # it says how much is too much
        return -amount if found[1] else amount

    return read_balance


def _unusual(text: str, read: Callable[[str], int]) -> int:
    """What is written with thousands separators, or is no balance at all."""
    is_negative = text.startswith("-") and len(text) > 1
    try:
        amount = read(text[1:] if is_negative else text)
    except CellError as failure:
        if failure.code == "zero":
            return 0
        if failure.code == "negative" or _OTHER_SIGN.fullmatch(text):
            said = f"{shown(text)}: write what is held for a payer with one minus in front, as -12.50."
            raise CellError("sign", said) from failure
        raise
    return -amount if is_negative else amount


def total_reader(currency: str) -> Callable[[str], int | None]:
    """A function from a trailer's total to minor units of `currency`; None for what is no amount.

    A sum may be larger than any one balance, and has separators of thousands where the balances may have them.
    """
    decimals = exponent_of(currency)
    pattern = re.compile(
        rf"(-?)([0-9]{{1,{_SUM_DIGITS_MAX}}}|[0-9]{{1,3}}(?:,[0-9]{{3}}){{1,{_SUM_DIGITS_MAX // 3}}})"
        rf"(?:\.([0-9]{{1,{max(decimals, 1)}}}))?",
        re.ASCII,
    )

    def read(cell: str) -> int | None:
        found = pattern.fullmatch(cell.strip())
        if found is None or (found[3] and not decimals):
            return None
        amount: int = int(found[2].replace(",", "")) * 10**decimals + int(
            (found[3] or "").ljust(decimals, "0") or "0"
        )
        return -amount if found[1] else amount

    return read
