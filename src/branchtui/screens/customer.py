"""A customer's profile: ONE request opens it; the part that a tab shows is asked for when the tab is turned to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static

from branchtui.contract.customers import Customer, unread
from branchtui.screens.base import screen_actions
from branchtui.screens.customer_pairs import detail_rows, profile_head
from branchtui.screens.customer_rows import TABS, Tab, tab_line
from branchtui.screens.desk import Desk
from branchtui.screens.outcome import sentence_of
from branchtui.screens.part_desk import PartDesk, row_pairs
from branchtui.screens.profile_desk import ProfileDesk
from branchtui.screens.rows import account_columns, customer_label, entry_columns, words
from branchtui.screens.sources import PAGE_ROWS, LedgerSource
from branchtui.widgets.actions import Action, ActionTable
from branchtui.widgets.dialogs import MenuDialog
from branchtui.widgets.page_source import FIRST, MemorySource
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from branchtui.contract.balance_records import BalanceRecord
    from branchtui.contract.customers import Account, CustomerRow

_ACCOUNT_LINES_MAX = 7
_ACCOUNT_LINES_MIN = 3
_ROUND_ROWS: Final = 5
_HEAD_ROWS_MIN: Final = 2

_PERSONAL: Final = (
    "first_name", "middle_name", "last_name", "mobile_no", "email", "date_of_birth", "external_id", "accounts",
    "entries", "family", "addresses", "identifiers", "documents", "notes", "additional_details", "history",
)  # fmt: skip
"""What of a profile is nobody's to find behind the lock."""


class CustomerScreen(PartDesk, ProfileDesk):
    """Opened on a row of any list; what the row knew is shown while the profile is under way.

    `told` hears of the customer as the ledger holds him, where that is another version than the row's; of None once
    he is gone.
    """

    HEADING = "Customer"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("new", "n", "New", "New Member Balance, or one more of what the tab shows", changes=True),
        Action("edit", "e", "Edit", "Change the customer, or the highlighted row of the tab", changes=True),
        Action("menu", "m", "Menu", "Everything that may be done to this customer, and to this row"),
        Action("turn", "t", "Turn", "The next tab; its number goes there at once"),
        Action("delete", "d", "Delete", "Delete the highlighted row of the tab", show=False, changes=True),
        Action(
            "balances", "b", "Balances", "The balances of this customer that wait or were posted", show=False
        ),
        Action("export", "o", "Save", "Save the highlighted document to a file", show=False),
        Action("copy", "c", "Copy number", "Copy the customer number", show=False),
    )
    BINDINGS = [
        *ACTIONS.bindings(),
        *(Binding(str(at), f"tab({at - 1})", tab.label, show=False) for at, tab in enumerate(TABS, 1)),
        Binding("right", "next_tab(1)", "Next tab", show=False),
        Binding("left", "next_tab(-1)", "Tab before", show=False),
    ]

    def __init__(
        self,
        desk: Desk,
        customer: CustomerRow,
        *,
        said: str = "",
        told: Callable[[Customer | None], None] = lambda _: None,
    ) -> None:
        super().__init__(desk)
        self._told = told
        self._customer = customer if isinstance(customer, Customer) else unread(customer)
        self._said = said
        self._at = 0
        self._is_visited = True

    def compose_body(self) -> ComposeResult:
        """Tabs; details, accounts and entries; and the list of every other tab."""
        yield Static(Content(""), id="tabs")
        yield Static(Content(""), id="details")
        yield VirtualList(account_columns(), lambda one: one.id, empty="No account.", id="accounts")
        yield VirtualList(
            entry_columns(self.desk), lambda one: one.id, empty="Nothing was booked yet.", id="entries"
        )
        yield VirtualList(
            TABS[1].columns(self.desk),
            lambda one: one.id,
            explain=sentence_of,
            page_limit=PAGE_ROWS,
            id="part",
        )

    @property
    def customer(self) -> Customer:
        """Who is shown."""
        return self._customer

    @property
    def tab(self) -> Tab:
        """What is in sight of the customer."""
        return TABS[self._at]

    @property
    def shown_list(self) -> VirtualList[Any]:
        """The list whose rows the keys mean."""
        if self.tab.name != "general":
            return self.query_one("#part", VirtualList)
        is_accounts = self.focused is not None and self.focused.id == "accounts"
        return self.query_one("#accounts" if is_accounts else "#entries", VirtualList)

    def on_mount(self) -> None:
        """Show what the row knew, ask for the rest."""
        self._show_tab()
        self.reload()
        if self._said:
            self.say(self._said, "done")

    # ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────

    def reload(self) -> None:
        """Ask for what the tab shows."""
        if self.tab.include:
            self.ask(self.tab)
        else:
            self.query_one("#part", VirtualList).set_source(
                LedgerSource(partial(self.ledger.customer_history, self._customer.id))
            )

    @work(group="profile", exclusive=True)
    async def ask(self, tab: Tab) -> None:
        """One request: the customer as the ledger holds him now, and the part."""
        found = await self.asked(lambda: self.ledger.customer(self._customer.id, tab.include))
        if found is not None:
            self.show(found)

    def show(self, customer: Customer) -> None:
        """Put a customer on the screen; parts that this answer does not tell of stay as they were."""
        kept = {
            name: getattr(self._customer, name)
            for tab in TABS
            for name in tab.include
            if getattr(customer, name) is None
        }
        if customer.version != self._customer.version:
            self._told(customer)
        self._customer = customer.model_copy(update=kept)
        self._show_head()
        self._show_rows()
        self.refresh_actions()

    def _show_head(self) -> None:
        customer = self._customer
        status = "" if customer.status == "active" else f"  {words(customer.status)}"
        self.heading.show(note=f"{customer_label(customer)}{status}" if customer.name else "")
        width, height = self.size
        self.query_one("#tabs", Static).update(Content(tab_line(self._at, width)))
        rows = max(_HEAD_ROWS_MIN, (height - _ROUND_ROWS) // 2 - 2)
        self.query_one("#details", Static).update(
            Content(profile_head(customer, width, rows) if customer.name else "")
        )

    def _show_rows(self) -> None:
        customer = self._customer
        if self.tab.name == "general":
            if customer.accounts is not None:
                accounts = self._fill("#accounts", customer.accounts)
                room = max(_ACCOUNT_LINES_MIN, (self.size.height - _ROUND_ROWS) // 2 - _HEAD_ROWS_MIN)
                accounts.styles.height = min(_ACCOUNT_LINES_MAX, room, len(customer.accounts) + 1)
            if customer.entries is not None:
                self._fill("#entries", customer.entries)
            return
        rows = self._rows_of_tab()
        if rows is not None:
            self._fill("#part", rows).empty = self.tab.empty

    def _fill(self, selector: str, rows: Sequence[Any]) -> VirtualList[Any]:
        """Put rows in a list; the highlight stays on its row."""
        found: VirtualList[Any] = self.query_one(selector, VirtualList)
        here = found.highlighted
        stays = here is not None and any(one.id == here.id for one in rows)
        anchor = f"id:{here.id}" if stays and here is not None else FIRST
        found.set_source(MemorySource(rows, lambda one: one.id), anchor=anchor)
        return found

    def _rows_of_tab(self) -> list[Any] | None:
        """The rows of the tab as far as they are known; None where they are not, or are the ledger's list."""
        if not self.tab.include:
            return None
        found = getattr(self._customer, self.tab.include[0])
        if found is None:
            return None
        return detail_rows(self._customer, found.details) if self.tab.name == "details" else list(found)

    def free_data(self) -> None:
        """As everywhere, and the person: only the id stays, to ask again by."""
        for rows in self.query(VirtualList):
            rows.set_source(MemorySource((), lambda one: one.id))
        super().free_data()
        self._customer = self._customer.model_copy(update=dict.fromkeys(_PERSONAL) | {"name": ""})
        self._show_head()

    def on_resize(self) -> None:
        """Laid out for the width and height there are."""
        self._show_head()
        self._show_rows()

    # ── tabs ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_turn(self) -> None:
        """`t`."""
        self.action_next_tab(1)

    def action_next_tab(self, by: int) -> None:
        """The neighbour, in a ring."""
        self.action_tab((self._at + by) % len(TABS))

    def action_tab(self, at: int) -> None:
        """A number: that tab. What of it is known is shown at once; the ledger is asked for the rest."""
        if at == self._at:
            return
        self._at = at
        self.say("")
        self._show_tab()
        if self._rows_of_tab() is None:
            self.reload()

    def _show_tab(self) -> None:
        is_general = self.tab.name == "general"
        for name in ("details", "accounts", "entries"):
            self.query_one(f"#{name}").display = is_general
        part: VirtualList[Any] = self.query_one("#part", VirtualList)
        part.display = not is_general
        if not is_general:
            # Rows of another tab have no cells for these columns.
            part.set_source(MemorySource((), lambda one: one.id))
            part.forget()
            part.set_columns(self.tab.columns(self.desk))
            # Nothing is known yet is not that there is nothing.
            part.empty = "" if self.tab.include else self.tab.empty
        self.shown_list.focus()
        self._show_head()
        self._show_rows()
        self.refresh_actions()

    # ── what changed ─────────────────────────────────────────────────────────────────────────────────────────────

    def record_saved(self, record: BalanceRecord, *, is_new: bool) -> None:
        """Keyed, it waits: no balance of the profile has changed."""

    def customer_changed(self, customer: Customer) -> None:
        """Show it; what is done to a customer may change what may be done to accounts and parts."""
        gone = {name: None for tab in TABS for name in tab.include if name != "entries"}
        self._customer = self._customer.model_copy(update=gone)
        self.show(customer)
        self.reload()

    def customer_gone(self, customer: Customer) -> None:
        """Back to the list."""
        self._told(None)
        self.dismiss(None)

    def accounts_changed(self) -> None:
        """Money moved, or an account was opened: all that tells of it is asked anew."""
        self._customer = self._customer.model_copy(update={"accounts": None, "entries": None})
        self.reload()

    # ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """The ledger's own reasons, for the customer or for the highlighted row."""
        if action_id == "new":
            return self.why_not_new()
        if action_id in {"edit", "delete", "export"}:
            return self.why_not_row(action_id)
        return None

    def action_new(self) -> None:
        """`n`: the form carries the customer."""
        if self.tab.name == "general":
            self.key_balances(self._customer.brief)
        elif self.tab.name == "accounts":
            self.open_new_account(self._customer)
        else:
            self.add_part()

    def action_edit(self) -> None:
        """`e`."""
        if self.is_of_customer:
            self.edit_customer(self._customer)
        else:
            self.edit_part()

    def action_delete(self) -> None:
        """`d`."""
        self.delete_part()

    def action_export(self) -> None:
        """`o`."""
        self.save_document()

    @work(group="menu", exclusive=True)
    async def action_menu(self) -> None:
        """`m`: what may be done to the row, then to the customer."""
        account = self.highlighted_account
        more = self.profile_choices(self._customer, account)
        own = ["edit"] if self.is_of_customer else [*self.row_actions, "edit"]
        chosen = await self.app.push_screen_wait(
            MenuDialog(customer_label(self._customer), self.choices(own, more))
        )
        if chosen is None or self.do_in_profile(self._customer, chosen, account):
            return
        await self.action_perform(chosen)

    @property
    def highlighted_account(self) -> Account | None:
        """The account that the keys mean, where an account is what is highlighted."""
        rows = self.shown_list
        if self.tab.name == "accounts" or rows.id == "accounts":
            account: Account | None = rows.highlighted
            return account
        return None

    @on(VirtualList.Opened, "#accounts")
    async def _account_opened(self, message: VirtualList.Opened) -> None:
        await self._open_account(message.item)

    @on(VirtualList.Opened, "#part")
    async def _part_opened(self, message: VirtualList.Opened) -> None:
        if self.tab.name == "accounts":
            await self._open_account(message.item)
        else:
            self.read(self.tab, row_pairs(self.tab.name, message.item, self.desk))

    async def _open_account(self, account: Account) -> None:
        from branchtui.screens.account import AccountScreen

        await self.app.push_screen(
            AccountScreen(self.desk, self._customer, account), lambda _: self.accounts_changed()
        )

    @on(VirtualList.Highlighted)
    def _offer(self) -> None:
        self.refresh_actions()

    def action_balances(self) -> None:
        """`b`: Member Balances, narrowed to this customer."""
        self.go("balances", f"all {self._customer.account_no}")

    def action_copy(self) -> None:
        """`c`."""
        self.copy_reference(self._customer.customer_no)

    def action_back(self) -> None:
        """`esc`: back to the list."""
        self.dismiss(None)
