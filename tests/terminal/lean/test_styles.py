"""Looks: the change sent between any two is understood as the second."""

from __future__ import annotations

from itertools import product

import pytest

from branchtui.terminal.lean.styles import (
    BOLD,
    DIM,
    REVERSE,
    UNDERLINE,
    after_sgr,
    change,
    look_of,
    number_of,
)

LOOKS = [
    number_of(attributes, foreground, background)
    for attributes, foreground, background in product(
        [0, BOLD, DIM, BOLD | DIM, REVERSE, BOLD | UNDERLINE], ["", "31", "38;2;1;2;3"], ["", "44", "48;5;20"]
    )
]


def test_the_change_between_any_two_looks_gives_the_second() -> None:
    """Incremental or from nothing, whichever is shorter, never anything else."""
    for old, new in product(LOOKS, LOOKS):
        sequence = change(old, new)
        assert (after_sgr(old, sequence[2:-1], 1 << 24) if sequence else old) == new
        assert len(sequence) <= len(change(None, new))


@pytest.mark.parametrize(
    ("parameters", "colours", "wanted"),
    [
        ("38;2;255;0;0", 1 << 24, (0, "38;2;255;0;0", "")),
        ("38;2;255;0;0", 256, (0, "38;5;196", "")),
        ("38;5;196;48;5;4", 16, (0, "31", "44")),
        ("91;102", 8, (BOLD, "31", "42")),
        ("31;44;1", 0, (BOLD, "", "")),
        ("38;2;300;0;0", 256, (0, "", "")),
        ("38;5", 256, (0, "", "")),
        ("38", 16, (0, "", "")),
        ("1;99999", 16, (BOLD, "", "")),
    ],
)
def test_colours_are_reduced_to_what_the_terminal_has(
    parameters: str, colours: int, wanted: tuple[int, str, str]
) -> None:
    """16, 256, true colours or none; a colour cut in half is none."""
    assert look_of(after_sgr(0, parameters, colours)) == wanted
