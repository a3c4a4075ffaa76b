"""The painter against an independent terminal: any picture after any other, on terminals of every kind."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from tests.terminal.lean.replay import Replay, differences, strangers

from branchtui.terminal.lean.capabilities import XTERM, Capabilities
from branchtui.terminal.lean.grid import Grid
from branchtui.terminal.lean.painter import Painter
from branchtui.terminal.lean.styles import BOLD, REVERSE, UNDERLINE, blank, number_of

KINDS = {
    "xterm": XTERM,
    "tmux": Capabilities(regions=True, indn=True, hpa=True, vpa=True, colours=256),
    "linux console": Capabilities(ech=True, bce=True, regions=True, hpa=True, vpa=True, colours=8),
    "vt100": Capabilities(regions=True, colours=0),
    "least": Capabilities(),
    "no regions": replace(XTERM, regions=False),
}
LOOKS = [
    0,
    number_of(BOLD, "", ""),
    number_of(REVERSE, "", ""),
    number_of(0, "31", ""),
    number_of(BOLD, "93", "44"),
    number_of(UNDERLINE, "", "48;5;17"),
    number_of(0, "", "44"),
    number_of(BOLD | REVERSE | UNDERLINE, "32", ""),
]
WORDS = [
    "Amaka",
    "Ọbi",
    "9,500.00",
    "漢字",
    "e\u0301te\u0301",
    "   ",
    "──────────",
    ">",
    "x",
    "0010000042",
    "     ",
    "é",
]


def cells(text: str) -> tuple[str, ...]:
    """Cells of a text of letters, wide signs and combining acutes."""
    found: list[str] = []
    for sign in text:
        if sign == "\u0301":
            found[-1] += sign
        else:
            found += [sign, ""] if sign in "漢字" else [sign]
    return tuple(found)


def draw(grid: Grid, dice: random.Random, times: int) -> None:
    """Write words anywhere."""
    for _ in range(times):
        look = dice.choice(LOOKS)
        text = cells(dice.choice(WORDS))
        place = dice.randrange(-1, grid.width + 1)
        grid.put(dice.randrange(grid.height), place, text, blank(look) if not "".join(text).strip() else look)


def mutate(grid: Grid, dice: random.Random) -> None:
    """Change a picture the ways a program does: a word, a row, a block, all of it, a scroll."""
    kind = dice.randrange(6)
    if kind == 0:
        draw(grid, dice, 1)
    elif kind == 1:
        draw(grid, dice, dice.randrange(2, 12))
    elif kind == 2:
        y = dice.randrange(grid.height)
        grid.put(y, 0, (" ",) * grid.width, dice.choice([0, LOOKS[6]]))
    elif kind == 3:
        top = dice.randrange(grid.height - 4)
        bottom = dice.randrange(top + 3, grid.height)
        moved = grid.scrolled(top, bottom, dice.choice([-2, -1, 1, 2, 3]))
        grid.chars, grid.looks = moved.chars, moved.looks
    elif kind == 4:
        grid.clear()
        draw(grid, dice, 40)
    else:
        y = dice.randrange(grid.height)
        look = dice.choice(LOOKS)
        row = tuple(cell if len(cell) == 1 and cell < "\u2e80" else "x" for cell in grid.chars[y])
        grid.put(y, 0, row, look)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_the_terminal_shows_the_target_after_every_frame(kind: str, seed: int) -> None:
    """Whatever changed, the bytes sent turn the one picture into the other, on every kind of terminal."""
    dice = random.Random(f"{kind} {seed}")
    width, height = dice.choice([(40, 12), (31, 8), (80, 24)])
    painter = Painter(width, height, KINDS[kind])
    painter.start_over()
    sent = Replay(width, height, bce=KINDS[kind].bce)
    for number in range(60):
        mutate(painter.target, dice)
        if number % 17 == 16:
            painter.start_over()
        frame = painter.frame()
        sent.feed(frame)
        # The same target painted from nothing, by the plainest means, is what must stand there.
        plain = Painter(width, height, Capabilities(colours=1 << 24))
        plain.target = painter.target
        plain.start_over()
        wanted = Replay(width, height)
        wanted.feed(plain.frame())
        assert not differences(wanted.cells(), sent.cells()), f"frame {number}: {frame!r}"
        assert not strangers(frame)
        y, x = painter.place
        assert (y, x if x is not None else sent.place[1]) == (
            sent.place if y is not None else (y, sent.place[1])
        )


def test_nothing_is_sent_when_nothing_changed() -> None:
    """An idle terminal costs no byte."""
    painter = Painter(20, 4, XTERM)
    painter.start_over()
    painter.target.put(1, 3, tuple("Amaka"), 0)
    assert painter.frame()
    assert painter.frame() == ""


def test_an_arrow_that_moves_down_costs_five_bytes() -> None:
    """Two cells change; nobody can do it in fewer."""
    painter = Painter(80, 24, XTERM)
    painter.start_over()
    painter.target.put(3, 0, (">",), 0)
    painter.frame()
    frames = []
    for y in range(4, 8):
        painter.target.put(y - 1, 0, (" ",), 0)
        painter.target.put(y, 0, (">",), 0)
        frames.append(painter.frame())
    assert [len(frame) for frame in frames[1:]] == [5, 5, 5]


def test_a_letter_typed_before_a_reverse_cursor_costs_at_most_seven_bytes() -> None:
    """The order of letter and cursor is chosen by where the pen was left."""
    painter = Painter(80, 24, XTERM)
    painter.start_over()
    reverse = number_of(REVERSE, "", "")
    painter.target.put(5, 10, (" ",), reverse)
    painter.frame()
    lengths = []
    for x in range(10, 16):
        painter.target.put(5, x, ("a",), 0)
        painter.target.put(5, x + 1, (" ",), reverse)
        lengths.append(len(painter.frame()))
    assert max(lengths) <= 7


def test_a_list_that_moves_by_a_line_is_scrolled_not_painted() -> None:
    """Scroll regions: the rows that stay are not sent again."""
    painter = Painter(80, 24, XTERM)
    painter.start_over()
    for y in range(2, 22):
        painter.target.put(y, 0, tuple(f"row {y:04} {'amount ' * 8}"), 0)
    painter.frame()
    moved = painter.target.scrolled(2, 21, 1)
    moved.put(21, 0, tuple("row 0022"), 0)
    painter.target.chars, painter.target.looks = moved.chars, moved.looks
    assert len(painter.frame()) < 40


@pytest.mark.parametrize("cell", ["👩\u200d🌾", "❤\ufe0f", "🇰🇪", "🦒", "क\u094dष"])
def test_after_a_character_that_terminals_draw_in_different_widths_the_column_is_said_anew(cell: str) -> None:
    """What stands right of such a character is in its place on every terminal."""
    painter = Painter(40, 4, XTERM)
    painter.start_over()
    painter.target.put(1, 0, ("a", cell, "", "b", "c"), 0)
    assert f"{cell}\x1b[4Gbc" in painter.frame()


def test_a_smaller_terminal_keeps_its_corner_and_a_cursor_outside_it_means_all_anew() -> None:
    """Resize: what terminals are known to keep is not sent again, anything else is."""
    painter = Painter(40, 10, XTERM)
    painter.start_over()
    painter.target.put(1, 0, tuple("Amaka"), 0)
    painter.frame()
    painter.resize(30, 8)
    assert painter.frame() == ""
    painter.target.put(7, 0, tuple("below"), 0)
    painter.frame()
    painter.resize(30, 6)
    assert "\x1b[2J" in painter.frame()


def test_after_a_large_frame_a_smaller_terminal_need_not_be_painted_anew() -> None:
    """The cursor is left at the top, where every terminal keeps what it shows."""
    painter = Painter(80, 24, XTERM)
    painter.start_over()
    for y in range(24):
        painter.target.put(y, 0, tuple(f"{y * 7919:020}" * 3), 0)
    painter.frame()
    painter.resize(80, 20)
    assert painter.frame() == ""
