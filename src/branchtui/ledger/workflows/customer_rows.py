"""The rows of customers: what a form becomes, with all that search compares."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from branchtui.contract.customers import CustomerStatus
from branchtui.format.folding import fold
from branchtui.ledger import names
from branchtui.ledger.store.rows import Customer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from branchtui.contract.customers import LegalForm, NewCustomer
    from branchtui.ledger.phones import Phone

_NOTHING: dict[str, Any] = {}
_NO_LABELS = "[]"
# Looked up once: an enum gives its value by a call, and there may be a hundred thousand rows.
_ACTIVE, _PENDING = CustomerStatus.ACTIVE.value, CustomerStatus.PENDING.value
_TEXTS = ("first_name", "middle_name", "last_name", "name", "email", "external_id", "incorporation_no")
_DAYS = ("date_of_birth", "submitted_on", "activation_date", "incorporation_valid_until")


def build_customer(
    new: NewCustomer,
    *,
    new_id: str,
    customer_no: str,
    account_no: str,
    phone: Phone | None,
    today: date,
    created_by: str,
    at_us: int,
    coded: Mapping[str, Any] = _NOTHING,
) -> Customer:
    """The row of a customer. `coded` holds columns whose words in `new` stand for ids (codes, staff, labels)."""
    values: dict[str, Any] = {name: getattr(new, name) for name in (*_TEXTS, "active", "terms_accepted")}
    values |= {name: day.isoformat() if (day := getattr(new, name)) else None for name in _DAYS}
    customer = customer_row(
        new.legal_form,
        values,
        new_id=new_id,
        customer_no=customer_no,
        account_no=account_no,
        branch_id=new.branch_id,
        phone=phone,
        today=today.isoformat(),
        created_by=created_by,
        at_us=at_us,
        coded=coded,
    )
    return replace(customer, self_registered=1) if new.self_registered else customer


def customer_row(
    form: LegalForm,
    values: Mapping[str, Any],
    *,
    new_id: str,
    customer_no: str,
    account_no: str,
    branch_id: str,
    phone: Phone | None,
    today: str,
    created_by: str,
    at_us: int,
    coded: Mapping[str, Any],
    import_id: str | None = None,
    import_row_no: int | None = None,
) -> Customer:
    """The row of a customer from values by the wire's names, days in ISO; what is missing is empty. `coded` as above."""
    get, name_of = values.get, coded.get
    active, activated = bool(get("active")), get("activation_date")
    parts = (get("first_name"), get("middle_name"), get("last_name"))
    external_id = get("external_id")
    return Customer(
        id=new_id,
        version=1,
        customer_no=customer_no,
        account_no=account_no,
        legal_form=form.value,
        first_name=parts[0],
        middle_name=parts[1],
        last_name=parts[2],
        branch_id=branch_id,
        status=_ACTIVE if active else _PENDING,
        email=get("email"),
        date_of_birth=get("date_of_birth"),
        gender=name_of("gender"),
        external_id=external_id,
        submitted_on=get("submitted_on") or activated or today,
        activation_date=(activated or today) if active else None,
        created_by=created_by,
        created_at=at_us,
        client_type=name_of("client_type"),
        classification=name_of("classification"),
        staff_id=name_of("staff_id"),
        group_id=name_of("group_id"),
        organisation_id=name_of("organisation_id"),
        labels=json.dumps(labels) if (labels := name_of("labels")) else _NO_LABELS,
        incorporation_no=get("incorporation_no"),
        incorporation_valid_until=get("incorporation_valid_until"),
        constitution=name_of("constitution"),
        business_line=name_of("business_line"),
        terms_accepted_on=today if get("terms_accepted") else None,
        import_id=import_id,
        import_row_no=import_row_no,
        **_compared(parts, get("name") or "", (customer_no, account_no, external_id), phone),
    )


def searchable(customer: Customer, phone: Phone | None) -> Customer:
    """The customer with this phone, and all that search compares made of what the row says."""
    parts = (customer.first_name, customer.middle_name, customer.last_name)
    searched = (customer.customer_no, customer.account_no, customer.external_id)
    return replace(customer, **_compared(parts, customer.name, searched, phone))


def _compared(
    parts: tuple[str | None, str | None, str | None],
    name: str,
    searched: tuple[str | None, ...],
    phone: Phone | None,
) -> dict[str, Any]:
    """The columns that are made of others: a person's name of its parts, what search compares, the hashes of a phone."""
    backwards = name
    if parts[0] is not None:
        name, backwards = names.full_name(*parts), names.reversed_name(*parts)
    dialled = (phone.international, phone.local) if phone else ()
    name_key = fold(name)
    return {
        "name": name,
        "mobile_no": phone.e164 if phone else None,
        "phone_sha_international": phone.sha_international if phone else None,
        "phone_sha_local": phone.sha_local if phone else None,
        "name_key": name_key,
        "reversed_name_key": name_key if backwards == name else fold(backwards),
        "search_text": names.searched(name_key, (*searched, *dialled)),
    }
