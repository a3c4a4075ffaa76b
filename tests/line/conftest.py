"""A real ledger with something of everything in it, for the tests of the line."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.ledger.running import RunningLedger, make_template
from tests.ledger.web.every_route import World

if TYPE_CHECKING:
    from collections.abc import Iterator

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - where a folder costs no disk


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for files whose syncs prove nothing here: thousands of changes are made, and no power is cut."""
    if not _IN_MEMORY.is_dir():
        yield tmp_path_factory.mktemp("line")
        return
    with tempfile.TemporaryDirectory(prefix="branchtui-line-", dir=_IN_MEMORY) as folder:
        yield Path(folder)


@pytest.fixture
def state(memory: Path) -> Iterator[Path]:
    """A folder for the terminal of one test."""
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def world(memory: Path) -> Iterator[World]:
    """One served ledger for the tests of a module; its invariants are checked when it ends."""
    database = f"sqlite:///{memory / 'ledger.db'}"
    make_template(database)
    with RunningLedger(database) as ledger:
        yield World.open(ledger)
        ledger.check()
