"""Transfers as both branches see them: the destination's queue, and what the origin has offered (section 3)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Boolean, bindparam, literal_column

from branchtui.contract import transfers as wire
from branchtui.contract.customers import CustomerBrief, CustomerStatus
from branchtui.contract.transfers import TransferDirection, TransferState
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.rows import Customer, Transfer
from branchtui.ledger.workflows.changing import offered
from branchtui.ledger.workflows.customer_rules import CustomerAction, Standing, refuse

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal, Scope
    from branchtui.ledger.core import Core

_c = tables.transfers.c
_TO: Final = "transfers.to_branch_id IN (SELECT value FROM json_each(:{0}))"
_FROM: Final = "transfers.from_branch_id IN (SELECT value FROM json_each(:{0}))"
_ENDS: Final = (CustomerAction.ACCEPT, CustomerAction.REJECT_TRANSFER, CustomerAction.WITHDRAW_TRANSFER)

TRANSFERS: Final = ListSpec(
    row_type=Transfer,
    name="transfers",
    sorts={"proposed": Sort("proposed_at", descending=True, is_time=True)},
    filters={
        "incoming": literal_column(_TO.format("incoming"), Boolean),
        "outgoing": literal_column(_FROM.format("outgoing"), Boolean),
        "either": literal_column(f"({_TO.format('either')} OR {_FROM.format('either')})", Boolean),
        "state": _c.state == bindparam("state"),
    },
)
"""The list behind `GET /v1/transfers`."""


def filters(scope: Scope, direction: TransferDirection | None, state: TransferState | None) -> dict[str, Any]:
    """The filters of `TRANSFERS` for somebody's branches; without a state those that wait."""
    name = "either" if direction is None else direction.value
    return {
        name: json.dumps(sorted(scope.branch_ids)),
        "state": (state or TransferState.PROPOSED).value,
    }


async def answers(core: Core, who: Principal, rows: Sequence[Transfer]) -> tuple[wire.Transfer, ...]:
    """Transfers as the contract shows them. The customer is shown in brief, to the destination too."""
    customers = {
        each.id: each for each in await core.reader.by_keys(Customer, {row.customer_id for row in rows})
    }
    return tuple(_answer(core, who, row, customers[row.customer_id]) for row in rows)


def _answer(core: Core, who: Principal, row: Transfer, customer: Customer) -> wire.Transfer:
    waits = row.state == TransferState.PROPOSED
    standing = Standing(customer, row if waits else None)
    actions, refused = offered(
        {action.value: refuse(action, who, standing) for action in _ENDS} if waits else {}
    )
    return wire.Transfer(
        id=row.id,
        version=customer.version,
        actions=actions,
        refused=refused,
        customer_id=customer.id,
        customer=CustomerBrief(
            id=customer.id,
            customer_no=customer.customer_no,
            name=customer.name,
            account_no=customer.account_no,
            status=CustomerStatus(customer.status),
        ),
        from_branch_id=row.from_branch_id,
        from_branch_code=core.tree[row.from_branch_id].code,
        to_branch_id=row.to_branch_id,
        to_branch_code=core.tree[row.to_branch_id].code,
        transfer_date=date.fromisoformat(row.transfer_date),
        note=row.note,
        state=TransferState(row.state),
        proposed_by=row.proposed_by,
        proposed_at=as_datetime(row.proposed_at),
        decided_by=row.decided_by,
        decided_at=None if row.decided_at is None else as_datetime(row.decided_at),
        decision_note=row.decision_note,
    )
