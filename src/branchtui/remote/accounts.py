"""Accounts of customers: schedules, and money that leaves or changes accounts (contract, sections 3 and 9)."""

from __future__ import annotations

from branchtui.contract.customers import Account
from branchtui.contract.loans import MoneyMoved, NewOffset, NewPayout, Schedule
from branchtui.remote.calls import query_of, segment
from branchtui.remote.intents import Intent
from branchtui.remote.writes import CONFIRM_DUPLICATE
from branchtui.remote.writing import Writing


class Accounts(Writing):
    """The endpoints of accounts. Readings raise as `Reads`, changes as `Writing._write`."""

    async def account(self, account_id: str) -> Account:
        """One account; a loan with its figures."""
        return await self._read(_path(account_id), Account)

    async def loan_schedule(self, account_id: str) -> Schedule:
        """How a loan falls due, and what has been paid of each instalment."""
        return await self._read(_path(account_id, "schedule"), Schedule)

    async def payout_effect(self, account_id: str, amount_minor: int) -> MoneyMoved:
        """What a payout would do. Nothing is done; refused as the payout would be."""
        query = query_of(amount_minor=amount_minor)
        return await self._read(_path(account_id, "payouts", "effect"), MoneyMoved, query=query)

    async def offset_effect(self, account_id: str, from_account_id: str, amount_minor: int) -> MoneyMoved:
        """What an offset would do. Nothing is done; refused as the offset would be."""
        query = query_of(from_account_id=from_account_id, amount_minor=amount_minor)
        return await self._read(_path(account_id, "offset", "effect"), MoneyMoved, query=query)

    async def pay_out(
        self, account: Account, new: NewPayout, *, confirm_duplicate_of: str | None = None
    ) -> MoneyMoved:
        """Pay out of an account. Conflict `possible-duplicate` names the earlier one (IDEM-11)."""
        return await self._move_money("payout", "payouts", account, new, confirm_duplicate_of)

    async def offset(
        self, loan: Account, new: NewOffset, *, confirm_duplicate_of: str | None = None
    ) -> MoneyMoved:
        """Pay a loan out of another account of the same customer."""
        return await self._move_money("offset", "offset", loan, new, confirm_duplicate_of)

    async def _move_money(
        self,
        verb: str,
        end: str,
        account: Account,
        new: NewPayout | NewOffset,
        confirm_duplicate_of: str | None,
    ) -> MoneyMoved:
        intent = Intent.for_amount(
            f"account.{verb}", f"of {account.account_no}", account.id, new.amount_minor, account.currency
        )
        headers = {CONFIRM_DUPLICATE: confirm_duplicate_of} if confirm_duplicate_of else None
        return await self._write(
            intent, path=_path(account.id, end), body=new, headers=headers, answer=MoneyMoved
        )


def _path(account_id: str, *more: str) -> str:
    return "/".join(["/v1/accounts", segment(account_id), *more])
