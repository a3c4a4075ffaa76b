"""The framework's stream: read into a picture, and nothing else of it goes on."""

from __future__ import annotations

import pytest
from tests.format.payloads import PAYLOADS
from tests.terminal.lean.replay import strangers

from branchtui.terminal.lean.ansi import AnsiReader
from branchtui.terminal.lean.capabilities import XTERM
from branchtui.terminal.lean.grid import Grid
from branchtui.terminal.lean.painter import Painter


def reader(width: int = 30, height: int = 4, **options: bool) -> AnsiReader:
    """A reader of an empty picture."""
    return AnsiReader(Grid(width, height), colours=16, **options)


def text(grid: Grid, y: int) -> str:
    """A row as text."""
    return "".join(grid.chars[y]).rstrip()


def test_text_moves_and_looks_make_the_picture() -> None:
    """The closed list: text, CUP, SGR, line feed, carriage return."""
    read = reader()
    read.read("\x1b[2;3H\x1b[1mAma\x1b[0mka\nObi\r>\x1b[4Hend")
    assert [text(read.grid, y) for y in range(4)] == ["", "  Amaka", ">bi", "end"]
    assert read.dropped == 0


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_never_becomes_a_control_sequence(payload: str) -> None:
    """TTY-1: whatever the framework lets through, only our own sequences leave."""
    painter = Painter(60, 4, XTERM)
    painter.start_over()
    AnsiReader(painter.target, colours=16).read(f"\x1b[2;1H{payload}after")
    frame = painter.frame()
    assert not strangers(frame)
    assert frame.encode()


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b]0;title\x07",
        "\x1b]8;;http://x\x1b\\",
        "\x1b[?1000h",
        "\x1b[6n",
        "\x1b[?2026h",
        "\x1bc",
        "\x1bP1$q\x1b\\",
    ],
)
def test_what_is_not_on_the_list_is_dropped_and_counted(sequence: str) -> None:
    """Titles, links, modes, queries, resets: none of the framework's business on our line."""
    read = reader()
    read.read(f"a{sequence}b")
    assert text(read.grid, 0) == "ab"
    assert read.dropped == 1


def test_the_bell_is_heard_and_the_clipboard_only_where_allowed() -> None:
    """TTY-3: OSC 52 off by default, and then short codes alone."""
    plain, allowed = reader(), reader(clipboard=True)
    for read in (plain, allowed):
        read.read("\x07\x1b]52;c;UkVGLTEyMw==\x07")
        assert read.rings
    assert (plain.copied, allowed.copied) == ("", "UkVGLTEyMw==")
    allowed.copied = ""
    allowed.read("\x1b]52;c;" + "QUFB" * 100 + "\x07")
    assert allowed.copied == ""


def test_half_a_wide_character_becomes_a_space() -> None:
    """Overwritten at either half, or cut at the edge."""
    read = reader(6, 3)
    read.read("\x1b[1;1H漢漢漢\x1b[1;2Hx\x1b[1;5Hy\x1b[2;6H漢\x1b[3;1He\u0301\x1b[3;2H\u0302")
    assert read.grid.chars[0] == [" ", "x", "漢", "", "y", " "]
    assert read.grid.chars[1] == [" "] * 6
    assert read.grid.chars[2][0] == "e\u0301\u0302"


def test_ascii_only_leaves_ascii_only() -> None:
    """`--ascii`: lines become signs, letters lose their marks, the rest is a question mark; widths stay."""
    read = reader(ascii_only=True)
    read.read("╭──╮│Ọbi é …→漢|\u0301")
    assert text(read.grid, 0) == "+--+|Obi e ~>? |"
    assert all(cell.isascii() and len(cell) == 1 for cell in read.grid.chars[0])


def test_writing_outside_the_picture_is_harmless() -> None:
    """A frame made for a larger terminal."""
    read = reader(5, 2)
    read.read("\x1b[9;9Hout\x1b[1;4Hlong text\x1b[99999999;1Hx\x1b[2;1H" + "z" * 5000)
    assert [text(read.grid, y) for y in range(2)] == ["   lo", "zzzzz"]
