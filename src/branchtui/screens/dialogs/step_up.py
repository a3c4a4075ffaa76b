"""What is risky asks for the password once more, and then the same change goes out under the same key (AUTH-7)."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from branchtui.format.safe_text import safe_text
from branchtui.remote.errors import LedgerError, SessionEnded
from branchtui.screens.desk import Desk
from branchtui.widgets.fields import PasswordField
from branchtui.widgets.form import Form

CODE_DIGITS = 6


def proof_of(desk: Desk, typed: str) -> dict[str, str]:
    """What was typed as the password; six digits are a code, for who signs in with one."""
    has_code = desk.user is not None and desk.user.second_factor
    is_code = has_code and typed.isascii() and typed.isdigit() and len(typed) == CODE_DIGITS
    return {"otp": typed} if is_code else {"password": typed}


class StepUpDialog(ModalScreen[bool]):
    """True when the ledger took the proof, False when the person left it: then nothing is done."""

    is_interruption: ClassVar[bool] = True

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        has_code = desk.user is not None and desk.user.second_factor
        self._form = Form(
            PasswordField("proof", "Password or code" if has_code else "Password"), id="step-up"
        )
        self._said = Static(Content(""), classes="dialog-effect")

    def compose(self) -> ComposeResult:
        """Why, the password, what went wrong."""
        with Vertical(classes="dialog"):
            yield Static(Content("Is it you?"), classes="dialog-title")
            yield Static(
                Content(f"This needs the password of {safe_text(self._desk.username)} once more."),
                classes="dialog-lines",
            )
            yield self._form
            yield self._said
            yield Static(Content("[enter] go on   [esc] leave it"), classes="dialog-keys")

    def on_mount(self) -> None:
        """The password takes the keys."""
        self._form.start()

    @on(Form.Submitted)
    @work(group="session", exclusive=True)
    async def submitted(self, message: Form.Submitted) -> None:
        """Ask the ledger; a failure stays here, save the end of the session."""
        self._said.update(Content("Asking…"))
        proof = proof_of(self._desk, message.values["proof"])
        try:
            with self._desk.gate.hold():
                await self._desk.ledger.step_up(**proof)
        except SessionEnded:
            self.dismiss(False)
        except LedgerError as error:
            self._form.clear()
            self._form.start()
            self._said.update(Content(safe_text(error.sentence)))
        else:
            self.dismiss(True)

    @on(Form.Cancelled)
    def cancelled(self) -> None:
        """`esc`: nothing is done."""
        self.dismiss(False)
