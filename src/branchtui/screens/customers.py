"""Customers: search by name, phone or number, narrow by status and office, open a profile."""

from __future__ import annotations

import shlex
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult

from branchtui.contract.problem import Codes
from branchtui.format.dates import show_date
from branchtui.remote.errors import LedgerError, Refused
from branchtui.screens.asking import approval_for
from branchtui.screens.base import screen_actions
from branchtui.screens.customer import CustomerScreen
from branchtui.screens.customer_desk import CustomerDesk
from branchtui.screens.desk import Desk
from branchtui.screens.dialogs.code_field import CodeField, code_finder, product_finder, staff_finder
from branchtui.screens.dialogs.filter import FilterDialog
from branchtui.screens.import_files import free_names
from branchtui.screens.list_screen import ListScreen
from branchtui.screens.outcome import level_of, sentence_of
from branchtui.screens.profile_desk import NEW_BALANCE
from branchtui.screens.rows import customer_columns, customer_fits, customer_label, words
from branchtui.screens.sources import PAGE_ROWS, LedgerSource, day_key
from branchtui.widgets.actions import Action, ActionTable, Choice
from branchtui.widgets.dialogs import MenuDialog
from branchtui.widgets.fields import ChoiceField
from branchtui.widgets.picker import Suggestion
from branchtui.widgets.search_box import SearchBox
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from branchtui.contract.balance_records import BalanceRecord
    from branchtui.contract.customers import Customer, CustomerRow

_ANY: Final = ""
FACETS: Final = ("label", "staff", "product", "group", "organisation")
"""What customers are listed by, beside status and office."""
STATUSES: Final = ("pending", "active", "rejected", "withdrawn", "transfer_in_progress", "closed")
SORTS: Final[tuple[tuple[str, str], ...]] = (
    ("name", "name"),
    ("customer_no", "number"),
    ("created", "newest first"),
)


class CustomersScreen(ListScreen, CustomerDesk):
    """The list is a window on the ledger; what is typed narrows it at once, the ledger answers after a rest."""

    HEADING = "Customers"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("search", "slash", "Search", "Search by name, phone or number"),
        Action("filter", "f", "Filter", "Narrow by status and office"),
        Action(
            "new", "n", "New", "New customer: a person, or an entity", changes=True, needs="customer.change"
        ),
        Action("edit", "e", "Edit", "Change this customer", changes=True),
        Action("menu", "m", "Menu", "Everything that may be done to this customer"),
        Action(
            "import",
            "i",
            "Import",
            "Customers from a file or from pasted rows",
            show=False,
            changes=True,
            needs="import.records",
        ),
        Action("export", "o", "Export", "Save this list as a CSV file", show=False, needs="customer.export"),
        Action("sort", "z", "Sort", "Sort by another column"),
        Action("copy", "c", "Copy number", "Copy the customer number", show=False),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._status = _ANY
        self._facets: dict[str, Suggestion] = {}
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
    def rows(self) -> VirtualList[CustomerRow]:
        """The list."""
        return self.query_one("#customers", VirtualList)

    # ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────

    def take_argument(self, argument: str) -> None:
        """`wanjiku`, `status=active`, `staff=otieno`, `group="Tea growers"`, `branch=NKU`, in any order."""
        kept: list[str] = []
        self._status, self._facets = _ANY, {}
        for word in _pieces(argument):
            name, equals, value = word.partition("=")
            status = next((one for one in STATUSES if value and one.startswith(value.casefold())), None)
            if not equals:
                kept.append(word)
            elif name == "status" and status is not None:
                self._status = status
            elif name == "branch":
                self.say(self.desk.choose_branch(value))
                self.show_figures()
            elif name in FACETS and value:
                self._facets[name] = Suggestion(value, value)
            else:
                self.say_refusal(
                    f"{word}: filters are status ({', '.join(words(one) for one in STATUSES)}), branch, "
                    f"{', '.join(FACETS)}."
                )
        self._is_visited = True
        self.search.set_text(" ".join(kept))
        self.rows.focus()

    @property
    def _filters(self) -> dict[str, Any]:
        """What the list is narrowed by, as the ledger takes it."""
        narrowed = {name: one.value for name, one in self._facets.items()}
        return {"status": self._status or None, "branch": self.desk.branch_filter, **narrowed}

    def ask(self) -> None:
        """Who fits the search and the filters."""
        sort = SORTS[self._sort][0]
        question = partial(self.ledger.customers, self.search.text.strip(), sort=sort, **self._filters)
        key = day_key(self.desk.today) if sort == "created" else str
        self.rows.set_source(LedgerSource(question, key=key))
        self._show_note()

    @on(SearchBox.Changed)
    def _narrow(self, message: SearchBox.Changed) -> None:
        self.rows.local_filter(customer_fits(message.text))

    @on(VirtualList.Loaded)
    def _show_note(self) -> None:
        parts = [words(self._status)] if self._status else []
        if self.desk.chosen_branch is not None:
            parts.append(self.desk.chosen_branch.code)
        parts += [f"{name} {one.text}" for name, one in self._facets.items()]
        if self.search.text.strip():
            parts.append(f"“{self.search.text.strip()}”")
        if self.rows.count_words and not self.rows.is_opening:
            parts.append(self.rows.count_words)
        self.heading.show(note="  ".join(parts))

    # ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """What needs a row needs a row."""
        customer = self.rows.highlighted
        if action_id not in {"copy", "edit", "menu"}:
            return None
        if customer is None:
            return "No customer is highlighted."
        if action_id == "edit" and not customer.allows("edit") and approval_for(customer, "edit") is None:
            return "This cannot be done now: [m] tells why."
        return None

    def record_saved(self, record: BalanceRecord, *, is_new: bool) -> None:
        """Keyed, it waits: nothing of the list has changed."""

    def customer_changed(self, customer: Customer) -> None:
        """The row as it is now."""
        self.rows.replace(customer)
        self.refresh_actions()

    def customer_gone(self, customer: Customer) -> None:
        """Not in the list any more."""
        self.rows.reload()

    def customer_entered(self, customer: Customer, said: str) -> None:
        """On to the profile: what comes next is there."""
        self.rows.reload()
        self.app.push_screen(CustomerScreen(self.desk, customer, said=said, told=self.profile_told))

    @on(VirtualList.Opened)
    async def _opened(self, message: VirtualList.Opened) -> None:
        await self.app.push_screen(CustomerScreen(self.desk, message.item, told=self.profile_told))

    def profile_told(self, customer: Customer | None) -> None:
        """What was done in a profile: who comes back to the list finds it there."""
        if customer is None:
            self.rows.reload()
        else:
            self.rows.replace(customer)

    @work(group="filter", exclusive=True)
    async def action_filter(self) -> None:
        """`f`: status, office, and whatever else customers are listed by, in any combination."""
        statuses = [(_ANY, "all"), *((one, words(one)) for one in STATUSES)]
        branches = [(_ANY, "all"), *((code, code) for code in self.desk.branch_codes)]
        finders = {name: code_finder(self.ledger, name) for name in ("label", "group", "organisation")}
        finders |= {"staff": staff_finder(self.ledger), "product": product_finder(self.ledger)}
        fields = [
            CodeField(name, name.capitalize(), finders[name], chosen=self._facets.get(name))
            for name in FACETS
        ]
        here = self.desk.chosen_branch.code if self.desk.chosen_branch else _ANY
        chosen = await self.app.push_screen_wait(
            FilterDialog(
                "Show customers",
                ChoiceField("status", "Status", statuses, required=False, value=self._status),
                ChoiceField("branch", "Office", branches, required=False, value=here),
                *fields,
            )
        )
        if chosen is None:
            return
        self._status = chosen.get("status", _ANY)
        self._facets = {
            field.field_name: Suggestion(field.value, field.keyed) for field in fields if field.value
        }
        self.desk.choose_branch(chosen.get("branch", ""))
        self.show_figures()
        self.ask()

    @work(group="save", exclusive=True)
    async def action_export(self) -> None:
        """`o`: this list, as it is narrowed and sorted, into the folder that files are read from."""
        folder = self.desk.settings.imports
        for path in free_names(folder, f"customers-{show_date(self.desk.today())}", ".csv"):
            self.say("Saving the list…")
            save = partial(
                self.ledger.export_customers,
                path,
                self.search.text.strip(),
                sort=SORTS[self._sort][0],
                **self._filters,
            )
            try:
                await self._proved(save)
            except LedgerError as error:
                self.say(error.sentence, level_of(error))
            else:
                self.say(f"Saved: {path}", "done")
            return
        self.say(f"There are too many files of this name in {folder}.", "error")

    async def _proved(self, save: Callable[[], Awaitable[None]]) -> None:
        """Save; a long list asks for the password once more."""
        try:
            await save()
        except Refused as refused:
            if refused.code != Codes.STEP_UP or not await self.prove():
                raise
            await save()

    def action_import(self) -> None:
        """`i`."""
        self.go("import-customers")

    def action_sort(self) -> None:
        """`z`: the next column."""
        self._sort = (self._sort + 1) % len(SORTS)
        self.ask()
        self.say(f"Sorted by {SORTS[self._sort][1]}.")

    def action_copy(self) -> None:
        """`c`."""
        if self.rows.highlighted is not None:
            self.copy_reference(self.rows.highlighted.customer_no)

    def action_new(self) -> None:
        """`n`."""
        self.enter_customer()

    @work(group="menu", exclusive=True)
    async def action_edit(self) -> None:
        """`e`."""
        customer = await self._whole()
        if customer is not None:
            self.edit_customer(customer)

    @work(group="menu", exclusive=True)
    async def action_menu(self) -> None:
        """`m`: from the ledger's own list of what may be done."""
        customer = await self._whole()
        if customer is None:
            return
        more = [Choice(NEW_BALANCE, self.why_not_command(customer, NEW_BALANCE.id))]
        more += self.life_choices(customer)
        more.sort(key=lambda each: each.refusal is not None)
        edit = Choice(self.ACTIONS["edit"], self.why_not_command(customer, "edit"))
        choices = self.choices((), [edit, *more])
        chosen = await self.app.push_screen_wait(MenuDialog(customer_label(customer), choices))
        if chosen == NEW_BALANCE.id:
            self.key_balances(customer.brief)
        elif chosen == "edit":
            self.edit_customer(customer)
        elif chosen is not None and not self.do_command(customer, chosen):
            await self.action_perform(chosen)

    async def _whole(self) -> Customer | None:
        """The highlighted customer, of whom a row tells but a part. Only in a worker."""
        row = self.rows.highlighted
        if row is None:
            return None
        return await self.asked(lambda: self.ledger.customer(row.id, ()), holds_keys=True)


def _pieces(argument: str) -> list[str]:
    """Words, and what stands in quotes as one."""
    try:
        return shlex.split(argument.replace("'", "\\'"))
    except ValueError:
        return argument.split()
