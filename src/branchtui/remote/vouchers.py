"""Plans and vouchers over HTTP: kept, looked at, sold, taken back, printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branchtui.contract.paging import DEFAULT_LIMIT, Page
from branchtui.contract.receipts import PrintedReceipt, PrintReceipt
from branchtui.contract.vouchers import (
    NewPlan,
    Plan,
    PlanChange,
    ReverseVoucher,
    SellVoucher,
    Voucher,
    VoucherEffect,
)
from branchtui.remote.calls import query_of, segment
from branchtui.remote.intents import Intent
from branchtui.remote.writes import CONFIRM_DUPLICATE
from branchtui.remote.writing import Writing

if TYPE_CHECKING:
    from branchtui.contract.customers import Customer
    from branchtui.contract.receipts import Columns


class Vouchers(Writing):
    """The endpoints of plans and vouchers. Changes raise what `Writing._write` raises."""

    async def plans(
        self,
        q: str | None = None,
        *,
        active: bool = False,
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[Plan]:
        """Plans, by name; with `active` those alone that are sold."""
        query = query_of(q=q or None, active=active, cursor=cursor, anchor=anchor, limit=limit, count=count)
        return await self._read("/v1/plans", Page[Plan], query=query)

    async def create_plan(self, new: NewPlan) -> Plan:
        """Add a plan."""
        intent = Intent.plain("plan.create", new.code)
        return await self._write(intent, path="/v1/plans", body=new, answer=Plan)

    async def change_plan(self, plan: Plan, change: PlanChange) -> Plan:
        """Rename or price a plan, or sell it no more."""
        return await self._write(
            Intent.plain("plan.change", plan.code, target=plan.id),
            method="PATCH",
            path=f"/v1/plans/{segment(plan.id)}",
            body=change,
            if_match=plan.version,
            answer=Plan,
        )

    async def vouchers(
        self,
        *,
        customer: str | None = None,
        q: str | None = None,
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[Voucher]:
        """Vouchers that were sold, newest first; `q` is a number or its beginning, or a whole code."""
        query = query_of(
            customer=customer, q=q or None, cursor=cursor, anchor=anchor, limit=limit, count=count
        )
        return await self._read("/v1/vouchers", Page[Voucher], query=query)

    async def voucher_effect(self, customer_id: str, plan_id: str) -> VoucherEffect:
        """The wallet before and after a sale. Nothing is done; refused as the sale would be."""
        path = f"/v1/customers/{segment(customer_id)}/vouchers/effect"
        return await self._read(path, VoucherEffect, query=query_of(plan_id=plan_id))

    async def sell_voucher(
        self, customer: Customer, plan: Plan, *, confirm_duplicate_of: str | None = None
    ) -> Voucher:
        """Sell at the price that was seen. Conflict `possible-duplicate` names the earlier one (IDEM-11)."""
        said = f"{plan.code} to {customer.customer_no},"
        intent = Intent.for_amount("voucher.sell", said, customer.id, plan.price_minor, plan.currency)
        return await self._write(
            intent,
            path=f"/v1/customers/{segment(customer.id)}/vouchers",
            body=SellVoucher(plan_id=plan.id, price_minor=plan.price_minor),
            headers={CONFIRM_DUPLICATE: confirm_duplicate_of} if confirm_duplicate_of else None,
            answer=Voucher,
        )

    async def reverse_voucher(self, voucher: Voucher, reason: str) -> Voucher:
        """Take a sale back that was keyed wrongly."""
        said = voucher.voucher_no
        return await self._write(
            Intent.for_amount("voucher.reverse", said, voucher.id, voucher.price_minor, voucher.currency),
            path=f"/v1/vouchers/{segment(voucher.id)}/reverse",
            body=ReverseVoucher(reason=reason),
            if_match=voucher.version,
            answer=Voucher,
        )

    async def print_voucher(self, voucher: Voucher, columns: Columns) -> PrintedReceipt:
        """The slip with the code as lines for a printer; again, and it is a copy."""
        return await self._write(
            Intent.plain("receipt.print", target=voucher.id),
            path=f"/v1/vouchers/{segment(voucher.id)}/receipts",
            body=PrintReceipt(columns=columns),
            answer=PrintedReceipt,
        )
