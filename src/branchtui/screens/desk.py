"""The desk: what outlives every screen. Who works, where, with which ledger, and what was left half typed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from branchtui.format.dates import show_instant, show_time

if TYPE_CHECKING:
    from branchtui.contract.sessions import Branch, User
    from branchtui.remote.client import Ledger
    from branchtui.remote.heads import Alarm
    from branchtui.remote.intents import Pending
    from branchtui.settings import Settings
    from branchtui.terminal.key_gate import KeyGate
    from branchtui.terminal.lean import PaintFigures

OpenLedger = Callable[["Settings"], "Ledger"]
SIGN_OUT_SECONDS: Final = 2.0
_WARMED: Final = ("branchtui.remote.client", "branchtui.screens.home")


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """A name and password that a caller already has: the demonstration's. Never shown, never kept (SEC-1)."""

    username: str
    password: str


def utc_now() -> datetime:
    """The machine's wall clock."""
    return datetime.now(UTC)


def open_ledger(settings: Settings) -> Ledger:
    """The client for the ledger that the settings name, with its journal."""
    from branchtui.remote.client import Ledger, LinkSettings

    link = LinkSettings(
        ca_file=settings.ca_file,
        client_cert_file=settings.client_cert_file,
        client_key_file=settings.client_key_file,
        state_directory=settings.state_folder,
        slow_line=settings.slow_line,
    )
    return Ledger.open(settings.ledger or "", link)


class Desk:
    """Made once a run. `ledger`, `user` and what depends on them are there after `open` and `sign_in`."""

    def __init__(
        self,
        settings: Settings,
        *,
        gate: KeyGate,
        paint: PaintFigures,
        open_ledger: OpenLedger = open_ledger,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = settings
        self.gate = gate
        self.paint = paint
        self.now = now
        self.user: User | None = None
        self.chosen_branch: Branch | None = None
        self.institution = ""
        self.is_locked = False
        self.told_alarm: Alarm | None = None
        self.owed_doubts: list[Pending] = []
        """What came into doubt behind the idle lock, and was told to nobody."""
        self.asking_password: asyncio.Future[bool] | None = None
        self._open_ledger = open_ledger
        self._ledger: Ledger | None = None
        self._is_closed = False

    # ── the ledger ───────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def ledger(self) -> Ledger:
        """The client; only after `open`."""
        assert self._ledger is not None, "the ledger is not open"
        return self._ledger

    def may(self, permission: str) -> bool:
        """Whether one's role may do what needs `permission`; what the ledger did not tell may be tried."""
        return self.user is None or self.user.may(permission)

    @property
    def is_open(self) -> bool:
        """Whether `ledger` may be used."""
        return self._ledger is not None

    async def open(self) -> Ledger:
        """Open the ledger once; loads the HTTP library beside the event loop, behind the first paint.

        Raises:
            LedgerError: the address cannot be used.
        """
        for module in () if self.is_open else _WARMED:
            # In a session of the launcher all is loaded, and a thread would be memory for nothing.
            if module not in sys.modules:
                await asyncio.to_thread(import_module, module)
        # Another caller may have been quicker while the modules were loaded.
        if self._ledger is None:
            self._ledger = self._open_ledger(self.settings)
        return self._ledger

    async def sign_in(self, username: str, password: str, otp: str | None = None) -> tuple[str, ...]:
        """Open a session; what comes back are recovery codes, once. Raises what `Ledger.sign_in` raises."""
        ledger = await self.open()
        codes = (otp,) if otp else ()
        session = await ledger.sign_in(username, password, *codes)
        self.user = session.user
        self.institution = session.ledger.institution
        return session.recovery_codes

    async def sign_out(self) -> None:
        """End the session; a ledger that does not answer holds nobody here, the session ends by itself there."""
        if self._ledger is not None and self._ledger.is_signed_in:
            with suppress(TimeoutError):
                async with asyncio.timeout(SIGN_OUT_SECONDS):
                    await self._ledger.sign_out()

    async def close(self) -> None:
        """Stop everything; what is in doubt stays in the journal."""
        if self._ledger is not None and not self._is_closed:
            self._is_closed = True
            await self._ledger.close()

    # ── where and when ───────────────────────────────────────────────────────────────────────────────────────────

    @property
    def username(self) -> str:
        """Who works; empty before."""
        return self.user.username if self.user is not None else ""

    @property
    def branch(self) -> Branch:
        """Where one works: the chosen branch, else one's own."""
        assert self.user is not None, "nobody is signed in"
        if self.chosen_branch is not None:
            return self.chosen_branch
        own = (one for one in self.user.branches if one.id == self.user.branch_id)
        return next(own, self.user.branches[0])

    @property
    def branch_filter(self) -> str | None:
        """The branch that lists are narrowed to; None shows all that one may see."""
        return None if self.chosen_branch is None else self.chosen_branch.id

    @property
    def branch_codes(self) -> list[str]:
        """The codes of the branches that one may see."""
        return [] if self.user is None else [one.code for one in self.user.branches]

    def branch_code(self, branch_id: str) -> str:
        """The code of a branch that one may see; empty for any other."""
        branches = () if self.user is None else self.user.branches
        return next((one.code for one in branches if one.id == branch_id), "")

    def choose_branch(self, code: str) -> str:
        """Work in the branch of that code, or in all with an empty one; returns the sentence for the person."""
        assert self.user is not None
        if not code:
            self.chosen_branch = None
            return "Lists show every branch you may see."
        found = next((one for one in self.user.branches if one.code.casefold() == code.casefold()), None)
        if found is None:
            return f"There is no branch {code} that you may work in. Yours: {', '.join(self.branch_codes)}."
        self.chosen_branch = found
        return f"You work in {found.name} ({found.code}) now."

    @property
    def currency(self) -> str:
        """ISO 4217 of the branch."""
        return self.branch.currency

    @property
    def zone(self) -> ZoneInfo:
        """The branch's time zone; UTC where this machine does not know it."""
        try:
            return ZoneInfo(self.branch.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")

    def today(self) -> date:
        """The branch's calendar day."""
        return self.now().astimezone(self.zone).date()

    def time(self, instant: datetime) -> str:
        """An instant by the branch's clock: the time alone today, the date with it otherwise."""
        local = instant.astimezone(self.zone)
        return (
            show_time(instant, self.zone)
            if local.date() == self.today()
            else show_instant(instant, self.zone)
        )
