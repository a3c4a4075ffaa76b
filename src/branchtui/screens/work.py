"""Work under way: what the ledger goes on with by itself, whether the line of who asked for it is there or not."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult

from branchtui.contract.imports import ImportKind, JobState
from branchtui.remote.imports import JOB_WAIT_MAX_SECONDS
from branchtui.screens.base import screen_actions
from branchtui.screens.desk import Desk
from branchtui.screens.file_screen import FileScreen
from branchtui.screens.list_screen import ListScreen
from branchtui.screens.outcome import sentence_of
from branchtui.screens.rows import WIDE, short_instant, words
from branchtui.screens.sources import PAGE_ROWS, LedgerSource
from branchtui.widgets.actions import Action, ActionTable
from branchtui.widgets.columns import Column
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.imports import Job

_IMPORT: Final = "import"
_KINDS: Final = {
    _IMPORT: "A file of rows",
    "balance-file": "A universal file",
    "balance-record.post-all": "Post All",
    "balance-record.delete-all": "Delete All",
}
_PLACES: Final = {
    ImportKind.BALANCE_RECORDS: "import",
    ImportKind.CREDIT_ACCOUNTS: "import-accounts",
    ImportKind.CUSTOMERS_PERSON: "import-customers",
    ImportKind.CUSTOMERS_ENTITY: "import-customers",
    ImportKind.PLANS: "import-plans",
}
"""Where an import of a kind is seen; all others are statements."""


def work_columns(desk: Desk) -> list[Column[Job]]:
    """What, how far, since when."""
    return [
        Column("Work", kind_words),
        Column("How far", how_far, width=24, align="right"),
        Column("State", lambda one: words(one.state), width=8),
        Column("Asked for", lambda one: short_instant(one.created_at, desk), width=12),
        Column("By", lambda one: one.created_by, width=12),
        Column("Office", lambda one: desk.branch_code(one.branch_id), width=8, from_width=WIDE),
    ]


def kind_words(one: Job) -> str:
    """What kind of work it is."""
    return _KINDS.get(one.kind, words(one.kind).capitalize())


def how_far(one: Job) -> str:
    """`4,000 of 10,000`, of a file `40 %` (its rows are checked, then taken in); nothing before it counts."""
    if one.kind == _IMPORT and one.total:
        return f"{100 * one.done // one.total} %"
    return f"{one.done:,} of {one.total:,}" if one.total else f"{one.done:,}" if one.done else ""


class WorkScreen(ListScreen):
    """Followed while one looks: the row under the arrow says how far it is as the ledger gets on."""

    HEADING = "Work Under Way"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("turn", "t", "Turn", "Of everybody, mine"),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._is_mine = False

    def compose_body(self) -> ComposeResult:
        """One list."""
        yield VirtualList(
            work_columns(self.desk),
            lambda one: one.id,
            empty="Nothing is under way: what was asked for has ended. [f9] Activity",
            explain=sentence_of,
            page_limit=PAGE_ROWS,
            id="work",
        )

    @property
    def rows(self) -> VirtualList[Job]:
        """The list."""
        return self.query_one("#work", VirtualList)

    def ask(self) -> None:
        """What is queued or running."""
        question = partial(self.ledger.jobs, mine=self._is_mine, branch=self.desk.branch_filter)
        self.rows.set_source(LedgerSource(question, anchored=False))
        self.heading.show(note="mine" if self._is_mine else "of everybody here")

    @on(VirtualList.Loaded)
    @on(VirtualList.Highlighted)
    def _row_changed(self) -> None:
        self.watch_row()

    @work(group="watch", exclusive=True)
    async def watch_row(self) -> None:
        """Follow the row under the arrow while it is in sight; what has ended leaves the list and is said."""
        while self.is_current and (row := self.rows.highlighted) is not None:
            job = await self.asked(partial(self.ledger.job, row.id, JOB_WAIT_MAX_SECONDS), is_aside=True)
            if job is None or not self.is_current:
                return
            if job.state in {JobState.SUCCEEDED, JobState.FAILED}:
                failed = job.state is JobState.FAILED
                end = "could not be done" if failed else "is done"
                self.say(f"{kind_words(job)} {end}. [f9] Activity", "error" if failed else "done")
                self.rows.reload()
                return
            self.rows.replace(job)

    def action_turn(self) -> None:
        """`t`."""
        self._is_mine = not self._is_mine
        self.ask()

    @on(VirtualList.Opened)
    @work(group="open", exclusive=True)
    async def opened(self, message: VirtualList.Opened) -> None:
        """`enter`: where it is worked on."""
        resource = message.item.resource or ""
        kind, _, found = resource.removeprefix("/v1/").partition("/")
        if kind == "imports":
            import_ = await self.asked(partial(self.ledger.import_, found), holds_keys=True)
            if import_ is not None:
                self.go(_PLACES.get(import_.kind, "statements"), resource)
        elif kind == "balance-files":
            file = await self.asked(partial(self.ledger.balance_file, found), holds_keys=True)
            if file is not None:
                self.app.push_screen(FileScreen(self.desk, file, lambda _: None))
        else:
            self.go("balances")
