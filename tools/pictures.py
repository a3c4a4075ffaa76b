# ruff: noqa: INP001 - a script beside the package, no part of it
"""Makes the pictures of the manual: the program itself at 80x24, over the ledger of the demonstration.

    python -m tools.pictures [NAME ...]

Keys go in, a picture of what was painted comes out: nothing is drawn by hand. The ledger is built from the
demonstration's seed at a time that stands still, so that two runs give the same pictures.
"""

from __future__ import annotations

import asyncio
import html
import re
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

from rich.cells import cell_len
from tests.ledger.running import MovableClock, RunningLedger
from tests.screens.bad_line import BadLine, at_once, bad_line
from tests.screens.counter import Counter

from branchtui.app import BranchApp
from branchtui.ledger import demo
from branchtui.remote.client import Ledger
from branchtui.remote.journal import IntentJournal
from branchtui.remote.journal_files import journal_directory
from branchtui.screens.desk import Credentials
from branchtui.settings import Settings

PICTURES: Final = Path(__file__).resolve().parent.parent / "docs" / "pictures"
LARGEST_BYTES: Final = 60_000
SIZE: Final = (80, 24)
SHOWN_ADDRESS: Final = "https://ledger.example.org"
MORNING: Final = datetime(2026, 11, 3, 6, 40, tzinfo=UTC)
FONTS: Final = "'DejaVu Sans Mono', Menlo, Consolas, monospace"
TICK_SECONDS: Final = 0.003
CELL: Final = 12.2
"""Units of the drawing a column of the terminal takes."""
_RUN: Final = re.compile(
    r'<text class="(?P<style>[^"]+-r\d+)" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)"[^>]*>(?P<text>[^<]*)</text>'
)

Shoot = Callable[[Counter, str], None]

BALANCES_FILE: Final = """customer_no,account_kind,amount,currency,as_of_date,narration,external_ref
000101,savings,"62,500.50",KES,2026-09-30,opening balance,PB-1
000102,shares,"10,000.00",KES,2026-09-30,carried from passbook,PB-2
000999999,savings,400.00,KES,2026-09-30,,PB-3
000103,savings,12.345,KES,2026-09-30,,PB-4
000104,savings,1E+05,KES,2026-09-30,,PB-5
000104,shares,2500.00,KES,2026-09-30,,PB-2
"""


class StandingTime(MovableClock):
    """One morning for the ledger and the terminal; every look at it is a little later than the one before."""

    def __init__(self) -> None:
        super().__init__()
        self._looks = 0

    def now(self) -> datetime:
        """The morning, in UTC."""
        return MORNING

    def now_us(self) -> int:
        """As `now`, in microseconds since 1970, and never twice the same."""
        self._looks += 1
        return int(MORNING.timestamp()) * 1_000_000 + self._looks

    def monotonic(self) -> float:
        """A line that always takes as long."""
        self._looks += 1
        return self._looks * TICK_SECONDS

    def boottime(self) -> float:
        """As `monotonic`: the machine never sleeps."""
        return self.monotonic()


class Studio:
    """A demonstration and the ways to sit down at it."""

    def __init__(self, ledger: RunningLedger, users: list[demo.DemoUser], folder: Path) -> None:
        self.ledger = ledger
        self.folder = folder
        self._passwords = {user["username"]: user["password"] for user in users}
        self._keys = Random(600_100)  # noqa: S311 - the same references every time

    @asynccontextmanager
    async def seat(self, username: str | None = "teller1", *, url: str = "") -> AsyncIterator[Counter]:
        """The program, signed in as `username` at Home; without one at the sign-in screen."""
        imports = self.folder / "imports"
        imports.mkdir(exist_ok=True)
        (imports / "balances.csv").write_text(BALANCES_FILE, encoding="utf-8")
        settings = Settings(ledger=SHOWN_ADDRESS, state_folder=self.folder / "state", import_folder=imports)
        credentials = None if username is None else Credentials(username, self._passwords[username])
        app = BranchApp(
            settings,
            credentials=credentials,
            open_ledger=lambda _: self._client(url or self.ledger.url),
            now=lambda: MORNING,
        )
        app.title = "branchtui"
        async with app.run_test(size=SIZE, notifications=True) as pilot:
            seat = Counter(app, pilot)
            if username is not None:
                await seat.see("What waits", "Balances posted today")
            yield seat

    def _client(self, url: str) -> Ledger:
        clock = StandingTime()
        journal = IntentJournal.open(
            journal_directory(self.folder / "state", url, "default"), now=clock.now()
        )
        return Ledger(
            url,
            journal=journal,
            new_key=lambda: str(uuid.UUID(int=self._keys.getrandbits(128), version=4)),
            clock=clock,
            rng=Random(7),  # noqa: S311 - the same waits every time
            sleep=at_once,
        )


async def at_the_counter(seat: Counter, shoot: Shoot) -> None:
    """A teller's morning: find somebody, key and post a balance, give a payment to its owner, look at a file."""
    shoot(seat, "home")
    await seat.press("f2")
    await seat.see("Achieng O'Brien")
    await seat.press("slash")
    await seat.type("nguyen")
    await seat.see("“nguyen”", "Çağla Nguyễn")
    shoot(seat, "customers")
    await seat.press("escape")
    await seat.type("wanjiku kam")
    await seat.see("“wanjiku kam”", "Wanjiku Kamau")
    await seat.press("enter")
    await key_a_balance(seat, shoot)
    await post_it(seat, shoot)
    await seat.press("f2", "enter")
    await seat.see("Customer  000101", "1,250.00", "Wallet")
    shoot(seat, "customer")
    await seat.press("f4")
    await seat.see("Payments  unassociated", "first name fits")
    shoot(seat, "payments")
    await seat.press("a")
    await seat.see("Associate this payment?")
    shoot(seat, "associate")
    await seat.press("y")
    await seat.see("associated, wallet")
    await seat.press("l")
    await seat.see("Learned Payers", "1 of ")
    shoot(seat, "learned-payers")
    await seat.press("colon", *"import", "enter")
    await seat.see("Files are read from")
    await seat.type("balances.csv")
    await seat.press("enter")
    await seat.see("Cell as read", "4 wrong")
    shoot(seat, "import")


async def key_a_balance(seat: Counter, shoot: Shoot) -> None:
    """`n` on Member Balances: one is keyed, the next is begun."""
    await seat.press("f3")
    await seat.see("Member Balances  not accounted", "Post All")
    await seat.press("n")
    await seat.see("New Member Balance")
    await seat.type("wanjiku kam")
    await seat.see("000101 Wanjiku Kamau")
    await seat.press("enter", "1", "enter")
    await seat.type("1,250.00")
    await seat.press("enter", "enter", *"passbook", "enter", "ctrl+s")
    await seat.see("1 so far, 1,250.00 KES")
    await seat.type("000103")
    await seat.see("000103 Ngũgĩ wa Mwangi")
    await seat.press("enter", "enter")
    await seat.type("3,40")
    await seat.see("3,40")
    shoot(seat, "balance-form")


async def post_it(seat: Counter, shoot: Shoot) -> None:
    """`p`, and the question that restates it."""
    await seat.press("escape", "y")
    await seat.see_no_more("New Member Balance")
    await seat.press("ctrl+r")
    await seat.see("Wanjiku Kamau", "Post All")
    shoot(seat, "balances")
    await seat.press("p")
    await seat.see("Post Balance?")
    shoot(seat, "post-confirmation")
    await seat.press("y")
    await seat.see("Done: 100245 accounted")


async def on_a_bad_line(seat: Counter, line: BadLine, shoot: Shoot) -> None:
    """A posting is sent and not answered: it is not known, and Activity says so."""
    await seat.press("f3")
    await seat.see("Member Balances  not accounted", "Post All")
    # The first one is above a teller's limit.
    await seat.press("down", "p")
    await seat.see("Post Balance?")
    line.loses_requests = True
    await seat.press("y")
    await seat.see("NOT CONFIRMED", "next in")
    shoot(seat, "not-confirmed")
    await seat.press("2")
    await seat.see("parked for a supervisor")
    line.mend()
    await seat.press("escape", "f9")
    await seat.see("Activity", "UNKNOWN")
    await seat.press("ctrl+r")
    await seat.see("UNKNOWN, parked", "done")
    shoot(seat, "activity")


async def with_credit(seat: Counter, shoot: Shoot) -> None:
    """Client Accounts: who owes what, one account with its cycles, and a statement as it was frozen."""
    await seat.press("f7")
    await seat.see("Client Accounts", "Settles")
    shoot(seat, "credit-accounts")
    await seat.press("enter")
    await seat.see("Client Account  open", "Owed")
    shoot(seat, "credit-account")
    await seat.press("t")
    await seat.see("Client Account  all")
    await seat.press("t")
    await seat.see("Client Account  statements", "Closing")
    await seat.press("enter")
    await seat.see("Opening")
    shoot(seat, "credit-statement")


def picture(seat: Counter) -> str:
    """The painted screen as SVG that fetches nothing, and in which every word stands in its own cell.

    The framework's own drawing names fonts of another site, and rests on a width of letters that not every
    viewer keeps to.
    """
    drawn = seat.app.export_screenshot(simplify=True)
    drawn = re.sub(r"@font-face\s*\{[^}]*\}\s*|<!--.*?-->\s*", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r"font-family:\s*[^;]+;", f"font-family: {FONTS};", drawn)
    drawn = re.sub(r'<clipPath id="[^"]*-line-\d+">.*?</clipPath>\s*', "", drawn, flags=re.DOTALL)
    return _RUN.sub(_words, drawn)


def _words(run: re.Match[str]) -> str:
    """One run of text, word by word, each at the column where the terminal has it."""
    left, style = float(run["x"]), run["style"]
    cells, words = 0, []
    for piece in re.split("(\N{NO-BREAK SPACE}+)", html.unescape(run["text"].strip("\n"))):
        width = cell_len(piece)
        if piece.strip("\N{NO-BREAK SPACE}"):
            # Scripts that join their letters are left to their own width.
            keeps = all(character < "\u0590" or "\u2000" <= character < "\u2600" for character in piece)
            held = f' textLength="{width * CELL:g}" lengthAdjust="spacingAndGlyphs"' if keeps else ""
            x = f"{left + cells * CELL:g}"
            words.append(f'<text class="{style}" x="{x}" y="{run["y"]}"{held}>{html.escape(piece)}</text>')
        cells += width
    return "\n".join(words)


async def main(wanted: list[str]) -> int:
    """Make the pictures, all or the named ones; 1 when one is larger than a reader should load."""
    too_large = []

    def shoot(seat: Counter, name: str) -> None:
        if wanted and name not in wanted:
            return
        drawn = picture(seat)
        (PICTURES / f"{name}.svg").write_text(drawn, encoding="utf-8")
        if len(drawn.encode()) > LARGEST_BYTES:
            too_large.append(name)

    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        # On a thread: what it plants runs a loop of its own.
        built = await asyncio.to_thread(demo.build, folder, clock=StandingTime())
        ledger = RunningLedger(built["database"])
        ledger.clock = StandingTime()
        with ledger:
            studio = Studio(ledger, built["users"], folder)
            async with studio.seat(None) as seat:
                await seat.type("teller1")
                await seat.press("enter")
                await seat.see("Password")
                shoot(seat, "sign-in")
            async with studio.seat() as seat:
                await at_the_counter(seat, shoot)
            async with studio.seat() as seat:
                await with_credit(seat, shoot)
            async with bad_line(ledger.url) as line, studio.seat(url=line.url) as seat:
                await on_a_bad_line(seat, line, shoot)
            async with studio.seat() as seat:
                await seat.press("d")
                await seat.see("Dashboard", "Revenue booked")
                shoot(seat, "dashboard")
            ledger.check()
    for name in too_large:
        sys.stderr.write(f"{name}.svg is larger than {LARGEST_BYTES:,} bytes.\n")
    return 1 if too_large else 0


if __name__ == "__main__":
    PICTURES.mkdir(parents=True, exist_ok=True)
    raise SystemExit(asyncio.run(main(sys.argv[1:])))
