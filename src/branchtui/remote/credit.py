"""Credit accounts: looked up, opened, bought on, settled; their statements (contract, section 7)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from branchtui.contract.credit import (
    CreditAccount,
    CreditAccountChange,
    CreditStatus,
    CreditTransaction,
    NewAdjustment,
    NewCreditAccount,
    NewPurchase,
    NewRefund,
    NewSettlement,
    PostedTransaction,
    Settlement,
    SettlementDates,
    SettlementReversal,
)
from branchtui.contract.credit_statements import Statement, StatementBrief
from branchtui.contract.paging import DEFAULT_LIMIT, Page
from branchtui.remote.calls import query_of, segment
from branchtui.remote.documents import Documents
from branchtui.remote.intents import Intent, masked_name
from branchtui.remote.writes import CONFIRM_DUPLICATE

PATH: Final = "/v1/credit-accounts"
FORMS: Final = {"pdf": "application/pdf", "txt": "text/plain"}
"""What a statement is saved as, by the ending of the file."""


class Credit(Documents):
    """The endpoints of credit accounts. Readings raise as `Reads`, changes as `Writing._write`."""

    async def credit_accounts(
        self,
        q: str | None = None,
        *,
        status: CreditStatus | str | None = None,
        over_limit: bool = False,
        branch: str | None = None,
        sort: str | None = None,
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[CreditAccount]:
        """Credit accounts by customer's name, number or phone, or by their own number."""
        query = query_of(
            q=q or None,
            status=status,
            over_limit=over_limit or None,
            branch=branch,
            sort=sort,
            cursor=cursor,
            anchor=anchor,
            limit=limit,
            count=count,
        )
        return await self._read(PATH, Page[CreditAccount], query=query)

    async def credit_account(self, account_id: str) -> CreditAccount:
        """One account with its open cycle and the one before."""
        return await self._read(f"{PATH}/{segment(account_id)}", CreditAccount)

    async def credit_transactions(
        self,
        account_id: str,
        *,
        is_open: bool = False,
        sort: str | None = None,
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[CreditTransaction]:
        """What moved an account; with `is_open` those of which something is owed."""
        query = query_of(
            open=is_open or None, sort=sort, cursor=cursor, anchor=anchor, limit=limit, count=count
        )
        return await self._read(
            f"{PATH}/{segment(account_id)}/transactions", Page[CreditTransaction], query=query
        )

    async def credit_statements(
        self,
        account_id: str,
        *,
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[StatementBrief]:
        """The statements of an account, the latest first."""
        query = query_of(cursor=cursor, anchor=anchor, limit=limit, count=count)
        return await self._read(f"{PATH}/{segment(account_id)}/statements", Page[StatementBrief], query=query)

    async def settlement_dates(
        self,
        *,
        every: int,
        unit: str,
        weekday: str | None = None,
        nth: str | None = None,
        day_of_month: int | None = None,
        anchor: date | None = None,
        branch: str | None = None,
    ) -> SettlementDates:
        """What a rhythm means from today on."""
        query = query_of(
            every=every,
            unit=unit,
            weekday=weekday,
            nth=nth,
            day_of_month=day_of_month,
            anchor=anchor,
            branch=branch,
        )
        return await self._read(f"{PATH}/settlement-dates", SettlementDates, query=query)

    async def statement(self, statement_id: str) -> Statement:
        """A statement with its lines."""
        return await self._read(f"/v1/statements/{segment(statement_id)}", Statement)

    async def save_statement(self, statement_id: str, ending: str, to_path: Path) -> None:
        """Save a statement as `pdf` or `txt`. Never over a file that exists (FileProblem)."""
        await self._save(f"/v1/statements/{segment(statement_id)}", to_path, accept=FORMS[ending])

    # ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def create_credit_account(
        self, new: NewCreditAccount, *, confirm_duplicate_of: str | None = None
    ) -> CreditAccount:
        """Open an account. Conflict `possible-duplicate` names the earlier one, or the customer who looks alike."""
        person = new.customer
        name = f"{person.first_name or ''} {person.last_name or person.name or ''}" if person else ""
        intent = Intent.plain("credit-account.create", masked_name(name), target=new.customer_id)
        headers = {CONFIRM_DUPLICATE: confirm_duplicate_of} if confirm_duplicate_of else None
        return await self._write(intent, path=PATH, body=new, headers=headers, answer=CreditAccount)

    async def change_credit_account(
        self, account: CreditAccount, change: CreditAccountChange
    ) -> CreditAccount:
        """Change what was set in `change`, and nothing else."""
        return await self._write(
            Intent.plain("credit-account.change", account.account_no, target=account.id),
            method="PATCH",
            path=f"{PATH}/{segment(account.id)}",
            body=change,
            if_match=account.version,
            answer=CreditAccount,
        )

    async def purchase(
        self, account: CreditAccount, new: NewPurchase, *, confirm_duplicate_of: str | None = None
    ) -> PostedTransaction:
        """Buy on account. Conflict `credit-limit-exceeded` when it goes beyond the limit."""
        return await self._move("purchase", "purchases", account, new, confirm_duplicate_of)

    async def refund(
        self, account: CreditAccount, new: NewRefund, *, confirm_duplicate_of: str | None = None
    ) -> PostedTransaction:
        """Take goods back."""
        return await self._move("refund", "refunds", account, new, confirm_duplicate_of)

    async def adjust(
        self, account: CreditAccount, new: NewAdjustment, *, confirm_duplicate_of: str | None = None
    ) -> PostedTransaction:
        """Correct what is owed."""
        return await self._move("adjust", "adjustments", account, new, confirm_duplicate_of)

    async def _move(
        self,
        verb: str,
        what: str,
        account: CreditAccount,
        new: NewPurchase | NewRefund | NewAdjustment,
        confirm_duplicate_of: str | None,
    ) -> PostedTransaction:
        intent = Intent.for_amount(
            f"credit-account.{verb}",
            f"on {account.account_no}",
            account.id,
            abs(new.amount_minor),
            account.currency,
        )
        headers = {CONFIRM_DUPLICATE: confirm_duplicate_of} if confirm_duplicate_of else None
        return await self._write(
            intent,
            path=f"{PATH}/{segment(account.id)}/{what}",
            body=new,
            headers=headers,
            answer=PostedTransaction,
        )

    async def settle(
        self,
        account: CreditAccount,
        new: NewSettlement,
        amount_minor: int,
        *,
        confirm_duplicate_of: str | None = None,
    ) -> Settlement:
        """Settle; `amount_minor` is what the person was shown. Conflict `overpayment` for more than is owed."""
        intent = Intent.for_amount(
            "credit-account.settle", f"on {account.account_no}", account.id, amount_minor, account.currency
        )
        headers = {CONFIRM_DUPLICATE: confirm_duplicate_of} if confirm_duplicate_of else None
        return await self._write(
            intent,
            path=f"{PATH}/{segment(account.id)}/settlements",
            body=new,
            headers=headers,
            answer=Settlement,
        )

    async def settlement(self, settlement_id: str) -> Settlement:
        """One settlement, and what it settles now."""
        return await self._read(f"/v1/settlements/{segment(settlement_id)}", Settlement)

    async def reverse_settlement(self, settlement: Settlement, reason: str) -> Settlement:
        """Take a settlement back: what it settled is open again."""
        intent = Intent.for_amount(
            "settlement.reverse",
            f"{settlement.settlement_no}",
            settlement.account_id,
            settlement.amount_minor,
            settlement.currency,
        )
        return await self._write(
            intent,
            path=f"/v1/settlements/{segment(settlement.id)}/reverse",
            body=SettlementReversal(reason=reason),
            answer=Settlement,
        )

    async def mail_statement(self, statement: StatementBrief) -> StatementBrief:
        """Mail a statement once more, to the address that the account has now."""
        intent = Intent.plain("statement.mail", f"no. {statement.cycle_no}", target=statement.id)
        path = f"/v1/statements/{segment(statement.id)}/mail"
        return await self._write(intent, path=path, answer=StatementBrief)
