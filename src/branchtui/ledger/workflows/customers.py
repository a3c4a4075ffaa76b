"""Entering customers (contract, section 3): what makes one, which numbers, and who looks alike."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from branchtui.contract.customers import AccountKind, CustomerStatus, LegalForm, NewCustomer
from branchtui.contract.problem import Codes
from branchtui.format.folding import fold
from branchtui.ledger import audit, names, numbers
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.phones import Phone, PhoneUnreadable, read_phone, region_of
from branchtui.ledger.problems import conflict, invalid, not_found
from branchtui.ledger.store.rows import Account, Branch, Customer
from branchtui.ledger.workflows.accounts import add_account, refuse_taken_account_no
from branchtui.ledger.workflows.customer_views import customer_answer

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx


def create(core: Core, tx: Tx, command: Command, new: NewCustomer) -> Reply:
    """`POST /v1/customers`: a customer with a wallet.

    Raises:
        Refusal: 404 for a branch that is not the caller's, 422 for values that break a rule, 409
            `reference-taken` with `existing`, 409 `possible-duplicate` with `duplicate_of`.
    """
    branch = core.tree.find(new.branch_id)
    if branch is None or not command.principal.scope.covers(branch.id):
        raise not_found("branch")
    verify(new, core.today(branch))
    phone = _phone(new.mobile_no, branch)
    refuse_taken(tx, command.principal, new)
    refuse_look_alike(tx, command, new, phone)
    customer = add_customer(core, tx, new, created_by=command.principal.username, at_us=command.at_us)
    path = f"/v1/customers/{customer.id}"
    accounts = tx.find(Account, customer_id=customer.id)
    after = {"customer_no": customer.customer_no, "account_no": customer.account_no}
    return reply(
        customer_answer(core, command.principal, customer, accounts=accounts),
        event=audit.Event(action=command.action, object=path, after=after | {"status": customer.status}),
        branch_id=customer.branch_id,
        status=201,
        resource=path,
        version=customer.version,
        location=path,
        summary=f"customer {customer.customer_no}, account {customer.account_no}",
    )


def add_customer(core: Core, tx: Tx, new: NewCustomer, *, created_by: str, at_us: int) -> Customer:
    """Put a customer and the wallet that every customer has; numbers are made unless given.

    The values of `new` were verified, and its numbers are free.
    """
    branch = core.tree[new.branch_id]
    customer = build_customer(
        new,
        new_id=core.new_id(),
        customer_no=new.customer_no or numbers.next_customer_no(tx),
        account_no=new.account_no or numbers.next_account_no(tx),
        phone=_phone(new.mobile_no, branch),
        today=core.today(branch),
        created_by=created_by,
        at_us=at_us,
    )
    tx.put(customer)
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
) -> Customer:
    """The row of a customer, with all that search compares."""
    name = new.name or names.full_name(new.first_name, new.middle_name, new.last_name)
    backwards = names.reversed_name(new.first_name, new.middle_name, new.last_name) or name
    submitted_on = new.submitted_on or new.activation_date or today
    return Customer(
        id=new_id,
        version=1,
        customer_no=customer_no,
        account_no=account_no,
        legal_form=new.legal_form.value,
        name=name,
        first_name=new.first_name,
        middle_name=new.middle_name,
        last_name=new.last_name,
        branch_id=new.branch_id,
        status=(CustomerStatus.ACTIVE if new.active else CustomerStatus.PENDING).value,
        mobile_no=phone.e164 if phone else None,
        phone_sha_international=phone.sha_international if phone else None,
        phone_sha_local=phone.sha_local if phone else None,
        email=new.email,
        date_of_birth=new.date_of_birth.isoformat() if new.date_of_birth else None,
        gender=new.gender,
        external_id=new.external_id,
        submitted_on=submitted_on.isoformat(),
        activation_date=(new.activation_date or today).isoformat() if new.active else None,
        created_by=created_by,
        created_at=at_us,
        name_key=fold(name),
        reversed_name_key=fold(backwards),
        search_text=names.search_text(
            name,
            (
                customer_no,
                account_no,
                new.external_id,
                phone.international if phone else None,
                phone.local if phone else None,
            ),
        ),
    )


def verify(new: NewCustomer, today: date) -> None:
    """The rules of a new customer's values.

    Raises:
        Refusal: 422 naming the member.
    """
    if new.legal_form is LegalForm.PERSON:
        for member in ("first_name", "last_name"):
            if not getattr(new, member):
                raise invalid(f"/{member}", f"A person needs a {member.replace('_', ' ')}.")
        if new.name is not None:
            raise invalid("/name", "A person has first and last names; only an entity has one name.")
    else:
        if not new.name:
            raise invalid("/name", "An entity needs a name.")
        for member in ("first_name", "middle_name", "last_name", "date_of_birth", "gender"):
            if getattr(new, member) is not None:
                raise invalid(f"/{member}", f"An entity has no {member.replace('_', ' ')}.")
    _verify_dates(new, today)
    if new.email is not None and not _is_email(new.email):
        raise invalid("/email", f"{new.email} is no e-mail address.")


def _verify_dates(new: NewCustomer, today: date) -> None:
    if new.date_of_birth is not None and new.date_of_birth >= today:
        raise invalid("/date_of_birth", "A date of birth lies before today.")
    if new.submitted_on is not None and new.submitted_on > today:
        raise invalid("/submitted_on", "The day of submission lies in the future.")
    if new.activation_date is None:
        return
    if not new.active:
        raise invalid("/activation_date", "Only an active customer has an activation date.")
    if new.activation_date > today:
        raise invalid("/activation_date", "The activation date lies in the future.")
    if new.submitted_on is not None and new.activation_date < new.submitted_on:
        raise invalid("/activation_date", "The activation date lies before the day of submission.")


def refuse_taken(tx: Tx, principal: Principal, new: NewCustomer) -> None:
    """Refuse numbers and references that are in use.

    Raises:
        Refusal: 409 `reference-taken`; `existing` names the customer where the caller may see him.
    """
    for member, label in (("customer_no", "Customer number"), ("external_id", "External id")):
        given = getattr(new, member)
        taken = tx.find_one(Customer, **{member: given}) if given is not None else None
        if taken is not None:
            seen = principal.scope.covers(taken.branch_id)
            raise conflict(
                Codes.REFERENCE_TAKEN,
                f"{label} {given} is taken.",
                existing=_brief(taken) if seen else None,
            )
    if new.account_no is not None:
        refuse_taken_account_no(tx, principal, new.account_no)


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
    same = "phone" if phone is not None and first.mobile_no == phone.e164 else "name and date of birth"
    raise conflict(
        Codes.POSSIBLE_DUPLICATE,
        f"Customer {first.customer_no} has the same {same}. Nothing was recorded. "
        "Enter the customer again only if it really is another one.",
        duplicate_of=_brief(first),
    )


def _brief(customer: Customer) -> dict[str, str]:
    """A customer as a problem names one; `key` is what `Confirm-Duplicate-Of` must say."""
    return {
        "key": customer.id,
        "id": customer.id,
        "customer_no": customer.customer_no,
        "account_no": customer.account_no,
        "name": customer.name,
        "resource": f"/v1/customers/{customer.id}",
    }


def _phone(written: str | None, branch: Branch) -> Phone | None:
    if written is None:
        return None
    try:
        return read_phone(written, region_of(branch.currency, branch.timezone))
    except PhoneUnreadable as error:
        raise invalid("/mobile_no", f"{written} is no phone number.") from error


def _is_email(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(local and at and "." in domain.strip(".")) and not any(c.isspace() for c in text)
