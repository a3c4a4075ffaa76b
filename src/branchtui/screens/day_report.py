"""Day Report: what was taken, given and booked on one day, by user, tender and kind; on the screen and on paper."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.app import ComposeResult

from branchtui.format.dates import DateError, parse_date, show_date
from branchtui.screens.base import screen_actions
from branchtui.screens.desk import Desk
from branchtui.screens.dialogs.filter import FilterDialog
from branchtui.screens.list_screen import ListScreen
from branchtui.screens.printing import PrinterScreen
from branchtui.screens.report_rows import kind_columns, kind_rows, takings_columns, takings_rows
from branchtui.widgets.actions import Action, ActionTable
from branchtui.widgets.dialogs import ConfirmDialog
from branchtui.widgets.fields import DateField, TextField
from branchtui.widgets.page_source import MemorySource
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.reports import DayReport
    from branchtui.screens.report_rows import ReportRow


_CLOSES: Final = "Nothing is posted on it any more, in this office alone. What arrives by itself goes on to its next open day."
_OPENS: Final = "It takes postings again. Who closed it and who opened it stays in the audit."


class DayReportScreen(ListScreen, PrinterScreen):
    """Today's unless another day was asked for; `t` turns between what came over the counter and everything."""

    HEADING = "Day Report"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("turn", "t", "Turn", "What came and went over the counter, or everything that was booked"),
        Action("filter", "f", "Day", "Another day, or one user"),
        Action("print", "r", "Print", "Print the report"),
        Action(
            "close",
            "c",
            "Close or open",
            "Close the day, so that it takes no more postings; or open a closed one again",
            changes=True,
            needs="day.close",
        ),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._filter: dict[str, str] = {}
        self._is_takings = True
        self._report: DayReport | None = None

    def compose_body(self) -> ComposeResult:
        """One list or the other."""
        yield VirtualList(
            takings_columns(),
            lambda one: one.row_id,
            empty="Nothing came or went by any tender.",
            id="takings",
        )
        kinds = VirtualList(kind_columns(), lambda one: one.row_id, empty="Nothing was booked.", id="kinds")
        kinds.display = False
        yield kinds

    # ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────

    def take_argument(self, argument: str) -> None:
        """`:report 2026-11-03`, in the ways in which a date is keyed."""
        self._is_visited = True
        self._filter = {}
        if argument.strip():
            try:
                self._filter["date"] = parse_date(argument.strip(), self.desk.today()).isoformat()
            except DateError as refused:
                self.say_refusal(str(refused))
        self.ask()

    @property
    def _day(self) -> date:
        return date.fromisoformat(self._filter["date"]) if "date" in self._filter else self.desk.today()

    def reload(self) -> None:
        """Ask again."""
        self.ask()

    def free_data(self) -> None:
        """As everywhere, and what was made of it."""
        for rows in self.query(VirtualList):
            rows.set_source(MemorySource((), lambda one: one.row_id))
        super().free_data()
        self._report = None

    def ask(self) -> None:
        """One request for both lists."""
        self._load()

    @work(group="report", exclusive=True)
    async def _load(self) -> None:
        day, person, branch = self._day, self._filter.get("created_by"), self.desk.branch_filter
        found = await self.asked(lambda: self.ledger.day_report(day, branch=branch, created_by=person))
        if found is not None:
            self._show(found)

    def _show(self, found: DayReport) -> None:
        self._report = found
        for name, rows in (
            ("#takings", takings_rows(found, self.desk.currency)),
            ("#kinds", kind_rows(found, self.desk.currency)),
        ):
            listed: VirtualList[ReportRow] = self.query_one(name, VirtualList)
            listed.set_source(MemorySource(rows, lambda one: one.row_id))
        parts = [show_date(found.business_date), "closed" if found.is_closed else "", found.created_by or ""]
        parts.append("takings" if self._is_takings else "everything")
        self.heading.show(note="  ".join(part for part in parts if part))
        self.refresh_actions()

    # ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """What is printed, and what is closed, was seen; nobody closes a day that has not begun."""
        if action_id not in {"print", "close"}:
            return None
        if self._report is None:
            return "There is no report yet."
        if action_id == "close" and self._report.business_date > self.desk.today():
            return f"{show_date(self._report.business_date)} is not here yet."
        return None

    def action_turn(self) -> None:
        """`t`: both are here, nothing is asked."""
        self._is_takings = not self._is_takings
        self.query_one("#takings").display = self._is_takings
        self.query_one("#kinds").display = not self._is_takings
        self.shown.focus()
        if self._report is not None:
            self._show(self._report)

    @work(group="filter", exclusive=True)
    async def action_filter(self) -> None:
        """`f`: a day, a user."""
        found = self._filter
        chosen = await self.app.push_screen_wait(
            FilterDialog(
                "Day Report",
                DateField("date", "Day", self.desk.today, required=False, value=found.get("date", "")),
                TextField("created_by", "By", max_length=64, value=found.get("created_by", "")),
            )
        )
        if chosen is not None:
            self._filter = {name: value for name, value in chosen.items() if value}
            self.ask()

    @work(group="write")
    async def action_close(self) -> None:
        """`c`: the day that is shown, of the office that it is shown for."""
        seen = self._report
        if seen is None:
            return
        day, office = show_date(seen.business_date), seen.branch_name
        lines = [("Office", office), ("Day", day)]
        title, effect = ("Open this day again?", _OPENS) if seen.is_closed else ("Close this day?", _CLOSES)
        if not await self.confirm(ConfirmDialog(title, lines, effect=effect)):
            return
        async with self.outcome() as outcome:
            turned = await (self.ledger.open_day(seen) if seen.is_closed else self.ledger.close_day(seen))
            outcome.done(f"{day} of {office} is {'closed' if turned.is_closed else 'open again'}.")
        self.ask()

    @work(group="print")
    async def action_print(self) -> None:
        """`r`: made by the ledger anew, in the width of the paper."""
        day, person, branch = self._day, self._filter.get("created_by"), self.desk.branch_filter
        columns = self.paper_columns
        found = await self.asked(
            lambda: self.ledger.day_report(day, branch=branch, created_by=person, columns=columns),
            holds_keys=True,
        )
        if found is not None:
            name = f"day-report-{found.business_date.isoformat()}"
            await self.put_out(found.lines or (), name, f"day report of {show_date(found.business_date)}")
