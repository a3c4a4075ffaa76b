"""Learned payers: whose payments people gave to whom, so that the next one is proposed; switched off here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult

from branchtui.contract.learned_payers import LearnedState
from branchtui.screens.base import screen_actions
from branchtui.screens.desk import Desk
from branchtui.screens.learned_rows import (
    learned_columns,
    learned_fits,
    learned_pairs,
    payer_words,
    switched_sentence,
)
from branchtui.screens.list_screen import ListScreen
from branchtui.screens.outcome import sentence_of
from branchtui.screens.payment_rows import as_lines
from branchtui.screens.rows import customer_label
from branchtui.screens.sides import named_side, next_side
from branchtui.screens.sources import PAGE_ROWS, LedgerSource, day_key
from branchtui.widgets.actions import Action, ActionTable
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog, MessageDialog
from branchtui.widgets.search_box import SearchBox
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.learned_payers import LearnedPayer


@dataclass(frozen=True)
class Turn:
    """One side of the list."""

    name: str
    state: LearnedState | None


TURNS: Final = (
    Turn("all", None),
    Turn("proposed", LearnedState.ACTIVE),
    Turn("off", LearnedState.OFF),
    Turn("expired", LearnedState.EXPIRED),
)


class LearnedPayersScreen(ListScreen):
    """The last used first. `g` takes one out of what is proposed, and puts it back."""

    HEADING = "Learned Payers"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("ignore", "g", "Switch off", "Propose it no more; one that is off, again", changes=True),
        Action("search", "slash", "Search", "Search by the payer's name or phone"),
        Action("details", "v", "Details", "Who taught it, when, and until when it is proposed (enter)"),
        Action("menu", "m", "Menu", "Everything that may be done to this payer"),
        Action("turn", "t", "Turn", "All, proposed, off, expired"),
        Action("copy", "c", "Copy number", "Copy the customer number", show=False),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._turn = TURNS[0]

    def compose_body(self) -> ComposeResult:
        """The search box over the list."""
        yield SearchBox("payer's name or phone", id="search")
        yield VirtualList(
            learned_columns(self.desk),
            lambda one: one.id,
            empty="Nothing was learned here. Associating a payment teaches whose its payer's are.",
            explain=sentence_of,
            page_limit=PAGE_ROWS,
            id="learned",
        )

    @property
    def rows(self) -> VirtualList[LearnedPayer]:
        """The list."""
        return self.query_one("#learned", VirtualList)

    # ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────

    def take_argument(self, argument: str) -> None:
        """`all`, `proposed`, `off` or `expired` (any beginning), the rest is searched for."""
        side, sought = named_side(TURNS, argument)
        self._turn = side or TURNS[0]
        self._is_visited = True
        self.search.set_text(sought)
        self.rows.focus()
        self.ask()

    def ask(self) -> None:
        """What the search finds on this side of the list."""
        question = partial(
            self.ledger.learned_payers, state=self._turn.state, q=self.search.text.strip() or None
        )
        self.rows.set_source(LedgerSource(question, key=day_key(self.desk.today)))
        self._show_note()

    @on(SearchBox.Changed)
    def _narrow(self, message: SearchBox.Changed) -> None:
        text = message.text.strip()
        self.rows.local_filter(learned_fits(text) if text else None)

    @on(VirtualList.Loaded)
    @on(VirtualList.Grown)
    def _show_note(self) -> None:
        self.heading.show(note="  ".join(part for part in (self._turn.name, self.rows.position) if part))

    # ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """What needs a row needs a row; switching is the ledger's word."""
        if action_id not in {"ignore", "details", "menu", "copy"}:
            return None
        one = self.rows.highlighted
        if one is None:
            return "No payer is highlighted."
        if action_id != "ignore" or one.allows("switch"):
            return None
        refused = one.refused.get("switch")
        return refused.message if refused is not None else "This cannot be done now."

    def action_turn(self) -> None:
        """`t`."""
        self._turn = next_side(TURNS, self._turn)
        self.ask()

    def action_details(self) -> None:
        """`v`, or `enter` in the list."""
        self.rows.action_open()

    @on(VirtualList.Opened)
    def _opened(self, message: VirtualList.Opened) -> None:
        lines = as_lines(learned_pairs(message.item, self.desk))
        self.app.push_screen(MessageDialog("Learned payer", lines))

    @work(group="menu", exclusive=True)
    async def action_menu(self) -> None:
        """`m`."""
        one = self.rows.highlighted
        if one is None:
            return
        choices = self.ACTIONS.choices(self.why_not, ["ignore", "details", "copy"])
        chosen = await self.app.push_screen_wait(MenuDialog(f"Payer {payer_words(one)}", choices))
        if chosen is not None:
            await self.action_perform(chosen)

    @work(group="write")
    async def action_ignore(self) -> None:
        """`g`: off, or on again; then `y`."""
        one = self.rows.highlighted
        if one is None:
            return
        on_again = one.state is LearnedState.OFF
        title = "Propose this payer again?" if on_again else "Switch this payer off?"
        effect = "The customer is proposed again." if on_again else "The customer is proposed for it no more."
        lines = [("Payer", payer_words(one)), ("Customer", customer_label(one.customer))]
        if not await self.confirm(ConfirmDialog(title, lines, effect=effect)):
            return
        async with self.outcome(on_current=self._show_current) as outcome:
            done = await self.ledger.switch_learned_payer(one, active=on_again)
            if self._turn.state in {None, done.state}:
                self.rows.replace(done)
            else:
                self.rows.remove_row(done.id)
            outcome.done(switched_sentence(done))
        self.refresh_actions()

    def _show_current(self, current: LearnedPayer) -> None:
        self.rows.replace(current)

    def action_back(self) -> None:
        """`esc`: back to Payments, whose `l` leads here."""
        self.go("payments")

    def action_copy(self) -> None:
        """`c`."""
        if self.rows.highlighted is not None:
            self.copy_reference(self.rows.highlighted.customer.customer_no)
