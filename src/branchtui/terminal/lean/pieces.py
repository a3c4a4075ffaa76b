"""What differs between two grids, cut into pieces that a brush can paint one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from branchtui.terminal.lean.capabilities import Capabilities
from branchtui.terminal.lean.grid import Grid
from branchtui.terminal.lean.styles import can_erase

_MAX_BRIDGE: Final = 3
"""A gap of unchanged cells that is written again rather than jumped over: no jump is shorter."""
_MIN_ERASED: Final = 4
"""Changed blanks at the end of a row from which on `EL` is shorter than writing them."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Cells `first` to `last` of row `y` to be written, or everything from `first` on to be erased."""

    y: int
    first: int
    last: int
    erases: bool = False


def changed_rows(painted: Grid, target: Grid) -> list[int]:
    """The rows in which `target` differs from `painted`, top first."""
    return [
        y
        for y in range(target.height)
        if target.chars[y] != painted.chars[y] or target.looks[y] != painted.looks[y]
    ]


def pieces_of(painted: Grid, target: Grid, rows: list[int], caps: Capabilities) -> list[Piece]:
    """Every piece of `rows` in which `target` differs, from the top left to the bottom right."""
    return [piece for y in rows for piece in _row_pieces(painted, target, y, caps)]


def _row_pieces(painted: Grid, target: Grid, y: int, caps: Capabilities) -> list[Piece]:
    chars, looks = target.chars[y], target.looks[y]
    was, was_looks = painted.chars[y], painted.looks[y]
    changed = [
        x
        for x, (cell, look, old, old_look) in enumerate(zip(chars, looks, was, was_looks, strict=True))
        if cell != old or look != old_look
    ]
    erased: Piece | None = None
    start = _blank_end(target, y)
    if can_erase(looks[-1], bce=caps.bce) and start < target.width:
        behind = [x for x in changed if x >= start]
        if len(behind) >= _MIN_ERASED:
            erased = Piece(y, behind[0], target.width - 1, erases=True)
            changed = changed[: len(changed) - len(behind)]
    pieces = _joined(chars, looks, y, changed, caps)
    return [*pieces, erased] if erased else pieces


def _blank_end(target: Grid, y: int) -> int:
    """The first column from which on the row is blank in one look."""
    chars, looks = target.chars[y], target.looks[y]
    x = target.width
    while x and chars[x - 1] == " " and looks[x - 1] == looks[-1]:
        x -= 1
    return x


def _joined(
    chars: list[str], looks: list[int], y: int, changed: list[int], caps: Capabilities
) -> list[Piece]:
    pieces: list[Piece] = []
    can_repeat = caps.rep or caps.ech
    place = 0
    while place < len(changed):
        first = last = changed[place]
        place += 1
        while place < len(changed) and (
            changed[place] == last + 1
            or _is_bridged(chars, looks, last, changed[place], can_repeat=can_repeat)
        ):
            last = changed[place]
            place += 1
        pieces.append(Piece(y, first, last))
    return pieces


def _is_bridged(chars: list[str], looks: list[int], last: int, following: int, *, can_repeat: bool) -> bool:
    """Whether the cells between two changed ones are better written again than jumped over."""
    if following - last - 1 > _MAX_BRIDGE:
        # One run of the same cell from side to side is as cheap to write long as short.
        run = range(last + 1, following + 1)
        return can_repeat and all(chars[x] == chars[last] and looks[x] == looks[last] for x in run)
    return all(looks[x] == looks[last] and " " <= chars[x] <= "~" for x in range(last + 1, following))


def by_look(pieces: list[Piece], target: Grid, most: int) -> list[Piece] | None:
    """The pieces cut where the look changes; None when that gives more than `most`."""
    cut: list[Piece] = []
    for piece in pieces:
        looks = target.looks[piece.y]
        first = piece.first
        for x in range(piece.first + 1, piece.last + 1):
            if not piece.erases and looks[x] != looks[x - 1]:
                cut.append(Piece(piece.y, first, x - 1))
                first = x
        cut.append(Piece(piece.y, first, piece.last, piece.erases))
        if len(cut) > most:
            return None
    return cut
