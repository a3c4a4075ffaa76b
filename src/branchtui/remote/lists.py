"""What administrators keep for everybody: code lists, staff, products, membership (contract, section 2)."""

from __future__ import annotations

from typing import Final

from branchtui.contract.codes import (
    CodeName,
    CodeValue,
    CodeValueChange,
    Membership,
    MembershipChange,
    NewCodeValue,
    NewProduct,
    NewStaffMember,
    Product,
    ProductChange,
    StaffChange,
    StaffMember,
)
from branchtui.contract.paging import DEFAULT_LIMIT, Page
from branchtui.remote.calls import query_of, segment
from branchtui.remote.intents import Intent
from branchtui.remote.writing import Writing

MEMBERSHIP: Final = "/v1/settings/membership"


class Lists(Writing):
    """The endpoints of lists. Readings raise as `Reads`, changes as `Writing._write`."""

    async def code_values(
        self,
        code: CodeName | str,
        q: str | None = None,
        *,
        active: bool = False,
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[CodeValue]:
        """Values of a code list in their order; `active` leaves out what is offered no more."""
        query = query_of(q=q or None, active=active, cursor=cursor, anchor=anchor, limit=limit, count=count)
        return await self._read(f"/v1/codes/{segment(str(code))}/values", Page[CodeValue], query=query)

    async def create_code_value(self, code: CodeName, new: NewCodeValue) -> CodeValue:
        """Add a value to a list."""
        intent = Intent.plain("code.create", str(code))
        path = f"/v1/codes/{segment(str(code))}/values"
        return await self._write(intent, path=path, body=new, answer=CodeValue)

    async def change_code_value(self, value: CodeValue, change: CodeValueChange) -> CodeValue:
        """Rename or move a value, or offer it no more."""
        code = str(value.code)
        return await self._write(
            Intent.plain("code.change", code, target=value.id),
            method="PATCH",
            path=f"/v1/codes/{segment(code)}/values/{segment(value.id)}",
            body=change,
            if_match=value.version,
            answer=CodeValue,
        )

    async def staff(
        self,
        q: str | None = None,
        *,
        active: bool = False,
        branch: str | None = None,
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[StaffMember]:
        """Staff of the own branches and those above, by name."""
        query = query_of(
            q=q or None,
            active=active,
            branch=branch,
            cursor=cursor,
            anchor=anchor,
            limit=limit,
            count=count,
        )
        return await self._read("/v1/staff", Page[StaffMember], query=query)

    async def create_staff(self, new: NewStaffMember) -> StaffMember:
        """Add a member of staff."""
        intent = Intent.plain("staff.create", new.staff_no or "")
        return await self._write(intent, path="/v1/staff", body=new, answer=StaffMember)

    async def change_staff(self, member: StaffMember, change: StaffChange) -> StaffMember:
        """Change what was set in `change`, and nothing else."""
        return await self._write(
            Intent.plain("staff.change", member.staff_no or "", target=member.id),
            method="PATCH",
            path=f"/v1/staff/{segment(member.id)}",
            body=change,
            if_match=member.version,
            answer=StaffMember,
        )

    async def products(
        self,
        q: str | None = None,
        *,
        active: bool = False,
        kind: str | None = None,
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[Product]:
        """Products, by name."""
        query = query_of(
            q=q or None,
            active=active,
            kind=kind,
            cursor=cursor,
            anchor=anchor,
            limit=limit,
            count=count,
        )
        return await self._read("/v1/products", Page[Product], query=query)

    async def create_product(self, new: NewProduct) -> Product:
        """Add a product."""
        intent = Intent.plain("product.create", new.code)
        return await self._write(intent, path="/v1/products", body=new, answer=Product)

    async def change_product(self, product: Product, change: ProductChange) -> Product:
        """Rename or describe a product, or sell it no more."""
        return await self._write(
            Intent.plain("product.change", product.code, target=product.id),
            method="PATCH",
            path=f"/v1/products/{segment(product.id)}",
            body=change,
            if_match=product.version,
            answer=Product,
        )

    async def membership(self) -> Membership:
        """What the institution asks of new members."""
        return await self._read(MEMBERSHIP, Membership)

    async def set_membership(self, seen: Membership, change: MembershipChange) -> Membership:
        """Set what is asked of new members, against what was seen."""
        return await self._write(
            Intent.plain("membership.change"),
            method="PUT",
            path=MEMBERSHIP,
            body=change,
            if_match=seen.version,
            answer=Membership,
        )
