"""Endpoints of what administrators keep for everybody: code lists, staff, products, membership (section 2)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from branchtui.contract import codes as wire
from branchtui.contract.base import Flag, Id
from branchtui.contract.customers import AccountKind
from branchtui.contract.paging import Page
from branchtui.contract.problem import Codes
from branchtui.format.folding import fold
from branchtui.ledger.access import Permission as P
from branchtui.ledger.problems import not_found
from branchtui.ledger.store.rows import Institution
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, paged
from branchtui.ledger.workflows import codes, membership, products, staff

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply
    from branchtui.ledger.store.list_spec import ListSpec


class ValuesQuery(ListQuery):
    """Which values of a list."""

    active: Flag | None = None


class StaffQuery(ValuesQuery):
    """Which staff: those whom one may see, or of one branch."""

    branch: Id | None = None


class ProductsQuery(ValuesQuery):
    """Which products."""

    kind: AccountKind | None = None


async def value_list(call: Call) -> Reply:
    """`GET /v1/codes/{code}/values`: in their order, or by name; `q` finds a part of one."""
    code = codes.code_named(call.path["code"])
    rows = await _page(call, codes.VALUES, {"code": code.value})
    return paged(rows, tuple(codes.answer(call.principal, each) for each in rows.rows), call)


async def value_create(call: Call) -> Reply:
    """`POST /v1/codes/{code}/values`."""
    code = codes.code_named(call.path["code"])
    return await call.execute(
        "code.create", lambda tx, command: codes.create(call.core, tx, command, code, call.body)
    )


async def value_change(call: Call) -> Reply:
    """`PATCH /v1/codes/{code}/values/{id}`: a value that has another name has it everywhere at once."""
    code = codes.code_named(call.path["code"])
    found = await call.execute(
        "code.change",
        lambda tx, command: codes.change(
            call.core, tx, command, code, call.path["id"], call.version, call.body
        ),
    )
    call.core.book.forget()
    return found


async def staff_list(call: Call) -> Reply:
    """`GET /v1/staff`: of the own branches and those above, by name."""
    seen = staff.seen_branches(call.core.tree, call.principal)
    wanted = call.query.branch
    if wanted is not None and wanted not in seen:
        raise not_found("branch")
    branches = sorted(seen if wanted is None else {wanted})
    rows = await _page(call, staff.STAFF, {"branches": json.dumps(branches)})
    return paged(rows, tuple(staff.answer(call.core, call.principal, each) for each in rows.rows), call)


async def staff_create(call: Call) -> Reply:
    """`POST /v1/staff`."""
    return await call.execute(
        "staff.create", lambda tx, command: staff.create(call.core, tx, command, call.body)
    )


async def staff_change(call: Call) -> Reply:
    """`PATCH /v1/staff/{id}`."""
    found = await call.execute(
        "staff.change",
        lambda tx, command: staff.change(call.core, tx, command, call.path["id"], call.version, call.body),
    )
    call.core.book.forget()
    return found


async def product_list(call: Call) -> Reply:
    """`GET /v1/products`: by name."""
    kind = call.query.kind
    rows = await _page(call, products.PRODUCTS, {} if kind is None else {"kind": kind.value})
    return paged(rows, tuple(products.answer(call.principal, each) for each in rows.rows), call)


async def product_create(call: Call) -> Reply:
    """`POST /v1/products`."""
    return await call.execute(
        "product.create", lambda tx, command: products.create(call.core, tx, command, call.body)
    )


async def product_change(call: Call) -> Reply:
    """`PATCH /v1/products/{id}`."""
    return await call.execute(
        "product.change",
        lambda tx, command: products.change(call.core, tx, command, call.path["id"], call.version, call.body),
    )


async def membership_get(call: Call) -> Reply:
    """`GET /v1/settings/membership`: what forms and files have to say."""
    found = membership.answer(call.principal, call.core.settings)
    return answered(found, version=found.version)


async def membership_set(call: Call) -> Reply:
    """`PUT /v1/settings/membership`: holds from the next request on."""
    done = await call.execute(
        "membership.change",
        lambda tx, command: membership.change(call.core, tx, command, call.version, call.body),
    )
    stored = await call.core.reader.get(Institution, "institution")
    assert stored is not None, "a ledger has an institution"
    call.core.institution = stored
    return done


async def _page(call: Call, spec: ListSpec[Any], filters: dict[str, Any]) -> Any:
    query = call.query
    if query.active is not None:
        filters["active"] = int(query.active)
    looked_for = fold(query.q or "").strip()
    if looked_for:
        filters["q"] = looked_for
    return await call.core.lists.page(
        spec, query.window(), filters, who=call.principal.user_id, now_us=call.at_us
    )


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (*_code_routes(), *_staff_routes(), *_product_routes(), *_membership_routes())


def _code_routes() -> tuple[Route, ...]:
    return (
        Route(
            "GET",
            "/v1/codes/{code}/values",
            P.CUSTOMER_VIEW,
            value_list,
            "Values of a code list",
            query=ValuesQuery,
            answer=Page[wire.CodeValue],
            operation="list_code_values",
            sorts=tuple(codes.VALUES.sorts),
        ),
        Route(
            "POST",
            "/v1/codes/{code}/values",
            P.CODE_ADMIN,
            value_create,
            "Add a value to a code list",
            body=wire.NewCodeValue,
            answer=wire.CodeValue,
            status=201,
            keyed=True,
            operation="create_code_value",
            refuses=(Codes.REFERENCE_TAKEN, Codes.TOO_MANY_VALUES),
        ),
        Route(
            "PATCH",
            "/v1/codes/{code}/values/{id}",
            P.CODE_ADMIN,
            value_change,
            "Change a value of a code list",
            body=wire.CodeValueChange,
            answer=wire.CodeValue,
            keyed=True,
            if_match=True,
            operation="change_code_value",
            refuses=(Codes.REFERENCE_TAKEN,),
        ),
    )


def _staff_routes() -> tuple[Route, ...]:
    return (
        Route(
            "GET",
            "/v1/staff",
            P.CUSTOMER_VIEW,
            staff_list,
            "Staff to whom customers may be assigned",
            query=StaffQuery,
            answer=Page[wire.StaffMember],
            operation="list_staff",
            sorts=tuple(staff.STAFF.sorts),
        ),
        Route(
            "POST",
            "/v1/staff",
            P.CODE_ADMIN,
            staff_create,
            "Add a member of staff",
            body=wire.NewStaffMember,
            answer=wire.StaffMember,
            status=201,
            keyed=True,
            operation="create_staff",
            refuses=(Codes.REFERENCE_TAKEN, Codes.TOO_MANY_VALUES),
        ),
        Route(
            "PATCH",
            "/v1/staff/{id}",
            P.CODE_ADMIN,
            staff_change,
            "Change a member of staff",
            body=wire.StaffChange,
            answer=wire.StaffMember,
            keyed=True,
            if_match=True,
            operation="change_staff",
            refuses=(Codes.REFERENCE_TAKEN,),
        ),
    )


def _product_routes() -> tuple[Route, ...]:
    return (
        Route(
            "GET",
            "/v1/products",
            P.CUSTOMER_VIEW,
            product_list,
            "Products",
            query=ProductsQuery,
            answer=Page[wire.Product],
            operation="list_products",
            sorts=tuple(products.PRODUCTS.sorts),
        ),
        Route(
            "POST",
            "/v1/products",
            P.CODE_ADMIN,
            product_create,
            "Add a product",
            body=wire.NewProduct,
            answer=wire.Product,
            status=201,
            keyed=True,
            operation="create_product",
            refuses=(Codes.REFERENCE_TAKEN, Codes.TOO_MANY_VALUES),
        ),
        Route(
            "PATCH",
            "/v1/products/{id}",
            P.CODE_ADMIN,
            product_change,
            "Change a product",
            body=wire.ProductChange,
            answer=wire.Product,
            keyed=True,
            if_match=True,
            operation="change_product",
        ),
    )


def _membership_routes() -> tuple[Route, ...]:
    return (
        Route(
            "GET",
            membership.PATH,
            P.CUSTOMER_VIEW,
            membership_get,
            "What is asked of new members",
            answer=wire.Membership,
            operation="get_membership",
        ),
        Route(
            "PUT",
            membership.PATH,
            P.CODE_ADMIN,
            membership_set,
            "Set what is asked of new members",
            body=wire.MembershipChange,
            answer=wire.Membership,
            keyed=True,
            if_match=True,
            operation="set_membership",
        ),
    )
