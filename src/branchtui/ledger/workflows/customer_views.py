"""Customers as a user may see them: what may be done, and what is masked (AUTHZ-4)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from branchtui.contract import customers as wire
from branchtui.contract.base import RefusedAction
from branchtui.contract.customers import CustomerStatus, LegalForm
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.phones import masked
from branchtui.ledger.workflows.accounts import OPENS_ACCOUNTS, account_answer
from branchtui.ledger.workflows.record_rules import TAKES_RECORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.rows import Account, Customer

OPEN_ACCOUNT: Final = "open-account"
NEW_BALANCE: Final = "new-balance"

_NEEDS: Final = {
    OPEN_ACCOUNT: (Permission.CUSTOMER_CHANGE, OPENS_ACCOUNTS),
    NEW_BALANCE: (Permission.RECORD_CHANGE, TAKES_RECORDS),
}
"""What a user needs for an action, and where the customer must stand."""


def customer_answer(
    core: Core,
    principal: Principal,
    customer: Customer,
    *,
    accounts: Sequence[Account] | None = None,
    entries: tuple[wire.Entry, ...] | None = None,
) -> wire.Customer:
    """A stored customer as `principal` sees him; `accounts` and `entries` where they were asked for."""
    actions, refused = permitted(principal, customer)
    clear = may_see_person(principal)
    return wire.Customer(
        id=customer.id,
        version=customer.version,
        actions=actions,
        refused=refused,
        customer_no=customer.customer_no,
        account_no=customer.account_no,
        legal_form=LegalForm(customer.legal_form),
        name=customer.name,
        first_name=customer.first_name,
        middle_name=customer.middle_name,
        last_name=customer.last_name,
        branch_id=customer.branch_id,
        branch_code=core.tree[customer.branch_id].code,
        status=CustomerStatus(customer.status),
        mobile_no=customer.mobile_no if clear or customer.mobile_no is None else masked(customer.mobile_no),
        email=customer.email if clear else None,
        date_of_birth=_date(customer.date_of_birth) if clear else None,
        gender=customer.gender,
        external_id=customer.external_id,
        submitted_on=_date(customer.submitted_on),
        activation_date=_date(customer.activation_date),
        created_at=as_datetime(customer.created_at),
        accounts=None if accounts is None else tuple(account_answer(each) for each in accounts),
        entries=entries,
    )


def may_see_person(principal: Principal) -> bool:
    """Whether phone, e-mail and date of birth are shown: to who serves customers, and to who audits."""
    return principal.may(Permission.CUSTOMER_CHANGE) or principal.may(Permission.AUDIT_VIEW)


def permitted(principal: Principal, customer: Customer) -> tuple[tuple[str, ...], dict[str, RefusedAction]]:
    """What the user may do to the customer now, and why not the rest."""
    actions: list[str] = []
    refused: dict[str, RefusedAction] = {}
    for action, (permission, statuses) in _NEEDS.items():
        if not principal.may(permission):
            message = f"Your role, {principal.role.value}, may not do this."
            refused[action] = RefusedAction(code=Codes.FORBIDDEN, message=message)
        elif customer.status not in statuses:
            message = f"The customer is {customer.status.replace('_', ' ')}."
            refused[action] = RefusedAction(code=Codes.TRANSITION_NOT_ALLOWED, message=message)
        else:
            actions.append(action)
    return tuple(actions), refused


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
