"""From first form to closure and back: one command a state change, dates and reasons checked (contract, section 3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from branchtui.contract import customers as wire
from branchtui.contract.codes import CodeName
from branchtui.contract.customers import LegalForm
from branchtui.contract.problem import Codes
from branchtui.ledger import audit
from branchtui.ledger.problems import Refusal, invalid
from branchtui.ledger.store.rows import Address, Identifier
from branchtui.ledger.workflows import customer_filing, membership
from branchtui.ledger.workflows.codes import resolve
from branchtui.ledger.workflows.customer_rules import BECOMES, CustomerAction, is_new
from branchtui.ledger.workflows.customer_values import CODED, COLUMN_OF, age_errors, missing_fields
from branchtui.ledger.workflows.customer_views import day_of
from branchtui.ledger.workflows.customers import customer_done, path_of, refuse_now, unchanged
from branchtui.ledger.workflows.staff import chosen

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command, Reply
    from branchtui.ledger.store.rows import Customer
    from branchtui.ledger.store.unit import Tx


def activate(
    core: Core, tx: Tx, command: Command, customer_id: str, seen: int, asked: wire.ActivateCustomer
) -> Reply:
    """`POST /v1/customers/{id}/activate`: the day lies between submission, or reopening, and today.

    Raises:
        Refusal: 403 `needs-checker` where members are approved, 404, 412, 409, 422.
    """
    customer = _ready(core, tx, command, customer_id, seen, CustomerAction.ACTIVATE)
    _refuse_incomplete(core, tx, customer)
    first = _latest(("the day of submission", customer.submitted_on), ("the reopening", customer.reopened_on))
    day = _day(core, customer, asked.activation_date, "/activation_date", "activation date", first)
    return _become(core, tx, command, customer, CustomerAction.ACTIVATE, {"activation_date": day})


def reject(
    core: Core, tx: Tx, command: Command, customer_id: str, seen: int, asked: wire.RejectCustomer
) -> Reply:
    """`POST /v1/customers/{id}/reject`.

    Raises:
        Refusal: 404, 412, 409, 422.
    """
    customer = _ready(core, tx, command, customer_id, seen, CustomerAction.REJECT)
    first = _latest(("the day of submission", customer.submitted_on), ("the reopening", customer.reopened_on))
    day = _day(core, customer, asked.rejection_date, "/rejection_date", "rejection date", first)
    reason = resolve(tx, CodeName.REJECTION_REASON, asked.rejection_reason, "/rejection_reason")
    columns = {"rejected_on": day, "rejection_reason": reason.id}
    return _become(core, tx, command, customer, CustomerAction.REJECT, columns, reason.name)


def withdraw(
    core: Core, tx: Tx, command: Command, customer_id: str, seen: int, asked: wire.WithdrawCustomer
) -> Reply:
    """`POST /v1/customers/{id}/withdraw`: the applicant has changed his mind.

    Raises:
        Refusal: 404, 412, 409, 422.
    """
    customer = _ready(core, tx, command, customer_id, seen, CustomerAction.WITHDRAW)
    first = _latest(("the day of submission", customer.submitted_on), ("the reopening", customer.reopened_on))
    day = _day(core, customer, asked.withdrawal_date, "/withdrawal_date", "withdrawal date", first)
    reason = resolve(tx, CodeName.WITHDRAWAL_REASON, asked.withdrawal_reason, "/withdrawal_reason")
    columns = {"withdrawn_on": day, "withdrawal_reason": reason.id}
    return _become(core, tx, command, customer, CustomerAction.WITHDRAW, columns, reason.name)


def reopen(
    core: Core, tx: Tx, command: Command, customer_id: str, seen: int, asked: wire.ReopenCustomer
) -> Reply:
    """`POST /v1/customers/{id}/reopen`: pending again, not before the rejection or withdrawal.

    Raises:
        Refusal: 404, 412, 409, 422.
    """
    customer = _ready(core, tx, command, customer_id, seen, CustomerAction.REOPEN)
    first = _latest(("the rejection", customer.rejected_on), ("the withdrawal", customer.withdrawn_on))
    day = _day(core, customer, asked.reopened_date, "/reopened_date", "reopening", first)
    columns = {
        "reopened_on": day,
        "rejected_on": None,
        "rejection_reason": None,
        "withdrawn_on": None,
        "withdrawal_reason": None,
    }
    return _become(core, tx, command, customer, CustomerAction.REOPEN, columns)


def close(
    core: Core, tx: Tx, command: Command, customer_id: str, seen: int, asked: wire.CloseCustomer
) -> Reply:
    """`POST /v1/customers/{id}/close`: nothing is owed, nothing held, no balance record waits.

    Raises:
        Refusal: 404, 412, 409 `transition-not-allowed`, `balance-not-zero` or `records-waiting`, 422.
    """
    customer = _ready(core, tx, command, customer_id, seen, CustomerAction.CLOSE)
    first = _latest(
        ("the day of submission", customer.submitted_on),
        ("the activation", customer.activation_date),
        ("the reactivation", customer.reactivated_on),
    )
    day = _day(core, customer, asked.closure_date, "/closure_date", "closure date", first)
    reason = resolve(tx, CodeName.CLOSURE_REASON, asked.closure_reason, "/closure_reason")
    columns = {"closed_on": day, "closure_reason": reason.id}
    return _become(core, tx, command, customer, CustomerAction.CLOSE, columns, reason.name)


def reactivate(
    core: Core, tx: Tx, command: Command, customer_id: str, seen: int, asked: wire.ReactivateCustomer
) -> Reply:
    """`POST /v1/customers/{id}/reactivate`: active again at once, not before the closure.

    Who was closed while pending becomes a member by it, under the rules of new ones.

    Raises:
        Refusal: 403 `needs-checker` for a new member where those are approved, 404, 412, 409, 422.
    """
    customer = _ready(core, tx, command, customer_id, seen, CustomerAction.REACTIVATE)
    if is_new(customer):
        _refuse_incomplete(core, tx, customer)
    first = _latest(("the closure", customer.closed_on))
    day = _day(core, customer, asked.reactivation_date, "/reactivation_date", "reactivation", first)
    columns = {
        "reactivated_on": day,
        "activation_date": customer.activation_date or day,
        "closed_on": None,
        "closure_reason": None,
    }
    return _become(core, tx, command, customer, CustomerAction.REACTIVATE, columns)


def assign_staff(
    core: Core, tx: Tx, command: Command, customer_id: str, seen: int, asked: wire.AssignStaff
) -> Reply:
    """`POST /v1/customers/{id}/assign-staff`: somebody of the customer's branch, or of one above it.

    Raises:
        Refusal: 404, 412, 409, 422 for staff of another branch.
    """
    customer = _ready(core, tx, command, customer_id, seen, CustomerAction.ASSIGN_STAFF)
    staff = chosen(core, tx, command.principal, asked.staff_id, customer.branch_id, "/staff_id")
    return _become(core, tx, command, customer, CustomerAction.ASSIGN_STAFF, {"staff_id": staff.id})


def unassign_staff(core: Core, tx: Tx, command: Command, customer_id: str, seen: int) -> Reply:
    """`POST /v1/customers/{id}/unassign-staff`.

    Raises:
        Refusal: 404, 412, 409 when nobody is assigned.
    """
    customer = _ready(core, tx, command, customer_id, seen, CustomerAction.UNASSIGN_STAFF)
    return _become(core, tx, command, customer, CustomerAction.UNASSIGN_STAFF, {"staff_id": None})


def _ready(
    core: Core, tx: Tx, command: Command, customer_id: str, seen: int, action: CustomerAction
) -> Customer:
    customer = unchanged(core, tx, command, customer_id, seen)
    refuse_now(tx, command.principal, customer, action)
    return customer


def _become(
    core: Core,
    tx: Tx,
    command: Command,
    customer: Customer,
    action: CustomerAction,
    columns: dict[str, Any],
    reason: str | None = None,
) -> Reply:
    """Write the new state with its columns, and tell the chain."""
    status = BECOMES.get(action)
    values = columns | ({"status": status.value} if status else {})
    changed = customer_filing.keep(tx, replace(customer, **values, version=customer.version + 1))
    event = audit.Event(
        action=command.action,
        object=path_of(customer.id),
        before={name: getattr(customer, name) for name in values},
        after=values | {"version": changed.version},
        reason=reason,
    )
    return customer_done(core, tx, command, changed, event)


def _latest(*days: tuple[str, str | None]) -> tuple[str, str | None]:
    """What lies last of some named days."""
    known = [(day, said) for said, day in days if day is not None]
    return (max(known)[1], max(known)[0]) if known else ("", None)


def _day(
    core: Core, customer: Customer, given: date | None, pointer: str, said: str, first: tuple[str, str | None]
) -> str:
    """The day that was given, or today; between `first` (what it is called, and when) and today.

    Raises:
        Refusal: 422.
    """
    today = core.today(core.tree[customer.branch_id])
    day = (given or today).isoformat()
    if day > today.isoformat():
        raise invalid(pointer, f"The {said} lies in the future.", "date-in-future")
    what, earliest = first
    if earliest is not None and day < earliest:
        raise invalid(pointer, f"The {said} lies before {what}, {earliest}.", "date-too-early")
    return day


def _refuse_incomplete(core: Core, tx: Tx, customer: Customer) -> None:
    """Whoever becomes a member says what the institution asks for, also when it has asked only since."""
    values: dict[str, Any] = {
        "addresses": len(tx.find(Address, customer_id=customer.id)),
        "identifiers": len(tx.find(Identifier, customer_id=customer.id)),
    }
    for name in ("mobile_no", "email", "date_of_birth", "staff_id", "external_id", "incorporation_no"):
        values[name] = getattr(customer, name)
    values |= {member: getattr(customer, COLUMN_OF.get(member, member)) for member in CODED}
    form, rules = LegalForm(customer.legal_form), membership.rules(tx)
    missing = missing_fields(form, values, rules)
    if missing:
        named = ", ".join(name.removesuffix("_id").replace("_", " ") for name in missing)
        wrong: Refusal = invalid(
            f"/{missing[0]}", f"The institution asks for: {named}. Edit the customer first."
        )
        raise wrong
    today = core.today(core.tree[customer.branch_id])
    if aged := age_errors(form, day_of(customer.date_of_birth), today, rules):
        raise Refusal(422, Codes.VALIDATION, aged[0].message, errors=tuple(aged))
