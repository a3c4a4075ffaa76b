"""Customers as a user may see them: what may be done, what things are called, what is masked (AUTHZ-4)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from branchtui.contract import customers as wire
from branchtui.contract.base import RefusedAction
from branchtui.contract.customers import CustomerStatus, LegalForm
from branchtui.contract.sessions import Role
from branchtui.ledger.access import Permission, Principal, Scope
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.phones import masked
from branchtui.ledger.store.rows import CodeValue, Customer, Staff
from branchtui.ledger.workflows.changing import offered
from branchtui.ledger.workflows.customer_rules import (
    CustomerAction,
    Standing,
    refuse_detail,
    refuse_role,
    refuse_state,
)

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.unit import Tx

_NAMED = (
    "gender",
    "client_type",
    "classification",
    "staff_id",
    "group_id",
    "organisation_id",
    "constitution",
    "business_line",
    "closure_reason",
    "rejection_reason",
    "withdrawal_reason",
)
"""Columns that hold the id of something with a name."""


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks at customers."""

    core: Core
    who: Principal

    def answer(self, standing: Standing, names: Mapping[str, str], **parts: Any) -> wire.Customer:
        """A customer as `who` sees him; `names` are those of `ids_in`, `parts` what was asked for beside."""
        customer = standing.customer
        actions, refused = self.permitted(standing)
        clear = may_see_person(self.who)

        def named(value_id: str | None) -> str | None:
            return None if value_id is None else names.get(value_id, value_id)

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
            branch_code=self.core.tree[customer.branch_id].code,
            status=CustomerStatus(customer.status),
            mobile_no=phone_shown(self.who, customer.mobile_no),
            email=customer.email if clear else None,
            date_of_birth=day_of(customer.date_of_birth) if clear else None,
            gender=named(customer.gender),
            client_type=named(customer.client_type),
            classification=named(customer.classification),
            staff_id=customer.staff_id,
            staff=named(customer.staff_id),
            external_id=customer.external_id,
            labels=tuple(names.get(each, each) for each in labels_of(customer)),
            group=named(customer.group_id),
            organisation=named(customer.organisation_id),
            incorporation_no=customer.incorporation_no,
            incorporation_valid_until=day_of(customer.incorporation_valid_until),
            constitution=named(customer.constitution),
            business_line=named(customer.business_line),
            submitted_on=day_of(customer.submitted_on),
            activation_date=day_of(customer.activation_date),
            reopened_on=day_of(customer.reopened_on),
            closure_date=day_of(customer.closed_on),
            closure_reason=named(customer.closure_reason),
            rejection_date=day_of(customer.rejected_on),
            rejection_reason=named(customer.rejection_reason),
            withdrawal_date=day_of(customer.withdrawn_on),
            withdrawal_reason=named(customer.withdrawal_reason),
            reactivation_date=day_of(customer.reactivated_on),
            terms_accepted_on=day_of(customer.terms_accepted_on),
            self_registered=bool(customer.self_registered),
            created_by=customer.created_by,
            created_at=as_datetime(customer.created_at),
            **parts,
        )

    def permitted(self, standing: Standing) -> tuple[tuple[str, ...], dict[str, RefusedAction]]:
        """What `who` may do to the customer now, and why not the rest."""
        open_, closed = _by_role_and_state(self.who.role, standing.customer.status)
        hindered = {action: refuse_detail(action, self.who, standing) for action in open_}
        actions, refused = offered({action.value: refusal for action, refusal in hindered.items()})
        return actions, closed | refused


@cache
def _by_role_and_state(
    role: Role, status: str
) -> tuple[tuple[CustomerAction, ...], dict[str, RefusedAction]]:
    """The actions that role and state leave, and why not the others: the same for every customer of a list."""
    nobody = Principal("", "", "", role, "", Scope(frozenset()))
    refusals = {
        action: refuse_role(action, nobody) or refuse_state(action, status) for action in CustomerAction
    }
    _, refused = offered({action.value: refusal for action, refusal in refusals.items()})
    return tuple(action for action, refusal in refusals.items() if refusal is None), refused


def may_see_person(who: Principal) -> bool:
    """Whether phone, e-mail and date of birth are shown: to who serves customers, and to who audits."""
    return who.may(Permission.CUSTOMER_CHANGE) or who.may(Permission.AUDIT_VIEW)


def phone_shown(who: Principal, e164: str | None) -> str | None:
    """A phone as `who` may see it."""
    return e164 if e164 is None or may_see_person(who) else masked(e164)


def day_of(text: str | None) -> date | None:
    """A stored day."""
    return date.fromisoformat(text) if text else None


def labels_of(customer: Customer) -> list[str]:
    """The ids of the customer's labels."""
    found: list[str] = json.loads(customer.labels)
    return found


def ids_in(customers: Iterable[Customer]) -> set[str]:
    """The ids of everything that these customers name by it."""
    found: set[str] = set()
    for customer in customers:
        found.update(each for name in _NAMED if (each := getattr(customer, name)))
        if customer.labels != "[]":
            found.update(labels_of(customer))
    return found


def names_in(tx: Tx, ids: Iterable[str]) -> dict[str, str]:
    """The names of code values and staff, as a transaction sees them."""
    found: dict[str, str] = {}
    for each in ids:
        row = tx.get(CodeValue, each) or tx.get(Staff, each)
        found[each] = row.name if row is not None else each
    return found
