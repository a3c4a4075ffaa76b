"""Text to the printer at the far end of the terminal's line: pass-through printing (ESC[5i ... ESC[4i).

What lies between the two sequences goes to a printer unseen, so that it is made here and checked here: signs that
print, and ends of lines. By default ASCII, which every printer knows, and in which no byte can be half of a control.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from branchtui.format.safe_text import safe_text

if TYPE_CHECKING:
    from collections.abc import Iterable

PRINTER_ON: Final = "\x1b[5i"
PRINTER_OFF: Final = "\x1b[4i"
LINES_MAX: Final = 2_000
"""Lines of one print: a report of a day, not of a year."""

_SPELLED: Final = {
    "\N{LATIN SMALL LETTER SHARP S}": "ss",
    "\N{LATIN SMALL LETTER O WITH STROKE}": "o",
    "\N{LATIN CAPITAL LETTER O WITH STROKE}": "O",
    "\N{LATIN SMALL LETTER D WITH STROKE}": "d",
    "\N{LATIN CAPITAL LETTER D WITH STROKE}": "D",
    "\N{LATIN SMALL LETTER L WITH STROKE}": "l",
    "\N{LATIN CAPITAL LETTER L WITH STROKE}": "L",
    "\N{LATIN SMALL LETTER AE}": "ae",
    "\N{LATIN CAPITAL LETTER AE}": "AE",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{HORIZONTAL ELLIPSIS}": "...",
}
"""Letters that do not come apart into a letter and a mark."""


def printable(lines: Iterable[str], *, is_utf8: bool = False) -> str:
    """Lines as a printer takes them: ended by CR LF, marks left off unless it knows UTF-8, `?` for the rest."""
    found = [_line(line, is_utf8=is_utf8) for line in lines][:LINES_MAX]
    return "".join(f"{line}\r\n" for line in found)


def through_terminal(text: str) -> str:
    """What the terminal is sent so that its printer prints `text`, which `printable` made.

    Raises:
        ValueError: there is more in it than signs that print and ends of lines.
    """
    rest = text.replace("\r\n", "")
    if any(ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 for sign in rest):
        raise ValueError("this is no text for a printer")
    return f"{PRINTER_ON}{text}{PRINTER_OFF}"


def _line(line: str, *, is_utf8: bool) -> str:
    safe = safe_text(line)
    if is_utf8:
        return safe
    spelled = "".join(_SPELLED.get(sign, sign) for sign in safe)
    apart = unicodedata.normalize("NFKD", spelled)
    bare = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return "".join(sign if " " <= sign <= "~" else "?" for sign in bare)
