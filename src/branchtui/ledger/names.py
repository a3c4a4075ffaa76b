"""How a customer's parts of a name become one name, and what is compared when it is looked for."""

from __future__ import annotations

import unicodedata
from typing import Final

from branchtui.format.folding import fold

_FAMILY_FIRST: Final = ("CJK", "HANGUL", "HIRAGANA", "KATAKANA")
_SIGNS: Final = {code: None for code in range(128) if not (chr(code).isalnum() or chr(code) == " ")}
_APOSTROPHES: Final = str.maketrans(dict.fromkeys("`´ʼʻ‘’", "'"))


def full_name(first: str | None, middle: str | None, last: str | None) -> str:
    """The name of a person as it is shown: given names first; East Asian names family first, unspaced."""
    if first and last and is_family_first(first) and is_family_first(last):
        return last + first
    return " ".join([part for part in (first, middle, last) if part])


def reversed_name(first: str | None, middle: str | None, last: str | None) -> str:
    """The same person with the other name in front, for a search that begins with it."""
    if first and last and is_family_first(first) and is_family_first(last):
        return first + last
    return " ".join([part for part in (last, first, middle) if part])


def is_family_first(text: str) -> bool:
    """Whether a text is written in Han, Hangul or Kana, where the family name comes first."""
    if text.isascii():
        return not text
    return all(unicodedata.name(c, "").startswith(_FAMILY_FIRST) for c in text)


def plain_name(text: str) -> str:
    """A name or a query folded, with one writing of the apostrophe."""
    return fold(text).translate(_APOSTROPHES)


def search_text(name: str, numbers: tuple[str | None, ...]) -> str:
    """What search looks into: the folded name, without its signs too, and the numbers.

    A space stands before and after every word, so that the text index finds how words begin and end.
    """
    return searched(fold(name), numbers)


def searched(name_key: str, numbers: tuple[str | None, ...]) -> str:
    """`search_text` of a name that is folded already."""
    if not name_key or (name_key.isascii() and name_key.replace(" ", "").isalnum()):
        parts = [name_key]  # nearly every name: letters and spaces
    else:
        plain = name_key.translate(_APOSTROPHES)
        bare = plain.translate(_SIGNS)
        parts = [plain] if bare == plain else [plain, bare]
    # Numbers are folded together: a space parts them before and after.
    written = fold(" ".join([number for number in numbers if number]))
    return f" {' '.join([*parts, written] if written else parts)} "
