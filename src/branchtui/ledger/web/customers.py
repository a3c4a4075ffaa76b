"""Endpoints of customers and their accounts (contract, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import StringConstraints

from branchtui.contract import customers as wire
from branchtui.contract.base import Id, Request
from branchtui.contract.customers import CustomerStatus
from branchtui.contract.paging import Page
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.phones import region_of
from branchtui.ledger.problems import Refusal, not_found
from branchtui.ledger.store.rows import Account, Customer
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, paged
from branchtui.ledger.workflows import accounts, customer_search, customers, entries
from branchtui.ledger.workflows.customer_views import customer_answer

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply

INCLUDES: Final = frozenset({"accounts", "entries"})


class CustomersQuery(ListQuery):
    """What the list of customers may be narrowed by; a branch covers those below it."""

    status: CustomerStatus | None = None
    branch: Id | None = None


class CustomerQuery(Request):
    """What comes with a customer."""

    include: Annotated[str, StringConstraints(max_length=100)] | None = None


async def customer_list(call: Call) -> Reply:
    """`GET /v1/customers`: by name unless another order is asked for."""
    core, query = call.core, call.query
    scope = call.principal.scope
    branch_ids, whole = scope.branch_ids, scope.top
    if query.branch is not None:
        if not scope.covers(query.branch):
            raise not_found("branch")
        branch_ids, whole = core.tree.below(query.branch), False
    home = core.tree[call.principal.branch_id]
    looked_for = (query.q or "").strip()
    search = (
        customer_search.parse(looked_for, region_of(home.currency, home.timezone)) if looked_for else None
    )
    status = query.status.value if query.status else None
    rows = await core.lists.page(
        customer_search.CUSTOMERS,
        query.window(),
        customer_search.filters(branch_ids, whole=whole, search=search, status=status),
        who=call.principal.user_id,
        now_us=call.at_us,
        zone=ZoneInfo(home.timezone),
        sees=lambda row: scope.covers(row.branch_id),
    )
    items = tuple(customer_answer(core, call.principal, row) for row in rows.rows)
    return paged(rows, items, call)


async def customer(call: Call) -> Reply:
    """`GET /v1/customers/{id}`: with accounts and latest entries where asked for, in one answer."""
    core = call.core
    included = {name.strip() for name in (call.query.include or "").split(",") if name.strip()}
    if included - INCLUDES:
        unknown = min(included - INCLUDES)
        raise Refusal(400, Codes.MALFORMED, f"A customer does not include {unknown}.")
    found = await core.reader.get(Customer, call.path["id"])
    if found is None or not call.principal.scope.covers(found.branch_id):
        raise not_found("customer")
    held = await core.reader.find(Account, customer_id=found.id) if included else []
    held.sort(key=lambda account: account.id)
    may_see = call.principal.may(P.ACCOUNT_VIEW)
    answer = customer_answer(
        core,
        call.principal,
        found,
        accounts=held if "accounts" in included and may_see else None,
        entries=await entries.latest(core, held) if "entries" in included and may_see else None,
    )
    return answered(answer, version=found.version)


async def create(call: Call) -> Reply:
    """`POST /v1/customers`."""
    new = call.body
    return await call.execute(
        "customer.create", lambda tx, command: customers.create(call.core, tx, command, new)
    )


async def open_account(call: Call) -> Reply:
    """`POST /v1/customers/{id}/accounts`."""
    owner, new = call.path["id"], call.body
    return await call.execute(
        "account.open", lambda tx, command: accounts.open_account(call.core, tx, command, owner, new)
    )


async def account_entries(call: Call) -> Reply:
    """`GET /v1/accounts/{id}/entries`: newest first."""
    core = call.core
    account = await core.reader.get(Account, call.path["id"])
    if account is None or account.customer_id is None or not call.principal.scope.covers(account.branch_id):
        raise not_found("account")
    rows = await core.lists.page(
        entries.ENTRIES,
        call.query.window(),
        {"account": account.id},
        who=call.principal.user_id,
        now_us=call.at_us,
    )
    return paged(rows, tuple(entries.entry_answer(line, account) for line in rows.rows), call)


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (
        Route(
            "GET",
            "/v1/customers",
            P.CUSTOMER_VIEW,
            customer_list,
            "Customers of the branch, found by name, phone or number",
            query=CustomersQuery,
            answer=Page[wire.Customer],
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
        ),
        Route(
            "GET",
            "/v1/customers/{id}",
            P.CUSTOMER_VIEW,
            customer,
            "A customer, with accounts and latest entries",
            query=CustomerQuery,
            answer=wire.Customer,
        ),
        Route(
            "POST",
            "/v1/customers/{id}/accounts",
            P.CUSTOMER_CHANGE,
            open_account,
            "Open an account",
            body=wire.NewAccount,
            answer=wire.Account,
            status=201,
            keyed=True,
        ),
        Route(
            "GET",
            "/v1/accounts/{id}/entries",
            P.ACCOUNT_VIEW,
            account_entries,
            "Entries of an account, newest first",
            query=ListQuery,
            answer=Page[wire.Entry],
        ),
    )
