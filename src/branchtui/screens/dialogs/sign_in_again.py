"""The session ended while somebody worked: the password is asked in place, and nothing typed is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from branchtui.format.safe_text import safe_text
from branchtui.remote.errors import LedgerError
from branchtui.screens.desk import Desk
from branchtui.widgets.fields import PasswordField
from branchtui.widgets.form import Form

if TYPE_CHECKING:
    from textual.app import App


async def sign_in_again(app: App[Any], desk: Desk) -> bool:
    """Ask for the password in place; True when a session is open again. Only in a worker.

    Two who meet the end of one session ask once.
    """
    if desk.asking_password is not None:
        return await asyncio.shield(desk.asking_password)
    answer = desk.asking_password = asyncio.get_running_loop().create_future()
    is_open = False
    try:
        is_open = await app.push_screen_wait(SignInAgainDialog(desk)) is True
    finally:
        desk.asking_password = None
        answer.set_result(is_open)
    return is_open


class SignInAgainDialog(ModalScreen[bool]):
    """True when a session is open again, False when the person left it."""

    is_interruption: ClassVar[bool] = True
    is_left_by_lock: ClassVar[bool] = True
    """Who unlocks the screen has given the password there."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._form = Form(PasswordField("password", "Password"), id="sign-in-again")
        self._said = Static(Content(""), classes="dialog-effect")

    def compose(self) -> ComposeResult:
        """Who, the password, what went wrong."""
        with Vertical(classes="dialog"):
            yield Static(Content("Your session has ended"), classes="dialog-title")
            yield Static(
                Content(f"Sign in again as {safe_text(self._desk.username)}. What you typed is kept."),
                classes="dialog-lines",
            )
            yield self._form
            yield self._said
            yield Static(Content("[enter] sign in   [esc] leave it"), classes="dialog-keys")

    def on_mount(self) -> None:
        """The password takes the keys."""
        self._form.start()

    @on(Form.Submitted)
    @work(group="session", exclusive=True)
    async def submitted(self, message: Form.Submitted) -> None:
        """Open a session; a failure stays here."""
        # It brings pydantic along, which the first paint does without.
        from branchtui.screens.dialogs.one_time_code import open_session

        self._said.update(Content("Signing in…"))
        try:
            await open_session(self.app, self._desk, self._desk.username, message.values["password"])
        except LedgerError as error:
            self._form.clear()
            self._form.start()
            self._said.update(Content(safe_text(error.sentence)))
            return
        self.dismiss(True)

    @on(Form.Cancelled)
    def cancelled(self) -> None:
        """`esc`: read on what is here; the next question of the ledger asks again."""
        self.dismiss(False)
