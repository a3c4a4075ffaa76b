"""Further details of a customer: texts by names of the institution's own (contract, section 3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from branchtui.contract import customer_parts as wire
from branchtui.ledger import audit, history
from branchtui.ledger.cards import holds_card_number
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import invalid
from branchtui.ledger.store.rows import CustomerDetails
from branchtui.ledger.workflows.changing import offered
from branchtui.ledger.workflows.customer_rules import CustomerAction, refuse_role, refuse_state
from branchtui.ledger.workflows.customers import visible

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.rows import Customer
    from branchtui.ledger.store.unit import Tx


def path_of(customer_id: str) -> str:
    """Where the details of a customer are found."""
    return f"/v1/customers/{customer_id}/additional-details"


def answer(who: Principal, customer: Customer, stored: CustomerDetails | None) -> wire.AdditionalDetails:
    """The details as the contract shows them; none are version one."""
    refusal = refuse_role(CustomerAction.ADD_PART, who) or refuse_state(
        CustomerAction.ADD_PART, customer.status
    )
    actions, refused = offered({"edit": refusal})
    return wire.AdditionalDetails(
        id=customer.id,
        version=stored.version if stored else 1,
        actions=actions,
        refused=refused,
        details=json.loads(stored.details) if stored else {},
    )


async def read(core: Core, who: Principal, customer: Customer) -> wire.AdditionalDetails:
    """The details of a customer."""
    return answer(who, customer, await core.reader.get(CustomerDetails, customer.id))


def change(
    core: Core, tx: Tx, command: Command, customer_id: str, seen: int, asked: wire.AdditionalDetailsChange
) -> Reply:
    """`PUT /v1/customers/{id}/additional-details`.

    Raises:
        Refusal: 404, 412, 409 `transition-not-allowed`, 422.
    """
    who = command.principal
    customer = visible(tx, who, customer_id)
    stored = tx.get(CustomerDetails, customer.id)
    shown = answer(who, customer, stored)
    path = path_of(customer.id)
    if shown.version != seen:
        changes = history.changes_since(tx, path, seen)
        raise history.stale(shown, changes, core.tree[customer.branch_id].timezone)
    if wrong := refuse_state(CustomerAction.ADD_PART, customer.status):
        raise wrong
    for name, text in asked.details.items():
        if holds_card_number(text):
            raise invalid(f"/details/{name}", f"{name}: this looks like a card number. Take it out.")
    after = CustomerDetails(
        customer.id, shown.version + 1, json.dumps(asked.details, ensure_ascii=False, sort_keys=True)
    )
    tx.put(after)
    changed = sorted(
        name
        for name in shown.details.keys() | asked.details.keys()
        if shown.details.get(name) != asked.details.get(name)
    )
    event = audit.Event(
        command.action, object=path, after=dict.fromkeys(changed, "changed") | {"version": after.version}
    )
    return reply(
        answer(who, customer, after),
        event=event,
        branch_id=customer.branch_id,
        resource=path,
        version=after.version,
        summary=f"further details of {customer.customer_no}",
    )
