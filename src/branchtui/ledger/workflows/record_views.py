"""Balance records as the contract shows them: with their customer, and what this user may do to them now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from branchtui.contract import balance_records as wire
from branchtui.contract.base import RefusedAction
from branchtui.contract.customers import AccountBalance, AccountKind, CustomerBrief, CustomerStatus
from branchtui.ledger.access import Permission
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.days import day_key, is_closed
from branchtui.ledger.store.rows import Account, BalanceRecord, ClosedDay, Customer
from branchtui.ledger.workflows.record_rules import RecordAction, Standing, refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.unit import Tx


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks at records; answers depend on it."""

    core: Core
    who: Principal

    def today(self, record: BalanceRecord) -> str:
        """The ISO date of today in the record's branch."""
        return self.core.today(self.core.tree[record.branch_id]).isoformat()

    def foreseen(self, record: BalanceRecord) -> tuple[tuple[type[Any], str], ...]:
        """What `standing` asks for, to be read together (`Tx.expect`)."""
        days = {day_key(record.branch_id, day) for day in (record.as_of_date, self.today(record))}
        accounts = ((Account, each) for each in self._account_ids([record]))
        return ((Customer, record.customer_id), *((ClosedDay, each) for each in sorted(days)), *accounts)

    def standing(self, tx: Tx, record: BalanceRecord) -> Standing:
        """The record with what decides about it, as the running command sees it."""
        tx.expect(*self.foreseen(record))
        today = self.today(record)
        customer = tx.get(Customer, record.customer_id)
        assert customer is not None, "a record names a customer that exists"
        return Standing(
            record=record,
            customer=customer,
            day_closed=is_closed(tx, record.branch_id, record.as_of_date),
            today_closed=is_closed(tx, record.branch_id, today),
            account=next((tx.get(Account, each) for each in self._account_ids([record])), None),
        )

    def _account_ids(self, records: Sequence[BalanceRecord]) -> set[str]:
        """The accounts that these records were posted to, for who may take back what was."""
        if not self.who.may(Permission.RECORD_REVERSE):
            return set()
        return {
            each.account_id
            for each in records
            if each.account_id is not None and each.status == wire.RecordStatus.ACCOUNTED
        }

    def answer(
        self, tx: Tx, record: BalanceRecord, balances: tuple[AccountBalance, ...] = ()
    ) -> wire.BalanceRecord:
        """The record as the running command leaves it."""
        return record_answer(self.who, self.standing(tx, record), balances)

    async def answers(self, records: Sequence[BalanceRecord]) -> tuple[wire.BalanceRecord, ...]:
        """Committed records, with one read for all their customers."""
        reader = self.core.reader
        customers = {
            customer.id: customer
            for customer in await reader.by_keys(Customer, {record.customer_id for record in records})
        }
        accounts = {one.id: one for one in await reader.by_keys(Account, self._account_ids(records))}
        today = {record.branch_id: self.today(record) for record in records}
        asked = {day_key(record.branch_id, record.as_of_date) for record in records}
        asked |= {day_key(branch_id, day) for branch_id, day in today.items()}
        closed = {day.id for day in await reader.by_keys(ClosedDay, asked)}
        return tuple(
            record_answer(
                self.who,
                Standing(
                    record=record,
                    customer=customers[record.customer_id],
                    day_closed=day_key(record.branch_id, record.as_of_date) in closed,
                    today_closed=day_key(record.branch_id, today[record.branch_id]) in closed,
                    account=accounts.get(record.account_id or ""),
                ),
            )
            for record in records
        )


def record_answer(
    who: Principal, standing: Standing, balances: tuple[AccountBalance, ...] = ()
) -> wire.BalanceRecord:
    """The record as `who` sees it, `actions` and `refused` included."""
    record, customer = standing.record, standing.customer
    refusals = {action.value: refuse(action, who, standing) for action in RecordAction}
    return wire.BalanceRecord(
        id=record.id,
        version=record.version,
        actions=tuple(name for name, refusal in refusals.items() if refusal is None),
        refused={
            name: RefusedAction(
                code=refusal.code, message=refusal.detail, approval=refusal.extra.get("approval")
            )
            for name, refusal in refusals.items()
            if refusal is not None
        },
        branch_id=record.branch_id,
        customer_id=record.customer_id,
        customer=CustomerBrief(
            id=customer.id,
            customer_no=customer.customer_no,
            name=customer.name,
            account_no=customer.account_no,
            status=CustomerStatus(customer.status),
        ),
        account_kind=AccountKind(record.account_kind),
        account_no=record.account_no,
        product=record.product,
        amount_minor=record.amount_minor,
        currency=record.currency,
        as_of_date=date.fromisoformat(record.as_of_date),
        narration=record.narration,
        external_ref=record.external_ref,
        status=wire.RecordStatus(record.status),
        import_id=record.import_id,
        created_by=record.created_by,
        created_at=as_datetime(record.created_at),
        posted_by=record.posted_by,
        posted_at=as_datetime(record.posted_at) if record.posted_at is not None else None,
        balances=balances,
    )
