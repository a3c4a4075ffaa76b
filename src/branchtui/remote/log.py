"""The log of money, receipts of its entries, the log as a file, and the report of a day (contract, section 5)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlencode

from branchtui.contract.base import PATIENT_SECONDS
from branchtui.contract.paging import DEFAULT_LIMIT, Page
from branchtui.contract.payments import Payment
from branchtui.contract.people import BusinessDay
from branchtui.contract.receipts import CheckedReceipt, PrintedReceipt, PrintReceipt, Receipt
from branchtui.contract.reports import DayReport
from branchtui.contract.transactions import Transaction
from branchtui.remote.calls import query_of, segment
from branchtui.remote.documents import Documents
from branchtui.remote.intents import Intent

PaperColumns = Literal[40, 80]

_LONGER_SECONDS: Final = PATIENT_SECONDS - 10.0
"""How much longer than other reads the ledger may take over a report."""


class MoneyLog(Documents):
    """The endpoints of transactions and receipts."""

    async def transactions(
        self,
        *,
        kind: str | None = None,
        created_by: str | None = None,
        customer: str | None = None,
        branch: str | None = None,
        date_from: date | None = None,
        date_to: date | None = None,
        q: str | None = None,
        sort: str | None = None,
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[Transaction]:
        """Journal entries, newest first."""
        query = query_of(
            kind=kind,
            created_by=created_by,
            customer=customer,
            branch=branch,
            date_from=date_from,
            date_to=date_to,
            q=q or None,
            sort=sort,
            cursor=cursor,
            anchor=anchor,
            limit=limit,
            count=count,
        )
        return await self._read("/v1/transactions", Page[Transaction], query=query)

    async def transaction(self, transaction_id: str) -> Transaction:
        """One entry with its legs."""
        return await self._read(f"/v1/transactions/{segment(transaction_id)}", Transaction)

    async def export_transactions(
        self,
        to_path: Path,
        *,
        kind: str | None = None,
        created_by: str | None = None,
        branch: str | None = None,
        date_from: date | None = None,
        date_to: date | None = None,
        q: str | None = None,
    ) -> None:
        """All entries that pass, as a CSV in a new file.

        Raises:
            FileProblem: the file exists or cannot be written. Refused `step-up`: prove to be the person first.
        """
        query = query_of(
            kind=kind,
            created_by=created_by,
            branch=branch,
            date_from=date_from,
            date_to=date_to,
            q=q or None,
        )
        await self._save(f"/v1/transactions.csv?{urlencode(query)}", to_path)

    async def day_report(
        self,
        day: date | None = None,
        *,
        branch: str | None = None,
        created_by: str | None = None,
        columns: int | None = None,
    ) -> DayReport:
        """What was taken, given and booked on a day, today unless given; with `columns` also as lines for a printer."""
        query = query_of(date=day, branch=branch, created_by=created_by, columns=columns)
        return await self._read("/v1/reports/day", DayReport, query=query, wait_seconds=_LONGER_SECONDS)

    async def close_day(self, report: DayReport) -> BusinessDay:
        """Close the day of a report, of the branch that it was made for: it takes no more postings."""
        return await self._turn_day(report, "close")

    async def open_day(self, report: DayReport) -> BusinessDay:
        """Open the day of a report again."""
        return await self._turn_day(report, "open")

    async def _turn_day(self, report: DayReport, command: Literal["close", "open"]) -> BusinessDay:
        day = report.business_date.isoformat()
        return await self._write(
            Intent.plain(f"day.{command}", f"{day} of {report.branch_name}"),
            path=f"/v1/branches/{segment(report.branch_id)}/days/{day}/{command}",
            answer=BusinessDay,
        )

    async def print_receipt(self, transaction: Transaction, columns: PaperColumns) -> PrintedReceipt:
        """The receipt of an entry as lines for a printer; again, and it is a copy."""
        return await self._print(f"/v1/transactions/{segment(transaction.id)}", transaction.id, columns)

    async def print_payment_receipt(self, payment: Payment, columns: PaperColumns) -> PrintedReceipt:
        """The receipt of the entry that last moved a payment."""
        return await self._print(f"/v1/payments/{segment(payment.id)}", payment.id, columns)

    async def receipts(
        self,
        *,
        q: str | None = None,
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[Receipt]:
        """Receipts that were printed, newest first; `q` is a number or its beginning."""
        query = query_of(q=q or None, cursor=cursor, anchor=anchor, limit=limit, count=count)
        return await self._read("/v1/receipts", Page[Receipt], query=query)

    async def check_receipt(self, receipt_no: str, check_code: str) -> CheckedReceipt:
        """Whether number and code belong together."""
        query = query_of(receipt_no=receipt_no, check_code=check_code)
        return await self._read("/v1/receipts/check", CheckedReceipt, query=query)

    async def _print(self, of: str, target: str, columns: PaperColumns) -> PrintedReceipt:
        return await self._write(
            Intent.plain("receipt.print", target=target),
            path=f"{of}/receipts",
            body=PrintReceipt(columns=columns),
            answer=PrintedReceipt,
        )
