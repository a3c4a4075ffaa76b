"""What administrators keep for everybody: staff, products, plans, code lists, and what is asked of new members."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult

from branchtui.contract.codes import CodeName
from branchtui.screens.base import LedgerScreen, screen_actions
from branchtui.screens.customer_desk import EDIT_KEYS, ONE_KEYS
from branchtui.screens.desk import Desk
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.dialogs.list_fields import (
    CODES,
    changed_row,
    membership_fields,
    membership_of,
    membership_pairs,
    new_row,
    row_columns,
    row_fields,
    row_name,
)
from branchtui.screens.keyed import made_of
from branchtui.screens.list_screen import ListScreen
from branchtui.screens.outcome import sentence_of
from branchtui.screens.payment_rows import as_lines
from branchtui.screens.sources import PAGE_ROWS, LedgerSource
from branchtui.widgets.actions import Action, ActionTable
from branchtui.widgets.columns import Column
from branchtui.widgets.dialogs import ConfirmDialog, MessageDialog
from branchtui.widgets.page_source import MemorySource
from branchtui.widgets.search_box import SearchBox
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.codes import Membership

MEMBERSHIP: Final = "membership"
PLANS: Final = "plans"


@dataclass(frozen=True)
class KeptList:
    """One list: the name that the fast path and the ledger have for it, and the words for people."""

    name: str
    label: str
    help: str

    @property
    def id(self) -> str:
        """What the index knows it by."""
        return self.name


LISTS: Final = (
    KeptList("staff", "Staff", "To whom customers are assigned"),
    KeptList("products", "Products", "Kinds of accounts as they are sold"),
    KeptList(PLANS, "Plans", "What vouchers are sold of: price and days"),
    *(KeptList(code, label, f"Values that forms offer for {label.lower()}") for code, label in CODES),
    KeptList(MEMBERSHIP, "Membership", "Terms, minimum age, mandatory fields, approval of new members"),
)


def may_keep(desk: Desk) -> str | None:
    """Why this person may not change a list; None for an administrator. The ledger decides, this saves a form."""
    return None if desk.may("code.admin") else "Only an administrator changes the lists."


class ListsScreen(LedgerScreen):
    """The index. `enter` opens a list."""

    HEADING = "Lists"
    ACTIONS: ClassVar[ActionTable] = screen_actions()
    BINDINGS = ACTIONS.bindings()

    def compose_body(self) -> ComposeResult:
        """All lists."""
        yield VirtualList(
            [
                Column[KeptList]("List", lambda one: one.label, width=20),
                Column[KeptList]("What it is for", lambda one: one.help),
            ],
            lambda one: one.name,
            MemorySource(LISTS, lambda one: one.name),
            id="lists",
        )

    def on_mount(self) -> None:
        """The index takes the keys."""
        self.query_one("#lists").focus()

    def take_argument(self, argument: str) -> None:
        """A list's name, any beginning of it."""
        wanted = argument.strip().casefold().replace(" ", "_")
        found = next((one for one in LISTS if wanted and one.name.startswith(wanted)), None)
        self._is_visited = True
        if found is None:
            self.say_refusal(f"There is no list {argument}.")
        else:
            self.open_list(found)

    @on(VirtualList.Opened)
    def _opened(self, message: VirtualList.Opened) -> None:
        self.open_list(message.item)

    def open_list(self, kept: KeptList) -> None:
        """The list, or the form of what is asked of members."""
        if kept.name == MEMBERSHIP:
            self.edit_membership()
        else:
            screen = PlansScreen if kept.name == PLANS else KeptListScreen
            self.app.push_screen(screen(self.desk, kept))

    @work(group="form", exclusive=True)
    async def edit_membership(self) -> None:
        """What stands: in a form for who may change it, to read for everybody else."""
        seen = await self.asked(self.ledger.membership, holds_keys=True)
        refused = may_keep(self.desk)
        if seen is not None and refused is not None:
            self.say_refusal(refused)
            self.app.push_screen(MessageDialog("Membership", as_lines(membership_pairs(seen))))
        elif seen is not None:
            stands = [seen, seen]
            self.app.push_screen(
                FormDialog(
                    "Membership",
                    membership_fields(seen),
                    lambda dialog, values: self.save_membership(dialog, values, stands),
                    keys=EDIT_KEYS,
                    at_first=True,
                )
            )

    @work(group="write")
    async def save_membership(
        self, dialog: FormDialog, values: dict[str, str], seen: list[Membership]
    ) -> None:
        """Set it; holds from the next request on, in forms, imports and API alike.

        The first of `seen` filled the form, the second stands now: what another set meanwhile and nobody touched stays.
        """

        def stands_now(current: Any) -> None:
            if hasattr(current, "version"):
                seen[1] = current

        saved: Membership | None = None
        wanted = made_of(dialog, lambda: membership_of(values, *seen))
        if wanted is None:
            return
        async with self.outcome(say=dialog.say, form=dialog.form, on_current=stands_now) as outcome:
            saved = await self.ledger.set_membership(seen[1], wanted)
            outcome.done("Saved.")
        if saved is None:
            dialog.settled()
            return
        dialog.saved("")
        self.say("Saved: it holds from now on, in forms, imports and API alike.", "done")


class KeptListScreen(ListScreen):
    """One list. Nothing is taken out of it: what is offered no more stays where it was given."""

    HEADING = "List"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("search", "slash", "Search", "Search by a part of the name"),
        Action("new", "n", "New", "One more", changes=True),
        Action("edit", "e", "Edit", "Change the highlighted one", changes=True),
        Action("delete", "d", "Offer no more", "Offer it no more, or again", changes=True),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk, kept: KeptList) -> None:
        super().__init__(desk)
        self.kept = kept
        self._is_visited = True

    def compose_body(self) -> ComposeResult:
        """The search box over the list."""
        yield SearchBox("a part of the name", id="search")
        yield VirtualList(
            row_columns(self.kept.name),
            lambda one: one.id,
            empty="The list is empty.",
            explain=sentence_of,
            page_limit=PAGE_ROWS,
            id="kept",
        )

    @property
    def rows(self) -> VirtualList[Any]:
        """The list."""
        return self.query_one("#kept", VirtualList)

    def on_mount(self) -> None:
        """The list takes the keys."""
        super().on_mount()
        self.heading.show(heading=self.kept.label)
        self.ask()

    def ask(self) -> None:
        """All of it, what is offered no more too."""
        q = self.search.text.strip()
        questions: dict[str, Any] = {
            "staff": self.ledger.staff,
            "products": self.ledger.products,
            "plans": self.ledger.plans,
        }
        ask = questions.get(self.kept.name) or partial(self.ledger.code_values, self.kept.name)
        self.rows.set_source(LedgerSource(partial(ask, q)))

    def why_not(self, action_id: str) -> str | None:
        """An administrator's, by the ledger's own word for a row."""
        if action_id in {"new", "import"}:
            return may_keep(self.desk)
        if action_id not in {"edit", "delete"}:
            return None
        row = self.rows.highlighted
        if row is None:
            return "Nothing is highlighted."
        refused = row.refused.get("edit")
        return None if row.allows("edit") else refused.message if refused else "This cannot be changed now."

    def action_new(self) -> None:
        """`n`."""
        fields = row_fields(self.kept.name, self.desk)
        self.app.push_screen(FormDialog(f"New: {self.kept.label}", fields, self.save_new, keys=ONE_KEYS))

    @work(group="write")
    async def save_new(self, dialog: FormDialog, values: dict[str, str]) -> None:
        """Add it."""
        saved: Any = None
        try:
            new = new_row(self.kept.name, values, self.desk)
        except ValueError as wrong:
            dialog.refused({"staff_no" if self.kept.name == "staff" else "code": str(wrong)})
            return
        name = self.kept.name
        calls: dict[str, Any] = {
            "staff": self.ledger.create_staff,
            "products": self.ledger.create_product,
            "plans": self.ledger.create_plan,
        }
        create = calls.get(name) or partial(self.ledger.create_code_value, CodeName(name))
        async with self.outcome(say=dialog.say, form=dialog.form) as outcome:
            saved = await create(new)
            outcome.done("Added.")
        if saved is None:
            dialog.settled()
            return
        dialog.saved("")
        self.rows.reload()
        self.say(f"Added: {row_name(saved)}.", "done")

    def action_edit(self) -> None:
        """`e`."""
        row = self.rows.highlighted
        if row is None:
            return
        fields = row_fields(self.kept.name, self.desk, row)
        seen = [row, row]
        self.app.push_screen(
            FormDialog(
                f"Edit {row_name(row)}",
                fields,
                lambda dialog, values: self.save_edited(dialog, values, seen),
                keys=EDIT_KEYS,
                at_first=True,
            )
        )

    @work(group="write")
    async def save_edited(self, dialog: FormDialog, values: dict[str, str], rows: list[Any]) -> None:
        """Send what differs from the first of `rows`, which filled the form, against the second, which stands now."""
        made = made_of(dialog, lambda: (changed_row(self.kept.name, values, rows[0]),))
        if made is None:
            return
        (change,) = made
        if change is None:
            dialog.saved("")
            self.say("Nothing was changed: the form holds what the ledger holds.")
            return
        saved: Any = None

        def stands_now(current: Any) -> None:
            if hasattr(current, "version"):
                rows[1] = current
            self._stands_now(current)

        async with self.outcome(say=dialog.say, form=dialog.form, on_current=stands_now) as outcome:
            saved = await self._change(rows[1], change)
            outcome.done("Saved.")
        if saved is None:
            dialog.settled()
            return
        dialog.saved("")
        self.say(f"Saved: {row_name(saved)}.", "done")

    @work(group="write")
    async def action_delete(self) -> None:
        """`d`: offered no more, or again."""
        row = self.rows.highlighted
        if row is None:
            return
        effect = (
            "It is offered no more, and stays where it was given." if row.active else "It is offered again."
        )
        title = f"Offer {row_name(row)} {'no more' if row.active else 'again'}?"
        if not await self.confirm(ConfirmDialog(title, [("List", self.kept.label)], effect=effect)):
            return
        change = changed_row(self.kept.name, {"active": "no" if row.active else "yes"}, row, only=("active",))
        assert change is not None, "it is the other way round"
        async with self.outcome(on_current=self._stands_now) as outcome:
            saved = await self._change(row, change)
            outcome.done(f"{row_name(saved)} is {'offered' if saved.active else 'offered no more'}.")

    async def _change(self, row: Any, change: Any) -> Any:
        calls: dict[str, Any] = {
            "staff": self.ledger.change_staff,
            "products": self.ledger.change_product,
            "plans": self.ledger.change_plan,
        }
        saved = await calls.get(self.kept.name, self.ledger.change_code_value)(row, change)
        self.rows.replace(saved)
        return saved

    def _stands_now(self, current: Any) -> None:
        if hasattr(current, "version"):
            self.rows.replace(current)

    def action_back(self) -> None:
        """`esc`: back to the index."""
        self.dismiss(None)


class PlansScreen(KeptListScreen):
    """The list of plans, which come from files as well."""

    ACTIONS: ClassVar[ActionTable] = screen_actions(
        *(each for each in KeptListScreen.ACTIONS if each.group == "This screen"),
        Action("import", "i", "Import", "Plans from a file, or from pasted rows", changes=True),
    )
    BINDINGS = ACTIONS.bindings()

    def action_import(self) -> None:
        """`i`."""
        self.go("import-plans")
