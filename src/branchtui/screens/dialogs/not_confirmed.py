"""NOT CONFIRMED: the dialog that cannot be mistaken for a failure (link, section 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from branchtui.format.dates import show_seconds
from branchtui.format.safe_text import safe_text
from branchtui.remote.intents import IntentState
from branchtui.remote.resolver import Phase, Progress, Settlement, Verdict

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from branchtui.remote.intents import Pending
    from branchtui.screens.desk import Desk
    from branchtui.widgets.status_line import Level

NOT_KNOWN: Final = (
    "We do not know yet whether the ledger recorded it.\n"
    "Do NOT enter it again.  Do NOT hand over cash or a receipt."
)
KEYS: Final = "[1] check now   [2] park for supervisor   [esc] go on working"
_HEADINGS: Final = {
    Verdict.RECORDED: ("RECORDED", "ansi_green"),
    Verdict.REFUSED: ("REFUSED", "ansi_red"),
    Verdict.NOT_RECORDED: ("NOT RECORDED", "ansi_yellow"),
}


def settled_words(settlement: Settlement, zone: ZoneInfo) -> tuple[str, Level]:
    """How a doubt ended, in words that cannot be mistaken for another end. One of them alone allows re-entry."""
    intent = settlement.intent
    what = f"{intent.summary}, ref {intent.reference}"
    if settlement.verdict is Verdict.RECORDED:
        operation = settlement.operation
        at = (
            operation.completed_at
            if operation is not None and operation.completed_at
            else settlement.settled_at
        )
        return f"recorded at {show_seconds(at, zone)} (confirmed late): {what}.", "done"
    if settlement.verdict is Verdict.REFUSED:
        why = (settlement.code or "no reason given").replace("-", " ")
        return f"The ledger refused it ({why}); nothing was recorded: {what}.", "error"
    return f"NOT recorded. You can enter it again. {what}.", "warning"


def settled_unseen_words(intent: Pending) -> str:
    """The end of what was settled while nobody looked: the journal keeps the end, and not when it came."""
    what = f"{intent.summary}, ref {intent.reference}"
    if intent.state is IntentState.APPLIED:
        return f"recorded (confirmed late): {what}."
    return f"NOT recorded. You can enter it again. {what}."


class NotConfirmedDialog(ModalScreen[None]):
    """Follows one change in doubt to its end. It can be checked and parked; it can never be sent again.

    Leaving it (`esc`) settles nothing: the resolver goes on, the status line counts it, Activity shows it.
    """

    is_confirmation: ClassVar[bool] = True
    """No key that was typed before it was read parks it, leaves it or counts as seen."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "check_now", "Check now"),
        Binding("2", "park", "Park for supervisor"),
        Binding("escape", "leave", "Go on working"),
        Binding("enter", "acknowledge", "Seen", show=False),
        # What is in doubt is left by its own keys alone.
        Binding("ctrl+q", "leave", "Go on working", show=False, priority=True),
    ]

    def __init__(self, desk: Desk, intent: Pending) -> None:
        super().__init__()
        self._desk = desk
        self.intent = intent
        self._is_settled = False
        self._stop: Callable[[], None] = lambda: None
        self._title = Static(Content(""), classes="dialog-title")
        self._body = Static(Content(""), classes="dialog-lines")
        self._state = Static(Content(""), id="not-confirmed-state")
        self._keys = Static(Content(""), classes="dialog-keys")

    def compose(self) -> ComposeResult:
        """Title, what is known, what is being done, keys."""
        with Vertical(classes="dialog", id="not-confirmed"):
            yield self._title
            yield self._body
            yield self._state
            yield self._keys

    def on_mount(self) -> None:
        """Follow the resolver from now on, and show what it said before."""
        resolver = self._desk.ledger.resolver
        self._stop = resolver.listen(self._told)
        told = resolver.progress_of(self.intent.key)
        settled = next((one for one in resolver.settled_unseen if one.key == self.intent.key), None)
        if settled is not None and (told is None or told.settlement is None):
            is_applied = settled.state is IntentState.APPLIED
            verdict = Verdict.RECORDED if is_applied else Verdict.NOT_RECORDED
            self._show_end(verdict, settled_unseen_words(settled))
            return
        title = f"UNKNOWN  –  NOT CONFIRMED  –  {safe_text(self.intent.summary)}"
        self._title.update(Content(title).stylize("bold ansi_yellow"))
        self._body.update(Content(NOT_KNOWN))
        self._keys.update(Content(KEYS))
        self._told(told or Progress(self.intent, Phase.CHECKING))

    def on_unmount(self) -> None:
        """Follow no more."""
        self._stop()

    def _told(self, progress: Progress) -> None:
        if progress.intent.key != self.intent.key or self._is_settled:
            return
        if progress.settlement is not None:
            words, _ = settled_words(progress.settlement, self._desk.zone)
            self._show_end(progress.settlement.verdict, words)
            return
        sent = show_seconds(self.intent.created_at, self._desk.zone)
        self._state.update(
            Content(f"Ref  {safe_text(self.intent.reference)}    sent {sent}    {_doing(progress)}")
        )

    def _show_end(self, verdict: Verdict, words: str) -> None:
        self._is_settled = True
        heading, colour = _HEADINGS[verdict]
        self._title.update(Content(heading).stylize(f"bold {colour}"))
        self._body.update(Content(safe_text(words)))
        self._state.update(Content(""))
        self._keys.update(Content("[enter] seen"))

    def action_check_now(self) -> None:
        """Ask the ledger at once."""
        if not self._is_settled:
            self._desk.ledger.resolver.check_now(self.intent.key)

    def action_park(self) -> None:
        """Leave it to a supervisor: it blocks no other work, and stays counted."""
        if not self._is_settled:
            self._desk.ledger.resolver.park(self.intent.key)

    def action_acknowledge(self) -> None:
        """`enter` does nothing while it is unknown; once it is settled, the end was seen (OUT-4)."""
        if self._is_settled:
            self._desk.ledger.resolver.acknowledge(self.intent.key)
            self.dismiss(None)

    def action_leave(self) -> None:
        """Go on working; settled, it counts as seen."""
        if self._is_settled:
            self.action_acknowledge()
        else:
            self.dismiss(None)


def _doing(progress: Progress) -> str:
    if progress.phase is Phase.WAITING:
        seconds = max(1, round(progress.next_in_seconds or 0))
        return f"checking… next in {seconds} s"
    return {
        Phase.SIGNED_OUT: "waits until you are signed in again",
        Phase.PARKED: "parked for a supervisor; [1] checks again",
    }.get(progress.phase, "checking…")
