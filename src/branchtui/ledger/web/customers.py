"""Endpoints of customers: listed, looked at in one answer, entered, changed, deleted (contract, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import structlog
from pydantic import Field, StringConstraints

from branchtui.contract import customers as wire
from branchtui.contract.base import Day, Id, Request
from branchtui.contract.customers import CustomerBrief, CustomerStatus, LookAlike, LookAlikes
from branchtui.contract.paging import Page
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store.rows import Account, Customer
from branchtui.ledger.store.search import fold_reference
from branchtui.ledger.web.customer_parts import parts_of, seen_customer
from branchtui.ledger.web.documents import documents_of
from branchtui.ledger.web.file_reply import file_reply
from branchtui.ledger.web.proof import refuse_unproved_reading
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, paged
from branchtui.ledger.workflows import (
    accounts,
    customer_alike,
    customer_details,
    customer_export,
    customer_filters,
    customer_history,
    customer_search,
    customer_standing,
    customers,
    entries,
    loans,
)
from branchtui.ledger.workflows.customer_filters import Asked
from branchtui.ledger.workflows.customer_parts import ADDRESSES, FAMILY, IDENTIFIERS, NOTES
from branchtui.ledger.workflows.customer_views import Looker, day_of, ids_in, may_see_person, phone_shown
from branchtui.ledger.workflows.reading import read_mobile

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply

log = structlog.get_logger("branchtui.ledger")

_PARTS: Final = {
    "family": FAMILY,
    "addresses": ADDRESSES,
    "identifiers": IDENTIFIERS,
    "notes": NOTES,
}
_MONEY: Final = ("accounts", "entries")
INCLUDES: Final = (*_MONEY, *_PARTS, "documents", "additional_details", "history")
_INCLUDE: Final = "|".join(INCLUDES)

Named = Annotated[str, StringConstraints(min_length=1, max_length=140)]


class CustomersQuery(ListQuery):
    """What the list of customers may be narrowed by, in any combination; a branch covers those below it.

    Label, staff, product, group and organisation are given by id, by exact name, or by a part that only one has.
    """

    status: CustomerStatus | None = None
    branch: Id | None = None
    label: Named | None = None
    staff: Named | None = None
    product: Named | None = None
    group: Named | None = None
    organisation: Named | None = None

    def asked(self) -> Asked:
        """The filters alone."""
        return _asked(self)


class ExportQuery(Request):
    """Which customers, and in which order."""

    q: Annotated[str, StringConstraints(max_length=140)] | None = None
    sort: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    status: CustomerStatus | None = None
    branch: Id | None = None
    label: Named | None = None
    staff: Named | None = None
    product: Named | None = None
    group: Named | None = None
    organisation: Named | None = None

    def asked(self) -> Asked:
        """The filters alone."""
        return _asked(self)


class CustomerQuery(Request):
    """What comes with a customer."""

    include: (
        Annotated[
            str,
            StringConstraints(min_length=1, max_length=200),
            Field(json_schema_extra={"pattern": f"^({_INCLUDE})(,({_INCLUDE}))*$"}),
        ]
        | None
    ) = None


class DuplicatesQuery(Request):
    """Somebody who is to be entered, as far as is known."""

    mobile_no: Annotated[str, StringConstraints(min_length=1, max_length=32)] | None = None
    external_id: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    identifier: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    name: Named | None = None
    date_of_birth: Day | None = None


def _asked(query: CustomersQuery | ExportQuery) -> Asked:
    names = ("branch", "label", "staff", "product", "group", "organisation")
    status = query.status.value if query.status else None
    return Asked(q=query.q, status=status, **{name: getattr(query, name) for name in names})


async def customer_list(call: Call) -> Reply:
    """`GET /v1/customers`: by name unless another order is asked for."""
    core, query = call.core, call.query
    rows = await customer_filters.page(core, call.principal, query.asked(), query.window(), call.at_us)
    names = await core.book.names(ids_in(rows.rows))
    looker = Looker(core, call.principal)
    standings = await customer_standing.of_page(core, rows.rows)
    return paged(rows, tuple(looker.answer(each, names) for each in standings), call)


async def customer(call: Call) -> Reply:
    """`GET /v1/customers/{id}`: with what `include` names, in one answer."""
    core, who = call.core, call.principal
    included = {name.strip() for name in (call.query.include or "").split(",") if name.strip()}
    unknown = included - set(INCLUDES)
    if unknown:
        raise Refusal(400, Codes.MALFORMED, f"A customer does not include {min(unknown)}.")
    found = await seen_customer(call)
    parts: dict[str, Any] = {}
    if included & set(_MONEY) and who.may(P.ACCOUNT_VIEW):
        parts |= await _money(call, found, included)
    if who.may(P.CUSTOMER_PARTS):
        for name in included & _PARTS.keys():
            parts[name] = await parts_of(call, found, _PARTS[name])
        if "documents" in included:
            parts["documents"] = await documents_of(call, found)
        if "additional_details" in included:
            parts["additional_details"] = await customer_details.read(core, who, found)
        if "history" in included:
            parts["history"] = await customer_history.latest(core, found)
    (standing,) = await customer_standing.of_page(core, [found])
    answer = Looker(core, who).answer(standing, await core.book.names(ids_in([found])), **parts)
    return answered(answer, version=found.version)


async def _money(call: Call, owner: Customer, included: set[str]) -> dict[str, Any]:
    core = call.core
    held = sorted(await core.reader.find(Account, customer_id=owner.id), key=lambda each: each.id)
    found: dict[str, Any] = {}
    if "accounts" in included:
        agreed = await loans.read(core.reader, held)
        found["accounts"] = accounts.account_views(core, call.principal, owner, held, agreed)
    if "entries" in included:
        found["entries"] = await entries.latest(core, held)
    return found


async def export(call: Call) -> Reply:
    """`GET /v1/customers/export.csv`: the customers of the list as a file that no spreadsheet runs (SEC-6, PAGE-4).

    At most 100,000; more than a thousand only for who proved a moment ago to be the person. The last row says how
    many there are.
    """
    core, who, query = call.core, call.principal, call.query
    rows = await customer_export.rows(core, who, query.asked(), query.sort, call.at_us)
    if len(rows) > customer_export.UNPROVED_MAX:
        await refuse_unproved_reading(core.reader, who, call.at_us)
    log.info("customers exported", user=who.user_id, rows=len(rows), request_id=call.request_id)
    body = await customer_export.written(core, rows)
    return file_reply(body, "customers.csv", row_count=len(rows))


async def create(call: Call) -> Reply:
    """`POST /v1/customers`: with a wallet, and with the parts that come along."""
    new = call.body
    return await call.execute(
        "customer.create", lambda tx, command: customers.create(call.core, tx, command, new)
    )


async def change(call: Call) -> Reply:
    """`PATCH /v1/customers/{id}`: only the members that are sent change."""
    return await call.execute(
        "customer.change",
        lambda tx, command: customers.edit(call.core, tx, command, call.path["id"], call.version, call.body),
    )


async def delete(call: Call) -> Reply:
    """`DELETE /v1/customers/{id}`: only while pending, and only whom nothing hangs on."""
    return await call.execute(
        "customer.delete",
        lambda tx, command: customers.delete(call.core, tx, command, call.path["id"], call.version),
    )


async def duplicates(call: Call) -> Reply:
    """`GET /v1/customers/duplicates`: who looks like somebody who is to be entered, before anything is saved."""
    core, who, query = call.core, call.principal, call.query
    home = core.tree[who.branch_id]
    phone = read_mobile(query.mobile_no, home, "/mobile_no") if query.mobile_no else None
    found = await customer_alike.look_alikes(
        core.reader,
        who.scope,
        phone=phone,
        external_id=query.external_id,
        identifier=fold_reference(query.identifier) if query.identifier else None,
        name=query.name,
        date_of_birth=query.date_of_birth,
    )
    clear = may_see_person(who)
    items = tuple(
        LookAlike(
            customer=CustomerBrief(
                id=each.id,
                customer_no=each.customer_no,
                name=each.name,
                account_no=each.account_no,
                status=CustomerStatus(each.status),
            ),
            mobile_no=phone_shown(who, each.mobile_no),
            date_of_birth=day_of(each.date_of_birth) if clear else None,
            reasons=tuple(reasons),
        )
        for each, reasons in found
    )
    return answered(LookAlikes(items=items), cache_control="no-store")


def routes() -> tuple[Route, ...]:
    """The endpoints of this module; the fixed paths stand before those with an id."""
    one = "/v1/customers/{id}"
    return (
        Route(
            "GET",
            "/v1/customers",
            P.CUSTOMER_VIEW,
            customer_list,
            "Customers of the branch, found by name, phone or number",
            query=CustomersQuery,
            answer=Page[wire.Customer],
            operation="list_customers",
            sorts=tuple(customer_search.CUSTOMERS.sorts),
        ),
        Route(
            "POST",
            "/v1/customers",
            P.CUSTOMER_CHANGE,
            create,
            "Enter a customer",
            body=wire.NewCustomer,
            answer=wire.Customer,
            status=201,
            keyed=True,
            operation="create_customer",
            refuses=(Codes.REFERENCE_TAKEN, Codes.POSSIBLE_DUPLICATE),
        ),
        Route(
            "GET",
            "/v1/customers/duplicates",
            P.CUSTOMER_CHANGE,
            duplicates,
            "Who looks like somebody who is to be entered",
            query=DuplicatesQuery,
            answer=LookAlikes,
            operation="list_duplicates",
        ),
        Route(
            "GET",
            "/v1/customers/export.csv",
            P.CUSTOMER_EXPORT,
            export,
            "Customers as a file",
            query=ExportQuery,
            operation="export_customers",
            sorts=tuple(customer_search.CUSTOMERS.sorts),
            media_type="text/csv",
            refuses=(Codes.STEP_UP, Codes.TOO_MANY_ROWS),
            exports=True,
        ),
        Route(
            "GET",
            one,
            P.CUSTOMER_VIEW,
            customer,
            "A customer, with accounts, parts and history",
            query=CustomerQuery,
            answer=wire.Customer,
            operation="get_customer",
        ),
        Route(
            "PATCH",
            one,
            P.CUSTOMER_CHANGE,
            change,
            "Change a customer",
            body=wire.CustomerChange,
            answer=wire.Customer,
            keyed=True,
            if_match=True,
            operation="change_customer",
            refuses=(Codes.TRANSITION_NOT_ALLOWED, Codes.REFERENCE_TAKEN),
        ),
        Route(
            "DELETE",
            one,
            P.CUSTOMER_CHANGE,
            delete,
            "Delete a customer who was never active",
            status=204,
            keyed=True,
            if_match=True,
            operation="delete_customer",
            refuses=(Codes.TRANSITION_NOT_ALLOWED, Codes.BALANCE_NOT_ZERO, Codes.RECORDS_WAITING),
        ),
    )
