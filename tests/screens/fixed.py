"""A ledger that always says the same, for pictures of layouts: no clock, no port, no ids by chance."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from pydantic import SecretStr

from branchtui.app import BranchApp
from branchtui.contract.balance_records import BalanceRecord, RecordStatus, RecordSummary
from branchtui.contract.codes import Membership
from branchtui.contract.customers import (
    Account,
    AccountKind,
    AccountStatus,
    Customer,
    CustomerStatus,
    Entry,
    LegalForm,
)
from branchtui.contract.dashboard import Dashboard, DayFigures, Queue
from branchtui.contract.paging import Page
from branchtui.contract.sessions import Branch, LedgerIdentity, Role, Session, User
from branchtui.remote.client import Ledger
from branchtui.remote.line import LineFigures
from branchtui.screens.desk import Credentials
from branchtui.settings import Settings

NOW = datetime(2026, 11, 3, 9, 15, tzinfo=UTC)
NAMES = (
    "Wanjiku Kamau",
    "Achieng O'Brien",
    "Ngũgĩ wa Mwangi",
    "[/] Kofi",
    "山田 太郎",
    "A very long name indeed of Nakuru Ltd",
)
BRANCH = Branch(id="b1", code="NKU", name="Nakuru", currency="KES", timezone="Africa/Nairobi")
USER = User(id="u1", username="teller", roles=(Role.TELLER,), branch_id="b1", branches=(BRANCH,))


def customer(at: int) -> Customer:
    """One of the customers."""
    accounts = (
        Account(id="a1", account_no=f"10024{at}", kind=AccountKind.WALLET, currency="KES", status=AccountStatus.OPEN, balance_minor=150_000),
        Account(id="a2", account_no=f"70000{at}", kind=AccountKind.SAVINGS, currency="KES", status=AccountStatus.OPEN, balance_minor=135_000),
    )  # fmt: skip
    entries = (
        Entry(id="e1", account_id="a2", account_no=f"70000{at}", account_kind=AccountKind.SAVINGS, kind="balance-record",
              amount_minor=135_000, balance_after_minor=135_000, currency="KES", booked_at=NOW, created_by="teller"),
    )  # fmt: skip
    return Customer(
        id=f"c{at}", version=1, customer_no=f"00010{at}", account_no=f"10024{at}", legal_form=LegalForm.PERSON,
        name=NAMES[at], branch_id="b1", branch_code="NKU", status=CustomerStatus.ACTIVE, mobile_no="+254711222333",
        activation_date=date(2026, 9, 30), created_at=NOW, accounts=accounts, entries=entries,
    )  # fmt: skip


def record(at: int) -> BalanceRecord:
    """One of the balance records."""
    return BalanceRecord(
        id=f"r{at}", version=1, actions=("post", "edit", "delete"), branch_id="b1", customer_id=f"c{at}",
        customer=customer(at).brief, account_kind=AccountKind.SAVINGS, amount_minor=125_000 * 10**at, currency="KES",
        as_of_date=date(2026, 9, 30), external_ref=f"MB/{at}", status=RecordStatus.NOT_ACCOUNTED, created_by="teller",
        created_at=NOW,
    )  # fmt: skip


class FixedLedger:
    """What the screens ask, answered from constants."""

    def __init__(self) -> None:
        self.line = LineFigures(last_round_trip_ms=12.0)
        self.is_signed_in = False
        self.heads = SimpleNamespace(alarm=None, listen=lambda _: lambda: None)
        self.restored = None
        self.resolver = SimpleNamespace(
            unresolved=(), settled_unseen=(), unresolved_of_others=0, listen=lambda _: lambda: None
        )

    async def sign_in(self, username: str, password: str) -> Session:
        """Everybody is the teller."""
        identity = LedgerIdentity(ledger_id="l", epoch="1", institution="Pamoja Sacco")
        return Session(
            access_token=SecretStr(password),
            expires_in=900,
            refresh_token=SecretStr(""),
            user=USER,
            ledger=identity,
        )

    def listen_line(self, _: object) -> object:
        """The line never changes."""
        return None

    def listen_restored(self, _: object) -> object:
        """Nothing was ever restored."""
        return None

    async def close(self) -> None:
        """Nothing to close."""

    async def dashboard(self, *_: object, **__: object) -> Dashboard:
        """A day."""
        queues = (
            Queue(
                name="payments-unassociated",
                count=150,
                total_minor=53_923_100,
                oldest_at=NOW - timedelta(days=8),
            ),
            Queue(
                name="balances-not-accounted",
                count=6,
                total_minor=138_888_750,
                oldest_at=NOW - timedelta(hours=3),
            ),
        )
        days = tuple(
            DayFigures(
                date=date(2026, 11, day),
                branch_id="b1",
                payments_associated=60 + day,
                payments_associated_minor=9_900_000,
            )
            for day in (1, 2, 3)
        )
        return Dashboard(
            branch_id="b1",
            branch_name="Nakuru",
            business_date=date(2026, 11, 3),
            currency="KES",
            queues=queues,
            days=days,
        )

    async def customers(self, *_: object, **__: object) -> Page[Customer]:
        """All of them."""
        return Page[Customer](items=tuple(customer(at) for at in range(len(NAMES))), count=len(NAMES))

    async def customer(self, customer_id: str, _: object = ()) -> Customer:
        """One of them."""
        return customer(int(customer_id[1:]))

    async def membership(self) -> Membership:
        """Nothing beyond what everybody is asked for."""
        return Membership(id="membership", version=1)

    async def balance_records(self, **_: object) -> Page[BalanceRecord]:
        """All of them."""
        return Page[BalanceRecord](items=tuple(record(at) for at in range(len(NAMES))), count=len(NAMES))

    async def records_summary(self, _: object, **more: object) -> RecordSummary:
        """The set."""
        return RecordSummary(count=6, total_minor=138_888_750, set_hash="0" * 64, currency="KES")


def fixed_app(**settings: Any) -> BranchApp:
    """The program at that ledger, on a fixed morning, signed in."""
    return BranchApp(
        Settings(ledger="https://ledger.example.org", **settings),
        open_ledger=lambda _: cast("Ledger", FixedLedger()),
        credentials=Credentials("teller", "made up"),
        now=lambda: NOW,
    )
