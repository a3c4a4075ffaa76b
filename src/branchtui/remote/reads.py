"""Every look-up: lists, profiles, queues (contract, sections 3, 4, 5 and 9)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from branchtui.contract.associations import AssociationSummary, PaymentFilter
from branchtui.contract.balance_records import BalanceRecord, RecordFilter, RecordStatus, RecordSummary
from branchtui.contract.customers import ROW_FIELDS, AccountKind, Customer, CustomerRow, CustomerStatus, Entry
from branchtui.contract.dashboard import Dashboard
from branchtui.contract.operations import Operation
from branchtui.contract.paging import DEFAULT_LIMIT, Page
from branchtui.contract.payments import (
    CallbackEvent,
    CallbackState,
    Candidates,
    Payment,
    PaymentState,
)
from branchtui.remote.calls import query_of, segment
from branchtui.remote.writing import Writing


class Reads(Writing):
    """The endpoints that change nothing. All raise Refused, SessionEnded or Unreachable."""

    async def customers(
        self,
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
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[CustomerRow]:
        """Customers by name, phone, account or customer number, as a list shows them.

        Label, staff, product, group and organisation by id, exact name, or a part that only one has.
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
            cursor=cursor,
            anchor=anchor,
            limit=limit,
            count=count,
            fields=",".join(ROW_FIELDS),
        )
        return await self._read("/v1/customers", Page[CustomerRow], query=query)

    async def customer(self, customer_id: str, include: Sequence[str] = ("accounts", "entries")) -> Customer:
        """A profile in one request."""
        query = query_of(include=",".join(include) or None)
        return await self._read(f"/v1/customers/{segment(customer_id)}", Customer, query=query)

    async def account_entries(
        self,
        account_id: str,
        *,
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[Entry]:
        """The legs on one account, newest first."""
        path = f"/v1/accounts/{segment(account_id)}/entries"
        query = query_of(cursor=cursor, anchor=anchor, limit=limit, count=count)
        return await self._read(path, Page[Entry], query=query)

    async def balance_records(
        self,
        *,
        status: RecordStatus | str | None = None,
        account_kind: AccountKind | str | None = None,
        created_by: str | None = None,
        import_id: str | None = None,
        customer: str | None = None,
        q: str | None = None,
        branch: str | None = None,
        as_of_from: date | None = None,
        as_of_to: date | None = None,
        sort: str | None = None,
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[BalanceRecord]:
        """Balance records; the filters are those of `RecordFilter`."""
        query = query_of(
            status=status,
            account_kind=account_kind,
            created_by=created_by,
            import_id=import_id,
            customer=customer,
            q=q or None,
            branch=branch,
            as_of_from=as_of_from,
            as_of_to=as_of_to,
            sort=sort,
            cursor=cursor,
            anchor=anchor,
            limit=limit,
            count=count,
        )
        return await self._read("/v1/balance-records", Page[BalanceRecord], query=query)

    async def balance_record(self, record_id: str) -> BalanceRecord:
        """One balance record as it stands."""
        return await self._read(f"/v1/balance-records/{segment(record_id)}", BalanceRecord)

    async def records_summary(
        self,
        filter: RecordFilter,  # noqa: A002 - the wire's own word
        *,
        action: str = "post",
        ids: Sequence[str] | None = None,
    ) -> RecordSummary:
        """Count, total in minor units and fingerprint of the set that a bulk action would touch.

        `action` is `post` or `delete`; `ids` are at most 200 (`SUMMARY_IDS_MAX`), of which the set is made.
        """
        query = query_of(
            **filter.model_dump(mode="json", exclude_none=True),
            action=None if action == "post" else action,
            ids=None if ids is None else ",".join(ids),
        )
        return await self._read("/v1/balance-records/summary", RecordSummary, query=query)

    async def payments(
        self,
        *,
        state: PaymentState | str | None = None,
        q: str | None = None,
        customer: str | None = None,
        branch: str | None = None,
        date_from: date | None = None,
        date_to: date | None = None,
        sort: str | None = None,
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
        include_candidates: bool = False,
    ) -> Page[Payment]:
        """Payments, newest first; with `include_candidates` those that wait bring their suggestions."""
        query = query_of(
            state=state,
            q=q or None,
            customer=customer,
            branch=branch,
            date_from=date_from,
            date_to=date_to,
            sort=sort,
            cursor=cursor,
            anchor=anchor,
            limit=limit,
            count=count,
            include="candidates" if include_candidates else None,
        )
        return await self._read("/v1/payments", Page[Payment], query=query)

    async def payment(self, payment_id: str) -> Payment:
        """One payment as it stands."""
        return await self._read(f"/v1/payments/{segment(payment_id)}", Payment)

    async def association_summary(self, shown: PaymentFilter, after: str | None = None) -> AssociationSummary:
        """What associating all that waits and has one certain owner would do: the piece of the list behind `after`."""
        query = query_of(**shown.model_dump(mode="json", exclude_none=True), after=after)
        return await self._read("/v1/payments/association-summary", AssociationSummary, query=query)

    async def payment_candidates(self, payment_id: str) -> Candidates:
        """Who it may belong to, best first, each with its reasons."""
        return await self._read(f"/v1/payments/{segment(payment_id)}/candidates", Candidates)

    async def callback_events(
        self,
        *,
        state: CallbackState | str | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[CallbackEvent]:
        """Providers' messages that credited nothing."""
        query = query_of(state=state, cursor=cursor, limit=limit)
        return await self._read("/v1/callback-events", Page[CallbackEvent], query=query)

    async def operations(
        self,
        *,
        mine: bool = True,
        q: str | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Operation]:
        """What was done, newest first; `q` finds by short reference."""
        query = query_of(mine=mine, q=q or None, cursor=cursor, limit=limit)
        return await self._read("/v1/operations", Page[Operation], query=query)

    async def dashboard(self, branch: str | None = None, *, days: int | None = None) -> Dashboard:
        """The branch's day, with the figures of `days` days (1 to 92; the ledger's week unless given)."""
        return await self._read("/v1/dashboard", Dashboard, query=query_of(branch=branch, days=days))
