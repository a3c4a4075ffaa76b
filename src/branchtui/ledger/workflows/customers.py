"""Entering, changing and deleting customers (contract, section 3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.codes import CodeName
from branchtui.contract.customers import (
    AccountKind,
    CustomerChange,
    CustomerStatus,
    LegalForm,
    NewCustomer,
)
from branchtui.contract.problem import Codes, FieldError
from branchtui.ledger import audit, history, numbers
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.phones import masked, read_phone, region_of
from branchtui.ledger.problems import Refusal, invalid, not_found
from branchtui.ledger.store.rows import Account, Customer
from branchtui.ledger.workflows import customer_filing, customer_standing, loans, membership
from branchtui.ledger.workflows.accounts import account_answers, add_account
from branchtui.ledger.workflows.changing import differences, sent_members
from branchtui.ledger.workflows.codes import resolve
from branchtui.ledger.workflows.customer_alike import refuse_look_alike, refuse_taken, refuse_taken_member
from branchtui.ledger.workflows.customer_parts import add_parts, parts_answers, remove_parts
from branchtui.ledger.workflows.customer_rows import build_customer, searchable
from branchtui.ledger.workflows.customer_rules import CustomerAction, refuse
from branchtui.ledger.workflows.customer_values import (
    CODED,
    COLUMN_OF,
    asked_for,
    missing_fields,
    value_errors,
)
from branchtui.ledger.workflows.customer_views import Looker, day_of, ids_in, labels_of, names_in
from branchtui.ledger.workflows.reading import read_mobile
from branchtui.ledger.workflows.staff import chosen

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.phones import Phone
    from branchtui.ledger.store.rows import Branch
    from branchtui.ledger.store.unit import Tx

_PLAIN: Final = (
    "first_name",
    "middle_name",
    "last_name",
    "name",
    "email",
    "date_of_birth",
    "external_id",
    "incorporation_no",
    "incorporation_valid_until",
    "submitted_on",
)
"""Members of a change that are columns as they are."""

_DAYS: Final = ("date_of_birth", "submitted_on", "activation_date", "incorporation_valid_until")


def path_of(customer_id: str) -> str:
    """Where a customer is found."""
    return f"/v1/customers/{customer_id}"


def create(core: Core, tx: Tx, command: Command, new: NewCustomer) -> Reply:
    """`POST /v1/customers`: a customer with a wallet, and the parts that come along.

    Raises:
        Refusal: 404 for a branch or a member of staff that is not the caller's, 422 for values that break a rule,
            409 `reference-taken` with `existing`, 409 `possible-duplicate` with `duplicate_of`.
    """
    branch = core.tree.find(new.branch_id)
    if branch is None or not command.principal.scope.covers(branch.id):
        raise not_found("branch")
    phone, coded = verified(core, tx, command.principal, new, branch)
    refuse_taken(tx, command.principal, new)
    refuse_look_alike(tx, command, new, phone)
    username = command.principal.username
    customer = add_customer(core, tx, new, coded=coded, phone=phone, created_by=username, at_us=command.at_us)
    add_parts(core, tx, command, customer, new)
    path = path_of(customer.id)
    after = {"customer_no": customer.customer_no, "account_no": customer.account_no}
    event = audit.Event(action=command.action, object=path, after=after | {"status": customer.status})
    return customer_done(core, tx, command, customer, event, status=201, whole=True)


def verified(
    core: Core, tx: Tx, who: Principal, new: NewCustomer, branch: Branch
) -> tuple[Phone | None, dict[str, Any]]:
    """The phone of a new customer as it is kept, and the columns of what was chosen from lists.

    Raises:
        Refusal: 404 for a member of staff that is not the caller's, 422 for values that break a rule.
    """
    phone = phone_of(new, core.today(branch), branch, membership.rules(tx))
    coded = coded_columns(tx, {name: getattr(new, name) for name in NewCustomer.model_fields})
    if new.staff_id is not None:
        coded["staff_id"] = chosen(core, tx, who, new.staff_id, branch.id, "/staff_id").id
    return phone, coded


def phone_of(new: NewCustomer, today: date, branch: Branch, rules: membership.Rules) -> Phone | None:
    """The phone of a new customer whose values follow the rules, without a look at who is there.

    Raises:
        Refusal: 422 for values that break a rule.
    """
    values = {name: getattr(new, name) for name in NewCustomer.model_fields}
    errors = value_errors(new.legal_form, values, today, rules)
    if errors:
        raise Refusal(422, Codes.VALIDATION, errors[0].message, errors=tuple(errors))
    return read_mobile(new.mobile_no, branch, "/mobile_no") if new.mobile_no is not None else None


def add_customer(
    core: Core,
    tx: Tx,
    new: NewCustomer,
    *,
    created_by: str,
    at_us: int,
    phone: Phone | None = None,
    coded: Mapping[str, Any] | None = None,
) -> Customer:
    """Put a customer and the wallet that every customer has; numbers are made unless given.

    The values of `new` were verified, and its numbers are free.
    """
    branch = core.tree[new.branch_id]
    customer = build_customer(
        new,
        new_id=core.new_id(),
        customer_no=new.customer_no or numbers.next_customer_no(tx),
        account_no=new.account_no or numbers.next_account_no(tx),
        phone=phone,
        today=core.today(branch),
        created_by=created_by,
        at_us=at_us,
        coded=coded or {},
    )
    customer = customer_filing.keep(tx, customer, is_new=True)
    add_account(
        tx,
        customer,
        AccountKind.WALLET.value,
        branch.currency,
        new_id=core.new_id(),
        at_us=at_us,
        account_no=customer.account_no,
    )
    return customer


def coded_columns(tx: Tx, values: Mapping[str, Any], kept: Customer | None = None) -> dict[str, Any]:
    """The columns that hold ids, for those members of `values` that are codes; `kept` is the row that stands there.

    Raises:
        Refusal: 422 for what is no value of its list.
    """
    found: dict[str, Any] = {}
    for member, code in CODED.items():
        if member not in values:
            continue
        column = COLUMN_OF.get(member, member)
        given = values[member]
        stands = getattr(kept, column) if kept else None
        found[column] = None if given is None else resolve(tx, code, given, f"/{member}", kept=stands).id
    if "labels" in values:
        stands_here = set(labels_of(kept)) if kept else set()
        labels: dict[str, None] = {}
        for place, given in enumerate(values["labels"] or ()):
            value = resolve(tx, CodeName.LABEL, given, f"/labels/{place}", kept=_among(given, stands_here))
            labels[value.id] = None
        found["labels"] = sorted(labels)
    return found


def edit(core: Core, tx: Tx, command: Command, customer_id: str, seen: int, asked: CustomerChange) -> Reply:
    """`PATCH /v1/customers/{id}`: only the members that were sent change.

    Raises:
        Refusal: 404, 412 with what stands now and who changed it, 409 `transition-not-allowed` or
            `reference-taken`, 422.
    """
    customer = unchanged(core, tx, command, customer_id, seen)
    refuse_now(tx, command.principal, customer, CustomerAction.EDIT)
    sent = sent_members(asked)
    branch = core.tree[customer.branch_id]
    if "submitted_on" in sent and customer.status != CustomerStatus.PENDING:
        raise invalid("/submitted_on", "The day of submission stays once the customer is active.")
    if sent.get("name", "") is None and customer.legal_form == LegalForm.PERSON:
        del sent["name"]
    columns: dict[str, Any] = {name: sent[name] for name in _PLAIN if name in sent}
    columns |= coded_columns(tx, sent, customer)
    if "labels" in columns:
        columns["labels"] = json.dumps(columns["labels"])
    if sent.get("staff_id") is not None:
        staff = chosen(core, tx, command.principal, sent["staff_id"], branch.id, "/staff_id")
        columns["staff_id"] = staff.id
    elif "staff_id" in sent:
        columns["staff_id"] = None
    phone = _phone_after(customer, sent, branch)
    columns["mobile_no"] = phone.e164 if phone else None
    _verify_change(core, tx, customer, sent, branch)
    before = differences(customer, columns)
    if not before:
        return customer_done(
            core, tx, command, customer, audit.Event(command.action, object=path_of(customer.id))
        )
    if "external_id" in before:
        refuse_taken_member(tx, command.principal, "external_id", "External id", columns["external_id"])
    changed = searchable(replace(customer, **columns, version=customer.version + 1), phone)
    changed = customer_filing.keep(tx, changed)
    event = audit.Event(
        action=command.action,
        object=path_of(customer.id),
        before={name: told(name, value) for name, value in before.items()},
        after={name: told(name, columns[name]) for name in before} | {"version": changed.version},
    )
    return customer_done(core, tx, command, changed, event)


def delete(core: Core, tx: Tx, command: Command, customer_id: str, seen: int) -> Reply:
    """`DELETE /v1/customers/{id}`: only while pending, and only whom nothing hangs on; the chain keeps a tombstone.

    Raises:
        Refusal: 404, 412, 409 `transition-not-allowed` (also where an account has entries, which stay for ever),
            `balance-not-zero` or `records-waiting`.
    """
    customer = unchanged(core, tx, command, customer_id, seen)
    refuse_now(tx, command.principal, customer, CustomerAction.DELETE)
    remove_parts(tx, customer)
    for account in tx.find(Account, customer_id=customer.id):
        loans.forget(tx, account)
        tx.remove(account)
    customer_filing.remove(tx, customer)
    before = {
        "customer_no": customer.customer_no,
        "account_no": customer.account_no,
        "status": customer.status,
        "version": customer.version,
        "created_by": customer.created_by,
    }
    return Reply(
        status=204,
        body=b"",
        resource=path_of(customer.id),
        summary=f"customer {customer.customer_no}",
        event=audit.Event(action=command.action, object=path_of(customer.id), before=before),
        branch_id=customer.branch_id,
    )


def visible(tx: Tx, who: Principal, customer_id: str) -> Customer:
    """The customer.

    Raises:
        Refusal: 404 for one who is not the caller's to see.
    """
    customer = tx.get(Customer, customer_id)
    if customer is None or not who.scope.covers(customer.branch_id):
        raise not_found("customer")
    return customer


def unchanged(core: Core, tx: Tx, command: Command, customer_id: str, seen: int) -> Customer:
    """The customer in the version that was seen.

    Raises:
        Refusal: 404, 412.
    """
    customer = visible(tx, command.principal, customer_id)
    refuse_stale(core, tx, command.principal, customer, seen)
    return customer


def refuse_stale(core: Core, tx: Tx, who: Principal, customer: Customer, seen: int) -> None:
    """Refuse when the customer is not the version that was seen (412), with what stands now and what changed."""
    if customer.version == seen:
        return
    changes = history.changes_since(tx, path_of(customer.id), seen)
    standing = customer_standing.in_transaction(tx, customer)
    current = Looker(core, who).answer(standing, names_in(tx, ids_in([customer])))
    raise history.stale(current, changes, core.tree[customer.branch_id].timezone)


def refuse_now(tx: Tx, who: Principal, customer: Customer, action: CustomerAction) -> None:
    """Refuse what the customer's standing does not allow now."""
    refusal = refuse(action, who, customer_standing.in_transaction(tx, customer))
    if refusal is not None:
        raise refusal


def customer_done(
    core: Core,
    tx: Tx,
    command: Command,
    customer: Customer,
    event: audit.Event,
    *,
    status: int = 200,
    whole: bool = False,
) -> Reply:
    """The customer as the answer to a change; `whole` with accounts and parts."""
    parts: dict[str, Any] = {}
    if whole:
        held = sorted(tx.find(Account, customer_id=customer.id), key=lambda each: each.id)
        parts["accounts"] = account_answers(core, tx, command.principal, customer, held)
        parts |= parts_answers(tx, command.principal, customer)
    standing = customer_standing.in_transaction(tx, customer)
    path = path_of(customer.id)
    return reply(
        Looker(core, command.principal).answer(standing, names_in(tx, ids_in([customer])), **parts),
        event=event,
        branch_id=customer.branch_id,
        status=status,
        resource=path,
        version=customer.version,
        location=path if status == 201 else None,
        summary=f"customer {customer.customer_no}, account {customer.account_no}",
    )


def told(member: str, value: Any) -> Any:
    """A value as the audit chain may hold it: no full name, no phone, no birthday (AUD-1)."""
    if value is None:
        return None
    if member in {"first_name", "middle_name", "last_name", "name"}:
        return f"{value[:1]}***"
    if member == "mobile_no":
        return masked(value)
    if member == "email":
        return f"{value[:1]}***@{value.rpartition('@')[2]}"
    return f"{value[:4]}-**-**" if member == "date_of_birth" else value


def _verify_change(core: Core, tx: Tx, customer: Customer, sent: Mapping[str, Any], branch: Branch) -> None:
    """The values together, as they would stand; what the institution asks for must not be taken away."""
    form = LegalForm(customer.legal_form)
    values: dict[str, Any] = {name: getattr(customer, name) for name in (*_PLAIN, "mobile_no", "staff_id")}
    values |= {member: getattr(customer, COLUMN_OF.get(member, member)) for member in CODED}
    if form is LegalForm.PERSON:
        values["name"] = None
    values |= sent
    for name in _DAYS:
        if isinstance(values.get(name), str):
            values[name] = day_of(values[name])
    rules = membership.rules(tx)
    today: date = core.today(branch)
    errors = value_errors(form, values, today, rules, new=False)
    errors += [
        FieldError(
            pointer=f"/{member}",
            code="mandatory",
            message=f"{asked_for(member)}: the institution asks for it.",
        )
        for member in missing_fields(form, values, rules)
        if member in sent
    ]
    if "date_of_birth" in sent:
        aged = value_errors(
            form, values, today, rules.model_copy(update={"mandatory_fields": (), "terms": ""})
        )
        errors += [each for each in aged if each.code in {"too-young", "mandatory"}]
    if errors:
        raise Refusal(422, Codes.VALIDATION, errors[0].message, errors=tuple(errors))


def _phone_after(customer: Customer, sent: Mapping[str, Any], branch: Branch) -> Phone | None:
    """The phone as it is after a change."""
    if "mobile_no" in sent:
        given = sent["mobile_no"]
        return None if given is None else read_mobile(given, branch, "/mobile_no")
    if customer.mobile_no is None:
        return None
    return read_phone(customer.mobile_no, region_of(branch.currency, branch.timezone))


def _among(given: str, ids: set[str]) -> str | None:
    return given if given in ids else None
