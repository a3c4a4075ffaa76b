"""What everybody sets for oneself, and what the top administrator sets for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual import work

from branchtui.contract.balance_files import SHARE_PERCENT_MAX, FileSettingsChange
from branchtui.contract.people import SecurityChange
from branchtui.contract.sessions import Role
from branchtui.format.money import money
from branchtui.screens.base import LedgerScreen
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.dialogs.one_time_code import CodeDialog, recovery_lines
from branchtui.screens.rows import words
from branchtui.widgets.actions import Action
from branchtui.widgets.dialogs import MessageDialog
from branchtui.widgets.fields import ChoiceField, Field, MoneyField, PasswordField, TextField

if TYPE_CHECKING:
    from branchtui.contract.balance_files import FileSettings
    from branchtui.contract.people import Enrolled, Security

_PASSWORD: Final = Action("my-password", "", "My password", "Change the own password", changes=True)
_DEVICE: Final = Action(
    "my-device", "", "My device for codes", "Enrol a device for one-time codes", changes=True
)
_SECURITY: Final = Action(
    "security", "", "Codes and limits by role", "Of the whole institution", changes=True
)
_FILES: Final = Action(
    "balance-files", "", "Balance files", "What is remarkable in one, for the whole institution", changes=True
)
OWN: Final = (_PASSWORD, _DEVICE, _SECURITY, _FILES)
_ROLES: Final = tuple(role for role in Role if role is not Role.OTHER)


class OwnSettings(LedgerScreen):
    """The part of Settings that needs no row."""

    def do_own(self, action_id: str | None) -> None:
        """One of `OWN`, as the menu gave it."""
        if action_id == _PASSWORD.id:
            self.action_own_password()
        elif action_id == _DEVICE.id:
            self.enrol()
        elif action_id == _SECURITY.id:
            self.edit_security()
        elif action_id == _FILES.id:
            self.edit_file_settings()

    # ── the own password and device ──────────────────────────────────────────────────────────────────────────────

    def action_own_password(self) -> None:
        """`w`: everybody's own."""
        fields = [
            PasswordField("password", "Password now"),
            PasswordField("new_password", "New password"),
            PasswordField("again", "Once more"),
        ]
        self.app.push_screen(FormDialog("My password", fields, self.save_password))

    @work(group="write")
    async def save_password(self, dialog: FormDialog, values: dict[str, str]) -> None:
        """Change it; other sessions end."""
        if values["new_password"] != values["again"]:
            dialog.refused({"again": "This is not the same as the new password."})
            return
        done = False
        async with self.outcome(say=dialog.say, form=dialog.form) as outcome:
            await self.ledger.change_password(values["password"], values["new_password"])
            done = True
            outcome.done("Changed.")
        self._after_form(dialog, done or None, "Your password is changed. Your other sessions have ended.")

    @work(group="write")
    async def enrol(self) -> None:
        """The secret for the own device, its first code, then the recovery codes: each shown once."""
        begun = await self._enrolled(None)
        if begun is None:
            return
        said = "Enter this secret into your device, then the code that it shows."
        code = await self.app.push_screen_wait(
            CodeDialog(said, secret=begun.secret or "", address=begun.otpauth_uri or "")
        )
        if code is None:
            self.say("Nothing was switched on: the password alone signs you in, as before.", "warning")
            return
        done = await self._enrolled(code)
        if done is None:
            return
        if self.desk.user is not None:
            self.desk.user = self.desk.user.model_copy(update={"second_factor": True})
        await self.app.push_screen_wait(MessageDialog("Recovery codes", recovery_lines(done.recovery_codes)))

    async def _enrolled(self, code: str | None) -> Enrolled | None:
        answer: Enrolled | None = None
        async with self.outcome() as outcome:
            answer = await self.ledger.enrol_device(code)
            outcome.done("Codes are on." if code else "")
        return answer

    # ── the institution ──────────────────────────────────────────────────────────────────────────────────────────

    @work(group="dialog", exclusive=True)
    async def edit_security(self) -> None:
        """Codes and limits by role, as they stand now."""
        seen = await self.asked(self.ledger.security, holds_keys=True)
        if seen is None:
            return
        if not seen.allows("edit"):
            refused = seen.refused.get("edit")
            self.say_refusal(refused.message if refused else "This cannot be changed now.")
            return
        fields = _security_fields(seen, self.desk.currency)
        self.app.push_screen(
            FormDialog(
                "Codes and limits by role",
                fields,
                lambda dialog, values: self.save_security(dialog, seen, values),
                at_first=True,
            )
        )

    @work(group="write")
    async def save_security(self, dialog: FormDialog, seen: Security, values: dict[str, str]) -> None:
        """Set both for every role."""
        change = SecurityChange(
            second_factor_roles=tuple(role for role in _ROLES if values.get(f"codes-{role.value}") == "yes"),
            role_limits={
                role: int(values[f"limit-{role.value}"])
                for role in _ROLES
                if values.get(f"limit-{role.value}")
            },
        )
        saved: Security | None = None
        async with self.outcome(say=dialog.say, form=dialog.form) as outcome:
            saved = await self.ledger.set_security(seen, change)
            outcome.done("Saved.")
        self._after_form(dialog, saved, "Saved: it holds from the next request on.")

    @work(group="dialog", exclusive=True)
    async def edit_file_settings(self) -> None:
        """From what share of a balance on a move is remarkable, as it stands now."""
        seen = await self.asked(self.ledger.file_settings, holds_keys=True)
        if seen is None:
            return
        if not seen.allows("edit"):
            refused = seen.refused.get("edit")
            self.say_refusal(refused.message if refused else "This cannot be changed now.")
            return
        share = TextField(
            "moved_share_percent",
            "Warn of moves by more than so many per cent",
            required=True,
            max_length=6,
            value=str(seen.moved_share_percent),
        )
        self.app.push_screen(
            FormDialog(
                "Balance files",
                [share],
                lambda dialog, values: self.save_file_settings(dialog, seen, values),
                at_first=True,
            )
        )

    @work(group="write")
    async def save_file_settings(
        self, dialog: FormDialog, seen: FileSettings, values: dict[str, str]
    ) -> None:
        """Set it."""
        typed = values["moved_share_percent"].strip().removesuffix("%").strip()
        if not (typed.isascii() and typed.isdigit() and 1 <= int(typed) <= SHARE_PERCENT_MAX):
            dialog.refused({"moved_share_percent": f"Key a whole number, 1 to {SHARE_PERCENT_MAX:,}."})
            return
        saved: FileSettings | None = None
        async with self.outcome(say=dialog.say, form=dialog.form) as outcome:
            change = FileSettingsChange(moved_share_percent=int(typed))
            saved = await self.ledger.set_file_settings(seen, change)
            outcome.done("Saved.")
        self._after_form(dialog, saved, "Saved: it holds from the next file on.")

    def _after_form(self, dialog: FormDialog, saved: object | None, sentence: str) -> None:
        if saved is None:
            dialog.settled()
            return
        dialog.saved("")
        self.say(sentence, "done")


def _security_fields(seen: Security, currency: str) -> list[Field]:
    """Two fields a role: whether a code belongs to signing in, and the largest single amount."""
    fields: list[Field] = []
    for role in _ROLES:
        name = words(role).capitalize()
        wanted = "yes" if role in seen.second_factor_roles else "no"
        limit = seen.role_limits.get(role)
        fields += [
            ChoiceField(
                f"codes-{role.value}", f"{name}: codes", [("no", "No"), ("yes", "Yes")], value=wanted
            ),
            MoneyField(
                f"limit-{role.value}",
                f"{name}: limit {currency}",
                currency,
                required=False,
                value="" if limit is None else money(limit, currency),
            ),
        ]
    return fields
