"""Every keyed change of customers, balance records and payments (contract, sections 3, 4 and 5).

All of them raise what `Writing._write` raises: Refused, Conflict and Unreachable when nothing happened,
OutcomeUnknown when nobody knows yet.
"""

from __future__ import annotations

from branchtui.contract.associations import AssociateAll, AssociationResult, AssociationSummary, PaymentFilter
from branchtui.contract.balance_records import (
    BalanceRecord,
    BalanceRecordChange,
    BulkAction,
    BulkResult,
    NewBalanceRecord,
    Reversal,
)
from branchtui.contract.customers import Account, Customer, NewAccount, NewCustomer
from branchtui.contract.payments import Associate, Disassociate, Payment
from branchtui.format.counts import count_of
from branchtui.remote.calls import segment
from branchtui.remote.intents import Intent, masked_label, masked_name
from branchtui.remote.writing import Writing

CONFIRM_DUPLICATE = "Confirm-Duplicate-Of"


class Writes(Writing):
    """The endpoints that change money or people."""

    async def create_customer(
        self, customer: NewCustomer, *, confirm_duplicate_of: str | None = None
    ) -> Customer:
        """Enter a customer and return it with its numbers.

        Conflict `possible-duplicate` names who looks alike; confirm with that one's id (IDEM-11).
        """
        name = customer.name or f"{customer.first_name or ''} {customer.last_name or ''}"
        intent = Intent.plain("customer.create", masked_name(name))
        headers = {CONFIRM_DUPLICATE: confirm_duplicate_of} if confirm_duplicate_of else None
        return await self._write(
            intent, path="/v1/customers", body=customer, headers=headers, answer=Customer
        )

    async def open_account(self, customer_id: str, account: NewAccount) -> Account:
        """Open an account for a customer."""
        intent = Intent.plain("account.open", account.kind.value, target=customer_id)
        path = f"/v1/customers/{segment(customer_id)}/accounts"
        return await self._write(intent, path=path, body=account, answer=Account)

    async def create_balance_record(
        self, record: NewBalanceRecord, *, whom: str = "", confirm_duplicate_of: str | None = None
    ) -> BalanceRecord:
        """Key a balance. Conflict `possible-duplicate` names the earlier one; confirm with its key (IDEM-11).

        `whom` is the customer as the screen names one, for who reads the change before it is confirmed.
        """
        intent = Intent.for_amount(
            "balance-record.create",
            f"{record.account_kind.value}{masked_label(whom)}",
            record.customer_id,
            record.amount_minor,
            record.currency,
        )
        headers = {CONFIRM_DUPLICATE: confirm_duplicate_of} if confirm_duplicate_of else None
        return await self._write(
            intent, path="/v1/balance-records", body=record, headers=headers, answer=BalanceRecord
        )

    async def change_balance_record(
        self, record: BalanceRecord, change: BalanceRecordChange
    ) -> BalanceRecord:
        """Change what was set in `change`, and nothing else."""
        return await self._write(
            Intent.for_record("balance-record.change", record),
            method="PATCH",
            path=_path(record),
            body=change,
            if_match=record.version,
            answer=BalanceRecord,
        )

    async def delete_balance_record(self, record: BalanceRecord) -> None:
        """Take a record away that was not posted."""
        intent = Intent.for_record("balance-record.delete", record)
        await self._erase(intent, path=_path(record), if_match=record.version, current=BalanceRecord)

    async def post_balance_record(self, record: BalanceRecord) -> BalanceRecord:
        """Post `record` and return it as the ledger now holds it, with the new balances."""
        return await self._write(
            Intent.for_record("balance-record.post", record),
            path=f"{_path(record)}/post",
            if_match=record.version,
            answer=BalanceRecord,
        )

    async def reverse_balance_record(self, record: BalanceRecord, reason: str) -> BalanceRecord:
        """Mirror a posted record; the original stays."""
        return await self._write(
            Intent.for_record("balance-record.reverse", record),
            path=f"{_path(record)}/reverse",
            body=Reversal(reason=reason),
            if_match=record.version,
            answer=BalanceRecord,
        )

    async def post_all_records(self, action: BulkAction) -> BulkResult:
        """Post exactly the set that was seen; Conflict `batch-changed` when it moved (CONC-5)."""
        intent = Intent.for_set("balance-record.post-all", action.count, action.total_minor)
        return await self._write(intent, path="/v1/balance-records/post-all", body=action, answer=BulkResult)

    async def delete_all_records(self, action: BulkAction) -> BulkResult:
        """Delete exactly the set that was seen; Conflict `batch-changed` when it moved (CONC-5)."""
        intent = Intent.for_set("balance-record.delete-all", action.count, action.total_minor)
        return await self._write(
            intent, path="/v1/balance-records/delete-all", body=action, answer=BulkResult
        )

    async def associate_payment(
        self, payment: Payment, customer_id: str, account_id: str | None = None, *, whom: str = ""
    ) -> Payment:
        """Give a payment to its owner: the wallet, or the account it pays; `whom` as in `create_balance_record`."""
        return await self._write(
            Intent.for_payment("payment.associate", payment, customer_id, whom),
            path=f"/v1/payments/{segment(payment.id)}/associate",
            body=Associate(customer_id=customer_id, account_id=account_id),
            if_match=payment.version,
            answer=Payment,
        )

    async def associate_all_payments(
        self, shown: PaymentFilter, seen: AssociationSummary
    ) -> AssociationResult:
        """Associate exactly the set that was seen; Conflict `batch-changed` when it moved (CONC-5)."""
        return await self._write(
            Intent(
                action="payment.associate-all",
                summary=f"Associate {count_of(seen.count, 'payment')}",
                amount_minor=seen.total_minor,
                currency=seen.currency,
            ),
            path="/v1/payments/associate-all",
            body=AssociateAll(
                filter=shown,
                after=seen.after,
                count=seen.count,
                total_minor=seen.total_minor,
                set_hash=seen.set_hash,
            ),
            answer=AssociationResult,
        )

    async def disassociate_payment(self, payment: Payment, reason: str) -> Payment:
        """Take a payment back from its owner; it waits again."""
        return await self._write(
            Intent.for_payment("payment.disassociate", payment, payment.customer_id, _owner(payment)),
            path=f"/v1/payments/{segment(payment.id)}/disassociate",
            body=Disassociate(reason=reason),
            if_match=payment.version,
            answer=Payment,
        )


def _owner(payment: Payment) -> str:
    owner = payment.customer
    return "" if owner is None else f"{owner.account_no} {owner.name}"


def _path(record: BalanceRecord) -> str:
    return f"/v1/balance-records/{segment(record.id)}"
