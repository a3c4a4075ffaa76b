"""What a text may not hold, whether it came in a body or in a file (VAL-3)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_FORBIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    "\ue000-\uf8ff\U000e0000-\U000e007f\U000f0000-\U0010ffff]"
)
_JOINERS: Final = re.compile("[\u200c\u200d]")


def is_unsafe(text: str) -> bool:
    """Whether a text holds what may not be stored: controls, breaks of lines, direction marks, invisible or unassigned signs."""
    if text.isascii():
        return _FORBIDDEN.search(text) is not None
    if _FORBIDDEN.search(text) or any(unicodedata.category(c) == "Cn" for c in text):
        return True
    return any(not _between_letters(text, found.start()) for found in _JOINERS.finditer(text))


def _between_letters(text: str, at: int) -> bool:
    return 0 < at < len(text) - 1 and all(
        unicodedata.category(text[place])[0] in "LM" for place in (at - 1, at + 1)
    )
