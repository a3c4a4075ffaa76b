"""Vouchers: what was sold, with the codes, of one customer or of the branch; printed again, taken back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult

from branchtui.screens.base import screen_actions
from branchtui.screens.desk import Desk
from branchtui.screens.list_screen import ListScreen
from branchtui.screens.outcome import sentence_of
from branchtui.screens.payment_rows import as_lines
from branchtui.screens.rows import customer_label
from branchtui.screens.sources import PAGE_ROWS, LedgerSource, day_key
from branchtui.screens.voucher_desk import VoucherDesk
from branchtui.screens.voucher_rows import voucher_columns, voucher_fits, voucher_pairs
from branchtui.widgets.actions import Action, ActionTable
from branchtui.widgets.dialogs import MenuDialog, MessageDialog
from branchtui.widgets.search_box import SearchBox
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.customers import Customer
    from branchtui.contract.vouchers import Voucher


class VouchersScreen(ListScreen, VoucherDesk):
    """Newest first. Opened from a profile it shows that customer's."""

    HEADING = "Vouchers"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("search", "slash", "Search", "Search by number or code"),
        Action("details", "v", "Voucher", "The voucher, whole (enter)"),
        Action("menu", "m", "Menu", "Everything that may be done to this voucher"),
        Action(
            "receipt", "r", "Print", "Print the slip, or a copy of it", changes=True, needs="receipt.print"
        ),
        Action("delete", "d", "Reverse", "Take back a sale that was keyed wrongly", changes=True),
        Action("copy", "c", "Copy number", "Copy the voucher's number", show=False),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk, customer: Customer | None = None) -> None:
        super().__init__(desk)
        self._customer = customer

    def compose_body(self) -> ComposeResult:
        """The search box over the list."""
        yield SearchBox("voucher number or code", id="search")
        yield VirtualList(
            voucher_columns(self.desk),
            lambda one: one.id,
            empty="No voucher was sold yet."
            if self._customer
            else "No voucher was sold yet. A profile's [m] sells one.",
            explain=sentence_of,
            page_limit=PAGE_ROWS,
            id="vouchers",
        )

    @property
    def rows(self) -> VirtualList[Voucher]:
        """The list."""
        return self.query_one("#vouchers", VirtualList)

    def on_mount(self) -> None:
        """A customer's are asked for at once."""
        super().on_mount()
        if self._customer is not None:
            self._is_visited = True
            self.ask()

    # ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────

    def take_argument(self, argument: str) -> None:
        """A number, its beginning, or a whole code."""
        self._is_visited = True
        self.search.set_text(argument.strip())
        self.rows.focus()

    def ask(self) -> None:
        """The vouchers that the search finds."""
        question = partial(
            self.ledger.vouchers,
            customer=self._customer.id if self._customer else None,
            q=self.search.text.strip() or None,
        )
        self.rows.set_source(LedgerSource(question, key=day_key(self.desk.today)))
        self._show_note()

    @on(SearchBox.Changed)
    def _narrow(self, message: SearchBox.Changed) -> None:
        text = message.text.strip()
        self.rows.local_filter(voucher_fits(text) if text else None)

    @on(VirtualList.Loaded)
    @on(VirtualList.Grown)
    def _show_note(self) -> None:
        whose = customer_label(self._customer) if self._customer is not None else ""
        self.heading.show(note="  ".join(part for part in (whose, self.rows.position) if part))

    def voucher_changed(self, voucher: Voucher) -> None:
        """Show what the ledger holds now."""
        self.rows.replace(voucher)
        self.refresh_actions()

    # ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """What needs a row needs a row; taking back is the ledger's word."""
        if action_id not in {"details", "menu", "receipt", "delete", "copy"}:
            return None
        one = self.rows.highlighted
        if one is None:
            return "No voucher is highlighted."
        if action_id != "delete" or one.allows("reverse"):
            return None
        refused = one.refused.get("reverse")
        if refused is None:
            return "This cannot be done now."
        return None if refused.approval else refused.message

    def action_details(self) -> None:
        """`v`, or `enter` in the list."""
        self.rows.action_open()

    @on(VirtualList.Opened)
    def _opened(self, message: VirtualList.Opened) -> None:
        one: Voucher = message.item
        self.app.push_screen(
            MessageDialog(f"Voucher {one.voucher_no}", as_lines(voucher_pairs(one, self.desk)))
        )

    @work(group="menu", exclusive=True)
    async def action_menu(self) -> None:
        """`m`."""
        one = self.rows.highlighted
        if one is None:
            return
        choices = self.choices(["details", "receipt", "delete", "copy"])
        title = f"Voucher {one.voucher_no}, {one.plan_name}"
        chosen = await self.app.push_screen_wait(MenuDialog(title, choices))
        if chosen is not None:
            await self.action_perform(chosen)

    def action_receipt(self) -> None:
        """`r`: the first print, or a copy."""
        if self.rows.highlighted is not None:
            self.print_voucher(self.rows.highlighted)

    def action_delete(self) -> None:
        """`d`: take it back, or ask for it."""
        if self.rows.highlighted is not None:
            self.reverse_voucher(self.rows.highlighted)

    def action_copy(self) -> None:
        """`c`."""
        if self.rows.highlighted is not None:
            self.copy_reference(self.rows.highlighted.voucher_no)

    def action_back(self) -> None:
        """`esc`: back to the profile."""
        if self._customer is None:
            super().action_back()
        else:
            self.dismiss(None)
