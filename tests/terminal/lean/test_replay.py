"""The terminal that streams are replayed into, where it knows more than the emulator it rests on."""

from __future__ import annotations

import pytest
from tests.terminal.lean.replay import Replay


@pytest.mark.parametrize(
    ("over", "shown"),
    [
        ("\x1b[1;2Hx", "ax 語b"),
        ("\x1b[1;3Hx", "a x語b"),
        ("\x1b[1;4Hx", "a字x b"),
        ("\x1b[1;2H語", "a語語b"),
        ("\x1b[1;3H語", "a 語 b"),
    ],
)
def test_of_a_wide_letter_half_overwritten_the_other_half_is_blank(over: str, shown: str) -> None:
    """As terminals have it: other programs write so, and a picture must be readable at every moment."""
    replay = Replay(10, 1)
    replay.feed("a字語b")
    replay.feed(over)
    assert replay.lines == [shown]
