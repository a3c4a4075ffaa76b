"""Money between the person and the wire: integer minor units on one side, keyed text on the other."""

from __future__ import annotations

import re
from typing import Final

AMOUNT_MINOR_MAX: Final = 10**15
"""The largest amount of one document, in minor units (contract, section 1)."""

_KEYED_LENGTH_MAX: Final = 40
_DEFAULT_EXPONENT: Final = 2
# ISO 4217: every currency that does not have two decimals.
_EXPONENTS: Final[dict[str, int]] = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(),
        0,
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
_COUNT_WORDS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+", re.ASCII)
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?", re.ASCII)


class MoneyError(ValueError):
    """A keyed amount that is not one; `str()` is the sentence for the person."""


def exponent_of(currency: str) -> int:
    """Decimals of a currency by ISO 4217: KES 2, JPY 0, KWD 3; 2 for a code not in the list."""
    return _EXPONENTS.get(currency, _DEFAULT_EXPONENT)


def money(amount_minor: int, currency: str) -> str:
    """`amount_minor` (minor units of `currency`) as a person reads it: `1,250.00`, `-0.05`."""
    decimals = exponent_of(currency)
    sign = "-" if amount_minor < 0 else ""
    whole, part = divmod(abs(amount_minor), 10**decimals)
    if decimals == 0:
        return f"{sign}{whole:,}"
    return f"{sign}{whole:,}.{part:0{decimals}d}"


def parse_money(text: str, currency: str) -> int:
    """The amount a person keyed, in minor units of `currency`: 1 to 10^15.

    Takes ASCII digits, thousands commas in their right places and one decimal point with at
    most the currency's decimals. Never an exponent, a sign, an underscore or a space.

    Raises:
        MoneyError: with the sentence for the person.
    """
    keyed = text.strip(" ")
    _refuse_what_no_amount_has(keyed)
    if not (_PLAIN.fullmatch(keyed) or _GROUPED.fullmatch(keyed)):
        if "," in keyed:
            raise MoneyError(f"{keyed}: the commas are not at the thousands. Key it as 1,250.00 or 1250.")
        raise MoneyError(f"{keyed} is not an amount. Key it as 1250 or 1,250.00.")
    whole, _, part = keyed.replace(",", "").partition(".")
    decimals = exponent_of(currency)
    if len(part) > decimals:
        have, may = _count_word(len(part)), _count_word(decimals) if decimals else "none"
        noun = "decimal" if len(part) == 1 else "decimals"
        raise MoneyError(f"{keyed} has {have} {noun}; {currency} has {may}.")
    amount_minor: int = int(whole or "0") * 10**decimals + int(part.ljust(decimals, "0") or "0")
    if amount_minor == 0:
        raise MoneyError("The amount must be more than zero.")
    if amount_minor > AMOUNT_MINOR_MAX:
        raise MoneyError(
            f"{keyed} is more than {money(AMOUNT_MINOR_MAX, currency)}, the most one amount may be."
        )
    return amount_minor


def parse_balance(text: str, currency: str) -> int:
    """What a person keyed that somebody owes, in minor units of `currency`: as an amount, or zero, or with a minus.

    Raises:
        MoneyError: with the sentence for the person.
    """
    keyed = text.strip(" ")
    is_held = keyed.startswith("-") and len(keyed) > 1
    digits = keyed[1:] if is_held else keyed
    if digits and not digits.strip("0.,") and _PLAIN.fullmatch(digits):
        return 0
    amount_minor = parse_money(digits, currency)
    return -amount_minor if is_held else amount_minor


def _refuse_what_no_amount_has(keyed: str) -> None:
    """Name the one character that does not belong, in the order a person would notice it."""
    if not keyed:
        raise MoneyError("Key an amount.")
    if len(keyed) > _KEYED_LENGTH_MAX:
        raise MoneyError("This is too long for an amount.")
    if keyed[0] in "+-":
        raise MoneyError("Key the amount without a sign.")
    if " " in keyed:
        raise MoneyError("Key the amount without spaces, as 1250 or 1,250.00.")
    for character in keyed:
        if character not in "0123456789.,":
            shown = character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"
            raise MoneyError(f"An amount has digits only; {shown} is not one. Key it as 1250 or 1,250.00.")


def _count_word(count: int) -> str:
    return _COUNT_WORDS[count] if count < len(_COUNT_WORDS) else str(count)
