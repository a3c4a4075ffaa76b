"""Approvals: what waits for my decision, and what I asked for. Nobody approves what they asked for themselves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult

from branchtui.screens.approval_rows import approval_columns, approval_lines, approval_what, decided_sentence
from branchtui.screens.base import screen_actions
from branchtui.screens.desk import Desk
from branchtui.screens.list_screen import ListScreen
from branchtui.screens.outcome import sentence_of
from branchtui.screens.payment_rows import as_lines
from branchtui.screens.sides import named_side, next_side
from branchtui.screens.sources import PAGE_ROWS, LedgerSource
from branchtui.widgets.actions import Action, ActionTable
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog, MessageDialog, ReasonDialog
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.approvals import Approval


@dataclass(frozen=True)
class Turn:
    """One side of the list."""

    name: str
    view: str
    empty: str


TURNS: Final = (
    Turn("to decide", "to-decide", "Nothing waits for your decision."),
    Turn("mine", "mine", "You have asked for nothing."),
    Turn("all", "all", "No request."),
)
_BY_THE_LEDGER: Final = {"approve": "approve", "reject": "reject", "delete": "withdraw"}


class ApprovalsScreen(ListScreen):
    """Who decides comes to what waits, everybody else to the own requests."""

    HEADING = "Approvals"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("approve", "a", "Approve", "Approve exactly the difference that is shown", changes=True),
        Action("reject", "x", "Reject", "Reject it, with a reason", changes=True),
        Action("delete", "d", "Withdraw", "Withdraw the own request", changes=True),
        Action("turn", "t", "Turn", "To decide, mine, all"),
        Action("menu", "m", "Menu", "Everything that may be done to this request", show=False),
        Action("details", "v", "Details", "What would change (enter)", show=False),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._turn = TURNS[0] if desk.may("approval.decide") else TURNS[1]

    def compose_body(self) -> ComposeResult:
        """The list."""
        yield VirtualList(
            approval_columns(self.desk),
            lambda one: one.id,
            empty=self._turn.empty,
            explain=sentence_of,
            page_limit=PAGE_ROWS,
            id="approvals",
        )

    @property
    def rows(self) -> VirtualList[Approval]:
        """The list."""
        return self.query_one("#approvals", VirtualList)

    # ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────

    def take_argument(self, argument: str) -> None:
        """`to decide`, `mine` or `all`, any beginning."""
        side, _ = named_side(TURNS, argument)
        if self._is_visited and side is self._turn:
            self.reload()
            return
        self._turn = side or self._turn
        self._is_visited = True
        self.ask()

    def ask(self) -> None:
        """The requests of this side."""
        self.rows.empty = self._turn.empty
        self.rows.set_source(LedgerSource(partial(self.ledger.approvals, view=self._turn.view)))
        self._show_note()

    @on(VirtualList.Loaded)
    @on(VirtualList.Highlighted)
    def _show_note(self) -> None:
        parts = [self._turn.name, self.rows.position]
        self.heading.show(note="  ".join(part for part in parts if part))

    # ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """The ledger's own reason, for the highlighted request."""
        if action_id not in {*_BY_THE_LEDGER, "details", "menu"}:
            return None
        one = self.rows.highlighted
        if one is None:
            return "No request is highlighted."
        name = _BY_THE_LEDGER.get(action_id)
        if name is None or one.allows(name):
            return None
        refused = one.refused.get(name)
        return refused.message if refused is not None else f"This request cannot be {name}ed now."

    @work(group="write")
    async def action_approve(self) -> None:
        """`a`: the difference as it stands now, then `y`."""
        one = await self._as_it_stands()
        if one is None:
            return
        effect = f"You approve what {one.maker} asked for. It is done at once."
        lines = approval_lines(one, self.desk)
        if not await self.confirm(ConfirmDialog(f"{approval_what(one)}?", lines, effect=effect)):
            return
        async with self.outcome(on_current=self._stands_now) as outcome:
            decided = await self.ledger.approve(one)
            self._show_decided(decided)
            outcome.done(decided_sentence(decided))
        if outcome.error is not None:
            self.rows.reload()

    @work(group="write")
    async def action_reject(self) -> None:
        """`x`: a reason, then `y`."""
        one = await self._as_it_stands(action="reject")
        if one is None:
            return
        reason = await self.app.push_screen_wait(
            ReasonDialog("Reject this request?", approval_lines(one, self.desk))
        )
        if reason is None:
            return
        async with self.outcome(on_current=self._stands_now) as outcome:
            decided = await self.ledger.reject(one, reason)
            self._show_decided(decided)
            outcome.done(decided_sentence(decided))

    @work(group="write")
    async def action_delete(self) -> None:
        """`d`: take the own request back."""
        one = self.rows.highlighted
        if one is None:
            return
        lines = approval_lines(one, self.desk)
        if not await self.confirm(
            ConfirmDialog("Withdraw this request?", lines, effect="Nobody decides it any more.")
        ):
            return
        async with self.outcome(on_current=self._stands_now) as outcome:
            decided = await self.ledger.withdraw(one)
            self._show_decided(decided)
            outcome.done(decided_sentence(decided))

    async def _as_it_stands(self, action: str = "approve") -> Approval | None:
        """The highlighted request with its difference of now; None, and why, when that may not be done to it."""
        one = self.rows.highlighted
        if one is None:
            return None
        wanted = one.id
        found = await self.asked(lambda: self.ledger.approval(wanted), holds_keys=True)
        if found is None:
            return None
        self.rows.replace(found)
        if found.allows(action):
            return found
        refused = found.refused.get(action)
        self.say(refused.message if refused else "This request was decided meanwhile.", "warning")
        return None

    def action_turn(self) -> None:
        """`t`: the next side."""
        self._turn = next_side(TURNS, self._turn)
        self.ask()

    @work(group="menu", exclusive=True)
    async def action_menu(self) -> None:
        """`m`: everything that may be done to this request."""
        one = self.rows.highlighted
        if one is None:
            return
        choices = self.choices(("approve", "reject", "delete", "details"))
        chosen = await self.app.push_screen_wait(MenuDialog(approval_what(one), choices))
        if chosen is not None:
            await self.action_perform(chosen)

    def action_details(self) -> None:
        """`v`, or `enter`."""
        self.rows.action_open()

    @on(VirtualList.Opened)
    @work(group="details", exclusive=True)
    async def opened(self, message: VirtualList.Opened) -> None:
        """`enter`: what would change, as it stands now."""
        wanted: str = message.item.id
        one = await self.asked(lambda: self.ledger.approval(wanted), holds_keys=True)
        if one is not None:
            self.rows.replace(one)
            self.refresh_actions()
            await self.app.push_screen_wait(
                MessageDialog(approval_what(one), as_lines(approval_lines(one, self.desk)))
            )

    def _show_decided(self, decided: Approval) -> None:
        if self._turn.view == "to-decide":
            self.rows.remove_row(decided.id)
        else:
            self.rows.replace(decided)
        self._show_note()

    def _stands_now(self, current: Any) -> None:
        if hasattr(current, "maker"):
            self.rows.replace(current)
