"""A folder for sockets that other users of the host may enter, and a launcher in it."""

from __future__ import annotations

import pwd
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.launcher.clients import RunningLauncher

collect_ignore_glob = [] if sys.platform.startswith("linux") else ["test_*.py"]


@pytest.fixture
def place() -> Iterator[Path]:
    """Where a socket may be; pytest's own folders are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="branchtui-launcher-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def launcher(place: Path) -> Iterator[RunningLauncher]:
    """A running launcher."""
    with RunningLauncher(place / "socket") as running:
        yield running


@pytest.fixture
def others() -> list[pwd.struct_passwd]:
    """Two users of this host who are neither root nor nobody."""
    import os

    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    found = [entry for entry in pwd.getpwall() if 0 < entry.pw_uid < 65_534]
    if len(found) < 2:
        pytest.skip("this host has no two users to be")
    return found[:2]
