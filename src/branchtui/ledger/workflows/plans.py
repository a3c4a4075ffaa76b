"""Plans: what vouchers are sold of, as administrators keep them (contract, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func, or_

from branchtui.contract import vouchers as wire
from branchtui.format.folding import fold
from branchtui.ledger.operations import Reply
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.rows import Plan
from branchtui.ledger.workflows.catalogue import Catalogue

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx

_c = tables.plans.c

PLANS: Final = ListSpec(
    row_type=Plan,
    name="plans",
    sorts={"name": Sort("name_key", key=fold)},
    filters={
        "active": _c.active == bindparam("active"),
        "q": or_(
            func.instr(_c.name_key, bindparam("q")) > 0, func.instr(func.lower(_c.code), bindparam("q")) > 0
        ),
    },
)
"""The list behind `GET /v1/plans`."""


def answer(who: Principal, plan: Plan) -> wire.Plan:
    """A plan as the contract shows one."""
    actions, refused = CATALOGUE.offered(who)
    return wire.Plan(
        id=plan.id,
        version=plan.version,
        actions=actions,
        refused=refused,
        code=plan.code,
        name=plan.name,
        price_minor=plan.price_minor,
        currency=plan.currency,
        validity_days=plan.validity_days,
        active=bool(plan.active),
    )


CATALOGUE: Final = Catalogue(Plan, "plan", answer)


def create(core: Core, tx: Tx, command: Command, new: wire.NewPlan) -> Reply:
    """`POST /v1/plans`.

    Raises:
        Refusal: 403, 409 `reference-taken` for a code that is used, 422 for a currency that does not exist.
    """
    CATALOGUE.refuse_new(tx, command.principal, new.code, new.currency)
    plan = new_plan(core.new_id(), new, command.at_us)
    return CATALOGUE.add(tx, command, plan, {"price_minor": plan.price_minor})


def new_plan(
    plan_id: str,
    new: wire.NewPlan,
    at_us: int,
    *,
    import_id: str | None = None,
    import_row_no: int | None = None,
) -> Plan:
    """A plan in its first version; of a file, with the row that brought it."""
    return Plan(
        id=plan_id,
        version=1,
        code=new.code,
        name=new.name,
        name_key=fold(new.name),
        price_minor=new.price_minor,
        currency=new.currency,
        validity_days=new.validity_days,
        active=1,
        created_at=at_us,
        import_id=import_id,
        import_row_no=import_row_no,
    )


def change(core: Core, tx: Tx, command: Command, plan_id: str, seen: int, asked: wire.PlanChange) -> Reply:
    """`PATCH /v1/plans/{id}`: holds for the next sale; vouchers that were sold stay as they were.

    Raises:
        Refusal: 403, 404, 412, 422.
    """
    return CATALOGUE.change(core, tx, command, plan_id, seen, asked)
