"""`Ledger`: everything the terminal can ask of the ledger, one method an endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random, SystemRandom
from types import TracebackType
from typing import Self

import platformdirs

from branchtui.remote.accounts import Accounts
from branchtui.remote.address import ledger_address
from branchtui.remote.approvals import Approvals
from branchtui.remote.balance_files import BalanceFiles
from branchtui.remote.clock import Clock, Sleep, SystemClock
from branchtui.remote.counter import Counter
from branchtui.remote.credit import Credit
from branchtui.remote.customer_parts import CustomerParts
from branchtui.remote.customers import Customers
from branchtui.remote.errors import JournalUnavailable
from branchtui.remote.imports import Imports
from branchtui.remote.journal import IntentJournal, Journal, NoJournal
from branchtui.remote.journal_files import journal_directory
from branchtui.remote.learned_payers import LearnedPayers
from branchtui.remote.line import Line
from branchtui.remote.lists import Lists
from branchtui.remote.log import MoneyLog
from branchtui.remote.own_certificate import OwnCertificate, own_certificate
from branchtui.remote.people import People
from branchtui.remote.reads import Reads
from branchtui.remote.sessions import Sessions
from branchtui.remote.transport import Deadlines, NewWire, Transport
from branchtui.remote.vouchers import Vouchers
from branchtui.remote.writes import Writes

SLOW_LINE_FACTOR = 2.0


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """What the link needs to know. `state_directory`: None means `$XDG_STATE_HOME/branchtui`.

    `client_cert_file` and `client_key_file` are for a ledger that asks terminals for a certificate (TLS-1).
    """

    ca_file: Path | None = None
    client_cert_file: Path | None = None
    client_key_file: Path | None = None
    profile: str = "default"
    state_directory: Path | None = None
    slow_line: bool = False


class Ledger(
    Sessions,
    Reads,
    Writes,
    Counter,
    MoneyLog,
    Imports,
    BalanceFiles,
    Approvals,
    People,
    Credit,
    Customers,
    CustomerParts,
    Accounts,
    Lists,
    Vouchers,
    LearnedPayers,
):
    """The ledger as the screens see it.

    Made inside a running event loop, closed with `close` (or as an async context). Readings raise
    `Unreachable`, `Refused`, `SessionEnded`; changes also `Conflict` and `OutcomeUnknown`. What is in
    doubt is in `resolver`; figures of the line are in `line`.
    """

    def __init__(
        self,
        base_url: str,
        *,
        journal: Journal,
        ca_file: Path | None = None,
        own: OwnCertificate | None = None,
        clock: Clock | None = None,
        rng: Random | None = None,
        new_key: Callable[[], str] | None = None,
        sleep: Sleep = asyncio.sleep,
        deadlines: Deadlines | None = None,
        new_wire: NewWire | None = None,
    ) -> None:
        clock = clock or SystemClock()
        line = Line()
        super().__init__(
            Transport(
                base_url,
                clock=clock,
                line=line,
                ca_file=ca_file,
                own=own,
                deadlines=deadlines,
                new_wire=new_wire,
            ),
            journal=journal,
            new_key=new_key or fresh_key,
            line=line,
            clock=clock,
            rng=rng or SystemRandom(),
            sleep=sleep,
        )

    @classmethod
    def open(cls, base_url: str, settings: LinkSettings | None = None) -> Self:
        """A client with its own journal on disk. Without a journal it reads, and refuses changes (OUT-3).

        Raises:
            NotTrusted: the address, the configured authority or the own certificate is not acceptable.
        """
        settings = settings or LinkSettings()
        own = own_certificate(settings.client_cert_file, settings.client_key_file)
        address = ledger_address(base_url)
        clock = SystemClock()
        home = settings.state_directory or platformdirs.user_state_path("branchtui", appauthor=False)
        journal: Journal
        try:
            directory = journal_directory(home, address, settings.profile)
            journal = IntentJournal.open(directory, now=clock.now())
        except JournalUnavailable as reason:
            journal = NoJournal(reason)
        deadlines = Deadlines().widened(SLOW_LINE_FACTOR if settings.slow_line else 1.0)
        try:
            return cls(
                address, journal=journal, ca_file=settings.ca_file, own=own, clock=clock, deadlines=deadlines
            )
        except BaseException:
            # Its file is for the next try: a person mends the setting and signs in again.
            journal.close()
            raise

    async def close(self) -> None:
        """Stop everything. Nothing is told to the ledger; what is in doubt waits in the journal."""
        under_way = tuple(self._under_way)
        for task in under_way:
            task.cancel()
        if self._renewal is not None:
            self._renewal.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self.resolver.close()
        await self._breaker.close()
        await self._transport.close()
        self._journal.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def fresh_key() -> str:
    """A key for one change: it begins with the time, so that the ledger keeps those of a day beside each other."""
    import uuid_utils

    return str(uuid_utils.uuid7())
