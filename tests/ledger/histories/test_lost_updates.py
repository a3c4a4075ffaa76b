"""Raced edits of the same few records: nobody's accepted edit is written over unseen (testing.md, T4; CONC-3)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ledger.faults import seeds
from tests.ledger.histories.op import Op
from tests.ledger.histories.scene import CLIENTS, Scene
from tests.ledger.histories.test_histories import judge_history

from branchtui.ledger.store.engine import store_at

pytestmark = [pytest.mark.faults, pytest.mark.e2e]

EDITS = seeds.figure("BRANCHTUI_RACED_EDITS", 150)
RECORDS = 3
MIX = {"edit": 3, "read-record": 1}


def test_no_accepted_edit_is_written_over_unseen(new_scene: Callable[[Path], Scene], tmp_path: Path) -> None:
    """CONC-1, CONC-3: the accepted edits of a record are one row of versions, each made on the one before it."""
    scene = new_scene(tmp_path)
    made = scene.run(RECORDS, storms=0, seed=seeds.seed(), disturbed=False, mix={"create": 1})
    records = [op.json for op in made if op.status == 201][:RECORDS]
    known = [(each["id"], each["version"]) for each in records]
    operations = EDITS * sum(MIX.values()) // MIX["edit"] // CLIENTS
    raced = scene.run(operations, storms=0, seed=f"{seeds.seed()}/edits", mix=MIX, records=known)
    verdict = judge_history(scene, made + raced)
    assert not verdict.violations, "\n".join([seeds.seed(), *verdict.violations])
    assert verdict.answers["edit precondition-failed"] > EDITS // 20, (
        "nobody ever met anybody: the race was none"
    )
    assert_nothing_is_lost(scene, {each["id"]: each["amount_minor"] for each in records}, raced)


def assert_nothing_is_lost(scene: Scene, begun: dict[str, int], raced: list[Op]) -> None:
    """By the rows alone, without the model: every accepted edit changed what the accepted edit before it had left."""
    connection = store_at(scene.database).connect(read_only=True)
    told = "SELECT object, before, after FROM audit WHERE action = 'balance-record.change' ORDER BY seq"
    changed: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for path, before, after in connection.execute(told):
        if before is not None:
            now = json.loads(after)
            amounts = (json.loads(before)["amount_minor"], now["amount_minor"])
            changed[path.rpartition("/")[2]].append((now["version"], *amounts))
    stands = dict(connection.execute("SELECT id, amount_minor FROM balance_records"))
    connection.close()
    for record_id, first in begun.items():
        edits = changed[record_id]
        assert [version for version, _, _ in edits] == list(range(2, len(edits) + 2))
        left = [first, *(after for _, _, after in edits)]
        assert [before for _, before, _ in edits] == left[:-1]
        assert stands[record_id] == left[-1]
        accepted = {(op.json["version"], op.args["amount"]) for op in raced if _accepted(op, record_id)}
        assert accepted <= {(version, after) for version, _, after in edits}


def _accepted(op: Op, record_id: str) -> bool:
    return op.kind == "edit" and op.status == 200 and op.args["id"] == record_id
