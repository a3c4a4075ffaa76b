"""The first screen: who are you? It paints before the HTTP library is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from branchtui.format.safe_text import safe_text
from branchtui.remote.errors import LedgerError
from branchtui.screens.desk import Credentials, Desk
from branchtui.screens.heading import Heading
from branchtui.screens.places import SignOff
from branchtui.terminal.gated_app import GatedApp
from branchtui.widgets.actions import Action, ActionHost, ActionTable
from branchtui.widgets.fields import PasswordField, TextField
from branchtui.widgets.form import Form
from branchtui.widgets.key_footer import KeyFooter
from branchtui.widgets.status_line import StatusLine


class SignInScreen(ActionHost, Screen[None]):
    """Says nothing about which part was wrong (AUTH-3); what the ledger or the line had to say stands beneath."""

    ACTIONS: ClassVar[ActionTable] = ActionTable(
        Action("sign-off", "ctrl+q", "Leave", "Leave the program", priority=True),
        Action("repaint", "ctrl+l", "Repaint", "Paint the whole screen again", show=False),
    )
    BINDINGS = ACTIONS.bindings()

    @dataclass
    class SignedIn(Message):
        """A session is open."""

    def __init__(self, desk: Desk, credentials: Credentials | None = None, *, notice: str = "") -> None:
        super().__init__()
        self._desk = desk
        self._notice = notice
        self._credentials = credentials
        self.form = Form(
            TextField("username", "User name", required=True, max_length=64, value=desk.settings.user or ""),
            PasswordField("password", "Password"),
            id="sign-in",
        )

    def compose(self) -> ComposeResult:
        """The ledger's address, the form, the status."""
        yield Heading("branchtui")
        with Vertical(id="sign-in-box"):
            yield Static(Content(safe_text(f"Sign in to {self._desk.settings.ledger}")), id="sign-in-title")
            yield self.form
        yield StatusLine(id="status")
        yield KeyFooter(id="footer")

    def on_mount(self) -> None:
        """The first empty field takes the keys; the link is opened behind the first paint."""
        self.query_one("#footer", KeyFooter).show_choices(self.ACTIONS.choices())
        self.form.start()
        if self._notice:
            self.status.say(self._notice, "warning")
        self.call_after_refresh(self._open)

    @property
    def status(self) -> StatusLine:
        """The row of sentences."""
        return self.query_one("#status", StatusLine)

    @work(group="link")
    async def _open(self) -> None:
        if isinstance(self.app, GatedApp):
            await self.app.painted()
        try:
            await self._desk.open()
        except LedgerError as error:
            self.status.say(error.sentence, "error")
            return
        given, self._credentials = self._credentials, None
        if given is not None:
            self.form.field("username").set_keyed(given.username)
            self.sign_in(given.username, given.password)

    @on(Form.Submitted)
    def _submitted(self, message: Form.Submitted) -> None:
        self.sign_in(message.values["username"], message.values["password"])

    @work(group="session", exclusive=True)
    async def sign_in(self, username: str, password: str) -> None:
        """Open a session; on failure the name stays, the password goes."""
        self.status.say("Signing in…")
        try:
            # It brings pydantic along, which the first paint does without.
            from branchtui.screens.dialogs.one_time_code import open_session

            await open_session(self.app, self._desk, username, password)
        except LedgerError as error:
            self.status.say(error.sentence, "error")
            self.form.field("password").set_keyed("")
            self.form.field("password").focus()
            return
        self.post_message(self.SignedIn())

    @on(Form.Cancelled)
    def _cancelled(self) -> None:
        self.status.say("ctrl+q leaves.")

    def action_sign_off(self) -> None:
        """`ctrl+q`."""
        self.app.post_message(SignOff())

    def action_repaint(self) -> None:
        """`ctrl+l`."""
        # The app's own way: a refresh alone sends nothing that is believed to stand there.
        assert isinstance(self.app, GatedApp), "what the screens are made for"
        self.app.action_repaint()
