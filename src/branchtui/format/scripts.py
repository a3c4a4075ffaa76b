"""Names that mix look-alike scripts: the mark a reviewed screen puts beside them (TTY-4, T-03)."""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category, name

MIXED_MARK: Final = "(mixed scripts!)"
_WORDS = re.compile(r"[^\W\d_]+")
# Scripts whose letters pass for one another; a word of any other mix (as in Japanese) is ordinary.
_LOOK_ALIKE: Final = frozenset(
    {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "FULLWIDTH", "MATHEMATICAL"}
)


def has_mixed_scripts(text: str) -> bool:
    """True when one word holds letters of two scripts that look alike: `Wаnjiku` with a Cyrillic `а`."""
    if text.isascii():
        return False
    return any(len(_look_alikes(word)) > 1 for word in _WORDS.findall(text))


def with_script_mark(text: str) -> str:
    """`text`, followed by the mark when it mixes scripts."""
    return f"{text} {MIXED_MARK}" if has_mixed_scripts(text) else text


def _look_alikes(word: str) -> set[str]:
    scripts = {name(letter, "").split(" ")[0] for letter in word if category(letter)[0] == "L"}
    return scripts & _LOOK_ALIKE
