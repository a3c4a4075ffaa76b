"""A real ledger over HTTP for the tests of this folder; see running.py for who is in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ledger.running import RunningLedger, copy_template, make_template


@pytest.fixture(scope="session")
def ledger_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger file with branches and people, made once and copied."""
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    make_template(path)
    return path


@pytest.fixture(scope="module")
def running_ledger(
    ledger_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningLedger]:
    """One served ledger for all tests of a module; its invariants are checked when it ends."""
    with RunningLedger(copy_template(ledger_template, tmp_path_factory.mktemp("ledger"))) as ledger:
        yield ledger
        ledger.check()


@pytest.fixture
def own_ledger(ledger_template: Path, tmp_path: Path) -> Iterator[RunningLedger]:
    """A served ledger for one test alone: it may be damaged, its clock moved."""
    with RunningLedger(copy_template(ledger_template, tmp_path)) as ledger:
        yield ledger
