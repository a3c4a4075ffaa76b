"""The checks of a history find mistakes: each is made once, in a ledger that is really served."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ledger.faults import seeds
from tests.ledger.histories.broken import MISTAKES
from tests.ledger.histories.checker import check
from tests.ledger.histories.scene import Scene
from tests.ledger.histories.stored import read_stored

from branchtui.ledger.store.engine import store_at

pytestmark = [pytest.mark.faults, pytest.mark.e2e]

OPERATIONS = 60
HISTORIES = 5
FOUND_BY = {
    "version_unchecked": "(ii)",
    "answered_before_the_commit": "(i",
    "balance_read_before_the_turn": "(ii)",
    "leg_without_its_account": "(i)",
    "read_of_yesterday": "(i)",
    "replayed_otherwise": "(iv)",
}
"""Which check has to find it; `(i` is by a read or by the clock, whichever comes first."""


@pytest.mark.sampled(1)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_ledger_with_a_mistake_is_found_out(
    new_sqlite_scene: Callable[[Path], Scene], tmp_path: Path, mistake: str
) -> None:
    """T4: a check that finds nothing in a broken ledger proves nothing about a whole one."""
    seen: list[str] = []
    # A mistake happens now and then, and shows only where something else moved in between: a few histories, not one.
    for part in range(HISTORIES):
        place = tmp_path / str(part)
        place.mkdir()
        scene = new_sqlite_scene(place)
        scene.words = [sys.executable, "-m", "tests.ledger.histories.broken", mistake]
        history = scene.run(OPERATIONS, storms=1, seed=f"{seeds.seed()}/{mistake}/{part}", disturbed=False)
        stored = read_stored(store_at(scene.database), scene.branch_id, scene.before)
        verdict = check(history, scene.audits, stored)
        seen += [violation[:150] for violation in verdict.violations[:3]]
        if any(violation.startswith(FOUND_BY[mistake]) for violation in verdict.violations):
            return
    raise AssertionError(f"{mistake} was not found out: {seen}")
