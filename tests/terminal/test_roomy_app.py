"""The sentence on a window that is too small, in every size there is."""

from __future__ import annotations

import pytest
from textual.geometry import Size

from branchtui.terminal.roomy_app import LEAST, cover_rows, is_too_small


@pytest.mark.parametrize("width", [*range(1, 81), 200])
def test_the_sentence_fits_every_window(width: int) -> None:
    """It fills the window exactly, never with a word cut in two, and says the size wherever that fits."""
    for height in (1, 2, 5, 12, 14, 40):
        rows = cover_rows(Size(width, height))
        assert len(rows) == height
        assert {len(row) for row in rows} == {width}
        text = " ".join("".join(f" {row}" for row in rows).split())
        assert text == "+" or text.endswith((f"{LEAST.width}x{LEAST.height}", "off.", "larger."))
        assert len(text) > 1 or width < 5


def test_only_what_cannot_hold_the_program_is_too_small() -> None:
    """60x15 is enough."""
    assert not is_too_small(LEAST)
    assert is_too_small(Size(59, 24))
    assert is_too_small(Size(200, 14))
