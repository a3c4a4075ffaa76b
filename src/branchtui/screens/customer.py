"""A customer's profile: ONE request brings details, accounts with their balances, and the last entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from branchtui.format.cells import pad
from branchtui.format.safe_text import safe_text
from branchtui.format.scripts import with_script_mark
from branchtui.screens.base import screen_actions
from branchtui.screens.desk import Desk
from branchtui.screens.record_desk import RecordScreen
from branchtui.screens.rows import account_columns, customer_details, customer_label, entry_columns
from branchtui.widgets.actions import Action, ActionTable
from branchtui.widgets.page_source import MemorySource
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.balance_records import BalanceRecord
    from branchtui.contract.customers import Account, Customer, Entry

_ACCOUNT_LINES_MAX = 7
_LABEL_CELLS = 13
_COLUMN_CELLS = 38
_TWO_COLUMNS = 2 * _COLUMN_CELLS + 2

_PERSONAL: Final = ("first_name", "middle_name", "last_name", "mobile_no", "email", "accounts", "entries")
"""What of a profile is nobody's to find behind the lock."""


class CustomerScreen(RecordScreen):
    """Opened on a row of any list; what the row knew is shown while the profile is under way."""

    HEADING = "Customer"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("new", "n", "New balance", "New Member Balance for this customer"),
        Action(
            "balances", "b", "Balances", "The balances of this customer that wait or were posted", show=False
        ),
        Action("copy", "c", "Copy number", "Copy the customer number"),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk, customer: Customer) -> None:
        super().__init__(desk)
        self._customer = customer
        self._is_visited = True

    def compose_body(self) -> ComposeResult:
        """Details, accounts, entries."""
        yield Static(Content(""), id="details")
        yield VirtualList(account_columns(), lambda one: one.id, empty="No account.", id="accounts")
        yield VirtualList(
            entry_columns(self.desk), lambda one: one.id, empty="Nothing was booked yet.", id="entries"
        )

    def on_mount(self) -> None:
        """Show what the row knew, ask for the rest."""
        self.show(self._customer)
        self.query_one("#entries").focus()
        self.reload()

    def reload(self) -> None:
        """Ask for the profile."""
        self.ask()

    def free_data(self) -> None:
        """As everywhere, and the person: only the id stays, to ask again by."""
        for rows in self.query(VirtualList):
            rows.set_source(MemorySource((), lambda one: one.id))
        super().free_data()
        self._customer = self._customer.model_copy(update=dict.fromkeys(_PERSONAL) | {"name": ""})
        self.query_one("#details", Static).update(Content(""))
        self.heading.show(note="")

    @work(group="profile", exclusive=True)
    async def ask(self) -> None:
        """One request."""
        customer = await self.asked(lambda: self.ledger.customer(self._customer.id))
        if customer is not None:
            self.show(customer)

    def show(self, customer: Customer) -> None:
        """Put a customer on the screen."""
        self._customer = customer
        self.heading.show(note=customer_label(customer))
        self.query_one("#details", Static).update(Content(_details(customer, self.size.width)))
        if customer.accounts is not None:
            accounts: VirtualList[Account] = self.query_one("#accounts", VirtualList)
            accounts.set_source(MemorySource(customer.accounts, lambda one: one.id))
            accounts.styles.height = min(_ACCOUNT_LINES_MAX, len(customer.accounts) + 1)
        if customer.entries is not None:
            entries: VirtualList[Entry] = self.query_one("#entries", VirtualList)
            entries.set_source(MemorySource(customer.entries, lambda one: one.id))

    def on_resize(self) -> None:
        """The details are laid out for the width there is."""
        self.query_one("#details", Static).update(Content(_details(self._customer, self.size.width)))

    def record_saved(self, record: BalanceRecord, *, is_new: bool) -> None:
        """Keyed, it waits: no balance of the profile has changed."""

    # ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def action_new(self) -> None:
        """`n`: the form carries the customer."""
        self.key_balances(self._customer.brief)

    def action_balances(self) -> None:
        """`b`: Member Balances, narrowed to this customer."""
        self.go("balances", f"all {self._customer.account_no}")

    def action_copy(self) -> None:
        """`c`."""
        self.copy_reference(self._customer.customer_no)

    def action_back(self) -> None:
        """`esc`: back to the list."""
        self.dismiss(None)


def _details(customer: Customer, width: int) -> str:
    """In two columns where they fit `width` cells, else one below the other."""
    pairs = customer_details(customer)
    cells = [
        f"{pad(label, _LABEL_CELLS)}{with_script_mark(safe_text(value)) if label == 'Name' else safe_text(value)}"
        for label, value in pairs
    ]
    if 0 < width < _TWO_COLUMNS:
        return "\n".join(cells)
    half = (len(cells) + 1) // 2
    rights = cells[half:] + [""] * (2 * half - len(cells))
    return "\n".join(
        f"{pad(left, _COLUMN_CELLS)}  {right}".rstrip()
        for left, right in zip(cells[:half], rights, strict=True)
    )
