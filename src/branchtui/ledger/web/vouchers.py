"""Endpoints of plans and vouchers (contract, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from branchtui.contract import receipts as receipt_wire
from branchtui.contract import vouchers as wire
from branchtui.contract.base import Flag, Id, Request
from branchtui.contract.paging import Page
from branchtui.contract.problem import Codes
from branchtui.format.folding import fold
from branchtui.ledger.access import Permission as P
from branchtui.ledger.problems import not_found
from branchtui.ledger.store.rows import Account, Customer, Plan, Voucher
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, paged
from branchtui.ledger.workflows import plans, receipts, voucher_views, vouchers

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply

_SALE = (
    Codes.INSUFFICIENT_BALANCE,
    Codes.CUSTOMER_NOT_ACTIVE,
    Codes.ACCOUNT_NOT_OPEN,
)


class PlansQuery(ListQuery):
    """Which plans."""

    active: Flag | None = None


class VouchersQuery(ListQuery):
    """Which vouchers of a customer."""

    state: wire.VoucherState | None = None


class AllVouchersQuery(VouchersQuery):
    """Which vouchers."""

    customer: Id | None = None


class EffectQuery(Request):
    """Of which plan."""

    plan_id: Id


async def plan_list(call: Call) -> Reply:
    """`GET /v1/plans`: by name; `q` finds a part of a name or code."""
    filters: dict[str, object] = {}
    if call.query.active is not None:
        filters["active"] = int(call.query.active)
    if looked_for := fold(call.query.q or "").strip():
        filters["q"] = looked_for
    rows = await call.core.lists.page(
        plans.PLANS, call.query.window(), filters, who=call.principal.user_id, now_us=call.at_us
    )
    return paged(rows, tuple(plans.answer(call.principal, each) for each in rows.rows), call)


async def plan_create(call: Call) -> Reply:
    """`POST /v1/plans`."""
    return await call.execute(
        "plan.create", lambda tx, command: plans.create(call.core, tx, command, call.body)
    )


async def plan_change(call: Call) -> Reply:
    """`PATCH /v1/plans/{id}`."""
    return await call.execute(
        "plan.change",
        lambda tx, command: plans.change(call.core, tx, command, call.path["id"], call.version, call.body),
    )


async def voucher_list(call: Call) -> Reply:
    """`GET /v1/vouchers`: newest first; `q` is a number or its beginning, or a whole code."""
    if call.query.customer is not None:
        await _customer(call, call.query.customer)
    return await _page(call, call.query.customer)


async def customer_vouchers(call: Call) -> Reply:
    """`GET /v1/customers/{id}/vouchers`: newest first, with the codes, so that a lost slip is printed again."""
    await _customer(call, call.path["id"])
    return await _page(call, call.path["id"])


async def voucher(call: Call) -> Reply:
    """`GET /v1/vouchers/{id}`."""
    found = await call.core.reader.get(Voucher, call.path["id"])
    owner = await call.core.reader.get(Customer, found.customer_id) if found is not None else None
    if found is None or not voucher_views.is_visible(call.principal, found, owner):
        raise not_found("voucher")
    (answer,) = await voucher_views.answers(call.core, call.principal, [found], call.at_us)
    return answered(answer, version=found.version)


async def effect(call: Call) -> Reply:
    """`GET /v1/customers/{id}/vouchers/effect`: the wallet before and after a sale. Nothing is done.

    Refused as the sale would be.
    """
    core = call.core
    customer = await _customer(call, call.path["id"])
    plan = await core.reader.get(Plan, call.query.plan_id)
    if plan is None:
        raise not_found("plan")
    held = await core.reader.find(Account, customer_id=customer.id)
    sale = vouchers.sale_of(customer, plan, held)
    return answered(vouchers.effect(call.principal, sale, call.at_us), cache_control="no-store")


async def sell(call: Call) -> Reply:
    """`POST /v1/customers/{id}/vouchers`: an append, which needs no version."""
    owner, asked = call.path["id"], call.body
    return await call.execute(
        vouchers.SOLD, lambda tx, command: vouchers.sell(call.core, tx, command, owner, asked)
    )


async def reverse(call: Call) -> Reply:
    """`POST /v1/vouchers/{id}/reverse`."""
    voucher_id, seen, asked = call.path["id"], call.version, call.body
    return await call.execute(
        vouchers.TAKEN_BACK,
        lambda tx, command: vouchers.reverse(call.core, tx, command, voucher_id, seen, asked),
    )


async def print_slip(call: Call) -> Reply:
    """`POST /v1/vouchers/{id}/receipts`: the slip with its code; a repeated print is a copy and says its number."""
    voucher_id, asked = call.path["id"], call.body
    return await call.execute(
        receipts.ACTION,
        lambda tx, command: receipts.print_voucher_receipt(call.core, tx, command, voucher_id, asked),
    )


async def _customer(call: Call, customer_id: str) -> Customer:
    found = await call.core.reader.get(Customer, customer_id)
    if found is None or not call.principal.scope.covers(found.branch_id):
        raise not_found("customer")
    return found


async def _page(call: Call, customer_id: str | None) -> Reply:
    core, who, query = call.core, call.principal, call.query
    rows = await core.lists.page(
        voucher_views.VOUCHERS,
        query.window(),
        voucher_views.filters(
            who.scope,
            customer_id=customer_id,
            state=query.state,
            q=(query.q or "").strip() or None,
            now_us=call.at_us,
        ),
        who=who.user_id,
        now_us=call.at_us,
        zone=ZoneInfo(core.tree[who.branch_id].timezone),
        sees=lambda row: row.customer_id == customer_id or who.scope.covers(row.branch_id),
    )
    return paged(rows, await voucher_views.answers(core, who, rows.rows, call.at_us), call)


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (*_plan_routes(), *_reading_routes(), *_selling_routes())


def _plan_routes() -> tuple[Route, ...]:
    return (
        Route(
            "GET",
            "/v1/plans",
            P.CUSTOMER_VIEW,
            plan_list,
            "Plans",
            query=PlansQuery,
            answer=Page[wire.Plan],
            operation="list_plans",
            sorts=tuple(plans.PLANS.sorts),
        ),
        Route(
            "POST",
            "/v1/plans",
            P.CODE_ADMIN,
            plan_create,
            "Add a plan",
            body=wire.NewPlan,
            answer=wire.Plan,
            status=201,
            keyed=True,
            operation="create_plan",
            refuses=(Codes.REFERENCE_TAKEN,),
        ),
        Route(
            "PATCH",
            "/v1/plans/{id}",
            P.CODE_ADMIN,
            plan_change,
            "Change a plan",
            body=wire.PlanChange,
            answer=wire.Plan,
            keyed=True,
            if_match=True,
            operation="change_plan",
        ),
    )


def _reading_routes() -> tuple[Route, ...]:
    return (
        Route(
            "GET",
            "/v1/vouchers",
            P.VOUCHER_VIEW,
            voucher_list,
            "Vouchers that were sold",
            query=AllVouchersQuery,
            answer=Page[wire.Voucher],
            operation="list_vouchers",
            sorts=tuple(voucher_views.VOUCHERS.sorts),
        ),
        Route(
            "GET",
            "/v1/vouchers/{id}",
            P.VOUCHER_VIEW,
            voucher,
            "A voucher",
            answer=wire.Voucher,
            operation="get_voucher",
        ),
        Route(
            "GET",
            "/v1/customers/{id}/vouchers",
            P.VOUCHER_VIEW,
            customer_vouchers,
            "Vouchers of a customer",
            query=VouchersQuery,
            answer=Page[wire.Voucher],
            operation="list_customer_vouchers",
            sorts=tuple(voucher_views.VOUCHERS.sorts),
        ),
        Route(
            "GET",
            "/v1/customers/{id}/vouchers/effect",
            P.VOUCHER_SELL,
            effect,
            "What the sale of a voucher would do",
            query=EffectQuery,
            answer=wire.VoucherEffect,
            operation="get_voucher_effect",
            refuses=_SALE,
        ),
    )


def _selling_routes() -> tuple[Route, ...]:
    return (
        Route(
            "POST",
            "/v1/customers/{id}/vouchers",
            P.VOUCHER_SELL,
            sell,
            "Sell a voucher from the wallet",
            body=wire.SellVoucher,
            answer=wire.Voucher,
            status=201,
            keyed=True,
            operation="sell_voucher",
            refuses=(*_SALE, Codes.DAY_CLOSED, Codes.BATCH_CHANGED, Codes.POSSIBLE_DUPLICATE),
        ),
        Route(
            "POST",
            "/v1/vouchers/{id}/reverse",
            P.VOUCHER_SELL,
            reverse,
            "Take back a sale that was keyed wrongly",
            body=wire.ReverseVoucher,
            answer=wire.Voucher,
            keyed=True,
            if_match=True,
            step_up=True,
            operation="reverse_voucher",
            refuses=(
                Codes.TRANSITION_NOT_ALLOWED,
                Codes.CUSTOMER_NOT_ACTIVE,
                Codes.ACCOUNT_NOT_OPEN,
                Codes.DAY_CLOSED,
                Codes.NEEDS_CHECKER,
            ),
        ),
        Route(
            "POST",
            "/v1/vouchers/{id}/receipts",
            P.RECEIPT_PRINT,
            print_slip,
            "The slip of a voucher with its code, or a copy of it",
            body=receipt_wire.PrintReceipt,
            answer=receipt_wire.PrintedReceipt,
            status=201,
            keyed=True,
            operation="print_voucher",
        ),
    )
