"""What the demonstration leaves behind when it is told to end."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from branchtui.demo import PARENT_PIPE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.faults


def told_to(child: subprocess.Popen[str]) -> None:
    """Its standard input stays open meanwhile: the end of that would be a second signal, which waits for nothing."""
    child.terminate()
    child.wait(60)


def without_its_terminal(child: subprocess.Popen[str]) -> None:
    """Its standard input ends."""
    child.communicate()


ENDS: dict[str, Callable[[subprocess.Popen[str]], None]] = {
    "it is told to end": told_to,
    "its terminal died": without_its_terminal,
}


@pytest.mark.e2e
@pytest.mark.parametrize("end", ENDS)
def test_a_demonstration_that_ends_leaves_nothing(end: str, tmp_path: Path) -> None:
    """Decision 0008: it ends by a signal, or by the end of its standard input; its temporary folder goes with it."""
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

    ENDS[end](child)
    child.communicate()

    assert child.returncode == 0
    assert not list(tmp_path.iterdir())
