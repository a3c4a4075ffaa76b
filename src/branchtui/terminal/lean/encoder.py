"""From what the terminal shows to what it shall show, in as few bytes as we know how."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import groupby, permutations
from typing import Final

from branchtui.terminal.lean.brush import Brush
from branchtui.terminal.lean.grid import Grid
from branchtui.terminal.lean.moves import move
from branchtui.terminal.lean.pieces import Piece, by_look, changed_rows, pieces_of
from branchtui.terminal.lean.styles import can_erase

_MAX_ORDERED: Final = 5
"""Pieces up to which every order is tried: a typed letter and its cursor, two rows of a moving bar."""
_MAX_ORDERED_CELLS: Final = 300
_MAX_ORDERED_ROWS: Final = 3
"""Rows up to which every order is tried."""
_MAX_TRIED_GAP: Final = 10
_MIN_ERASED: Final = 4
_MIN_SCROLL_BYTES: Final = 60
_MIN_SCROLL_ROWS: Final = 3


def encode(painted: Grid, target: Grid, rows: list[int], brush: Brush) -> Brush:
    """Write the difference of two grids of one size, which is in `rows`; the brush has what it wrote in `out`.

    `brush` says where the terminal's cursor stands and is not changed.
    """
    best = _painted(pieces_of(painted, target, rows, brush.caps), brush)
    if brush.caps.regions and len(rows) >= _MIN_SCROLL_ROWS and best.cost > _MIN_SCROLL_BYTES:
        for top, bottom, lines in _shifts(painted, target, rows):
            other = _scrolled(painted, target, brush, top, bottom, lines)
            if other.cost < best.cost:
                best = other
    return best


def _painted(pieces: list[Piece], brush: Brush) -> Brush:
    inorder = min((_in_order(order, brush) for order in _row_orders(pieces)), key=lambda hand: hand.cost)
    cells = sum(piece.last - piece.first + 1 for piece in pieces if not piece.erases)
    if not pieces or len(pieces) > _MAX_ORDERED or cells > _MAX_ORDERED_CELLS:
        return inorder
    cut = by_look(pieces, brush.target, _MAX_ORDERED)
    if cut is None or len(cut) < 2:
        return inorder
    best, cost = inorder, inorder.cost
    for order in permutations(cut):
        other = brush.twin()
        for piece in order:
            _one(piece, other)
        if (spent := other.cost) < cost:
            best, cost = other, spent
    return best


def _row_orders(pieces: list[Piece]) -> list[list[Piece]]:
    """The pieces from the top; where few rows differ also in other orders of rows.

    The pen may stand ready for the lower of two rows: a highlight of many colours that moves.
    """
    rows = [list(row) for _, row in groupby(pieces, key=lambda piece: piece.y)]
    if len(rows) > _MAX_ORDERED_ROWS:
        return [pieces]
    return [[piece for row in order for piece in row] for order in permutations(rows)]


def _in_order(pieces: list[Piece], brush: Brush) -> Brush:
    """From top left to bottom right; a gap in a row is jumped over or written again, whichever is less."""
    hand = brush.twin()
    for number, piece in enumerate(pieces):
        following = pieces[number + 1] if number + 1 < len(pieces) else None
        ways = [_one(piece, hand.twin())]
        if not piece.erases:
            gap = piece.first - hand.x if hand.x is not None and hand.y == piece.y else 0
            if gap > 0 and (
                gap <= _MAX_TRIED_GAP or _is_even(brush.target, piece.y, hand.x or 0, piece.first)
            ):
                bridged = hand.twin()
                bridged.paint(piece.y, piece.first - gap, piece.last)
                ways.append(bridged)
            if hand.caps.ech and piece.last - piece.first >= _MIN_ERASED:
                # Erasing leaves the cursor in front, often just above where the next row begins.
                ways += [way for way in (_erased(piece, hand.twin()),) if way is not None]
        hand.take(ways[0] if len(ways) == 1 else min(ways, key=lambda way: _with_move(way, following)))
    return hand


def _with_move(way: Brush, following: Piece | None) -> int:
    """What a way costs together with the move to the next piece."""
    if following is None:
        return way.cost
    return way.cost + len(move(way.y, way.x, following.y, following.first, way.caps))


def _is_even(target: Grid, y: int, first: int, end: int) -> bool:
    """Whether a gap holds one and the same cell, which is cheap to write however long it is."""
    chars, looks = target.chars[y], target.looks[y]
    return all(chars[x] == chars[first] and looks[x] == looks[first] for x in range(first, end))


def _one(piece: Piece, hand: Brush) -> Brush:
    if piece.erases:
        hand.erase_to_end(piece.y, piece.first)
    else:
        hand.paint(piece.y, piece.first, piece.last)
    return hand


def _erased(piece: Piece, hand: Brush) -> Brush | None:
    """The piece with the blanks at its end erased instead of written; None when it has too few."""
    chars, looks = hand.target.chars[piece.y], hand.target.looks[piece.y]
    look, start = looks[piece.last], piece.last + 1
    while start > piece.first and chars[start - 1] == " " and looks[start - 1] == look:
        start -= 1
    if piece.last + 1 - start < _MIN_ERASED or not can_erase(look, bce=hand.caps.bce):
        return None
    if start > piece.first:
        hand.paint(piece.y, piece.first, start - 1)
    hand.erase(piece.y, start, piece.last)
    return hand


def _scrolled(painted: Grid, target: Grid, brush: Brush, top: int, bottom: int, lines: int) -> Brush:
    hand = brush.twin()
    hand.plain_background()
    is_whole = top == 0 and bottom == target.height - 1
    if not is_whole:
        hand.write(f"\x1b[{top + 1};{bottom + 1}r")
        # Setting the region homes the cursor on some terminals and not on others.
        hand.y = hand.x = None
    count = abs(lines)
    if brush.caps.indn:
        hand.write(f"\x1b[{count if count > 1 else ''}{'S' if lines > 0 else 'T'}")
    elif lines > 0:
        hand.go(bottom, 0)
        hand.write("\n" * count)
    else:
        hand.go(top, 0)
        hand.write("\x1bM" * count)
    if not is_whole:
        hand.write("\x1b[r")
        hand.y = hand.x = None
    moved = painted.scrolled(top, bottom, lines)
    rest = pieces_of(moved, target, changed_rows(moved, target), brush.caps)
    hand.take(_painted(rest, hand))
    return hand


def _shifts(painted: Grid, target: Grid, changed: list[int]) -> list[tuple[int, int, int]]:
    """The two likeliest scrolls: (top row, bottom row, lines up; negative is down)."""
    places = defaultdict(list)
    for y in range(painted.height):
        if any(cell != " " for cell in painted.chars[y]):
            places[_row_key(painted, y)].append(y)
    votes: Counter[int] = Counter()
    rows = defaultdict(list)
    for y in changed:
        for source in places.get(_row_key(target, y), ()):
            if source != y:
                votes[source - y] += 1
                rows[source - y].append(y)
    found = []
    for lines, count in votes.most_common(2):
        if count >= _MIN_SCROLL_ROWS:
            first, last = min(rows[lines]), max(rows[lines])
            found.append((min(first, first + lines), max(last, last + lines), lines))
    return found


def _row_key(grid: Grid, y: int) -> str:
    # Colours are left out: a row that scrolled and lost its highlight is still cheaper to touch up.
    return "\x00".join(grid.chars[y])
