"""The list of payments: which of them, in which order, with the candidates of the highlighted one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container

from branchtui.contract.payments import CallbackState, PaymentState
from branchtui.contract.problem import Codes
from branchtui.remote.errors import Refused
from branchtui.screens.asking import approval_for
from branchtui.screens.candidates import CandidatePanel
from branchtui.screens.desk import Desk
from branchtui.screens.list_screen import ListScreen
from branchtui.screens.outcome import sentence_of
from branchtui.screens.payment_rows import (
    as_lines,
    held_columns,
    held_fits,
    held_lines,
    payment_columns,
    payment_fits,
    payment_lines,
)
from branchtui.screens.rows import age, total_in
from branchtui.screens.sides import named_side, next_side
from branchtui.screens.sources import LedgerSource, day_key
from branchtui.widgets.dialogs import MessageDialog
from branchtui.widgets.search_box import SearchBox
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.payments import CallbackEvent, Payment

WIDE_CELLS: Final = 130
"""From here on the candidates stand beside the list, below it otherwise."""
PAGE_ROWS: Final = 22
"""With its candidates a page of so many stays below 4 KiB, and is two screens of 24 lines: no second is asked for."""
_CODE = re.compile(r"[A-Za-z0-9./-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class Turn:
    """One side of the list: which payments, in which order."""

    name: str
    state: str
    sort: str


TURNS: Final = (
    Turn("unassociated", "unassociated", "oldest"),
    Turn("associated", "associated", "newest"),
    Turn("held", "", ""),
    Turn("all", "all", "newest"),
)
_HELD: Final = TURNS[2]
_SETTLED: Final = Turn("settled", "", "")
"""What is held no longer because somebody settled it by hand: behind what is held, by `f`."""
_EVERYWHERE: Final = TURNS[3]
_OTHER_ORDER: Final = {"oldest": "newest", "newest": "oldest"}
HELD_ACTIONS: Final = ("ignore", "details", "copy")
ROW_ACTIONS: Final = ("associate", "disassociate", "ignore", "details", "copy")
_BY_THE_LEDGER: Final = frozenset(
    {"associate", "disassociate", "ignore", "restore", "reassign", "refund", "reverse"}
)


class PaymentsList(ListScreen):
    """Opens on what waits, oldest first, with its candidates in the same answer; the subclass acts on a row."""

    HEADING = "Payments"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE_CELLS, "-wide")]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._turn = TURNS[0]
        self._is_turned = False
        self._may_see_held = True
        self._under_way: set[str] = set()

    def compose_body(self) -> ComposeResult:
        """The search box, the list, the candidates of its highlighted row."""
        yield SearchBox("account, phone, code or amount", id="search")
        with Container(id="payments-body"):
            yield VirtualList(
                payment_columns(self.desk),
                lambda one: one.id,
                empty="No payment waits here.",
                explain=sentence_of,
                page_limit=PAGE_ROWS,
                id="payments",
            )
            yield VirtualList(
                held_columns(self.desk),
                lambda one: one.id,
                empty="Nothing is held.",
                explain=sentence_of,
                id="held",
            )
            yield CandidatePanel(panel_id="candidates")

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def rows(self) -> VirtualList[Payment]:
        """The payments."""
        return self.query_one("#payments", VirtualList)

    @property
    def held(self) -> VirtualList[CallbackEvent]:
        """What is held."""
        return self.query_one("#held", VirtualList)

    @property
    def panel(self) -> CandidatePanel:
        """The candidates."""
        return self.query_one("#candidates", CandidatePanel)

    def on_mount(self) -> None:
        """The payments are in sight."""
        self.held.display = False

    @property
    def is_on_held(self) -> bool:
        """Whether what was kept apart is in sight, held or settled."""
        return self._turn in {_HELD, _SETTLED}

    @property
    def is_on_settled(self) -> bool:
        """Whether what was settled by hand is in sight."""
        return self._turn is _SETTLED

    # ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────

    def take_argument(self, argument: str) -> None:
        """`unassociated`, `associated`, `held`, `all` or `settled` (any beginning), the rest is searched for.

        What is in sight already keeps its row.
        """
        side, sought = named_side((*TURNS, _SETTLED), argument)
        if self._is_visited and side is self._turn and sought == self.search.text:
            self.reload()
            return
        self._turn = side or self._turn
        self._is_visited = True
        self.search.set_text(sought)
        self._show_turn()
        if self.is_on_held:
            # What settles in the box asks for payments alone.
            self.ask()

    def ask(self) -> None:
        """A new question. A search looks in every state: "I paid, where is it?" is one search."""
        text = self.search.text.strip()
        if self.is_on_held:
            state = CallbackState.IGNORED if self._turn is _SETTLED else None
            self.held.empty = "Nothing was settled by hand." if state else "Nothing is held."
            self.held.set_source(
                LedgerSource(partial(self.ledger.callback_events, state=state), anchored=False)
            )
            self._narrow_held()
        else:
            turn = _EVERYWHERE if text else self._turn
            self.rows.set_columns(payment_columns(self.desk, state=turn.state))
            question = partial(
                self.ledger.payments,
                q=text,
                state=turn.state,
                sort=_OTHER_ORDER[turn.sort] if self._is_turned else turn.sort,
                branch=self.desk.branch_filter,
                include_candidates=turn.name != "associated",
            )
            self.rows.set_source(LedgerSource(question, key=day_key(self.desk.today)))
        self._show_note()

    def _narrow_held(self) -> None:
        """By what stands in the box: the ledger does not search what is held, and a new page comes whole."""
        if self.is_on_held:
            text = self.search.text.strip()
            self.held.local_filter(held_fits(text) if text else None)

    def reload(self) -> None:
        """The seen list alone: one request."""
        self.shown.reload()

    @on(SearchBox.Changed)
    def _narrow(self, message: SearchBox.Changed) -> None:
        text = message.text.strip()
        if self.is_on_held:
            self._narrow_held()
        else:
            self.rows.local_filter(payment_fits(text) if text else None)

    def search_settled(self) -> None:
        """What is held is narrowed here: the ledger does not search it."""
        if not self.is_on_held:
            self.ask()

    @on(VirtualList.Loaded)
    def _loaded(self) -> None:
        self._show_note()
        self.show_figures()
        self._narrow_held()

    @on(VirtualList.Failed)
    def _page_failed(self, message: VirtualList.Failed) -> None:
        if message.list is self.held and isinstance(message.error, Refused):
            self._may_see_held = message.error.code != Codes.FORBIDDEN
            if not self._may_see_held and self.is_on_held:
                self._turn = _EVERYWHERE
                # Who types in the search box goes on typing there.
                self._show_turn(takes_keys=self.focused is self.held)
                self.ask()

    def why_failed(self, message: VirtualList.Failed) -> str:
        """What is held may be for others to see: the list has turned on, and there is nothing to try again."""
        if message.list is self.held and not self._may_see_held:
            return "what is held is for a supervisor to see. These are all payments."
        return super().why_failed(message)

    @on(VirtualList.Highlighted)
    def _highlighted(self, message: VirtualList.Highlighted) -> None:
        if message.list is self.rows:
            self.panel.show(message.item)
        self._show_note()

    @on(VirtualList.Grown)
    def _show_note(self) -> None:
        """Which side, how many, how much where all of them are here, since when."""
        rows = self.shown
        text = self.search.text.strip()
        parts = [f"“{text}” everywhere" if text and rows is self.rows else self._turn.name]
        if self.desk.chosen_branch is not None:
            parts.append(self.desk.chosen_branch.code)
        parts.append(rows.position)
        if rows is self.rows and rows.items:
            every = self.rows.items
            if len(every) == rows.count:
                parts.append(total_in(sum(one.amount_minor for one in every), every[0].currency))
            oldest_first = self._turn is TURNS[0] and not self._is_turned
            if oldest_first and not text and self.rows.cursor.window.base == 0:
                parts.append(f"oldest {age(every[0].paid_at, self.desk.now())}")
        self.heading.show(note="  ".join(part for part in parts if part))

    # ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """The ledger said which actions there are; the client knows no rule."""
        if action_id == "filter" and not self.is_on_held:
            return "[f] shows what was settled of what is held: turn there by [t] first."
        if action_id not in {*ROW_ACTIONS, *_BY_THE_LEDGER, "candidate", "menu"}:
            return None
        if self.is_on_held:
            return self._why_not_held(action_id)
        one = self.rows.highlighted
        if one is None:
            return "No payment is highlighted."
        if action_id == "ignore" and one.state is PaymentState.IGNORED:
            action_id = "restore"
        if action_id in _BY_THE_LEDGER:
            if one.id in self._under_way:
                return "This payment is being changed; wait for the answer."
            if not one.allows(action_id) and approval_for(one, action_id) is None:
                refused = one.refused.get(action_id)
                return (
                    refused.message
                    if refused
                    else f"This payment is {one.state.value}: nothing to {action_id}."
                )
        if action_id == "candidate" and not self.panel.candidates:
            return "There is no candidate to choose. [a] finds the customer."
        if action_id == "copy" and not one.code:
            return "This payment has no code."
        return None

    def _why_not_held(self, action_id: str) -> str | None:
        """What is held is closed once it is settled, and opened again; everything else is a payment's."""
        if action_id not in {*HELD_ACTIONS, "menu"}:
            return "What is held is no payment. [g] closes it once it is settled by hand."
        one = self.held.highlighted
        if one is None:
            return "Nothing is highlighted."
        if action_id == "copy" and not one.code:
            return "This has no code."
        if action_id != "ignore":
            return None
        if one.id in self._under_way:
            return "This is being changed; wait for the answer."
        action_id = "restore" if one.state is CallbackState.IGNORED else "ignore"
        refused = one.refused.get(action_id)
        return None if one.allows(action_id) else refused.message if refused else "This cannot be done now."

    def action_candidate(self) -> None:
        """`tab`."""
        self.panel.step()

    def action_turn(self) -> None:
        """`t`: the next side of the list; what the ledger does not show to this user is left out."""
        following = next_side(TURNS, _HELD if self.is_on_held else self._turn)
        if following is _HELD and not self._may_see_held:
            following = _EVERYWHERE
        self._turn, self._is_turned = following, False
        self._show_turn()
        self.ask()

    def action_filter(self) -> None:
        """`f`, on what is held: what was settled by hand, and back."""
        self._turn = _HELD if self._turn is _SETTLED else _SETTLED
        self._show_turn()
        self.ask()

    def action_sort(self) -> None:
        """`z`: the oldest first, or the newest."""
        self._is_turned = not self._is_turned
        self.ask()
        order = _OTHER_ORDER[self._turn.sort] if self._is_turned else self._turn.sort
        self.say(f"Sorted by date paid, the {order} first.")

    def _show_turn(self, *, takes_keys: bool = True) -> None:
        is_held = self.is_on_held
        self.held.display = is_held
        self.rows.display = self.panel.display = not is_held
        if takes_keys:
            self.shown.focus()
        self.refresh_actions()

    def action_details(self) -> None:
        """`v`, or `enter` in the list."""
        self.shown.action_open()

    @on(VirtualList.Opened)
    def _opened(self, message: VirtualList.Opened) -> None:
        if message.list is self.held:
            self.app.push_screen(MessageDialog("Held", as_lines(held_lines(message.item, self.desk))))
        else:
            self.app.push_screen(MessageDialog("Payment", as_lines(payment_lines(message.item, self.desk))))

    def action_copy(self) -> None:
        """`c`: the code, and nothing that is not one (TTY-3)."""
        one: Payment | CallbackEvent | None = self.shown.highlighted
        code = one.code if one is not None else None
        if not code or not _CODE.fullmatch(code):
            self.say_refusal("There is no code to copy.")
            return
        if self.desk.settings.clipboard:
            self.app.copy_to_clipboard(code)
            self.say(f"Copied {code}.")
        else:
            self.say(f"Code {code}. Copying is switched off here.")

    # ── what stands now ──────────────────────────────────────────────────────────────────────────────────────────

    def _show_changed(self, changed: Payment) -> None:
        """Out of a side it left, else in its row; the highlight goes on to the next that waits."""
        is_searching = bool(self.search.text.strip())
        leaves = self._turn.name in {"unassociated", "associated"} and changed.state.value != self._turn.name
        if leaves and not is_searching:
            self.rows.remove_row(changed.id)
        else:
            stood_on_it = self.rows.highlighted is not None and self.rows.highlighted.id == changed.id
            self.rows.replace(changed)
            if stood_on_it and changed.state is PaymentState.ASSOCIATED:
                self._highlight_next_waiting(changed.id)
        self._show_note()

    def _highlight_next_waiting(self, after_id: str) -> None:
        """Below first, then from the top; where nothing waits the highlight stays."""
        items = self.rows.items
        at = next((place for place, one in enumerate(items) if one.id == after_id), 0)
        for one in (*items[at + 1 :], *items[:at]):
            if one.state is PaymentState.UNASSOCIATED:
                self.rows.highlight(one.id)
                return

    def _show_current(self, current: Payment) -> None:
        """Someone was first: what stands now takes the row's place."""
        self.rows.replace(current)

    @on(events.ScreenResume)
    def _list_takes_keys(self) -> None:
        if self.focused is None:
            self.shown.focus()
