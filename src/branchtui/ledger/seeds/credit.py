"""Clients of a shop who do not exist: accounts bought on and settled over the last weeks, by the rules of real ones.

Time stands where each step says, so that cycles end on their own dates while the steps are taken.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.credit import (
    NewCreditAccount,
    NewPurchase,
    NewSettleEvery,
    NewSettlement,
    SettlementMode,
    SettlementTender,
    Unit,
    Weekday,
)
from branchtui.contract.customers import CustomerStatus
from branchtui.contract.sessions import Role
from branchtui.ledger.core import open_core
from branchtui.ledger.credit_worker import close_what_is_due
from branchtui.ledger.operations import Command, execute
from branchtui.ledger.setup import system_principal
from branchtui.ledger.store.rows import CreditAccount, Customer
from branchtui.ledger.workflows import credit_accounts, credit_postings, credit_settlements

if TYPE_CHECKING:
    from collections.abc import Callable

    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Reply
    from branchtui.ledger.store.rows import Branch
    from branchtui.ledger.store.unit import BulkTx

DAYS: Final = 40
"""How long ago the first of them was opened."""

_DAY_US: Final = 86_400_000_000
_HOUR_US: Final = 3_600_000_000
_SKIPPED: Final = 12
"""The first customers of a branch are those whom samples name."""

_LIMITS_MINOR: Final = (1_500_000, 2_500_000, 5_000_000, 7_500_000, 10_000_000)
_NARRATIONS: Final = (
    "Maize flour",
    "Cooking oil",
    "Sugar, tea",
    "Cement, nails",
    "School books",
    "Layers mash",
    "",
)
_RHYTHMS: Final = (
    NewSettleEvery(every=1, unit=Unit.MONTH, nth="last"),
    NewSettleEvery(every=2, unit=Unit.WEEK, weekday=Weekday.MON),
    NewSettleEvery(every=10, unit=Unit.DAY),
    NewSettleEvery(every=1, unit=Unit.WEEK, weekday=Weekday.FRI),
)


@dataclass
class _Standing:
    """A clock that stands, and ids of the time that it shows."""

    now: int
    _chance: random.Random = field(default_factory=random.Random)
    _count: int = 0

    def now_us(self) -> int:
        """Microseconds since 1970 UTC; never the same twice."""
        self._count += 1
        return self.now + self._count

    def new_id(self) -> str:
        """A UUIDv7 of that instant, in the order in which they are made."""
        self._count += 1
        value = ((self.now // 1_000) << 80) | (7 << 76) | (((self._count >> 20) & 0xFFF) << 64)
        value |= (2 << 62) | ((self._count & 0xFFFFF) << 42) | self._chance.getrandbits(42)
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def plant_credit(database: str, *, accounts: dict[str, int], now_us: int, rng: random.Random) -> None:
    """Open so many accounts in each branch (by code) of a ledger that nobody serves, and let weeks go by on them."""
    asyncio.run(_plant(database, accounts, now_us, rng))


async def _plant(database: str, accounts: dict[str, int], now_us: int, rng: random.Random) -> None:
    clock = _Standing(now_us)
    core = open_core(database, clock=clock, ids=clock.new_id)
    try:
        for code, count in accounts.items():
            branch = core.tree.by_code(code)
            assert branch is not None, "branches are made before their clients"
            shop = _Shop(core, clock, branch, rng, now_us)
            await core.writer.bulk(lambda tx, shop=shop, count=count: shop.fill(tx, count))  # type: ignore[misc]
        clock.now = now_us
        await close_what_is_due(core)
    finally:
        core.close()


@dataclass
class _Shop:
    """One branch's clients."""

    core: Core
    clock: _Standing
    branch: Branch
    rng: random.Random
    now_us: int

    def fill(self, tx: BulkTx, count: int) -> None:
        """Open `count` accounts and let each of them buy and settle."""
        found = sorted(tx.find(Customer, branch_id=self.branch.id), key=lambda each: each.customer_no)
        active = [each for each in found if each.status == CustomerStatus.ACTIVE][_SKIPPED:]
        for customer in active[: count * 7 : 7]:
            self._client(tx, customer)

    def _client(self, tx: BulkTx, customer: Customer) -> None:
        rng = self.rng
        limit = rng.choice(_LIMITS_MINOR)
        opened = self.now_us - rng.randrange(20, DAYS) * _DAY_US
        new = NewCreditAccount(
            customer_id=customer.id,
            opening_credit_minor=rng.choice((0, 0, limit // 10)),
            max_credit_minor=limit,
            restrict_credit=rng.random() < 0.9,
            settle_every=rng.choice(_RHYTHMS),
            statement_email=f"client{customer.customer_no}@example.org" if rng.random() < 0.3 else None,
        )
        self._do(
            tx, opened, credit_accounts.CREATED,
            lambda tx, command: credit_accounts.create(self.core, tx, command, new),
        )  # fmt: skip
        (credit,) = tx.find(CreditAccount, customer_id=customer.id)
        at = opened
        while (at := at + rng.randrange(30, 130) * _HOUR_US) < self.now_us - _HOUR_US:
            self._buy_or_settle(tx, credit.id, limit, at)

    def _buy_or_settle(self, tx: BulkTx, credit_id: str, limit: int, at_us: int) -> None:
        rng, credit = self.rng, tx.get(CreditAccount, credit_id)
        assert credit is not None, "it was just opened"
        if credit.owed_minor > limit // 2 or (credit.owed_minor > 0 and rng.random() < 0.2):
            paid = NewSettlement(
                tender=rng.choice(
                    (SettlementTender.CASH, SettlementTender.CHEQUE, SettlementTender.BANK_TRANSFER)
                ),
                mode=SettlementMode.OLDEST_FIRST,
                amount_minor=max(100, credit.owed_minor * rng.choice((4, 7, 10)) // 1_000 * 100),
                reference=f"{rng.randrange(10**6):06d}",
            )
            if (paid.amount_minor or 0) <= credit.owed_minor:
                self._do(
                    tx, at_us, credit_settlements.SETTLED,
                    lambda tx, command: credit_settlements.settle(self.core, tx, command, credit_id, paid),
                )  # fmt: skip
            return
        bought = NewPurchase(
            amount_minor=rng.randrange(limit // 200, limit // 12) // 500 * 500 + 500,
            pos_ref=f"T1-{rng.randrange(10**6):06d}",
            narration=rng.choice(_NARRATIONS),
        )
        self._do(
            tx, at_us, credit_postings.PURCHASED,
            lambda tx, command: credit_postings.purchase(self.core, tx, command, credit_id, bought),
        )  # fmt: skip

    def _do(self, tx: BulkTx, at_us: int, action: str, decide: Callable[[Any, Command], Reply]) -> None:
        """One step, at its own time, as an operation of the ledger's own."""
        self.clock.now = at_us
        who = replace(system_principal(self.branch.id), role=Role.SUPERVISOR)
        execute(tx, Command(self.clock.new_id(), b"", who, action, self.clock.now_us()), decide)
