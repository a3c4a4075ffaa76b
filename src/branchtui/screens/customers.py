"""Customers: search by name, phone or number, narrow by status and office, open a profile."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult

from branchtui.screens.base import screen_actions
from branchtui.screens.customer import CustomerScreen
from branchtui.screens.desk import Desk
from branchtui.screens.dialogs.filter import FilterDialog
from branchtui.screens.outcome import sentence_of
from branchtui.screens.record_desk import RecordScreen
from branchtui.screens.rows import customer_columns, customer_fits, words
from branchtui.screens.sources import PAGE_ROWS, LedgerSource, day_key
from branchtui.widgets.actions import Action, ActionTable
from branchtui.widgets.fields import ChoiceField
from branchtui.widgets.search_box import SearchBox
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.customers import Customer

_ANY: Final = ""
STATUSES: Final = ("pending", "active", "rejected", "withdrawn", "transfer_in_progress", "closed")
SORTS: Final[tuple[tuple[str, str], ...]] = (
    ("name", "name"),
    ("customer_no", "number"),
    ("created", "newest first"),
)


class CustomersScreen(RecordScreen):
    """The list is a window on the ledger; what is typed narrows it at once, the ledger answers after a rest."""

    HEADING = "Customers"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("search", "slash", "Search", "Search by name, phone or number"),
        Action("filter", "f", "Filter", "Narrow by status and office"),
        Action("new-balance", "n", "New balance", "New Member Balance for this customer"),
        Action("sort", "z", "Sort", "Sort by another column"),
        Action("copy", "c", "Copy number", "Copy the customer number", show=False),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._status = _ANY
        self._sort = 0

    def compose_body(self) -> ComposeResult:
        """The search box over the list."""
        yield SearchBox("name, phone, account or customer number", id="search")
        yield VirtualList(
            customer_columns(),
            lambda one: one.id,
            empty="Nobody fits.",
            explain=sentence_of,
            page_limit=PAGE_ROWS,
            id="customers",
        )

    @property
    def rows(self) -> VirtualList[Customer]:
        """The list."""
        return self.query_one("#customers", VirtualList)

    @property
    def search(self) -> SearchBox:
        """The box."""
        return self.query_one("#search", SearchBox)

    def on_mount(self) -> None:
        """The list takes the keys."""
        self.rows.focus()

    # ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────

    def arrive(self, argument: str) -> None:
        """By `f2` the list as it was left; by `:customers wanjiku` the answer to that."""
        if not argument and not self._is_visited:
            self._is_visited = True
            self.ask()
            return
        super().arrive(argument)

    def take_argument(self, argument: str) -> None:
        """`wanjiku`, `status=active`, `branch=NKU`, in any order."""
        kept: list[str] = []
        self._status = _ANY
        for word in argument.split():
            name, equals, value = word.partition("=")
            if not equals:
                kept.append(word)
            elif name == "status" and value.casefold() in STATUSES:
                self._status = value.casefold()
            elif name == "branch":
                self.say(self.desk.choose_branch(value))
                self.show_figures()
            else:
                self.say_refusal(
                    f"{word}: filters are status ({', '.join(words(one) for one in STATUSES)}) and branch."
                )
        self._is_visited = True
        self.search.set_text(" ".join(kept))
        self.rows.focus()

    def ask(self) -> None:
        """A new question: the answers to older ones are dropped."""
        question = partial(
            self.ledger.customers,
            self.search.text.strip(),
            status=self._status or None,
            branch=self.desk.branch_filter,
            sort=SORTS[self._sort][0],
        )
        key = day_key(self.desk.today) if SORTS[self._sort][0] == "created" else str
        self.rows.set_source(LedgerSource(question, key=key))
        self._show_note()

    def branch_changed(self) -> None:
        """Another branch is another question."""
        self.ask()

    @on(SearchBox.Changed)
    def _narrow(self, message: SearchBox.Changed) -> None:
        self.rows.local_filter(customer_fits(message.text))

    @on(SearchBox.Settled)
    def _settled(self) -> None:
        self.ask()

    @on(SearchBox.Submitted)
    @on(SearchBox.Left)
    def _to_the_list(self) -> None:
        self.rows.focus()

    @on(VirtualList.Loaded)
    def _show_note(self) -> None:
        parts = [words(self._status)] if self._status else []
        if self.desk.chosen_branch is not None:
            parts.append(self.desk.chosen_branch.code)
        if self.search.text.strip():
            parts.append(f"“{self.search.text.strip()}”")
        if self.rows.count_words and not self.rows.is_opening:
            parts.append(self.rows.count_words)
        self.heading.show(note="  ".join(parts))

    @on(VirtualList.Highlighted)
    def _highlighted(self) -> None:
        self.refresh_actions()

    # ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """What needs a row needs a row."""
        if action_id in {"copy", "new-balance"} and self.rows.highlighted is None:
            return "No customer is highlighted."
        return None

    def action_search(self) -> None:
        """`/`."""
        self.search.focus()

    @on(VirtualList.Opened)
    async def _opened(self, message: VirtualList.Opened) -> None:
        await self.app.push_screen(CustomerScreen(self.desk, message.item))

    @work(group="filter", exclusive=True)
    async def action_filter(self) -> None:
        """`f`: status and office."""
        statuses = [(_ANY, "all"), *((one, words(one)) for one in STATUSES)]
        branches = [(_ANY, "all"), *((code, code) for code in self.desk.branch_codes)]
        chosen = await self.app.push_screen_wait(
            FilterDialog(
                "Show customers",
                ChoiceField("status", "Status", statuses, required=False, value=self._status),
                ChoiceField(
                    "branch", "Office", branches, required=False,
                    value=self.desk.chosen_branch.code if self.desk.chosen_branch else _ANY,
                ),
            )
        )  # fmt: skip
        if chosen is None:
            return
        self._status = chosen.get("status", _ANY)
        self.desk.choose_branch(chosen.get("branch", ""))
        self.show_figures()
        self.ask()

    def action_sort(self) -> None:
        """`z`: the next column."""
        self._sort = (self._sort + 1) % len(SORTS)
        self.ask()
        self.say(f"Sorted by {SORTS[self._sort][1]}.")

    def action_copy(self) -> None:
        """`c`."""
        if self.rows.highlighted is not None:
            self.copy_reference(self.rows.highlighted.customer_no)

    def action_new_balance(self) -> None:
        """`n`: the form, with this customer in it."""
        if self.rows.highlighted is not None:
            self.key_balances(self.rows.highlighted.brief)
