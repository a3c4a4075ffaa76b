"""Settings: an administrator's users and branches; everybody's own password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from pydantic import SecretStr, ValidationError
from textual import on, work
from textual.app import ComposeResult

from branchtui.contract.people import UserChange
from branchtui.screens.base import screen_actions
from branchtui.screens.desk import Desk
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.one_person import OnePerson
from branchtui.screens.outcome import sentence_of
from branchtui.screens.own_settings import OWN
from branchtui.screens.payment_rows import as_lines
from branchtui.screens.people_rows import (
    CODES,
    PASSWORD,
    PERSON,
    UNLOCK,
    branch_columns,
    branch_fields,
    branch_picker,
    changed_branch,
    changed_user,
    in_tree_order,
    new_branch,
    new_user,
    user_columns,
    user_fields,
    user_lines,
)
from branchtui.screens.sources import PAGE_ROWS, LedgerSource
from branchtui.widgets.actions import Action, ActionTable, Choice
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog, MessageDialog
from branchtui.widgets.fields import PasswordField, TextField
from branchtui.widgets.page_source import MemorySource
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.people import BranchChange, BranchRecord, UserRecord

USERS: Final = "users"
BRANCHES: Final = "branches"
_OF_A_ROW: Final = frozenset({"edit", "delete"})


class SettingsScreen(OnePerson):
    """`t` turns between users and branches. What only an administrator may says so."""

    HEADING = "Settings"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("new", "n", "New", "New user, or new branch", changes=True),
        Action("edit", "e", "Edit", "Role, branch and limit of a user; the name of a branch", changes=True),
        Action("delete", "d", "Disable", "Disable a user, or enable again", changes=True),
        Action("menu", "m", "Menu", "Everything that may be done to this user, and to oneself"),
        Action("turn", "t", "Turn", "Users, branches"),
        Action("own-password", "w", "My password", "Change the own password", changes=True),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._side = USERS
        self._branches: list[BranchRecord] = []

    def compose_body(self) -> ComposeResult:
        """Two lists, one of them shown."""
        yield VirtualList(
            user_columns(self.desk),
            lambda one: one.id,
            empty="No user.",
            explain=sentence_of,
            page_limit=PAGE_ROWS,
            id=USERS,
        )
        yield VirtualList(branch_columns({}), lambda one: one.id, empty="No branch.", id=BRANCHES)

    @property
    def users(self) -> VirtualList[UserRecord]:
        """The users."""
        return self.query_one(f"#{USERS}", VirtualList)

    @property
    def offices(self) -> VirtualList[BranchRecord]:
        """The branches."""
        return self.query_one(f"#{BRANCHES}", VirtualList)

    def on_mount(self) -> None:
        """The shown list takes the keys."""
        self._show_side()

    # ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────

    def arrive(self, argument: str) -> None:
        """By fast path; the first time ask, later as it was left."""
        if not argument and not self._is_visited:
            self._is_visited = True
            self.reload()
            return
        super().arrive(argument)

    def take_argument(self, argument: str) -> None:
        """`users` or `branches`, any beginning."""
        wanted = argument.strip().casefold()
        self._side = BRANCHES if wanted and BRANCHES.startswith(wanted) else USERS
        self._is_visited = True
        self._show_side()
        self.reload()

    def reload(self) -> None:
        """Both: a user's form names branches."""
        if self._side == USERS:
            self.users.set_source(LedgerSource(self.ledger.users))
        self.ask_branches()

    @work(group="branches", exclusive=True)
    async def ask_branches(self) -> None:
        """The tree; what was shown before stays when it fails."""
        found = await self.asked(self.ledger.branch_tree, is_aside=self._side == USERS)
        if found is None:
            return
        self._branches, depths = in_tree_order(found)
        self.offices.set_columns(branch_columns(depths))
        source = MemorySource(self._branches, lambda one: one.id)
        if self.offices.loader.source is None:
            self.offices.set_source(source)
        else:
            # The next key means the branch that one stands on.
            self.offices.loader.source = source
            self.offices.reload()

    def _show_side(self) -> None:
        self.users.display = self._side == USERS
        self.offices.display = self._side == BRANCHES
        (self.users if self._side == USERS else self.offices).focus()
        self.heading.show(note=self._side)
        self.refresh_actions()

    @on(VirtualList.Highlighted)
    @on(VirtualList.Loaded)
    def _moved(self) -> None:
        self.refresh_actions()

    # ── what may be done ─────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """The ledger's own reason for a row; a new one is an administrator's."""
        if action_id == "new":
            needed = "user.admin" if self._side == USERS else "branch.admin"
            return None if self.desk.may(needed) else f"Only an administrator adds {self._side}."
        if action_id == "delete" and self._side == BRANCHES:
            return "A branch keeps its books: it is renamed, never taken away."
        if action_id not in _OF_A_ROW:
            return None
        row: Any = self.users.highlighted if self._side == USERS else self.offices.highlighted
        if row is None:
            return "Nothing is highlighted."
        if row.allows("edit"):
            return None
        refused = row.refused.get("edit")
        return refused.message if refused is not None else "This cannot be changed now."

    def action_turn(self) -> None:
        """`t`."""
        self._side = BRANCHES if self._side == USERS else USERS
        self._show_side()
        self.reload()

    # ── users ────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_new(self) -> None:
        """`n`."""
        if self._side == BRANCHES:
            parent = self.offices.highlighted
            fields = [
                TextField("code", "Code", required=True, max_length=20),
                TextField("name", "Name", required=True, max_length=140),
                branch_picker("parent_id", "Below", self._branches, parent.id if parent else None),
                TextField("timezone", "Time zone", hint="as the one above", max_length=64),
            ]
            self.app.push_screen(FormDialog("New Branch", fields, self.save_branch))
            return
        fields_of_user = user_fields(self.desk, self._branches)
        self.app.push_screen(FormDialog("New User", fields_of_user, self.save_user))

    @work(group="write")
    async def save_user(self, dialog: FormDialog, values: dict[str, str]) -> None:
        """Add the user; the form stays until the ledger confirmed."""
        try:
            wanted = new_user(values)
        except ValidationError:
            dialog.refused({"username": "A user name is letters, digits, . _ @ and - only."})
            return
        saved: UserRecord | None = None
        async with self.outcome(say=dialog.say, form=dialog.form) as outcome:
            saved = await self.ledger.create_user(wanted)
            outcome.done("Added.")
        self._after_form(dialog, saved, f"Added: {wanted.username}.")
        if saved is not None:
            self.users.insert_first(saved)

    def action_edit(self) -> None:
        """`e`."""
        if self._side == BRANCHES:
            branch = self.offices.highlighted
            if branch is not None:
                self.app.push_screen(
                    FormDialog(
                        f"Edit {branch.code}",
                        branch_fields(branch),
                        self._editing_branch(branch),
                        at_first=True,
                    )
                )
            return
        user = self.users.highlighted
        if user is not None:
            fields = user_fields(self.desk, self._branches, user)
            self.app.push_screen(
                FormDialog(f"Edit {user.username}", fields, self._editing(user), at_first=True)
            )

    def _editing(self, user: UserRecord) -> Any:
        return lambda dialog, values: self.save_change(dialog, user, changed_user(values, user))

    @work(group="write")
    async def save_change(self, dialog: FormDialog, user: UserRecord, change: UserChange | None) -> None:
        """Send what differs from what was seen."""
        if change is None:
            dialog.saved("")
            self.say("Nothing was changed: the form holds what the ledger holds.")
            return
        saved: UserRecord | None = None
        async with self.outcome(say=dialog.say, form=dialog.form, on_current=self._stands_now) as outcome:
            saved = await self.ledger.change_user(user, change)
            self.users.replace(saved)
            outcome.done("Saved.")
        self._after_form(dialog, saved, f"Saved: {user.username}.")

    @work(group="write")
    async def action_delete(self) -> None:
        """`d`: nobody is deleted: what they did stays in the books."""
        user = self.users.highlighted
        if user is None:
            return
        effect = (
            "They may sign in again." if user.disabled else "They are signed out at once and cannot sign in."
        )
        title = f"{'Enable' if user.disabled else 'Disable'} {user.username}?"
        if not await self.confirm(ConfirmDialog(title, user_lines(user, self.desk), effect=effect)):
            return
        async with self.outcome(on_current=self._stands_now) as outcome:
            saved = await self.ledger.change_user(user, UserChange(disabled=not user.disabled))
            self.users.replace(saved)
            outcome.done(f"{saved.username} is {'disabled' if saved.disabled else 'enabled'}.")

    @work(group="menu", exclusive=True)
    async def action_menu(self) -> None:
        """`m`: unlock, a new password, one-time codes; and what is one's own."""
        user = self.users.highlighted if self._side == USERS else None
        more = [*self._choices_of(user), *(Choice(action, None) for action in OWN)]
        choices = self.choices(() if user is None else ("edit", "delete"), more)
        title = "Settings" if user is None else user.username
        chosen = await self.app.push_screen_wait(MenuDialog(title, choices))
        if chosen in {action.id for action in OWN}:
            self.do_own(chosen)
        elif user is None:
            return
        elif chosen == UNLOCK.id:
            self.unlock(user)
        elif chosen == PASSWORD.id:
            self.app.push_screen(
                FormDialog(
                    f"New password of {user.username}",
                    [PasswordField("password", "Password")],
                    lambda dialog, values: self.save_change(
                        dialog, user, UserChange(password=SecretStr(values["password"]))
                    ),
                )
            )
        elif chosen == CODES.id:
            self.switch_codes(user)
        elif chosen == PERSON.id:
            self.join(user)
        elif chosen is not None:
            await self.action_perform(chosen)

    def _choices_of(self, user: UserRecord | None) -> list[Choice]:
        if user is None:
            return []
        edit, refused = self.why_not("edit"), user.refused.get("unlock")
        return [
            Choice(UNLOCK, None if user.allows("unlock") else (refused.message if refused else "Not now.")),
            Choice(PASSWORD, edit),
            Choice(CODES, edit),
            Choice(PERSON, edit),
        ]

    @work(group="write")
    async def unlock(self, user: UserRecord) -> None:
        """Let a user try again, after `y`."""
        lines = user_lines(user, self.desk)
        if not await self.confirm(
            ConfirmDialog(f"Unlock {user.username}?", lines, effect="They may try again.")
        ):
            return
        async with self.outcome() as outcome:
            saved = await self.ledger.unlock_user(user)
            self.users.replace(saved)
            outcome.done(f"{saved.username} may try again.")

    @work(group="write")
    async def switch_codes(self, user: UserRecord) -> None:
        """Ask for one-time codes, or forget them: a device was lost."""
        is_off = user.second_factor == "off"
        effect = (
            "The next sign-in enrols a device."
            if is_off
            else "The device is forgotten; the password alone signs in."
        )
        if not await self.confirm(
            ConfirmDialog(f"One-time codes of {user.username}", user_lines(user, self.desk), effect=effect)
        ):
            return
        async with self.outcome(on_current=self._stands_now) as outcome:
            saved = await self.ledger.change_user(user, UserChange(second_factor=is_off))
            self.users.replace(saved)
            outcome.done(f"One-time codes of {saved.username}: {saved.second_factor.replace('-', ' ')}.")

    @on(VirtualList.Opened, f"#{USERS}")
    def _opened(self, message: VirtualList.Opened) -> None:
        self.app.push_screen(MessageDialog("User", as_lines(user_lines(message.item, self.desk))))

    # ── branches ─────────────────────────────────────────────────────────────────────────────────────────────────

    @work(group="write")
    async def save_branch(self, dialog: FormDialog, values: dict[str, str]) -> None:
        """Add the branch; the desk learns of it."""
        try:
            wanted = new_branch(values)
        except ValidationError:
            dialog.refused({"code": "A code is letters, digits, . / and - only."})
            return
        saved: BranchRecord | None = None
        async with self.outcome(say=dialog.say, form=dialog.form) as outcome:
            saved = await self.ledger.create_branch(wanted)
            outcome.done("Added.")
        self._after_form(dialog, saved, f"Added: {wanted.code}.")
        await self._branches_changed(saved)

    def _editing_branch(self, branch: BranchRecord) -> Any:
        return lambda dialog, values: self.save_branch_change(dialog, branch, changed_branch(values))

    @work(group="write")
    async def save_branch_change(
        self, dialog: FormDialog, branch: BranchRecord, change: BranchChange
    ) -> None:
        """Change a branch's name, or what becomes of its payments with an unknown reference."""
        saved: BranchRecord | None = None
        async with self.outcome(say=dialog.say, form=dialog.form) as outcome:
            saved = await self.ledger.change_branch(branch, change)
            outcome.done("Saved.")
        self._after_form(dialog, saved, f"Saved: {branch.code}.")
        await self._branches_changed(saved)

    async def _branches_changed(self, saved: BranchRecord | None) -> None:
        """What the desk knows of branches is asked anew."""
        if saved is None:
            return
        found = await self.asked(self.ledger.me, is_aside=True)
        if found is not None:
            self.desk.user = found.user
        self.ask_branches()

    def _stands_now(self, current: Any) -> None:
        if hasattr(current, "username"):
            self.users.replace(current)
