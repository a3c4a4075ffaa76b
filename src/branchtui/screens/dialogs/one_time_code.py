"""The code of a device: asked for after the password, and enrolled the first time (AUTH-4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from branchtui.contract.problem import Codes
from branchtui.format.safe_text import safe_text
from branchtui.remote.errors import Refused
from branchtui.widgets.dialogs import MessageDialog
from branchtui.widgets.fields import TextField
from branchtui.widgets.form import Form

if TYPE_CHECKING:
    from textual.app import App

    from branchtui.contract.problem import Problem
    from branchtui.screens.desk import Desk

_GROUP = 4


class CodeDialog(ModalScreen[str | None]):
    """The code, or None when the person left it. The first time it shows the secret for the device, this once."""

    is_left_by_lock: ClassVar[bool] = True
    """A secret does not stay behind the idle lock."""

    def __init__(self, said: str, *, secret: str = "", address: str = "") -> None:
        super().__init__()
        self._said = said
        self.secret = secret
        self._address = address
        self._form = Form(TextField("otp", "Code", required=True, max_length=16), id="one-time-code")

    def compose(self) -> ComposeResult:
        """Why, the secret where there is one, the code."""
        with Vertical(classes="dialog", id="code-box"):
            yield Static(Content("One-time code"), classes="dialog-title")
            yield Static(Content(safe_text(self._said)), classes="dialog-lines")
            if self.secret:
                starts = range(0, len(self.secret), _GROUP)
                groups = " ".join(self.secret[at : at + _GROUP] for at in starts)
                yield Static(Content(safe_text(f"Secret  {groups}")), classes="dialog-lines", id="secret")
                yield Static(Content(safe_text(self._address)), classes="dialog-lines", id="otpauth")
            yield self._form
            yield Static(Content("[enter] go on   [esc] leave it"), classes="dialog-keys")

    def on_mount(self) -> None:
        """The code takes the keys."""
        self._form.start()

    @on(Form.Submitted)
    def submitted(self, message: Form.Submitted) -> None:
        """The code goes to who asked."""
        self.dismiss(message.values["otp"])

    @on(Form.Cancelled)
    def cancelled(self) -> None:
        """`esc`."""
        self.dismiss(None)


async def open_session(app: App[Any], desk: Desk, username: str, password: str) -> None:
    """Sign in, asking for the code of the device where the ledger does. Only in a worker.

    Raises what `Ledger.sign_in` raises; a code that was not given leaves the ledger's own refusal.
    """
    try:
        with desk.gate.hold():
            await desk.sign_in(username, password)
    except Refused as refused:
        if refused.code not in {Codes.OTP_REQUIRED, Codes.OTP_ENROL}:
            raise
        code = await app.push_screen_wait(_dialog_of(refused.problem))
        if code is None:
            raise
        with desk.gate.hold():
            recovery = await desk.sign_in(username, password, code)
        if recovery:
            await app.push_screen_wait(MessageDialog("Recovery codes", recovery_lines(recovery)))


def _dialog_of(problem: Problem) -> CodeDialog:
    more = problem.extra
    return CodeDialog(
        problem.detail, secret=str(more.get("secret") or ""), address=str(more.get("otpauth_uri") or "")
    )


def recovery_lines(codes: tuple[str, ...]) -> list[str]:
    """Ten codes, two a line, with what they are for."""
    pairs = [f"{one:<14}{other}" for one, other in zip(codes[::2], (*codes[1::2], ""), strict=False)]
    return [
        "Write these down now: they are shown this once.",
        "Each opens one session when the device is lost.",
        "",
        *pairs,
    ]
