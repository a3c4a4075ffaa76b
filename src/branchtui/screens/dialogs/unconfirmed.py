"""NOT CONFIRMED: the dialog that cannot be mistaken for a failure (link, section 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

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
from branchtui.screens.desk import Desk

if TYPE_CHECKING:
    from branchtui.remote.intents import Pending

_COLOURS = {Verdict.RECORDED: "ansi_green", Verdict.REFUSED: "ansi_red", Verdict.NOT_RECORDED: "ansi_yellow"}


class UnconfirmedDialog(ModalScreen[None]):
    """Follows one change in doubt to its end. It can be checked and parked; it can never be sent again.

    Leaving it (`esc`) settles nothing: the resolver goes on, the status line counts it, Activity shows it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "check_now", "Check now"),
        Binding("2", "park", "Park for supervisor"),
        Binding("escape", "leave", "Leave open"),
        Binding("enter", "acknowledge", "Seen", show=False),
    ]

    def __init__(self, desk: Desk, intent: Pending) -> None:
        super().__init__()
        self._desk = desk
        self._intent = intent
        self._settlement: Settlement | None = None
        self._stop: Callable[[], None] = lambda: None
        self._title = Static(Content(""), classes="dialog-title")
        self._body = Static(Content(""), classes="dialog-lines")
        self._state = Static(Content(""), classes="dialog-effect")
        self._keys = Static(Content(""), classes="dialog-keys")

    def compose(self) -> ComposeResult:
        """Title, what is known, what is being done, keys."""
        with Vertical(classes="dialog", id="unconfirmed"):
            yield self._title
            yield self._body
            yield self._state
            yield self._keys

    def on_mount(self) -> None:
        """Follow the resolver from now on, and show what it said before."""
        resolver = self._desk.ledger.resolver
        self._stop = resolver.listen(self._told)
        self._title.update(
            Content(safe_text(f"UNKNOWN: NOT CONFIRMED – {self._intent.summary}")).stylize("bold ansi_yellow")
        )
        sent = show_seconds(self._intent.created_at, self._desk.zone)
        self._body.update(
            Content(
                "We do not know yet whether the ledger recorded it.\n"
                "Do NOT enter it again.  Do NOT hand over cash or a receipt.\n"
                f"Ref {self._intent.reference}    sent {sent}"
            )
        )
        self._keys.update(Content("[1] check now   [2] park for supervisor   [esc] go on working"))
        if self._intent in resolver.settled_unseen:
            is_applied = self._intent.state is IntentState.APPLIED
            verdict = Verdict.RECORDED if is_applied else Verdict.NOT_RECORDED
            # Settled while nobody looked: the journal keeps the end of it, and not when.
            self._end(Settlement(self._intent, verdict, self._intent.created_at))
            self._state.update(Content(""))
            return
        self._told(resolver.progress_of(self._intent.key) or Progress(self._intent, Phase.CHECKING))

    def on_unmount(self) -> None:
        """Follow no more."""
        self._stop()

    def _told(self, progress: Progress) -> None:
        if progress.intent.key != self._intent.key:
            return
        if progress.settlement is not None:
            self._end(progress.settlement)
            return
        seconds = progress.next_in_seconds
        words = {
            Phase.CHECKING: "checking…",
            Phase.WAITING: f"next check in {seconds:.0f} s" if seconds else "next check soon",
            Phase.SIGNED_OUT: "waits until you are signed in again",
            Phase.PARKED: "parked for a supervisor",
        }
        self._state.update(Content(words.get(progress.phase, "")))

    def _end(self, settlement: Settlement) -> None:
        self._settlement = settlement
        heading = {
            Verdict.RECORDED: "RECORDED",
            Verdict.REFUSED: "REFUSED",
            Verdict.NOT_RECORDED: "NOT RECORDED",
        }[settlement.verdict]
        self._title.update(Content(heading).stylize(f"bold {_COLOURS[settlement.verdict]}"))
        self._body.update(Content(safe_text(settlement.sentence)))
        at = show_seconds(settlement.settled_at, self._desk.zone)
        self._state.update(Content(f"settled at {at}"))
        self._keys.update(Content("[enter] seen"))

    def action_check_now(self) -> None:
        """Ask the ledger at once."""
        if self._settlement is None:
            self._desk.ledger.resolver.check_now(self._intent.key)

    def action_park(self) -> None:
        """Leave it to a supervisor: it blocks no other work."""
        if self._settlement is None:
            self._desk.ledger.resolver.park(self._intent.key)

    def action_acknowledge(self) -> None:
        """`enter` does nothing while it is unknown; once it is settled, the end was seen (OUT-4)."""
        if self._settlement is not None:
            self._desk.ledger.resolver.acknowledge(self._intent.key)
            self.dismiss(None)

    def action_leave(self) -> None:
        """Go on working; settled, it counts as seen."""
        if self._settlement is not None:
            self.action_acknowledge()
        else:
            self.dismiss(None)
