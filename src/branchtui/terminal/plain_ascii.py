"""`--ascii`: every painted line in plain ASCII of the same width, for terminals that know no other letters."""

from __future__ import annotations

import unicodedata
from typing import Any, Final

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter

from branchtui.format.cells import ELLIPSIS, cell_width

_Cell = tuple[str, Style | None]
_DOTS: Final = 3
_LIKE: Final = str.maketrans(
    {
        **dict.fromkeys("─━═▔▁╌╍┄┅┈┉–—‐‑−", "-"),
        **dict.fromkeys("│┃║▏▕╎╏┆┇┊┋▌▐", "|"),
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝╠╣╦╩╬┏┓┗┛", "+"),
        **dict.fromkeys("“”„«»", '"'),
        **dict.fromkeys("‘’‚ʼʹ′", "'"),
        "↑": "^",
        "↓": "v",
        "→": ">",
        "←": "<",
        **dict.fromkeys("█▓▉▊▇▆▅▄■▀", "#"),
        "•": "*",
        "·": ".",
        "×": "x",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ı": "i",
        "\N{NO-BREAK SPACE}": " ",
    }
)


class AsciiOnly(LineFilter):
    """A letter with a mark loses the mark, any other foreign one is `?`, `…` is three dots; no column moves."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """`segments` itself when all of it is ASCII."""
        if all(segment.control or segment.text.isascii() for segment in segments):
            return segments
        cells = [
            (character, segment.style)
            for segment in segments
            if not segment.control
            for character in _in_ascii(segment.text)
        ]
        _spell_dots(cells)
        return [segment for segment in segments if segment.control] + _joined(cells)


def _in_ascii(text: str) -> str:
    """`text` in ASCII, one character a cell; the ellipsis stays for the whole line to be looked at."""
    out: list[str] = []
    for character in text:
        width = cell_width(character)
        if character.isascii() or character == ELLIPSIS:
            out.append(character)
        elif width:
            plain = (
                unicodedata.normalize("NFKD", character.translate(_LIKE)).encode("ascii", "ignore").decode()
            )
            out.append((plain[:1] or "?").ljust(width, "?" if not plain else " "))
    return "".join(out)


def _spell_dots(cells: list[_Cell]) -> None:
    """Three dots where there was one cell: into the blanks behind it when there are enough, else over what is before."""
    for at, (character, style) in enumerate(cells):
        if character != ELLIPSIS:
            continue
        behind = "".join(letter for letter, _ in cells[at + 1 : at + 1 + _DOTS])
        is_roomy = not behind.strip() and (len(behind) == _DOTS or at + 1 + len(behind) == len(cells))
        first = at if is_roomy and len(behind) >= _DOTS - 1 else max(0, at - _DOTS + 1)
        for place in range(first, min(first + _DOTS, len(cells))):
            cells[place] = (".", cells[place][1] if place < at else style)


def _joined(cells: list[_Cell]) -> list[Segment]:
    """Cells of one style as one segment."""
    segments: list[Segment] = []
    run: list[str] = []
    former: Style | None = None
    for character, style in cells:
        if run and style != former:
            segments.append(Segment("".join(run), former))
            run = []
        run.append(character)
        former = style
    if run:
        segments.append(Segment("".join(run), former))
    return segments


def draw_in_ascii(app: App[Any]) -> None:
    """Behind all that paints, the last wall included; stylesheets know it by the class. Once, on mount."""
    app.set_class(True, "-ascii")
    app._filters.append(AsciiOnly())
