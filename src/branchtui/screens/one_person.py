"""Settings: two user names that are one person's, who then never decides what he asked for himself (MC-1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from branchtui.contract.people import UserChange
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.own_settings import OwnSettings
from branchtui.screens.people_rows import user_picker
from branchtui.widgets.dialogs import ConfirmDialog

if TYPE_CHECKING:
    from typing import Any

    from branchtui.contract.people import UserRecord


class OnePerson(OwnSettings):
    """What the menu of a user offers about other names of the same person."""

    def join(self, user: UserRecord) -> None:
        """Ask whose other name this is."""
        picker = user_picker("same_person_as", "User", self.ledger.users, user)

        def submit(dialog: FormDialog, values: dict[str, str]) -> object:
            return self.save_person(dialog, user, picker.keyed, values)

        self.app.push_screen(FormDialog(f"{user.username} is the same person as", [picker], submit))

    @work(group="write")
    async def save_person(
        self, dialog: FormDialog, user: UserRecord, other: str, values: dict[str, str]
    ) -> None:
        """After `y`: it is not taken back, or it would be a way to decide for oneself."""
        question = ConfirmDialog(
            "One person?",
            [("User", user.username), ("Also", other)],
            effect="Neither decides any more what the other asked for. This cannot be taken back.",
        )
        if await self.confirm(question):
            self.save_change(dialog, user, UserChange(same_person_as=values["same_person_as"]))
        else:
            dialog.settled()

    def save_change(self, dialog: FormDialog, user: UserRecord, change: UserChange | None) -> Any:
        """Send what differs from what was seen; the screen's own."""
        raise NotImplementedError
