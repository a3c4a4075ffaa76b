"""Dashboard: payments associated and revenue booked by day as a plot; what waits, since when; why payments have owners."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from branchtui.screens.activity_rows import queue_columns
from branchtui.screens.base import screen_actions
from branchtui.screens.dashboard_rows import day_columns, day_rows, posted_of, sums_of, tiers_of
from branchtui.screens.list_screen import ListScreen
from branchtui.widgets.actions import Action, ActionTable
from branchtui.widgets.page_source import MemorySource
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.dashboard import Dashboard, Queue
    from branchtui.screens.dashboard_rows import DayRow
    from branchtui.screens.desk import Desk

PERIODS: Final = (14, 31, 92)
"""Days that `d` turns through; 14 fit 80x24, 92 is what the ledger tells at most."""


class DashboardScreen(ListScreen):
    """One request shows all of it. `b` turns the figures alone: where one works stays, so that nothing is keyed elsewhere."""

    HEADING = "Dashboard"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("turn", "t", "Turn", "The days, or what waits and how payments found their owners"),
        Action("period", "d", "Days", "14, 31 or 92 days"),
        Action("branch", "b", "Branch", "The figures of the next branch that you may see"),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._period = PERIODS[0]
        self._branch_id: str | None = None
        self._is_plot = True
        self._board: Dashboard | None = None

    def compose_body(self) -> ComposeResult:
        """The days over their sums, or the queues over the tiers."""
        yield VirtualList(day_columns(), lambda one: one.row_id, empty="", id="days")
        queues = VirtualList(
            queue_columns(self.desk), lambda one: one.name, empty="Nothing waits.", id="queues"
        )
        queues.display = False
        yield queues
        yield Static(Content(""), id="sums")

    # ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────

    def take_argument(self, argument: str) -> None:
        """`:dashboard 31`: so many days."""
        self._is_visited = True
        keyed = argument.strip()
        if keyed:
            if keyed.isascii() and keyed.isdigit() and 1 <= int(keyed[:4]) <= PERIODS[-1]:
                self._period = int(keyed[:4])
            else:
                self.say_refusal(f"Key the days as a number, 1 to {PERIODS[-1]}.")
        self.ask()

    def reload(self) -> None:
        """Ask again."""
        self.ask()

    def branch_changed(self) -> None:
        """Who works elsewhere now sees that branch first."""
        self._branch_id = None
        self.ask()

    def free_data(self) -> None:
        """As everywhere, and what was made of it."""
        for rows in self.query(VirtualList):
            rows.set_source(MemorySource((), lambda one: one.row_id))
        super().free_data()
        self.query_one("#sums", Static).update(Content(""))
        self._board = None

    def ask(self) -> None:
        """One request for all of it."""
        self._load()

    @work(group="dashboard", exclusive=True)
    async def _load(self) -> None:
        branch, period = self._branch_id or self.desk.branch_filter, self._period
        found = await self.asked(lambda: self.ledger.dashboard(branch, days=period))
        if found is not None:
            self._show(found)

    def _show(self, board: Dashboard) -> None:
        self._board = board
        days: VirtualList[DayRow] = self.query_one("#days", VirtualList)
        days.set_columns(day_columns(board))
        days.set_source(MemorySource(day_rows(board), lambda one: one.row_id))
        queues: VirtualList[Queue] = self.query_one("#queues", VirtualList)
        queues.set_source(MemorySource(board.queues, lambda one: one.name))
        self._show_beneath(board)
        self.heading.show(note=f"{board.branch_name}  {len(board.days)} days  {board.currency}")
        self.refresh_actions()

    def _show_beneath(self, board: Dashboard) -> None:
        zone = self.desk.zone
        text = sums_of(board, zone) if self._is_plot else f"{tiers_of(board)}\n{posted_of(board, zone)}"
        self.query_one("#sums", Static).update(Content(text))

    # ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """Who sees one branch has no other to turn to."""
        if action_id == "branch" and len(self.desk.branch_codes) < 2:
            return "You see one branch only."
        return None

    def action_turn(self) -> None:
        """`t`: both are here, nothing is asked."""
        self._is_plot = not self._is_plot
        self.query_one("#days").display = self._is_plot
        self.query_one("#queues").display = not self._is_plot
        self.shown.focus()
        if self._board is not None:
            self._show_beneath(self._board)

    def action_period(self) -> None:
        """`d`: the next longer period, after the longest the shortest again."""
        self._period = next((days for days in PERIODS if days > self._period), PERIODS[0])
        self.ask()

    def action_branch(self) -> None:
        """`b`: the next branch by its place in the list of one's own; the figures of one hold those below it."""
        user = self.desk.user
        assert user is not None
        ids = [one.id for one in user.branches]
        shown = self._branch_id or self.desk.branch_filter or user.branch_id
        at = ids.index(shown) if shown in ids else -1
        self._branch_id = ids[(at + 1) % len(ids)]
        self.ask()
