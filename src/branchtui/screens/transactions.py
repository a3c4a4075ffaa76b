"""Transactions: the complete log of money, each line with its journal entry."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult

from branchtui.contract.problem import Codes
from branchtui.remote.errors import FileProblem, LedgerError, Refused
from branchtui.screens.base import screen_actions
from branchtui.screens.desk import Desk
from branchtui.screens.dialogs.filter import FilterDialog
from branchtui.screens.list_screen import ListScreen
from branchtui.screens.outcome import level_of, sentence_of
from branchtui.screens.payment_rows import as_lines
from branchtui.screens.printing import PrinterScreen
from branchtui.screens.rows import entry_word
from branchtui.screens.sources import PAGE_ROWS, LedgerSource, day_key
from branchtui.screens.transaction_rows import (
    KINDS,
    transaction_columns,
    transaction_fits,
    transaction_lines,
    transaction_sentence,
)
from branchtui.widgets.actions import Action, ActionTable
from branchtui.widgets.dialogs import MenuDialog, MessageDialog
from branchtui.widgets.fields import ChoiceField, DateField, TextField
from branchtui.widgets.search_box import SearchBox
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from pathlib import Path

    from branchtui.contract.transactions import Transaction

_ANY: Final = ""
_FILES_MAX: Final = 100


class TransactionsScreen(ListScreen, PrinterScreen):
    """A window on the log, newest first; what may be done to a line is to look at it and to print it."""

    HEADING = "Transactions"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("search", "slash", "Search", "Search by code, customer, account, amount or reference"),
        Action("filter", "f", "Filter", "Narrow by kind, person and days"),
        Action("details", "v", "Entry", "The journal entry with its legs (enter)"),
        Action("menu", "m", "Menu", "Everything that may be done to this line"),
        Action("export", "o", "Export", "Save what the list shows as a CSV file", needs="transaction.export"),
        Action(
            "receipt",
            "r",
            "Receipt",
            "Print the receipt, or a copy of it",
            changes=True,
            needs="receipt.print",
        ),
        Action("copy", "c", "Copy reference", "Copy the operation's reference", show=False),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._filter: dict[str, str] = {}

    def compose_body(self) -> ComposeResult:
        """The search box over the list."""
        yield SearchBox("code, customer, account, amount, reference", id="search")
        yield VirtualList(
            transaction_columns(self.desk),
            lambda one: one.id,
            empty="No money has moved here.",
            explain=sentence_of,
            page_limit=PAGE_ROWS,
            id="transactions",
        )

    @property
    def rows(self) -> VirtualList[Transaction]:
        """The list."""
        return self.query_one("#transactions", VirtualList)

    # ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────

    def take_argument(self, argument: str) -> None:
        """What is searched for."""
        self._is_visited = True
        self.search.set_text(argument.strip())
        self.rows.focus()

    def _question(self) -> dict[str, Any]:
        """What the list is narrowed by, for the page and for the file."""
        found = self._filter
        return {
            "kind": found.get("kind"),
            "created_by": found.get("created_by"),
            "date_from": date.fromisoformat(found["date_from"]) if "date_from" in found else None,
            "date_to": date.fromisoformat(found["date_to"]) if "date_to" in found else None,
            "branch": self.desk.branch_filter,
            "q": self.search.text.strip() or None,
        }

    def ask(self) -> None:
        """The entries that pass the filter and the search."""
        question = partial(self.ledger.transactions, **self._question())
        self.rows.set_source(LedgerSource(question, key=day_key(self.desk.today)))
        self._show_note()

    @on(SearchBox.Changed)
    def _narrow(self, message: SearchBox.Changed) -> None:
        text = message.text.strip()
        self.rows.local_filter(transaction_fits(text) if text else None)

    @on(VirtualList.Loaded)
    @on(VirtualList.Grown)
    def _show_note(self) -> None:
        found = self._filter
        parts = [entry_word(found["kind"])] if "kind" in found else []
        parts += [found[name] for name in ("created_by",) if name in found]
        if "date_from" in found or "date_to" in found:
            parts.append(f"{found.get('date_from', '')} to {found.get('date_to', 'now')}".strip())
        if self.search.text.strip():
            parts.append(f"“{self.search.text.strip()}”")
        if self.desk.chosen_branch is not None:
            parts.append(self.desk.chosen_branch.code)
        parts.append(self.rows.position)
        self.heading.show(note="  ".join(part for part in parts if part))

    # ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """What needs a line needs a line."""
        if action_id in {"details", "menu", "receipt", "copy"} and self.rows.highlighted is None:
            return "No line is highlighted."
        return None

    @work(group="filter", exclusive=True)
    async def action_filter(self) -> None:
        """`f`: kind, person, days."""
        kinds = [(_ANY, "all"), *((kind, entry_word(kind)) for kind in KINDS)]
        found = self._filter
        chosen = await self.app.push_screen_wait(
            FilterDialog(
                "Show transactions",
                ChoiceField("kind", "Kind", kinds, required=False, value=found.get("kind", _ANY)),
                TextField("created_by", "By", max_length=64, value=found.get("created_by", "")),
                DateField(
                    "date_from", "From", self.desk.today, required=False, value=found.get("date_from", "")
                ),
                DateField("date_to", "To", self.desk.today, required=False, value=found.get("date_to", "")),
            )
        )
        if chosen is not None:
            self._filter = chosen
            self.ask()

    def action_details(self) -> None:
        """`v`, or `enter` in the list."""
        self.rows.action_open()

    @on(VirtualList.Opened)
    @work(group="entry", exclusive=True)
    async def show_entry(self, message: VirtualList.Opened) -> None:
        """The journal entry with its legs: one request."""
        one: Transaction = message.item
        whole = await self.asked(lambda: self.ledger.transaction(one.id), holds_keys=True)
        if whole is not None:
            self.app.push_screen(
                MessageDialog("Journal entry", as_lines(transaction_lines(whole, self.desk)))
            )

    @work(group="menu", exclusive=True)
    async def action_menu(self) -> None:
        """`m`."""
        one = self.rows.highlighted
        if one is None:
            return
        choices = self.choices(["details", "receipt", "copy"])
        chosen = await self.app.push_screen_wait(MenuDialog(transaction_sentence(one), choices))
        if chosen is not None:
            await self.action_perform(chosen)

    def action_receipt(self) -> None:
        """`r`: the first print, or a copy."""
        one = self.rows.highlighted
        if one is not None:
            columns = self.paper_columns
            self.print_receipt(lambda: self.ledger.print_receipt(one, columns))

    def action_copy(self) -> None:
        """`c`."""
        one = self.rows.highlighted
        if one is not None:
            self.copy_reference(one.operation)

    @work(group="export", exclusive=True)
    async def action_export(self) -> None:
        """`o`: into a new file of the import folder, never over one that is there."""
        question = self._question()
        for path in self._free_names():
            try:
                await self._export(path, question)
            except FileProblem as problem:
                if path.exists():
                    continue
                self.say(problem.sentence, "error")
                return
            except LedgerError as error:
                self.say(sentence_of(error), level_of(error))
                return
            self.say(f"Exported as {path.name} in {path.parent}", "done")
            return
        self.say(f"There are too many exports in {self.desk.settings.imports} already.", "error")

    async def _export(self, path: Path, question: dict[str, Any]) -> None:
        """Save the file; of very many persons once the password was given again (AUTH-7)."""
        self.say("Exporting…")
        try:
            await self.ledger.export_transactions(path, **question)
        except Refused as refused:
            if refused.code != Codes.STEP_UP or not await self.prove():
                raise
            await self.ledger.export_transactions(path, **question)

    def _free_names(self) -> list[Path]:
        day, folder = self.desk.today().isoformat(), self.desk.settings.imports
        names = [folder / f"transactions-{day}.csv"]
        names += [folder / f"transactions-{day}-{number}.csv" for number in range(2, _FILES_MAX)]
        return [name for name in names if not name.exists()]
