"""How a file writes amounts: `62,500.50` or `62.500,50`, judged once from all its rows (VAL-1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from branchtui.contract.base import MAX_AMOUNT_MINOR
from branchtui.contract.imports import DecimalWriting, Delimiter
from branchtui.format.money import exponent_of, money
from branchtui.ledger.feeds.finding import CellError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+", re.ASCII)
_DIGITS_AND_SIGNS = re.compile(r"[0-9][0-9.,]*", re.ASCII)
_ONE_SIGN = re.compile(r"[0-9]+([.,])([0-9]*)", re.ASCII)
_GROUPS = re.compile(r"[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3})+", re.ASCII)
_THOUSANDS: Final = 3
_LENGTH_MAX: Final = 40
_OPEN: Final = "Amounts such as {} can be read in two ways here. Say which sign is the decimal one: decimal."
_COUNT_WORDS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class DecimalEvidence:
    """Which decimal sign the rows show. An amount such as `1,250` shows none: it is left open."""

    def __init__(self) -> None:
        self.point = 0
        self.comma = 0
        self.open = 0
        self.open_point = 0

    def add(self, text: str) -> None:
        """Look at one amount; what is no amount says nothing."""
        if text.isdigit():
            return
        text = text.strip()
        if self.point and "," not in text and text.count(".") == 1 and (self.open or text[-4:-3] != "."):
            return  # one more of what is known
        if len(text) > _LENGTH_MAX or not _DIGITS_AND_SIGNS.fullmatch(text):
            return
        one = _ONE_SIGN.fullmatch(text)
        if one:
            if len(one[2]) == _THOUSANDS:
                self.open += 1
                self.open_point += one[1] == "."
            else:
                self._count(one[1])
        elif grouped := _GROUPS.fullmatch(text):
            self._count("," if grouped[1] == "." else ".")
        elif "." in text and "," in text:
            self._count("." if text.rfind(".") > text.rfind(",") else ",")

    def _count(self, sign: str) -> None:
        if sign == ".":
            self.point += 1
        else:
            self.comma += 1

    def decide(self, delimiter: Delimiter) -> tuple[DecimalWriting, str | None]:
        """The file's writing, and the question that stays open, if one does.

        Where the rows show one sign, it is that. Where they show none or both, a comma-delimited
        file writes the point and a semicolon-delimited one the comma; a tab says nothing.
        """
        if self.point and not self.comma:
            return DecimalWriting.POINT, None
        if self.comma and not self.point:
            return DecimalWriting.COMMA, None
        if delimiter is Delimiter.SEMICOLON:
            return DecimalWriting.COMMA, None
        if delimiter is Delimiter.TAB and (self.open or self.point):
            return DecimalWriting.POINT, _OPEN.format("1,250")
        return DecimalWriting.POINT, None

    def decide_signed(self, delimiter: Delimiter, currency: str) -> tuple[DecimalWriting, str | None]:
        """As `decide`, for statements: there zeros behind the decimals are let go, so `1.250` may be 1.25.

        A currency of three decimals writes amounts so; there it is three digits behind the other sign that may be decimals.
        """
        writing, question = self.decide(delimiter)
        if question is None and not (self.point or self.comma):
            is_point = writing is DecimalWriting.POINT
            if is_point is (exponent_of(currency) < _THOUSANDS):
                question = _OPEN.format("1.250") if self.open_point else None
            elif self.open > self.open_point:
                question = _OPEN.format("1,250")
        return writing, question


def amount_reader(writing: DecimalWriting, currency: str) -> Callable[[str], int]:
    """A function from a cell to minor units of `currency` (1 to 10^15); it raises CellError with the sentence."""
    decimals = exponent_of(currency)
    scale = 10**decimals
    point, group = (".", ",") if writing is DecimalWriting.POINT else (",", ".")
    plain = re.compile(rf"([0-9]{{1,16}})(?:{re.escape(point)}([0-9]{{1,{max(decimals, 1)}}}))?", re.ASCII)
    pattern = rf"([0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})+|[0-9]+)(?:{re.escape(point)}([0-9]*))?"
    grouped = re.compile(pattern, re.ASCII)

    def read(cell: str) -> int:
        text = cell.strip()
        found = plain.fullmatch(text)
        if found is None or decimals == 0:
            found = grouped.fullmatch(text) if len(text) <= _LENGTH_MAX else None
            if found is None:
                raise _not_an_amount(text, point, group)
        part = found[2] or ""
        if len(part) > decimals:
            raise _too_fine(text, len(part), decimals, currency)
        amount: int = int(found[1].replace(group, "")) * scale + int(part.ljust(decimals, "0") or "0")
        if amount == 0:
            raise CellError("zero", "The amount must be more than zero.")
        if amount > MAX_AMOUNT_MINOR:
            raise CellError(
                "too-much", f"{shown(text)} is more than {money(MAX_AMOUNT_MINOR, currency)}, the most."
            )
        return amount

    return read


def _too_fine(text: str, have: int, decimals: int, currency: str) -> CellError:
    may = _word(decimals) if decimals else "none"
    noun = "decimal" if have == 1 else "decimals"
    return CellError("decimals", f"{shown(text)} has {_word(have)} {noun}; {currency} has {may}.")


def _not_an_amount(text: str, point: str, group: str) -> CellError:
    form = f"1{group}250{point}00 or 1250"
    if not text:
        return CellError("blank", "The amount is blank.")
    if SCIENTIFIC.fullmatch(text):
        said = f"{shown(text)} is scientific notation, which loses digits. Write the amount out, as {form}."
        return CellError("scientific", said)
    if text[0] in "-(" and any(c.isdigit() for c in text):
        return CellError("negative", f"{shown(text)} is negative; an amount here is always more than zero.")
    if _DIGITS_AND_SIGNS.fullmatch(text):
        said = f"{shown(text)}: the signs are not where this file has them. It writes amounts as {form}."
        return CellError("grouping", said)
    return CellError("not-an-amount", f"{shown(text)} is not an amount. Write it as {form}.")


def _word(count: int) -> str:
    return _COUNT_WORDS[count] if count < len(_COUNT_WORDS) else str(count)
