"""What the framework writes for a terminal, read into the target grid instead.

Only what is on the list below means anything. Every other control sequence is dropped here, so that
nothing the framework or a text in it contains can reach the terminal (TTY-1 to TTY-3).
"""

from __future__ import annotations

import re
from typing import Final

from branchtui.terminal.lean.cells import ascii_cells, marks_and_cells
from branchtui.terminal.lean.grid import Grid
from branchtui.terminal.lean.styles import PLAIN, after_sgr, blank

_TOKEN: Final = re.compile(
    r"\x1b\[(?P<parameters>[0-?]*)[ -/]*(?P<final>[@-~])"
    r"|\x1b[\]PX^_](?P<string>[^\x07\x1b]{0,100000})(?:\x07|\x1b\\)"
    r"|\x1b(?:[ -/]*[0-~])?"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f-\x9f])"
)
_MAX_NUMBER: Final = 9999
# A reference code in base64: letters, digits and the few signs they are made of, never a whole record.
_CLIPBOARD: Final = re.compile(r"52;c;([A-Za-z0-9+/]{0,128}={0,2})")


class AnsiReader:
    """Reads a stream of text, `CSI m`, `CSI H`, CR, LF, BEL (and OSC 52 where allowed) into `grid`.

    `colours` is what the terminal knows, `ascii_only` maps every cell to ASCII, `clipboard` lets a short
    reference code into the terminal's clipboard (TTY-3).
    """

    def __init__(
        self, grid: Grid, *, colours: int, ascii_only: bool = False, clipboard: bool = False
    ) -> None:
        self.grid = grid
        self.rings = False
        """The bell was asked for since the caller last looked."""
        self.copied = ""
        """base64 of what was last put on the clipboard, empty when nothing or not allowed."""
        self.dropped = 0
        """Control sequences that were not on the list."""
        self._colours = colours
        self._ascii_only = ascii_only
        self._clipboard = clipboard
        self._y = self._x = 0
        self._look = PLAIN

    def read(self, data: str) -> None:
        """Take in one write of the framework; a sequence is never split over two."""
        for token in _TOKEN.finditer(data):
            if (text := token["text"]) is not None:
                self._put(text)
            elif (final := token["final"]) == "m":
                self._set_look(token["parameters"])
            elif final == "H":
                self._move(token["parameters"])
            elif (control := token["control"]) is not None:
                self._obey(control)
            elif (string := token["string"]) is not None and (found := _CLIPBOARD.fullmatch(string)):
                self.copied = found[1] if self._clipboard else ""
            else:
                self.dropped += 1

    def take_aside(self) -> str:
        """Bell and clipboard since the last call, in our own words."""
        said = ("\a" if self.rings else "") + (f"\x1b]52;c;{self.copied}\a" if self.copied else "")
        self.rings, self.copied = False, ""
        return said

    def _put(self, text: str) -> None:
        marks, cells = marks_and_cells(text)
        if self._ascii_only:
            marks, cells = "", ascii_cells(cells)
        if marks:
            self.grid.mark(self._y, self._x, marks)
        look = blank(self._look) if text.isspace() else self._look
        self.grid.put(self._y, self._x, cells, look)
        self._x += len(cells)

    def _set_look(self, parameters: str) -> None:
        if parameters.lstrip("0123456789;:"):
            self.dropped += 1
        else:
            self._look = after_sgr(self._look, parameters, self._colours)

    def _move(self, parameters: str) -> None:
        row, _, column = parameters.partition(";")
        if (row or "1").isdecimal() and (column or "1").isdecimal():
            self._y = min(int(row or 1), _MAX_NUMBER) - 1
            self._x = min(int(column or 1), _MAX_NUMBER) - 1
        else:
            self.dropped += 1

    def _obey(self, control: str) -> None:
        if control == "\n":
            self._y, self._x = self._y + 1, 0
        elif control == "\r":
            self._x = 0
        elif control == "\a":
            self.rings = True
        else:
            self.dropped += 1
