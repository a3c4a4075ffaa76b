"""The idle lock (SEC-5): after some minutes without a key the screen is replaced, and what it showed is dropped.

What is under way goes on; what was typed into a form stays there. The ledger is asked for the password: this
program holds nothing it could compare with.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from branchtui.format.safe_text import safe_text
from branchtui.remote.errors import LedgerError, Refused, SessionEnded
from branchtui.screens.base import LedgerScreen
from branchtui.screens.heading import Heading
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog, MessageDialog, ReasonDialog
from branchtui.widgets.fields import Field, PasswordField, TextField
from branchtui.widgets.form import Form
from branchtui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from textual.app import App

    from branchtui.screens.desk import Desk

CHECK_SECONDS: Final = 5.0
TRIES: Final = 5
_SECONDS_A_MINUTE: Final = 60
_ASKING: Final = (ConfirmDialog, ReasonDialog, MenuDialog, MessageDialog)


def seconds_awake() -> float:
    """Seconds that go on while the machine sleeps, where it can tell them."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


class IdleLock:
    """Counts from the last key. `clock` tells seconds; `minutes` is the operator's setting."""

    def __init__(
        self, app: App[Any], desk: Desk, *, minutes: int, clock: Callable[[], float] = seconds_awake
    ) -> None:
        self._app = app
        self._desk = desk
        self._limit_seconds = minutes * _SECONDS_A_MINUTE
        self._clock = clock
        self._last_key = clock()

    def touched(self) -> None:
        """A key was pressed."""
        self._last_key = self._clock()

    async def check(self) -> None:
        """Lock when nobody has pressed a key for so long."""
        if self._clock() - self._last_key >= self._limit_seconds:
            await self.lock()

    async def lock(self) -> None:
        """Replace the screen now; nothing before somebody signed in, or when it is locked already."""
        if self._desk.user is None or self._desk.is_locked:
            return
        self._desk.is_locked = True
        while self._is_left(self._app.screen):
            # A question that nobody answered: it is answered by no.
            asking: Screen[Any] = self._app.screen
            await asking.dismiss(False if isinstance(asking, ConfirmDialog) else None)
        if isinstance(self._app.screen, ReasonDialog):
            self._app.screen.back_to_line()
        for screen in self._screens():
            screen.free_data()
        for shown in self._app.screen_stack:
            for field in shown.query(PasswordField):
                field.set_keyed("")
        await self._app.push_screen(LockScreen(self._desk), self._unlocked)

    @staticmethod
    def _is_left(screen: Screen[Any]) -> bool:
        """Questions are left; not a form, and not a reason that somebody has begun to type."""
        if isinstance(screen, ReasonDialog) and screen.is_dirty:
            return False
        return isinstance(screen, _ASKING) or getattr(screen, "is_left_by_lock", False)

    async def _unlocked(self, answer: object) -> None:
        self._desk.is_locked = False
        self.touched()
        if answer is not True:
            return
        for screen in self._app.screen_stack:
            if isinstance(screen, LedgerScreen):
                screen.reload()
        if self._desk.owed_doubts:
            from branchtui.screens.doubts import open_owed

            await open_owed(self._app, self._desk)

    def _screens(self) -> list[LedgerScreen]:
        """Every screen that may hold something: on the stack, or kept for the next visit."""
        # The framework keeps installed screens by name, and shows them in no other way.
        installed = self._app._installed_screens.values()  # noqa: SLF001 - there is no public list of them
        kept = [screen for screen in installed if isinstance(screen, LedgerScreen)]
        on_stack = [screen for screen in self._app.screen_stack if isinstance(screen, LedgerScreen)]
        return [screen for screen in dict.fromkeys((*kept, *on_stack)) if screen.is_mounted]


class LockScreen(Screen[bool]):
    """Who may go on here, and nothing else. True when the ledger took the password."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._failed = 0
        has_code = desk.user is not None and desk.user.second_factor
        fields: list[Field] = [PasswordField("password", "Password")]
        if has_code:
            fields.append(TextField("otp", "Code", required=True, max_length=16))
        self._form = Form(*fields, id="sign-in")

    def compose(self) -> ComposeResult:
        """Who is signed in, the password, what was wrong."""
        yield Heading("branchtui")
        with Vertical(id="sign-in-box"):
            yield Static(
                Content(
                    f"Locked. {safe_text(self._desk.username)} goes on with the password; ctrl+q leaves."
                ),
                id="sign-in-title",
            )
            yield self._form
        yield StatusLine(id="status")

    def on_mount(self) -> None:
        """The password takes the keys."""
        self._form.start()

    def say(self, text: str) -> None:
        """Put a sentence on the status line."""
        self.query_one("#status", StatusLine).say(text, "warning")

    @on(Form.Submitted)
    @work(group="session", exclusive=True)
    async def submitted(self, message: Form.Submitted) -> None:
        """Ask the ledger: the session goes on, or a new one begins where it has ended meanwhile."""
        self.say("Asking…")
        try:
            await self._ask(message.values)
        except LedgerError as error:
            self._form.clear()
            self._form.start()
            self._failed += isinstance(error, Refused)
            self.say(error.sentence)
            if self._failed >= TRIES:
                await self._give_up()
            return
        self.dismiss(True)

    async def _ask(self, values: dict[str, str]) -> None:
        from branchtui.screens.dialogs.one_time_code import open_session

        try:
            with self._desk.gate.hold():
                await self._desk.ledger.step_up(password=values["password"], otp=values.get("otp"))
        except SessionEnded:
            await open_session(self.app, self._desk, self._desk.username, values["password"])

    async def _give_up(self) -> None:
        """Five wrong tries: the session ends, and the program with it; the journal keeps what is in doubt."""
        await self._desk.sign_out()
        self.app.exit(return_code=1, message=Content("Locked: five wrong tries. Start again and sign in."))

    @on(Form.Cancelled)
    def cancelled(self) -> None:
        """`esc` is no way around it."""
        self.say("Give the password, or leave with ctrl+q.")
