"""Text from strangers made safe for a terminal: the second wall of TTY-1 (link, section 6)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from unicodedata import category

ESCAPE_SHOWN: Final = "\N{SYMBOL FOR ESCAPE}"
HIDDEN_SHOWN: Final = "\N{REPLACEMENT CHARACTER}"
MARKS_MAX: Final = 6
"""Combining marks kept on one letter: no living script needs more, a tower of them paints other rows."""

_JOINERS: Final = "\u200c\u200d"
_DOTTED_CIRCLE: Final = "\N{DOTTED CIRCLE}"
_NESTING_MAX: Final = 64
# Assigned, visible, one cell each (soft hyphen excepted): no look-up needed.
_PLAIN = re.compile(r"[ -~\xa0-\xac\xae-\u02ff]*")
_BLANKS = re.compile(r"\r\n|[\n\t]")
_BAD_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters, marks and signs that Unicode says show nothing (Default_Ignorable_Code_Point), and the blank braille cell.
_INVISIBLE: Final = frozenset(
    [
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
        *(*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)),
    ]
)
# Skin tones and the letters of flags: each terminal, and each measure of text, has another width for them.
_NO_CERTAIN_WIDTH: Final = frozenset([*range(0x1F3FB, 0x1F400), *range(0x1F1E6, 0x1F200)])


def safe_text(text: str) -> str:
    """`text` with nothing in it that a terminal could obey or that hides or turns what stands beside it.

    Controls (C0, C1, DEL), direction marks, zero-width and tag characters, lone surrogates, private-use and
    unassigned code points, line and paragraph separators, and signs without a certain width become `␛` (for ESC) or `�`; a newline or tab becomes a
    space. Joiners stay between letters, where scripts need them. Applying it twice changes nothing more.
    """
    if _PLAIN.fullmatch(text):
        return text
    text = _BLANKS.sub(" ", text)
    out: list[str] = []
    kind = ""
    marks = 0
    for index, character in enumerate(text):
        previous_kind, kind = kind, kind_of(character)
        shown = character
        if kind == "mark":
            marks += 1
            if marks > MARKS_MAX:
                kind, shown = "bad", HIDDEN_SHOWN
            elif not out or previous_kind == "bad":
                out.append(_DOTTED_CIRCLE)
        elif character in _JOINERS:
            following = text[index + 1 : index + 2]
            joins = previous_kind in {"letter", "mark"} and following and kind_of(following) == "letter"
            kind, shown = ("joiner", character) if joins else ("bad", HIDDEN_SHOWN)
        else:
            marks = 0
            if kind == "bad":
                shown = ESCAPE_SHOWN if character == "\x1b" else HIDDEN_SHOWN
        out.append(shown)
    return "".join(out)


def safe_object(value: object, depth: int = 0) -> object:
    """A parsed JSON value with `safe_text` applied to every text in it, member names included.

    Raises:
        ValueError: nested deeper than 64 levels, which no answer of the contract is.
    """
    if isinstance(value, str):
        return safe_text(value)
    if depth > _NESTING_MAX:
        raise ValueError("the answer is nested too deeply")
    if isinstance(value, dict):
        return {safe_text(str(name)): safe_object(member, depth + 1) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [safe_object(member, depth + 1) for member in value]
    return value


def mask_phone(phone: str) -> str:
    """A phone number with its middle hidden, spacing kept: `0711 222 333` becomes `0711 *** 333`."""
    total = sum(character.isdigit() for character in phone)
    lead = 4 if total >= 9 else 0
    tail = 3 if total >= 6 else min(1, total)
    shown: list[str] = []
    seen = 0
    for character in safe_text(phone):
        if character.isdigit():
            hidden = lead <= seen < total - tail
            seen += 1
            shown.append("*" if hidden else character)
        else:
            shown.append(character)
    return "".join(shown)


@lru_cache(maxsize=4096)
def kind_of(character: str) -> str:
    """`letter`, `mark`, `bad` (never shown as it is) or `other`, for one character."""
    if ord(character) in _INVISIBLE or ord(character) in _NO_CERTAIN_WIDTH:
        return "bad"
    code = category(character)
    if code in _BAD_CATEGORIES:
        return "bad"
    if code[0] == "L":
        return "letter"
    if code in {"Mn", "Me", "Mc"}:
        return "mark"
    return "other"
