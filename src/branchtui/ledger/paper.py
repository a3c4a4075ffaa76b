"""Text for a printer: lines of so many cells, and nothing in them that a printer or a terminal could obey."""

from __future__ import annotations

from branchtui.format.cells import cell_width, cut, pad, wrapped
from branchtui.format.safe_text import safe_text


class Paper:
    """Lines of at most `columns` cells; every text that is put on it is made safe first (TTY-1)."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self._lines: list[str] = []

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands on it, without blanks at the ends of lines."""
        return tuple(line.rstrip() for line in self._lines)

    def centre(self, text: str) -> None:
        """A line in the middle; a long text in several."""
        self._lines += [pad(line, self.columns, "center") for line in self._wrapped(text, self.columns)]

    def left(self, text: str) -> None:
        """A text in as many lines as it takes."""
        self._lines += self._wrapped(text, self.columns)

    def right(self, text: str) -> None:
        """A text at the right edge."""
        self._lines += [pad(line, self.columns, "right") for line in self._wrapped(text, self.columns)]

    def pair(self, label: str, value: str) -> None:
        """A label at the left, a value at the right; a long value goes below, at the right edge."""
        shown = " ".join(safe_text(value).split())
        if not shown:
            return
        room = self.columns - cell_width(label) - 1
        if cell_width(shown) <= room:
            self._lines.append(f"{label} {pad(shown, room, 'right')}")
            return
        self._lines.append(label)
        self.right(shown)

    def row(self, cells: tuple[tuple[str, int], ...]) -> None:
        """Cells beside each other; of each its text and width, a negative one stands at the right of its cell."""
        shown = [pad(safe_text(text), abs(width), "right" if width < 0 else "left") for text, width in cells]
        self._lines.append(cut("".join(shown), self.columns))

    def rule(self) -> None:
        """A line across."""
        self._lines.append("-" * self.columns)

    def gap(self) -> None:
        """An empty line."""
        self._lines.append("")

    def _wrapped(self, text: str, cells: int) -> list[str]:
        found: list[str] = []
        for line in wrapped(" ".join(safe_text(text).split()), cells):
            rest = line
            while cell_width(rest) > cells:
                # A word without end is cut where the line ends, and nothing of it is lost.
                piece = cut(rest, cells + 1)[:-1] if cell_width(rest) > cells + 1 else rest[:-1]
                found.append(piece)
                rest = rest[len(piece) :]
            found.append(rest)
        return found
