"""The first paint pays for nothing it does not show."""

from __future__ import annotations

import subprocess
import sys

PROBE = """
import sys
import branchtui.app
heavy = {"httpx", "httpcore", "pydantic", "pydantic_core"}
print(sorted(heavy & set(sys.modules)))
"""


def test_the_sign_in_screen_is_painted_before_the_http_library_is_loaded() -> None:
    """terminal.md, start: httpx and pydantic come after the first paint."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
