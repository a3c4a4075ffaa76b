"""Statements of accounts that are none of ours: parked, for the top branch to see (contract, section 10)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from branchtui.contract.payments import CallbackState
from branchtui.ledger.store.rows import CallbackEvent
from branchtui.ledger.workflows import kept_apart

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.rows import Import
    from branchtui.ledger.store.unit import Tx
    from branchtui.ledger.workflows.import_check import Verdict

BANK: Final = "bank"
"""The provider of what a bank sent for an account that nobody named."""


def park_unknown(core: Core, tx: Tx, import_: Import, verdict: Verdict, at_us: int) -> None:
    """Keep apart what the file says of each account that is none of ours, once for each statement."""
    top = next(branch.id for branch in core.tree if branch.parent_id is None)
    for said in verdict.recognised.get("statements", ()):
        if said["is_ours"] != "unknown" or not said["account"]:
            continue
        told = "\x1f".join(("statement", said["account"], said["identity"], import_.sha256))
        event = CallbackEvent(
            id=kept_apart.event_id(core, told.encode()),
            branch_id=None,
            provider=BANK,
            state=CallbackState.PARKED.value,
            reason=f"A statement of account {said['account']}, which is none of ours: nothing of it was taken in.",
            code=None,
            body=json.dumps(said | {"import_id": import_.id, "sha256": import_.sha256}, ensure_ascii=False),
            received_at=at_us,
        )
        kept_apart.keep(tx, event, branch_id=top, at_us=at_us, who=import_.created_by)
