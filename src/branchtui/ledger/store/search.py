"""Folded text for search: case and marks removed, words in any order, phones in any writing."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_SPLIT = re.compile(r"[\s,;/]+")
_PHONE_LIKE = re.compile(r"^[+()\d\s.\-]{4,}$")
_NOT_DIGIT = re.compile(r"\D")
_NUMBER_SIGNS = str.maketrans("", "", "./-")

TRIGRAM: Final = 3
"""Shorter words cannot be found inside a text, only at its beginning."""


def fold(text: str) -> str:
    """`text` as it is compared: no case, no marks, single spaces ("Ngũgĩ  wa" -> "ngugi wa")."""
    if text.isascii():
        return " ".join(text.lower().split())
    spread = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in spread if not unicodedata.combining(c))
    return " ".join(unicodedata.normalize("NFKC", bare).casefold().split())


def fold_reference(text: str) -> str:
    """A reference as it is compared: case, spaces and punctuation folded, leading zeros kept."""
    return "".join(c for c in fold(text) if c.isalnum())


def number_key(number: str) -> str:
    """A number of ours as references are compared with it; says what the generated columns of the tables say."""
    return number.translate(_NUMBER_SIGNS).lower()


def words(query: str) -> list[str]:
    """The folded words of a query, longest first; quotes and signs that carry no meaning are dropped."""
    found = {word.strip("\"'`*()[]{}") for word in _SPLIT.split(fold(query))}
    return sorted((word for word in found if word), key=len, reverse=True)[:8]


def digits(query: str) -> str | None:
    """The digits of a query that is written like a phone or a number with spaces, or None."""
    return _NOT_DIGIT.sub("", query) if _PHONE_LIKE.match(query.strip()) else None


def trigram_match(parts: list[str]) -> str:
    """An FTS5 expression: every part must occur inside the text."""
    return " AND ".join('"' + part.replace('"', '""') + '"' for part in parts)


def prefix_end(prefix: str) -> str:
    """The first text after everything that begins with `prefix`, for a range on an index."""
    return prefix + "\U0010ffff"
