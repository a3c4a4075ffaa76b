"""Text cut and padded to terminal cells, by grapheme: a column never moves, a letter is never halved."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

from wcwidth import iter_graphemes, wcwidth

Align = Literal["left", "right", "center"]
ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"
_JOINER: Final = "\u200d"


@lru_cache(maxsize=8192)
def cell_width(text: str) -> int:
    """Terminal cells `text` takes: the sum over its characters; what a joiner joins on takes none."""
    if text.isascii() and text.isprintable():
        return len(text)
    total = 0
    joined = False
    for character in text:
        if character == _JOINER:
            joined = True
            continue
        if not joined:
            total += max(0, wcwidth(character))
        joined = False
    return total


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells; what is longer ends with `…`. Graphemes stay whole."""
    if width <= 0:
        return ""
    if cell_width(text) <= width:
        return text
    kept: list[str] = []
    used = 0
    for grapheme in iter_graphemes(text):
        cells = cell_width(grapheme)
        if used + cells > width - 1:
            break
        kept.append(grapheme)
        used += cells
    return "".join(kept) + ELLIPSIS


def wrapped(text: str, width: int) -> list[str]:
    """`text` in rows of at most `width` cells, broken between words; a longer word has a row of its own."""
    rows = [""]
    for word in text.split(" "):
        longer = f"{rows[-1]} {word}" if rows[-1] else word
        if cell_width(longer) <= width or not rows[-1]:
            rows[-1] = longer
        else:
            rows.append(word)
    return rows


def pad(text: str, width: int, align: Align = "left") -> str:
    """`text` in exactly `width` cells: cut with `…` when longer, blanks on the side `align` leaves free."""
    shown = cut(text, width)
    blanks = max(0, width - cell_width(shown))
    if align == "right":
        return " " * blanks + shown
    if align == "center":
        return " " * (blanks // 2) + shown + " " * (blanks - blanks // 2)
    return shown + " " * blanks
