"""Member Balances: keyed or imported, not accounted until posted; a posted one is never touched again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import events, on, work
from textual.app import ComposeResult

from branchtui.contract.balance_records import RecordFilter, RecordStatus
from branchtui.format.money import money
from branchtui.screens.asking import approval_for, ask_for_approval
from branchtui.screens.base import screen_actions
from branchtui.screens.bulk import BulkDesk
from branchtui.screens.desk import Desk
from branchtui.screens.list_screen import ListScreen
from branchtui.screens.outcome import sentence_of
from branchtui.screens.rows import (
    balances_sentence,
    record_columns,
    record_fits,
    record_lines,
    record_sentence,
    words,
)
from branchtui.screens.sources import PAGE_ROWS, LedgerSource, amount_key, day_key
from branchtui.widgets.actions import Action, ActionTable, Choice
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog, MessageDialog, ReasonDialog
from branchtui.widgets.search_box import SearchBox
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Callable

    from branchtui.contract.balance_records import BalanceRecord, RecordSummary

REVERSE: Final = Action("reverse", "m", "Reverse", "Reverse a posted record, with a reason", changes=True)
SORTS: Final[tuple[tuple[str, str], ...]] = (("created", "newest"), ("amount", "amount"), ("as_of", "as of"))
VIEWS: Final = (RecordStatus.NOT_ACCOUNTED, RecordStatus.ACCOUNTED, None)
_OF_A_ROW: Final = frozenset({"post", "edit", "delete", "reverse", "menu", "copy"})
_BY_THE_LEDGER: Final = frozenset({"post", "edit", "delete", "reverse"})


class BalancesScreen(ListScreen, BulkDesk):
    """Opens on what waits: *not accounted*, newest first."""

    HEADING = "Member Balances"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action(
            "new",
            "n",
            "New",
            "New Member Balance; after a save the next one, until esc",
            changes=True,
            needs="record.change",
        ),
        Action("edit", "e", "Edit", "Edit the highlighted record", changes=True),
        Action("delete", "d", "Delete", "Delete the highlighted record", changes=True),
        Action(
            "post",
            "p",
            "Post",
            "Post Balance: the highlighted record goes into the books, for good",
            changes=True,
        ),
        Action(
            "bulk",
            "b",
            "Bulk",
            "Bulk Actions: import, template, Post All, Delete All",
            changes=True,
            needs="import.records",
        ),
        Action("turn", "t", "Turn", "Turn the list: not accounted, accounted, all"),
        Action("search", "slash", "Search", "Search by member, number or reference"),
        Action("menu", "m", "Menu", "Everything that may be done to this record"),
        Action("sort", "z", "Sort", "Sort by another column", show=False),
        Action(
            "import",
            "i",
            "Import",
            "Import a file, or pasted rows",
            show=False,
            changes=True,
            needs="import.records",
        ),
        Action("copy", "c", "Copy reference", "Copy the reference", show=False),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._view = 0
        self._sort = 0
        self._summary: RecordSummary | None = None
        self._are_totals_old = False

    def compose_body(self) -> ComposeResult:
        """The search box over the list."""
        yield SearchBox("member, number, reference", id="search")
        yield VirtualList(
            record_columns(VIEWS[0]),
            lambda one: one.id,
            empty="Nothing here. [n] New Member Balance   [t] turn the list",
            explain=sentence_of,
            page_limit=PAGE_ROWS,
            id="records",
        )

    @property
    def rows(self) -> VirtualList[BalanceRecord]:
        """The list."""
        return self.query_one("#records", VirtualList)

    # ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────

    def take_argument(self, argument: str) -> None:
        """A view by its words, then words to search; what is in sight already keeps its row."""
        view, text = _named_view(argument.strip())
        if self._is_visited and view == self._view and text == self.search.text:
            self.reload()
            return
        self._view = self._view if view is None else view
        self._is_visited = True
        self.search.set_text(text)
        self.rows.focus()

    def record_filter(self) -> RecordFilter:
        """The filter that the list shows."""
        return RecordFilter(
            status=VIEWS[self._view],
            branch=self.desk.branch_filter,
            q=self.search.text.strip() or None,
        )

    def marked_ids(self) -> tuple[str, ...]:
        """What `space` has marked."""
        return tuple(record.id for record in self.rows.marked)

    def forget_marks(self) -> None:
        """No row is marked any more."""
        self.rows.clear_marks()

    def ask(self) -> None:
        """The records of the view that fit the search, and their totals."""
        shown = self.record_filter()
        self.rows.set_columns(record_columns(shown.status))
        question = partial(
            self.ledger.balance_records,
            status=shown.status,
            branch=shown.branch,
            q=shown.q,
            sort=SORTS[self._sort][0],
        )
        self.rows.set_source(LedgerSource(question, key=self._key_of_sort()))
        self.ask_totals()

    def _key_of_sort(self) -> Callable[[str], str]:
        is_amount = SORTS[self._sort][0] == "amount"
        return amount_key(self.desk.currency) if is_amount else day_key(self.desk.today)

    def reload(self) -> None:
        """The same question again."""
        self.rows.reload()
        self.ask_totals()

    @work(group="totals", exclusive=True)
    async def ask_totals(self) -> None:
        """What of the list this user may post, beside the list's own request."""
        self._summary = None
        self._are_totals_old = False
        self._show_note()
        if VIEWS[self._view] is not RecordStatus.NOT_ACCOUNTED:
            return
        question = partial(self.ledger.records_summary, self.record_filter())
        summary = await self.asked(question, is_aside=True)
        # Something may have been keyed while the answer was on its way: then it is about a former set.
        if not self._are_totals_old:
            self._summary = summary
            self._show_note()

    @on(SearchBox.Changed)
    def _narrow(self, message: SearchBox.Changed) -> None:
        self.rows.local_filter(record_fits(message.text))

    @on(VirtualList.Loaded)
    @on(VirtualList.Marked)
    def _show_note(self) -> None:
        parts = [_view_words(VIEWS[self._view])]
        if self.search.text.strip():
            parts.append(f"“{self.search.text.strip()}”")
        if self.rows.marks:
            parts.append(f"{len(self.rows.marks):,} marked")
        if self.rows.count_words:
            parts.append(self.rows.count_words)
        if self._summary is not None:
            total = money(self._summary.total_minor, self._summary.currency)
            parts.append(
                f"Post All {self._summary.count:,}: {total}" if self._summary.count else "Post All: none"
            )
        self.heading.show(note="  ".join(parts))

    # ── what may be done ─────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """The ledger's own reason, for the highlighted record."""
        if action_id not in _OF_A_ROW:
            return None
        record = self.rows.highlighted
        if record is None:
            return "No record is highlighted."
        if action_id not in _BY_THE_LEDGER or record.allows(action_id) or approval_for(record, action_id):
            return None
        refused = record.refused.get(action_id)
        return refused.message if refused is not None else f"This record cannot be {action_id}ed now."

    def record_saved(self, record: BalanceRecord, *, is_new: bool) -> None:
        """Show what the ledger holds now; no second request."""
        shown_status = VIEWS[self._view]
        if is_new and shown_status in {None, record.status}:
            self.rows.insert_first(record)
        else:
            self.rows.replace(record)
        self._renew_totals()
        self.refresh_actions()

    def action_new(self) -> None:
        """`n`."""
        self.key_balances()

    def action_edit(self) -> None:
        """`e`."""
        if self.rows.highlighted is not None:
            self.edit_balance(self.rows.highlighted)

    @work(group="write")
    async def action_post(self) -> None:
        """`p`: post the highlighted record after a confirmation that restates it."""
        record = self.rows.highlighted
        if record is None:
            return
        if approval_for(record, "post"):
            await ask_for_approval(self, record, "post", record_lines(record), summary=_asked(record, "post"))
            return
        effect = "Posted for good: never edited, never deleted."
        if not await self.confirm(ConfirmDialog("Post Balance?", record_lines(record), effect=effect)):
            return
        async with self.outcome(on_current=self._stands_now) as outcome:
            posted = await self.ledger.post_balance_record(record)
            self.record_saved(posted, is_new=False)
            outcome.done(f"{posted.customer.account_no} accounted. {balances_sentence(posted.balances)}")

    @work(group="write")
    async def action_delete(self) -> None:
        """`d`: delete a record that was not posted."""
        record = self.rows.highlighted
        if record is None:
            return
        effect = "It leaves the list. No balance changes."
        if not await self.confirm(ConfirmDialog("Delete this record?", record_lines(record), effect=effect)):
            return
        async with self.outcome(on_current=self._stands_now) as outcome:
            await self.ledger.delete_balance_record(record)
            self.rows.remove_row(record.id)
            self._renew_totals()
            outcome.done(f"Deleted: {record_sentence(record)}.")

    @work(group="write")
    async def reverse(self, record: BalanceRecord) -> None:
        """From the menu: a mirror entry takes a posted record back; the original stays."""
        if approval_for(record, "reverse"):
            await ask_for_approval(
                self,
                record,
                "reverse",
                record_lines(record),
                summary=_asked(record, "reverse"),
                reason_member="reason",
            )
            return
        reason = await self.app.push_screen_wait(
            ReasonDialog("Reverse this posted record?", record_lines(record))
        )
        if reason is None:
            return
        async with self.outcome(on_current=self._stands_now) as outcome:
            mirrored = await self.ledger.reverse_balance_record(record, reason)
            self.record_saved(mirrored, is_new=False)
            outcome.done(f"{mirrored.customer.account_no} reversed. {balances_sentence(mirrored.balances)}")

    @work(group="menu", exclusive=True)
    async def action_menu(self) -> None:
        """`m`: everything that may be done to this record, from the ledger's `actions`."""
        record = self.rows.highlighted
        if record is None:
            return
        reverse = Choice(REVERSE, self.why_not(REVERSE.id))
        choices = self.choices(["post", "edit", "delete", "copy"], [reverse])
        chosen = await self.app.push_screen_wait(MenuDialog(record_sentence(record), choices))
        if chosen == REVERSE.id:
            self.reverse(record)
        elif chosen is not None:
            await self.action_perform(chosen)

    def action_turn(self) -> None:
        """`t`: not accounted, accounted, all."""
        self._view = (self._view + 1) % len(VIEWS)
        self.ask()

    def action_sort(self) -> None:
        """`z`: the next column."""
        self._sort = (self._sort + 1) % len(SORTS)
        self.ask()
        self.say(f"Sorted by {SORTS[self._sort][1]}.")

    @on(VirtualList.Opened)
    def _opened(self, message: VirtualList.Opened) -> None:
        record: BalanceRecord = message.item
        lines = [f"{label:<10} {value}" for label, value in record_lines(record, is_whole=True)]
        if record.posted_by and record.posted_at:
            lines.append(f"{'Posted by':<10} {record.posted_by}, {self.desk.time(record.posted_at)}")
        self.app.push_screen(MessageDialog("Member Balance", lines))

    def action_copy(self) -> None:
        """`c`."""
        record = self.rows.highlighted
        if record is not None:
            self.copy_reference(record.external_ref or record.customer.account_no)

    def _stands_now(self, current: Any) -> None:
        if hasattr(current, "status"):
            self.record_saved(current, is_new=False)

    def _renew_totals(self) -> None:
        """The totals of the heading are the ledger's own: a change makes them old, and the ledger is asked again.

        While a form is in front they only go: entry mode asks once, when it is left.
        """
        self._summary = None
        self._are_totals_old = True
        self._show_note()
        self._totals_again()

    @on(events.ScreenResume)
    def _totals_again(self) -> None:
        if self._are_totals_old and self.app.screen is self:
            self.ask_totals()


def _asked(record: BalanceRecord, action: str) -> str:
    """What is asked for, without a name (OUT-2)."""
    return f"{action} {money(record.amount_minor, record.currency)} {record.currency} for {record.customer.customer_no}"


def _named_view(text: str) -> tuple[int | None, str]:
    """The place in VIEWS that `text` begins with, and the rest of it."""
    for at, view in enumerate(VIEWS):
        name = _view_words(view)
        for form in (name, name.replace(" ", "-"), name.replace(" ", "")):
            if text.casefold() == form or text.casefold().startswith(f"{form} "):
                return at, text[len(form) :].strip()
    return None, text


def _view_words(view: RecordStatus | None) -> str:
    return "all" if view is None else words(view)
