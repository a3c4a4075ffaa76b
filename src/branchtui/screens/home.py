"""Home: the branch's day. What waits in each queue and for how long, revenue, what of mine is unconfirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from branchtui.format.cells import pad
from branchtui.format.dates import show_date
from branchtui.format.safe_text import safe_text
from branchtui.screens.activity_rows import end_word, queue_columns
from branchtui.screens.base import LedgerScreen, screen_actions
from branchtui.screens.dashboard_rows import posted_of
from branchtui.screens.places import PLACES
from branchtui.screens.rows import total_in
from branchtui.widgets.actions import Action, ActionTable
from branchtui.widgets.page_source import MemorySource
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from branchtui.contract.dashboard import Dashboard, Queue

DAYS_SHOWN: Final = 5
_FIGURE_CELLS: Final = 20
_WAYS_CELLS: Final = 78
"""No key stands on another line than its place."""
_WORKED_ON: Final = {
    "approval": ("approvals", "to decide"),
    "payment": ("payments", "unassociated"),
    "callback": ("payments", "held"),
    "work": ("work", ""),
    "files": ("files", "to apply"),
    "offered": ("transfers", "incoming"),
}
"""By a word of a queue's name: the place, and its side that shows what was counted."""
_BALANCES: Final = ("balances", "not accounted")
_QUEUE_ROWS_MIN: Final = 6
_ROWS_BESIDE: Final = 15
"""Heading, days, ways, sentence and keys: what stands on Home beside its queues."""


class HomeScreen(LedgerScreen):
    """One request. `enter` on a queue goes to where it is worked on."""

    HEADING = "Home"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("dashboard", "d", "Dashboard", "Payments and revenue by day as a plot"),
    )
    BINDINGS = ACTIONS.bindings()
    _queue_count = 0
    _unsettled_rows = 0

    def compose_body(self) -> ComposeResult:
        """Queues, the days' figures, what is unconfirmed, where to go."""
        yield VirtualList(queue_columns(self.desk), lambda one: one.name, empty="", id="queues")
        yield Static(Content(""), id="days")
        yield Static(Content(""), id="unconfirmed")
        yield Static(Content(_ways()), id="ways")

    def on_mount(self) -> None:
        """Ask for the day."""
        self.query_one("#queues").focus()
        self.reload()

    def reload(self) -> None:
        """Ask for the day again."""
        self.ask()

    def free_data(self) -> None:
        """As everywhere, and the days' figures."""
        super().free_data()
        self.query_one("#days", Static).update(Content(""))

    @work(group="dashboard", exclusive=True)
    async def ask(self) -> None:
        """One request; what was shown before stays when it fails."""
        board = await self.asked(lambda: self.ledger.dashboard(self.desk.branch_filter))
        if board is not None:
            self.show_board(board)

    def show_board(self, board: Dashboard) -> None:
        """Put the day on the screen."""
        self.heading.show(heading=self.desk.institution or self.HEADING, note=board.branch_name)
        queues: VirtualList[Queue] = self.query_one("#queues", VirtualList)
        queues.empty = "Nothing waits."
        self._queue_count = len(board.queues)
        self._give_room()
        queues.set_source(MemorySource(board.queues, lambda one: one.name))
        self.query_one("#days", Static).update(Content(_days(board, self.desk.zone)))
        self.show_unsettled()

    def show_figures(self) -> None:
        """As everywhere, and what of mine is unconfirmed."""
        super().show_figures()
        self.show_unsettled()

    def show_unsettled(self) -> None:
        """My unconfirmed operations; nothing when there are none."""
        if not self.desk.is_open:
            return
        resolver = self.ledger.resolver
        lines = [f"UNKNOWN  {one.reference}  {one.summary}" for one in resolver.unresolved[:3]]
        if lines:
            lines.insert(0, f"Not confirmed: {len(resolver.unresolved)}   [f9] Activity")
        ended = resolver.settled_unseen
        if ended:
            lines.append(f"{len(ended)} ended, not seen yet   [f9] Activity")
            lines += [f"{end_word(one)}  {one.reference}  {one.summary}" for one in ended[:3]]
        if resolver.unresolved_of_others:
            lines.append(f"Not confirmed, of other users of this terminal: {resolver.unresolved_of_others}")
        shown = self.query_one("#unconfirmed", Static)
        shown.update(Content("\n".join(safe_text(line) for line in lines)))
        shown.display = bool(lines)
        self._unsettled_rows = len(lines)
        self._give_room()

    @on(VirtualList.Opened, "#queues")
    def open_queue(self, message: VirtualList.Opened) -> None:
        """`enter`: where this queue is worked on."""
        name = message.item.name.casefold()
        self.go(*next((there for word, there in _WORKED_ON.items() if word in name), _BALANCES))

    def on_resize(self) -> None:
        """Room for every queue that one's role sees, where the terminal has it."""
        self._give_room()

    def _give_room(self) -> None:
        queues = self.query_one("#queues", VirtualList)
        # What is not confirmed is never below the edge for the sake of a queue.
        rows = min(self._queue_count + 1, self.size.height - _ROWS_BESIDE - self._unsettled_rows)
        queues.styles.height = max(_QUEUE_ROWS_MIN, rows)

    def action_dashboard(self) -> None:
        """`d`."""
        self.go("dashboard")

    def action_back(self) -> None:
        """`esc` on Home."""
        self.say("This is Home. ctrl+q signs off and leaves.")


def _days(board: Dashboard, zone: ZoneInfo) -> str:
    """The last days, newest first: payments associated and revenue booked, two named figures."""
    head = f"{pad('Day', 12)}{pad('Payments associated', 28, 'right')}{pad('Revenue booked', _FIGURE_CELLS, 'right')}"
    rows = [head]
    for day in reversed(board.days[-DAYS_SHOWN:]):
        associated = (
            f"{day.payments_associated:,} for {total_in(day.payments_associated_minor, board.currency)}"
        )
        revenue = total_in(day.revenue_minor, board.currency)
        name = "Today" if day.date == board.business_date else show_date(day.date)
        rows.append(f"{pad(name, 12)}{pad(associated, 28, 'right')}{pad(revenue, _FIGURE_CELLS, 'right')}")
    rows.append(posted_of(board, zone))
    return "\n".join(rows)


def _ways() -> str:
    lines = [""]
    for place in PLACES:
        if place.keys:
            way = f"{place.keys[0]} {place.label}"
            if lines[-1] and len(lines[-1]) + 2 + len(way) > _WAYS_CELLS:
                lines.append("")
            lines[-1] += f"  {way}" if lines[-1] else way
    return "\n".join([*lines, ":  go anywhere by name    ctrl+p  all actions    ctrl+q  sign off"])
