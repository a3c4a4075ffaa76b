"""Client Accounts: what each may buy for, owes, and when it settles (contract, section 7)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult

from branchtui.screens.base import screen_actions
from branchtui.screens.credit_account import CreditAccountScreen
from branchtui.screens.credit_desk import ADJUST, EDIT, PURCHASE, REFUND, SETTLE, CreditDesk
from branchtui.screens.credit_rows import account_columns, account_fits, account_sentence
from branchtui.screens.desk import Desk
from branchtui.screens.list_screen import ListScreen
from branchtui.screens.outcome import sentence_of
from branchtui.screens.sources import PAGE_ROWS, LedgerSource, amount_key, day_key
from branchtui.widgets.actions import Action, ActionTable, Choice
from branchtui.widgets.dialogs import MenuDialog
from branchtui.widgets.search_box import SearchBox
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.credit import CreditAccount

VIEWS: Final = ("active", "over limit", "inactive", "all")
SORTS: Final = (
    ("name", "name"),
    ("owed", "what is owed"),
    ("next_settlement", "next settlement"),
    ("created", "newest"),
)
_OF_A_ROW: Final = frozenset({"edit", "purchase", "settle", "refund", "adjust", "menu", "copy"})


class CreditAccountsScreen(ListScreen, CreditDesk):
    """Opens on the active accounts by name; `enter` opens one."""

    HEADING = "Client Accounts"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action(
            "new",
            "n",
            "New",
            "New Client Account: for a client who is there, or a new one",
            changes=True,
            needs="credit.change",
        ),
        PURCHASE,
        SETTLE,
        EDIT,
        Action("turn", "t", "Turn", "Turn the list: active, over the limit, inactive, all"),
        Action("search", "slash", "Search", "Search by client, number or phone"),
        Action("menu", "m", "Menu", "Everything that may be done to this account"),
        Action(
            "import",
            "i",
            "Import",
            "Many accounts at once, from a CSV file or pasted rows",
            changes=True,
            needs="import.records",
        ),
        Action("sort", "z", "Sort", "Sort by another column", show=False),
        Action("copy", "c", "Copy number", "Copy the account number", show=False),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._view = 0
        self._sort = 0

    def compose_body(self) -> ComposeResult:
        """The search box over the list."""
        yield SearchBox("client, account number, phone", id="search")
        yield VirtualList(
            account_columns(self.desk.today),
            lambda one: one.id,
            empty="No account here. [n] New Client Account   [t] turn the list",
            explain=sentence_of,
            page_limit=PAGE_ROWS,
            id="credit-accounts",
        )

    @property
    def rows(self) -> VirtualList[CreditAccount]:
        """The list."""
        return self.query_one("#credit-accounts", VirtualList)

    @property
    def account(self) -> CreditAccount | None:
        """The highlighted one."""
        return self.rows.highlighted

    # ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────

    def take_argument(self, argument: str) -> None:
        """A view by its first word, then words to search."""
        first, _, rest = argument.strip().partition(" ")
        named = [at for at, view in enumerate(VIEWS) if first and view.startswith(first.casefold())]
        if len(named) == 1:
            self._view = named[0]
        self._is_visited = True
        self.search.set_text(rest.strip() if len(named) == 1 else argument.strip())
        self.rows.focus()

    def ask(self) -> None:
        """The accounts of the view that fit the search."""
        view = VIEWS[self._view]
        question = partial(
            self.ledger.credit_accounts,
            self.search.text.strip(),
            status=view if view in {"active", "inactive"} else None,
            over_limit=view == "over limit",
            branch=self.desk.branch_filter,
            sort=SORTS[self._sort][0],
        )
        by_day = day_key(self.desk.today)
        key = {"owed": amount_key(self.desk.currency), "next_settlement": by_day, "created": by_day}.get(
            SORTS[self._sort][0], str
        )
        self.rows.set_source(LedgerSource(question, key=key))
        self._show_note()

    @on(SearchBox.Changed)
    def _narrow(self, message: SearchBox.Changed) -> None:
        self.rows.local_filter(account_fits(message.text))

    @on(VirtualList.Loaded)
    def _show_note(self) -> None:
        parts = [VIEWS[self._view]]
        if self.desk.chosen_branch is not None:
            parts.append(self.desk.chosen_branch.code)
        if self.search.text.strip():
            parts.append(f"“{self.search.text.strip()}”")
        if self.rows.count_words and not self.rows.is_opening:
            parts.append(self.rows.count_words)
        self.heading.show(note="  ".join(parts))

    # ── what may be done ─────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """The ledger said which actions there are; the client knows no rule."""
        return self.refusal_of(action_id) if action_id in _OF_A_ROW else None

    def account_changed(self, account_id: str, account: CreditAccount | None = None) -> None:
        """Show what the ledger holds now; where it was not answered whole, ask for the row."""
        if account is not None:
            self.rows.replace(account)
            self.refresh_actions()
        else:
            self._renew(account_id)

    def account_opened(self, account: CreditAccount) -> None:
        """It stands first until the list is asked again."""
        self.rows.insert_first(account)
        self.refresh_actions()

    @work(group="renew")
    async def _renew(self, account_id: str) -> None:
        found = await self.asked(partial(self.ledger.credit_account, account_id))
        if found is not None:
            self.rows.replace(found)
            self.refresh_actions()

    @on(VirtualList.Opened)
    async def _opened(self, message: VirtualList.Opened) -> None:
        account_id: str = message.item.id

        def came_back(_: None) -> None:
            self._renew(account_id)

        await self.app.push_screen(CreditAccountScreen(self.desk, message.item), came_back)

    def action_new(self) -> None:
        """`n`."""
        self.open_new()

    def action_edit(self) -> None:
        """`e`."""
        if self.account is not None:
            self.edit_account(self.account)

    def action_purchase(self) -> None:
        """`u`."""
        if self.account is not None:
            self.key_purchase(self.account)

    def action_settle(self) -> None:
        """`s`."""
        if self.account is not None:
            self.key_settlement(self.account, ())

    @work(group="menu", exclusive=True)
    async def action_menu(self) -> None:
        """`m`: everything that may be done to this account."""
        account = self.account
        if account is None:
            return
        choices = self.ACTIONS.choices(self.why_not, ["purchase", "settle", "edit"])
        choices += [Choice(each, self.why_not(each.id)) for each in (REFUND, ADJUST)]
        choices += self.ACTIONS.choices(self.why_not, ["copy"])
        chosen = await self.app.push_screen_wait(MenuDialog(account_sentence(account), choices))
        if chosen == REFUND.id:
            self.key_refund(account)
        elif chosen == ADJUST.id:
            self.key_adjustment(account)
        elif chosen is not None:
            await self.action_perform(chosen)

    def action_turn(self) -> None:
        """`t`."""
        self._view = (self._view + 1) % len(VIEWS)
        self.ask()

    def action_sort(self) -> None:
        """`z`: the next column."""
        self._sort = (self._sort + 1) % len(SORTS)
        self.ask()
        self.say(f"Sorted by {SORTS[self._sort][1]}.")

    def action_import(self) -> None:
        """`i`."""
        self.go("import-accounts")

    def action_copy(self) -> None:
        """`c`."""
        if self.account is not None:
            self.copy_reference(self.account.account_no)
