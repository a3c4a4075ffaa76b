"""Activity: what I did, and whether it went through. What is in doubt stands first."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult

from branchtui.remote.errors import LedgerError
from branchtui.screens.activity_rows import intent_columns, operation_columns, operation_lines
from branchtui.screens.base import screen_actions
from branchtui.screens.desk import Desk
from branchtui.screens.list_screen import ListScreen
from branchtui.screens.outcome import sentence_of
from branchtui.screens.report_rows import takings_note
from branchtui.screens.sources import LedgerSource
from branchtui.widgets.actions import Action, ActionTable
from branchtui.widgets.dialogs import MessageDialog
from branchtui.widgets.page_source import MemorySource
from branchtui.widgets.search_box import SearchBox
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.operations import Operation
    from branchtui.remote.intents import Pending
    from branchtui.remote.resolver import Resolver
    from branchtui.widgets.page_source import Page, PageRequest

_INTENT_LINES_MAX = 6


class _InOneRow:
    """The ledger's list without what stands above it: the same reference never says `UNKNOWN` and `done`.

    What the ledger lists is no longer unknown, so the resolver asks about it at once, parked or not.
    """

    def __init__(self, listed: LedgerSource[Operation], resolver: Resolver) -> None:
        self._listed = listed
        self._resolver = resolver

    async def fetch(self, request: PageRequest) -> Page[Operation]:
        """The page that the ledger gives, less the rows above."""
        page = await self._listed.fetch(request)
        keys = {one.key for one in page.items}
        for doubt in self._resolver.unresolved:
            if doubt.key in keys:
                self._resolver.check_now(doubt.key)
        above = {one.key for one in (*self._resolver.unresolved, *self._resolver.settled_unseen)}
        return replace(page, items=[one for one in page.items if one.key not in above])


class ActivityScreen(ListScreen):
    """The upper list comes from the journal of this terminal, the lower one from the ledger."""

    HEADING = "Activity"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("search", "slash", "Search", "Search by reference"),
        Action("turn", "t", "Turn", "Turn the list: mine, everybody's I may see"),
        Action("copy", "c", "Copy reference", "Copy the reference"),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._is_mine = True
        self._shown_intents: tuple[str, ...] = ()
        self._above: set[str] = set()

    def compose_body(self) -> ComposeResult:
        """The search box, what is in doubt, what was done."""
        yield SearchBox("reference", id="search")
        yield VirtualList(intent_columns(self.desk), lambda one: one.key, empty="", id="intents")
        yield VirtualList(
            operation_columns(self.desk),
            lambda one: one.key,
            empty="Nothing was done yet.",
            explain=sentence_of,
            id="operations",
        )

    @property
    def rows(self) -> VirtualList[Operation]:
        """What was done."""
        return self.query_one("#operations", VirtualList)

    @property
    def intents(self) -> VirtualList[Pending]:
        """What is in doubt, and what was settled and not yet seen."""
        return self.query_one("#intents", VirtualList)

    @property
    def searched(self) -> VirtualList[Operation]:
        """The ledger's list: the journal's is short."""
        return self.rows

    def on_mount(self) -> None:
        """Show the journal."""
        self.show_intents()

    def ask(self) -> None:
        """What was done, by me or by all."""
        question = partial(self.ledger.operations, mine=self._is_mine, q=self.search.text.strip() or None)
        self.rows.set_source(_InOneRow(LedgerSource(question, anchored=False), self.ledger.resolver))
        self.heading.show(note="mine" if self._is_mine else "all I may see")
        if self._is_mine:
            self._show_takings()

    @work(group="takings", exclusive=True)
    async def _show_takings(self) -> None:
        """What I have taken today, by tender; beside the list, which says what is the matter where this does not come."""
        user = self.desk.user
        if user is None:
            return
        try:
            found = await self.ledger.day_report(branch=self.desk.branch_filter, created_by=user.username)
        except LedgerError:
            return
        if self._is_mine:
            self.heading.show(note=f"mine  {takings_note(found.takings, self.desk.currency)}")

    def show_figures(self) -> None:
        """As everywhere; the journal's list follows what it tells."""
        super().show_figures()
        self.show_intents()

    def show_intents(self) -> None:
        """In doubt first, then settled and not yet seen; the list takes no room when there is none."""
        resolver = self.ledger.resolver
        pending = (*resolver.unresolved, *resolver.settled_unseen)
        keys = tuple(f"{one.key}{one.state}{one.is_parked}" for one in pending)
        self.intents.display = bool(pending)
        if keys == self._shown_intents:
            return
        self._shown_intents = keys
        above = {one.key for one in pending}
        is_seen, self._above = bool(self._above - above), above
        if is_seen:
            # What left the upper list has its row below from now on.
            self.rows.reload()
        self.intents.styles.height = min(_INTENT_LINES_MAX, len(pending) + 1)
        self.intents.set_source(MemorySource(pending, lambda one: one.key))
        if not pending and self.focused is self.intents:
            self.rows.focus()

    # ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """A reference needs a row."""
        if action_id == "copy" and self.rows.highlighted is None:
            return "Nothing is highlighted."
        return None

    def action_turn(self) -> None:
        """`t`: mine, or all that I may see."""
        self._is_mine = not self._is_mine
        self.ask()

    def action_copy(self) -> None:
        """`c`."""
        row = self.intents.highlighted if self.focused is self.intents else self.rows.highlighted
        if row is not None:
            self.copy_reference(row.reference)

    @on(VirtualList.Opened, "#intents")
    def _opened_intent(self, message: VirtualList.Opened) -> None:
        self.show_unconfirmed(message.item)

    @on(VirtualList.Opened, "#operations")
    def _opened(self, message: VirtualList.Opened) -> None:
        lines = [f"{label:<10} {value}" for label, value in operation_lines(message.item, self.desk)]
        self.app.push_screen(MessageDialog("Operation", lines))
