"""What is said when the program fails (SEC-3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from branchtui.terminal.fatal import FatalReport


def fail_with(password: str) -> None:
    """Fail while a secret is at hand, and quote it."""
    raise ValueError(f"cannot use {password}")


def test_a_failure_shows_a_reference_and_keeps_its_place_and_no_value(tmp_path: Path) -> None:
    """SEC-3: on the screen reference and type alone; the file holds places, neither locals nor messages."""
    with pytest.raises(ValueError, match="herons") as failed:
        fail_with("seven quiet herons")
    shown = FatalReport(tmp_path, lambda: "7QK2M9").report(failed.value).plain
    kept = tmp_path / "failure-7QK2M9.txt"
    text = kept.read_text(encoding="utf-8")
    assert "7QK2M9" in shown
    assert "ValueError" in shown
    assert "fail_with" in text
    assert "herons" not in shown + text
    assert kept.stat().st_mode & 0o777 == 0o600
