"""`--ascii`: whatever is painted is ASCII, and no column moves."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from branchtui.format.cells import cell_width
from branchtui.terminal.plain_ascii import AsciiOnly

_BLACK = Color(0, 0, 0)


def shown(*texts: str) -> str:
    """The text of a line, each piece in a style of its own."""
    pieces = [Segment(text, Style(bold=bool(at % 2))) for at, text in enumerate(texts)]
    return "".join(segment.text for segment in AsciiOnly().apply(pieces, _BLACK))


@pytest.mark.parametrize(
    ("painted", "plain"),
    [
        ("╭─ x ─╮│", "+- x -+|"),
        ("“x” – ‘y’", "\"x\" - 'y'"),
        ("Sending…      ", "Sending...    "),
        ("Adhiambo wa Thiong… 003736", "Adhiambo wa Thio... 003736"),
        ("Ngũgĩ e\u0301 Sørensen", "Ngugi e Sorensen"),
        ("山田 ab", "???? ab"),
        ("[↑ ↓] scroll", "[^ v] scroll"),
        ("\N{REPLACEMENT CHARACTER}\N{SYMBOL FOR ESCAPE}", "??"),
    ],
)
def test_a_line_is_drawn_in_ascii_of_the_same_width(painted: str, plain: str) -> None:
    """The ellipsis takes the blanks behind it or the letters before it, never the next column."""
    assert shown(painted) == plain
    assert cell_width(shown(painted)) == cell_width(painted)


def test_an_ellipsis_at_the_border_of_two_styles_keeps_both() -> None:
    """The framework cuts a line where the style changes."""
    line = AsciiOnly().apply(
        [Segment("Thiong", Style(bold=True)), Segment("…", None), Segment(" 1", None)], _BLACK
    )
    assert [(segment.text, segment.style) for segment in line] == [
        ("Thio..", Style(bold=True)),
        (". 1", None),
    ]


def test_a_line_of_ascii_is_passed_on_as_it_is() -> None:
    """It costs nothing where there is nothing to do; control segments are the framework's own."""
    line = [Segment("> 000101 Wanjiku", Style(bold=True)), Segment("\x1b[H…", None, [(0,)])]  # type: ignore[list-item]
    assert AsciiOnly().apply(line, _BLACK) is line
