"""A screen of cells: what each holds and how it looks. One is the target, another what the terminal shows."""

from __future__ import annotations

from typing import Self

from branchtui.terminal.lean.styles import PLAIN, blank


class Grid:
    """`height` rows of `width` cells: `chars[y][x]` and `looks[y][x]`.

    A wide character stands in its first cell, with an empty string in the second. A space has the look
    that can be seen on it, so that equal pictures are equal grids.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.chars = [[" "] * width for _ in range(height)]
        self.looks = [[PLAIN] * width for _ in range(height)]

    def put(self, y: int, x: int, cells: tuple[str, ...], look: int) -> None:
        """Write cells at a place; what falls outside the grid is left out, half a wide character becomes a space."""
        if not 0 <= y < self.height or x >= self.width or x < 0:
            return
        room = self.width - x
        if len(cells) > room:
            # Half a wide character at the right edge is a space.
            cells = (*cells[: room - 1], cells[room - 1] if cells[room] else " ")
        count = len(cells)
        if not count:
            return
        chars, looks = self.chars[y], self.looks[y]
        if not chars[x] and x:
            chars[x - 1] = " "
            looks[x - 1] = blank(looks[x - 1])
        end = x + count
        if end < self.width and not chars[end]:
            chars[end] = " "
            looks[end] = blank(looks[end])
        chars[x:end] = cells
        looks[x:end] = [look] * count
        bare = blank(look)
        if bare != look and " " in cells:
            for place, cell in enumerate(cells, x):
                if cell == " ":
                    looks[place] = bare

    def mark(self, y: int, x: int, marks: str) -> None:
        """Add combining marks to the cell left of a place."""
        if 0 <= y < self.height and 0 < x <= self.width:
            place = x - 1 if self.chars[y][x - 1] or x < 2 else x - 2
            if len(self.chars[y][place]) + len(marks) <= 8:
                self.chars[y][place] += marks

    def clear(self) -> None:
        """Plain spaces everywhere."""
        for chars, looks in zip(self.chars, self.looks, strict=True):
            chars[:] = [" "] * self.width
            looks[:] = [PLAIN] * self.width

    def copy_row(self, other: Self, y: int) -> None:
        """Take row `y` from a grid of the same size."""
        self.chars[y][:] = other.chars[y]
        self.looks[y][:] = other.looks[y]

    def scrolled(self, top: int, bottom: int, lines: int) -> Grid:
        """A new grid in which rows `top` to `bottom` moved up by `lines` (down when negative)."""
        moved = Grid(self.width, self.height)
        for y in range(self.height):
            source = y + lines if top <= y <= bottom else y
            if not top <= y <= bottom or top <= source <= bottom:
                moved.chars[y][:] = self.chars[source]
                moved.looks[y][:] = self.looks[source]
        return moved

    def resized(self, width: int, height: int) -> Grid:
        """A new grid of another size that keeps the top left corner, as terminals keep theirs."""
        kept = Grid(width, height)
        across = min(width, self.width)
        for y in range(min(height, self.height)):
            chars = self.chars[y][:across]
            if across < self.width and not self.chars[y][across]:
                chars[-1] = " "
            kept.chars[y][:across] = chars
            kept.looks[y][:across] = self.looks[y][:across]
        return kept
