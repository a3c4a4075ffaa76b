"""Learned payers as the contract shows them: listed, switched off and on again, by whom they belong to."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Boolean, and_, bindparam, func, literal_column

from branchtui.contract import learned_payers as wire
from branchtui.format.folding import fold
from branchtui.ledger import audit, history
from branchtui.ledger.access import Permission
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import forbidden, not_found
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.rows import Customer, LearnedPayer
from branchtui.ledger.store.search import digits
from branchtui.ledger.workflows.changing import offered
from branchtui.ledger.workflows.payer_memory import LEARNED_FOR_US, is_expired
from branchtui.ledger.workflows.payment_views import brief, phone_shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.access import Principal, Scope
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.problems import Refusal
    from branchtui.ledger.store.unit import Tx

CHANGED: Final = "learned-payer.change"
SWITCH: Final = "switch"
_c = tables.learned_payers.c

LEARNED_PAYERS: Final = ListSpec(
    row_type=LearnedPayer,
    name="learned-payers",
    sorts={
        "newest": Sort("used_at", descending=True, is_time=True),
        "oldest": Sort("used_at", is_time=True),
    },
    filters={
        "branch": _c.branch_id == bindparam("branch"),
        "branches": literal_column(
            "+learned_payers.branch_id IN (SELECT value FROM json_each(:branches))", Boolean
        ),
        "customer": _c.customer_id == bindparam("customer"),
        "active": and_(_c.active == 1, _c.used_at > bindparam("active__since")),
        "expired": and_(_c.active == 1, _c.used_at <= bindparam("expired__since")),
        "off": and_(_c.active == 0, bindparam("off", type_=Boolean)),
        "q": func.instr(_c.search_text, bindparam("q")) > 0,
    },
)
"""The list behind `GET /v1/learned-payers`: the last used first."""


def filters(
    scope: Scope, *, customer_id: str | None, state: wire.LearnedState | None, q: str | None, now_us: int
) -> dict[str, Any]:
    """The filters of `LEARNED_PAYERS`. `q` is a part of the payer's name, or of the phone in any writing."""
    found: dict[str, Any] = {}
    if q:
        found["q"] = digits(q) or fold(q)
    if state is not None:
        off = state is wire.LearnedState.OFF
        found[state.value] = True if off else {"since": now_us - LEARNED_FOR_US}
    if customer_id is not None:
        found["customer"] = customer_id
    if len(scope.branch_ids) == 1:
        found["branch"] = min(scope.branch_ids)
    elif not scope.top:
        found["branches"] = json.dumps(sorted(scope.branch_ids))
    return found


def path_of(row: LearnedPayer) -> str:
    """Where a learned payer is found."""
    return f"/v1/learned-payers/{row.id}"


def state_of(row: LearnedPayer, now_us: int) -> wire.LearnedState:
    """Whether it is proposed now, and if not, why."""
    if not row.active:
        return wire.LearnedState.OFF
    return wire.LearnedState.EXPIRED if is_expired(row, now_us) else wire.LearnedState.ACTIVE


def refuse_switch(who: Principal, row: LearnedPayer) -> Refusal | None:
    """Why `who` may not switch it, or None: it is the teller's who taught it or switched it last, and a supervisor's."""
    if not who.may(Permission.PAYMENT_ASSOCIATE):
        return forbidden(f"Your role, {who.role.value}, may not switch learned payers.")
    if who.may(Permission.PAYMENT_DISASSOCIATE_ANY):
        return None
    owner = row.switched_by or row.taught_by
    if owner == who.username:
        return None
    verb, switch = ("switched it off", "on") if row.switched_by and not row.active else ("taught this", "off")
    return forbidden(f"{owner} {verb}. Ask a supervisor to switch it {switch}.")


def answer(who: Principal, row: LearnedPayer, customer: Customer, now_us: int) -> wire.LearnedPayer:
    """A learned payer as `who` sees it."""
    actions, refused = offered({SWITCH: refuse_switch(who, row)})
    return wire.LearnedPayer(
        id=row.id,
        version=row.version,
        actions=actions,
        refused=refused,
        branch_id=row.branch_id,
        customer_id=row.customer_id,
        customer=brief(customer),
        payer_phone=phone_shown(who, row.payer_phone, row.phone_form) or "",
        payer_name=row.payer_name,
        taught_by=row.taught_by,
        taught_at=as_datetime(row.taught_at),
        used_at=as_datetime(row.used_at),
        times=row.times,
        expires_at=as_datetime(row.used_at + LEARNED_FOR_US),
        state=state_of(row, now_us),
        switched_by=row.switched_by,
        switched_at=None if row.switched_at is None else as_datetime(row.switched_at),
    )


async def answers(
    core: Core, who: Principal, rows: Sequence[LearnedPayer], now_us: int
) -> tuple[wire.LearnedPayer, ...]:
    """Learned payers of a page."""
    owners = {
        each.id: each for each in await core.reader.by_keys(Customer, {row.customer_id for row in rows})
    }
    return tuple(answer(who, row, owners[row.customer_id], now_us) for row in rows)


def change(
    core: Core, tx: Tx, command: Command, row_id: str, seen: int, asked: wire.LearnedPayerChange
) -> Reply:
    """`PATCH /v1/learned-payers/{id}`: switched off it proposes nobody, whatever is given by it from then on.

    Raises:
        Refusal: 404, 403, 412.
    """
    who = command.principal
    row = tx.get(LearnedPayer, row_id)
    customer = tx.get(Customer, row.customer_id) if row is not None else None
    if row is None or customer is None or not who.scope.covers(row.branch_id):
        raise not_found("learned payer")
    if row.version != seen:
        changes = history.changes_since(tx, path_of(row), seen)
        timezone = core.tree[row.branch_id].timezone
        raise history.stale(answer(who, row, customer, command.at_us), changes, timezone)
    if refusal := refuse_switch(who, row):
        raise refusal
    event = audit.Event(command.action, object=path_of(row))
    if bool(row.active) is not asked.active:
        before = {"active": bool(row.active)}
        row = replace(
            row,
            version=row.version + 1,
            active=int(asked.active),
            switched_by=who.username,
            switched_at=command.at_us,
        )
        tx.put(row)
        after = {"active": asked.active, "version": row.version}
        event = audit.Event(command.action, object=path_of(row), before=before, after=after)
    return reply(
        answer(who, row, customer, command.at_us),
        event=event,
        branch_id=row.branch_id,
        resource=path_of(row),
        version=row.version,
        summary=f"learned payer of {customer.customer_no}, {'on' if row.active else 'off'}",
    )
