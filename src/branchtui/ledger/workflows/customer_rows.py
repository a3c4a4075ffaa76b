"""The rows of customers: what a form becomes, with all that search compares."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from branchtui.contract.customers import CustomerStatus, NewCustomer
from branchtui.format.folding import fold
from branchtui.ledger import names
from branchtui.ledger.store.rows import Customer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from branchtui.ledger.phones import Phone

_NOTHING: dict[str, Any] = {}


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
    submitted_on = new.submitted_on or new.activation_date or today
    parts = (new.first_name, new.middle_name, new.last_name)
    searched = (customer_no, account_no, new.external_id)
    return Customer(
        id=new_id,
        version=1,
        customer_no=customer_no,
        account_no=account_no,
        legal_form=new.legal_form.value,
        first_name=new.first_name,
        middle_name=new.middle_name,
        last_name=new.last_name,
        branch_id=new.branch_id,
        status=(CustomerStatus.ACTIVE if new.active else CustomerStatus.PENDING).value,
        email=new.email,
        date_of_birth=new.date_of_birth.isoformat() if new.date_of_birth else None,
        gender=coded.get("gender"),
        external_id=new.external_id,
        submitted_on=submitted_on.isoformat(),
        activation_date=(new.activation_date or today).isoformat() if new.active else None,
        created_by=created_by,
        created_at=at_us,
        client_type=coded.get("client_type"),
        classification=coded.get("classification"),
        staff_id=coded.get("staff_id"),
        group_id=coded.get("group_id"),
        organisation_id=coded.get("organisation_id"),
        labels=json.dumps(coded.get("labels", [])),
        incorporation_no=new.incorporation_no,
        incorporation_valid_until=(
            new.incorporation_valid_until.isoformat() if new.incorporation_valid_until else None
        ),
        constitution=coded.get("constitution"),
        business_line=coded.get("business_line"),
        terms_accepted_on=today.isoformat() if new.terms_accepted else None,
        self_registered=int(new.self_registered),
        **_compared(parts, new.name or "", searched, phone),
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
    return {
        "name": name,
        "mobile_no": phone.e164 if phone else None,
        "phone_sha_international": phone.sha_international if phone else None,
        "phone_sha_local": phone.sha_local if phone else None,
        "name_key": fold(name),
        "reversed_name_key": fold(backwards),
        "search_text": names.search_text(name, (*searched, *dialled)),
    }
