"""Signed amounts as banks write them in tables: `-63,89`, `$1,036.47`, `(12.00)`, `1.500,00-`, `25.00 DR`, `R$ 5,00`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from branchtui.contract.imports import DecimalWriting
from branchtui.ledger.feeds.finding import CellError, shown
from branchtui.ledger.feeds.statement import minor_units

if TYPE_CHECKING:
    from collections.abc import Callable

_LENGTH_MAX: Final = 40
_DRESS: Final = re.compile(
    r"^(?:[A-Z]{3}(?![A-Za-z])|R\$|US\$|[$€£¥₹]|(?:Rs|kr|K[Ss]hs?|U[Ss]h|T[Ss]h)\.?)"
    r"|(?:(?<![A-Za-z])[A-Z]{3}|[$€£¥₹]|zł|kr\.?)$",
    re.ASCII,
)
_PLAIN: Final = re.compile(r"[0-9][0-9.,]*", re.ASCII)
_BESIDE: Final = re.compile(r".*[0-9.,)]([CD]R?)\.?", re.ASCII | re.IGNORECASE)
"""`25.00DR`: the side without a space before it."""

_SIDES: Final = {"CR": 1, "C": 1, "DR": -1, "D": -1}
_SIGNS: Final = {
    "€": {"EUR"},
    "£": {"GBP"},
    "¥": {"JPY", "CNY"},
    "₹": {"INR"},
    "RS": {"INR", "PKR", "LKR", "NPR", "MUR"},
    "R$": {"BRL"},
    "US$": {"USD"},
    "ZŁ": {"PLN"},
    "KR": {"SEK", "NOK", "DKK", "ISK"},
    "KSH": {"KES"},
    "KSHS": {"KES"},
    "USH": {"UGX"},
    "TSH": {"TZS"},
    "/=": {"KES", "UGX", "TZS", "INR", "PKR"},
}
_APOSTROPHES: Final = str.maketrans("", "", " '\u2019\u2009")
"""What stands between thousands beside the other sign."""

_LAKHS: Final = re.compile(r"([0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3})(?:\.([0-9]*))?", re.ASCII)
"""Groups as India writes them, `1,50,000.00`: nothing else is written so."""


def bare(cell: str) -> tuple[str, int]:
    """The digits and separators of a cell, and its sign; without currency signs and spaces."""
    text, sign, _ = _undressed(cell)
    return text, sign


def _undressed(cell: str) -> tuple[str, int, str]:
    """Digits and separators, the sign, and the sign or code of a currency that stood beside them."""
    if not cell or _PLAIN.fullmatch(cell):
        return cell, 1, ""  # most amounts
    dress = whole = ""
    text = cell.strip().replace("\u2212", "-").replace("\N{NO-BREAK SPACE}", " ").replace("\u202f", " ")
    sign = 1
    if text.endswith(("/=", "/-")):
        text, whole = text[:-2].strip(), "/="  # shillings and rupees without a part, and no minus
    if text.startswith("(") and text.endswith(")"):
        text, sign = text[1:-1].strip(), -1
    beside = _BESIDE.fullmatch(text)
    side = (beside[1] if beside else text.rpartition(" ")[2]).upper().removesuffix(".")
    told = _SIDES.get(side, 0) if len(text) > len(side) else 0
    if told:
        text = text.removesuffix(".")[: -len(side)].strip()
    for _ in range(2):
        if text[:1] in {"+", "-"}:
            text, sign = text[1:].strip(), -sign if text[0] == "-" else sign
        elif text[-1:] in {"+", "-"}:
            text, sign = text[:-1].strip(), -sign if text[-1] == "-" else sign
        found = _DRESS.search(text)
        if found is None:
            break
        if dress and dress != found[0].upper().removesuffix("."):
            break  # two currencies are none
        dress = found[0].upper().removesuffix(".")
        text = (text[: found.start()] + text[found.end() :]).strip()
    if told < 0:
        sign = told  # `-25.00 DR` went out: it says so twice
    elif told > 0 > sign:
        text = f"-{text}"  # a credit below zero is no amount
    return text.translate(_APOSTROPHES), sign, dress or whole


def _contradicts(dress: str, currency: str) -> bool:
    """Whether a sign or code beside an amount is of another currency; many have a dollar."""
    if dress == "$":
        return not currency.endswith("D")
    return currency not in _SIGNS.get(dress, {dress})


def signed_reader(writing: DecimalWriting, currency: str) -> Callable[[str], int]:
    """A function from a cell to signed minor units of `currency`; it raises CellError with the sentence."""
    point, group = (".", ",") if writing is DecimalWriting.POINT else (",", ".")
    pattern = re.compile(
        rf"([0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})+|[0-9]*)(?:{re.escape(point)}([0-9]*))?", re.ASCII
    )

    def read(cell: str) -> int:
        text, sign, dress = _undressed(cell[: _LENGTH_MAX + 1])
        if dress and _contradicts(dress, currency):
            said = f"{shown(cell.strip())} is not in {currency}. Say which currency the file is in: currency."
            raise CellError("currency", said)
        found = pattern.fullmatch(text) if len(text) <= _LENGTH_MAX else None
        if found is None and writing is DecimalWriting.POINT and len(text) <= _LENGTH_MAX:
            found = _LAKHS.fullmatch(text)
        if not cell.strip():
            raise CellError("blank", "There is no amount.")
        if found is None or not (found[1] or found[2]):
            form = f"1{group}250{point}00 or 1250"
            said = f"{shown(cell.strip())} is not an amount; this file writes amounts as {form}."
            raise CellError("not-an-amount", said)
        return sign * minor_units(found[1].replace(group, ""), found[2] or "", currency)

    return read
