"""Writing the rows of an import as plans, after a last look at who sent them and which codes are used by now."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from pydantic_core import from_json

from branchtui.contract.problem import Codes
from branchtui.contract.vouchers import NewPlan
from branchtui.ledger import audit
from branchtui.ledger.feeds.finding import Finding, error
from branchtui.ledger.store import import_store
from branchtui.ledger.workflows.import_parties import sender_of
from branchtui.ledger.workflows.import_rows import Taken
from branchtui.ledger.workflows.plans import CATALOGUE, new_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.core import Core
    from branchtui.ledger.store.rows import Import
    from branchtui.ledger.store.unit import BulkTx

_ACTION: Final = "plan.create"
"""What the chain tells of each, as of one that was keyed by hand."""


def take_rows(core: Core, tx: BulkTx, import_: Import, rows: Sequence[tuple[int, str]], at_us: int) -> Taken:
    """Add `rows` (number and parsed JSON) as plans; those that fit no longer come back with why."""
    who = sender_of(core, tx.connection, import_.created_by)
    said = [(row_no, _plan(parsed)) for row_no, parsed in rows]
    refusal = CATALOGUE.refusal(who)
    taken = import_store.plans_by_code(tx.connection, [new.code for _, new in said])
    refused: dict[int, Finding] = {}
    for row_no, new in said:
        if refusal is not None:
            refused[row_no] = error(refusal.code, refusal.detail)
        elif new.code in taken:
            refused[row_no] = code_taken(new.code)
    digest, count = hashlib.sha256(), 0
    for row_no, new in said:
        if row_no in refused:
            continue
        plan = new_plan(core.new_id(), new, at_us, import_id=import_.id, import_row_no=row_no)
        told = {"price_minor": plan.price_minor, "import_id": import_.id, "row_no": row_no}
        audit.append(
            tx,
            CATALOGUE.enter(tx, _ACTION, plan, told),
            branch_id=who.branch_id,
            principal=who,
            at_us=at_us,
            operation_key=import_.operation_key,
            request_id=None,
        )
        digest.update(f"{plan.id}:1\n".encode())
        count += 1
    return Taken(count, 0, digest.hexdigest(), refused)


def _plan(parsed: str) -> NewPlan:
    kept = from_json(parsed)
    return NewPlan(**{name: kept[name] for name in NewPlan.model_fields})


def code_taken(code: str) -> Finding:
    """A code stands for one plan, said the same at the check and at the writing."""
    return error(Codes.REFERENCE_TAKEN, CATALOGUE.taken(code), "code", code)
