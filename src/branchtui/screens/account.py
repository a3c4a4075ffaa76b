"""An account of a customer: what moved it, newest first; a loan with its terms and its schedule."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from branchtui.format.cells import cut
from branchtui.format.safe_text import safe_text
from branchtui.screens.account_desk import OFFSET, PAYOUT, AccountDesk
from branchtui.screens.account_rows import account_title, instalment_columns, instalment_lines, loan_lines
from branchtui.screens.base import screen_actions
from branchtui.screens.desk import Desk
from branchtui.screens.dialogs.reading import ReadingDialog
from branchtui.screens.outcome import sentence_of
from branchtui.screens.rows import (
    account_status,
    amount_in,
    customer_label,
    entry_columns,
    entry_word,
    total_in,
)
from branchtui.screens.sources import PAGE_ROWS, LedgerSource
from branchtui.widgets.actions import Action, ActionTable
from branchtui.widgets.dialogs import MenuDialog
from branchtui.widgets.page_source import MemorySource
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.customers import Account, Customer, Entry
    from branchtui.contract.loans import Schedule


class AccountScreen(AccountDesk):
    """Opened on an account of a profile."""

    HEADING = "Account"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("menu", "m", "Menu", "Everything that may be done to this account"),
        Action("turn", "t", "Turn", "Entries, or the schedule of a loan"),
        Action("copy", "c", "Copy number", "Copy the account number"),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk, customer: Customer, account: Account) -> None:
        super().__init__(desk)
        self._customer = customer
        self._account = account
        self._is_schedule = False
        self._is_visited = True

    def compose_body(self) -> ComposeResult:
        """The terms of a loan, then what is looked at."""
        yield Static(Content(""), id="account-head")
        yield VirtualList(
            [each for each in entry_columns(self.desk) if each.title != "Account"],
            lambda one: one.id,
            empty="Nothing was booked yet.",
            explain=sentence_of,
            page_limit=PAGE_ROWS,
            id="account-entries",
        )
        yield VirtualList(
            instalment_columns(self._account.currency),
            lambda one: str(one.number),
            empty="It has no schedule.",
            id="schedule",
        )

    @property
    def entries(self) -> VirtualList[Entry]:
        """What moved it."""
        return self.query_one("#account-entries", VirtualList)

    @property
    def schedule(self) -> VirtualList[Any]:
        """How it falls due."""
        return self.query_one("#schedule", VirtualList)

    def on_mount(self) -> None:
        """Show what the row knew; the entries are one request."""
        self._show_head()
        self._show_side()
        self._ask_side()

    # ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────

    def reload(self) -> None:
        """The account and what is looked at."""
        self.ask_account()
        self._ask_side()

    def _ask_side(self) -> None:
        if self._is_schedule:
            self.ask_schedule()
        else:
            self.entries.set_source(LedgerSource(partial(self.ledger.account_entries, self._account.id)))

    @work(group="account", exclusive=True)
    async def ask_account(self) -> None:
        """The customer with all accounts: an offset moves two."""
        found = await self.asked(partial(self.ledger.customer, self._customer.id, ("accounts",)))
        if found is None:
            return
        self._customer = found
        mine = (one for one in found.accounts or () if one.id == self._account.id)
        self._account = next(mine, self._account)
        self._show_head()

    @work(group="schedule", exclusive=True)
    async def ask_schedule(self) -> None:
        """All instalments: one request."""
        found: Schedule | None = await self.asked(partial(self.ledger.loan_schedule, self._account.id))
        if found is not None:
            self.schedule.set_source(MemorySource(found.instalments, lambda one: str(one.number)))

    def _show_head(self) -> None:
        one = self._account
        parts = [account_title(one), account_status(one), total_in(one.balance_minor, one.currency)]
        self.heading.show(note="  ".join([*parts, self._customer.name]) if self._customer.name else "")
        lines = loan_lines(one.loan, one.currency) if one.loan is not None else []
        head = self.query_one("#account-head", Static)
        width = max(20, self.size.width - 2)
        head.update(Content("\n".join(cut(safe_text(line), width) for line in lines)))
        head.display = bool(lines)
        self.refresh_actions()

    def _show_side(self) -> None:
        self.entries.display = not self._is_schedule
        self.schedule.display = self._is_schedule
        (self.schedule if self._is_schedule else self.entries).focus()

    def on_resize(self) -> None:
        """The head is laid out for the width there is."""
        self._show_head()

    def free_data(self) -> None:
        """As everywhere; only the ids stay, to ask again by."""
        for rows in self.query(VirtualList):
            rows.set_source(MemorySource((), lambda one: one.id))
        super().free_data()
        self._customer = self._customer.model_copy(update={"name": "", "accounts": None})
        self._account = self._account.model_copy(update={"loan": None, "balance_minor": 0})
        self._show_head()

    def accounts_changed(self) -> None:
        """Money moved."""
        self.reload()

    # ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """Only a loan has a schedule."""
        if action_id == "turn" and self._account.kind != "loan":
            return "Only a loan has a schedule."
        return None

    def action_turn(self) -> None:
        """`t`."""
        self._is_schedule = not self._is_schedule
        self._show_side()
        self._ask_side()

    @work(group="menu", exclusive=True)
    async def action_menu(self) -> None:
        """`m`."""
        choices = self.choices(["turn"], self.account_choices(self._account))
        chosen = await self.app.push_screen_wait(MenuDialog(account_title(self._account), choices))
        if chosen == PAYOUT.id:
            self.key_payout(self._customer, self._account)
        elif chosen == OFFSET.id:
            self.key_offset(self._customer, self._account)
        elif chosen is not None:
            await self.action_perform(chosen)

    @on(VirtualList.Opened, "#account-entries")
    def _entry_opened(self, message: VirtualList.Opened) -> None:
        one: Entry = message.item
        lines = [
            ("What", entry_word(one.kind)),
            ("Customer", customer_label(self._customer)),
            ("Amount", amount_in(one)),
            ("Balance", total_in(one.balance_after_minor, one.currency)),
            ("When", f"{self.desk.time(one.booked_at)} by {one.created_by}"),
            ("Narration", one.narration),
            ("Reference", one.reference or ""),
        ]
        self.app.push_screen(ReadingDialog("Entry", [pair for pair in lines if pair[1]]))

    @on(VirtualList.Opened, "#schedule")
    def _instalment_opened(self, message: VirtualList.Opened) -> None:
        lines = instalment_lines(message.item, self._account.currency)
        self.app.push_screen(ReadingDialog("Instalment", lines))

    def action_copy(self) -> None:
        """`c`."""
        self.copy_reference(self._account.account_no)

    def action_back(self) -> None:
        """`esc`: back to the profile."""
        self.dismiss(None)
