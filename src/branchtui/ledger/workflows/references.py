"""What stands in the reference that a payer wrote, beside the number that it may be as a whole (contract, section 5)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from branchtui.format.folding import fold
from branchtui.ledger.feeds.amounts import SCIENTIFIC
from branchtui.ledger.feeds.incoming import LOST

NUMBER_MAX: Final = 20
"""No number of ours is longer (contract, section 1)."""

_WITHIN_MAX: Final = 6
_DIGITS_LEAST: Final = 3
"""Fewer digits among words are a house or a month."""

_DIGITS: Final = re.compile(r"[0-9]+", re.ASCII)
_NUMBER: Final = re.compile(r"([a-z]{1,10})[0-9]", re.ASCII)
_RUN: Final = re.compile(r"(?:([a-z]{1,10})[^a-z0-9]{0,3})?([0-9]+(?:[-/ ][0-9]+)*)", re.ASCII)
_LOST_DIGIT: Final = re.compile(rf"[0-9]{re.escape(LOST)}|{re.escape(LOST)}[0-9]", re.ASCII)
_GAPS: Final = re.compile(r"[-/ ]")
_LIKE_DIGITS: Final = re.compile(r"(?<![a-z0-9])[0-9oil]{3,20}(?![a-z0-9])", re.ASCII)
_AS_DIGITS: Final = str.maketrans("oil", "011")


def in_plain_digits(text: str) -> str:
    """`text` with the digits of every script as 0 to 9: `١٠٠٢٤٥` is 100245."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def prefix_of(folded: str) -> str | None:
    """The letters in front of a number (`ln` of `ln000123`), or None where there are none."""
    found = _NUMBER.match(folded)
    return found.group(1) if found else None


def is_digits(folded: str) -> bool:
    """Whether a folded reference is a number without a prefix."""
    return _DIGITS.fullmatch(folded) is not None


def numbers_within(reference: str | None) -> tuple[str, ...]:
    """What a reference of words and digits holds that may be a number of ours, as numbers are compared.

    `ACC LN-000777` holds `000777` and `ln000777`, `1OO245` holds `100245`. Several numbers that follow each other are
    looked at as one and singly.
    """
    text = fold(in_plain_digits(reference or ""))
    if text.isdigit():
        return ()
    found: dict[str, None] = {}
    for letters, run in _RUN.findall(text):
        whole = _GAPS.sub("", run)
        for number in (whole, f"{letters}{whole}", *_GAPS.split(run)):
            if len(number) <= NUMBER_MAX and sum(map(str.isdigit, number)) >= _DIGITS_LEAST:
                found[number] = None
    for alike in _LIKE_DIGITS.findall(text):
        if sum(map(str.isdigit, alike)) >= _DIGITS_LEAST:
            found[alike.translate(_AS_DIGITS)] = None
    return tuple(found)[:_WITHIN_MAX]


def is_written_short(reference: str | None) -> bool:
    """Whether a spreadsheet has written a number short: of `1.00245E+05` nobody knows the digits."""
    return SCIENTIFIC.fullmatch((reference or "").strip()) is not None


def has_lost_sign(reference: str | None) -> bool:
    """Whether a sign beside a digit was lost: `1002?5` may be the number of several."""
    return LOST in (reference or "") and _LOST_DIGIT.search(in_plain_digits(reference or "")) is not None
