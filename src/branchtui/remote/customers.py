"""A customer's life, transfers, and the list as a file (contract, section 3)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from branchtui.contract.customers import Customer, CustomerChange, CustomerStatus, LookAlikes
from branchtui.contract.paging import DEFAULT_LIMIT, Page
from branchtui.contract.transfers import Destinations, Transfer, TransferDirection, TransferState
from branchtui.remote.calls import query_of, segment
from branchtui.remote.documents import Documents
from branchtui.remote.intents import Intent

if TYPE_CHECKING:
    from branchtui.contract.base import Request


class _Seen(Protocol):
    """A customer as somebody saw one, whole or by a transfer."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def customer_no(self) -> str: ...


def path_of(customer_id: str, *more: str) -> str:
    """Where a customer, or something of one, is found."""
    return "/".join(["/v1/customers", segment(customer_id), *more])


class Customers(Documents):
    """The endpoints of customers. Readings raise as `Reads`, changes as `Writing._write`."""

    async def change_customer(self, customer: Customer, change: CustomerChange) -> Customer:
        """Change what was set in `change`, and nothing else. Conflict tells who was first, and what differs."""
        return await self._write(
            Intent.plain("customer.change", customer.customer_no, target=customer.id),
            method="PATCH",
            path=path_of(customer.id),
            body=change,
            if_match=customer.version,
            answer=Customer,
        )

    async def delete_customer(self, customer: Customer) -> None:
        """Delete one who was never active."""
        intent = Intent.plain("customer.delete", customer.customer_no, target=customer.id)
        await self._erase(intent, path=path_of(customer.id), if_match=customer.version, current=Customer)

    async def command_customer(self, customer: _Seen, command: str, body: Request | None = None) -> Customer:
        """One command of the contract's table: `activate`, `close`, `transfer/propose`; `body` is its own."""
        return await self._write(
            Intent.plain(f"customer.{command.replace('/', '-')}", customer.customer_no, target=customer.id),
            path=path_of(customer.id, command),
            body=body,
            if_match=customer.version,
            answer=Customer,
        )

    async def look_alikes(
        self,
        *,
        mobile_no: str | None = None,
        external_id: str | None = None,
        identifier: str | None = None,
        name: str | None = None,
        date_of_birth: date | None = None,
    ) -> LookAlikes:
        """Who looks like somebody who is to be entered."""
        query = query_of(
            mobile_no=mobile_no,
            external_id=external_id,
            identifier=identifier,
            name=name,
            date_of_birth=date_of_birth,
        )
        return await self._read("/v1/customers/duplicates", LookAlikes, query=query)

    async def export_customers(
        self,
        to_path: Path,
        q: str | None = None,
        *,
        status: CustomerStatus | str | None = None,
        branch: str | None = None,
        label: str | None = None,
        staff: str | None = None,
        product: str | None = None,
        group: str | None = None,
        organisation: str | None = None,
        sort: str | None = None,
    ) -> None:
        """Save the customers of a list as CSV. Never over a file that exists (FileProblem).

        Refused `step-up` for more than a thousand, unless the person proved a moment ago who it is.
        """
        query = query_of(
            q=q or None,
            status=status,
            branch=branch,
            label=label,
            staff=staff,
            product=product,
            group=group,
            organisation=organisation,
            sort=sort,
        )
        await self._save("/v1/customers/export.csv", to_path, query=query)

    async def transfers(
        self,
        *,
        direction: TransferDirection | str | None = None,
        state: TransferState | str | None = None,
        sort: str | None = None,
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[Transfer]:
        """Customers on the way to the own branches (`incoming`) or from them; those that wait unless a state is given."""
        query = query_of(
            direction=direction,
            state=state,
            sort=sort,
            cursor=cursor,
            anchor=anchor,
            limit=limit,
            count=count,
        )
        return await self._read("/v1/transfers", Page[Transfer], query=query)

    async def transfer_destinations(self) -> Destinations:
        """Branches that a customer may be offered to, those that one may not see too."""
        return await self._read("/v1/transfers/destinations", Destinations)
