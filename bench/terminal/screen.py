"""An emulator good enough for Textual, the lean painter and curses programs: what a person would see.

Its own code, apart from the painter's, so that the two can disagree. Cells are `(character, style)`;
a style is `(attributes, foreground, background)` with attributes as a frozenset of SGR numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from wcwidth import wcwidth

Style = tuple[frozenset[int], str, str]
Cell = tuple[str, Style]
PLAIN: Style = (frozenset(), "", "")
VISIBLE = frozenset({4, 7, 9, 53})
_TOKEN = re.compile(
    r"\x1b\[([<-?]?)([0-9;:]*)([ -/]*)([@-~])|\x1b[\]PX^_].*?(?:\x07|\x1b\\)|\x1b([()*+])(.)|\x1b([0-OQ-WYZ\\`-~])"
    r"|([\x00-\x1a\x1c-\x1f\x7f])|([^\x00-\x1f\x7f]+)",
    re.DOTALL,
)
_LINES = dict(zip("`afgijklmnopqrstuvwxyz{|}~", "◆▒°±␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·", strict=True))
_ENDS = {22: {1, 2}, 23: {3}, 24: {4}, 25: {5}, 27: {7}, 28: {8}, 29: {9}, 55: {53}}


def on_blank(style: Style) -> Style:
    """What of a style is seen on a space."""
    return style if style[0] & VISIBLE else (frozenset(), "", style[2])


class Screen:
    """`rows[y][x]` is what the terminal shows; `replies` collects what it would send back."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.replies: list[bytes] = []
        self.modes: set[str] = set()
        self.unknown: set[str] = set()
        self.rows: list[list[Cell]] = [[(" ", PLAIN)] * width for _ in range(height)]
        self.y = self.x = 0
        self.pen: Style = PLAIN
        self._top, self._bottom = 0, height - 1
        self._wraps, self._is_full = True, False
        self._charsets, self._shifted = {"(": "B", ")": "B"}, False
        self._saved = (0, 0, PLAIN)
        self._last = " "
        self._rest = ""

    def resize(self, width: int, height: int) -> None:
        """Keep the top left corner, as a screen without scrollback does."""
        across = [(row + [(" ", PLAIN)] * width)[:width] for row in self.rows[:height]]
        self.rows = across + [[(" ", PLAIN)] * width for _ in range(height - len(across))]
        self.width, self.height = width, height
        self._top, self._bottom = 0, height - 1
        self.y, self.x, self._is_full = min(self.y, height - 1), min(self.x, width - 1), False

    def picture(self) -> list[list[Cell]]:
        """A copy of all cells."""
        return [list(row) for row in self.rows]

    def text(self) -> str:
        """The rows as text."""
        return "\n".join("".join(cell for cell, _ in row).rstrip() for row in self.rows)

    def feed(self, data: str) -> None:
        """Take in what was written; a sequence may be cut anywhere."""
        data = self._rest + data
        self._rest = ""
        begun = data.rfind("\x1b")
        if begun >= 0 and len(data) - begun < 4096 and not _TOKEN.match(data, begun):
            data, self._rest = data[:begun], data[begun:]
        for found in _TOKEN.finditer(data):
            private, parameters, between, final, charset, which, escape, control, text = found.groups()
            if text:
                self._put(text)
            elif control:
                self._control(control)
            elif final:
                self._sequence(private + between, parameters, final)
            elif charset:
                self._charsets[charset] = which
            elif escape:
                self._escape(escape)

    def _put(self, text: str) -> None:
        if self._charsets[")" if self._shifted else "("] == "0":
            text = "".join(_LINES.get(sign, sign) for sign in text)
        for sign in text:
            width = 1 if " " <= sign <= "~" else wcwidth(sign)
            if width <= 0:
                self._join(sign)
                continue
            if self._is_full and self._wraps:
                self.x = 0
                self._line_feed()
            self._is_full = False
            if self.x + width > self.width:
                self.x = self.width - width
            self._place(sign, width)
            self._last = sign

    def _join(self, sign: str) -> None:
        x = self.x - (0 if self._is_full else 1)
        if x >= 0:
            row = self.rows[self.y]
            x -= not row[x][0] and x > 0
            row[x] = (row[x][0] + sign, row[x][1])

    def _place(self, sign: str, width: int) -> None:
        row, x = self.rows[self.y], self.x
        if not row[x][0] and x:
            row[x - 1] = (" ", on_blank(row[x - 1][1]))
        if x + width < self.width and not row[x + width][0]:
            row[x + width] = (" ", on_blank(row[x + width][1]))
        row[x] = (sign, on_blank(self.pen) if sign == " " else self.pen)
        if width == 2:
            row[x + 1] = ("", self.pen)
        if x + width >= self.width:
            self.x, self._is_full = self.width - 1, True
        else:
            self.x = x + width

    def _control(self, sign: str) -> None:
        if sign in "\n\v\f":
            self._line_feed()
        elif sign == "\r":
            self.x = 0
        elif sign == "\b":
            self.x = max(0, self.x - 1)
        elif sign == "\t":
            self.x = min(self.width - 1, (self.x // 8 + 1) * 8)
        elif sign in "\x0e\x0f":
            self._shifted = sign == "\x0e"
        self._is_full = self._is_full and sign in "\a\x0e\x0f"

    def _escape(self, sign: str) -> None:
        if sign == "M":
            if self.y == self._top:
                self._scroll(-1, self._top)
            else:
                self.y = max(0, self.y - 1)
        elif sign in "DE":
            self.x = 0 if sign == "E" else self.x
            self._line_feed()
        elif sign == "7":
            self._saved = (self.y, self.x, self.pen)
        elif sign == "8":
            self.y, self.x, self.pen = self._saved
        self._is_full = False

    def _line_feed(self) -> None:
        if self.y == self._bottom:
            self._scroll(1, self._top)
        else:
            self.y = min(self.y + 1, self.height - 1)

    def _erased(self) -> Cell:
        return (" ", (frozenset(), "", self.pen[2]))

    def _scroll(self, lines: int, top: int) -> None:
        count = min(abs(lines), self._bottom - top + 1)
        empty = [[self._erased()] * self.width for _ in range(count)]
        region = self.rows[top : self._bottom + 1]
        self.rows[top : self._bottom + 1] = region[count:] + empty if lines > 0 else empty + region[:-count]

    def _sequence(self, prefix: str, parameters: str, final: str) -> None:
        numbers = [int(part) if part.isdecimal() else 0 for part in re.split("[;:]", parameters)]
        if prefix == "?" and final in "hl":
            self._mode({str(number) for number in numbers}, is_on=final == "h")
        elif prefix:
            return
        elif final == "m":
            self.pen = self._styled(numbers)
        elif final == "n":
            self.replies += [b"\x1b[%d;%dR" % (self.y + 1, self.x + 1)] if numbers[0] == 6 else [b"\x1b[0n"]
        elif final == "c":
            self.replies.append(b"\x1b[?62;22c")
        elif final == "b":
            self._put(self._last * max(1, numbers[0]))
        elif self._move(final, numbers) or self._edit(final, numbers):
            self._is_full = False
        elif final not in "hltqsu":
            self.unknown.add(f"CSI {prefix}{final}")

    def _mode(self, modes: set[str], *, is_on: bool) -> None:
        self.modes = self.modes | modes if is_on else self.modes - modes
        self._wraps = is_on if "7" in modes else self._wraps
        if modes & {"1049", "1047", "47"}:
            self.rows = [[(" ", PLAIN)] * self.width for _ in range(self.height)]

    def _styled(self, numbers: list[int]) -> Style:
        attributes, foreground, background = set(self.pen[0]), self.pen[1], self.pen[2]
        place = 0
        while place < len(numbers):
            code = numbers[place]
            if code == 0:
                attributes, foreground, background = set(), "", ""
            elif code in {38, 48}:
                length = 3 if numbers[place + 1 : place + 2] == [5] else 5
                colour = ";".join(map(str, numbers[place : place + length]))
                foreground, background = (colour, background) if code == 38 else (foreground, colour)
                place += length - 1
            elif 30 <= code <= 39 or 90 <= code <= 97:
                foreground = "" if code == 39 else str(code)
            elif 40 <= code <= 49 or 100 <= code <= 107:
                background = "" if code == 49 else str(code)
            elif code in _ENDS:
                attributes -= _ENDS[code]
            elif code <= 9 or code == 53:
                attributes.add(5 if code == 6 else code)
            place += 1
        return (frozenset(attributes), foreground, background)

    def _to(self, y: int, x: int) -> None:
        self.y, self.x = min(max(0, y), self.height - 1), min(max(0, x), self.width - 1)

    def _erase_line(self, numbers: list[int]) -> None:
        first, last = {0: (self.x, self.width), 1: (0, self.x + 1)}.get(numbers[0], (0, self.width))
        self.rows[self.y][first:last] = [self._erased()] * (last - first)

    def _erase_display(self, numbers: list[int]) -> None:
        if numbers[0] < 2:
            self._erase_line(numbers)
        rows = {0: range(self.y + 1, self.height), 1: range(self.y)}.get(numbers[0], range(self.height))
        for y in rows:
            self.rows[y] = [self._erased()] * self.width

    def _erase_cells(self, numbers: list[int]) -> None:
        last = min(self.width, self.x + max(1, numbers[0]))
        self.rows[self.y][self.x : last] = [self._erased()] * (last - self.x)

    def _insert_cells(self, numbers: list[int]) -> None:
        row = self.rows[self.y]
        row[self.x : self.x] = [self._erased()] * max(1, numbers[0])
        del row[self.width :]

    def _delete_cells(self, numbers: list[int]) -> None:
        row = self.rows[self.y]
        del row[self.x : self.x + max(1, numbers[0])]
        row += [self._erased()] * (self.width - len(row))

    def _shift_lines(self, count: int) -> None:
        if self._top <= self.y <= self._bottom:
            self._scroll(count, self.y)

    def _region(self, numbers: list[int]) -> None:
        self._top = max(1, numbers[0]) - 1
        self._bottom = min((numbers[1] if len(numbers) > 1 else 0) or self.height, self.height) - 1
        self._to(0, 0)

    def _move(self, final: str, numbers: list[int]) -> bool:
        """Obey a cursor move; False when it is none."""
        first = max(1, numbers[0])
        second = max(1, numbers[1] if len(numbers) > 1 else 1)
        places = {
            "H": (first - 1, second - 1),
            "f": (first - 1, second - 1),
            "A": (self.y - first, self.x),
            "B": (self.y + first, self.x),
            "e": (self.y + first, self.x),
            "C": (self.y, self.x + first),
            "a": (self.y, self.x + first),
            "D": (self.y, self.x - first),
            "G": (self.y, first - 1),
            "`": (self.y, first - 1),
            "d": (first - 1, self.x),
        }
        if final not in places:
            return False
        self._to(*places[final])
        return True

    def _edit(self, final: str, numbers: list[int]) -> bool:
        """Obey what erases, inserts, deletes or scrolls; False when it is none of these."""
        count = max(1, numbers[0])
        edits: dict[str, Callable[[], None]] = {
            "J": lambda: self._erase_display(numbers),
            "K": lambda: self._erase_line(numbers),
            "X": lambda: self._erase_cells(numbers),
            "@": lambda: self._insert_cells(numbers),
            "P": lambda: self._delete_cells(numbers),
            "L": lambda: self._shift_lines(-count),
            "M": lambda: self._shift_lines(count),
            "S": lambda: self._scroll(count, self._top),
            "T": lambda: self._scroll(-count, self._top),
            "r": lambda: self._region(numbers),
        }
        if final not in edits:
            return False
        edits[final]()
        return True
