"""Receipts: what was printed, and whether a paper that somebody brings is ours."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult

from branchtui.screens.base import screen_actions
from branchtui.screens.dialogs.filter import FilterDialog
from branchtui.screens.list_screen import ListScreen
from branchtui.screens.outcome import sentence_of
from branchtui.screens.payment_rows import as_lines
from branchtui.screens.sources import PAGE_ROWS, LedgerSource, day_key
from branchtui.screens.transaction_rows import checked_pairs, receipt_columns, receipt_fits, receipt_pairs
from branchtui.widgets.actions import Action, ActionTable
from branchtui.widgets.dialogs import MessageDialog
from branchtui.widgets.fields import TextField
from branchtui.widgets.search_box import SearchBox
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.receipts import Receipt

_NUMBER: Final = re.compile(r"R?[0-9]{1,12}", re.ASCII | re.IGNORECASE)
_CODE: Final = re.compile(r"[0-9A-Z]{4}[- ]?[0-9A-Z]{4}", re.ASCII | re.IGNORECASE)


class ReceiptsScreen(ListScreen):
    """`v` proves a paper by its number and check code: of any branch, by any teller."""

    HEADING = "Receipts"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("verify", "v", "Verify", "Prove a receipt by its number and check code"),
        Action("search", "slash", "Search", "Search by the receipt's number"),
        Action("copy", "c", "Copy number", "Copy the receipt's number"),
    )
    BINDINGS = ACTIONS.bindings()

    def compose_body(self) -> ComposeResult:
        """The search box over the list."""
        yield SearchBox("receipt number", id="search")
        yield VirtualList(
            receipt_columns(self.desk),
            lambda one: one.id,
            empty="No receipt was printed yet.   [v] verify one",
            explain=sentence_of,
            page_limit=PAGE_ROWS,
            id="receipts",
        )

    @property
    def rows(self) -> VirtualList[Receipt]:
        """The list."""
        return self.query_one("#receipts", VirtualList)

    def take_argument(self, argument: str) -> None:
        """`R000123 7QK2-M9XA` proves at once; a number alone is searched for."""
        self._is_visited = True
        number, _, code = argument.strip().partition(" ")
        if code and _NUMBER.fullmatch(number) and _CODE.fullmatch(code.strip()):
            self.search.set_text("")
            self.rows.focus()
            self.verify(number, code.strip())
            return
        self.search.set_text(argument.strip())
        self.rows.focus()

    def ask(self) -> None:
        """The receipts whose number begins as the search does."""
        question = partial(self.ledger.receipts, q=self.search.text.strip() or None)
        self.rows.set_source(LedgerSource(question, key=day_key(self.desk.today)))
        self._show_note()

    @on(SearchBox.Changed)
    def _narrow(self, message: SearchBox.Changed) -> None:
        text = message.text.strip()
        self.rows.local_filter(receipt_fits(text) if text else None)

    @on(VirtualList.Loaded)
    @on(VirtualList.Grown)
    def _show_note(self) -> None:
        self.heading.show(note=self.rows.position)

    def why_not(self, action_id: str) -> str | None:
        """A number needs a row."""
        if action_id == "copy" and self.rows.highlighted is None:
            return "No receipt is highlighted."
        return None

    @work(group="verify", exclusive=True)
    async def action_verify(self) -> None:
        """`v`: number and code, as they stand on the paper."""
        chosen = await self.app.push_screen_wait(
            FilterDialog(
                "Verify a receipt",
                TextField("receipt_no", "Receipt number", required=True, max_length=13, hint="R000123"),
                TextField("check_code", "Check code", required=True, max_length=9, hint="7QK2-M9XA"),
            )
        )
        if chosen is None:
            return
        number, code = chosen["receipt_no"].replace(" ", ""), chosen["check_code"]
        if not _NUMBER.fullmatch(number) or not _CODE.fullmatch(code):
            self.say_refusal("A receipt's number is R and figures, its check code eight letters and figures.")
            return
        self.verify(number, code)

    @work(group="verify", exclusive=True)
    async def verify(self, number: str, code: str) -> None:
        """Ask the ledger: one request."""
        whole = f"R{number.upper().removeprefix('R'):0>6}"
        found = await self.asked(
            lambda: self.ledger.check_receipt(whole, code.replace(" ", "-")), holds_keys=True
        )
        if found is not None:
            self.app.push_screen(
                MessageDialog("Verify a receipt", as_lines(checked_pairs(found, whole, self.desk)))
            )

    @on(VirtualList.Opened)
    def _opened(self, message: VirtualList.Opened) -> None:
        self.app.push_screen(MessageDialog("Receipt", as_lines(receipt_pairs(message.item, self.desk))))

    def action_copy(self) -> None:
        """`c`."""
        if self.rows.highlighted is not None:
            self.copy_reference(self.rows.highlighted.receipt_no)
