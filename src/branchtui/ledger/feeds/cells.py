"""Cells that a spreadsheet would run as formulas: guarded on the way out, unguarded on the way in (SEC-6)."""

from __future__ import annotations

import re
from typing import Final

_DANGEROUS: Final = "=+\\-@\t\r\0＝＋－＠"
_NEEDS_GUARD = re.compile(f"'*[{_DANGEROUS}]")
_GUARDED = re.compile(f"'+[{_DANGEROUS}]")
_GUARD = re.compile(f"'[{_DANGEROUS}]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*", re.ASCII)


_IN_ERROR: Final = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!)")
IN_ERROR: Final = "A spreadsheet has put an error here in the place of what was meant."


def is_in_error(text: str) -> bool:
    """Whether a cell is what a spreadsheet shows where it could work nothing out."""
    return text.startswith("#") and _IN_ERROR.fullmatch(text) is not None


def guarded(text: str) -> str:
    """`text` so that no spreadsheet runs it: one `'` before what looks like a formula, none before a number.

    A text that begins with `'` before a formula gets one more, so that `unguarded` gives back exactly `text`.
    """
    return f"'{text}" if _NEEDS_GUARD.match(text) and not _NUMBER.fullmatch(text) else text


def holds_guard(line: str) -> bool:
    """Whether a cell of this line may be a guarded one; most apostrophes stand in names."""
    return "'" in line and _GUARD.search(line) is not None


def unguarded(text: str) -> str:
    """`text` without the one `'` that a safe export puts before a formula."""
    return text[1:] if text.startswith("'") and _GUARDED.match(text) else text
