"""The limit: the fewest bytes we can find that turn one picture into another.

Not the painter's code and not its way: a shortest path over columns and looks in every changed row,
carried from row to row with the best few ways kept, top down and bottom up, with and without scrolling;
for small changes every order of the pieces. It takes as long as it takes.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from itertools import permutations

from bench.terminal.screen import PLAIN, VISIBLE, Cell, Style, on_blank

Picture = list[list[Cell]]
Spot = tuple[int, int | None, Style]
"""Row, column (None: at the right edge, not known) and look of the cursor."""
_KEPT = 10
_FAR = 10**9


def limit(before: Picture, after: Picture, y: int, x: int | None, pen: Style) -> int:
    """Bytes of the best way found from `before` to `after`, the cursor standing at `y`, `x` in `pen`."""
    start: dict[Spot, int] = {(y, x, pen): 0}
    best = min(_small(before, after, (y, x, pen)), _rows(before, after, start))
    for top, bottom, lines in _scrolls(before, after):
        empty = [(" ", PLAIN)] * len(before[0])
        moved = [
            (before[at + lines] if top <= at + lines <= bottom else empty) if top <= at <= bottom else row
            for at, row in enumerate(before)
        ]
        cost = sgr(pen, PLAIN) if pen[2] or pen[0] & VISIBLE else 0
        cost += len(f"\x1b[{top + 1};{bottom + 1}r\x1b[r\x1b[S") + (
            len(str(abs(lines))) if abs(lines) > 1 else 0
        )
        left = PLAIN if pen[2] or pen[0] & VISIBLE else pen
        best = min(best, cost + _rows(moved, after, {(0, 0, left): 0}))
    return best


@lru_cache(maxsize=65536)
def sgr(old: Style, new: Style) -> int:
    """Bytes of the shortest change of looks."""
    if old == new:
        return 0
    whole = [str(code) for code in sorted(new[0])] + [colour for colour in new[1:] if colour]
    steps = [str(code) for code in new[0] - old[0]]
    gone = old[0] - new[0]
    if gone & {1, 2}:
        steps.append("22")
        steps += [str(code) for code in new[0] & old[0] & {1, 2}]
    steps += ["55" if code == 53 else str(code + 20) for code in gone - {1, 2}]
    steps += [new[1] or "39"] if new[1] != old[1] else []
    steps += [new[2] or "49"] if new[2] != old[2] else []
    return 3 + min(len(";".join(steps)), len(";".join(["0", *whole])) if whole else 0)


def _times(count: int) -> int:
    """Bytes of a counted CSI sequence."""
    return 3 + (len(str(count)) if count > 1 else 0)


@lru_cache(maxsize=262144)
def reach(y: int, x: int | None, to_y: int, to_x: int) -> int:
    """Bytes of the shortest move."""
    if (y, x) == (to_y, to_x):
        return 0
    ways = [3 + (len(str(to_y + 1)) if to_y else 0) + (1 + len(str(to_x + 1)) if to_x else 0)]
    down = to_y - y
    vertical = min(_times(down), down) if down > 0 else min(_times(-down), -2 * down) if down else 0
    if down:
        vertical = min(vertical, 3 + len(str(to_y + 1)))
    sideways = [3 + (len(str(to_x + 1)) if to_x else 0), 1 + (_times(to_x) if to_x else 0)]
    if x is not None:
        sideways.append(0 if x == to_x else _times(to_x - x) if to_x > x else min(_times(x - to_x), x - to_x))
    ways.append(vertical + min(sideways))
    return min(ways)


def _length(cell: Cell) -> int:
    return len(cell[0].encode())


def _suits(pen: Style, cell: Cell) -> bool:
    return pen == cell[1] or (cell[0] == " " and on_blank(pen) == cell[1])


def _keep(spots: dict[Spot, int]) -> dict[Spot, int]:
    return dict(sorted(spots.items(), key=lambda item: item[1])[:_KEPT])


def _rows(before: Picture, after: Picture, start: dict[Spot, int]) -> int:
    """The best of top down and bottom up over all changed rows."""
    changed = [y for y, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    best = _FAR
    for order in (changed, changed[::-1]):
        spots = start
        for y in order:
            spots = _row(before[y], after[y], y, spots)
        best = min([best, *spots.values()])
    return best


def _row(old: list[Cell], new: list[Cell], y: int, spots: dict[Spot, int]) -> dict[Spot, int]:
    """Every good way through one row: cost by where the cursor then is."""
    width = len(new)
    changed = [x for x in range(width) if old[x] != new[x]]
    first, last = changed[0], changed[-1]
    while first and not new[first][0]:
        first -= 1
    looks = {new[x][1] for x in range(first, last + 1)}
    costs = _entered(spots, y, first, width)
    following = [width] * (width + 1)
    for x in range(width - 1, -1, -1):
        following[x] = x if old[x] != new[x] else following[x + 1]
    tail = width
    while tail and new[tail - 1] == (" ", new[-1][1]) and not new[-1][1][0] & VISIBLE:
        tail -= 1
    done: dict[Spot, int] = {}
    for x in range(width + 1):
        here = costs[x]
        for pen, cost in list(here.items()):
            for look in looks:
                here[look] = min(here[look], cost + sgr(pen, look))
        for pen, cost in here.items():
            if x > last:
                _note(done, (y, x if x < width else None, pen), cost)
                continue
            if x >= tail and on_blank(pen) == new[-1][1]:
                _note(done, (y, x, pen), cost + 3)
            _steps(costs, new, x, pen, cost, following)
            if (end := _erasable(new, x, pen)) > x and following[end] == width:
                # Nothing is left to write behind the erased cells, so the cursor may stay before them.
                _note(done, (y, x, pen), cost + _times(end - x))
    return _keep(done)


def _entered(spots: dict[Spot, int], y: int, first: int, width: int) -> list[dict[Style, int]]:
    """What it costs to come into a row, at or a little before its first change."""
    costs: list[dict[Style, int]] = [defaultdict(lambda: _FAR) for _ in range(width + 1)]
    entries = {first, *range(max(0, first - 4), first)} | ({0} if first < 6 else set())
    for (at_y, at_x, pen), cost in spots.items():
        for x in entries:
            costs[x][pen] = min(costs[x][pen], cost + reach(at_y, at_x, y, x))
    return costs


def _erasable(new: list[Cell], x: int, pen: Style) -> int:
    """Where the blanks end that `ECH` at `x` makes in the look `pen`; `x` itself when it makes none."""
    end = x
    while end < len(new) and new[end] == (" ", on_blank(pen)) and not pen[0] & VISIBLE:
        end += 1
    return end


def _steps(
    costs: list[dict[Style, int]], new: list[Cell], x: int, pen: Style, cost: int, following: list[int]
) -> None:
    """Everything that leads on from one column: write, repeat, erase, jump."""

    def better(to: int, bytes_more: int) -> None:
        costs[to][pen] = min(costs[to][pen], cost + bytes_more)

    width = len(new)
    cell = new[x]
    target = following[x]
    if x < target < width:
        better(target, min(_times(target - x), 3 + len(str(target + 1))))
    if not cell[0]:
        better(x + 1, 0)
        return
    if not _suits(pen, cell):
        return
    step = 2 if x + 1 < width and not new[x + 1][0] else 1
    better(x + step, _length(cell))
    end = x + 1
    while end < width and new[end] == cell:
        end += 1
        count = end - x
        if step == 1:
            better(end, _length(cell) + _times(count - 1) if count > 2 else _FAR)
    if (blank_end := _erasable(new, x, pen)) - x > 3 and (more := following[blank_end]) < width:
        better(more, _times(blank_end - x) + _times(more - x))


def _note(found: dict[Spot, int], spot: Spot, cost: int) -> None:
    found[spot] = min(found.get(spot, _FAR), cost)


def _small(before: Picture, after: Picture, start: Spot) -> int:
    """Every order of at most six pieces of one look each."""
    pieces: list[tuple[int, int, int]] = []
    for y, (old, new) in enumerate(zip(before, after, strict=True)):
        x = 0
        while x < len(new):
            if old[x] == new[x]:
                x += 1
                continue
            end = x + 1
            while end < len(new) and old[end] != new[end] and new[end][1] == new[x][1]:
                end += 1
            pieces.append((y, x, end))
            x = end
            if len(pieces) > 6:
                return _FAR
    if not pieces:
        return 0
    return min(_ordered(order, before, after, start) for order in permutations(pieces))


def _ordered(order: tuple[tuple[int, int, int], ...], before: Picture, after: Picture, start: Spot) -> int:
    spots, row = {start: 0}, [list(cells) for cells in before]
    for y, x, end in order:
        shown = [*row[y][:x], *after[y][x:end], *row[y][end:]]
        spots = _row(row[y], shown, y, spots)
        row[y] = shown
    return min(spots.values())


def _scrolls(before: Picture, after: Picture) -> list[tuple[int, int, int]]:
    """The shifts worth trying: top, bottom, lines up (negative: down)."""
    votes: dict[int, list[int]] = defaultdict(list)
    old = [tuple(cell for cell, _ in row) for row in before]
    new = [tuple(cell for cell, _ in row) for row in after]
    for y, row in enumerate(new):
        if row == old[y] or not any(cell != " " for cell in row):
            continue
        for source, other in enumerate(old):
            if other == row:
                votes[source - y].append(y)
    best = sorted(votes.items(), key=lambda item: -len(item[1]))[:3]
    return [
        (min(ys[0], ys[0] + lines), max(ys[-1], ys[-1] + lines), lines) for lines, ys in best if len(ys) > 1
    ]
