"""What every test shares: the event loop's kind, that terminals are driven one at a time, and the run's seed."""

import os
import secrets
import subprocess
from pathlib import Path

import pytest


def pytest_configure() -> None:
    """Draw the seed of the run, unless one is given; workers inherit it (testing.md, common rules)."""
    os.environ.setdefault("BRANCHTUI_SEED", secrets.token_hex(4))


def pytest_report_header() -> str:
    """What is needed to have a failure again."""
    found = subprocess.run(
        ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short=12", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"SEED={os.environ['BRANCHTUI_SEED']} COMMIT={found.stdout.strip() or 'none'}"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio alone, the loop of Textual and of the server."""
    return "asyncio"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests marked `pty` on one worker: several painting terminals at once starve each other."""
    for item in items:
        if item.get_closest_marker("pty"):
            item.add_marker(pytest.mark.xdist_group("pty"))
