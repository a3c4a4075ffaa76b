"""Card numbers have no place in a ledger: a detector for texts that people key (T-30)."""

from __future__ import annotations

import re
from typing import Final

from branchtui.ledger.problems import invalid

_GROUPED: Final = re.compile(
    r"(?<![^\W_])"
    r"(?:[0-9]{13,19}"
    r"|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}(?:\1[0-9]{1,3})?"
    r"|[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5})"
    r"(?![^\W_])"
)
"""Digits, run together or in a card's groups, that stand alone: what is glued to letters is part of a longer
token, as in the hexadecimal references that tills print."""

_UUID: Final = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.ASCII | re.IGNORECASE)

_FOUR: Final = re.compile(r"\d{4}", re.ASCII)
_ISSUER: Final = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[68]\d)\d{11}"  # Diners Club
    r"|(?:6011|65\d{2}|64[4-9]\d)\d{12}"  # Discover
    r"|35(?:2[89]|[3-8]\d)\d{12}"  # JCB
    r"|62\d{14,17}"  # UnionPay
    r"|(?:50|5[6-8]|6[37])\d{12,17}"  # Maestro
)


def holds_card_number(text: str) -> bool:
    """Whether `text` holds what is a card number: an issuer's prefix and length, and the Luhn check digit.

    Its digits stand alone, with single spaces or hyphens between their groups. A UUID is none, nor is a run
    of digits within a longer word.
    """
    if _FOUR.search(text) is None:  # most texts are plain words
        return False
    for found in _GROUPED.finditer(_UUID.sub("uuid", text)):
        digits = re.sub(r"\D", "", found.group())
        if _ISSUER.fullmatch(digits) and _luhn(digits):
            return True
    return False


def refuse_card_number(member: str, text: str | None) -> None:
    """Refuse (422) a text that was keyed as this member of a body, where it holds a card number."""
    if text is not None and holds_card_number(text):
        raise invalid(f"/{member}", f"{member.capitalize()}: this looks like a card number. Take it out.")


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
