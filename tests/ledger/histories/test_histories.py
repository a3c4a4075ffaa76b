"""Eight clients at once, ledgers and connections ended meanwhile: what happened is what one thread would do (T4)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ledger.faults import seeds
from tests.ledger.histories.checker import Verdict, check
from tests.ledger.histories.op import Op
from tests.ledger.histories.scene import CLIENTS, Scene
from tests.ledger.histories.stored import read_stored

from branchtui.ledger.check import violations
from branchtui.ledger.store.engine import store_at

pytestmark = [pytest.mark.faults, pytest.mark.e2e]

OPERATIONS = seeds.figure("BRANCHTUI_HISTORY_OPERATIONS", 100)
"""Of each client."""

STORMS = max(2, OPERATIONS // 40)


def judge_history(scene: Scene, history: list[Op]) -> Verdict:
    """Judge what clients tell of a scene, and say what there was."""
    stored = read_stored(store_at(scene.database), scene.branch_id, scene.before)
    verdict = check(history, scene.audits, stored)
    print(
        f"SEED={seeds.seed()}: {len(history)} operations in {scene.seconds:.0f} s, {verdict.commands} in the chain, "
        f"{verdict.reads} reads, {verdict.unknown} unknown ({verdict.unknown_done} of them done); "
        f"{dict(scene.faults)}; {dict(sorted(verdict.answers.items()))}"
    )
    connection = store_at(scene.database).connect(read_only=True)
    assert list(violations(connection)) == []
    connection.close()
    return verdict


def test_a_history_under_faults_is_one_that_a_single_thread_could_have_had(
    new_scene: Callable[[Path], Scene], tmp_path: Path
) -> None:
    """T4, INV-1, IDEM-7, CONC-3, CONC-7, DUR-3: totals, answers in the chain's order, real time, storms."""
    scene = new_scene(tmp_path)
    verdict = judge_history(scene, scene.run(OPERATIONS, storms=STORMS, seed=seeds.seed()))
    assert not verdict.violations, "\n".join([seeds.seed(), *verdict.violations])
    assert verdict.commands > CLIENTS * OPERATIONS // 3
    for kind in ("create", "edit", "post", "associate", "file"):
        answers = [answer for answer in verdict.answers if answer.startswith(f"{kind} ")]
        assert len(answers) > 1, f"every {kind} was answered alike: nobody met anybody"
    # What is asked for is mostly changed by somebody before it is approved: in a short history perhaps each time.
    assert verdict.answers["approve done"] or OPERATIONS < 1_000
    assert verdict.answers["post-all done"]
