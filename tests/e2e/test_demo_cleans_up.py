"""What the demonstration leaves behind when it is told to end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.demonstration import Demonstration

from branchtui.demo import PARENT_PIPE


@pytest.mark.e2e
def test_a_demonstration_that_is_told_to_end_leaves_nothing() -> None:
    """Issue 2: it cleans up on exit; decision 0008: its temporary folder goes with it."""
    with Demonstration() as demonstration:
        folder = Path(demonstration.database.removeprefix("sqlite:///")).parent
        assert folder.is_dir()

    assert not folder.exists()


@pytest.mark.e2e
def test_a_demonstration_whose_terminal_died_leaves_nothing(tmp_path: Path) -> None:
    """Decision 0008: it ends by the end of its standard input, and its temporary folder goes with it."""
    child = subprocess.Popen(
        [sys.executable, "-m", "branchtui", "demo", "--serve-only"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, PARENT_PIPE: "1", "TMPDIR": str(tmp_path)},
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline(), "it did not start"
    assert list(tmp_path.iterdir())

    child.communicate()

    assert child.returncode == 0
    assert not list(tmp_path.iterdir())
