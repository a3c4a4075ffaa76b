"""A teller's terminal over a real ledger: the whole program in Textual's test harness, keys in, painted text out."""

from __future__ import annotations

import asyncio
import builtins
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from tests.ledger.running import PASSWORD
from textual import events
from textual.keys import _character_to_key
from textual.screen import Screen

from branchtui.app import BranchApp
from branchtui.screens.desk import Credentials
from branchtui.screens.desk import open_ledger as default_ledger
from branchtui.screens.dialogs.sign_in_again import SignInAgainDialog
from branchtui.settings import Settings
from branchtui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

    from textual.pilot import Pilot

    from branchtui.screens.desk import OpenLedger

S = TypeVar("S", bound=Screen[Any])
PATIENCE_SECONDS = 60.0
"""How long something may take before a test gives up: a bound, not an expectation."""

TURNS_MAX = 100
"""Turns of the program that typed keys may take before the test goes on, for a program that holds them."""


class Counter:
    """One person at one terminal."""

    def __init__(self, app: BranchApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def lines(self) -> list[str]:
        """The painted rows, as the compositor puts them together."""
        strips = self.app.screen._compositor.render_strips(self.app.size)
        return ["".join(segment.text for segment in line).rstrip() for line in strips]

    @property
    def text(self) -> str:
        """The painted screen."""
        return "\n".join(self.lines)

    async def until(self, holds: Callable[[], bool], what: str = "for it to hold") -> None:
        """Let the program run until something holds; a fault shows as a failure, not as a hang."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not holds():
                    await self.pilot.pause()
        except TimeoutError:
            raise AssertionError(f"waited in vain {what}; the screen shows:\n{self.text}") from None

    async def see(self, *wanted: str) -> str:
        """Wait until every text is on the screen together."""
        await self.until(lambda: all(text in self.text for text in wanted), f"to see {wanted}")
        return self.text

    async def read(self, *wanted: str) -> str:
        """See it as a person does who reads before the next key: what was typed before is done with."""
        await self.see(*wanted)
        await self.until(lambda: not self.app.gate.is_busy, "for the keys to rest")
        return self.text

    async def see_no_more(self, text: str) -> None:
        """Wait until a text has left the screen."""
        await self.until(lambda: text not in self.text, f"to see no more {text!r}")

    async def press(self, *keys: str) -> None:
        """Press keys by Textual's names, as a person does who sees what the one before has done."""
        for key in keys:
            await self._rest()
            await self.pilot.press(key)

    async def type(self, text: str) -> None:
        """Type a text as fast as a line brings it; on return it has had its effect, unless the program holds the keys."""
        await self._rest()
        await self._send(events.Key(_character_to_key(letter), letter) for letter in text)
        await self._rest()

    async def paste(self, text: str) -> None:
        """Paste a text by the terminal's own menu, as one piece."""
        await self._rest()
        driver = self.app._driver
        assert driver is not None
        pasted = events.Paste(text)
        pasted.set_sender(self.app)
        driver.send_message(pasted)
        await self.pilot.pause()
        await self._rest()

    async def at_once(self, *keys: str) -> None:
        """Press keys by Textual's names so that all of them are there before the first has had its effect."""
        await self._send(events.Key(key, key if len(key) == 1 else None) for key in keys)

    async def _rest(self) -> None:
        """Wait until the keys have had their effect, unless the program holds them."""
        for _ in range(TURNS_MAX):
            if not self.app.gate.is_busy:
                break
            await self.pilot.pause()

    async def _send(self, keys: Iterable[events.Key]) -> None:
        driver = self.app._driver
        assert driver is not None
        for key in keys:
            key.set_sender(self.app)
            driver.send_message(key)
        await self.pilot.pause()

    async def at(self, kind: builtins.type[S]) -> S:
        """Wait until a screen of this kind is in front, and give it."""
        await self.until(lambda: isinstance(self.app.screen, kind), f"for {kind.__name__}")
        screen = self.app.screen
        assert isinstance(screen, kind)
        return screen

    @property
    def said(self) -> str:
        """What the status line of the screen in front says."""
        lines = self.app.screen.query(StatusLine)
        return lines.first().message if lines else ""

    def line_with(self, text: str) -> str:
        """The first painted row that holds a text."""
        return next(line for line in self.lines if text in line)

    def requests(self) -> int:
        """HTTP requests since the start."""
        return self.app.desk.ledger.line.requests


async def sign_in_again(seat: Counter) -> None:
    """The session has ended: wait for the question, as a person reads it, and give the password."""
    await seat.at(SignInAgainDialog)
    await seat.until(lambda: not seat.app.gate.is_busy, "for the keys to rest")
    await seat.type(PASSWORD)
    await seat.press("enter")


@asynccontextmanager
async def counter(
    url: str,
    folder: Path,
    *,
    username: str | None = "teller",
    user: str | None = None,
    size: tuple[int, int] = (80, 24),
    open_ledger: OpenLedger | None = None,
    import_folder: Path | None = None,
    clipboard: bool = False,
    ascii_only: bool = False,
) -> AsyncIterator[Counter]:
    """The program signed in as `username`, on Home; its state and files below `folder`.

    Without a `username` it stays at the sign-in screen, with `user` given as by `--user`.
    """
    imports = import_folder or folder / "imports"
    imports.mkdir(exist_ok=True, parents=True)
    settings = Settings(
        ledger=url,
        user=username or user,
        state_folder=folder / "state",
        import_folder=imports,
        clipboard=clipboard,
        ascii_only=ascii_only,
    )
    credentials = None if username is None else Credentials(username, PASSWORD)
    app = BranchApp(settings, credentials=credentials, open_ledger=open_ledger or default_ledger)
    async with app.run_test(size=size, notifications=True) as pilot:
        standing = Counter(app, pilot)
        if username is not None:
            await standing.until(lambda: bool(app.desk.username), "to be signed in")
            await standing.see("What waits")
        yield standing
