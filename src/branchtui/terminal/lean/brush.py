"""The hand that paints: it knows where the cursor is and which look is on, and writes no byte too many."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from branchtui.terminal.lean.capabilities import Capabilities
from branchtui.terminal.lean.cells import is_agreed
from branchtui.terminal.lean.grid import Grid
from branchtui.terminal.lean.moves import move
from branchtui.terminal.lean.styles import blank, can_erase, change, look_of

_REPEATED: Final = re.compile(r"(.)\1{2,}", re.DOTALL)
_REPEATED_ASCII: Final = re.compile(r"([ -~])\1{2,}")
_MAX_OVERPRINT: Final = 5
_WIDE: Final = "\u2e80"


class Brush:
    """Writes cells of `target`; `y`, `x` and `look` are what the terminal's cursor has, None: not known."""

    def __init__(
        self, target: Grid, caps: Capabilities, y: int | None, x: int | None, look: int | None
    ) -> None:
        self.target = target
        self.caps = caps
        self.y, self.x, self.look = y, x, look
        self.out: list[str] = []

    def twin(self) -> Brush:
        """One more at the same place with an empty sheet, to try a way before taking it."""
        return Brush(self.target, self.caps, self.y, self.x, self.look)

    def take(self, other: Brush) -> None:
        """Go the way another tried."""
        self.out += other.out
        self.y, self.x, self.look = other.y, other.x, other.look

    @property
    def cost(self) -> int:
        """Bytes written so far."""
        return sum(len(piece) if piece.isascii() else len(piece.encode()) for piece in self.out)

    def write(self, sequence: str) -> None:
        """One of our own sequences, that moves neither cursor nor look."""
        self.out.append(sequence)

    def go(self, y: int, x: int) -> None:
        """Bring the cursor to a cell, by moving or by writing once more what stands in between."""
        if (self.y, self.x) == (y, x):
            return
        best = move(self.y, self.x, y, x, self.caps)
        if self.y == y and len(best) > 1:
            if self.x is not None and 0 < x - self.x <= min(len(best), _MAX_OVERPRINT):
                best = self._overprinted(y, self.x, x, best, "")
            if 0 < x < min(len(best), _MAX_OVERPRINT):
                best = self._overprinted(y, 0, x, best, "\r")
        elif self.y is not None and 0 < x < len(best) - 1:
            start = move(self.y, self.x, y, 0, self.caps)
            best = self._overprinted(y, 0, x, best, start)
        self.out.append(best)
        self.y, self.x = y, x

    def paint(self, y: int, first: int, last: int) -> None:
        """Write the cells `first` to `last` of row `y`, both included."""
        chars, looks = self.target.chars[y], self.target.looks[y]
        if not chars[first] and first:
            first -= 1
        if last + 1 < self.target.width and not chars[last + 1]:
            last += 1
        self.go(y, first)
        x = first
        while x <= last:
            look = self._look_for(chars, looks, x, last)
            bare = blank(look)
            end = x + 1
            while end <= last and (looks[end] == look or (looks[end] == bare and chars[end] == " ")):
                end += 1
            self._set_look(look)
            self._text(chars, x, end, last + 1)
            x = end

    def erase_to_end(self, y: int, x: int) -> None:
        """Blank the row from `x` on, in the background that its last cell shall have."""
        self.go(y, x)
        wanted = self.target.looks[y][self.target.width - 1]
        if self.look is None or blank(self.look) != wanted:
            self._set_look(wanted)
        self.out.append("\x1b[K")

    def erase(self, y: int, first: int, last: int) -> None:
        """Blank the cells `first` to `last`; the cursor stays on the first."""
        self.go(y, first)
        wanted = self.target.looks[y][last]
        if self.look is None or blank(self.look) != wanted:
            self._set_look(wanted)
        self.out.append(f"\x1b[{last - first + 1}X")

    def plain_background(self) -> None:
        """Take a look in which the lines that scroll in are blank everywhere."""
        if self.look is None or look_of(self.look)[2] or not can_erase(self.look, bce=True):
            self._set_look(0)

    def _set_look(self, look: int) -> None:
        if look != self.look:
            self.out.append(change(self.look, look))
            self.look = look

    def _look_for(self, chars: list[str], looks: list[int], x: int, last: int) -> int:
        """The look to write the cells at `x` with; a space may keep the one on, or take that of the next word."""
        wanted = looks[x]
        if chars[x] != " ":
            return wanted
        if self.look is not None and blank(self.look) == wanted:
            return self.look
        while x < last and chars[x] == " " and looks[x] == wanted:
            x += 1
        return looks[x] if blank(looks[x]) == wanted else wanted

    def _text(self, chars: list[str], x: int, end: int, stop: int) -> None:
        text = "".join(chars[x:end])
        if text.isascii():
            self._plain(text, end)
            return
        while x < end:
            after = x + 1
            is_plain = is_agreed(chars[x])
            while after < end and (not chars[after] or (is_plain and is_agreed(chars[after]))):
                after += 1
            if self.x is None and x < self.target.width:
                self.out.append(move(self.y, None, self.y or 0, x, self.caps))
            if is_plain:
                self._plain("".join(chars[x:after]), after)
            else:
                # How far it brings the cursor is not the same everywhere.
                self.out.append(chars[x])
                self.x = None
            x = after
        if self.x is None and end < stop:
            self.go(self.y or 0, end)
        elif end >= self.target.width:
            self.x = None

    def _plain(self, text: str, end: int) -> None:
        """Text over which all terminals agree; ends with the cursor behind it."""
        if self.caps.rep:
            text = _with_repeats(text, ascii_only=not self.caps.rep_any)
        elif self.caps.ech and "          " in text and can_erase(self.look or 0, bce=self.caps.bce):
            text = _with_erased(text)
        self.out.append(text)
        # At the right edge terminals differ in what a further move starts from.
        self.x = end if end < self.target.width else None

    def _overprinted(self, y: int, start: int, x: int, best: str, before: str) -> str:
        """`before` and the cells from `start` to `x`, when they are in the look that is on and shorter than `best`."""
        look = self.look
        if look is None or len(before) + x - start >= len(best):
            return best
        chars, looks, bare = self.target.chars[y], self.target.looks[y], blank(look)
        for place in range(start, x):
            if not " " <= chars[place] <= "~" or len(chars[place]) != 1:
                return best
            if looks[place] != look and not (chars[place] == " " and looks[place] == bare):
                return best
        return before + "".join(chars[start:x])


@lru_cache(maxsize=4096)
def _with_repeats(text: str, *, ascii_only: bool) -> str:
    return (_REPEATED_ASCII if ascii_only else _REPEATED).sub(_repeat, text)


def _repeat(run: re.Match[str]) -> str:
    sign, count = run[1], len(run[0])
    more = f"\x1b[{count - 1}b"
    # Wide characters are left out: not every terminal repeats both halves.
    return sign + more if sign < _WIDE and len(more) < (count - 1) * len(sign.encode()) else run[0]


@lru_cache(maxsize=4096)
def _with_erased(text: str) -> str:
    """Long runs of spaces erased and jumped over, for terminals that cannot repeat."""

    def erased(run: re.Match[str]) -> str:
        count = len(run[0])
        short = f"\x1b[{count}X\x1b[{count}C"
        return short if len(short) < count else run[0]

    return re.sub(" {10,}", erased, text)
