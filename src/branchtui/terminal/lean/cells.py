"""Text as terminal cells: which characters share one, how wide it is, and whether terminals agree about it."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

from rich.cells import get_character_cell_size, split_graphemes

from branchtui.format.safe_text import kind_of

REPLACEMENT: Final = "\ufffd"
_JOINERS: Final = "\u200c\u200d"
_MAX_MARKS: Final = 8
"""Characters a single cell may hold; a longer heap of marks is cut, or one cell could cost any number of bytes."""
_ASCII_SIGNS: Final = str.maketrans(
    {
        **dict.fromkeys("─━┄┅┈┉═╌╍╴╶╸╺╼╾▔▁⎯–—‐‑‒―−", "-"),
        **dict.fromkeys("│┃┆┇┊┋║╎╏╵╷╹╻╽╿▏▎▕▐▌", "|"),
        **dict.fromkeys("┌┍┎┏┐┑┒┓└┕┖┗┘┙┚┛├┝┞┟┠┡┢┣┤┥┦┧┨┩┪┫┬┭┮┯┰┱┲┳┴┵┶┷┸┹┺┻┼┽┾┿╀╁╂╃╄╅╆╇╈╉╊╋", "+"),
        **dict.fromkeys("╒╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡╢╣╤╥╦╧╨╩╪╫╬╭╮╯╰", "+"),
        **dict.fromkeys("█▓▉▊▋▇▆▅▄■▀", "#"),
        **dict.fromkeys("▒░▃▂", ":"),
        **dict.fromkeys("•●∙⬤◆◇○◉★☆", "*"),
        **dict.fromkeys("▶▸►→❯›»➜⟩", ">"),
        **dict.fromkeys("◀◂◄←❮‹«⟨", "<"),
        **dict.fromkeys("▲▴↑⌃", "^"),
        **dict.fromkeys("▼▾↓⌄", "v"),
        **dict.fromkeys("✓✔☑", "x"),
        **dict.fromkeys("‘’‚‛′", "'"),
        **dict.fromkeys("“”„‟″", '"'),
        "…": "~",
        "·": ".",
        "×": "x",
        "÷": "/",
        "\u00a0": " ",
        "ß": "s",
        "æ": "a",
        "Æ": "A",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ı": "i",
        "☐": "o",
        "⏎": "<",
        "␛": "?",
    }
)


@lru_cache(maxsize=8192)
def marks_and_cells(text: str) -> tuple[str, tuple[str, ...]]:
    """The marks at the head of `text` that belong to the cell before it, and then its cells.

    They are measured as the framework measures them. A wide character is followed by an empty string for
    its second cell.
    """
    if text.isascii():
        return "", tuple(text)
    marks = ""
    cells: list[str] = []
    for start, end, width in split_graphemes(text)[0]:
        piece = _harmless(text[start : min(end, start + _MAX_MARKS)])
        if width == 0:
            marks += "" if cells or piece == REPLACEMENT else piece
        elif piece == REPLACEMENT:
            cells.extend([REPLACEMENT] * width)
        else:
            cells.append(piece)
            cells.extend([""] * (width - 1))
    return marks[:_MAX_MARKS], tuple(cells)


def _harmless(piece: str) -> str:
    """One cell without what hides, turns the direction or is no character; the wall before should have seen to it."""
    bad = [sign for sign in piece if sign not in _JOINERS and kind_of(sign) == "bad"]
    if not bad:
        return piece
    return REPLACEMENT if piece[0] in bad else "".join(sign for sign in piece if sign not in bad)


@lru_cache(maxsize=8192)
def is_agreed(cell: str) -> bool:
    """Whether every terminal advances the cursor over `cell` by the width we believe in.

    Joined and marked characters, emoji and what Unicode added late are drawn wider or narrower here and
    there; after one of them the cursor's column is not known and the painter says where it goes on.
    """
    if len(cell) != 1:
        return False
    if cell < "\u2e80":
        return get_character_cell_size(cell) == 1
    return cell < "\uffe7" and unicodedata.east_asian_width(cell) in {"W", "F"}


@lru_cache(maxsize=8192)
def ascii_cell(cell: str) -> str:
    """One cell in plain ASCII: lines as `-|+`, signs by their like, letters without marks, else `?`."""
    plain = cell[:1].translate(_ASCII_SIGNS)
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()[:1] or "?"
    return plain


def ascii_cells(cells: tuple[str, ...]) -> tuple[str, ...]:
    """`cells` for a terminal without other characters; the second cell of a wide one becomes a space."""
    return tuple(ascii_cell(cell) if cell else " " for cell in cells)
