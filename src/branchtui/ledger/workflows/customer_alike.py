"""Who looks like somebody who is to be entered, and which numbers are taken (contract, sections 3 and 10)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.problem import Codes
from branchtui.format.folding import fold
from branchtui.ledger import names
from branchtui.ledger.problems import conflict
from branchtui.ledger.store.rows import Customer, Identifier
from branchtui.ledger.workflows.accounts import refuse_taken_account_no

if TYPE_CHECKING:
    from branchtui.contract.customers import NewCustomer
    from branchtui.ledger.access import Principal, Scope
    from branchtui.ledger.operations import Command
    from branchtui.ledger.phones import Phone
    from branchtui.ledger.store.reader import Reader
    from branchtui.ledger.store.unit import Tx

ALIKE_MAX: Final = 10
PHONE: Final = "phone"
NAME_AND_BIRTH: Final = "name and date of birth"
EXTERNAL_ID: Final = "external id"
IDENTIFIER: Final = "identifier"


def refuse_taken(tx: Tx, who: Principal, new: NewCustomer) -> None:
    """Refuse numbers and references that are in use.

    Raises:
        Refusal: 409 `reference-taken`; `existing` names the customer where the caller may see him.
    """
    for member, label in (("customer_no", "Customer number"), ("external_id", "External id")):
        refuse_taken_member(tx, who, member, label, getattr(new, member))
    if new.account_no is not None:
        refuse_taken_account_no(tx, who, new.account_no)


def refuse_taken_member(tx: Tx, who: Principal, member: str, label: str, given: str | None) -> None:
    """Refuse a value of a column that is unique (409 `reference-taken`)."""
    taken = tx.find_one(Customer, **{member: given}) if given is not None else None
    if taken is not None:
        seen = who.scope.covers(taken.branch_id)
        by = f" by customer {taken.customer_no} {taken.name}" if seen else ""
        raise conflict(
            Codes.REFERENCE_TAKEN,
            f"{label} {given} is taken{by}. Nothing was recorded.",
            existing=brief(taken) if seen else None,
        )


def refuse_look_alike(tx: Tx, command: Command, new: NewCustomer, phone: Phone | None) -> None:
    """Refuse whoever has the phone, or the name and date of birth, of a customer whom the caller sees.

    Raises:
        Refusal: 409 `possible-duplicate`; sent again with `Confirm-Duplicate-Of: <id of that customer>`
            it is taken. The key stays free.
    """
    alike: list[Customer] = []
    if phone is not None:
        alike += tx.find(Customer, mobile_no=phone.e164)
    if new.date_of_birth is not None:
        name = names.full_name(new.first_name, new.middle_name, new.last_name)
        alike += tx.find(Customer, name_key=fold(name), date_of_birth=new.date_of_birth.isoformat())
    alike = [found for found in alike if command.principal.scope.covers(found.branch_id)]
    if not alike or command.confirm_duplicate_of in {found.id for found in alike}:
        return
    first = min(alike, key=lambda found: found.created_at)
    same = PHONE if phone is not None and first.mobile_no == phone.e164 else NAME_AND_BIRTH
    raise conflict(
        Codes.POSSIBLE_DUPLICATE,
        f"Customer {first.customer_no} has the same {same}. Nothing was recorded. "
        "Enter the customer again only if it really is another one.",
        duplicate_of=brief(first),
    )


async def look_alikes(
    reader: Reader,
    scope: Scope,
    *,
    phone: Phone | None = None,
    external_id: str | None = None,
    identifier: str | None = None,
    name: str | None = None,
    date_of_birth: date | None = None,
) -> list[tuple[Customer, list[str]]]:
    """The customers in `scope` who share one of these, with what they share; at most ten, the likest first."""
    found: dict[str, tuple[Customer, list[str]]] = {}

    def note(customers: list[Customer], reason: str) -> None:
        for each in customers:
            if scope.covers(each.branch_id):
                found.setdefault(each.id, (each, []))[1].append(reason)

    if external_id:
        note(await reader.find(Customer, external_id=external_id), EXTERNAL_ID)
    if identifier:
        holders = {each.customer_id for each in await reader.find(Identifier, number_key=identifier)}
        note(await reader.by_keys(Customer, sorted(holders)), IDENTIFIER)
    if phone is not None:
        note(await reader.find(Customer, mobile_no=phone.e164), PHONE)
    if name and date_of_birth is not None:
        alike = await reader.find(Customer, name_key=fold(name), date_of_birth=date_of_birth.isoformat())
        note(alike, NAME_AND_BIRTH)
    ordered = sorted(found.values(), key=lambda pair: (-len(pair[1]), pair[0].created_at, pair[0].id))
    return ordered[:ALIKE_MAX]


def brief(customer: Customer) -> dict[str, Any]:
    """A customer as a problem names one; `key` is what `Confirm-Duplicate-Of` must say."""
    return {
        "key": customer.id,
        "id": customer.id,
        "customer_no": customer.customer_no,
        "account_no": customer.account_no,
        "name": customer.name,
        "resource": f"/v1/customers/{customer.id}",
    }
