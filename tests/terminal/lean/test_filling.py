"""How long the frame of an empty screen waits for the answer that fills it."""

from __future__ import annotations

import pytest

from branchtui.terminal.lean.filling import WAIT_SECONDS, WAIT_SECONDS_MAX, Filling


def test_the_wait_counts_down_and_begins_anew_only_after_it_was_filled() -> None:
    """Bounded: a ledger that does not answer keeps nobody from seeing what there is."""
    filling = Filling()
    assert filling.seconds(1.0, None, is_filling=False) == 0
    assert filling.seconds(1.0, None, is_filling=True) == pytest.approx(WAIT_SECONDS)
    assert filling.seconds(1.1 + WAIT_SECONDS, None, is_filling=True) < 0
    assert filling.seconds(5.0, None, is_filling=True) < 0
    assert filling.seconds(6.0, None, is_filling=False) == 0
    assert filling.seconds(6.0, None, is_filling=True) > 0


def test_on_a_slow_line_it_is_as_long_as_the_empty_screen_would_take_and_no_longer() -> None:
    """600 bytes at 9,600 bit/s take half a second, which is the most."""
    assert Filling().seconds(0.0, 6_000, is_filling=True) == 0.1
    assert Filling().seconds(0.0, 100, is_filling=True) == WAIT_SECONDS_MAX
    assert Filling().seconds(0.0, 1e9, is_filling=True) == pytest.approx(WAIT_SECONDS)
