"""Looks of cells as small integers, read from SGR parameters and written as the shortest change between two.

A look is `(attributes, foreground, background)`: a bit mask and two SGR parameter strings, empty for the
terminal's default. Interning makes a comparison of two cells one comparison of integers.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from rich.color import Color, ColorSystem

BOLD, DIM, ITALIC, UNDERLINE, BLINK, REVERSE, CONCEAL, STRIKE, OVERLINE = (1 << bit for bit in range(9))
_ON: Final = {
    1: BOLD,
    2: DIM,
    3: ITALIC,
    4: UNDERLINE,
    5: BLINK,
    6: BLINK,
    7: REVERSE,
    8: CONCEAL,
    9: STRIKE,
    21: UNDERLINE,
    53: OVERLINE,
}
_OFF: Final = {
    22: BOLD | DIM,
    23: ITALIC,
    24: UNDERLINE,
    25: BLINK,
    27: REVERSE,
    28: CONCEAL,
    29: STRIKE,
    55: OVERLINE,
}
_ON_CODE: Final = {
    BOLD: "1",
    DIM: "2",
    ITALIC: "3",
    UNDERLINE: "4",
    BLINK: "5",
    REVERSE: "7",
    CONCEAL: "8",
    STRIKE: "9",
    OVERLINE: "53",
}
_OFF_CODE: Final = {
    ITALIC: "23",
    UNDERLINE: "24",
    BLINK: "25",
    REVERSE: "27",
    CONCEAL: "28",
    STRIKE: "29",
    OVERLINE: "55",
}
SEEN_ON_BLANK: Final = UNDERLINE | REVERSE | STRIKE | OVERLINE
"""Attributes that show on a space; a cell erased under one of them looks different from terminal to terminal."""

PLAIN: Final = 0
"""The terminal's default look."""
_MAX_LOOKS: Final = 1 << 16
_looks: list[tuple[int, str, str]] = [(0, "", "")]
_numbers: dict[tuple[int, str, str], int] = {_looks[0]: PLAIN}


def number_of(attributes: int, foreground: str, background: str) -> int:
    """The integer that stands for a look; the same look always has the same one."""
    look = (attributes, foreground, background)
    number = _numbers.get(look)
    if number is None:
        if len(_looks) >= _MAX_LOOKS:
            # A flood of true colours must not grow the table for ever; the text stays readable without them.
            return _numbers.get((attributes, "", ""), PLAIN)
        number = _numbers[look] = len(_looks)
        _looks.append(look)
    return number


def look_of(number: int) -> tuple[int, str, str]:
    """What `number` stands for: attributes, foreground, background."""
    return _looks[number]


@lru_cache(maxsize=4096)
def after_sgr(number: int, parameters: str, colours: int) -> int:
    """The look after `ESC[<parameters>m` on a terminal of `colours`; what is not known is passed over."""
    attributes, foreground, background = _looks[number]
    codes = parameters.replace(":", ";").split(";")
    place = 0
    while place < len(codes):
        code = int(codes[place]) if codes[place].isdecimal() else 0
        if code == 0:
            attributes, foreground, background = 0, "", ""
        elif code in _ON:
            attributes |= _ON[code]
        elif code in _OFF:
            attributes &= ~_OFF[code]
        elif code in {38, 48}:
            length = 3 if codes[place + 1 : place + 2] == ["5"] else 5
            colour = ";".join(codes[place : place + length])
            foreground, background = (colour, background) if code == 38 else (foreground, colour)
            place += length - 1
        elif code in {39, *range(30, 38), *range(90, 98)}:
            foreground = "" if code == 39 else str(code)
        elif code in {49, *range(40, 48), *range(100, 108)}:
            background = "" if code == 49 else str(code)
        place += 1
    bright = BOLD if colours == 8 and foreground.startswith("9") else 0
    return number_of(attributes | bright, _within(foreground, colours, 30), _within(background, colours, 40))


@lru_cache(maxsize=4096)
def _within(colour: str, colours: int, base: int) -> str:
    """A colour parameter reduced to what the terminal knows: 0, 8, 16, 256 or 2**24 colours."""
    if not colour or colours < 8:
        return ""
    if ";" not in colour:
        code = int(colour)
        if code in {38, 48}:
            return ""
        return str(code - 60) if colours == 8 and code >= 90 else colour
    numbers = [int(part) for part in colour.split(";")[2:] if part.isdecimal()]
    if len(numbers) not in {1, 3} or max(numbers) > 255:
        return ""
    if (len(numbers) == 1 and colours >= 256) or colours > 256:
        return colour
    wanted = Color.from_ansi(numbers[0]) if len(numbers) == 1 else Color.from_rgb(*numbers)
    system = ColorSystem.EIGHT_BIT if colours == 256 else ColorSystem.STANDARD
    reduced = wanted.downgrade(system).number or 0
    if system is ColorSystem.EIGHT_BIT:
        return f"{base + 8};5;{reduced}"
    if colours == 8:
        reduced %= 8
    return str(base + reduced if reduced < 8 else base + 52 + reduced)


@lru_cache(maxsize=4096)
def blank(number: int) -> int:
    """The look with all taken away that cannot be seen on a space."""
    attributes, _, background = _looks[number]
    return number if attributes & SEEN_ON_BLANK else number_of(0, "", background)


@lru_cache(maxsize=4096)
def can_erase(number: int, *, bce: bool) -> bool:
    """Whether erasing under this look leaves plain spaces of its background on every terminal.

    Without `bce` (background colour erase) only the default background comes out right.
    """
    attributes, _, background = _looks[number]
    return not attributes & SEEN_ON_BLANK and (bce or not background)


@lru_cache(maxsize=8192)
def change(old: int | None, new: int) -> str:
    """The shortest SGR sequence from one look to another; `old` None: not known."""
    if old == new:
        return ""
    attributes, foreground, background = _looks[new]
    codes = [code for bit, code in _ON_CODE.items() if attributes & bit]
    codes += [colour for colour in (foreground, background) if colour]
    whole = f"\x1b[0;{';'.join(codes)}m" if codes else "\x1b[m"
    if old is None:
        return whole
    was, was_foreground, was_background = _looks[old]
    gone, come = was & ~attributes, attributes & ~was
    codes = []
    if gone & (BOLD | DIM):
        # One code ends both, so the one that stays must be said again.
        codes.append("22")
        come |= attributes & (BOLD | DIM)
    codes += [code for bit, code in _OFF_CODE.items() if gone & bit]
    codes += [code for bit, code in _ON_CODE.items() if come & bit]
    if was_foreground != foreground:
        codes.append(foreground or "39")
    if was_background != background:
        codes.append(background or "49")
    step = f"\x1b[{';'.join(codes)}m"
    return step if len(step) <= len(whole) else whole
