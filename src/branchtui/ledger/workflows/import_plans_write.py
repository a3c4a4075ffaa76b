"""Writing the rows of an import as plans, after a last look at who sent them and which codes are used by now."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from pydantic_core import from_json

from branchtui.contract.problem import Codes
from branchtui.contract.vouchers import NewPlan
from branchtui.ledger import audit
from branchtui.ledger.feeds.finding import Finding, error
from branchtui.ledger.problems import Refusal
from branchtui.ledger.workflows.import_parties import sender_of
from branchtui.ledger.workflows.import_rows import Taken
from branchtui.ledger.workflows.plans import CATALOGUE, new_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.rows import Import
    from branchtui.ledger.store.unit import BulkTx

_ACTION: Final = "plan.create"
"""What the chain tells of each, as of one that was keyed by hand."""


def take_rows(core: Core, tx: BulkTx, import_: Import, rows: Sequence[tuple[int, str]], at_us: int) -> Taken:
    """Add `rows` (number and parsed JSON) as plans; those that fit no longer come back with why."""
    who = sender_of(core, tx.connection, import_.created_by)
    said = [(row_no, _plan(parsed)) for row_no, parsed in rows]
    refused = {row_no: found for row_no, new in said if (found := _changed_since(tx, who, new)) is not None}
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


def _changed_since(tx: BulkTx, who: Principal, new: NewPlan) -> Finding | None:
    """What has happened between the check and now that keeps the row out."""
    try:
        CATALOGUE.refuse_new(tx, who, new.code, new.currency)
    except Refusal as refusal:
        if refusal.code == Codes.REFERENCE_TAKEN:
            return error(refusal.code, CATALOGUE.taken(new.code), "code", new.code)
        return error(refusal.code, refusal.detail)
    return None
