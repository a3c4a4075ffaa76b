"""Plans: what vouchers are sold of, as administrators keep them (contract, section 5)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func, or_

from branchtui.contract import vouchers as wire
from branchtui.contract.problem import Codes
from branchtui.format.folding import fold
from branchtui.ledger import audit, history
from branchtui.ledger.access import Permission
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import conflict, not_found
from branchtui.ledger.store import tables
from branchtui.ledger.store.lists import ListSpec, Sort
from branchtui.ledger.store.rows import Plan
from branchtui.ledger.workflows.changing import differences, offered, refuse_whole, sent_members
from branchtui.ledger.workflows.currencies import verify_currency

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


def path_of(plan: Plan) -> str:
    """Where a plan is found."""
    return f"/v1/plans/{plan.id}"


def answer(who: Principal, plan: Plan) -> wire.Plan:
    """A plan as the contract shows one."""
    actions, refused = offered({"edit": refuse_whole(who, Permission.CODE_ADMIN, "plans")})
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


def create(core: Core, tx: Tx, command: Command, new: wire.NewPlan) -> Reply:
    """`POST /v1/plans`.

    Raises:
        Refusal: 403, 409 `reference-taken` for a code that is used, 422 for a currency that does not exist.
    """
    if refusal := refuse_whole(command.principal, Permission.CODE_ADMIN, "plans"):
        raise refusal
    verify_currency(new.currency)
    taken = tx.find_one(Plan, code=new.code)
    if taken is not None:
        raise conflict(
            Codes.REFERENCE_TAKEN,
            f"There is a plan {new.code} already. Nothing was recorded.",
            existing={"id": taken.id, "code": taken.code, "name": taken.name},
        )
    plan = new_plan(core.new_id(), new, command.at_us)
    tx.put(plan)
    after = {"code": plan.code, "name": plan.name, "price_minor": plan.price_minor, "version": 1}
    return _done(command, plan, audit.Event(command.action, object=path_of(plan), after=after), 201)


def new_plan(plan_id: str, new: wire.NewPlan, at_us: int) -> Plan:
    """A plan in its first version."""
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
    )


def change(core: Core, tx: Tx, command: Command, plan_id: str, seen: int, asked: wire.PlanChange) -> Reply:
    """`PATCH /v1/plans/{id}`: holds for the next sale; vouchers that were sold stay as they were.

    Raises:
        Refusal: 403, 404, 412.
    """
    who = command.principal
    if refusal := refuse_whole(who, Permission.CODE_ADMIN, "plans"):
        raise refusal
    plan = tx.get(Plan, plan_id)
    if plan is None:
        raise not_found("plan")
    if plan.version != seen:
        changes = history.changes_since(tx, path_of(plan), seen)
        raise history.stale(answer(who, plan), changes, core.tree[who.branch_id].timezone)
    sent = sent_members(asked, never_empty={"name", "price_minor", "validity_days", "active"})
    if "active" in sent:
        sent["active"] = int(sent["active"])
    before = differences(plan, sent)
    if not before:
        return _done(command, plan, audit.Event(command.action, object=path_of(plan)))
    changed = replace(plan, **sent, version=plan.version + 1)
    changed = replace(changed, name_key=fold(changed.name))
    tx.put(changed)
    after = {name: sent[name] for name in before} | {"version": changed.version}
    event = audit.Event(command.action, object=path_of(plan), before=before, after=after)
    return _done(command, changed, event)


def _done(command: Command, plan: Plan, event: audit.Event, status: int = 200) -> Reply:
    return reply(
        answer(command.principal, plan),
        event=event,
        branch_id=command.principal.branch_id,
        status=status,
        resource=path_of(plan),
        version=plan.version,
        location=path_of(plan) if status == 201 else None,
        summary=f"plan {plan.code}",
    )
