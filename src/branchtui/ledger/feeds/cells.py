"""Cells that a spreadsheet would run as formulas: guarded on the way out, unguarded on the way in (SEC-6)."""

from __future__ import annotations

import re
from typing import Final

from branchtui.ledger.feeds.finding import shown

_DANGEROUS: Final = "=+\\-@\t\r\0＝＋－＠"
_NEEDS_GUARD = re.compile(f"'*[{_DANGEROUS}]")
_GUARDED = re.compile(f"'+[{_DANGEROUS}]")
_GUARD = re.compile(f"'[{_DANGEROUS}]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*", re.ASCII)


_IN_ERROR: Final = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!)")
_SHOWS_TEXT: Final = re.compile(r'="[^"]*"')
"""How programs write a number into a text file so that a spreadsheet keeps its zeros: `="000101"`."""


def left_by_a_spreadsheet(text: str) -> tuple[str, str] | None:
    """The code and the sentence for a cell that holds what is for spreadsheets, in the place of what was meant; None for all others."""
    if text.startswith("#") and _IN_ERROR.fullmatch(text):
        return "cell-in-error", "A spreadsheet has put an error here in the place of what was meant."
    if text.startswith("=") and _SHOWS_TEXT.fullmatch(text):
        said = "is a formula that shows a text. Write what it shows, or open the file in a spreadsheet and save it again."
        return "formula", f"{shown(text)} {said}"
    return None


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
