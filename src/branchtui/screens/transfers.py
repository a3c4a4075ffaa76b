"""Transfers: customers that other offices offer to this one, and those that this one has offered."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult

from branchtui.format.dates import show_date
from branchtui.screens.base import screen_actions
from branchtui.screens.customer_desk import CustomerDesk
from branchtui.screens.desk import Desk
from branchtui.screens.dialogs.reading import ReadingDialog
from branchtui.screens.list_screen import ListScreen
from branchtui.screens.outcome import sentence_of
from branchtui.screens.rows import ROOMY, WIDE, customer_label, words
from branchtui.screens.sources import PAGE_ROWS, LedgerSource
from branchtui.widgets.actions import Action, ActionTable
from branchtui.widgets.columns import Column
from branchtui.widgets.dialogs import MenuDialog
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.customers import Customer
    from branchtui.contract.transfers import Transfer

VIEWS: Final = (("incoming", "offered to us"), ("outgoing", "offered by us"))


def transfer_columns() -> list[Column[Transfer]]:
    """Who, from where to where, since when."""
    return [
        Column("Customer", lambda one: customer_label(one.customer), fraction=2),
        Column("From", lambda one: one.from_branch_code, width=8),
        Column("To", lambda one: one.to_branch_code, width=8),
        Column("Date", lambda one: show_date(one.transfer_date), width=10),
        Column("By", lambda one: one.proposed_by, width=12, from_width=WIDE),
        Column("Note", lambda one: one.note or "", from_width=ROOMY),
    ]


def transfer_lines(one: Transfer) -> list[tuple[str, str]]:
    """A transfer restated."""
    lines = [
        ("Customer", customer_label(one.customer)),
        ("Account", one.customer.account_no),
        ("From", one.from_branch_code),
        ("To", one.to_branch_code),
        ("Date", show_date(one.transfer_date)),
        ("Offered by", one.proposed_by),
        ("Note", one.note or ""),
        ("State", "" if one.state == "proposed" else words(one.state)),
    ]
    return [(label, value) for label, value in lines if value]


class TransfersScreen(ListScreen, CustomerDesk):
    """The list that one decides on, and the one that one waits for."""

    HEADING = "Transfers"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("accept", "a", "Accept", "The customer belongs to this office from now on", changes=True),
        Action("send-back", "x", "Send back", "Not ours: with a reason, to where it came from", changes=True),
        Action("menu", "m", "Menu", "Everything that may be done to this transfer"),
        Action("turn", "t", "Turn", "Offered to us, offered by us"),
        Action("copy", "c", "Copy number", "Copy the customer number", show=False),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._view = 0

    def compose_body(self) -> ComposeResult:
        """One list."""
        yield VirtualList(
            transfer_columns(),
            lambda one: one.id,
            empty="Nobody is on the way.",
            explain=sentence_of,
            page_limit=PAGE_ROWS,
            id="transfers",
        )

    @property
    def rows(self) -> VirtualList[Transfer]:
        """The list."""
        return self.query_one("#transfers", VirtualList)

    def take_argument(self, argument: str) -> None:
        """`offered to us`, `incoming`, `offered by us`, `outgoing`: any of their words."""
        wanted = argument.casefold()
        self._view = int(wanted.startswith("out") or "by" in wanted.split())
        self._is_visited = True
        self.ask()

    def ask(self) -> None:
        """Those that wait."""
        direction, said = VIEWS[self._view]
        self.rows.set_source(LedgerSource(partial(self.ledger.transfers, direction=direction)))
        self.heading.show(note=said)

    def why_not(self, action_id: str) -> str | None:
        """The ledger's own reason."""
        if action_id not in {"accept", "send-back", "menu", "copy"}:
            return None
        one = self.rows.highlighted
        if one is None:
            return "No transfer is highlighted."
        name = {"accept": "transfer/accept", "send-back": "transfer/reject"}.get(action_id)
        return self.why_not_command(one, name) if name else None

    def customer_changed(self, customer: Customer) -> None:
        """Decided: it leaves the list."""
        self.rows.reload()

    def customer_refused(self) -> None:
        """Who was too late sees what still waits."""
        self.rows.reload()

    def record_saved(self, record: Any, *, is_new: bool) -> None:
        """No balance stands here."""

    def action_turn(self) -> None:
        """`t`."""
        self._view = 1 - self._view
        self.ask()

    def action_accept(self) -> None:
        """`a`."""
        self._begin("transfer/accept")

    def action_send_back(self) -> None:
        """`x`."""
        self._begin("transfer/reject")

    def _begin(self, name: str) -> None:
        one = self.rows.highlighted
        if one is not None:
            self.do_command(one, name, transfer_lines(one))

    @work(group="menu", exclusive=True)
    async def action_menu(self) -> None:
        """`m`."""
        one = self.rows.highlighted
        if one is None:
            return
        choices = [
            each
            for each in self.life_choices(one)
            if each.action.id in one.actions or each.action.id in one.refused
        ]
        chosen = await self.app.push_screen_wait(
            MenuDialog(customer_label(one.customer), self.choices((), choices))
        )
        if chosen is not None:
            self._begin(chosen)

    @on(VirtualList.Opened)
    def _opened(self, message: VirtualList.Opened) -> None:
        self.app.push_screen(ReadingDialog("Transfer", transfer_lines(message.item)))

    def action_copy(self) -> None:
        """`c`."""
        if self.rows.highlighted is not None:
            self.copy_reference(self.rows.highlighted.customer.customer_no)
