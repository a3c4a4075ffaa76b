"""What the ledger's own history has come to: it was rolled back, changed, or restored from a copy (AUD-3, T-31)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from branchtui.format.dates import show_seconds
from branchtui.format.safe_text import safe_text

if TYPE_CHECKING:
    from branchtui.remote.heads import Alarm
    from branchtui.remote.restored import Restored
    from branchtui.screens.desk import Desk

LISTED_MAX: Final = 8
STOP: Final = (
    "What this ledger shows may be wrong, and what was recorded may be missing from it.\n"
    "Stop: take no cash, hand out no cash and no receipt.\n"
    "Call your supervisor and the administrator, and read them the reference.\n"
    "Nothing is changed from here any more. Looking up goes on."
)


class LedgerNewsDialog(ModalScreen[None]):
    """A title, what it means, and one key to leave it: `esc`."""

    is_interruption: ClassVar[bool] = True
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Seen")]

    def __init__(self, title: str, body: str, keys: str, colour: str) -> None:
        super().__init__()
        self._title = Static(Content(title).stylize(f"bold {colour}"), classes="dialog-title")
        self._body = Static(Content(body), classes="dialog-lines")
        self._keys = Static(Content(keys), classes="dialog-keys")

    def compose(self) -> ComposeResult:
        """Title, body, key."""
        with Vertical(classes="dialog", id="ledger-news"):
            yield self._title
            yield self._body
            yield self._keys

    def action_leave(self) -> None:
        """`esc`."""
        self.dismiss(None)


class AlarmDialog(LedgerNewsDialog):
    """The ledger lost or changed what this terminal saw: stop, and whom to call."""

    def __init__(self, desk: Desk, alarm: Alarm) -> None:
        place = desk.branch_code(alarm.seen.branch_id) or safe_text(alarm.seen.branch_id)
        reference = (
            f"Reference  {place}  saw {alarm.seen.short}, stands at {alarm.stands.short}, "
            f"{show_seconds(alarm.at, desk.zone)}"
        )
        super().__init__(alarm.title.upper(), f"{STOP}\n{reference}", "[esc] go on looking up", "ansi_red")


class RestoredDialog(LedgerNewsDialog):
    """The ledger was restored from a copy: which of the own changes are not in it. Seen once it is left."""

    def __init__(self, desk: Desk, restored: Restored) -> None:
        self._desk = desk
        count, lost = restored.remembered, restored.lost
        lines = [
            "The ledger was restored from a copy.",
            f"Missing from it, of your {count:,} recorded changes of the last seven days: {len(lost):,}",
            "",
            *(
                f"{desk.time(one.created_at)}  {one.reference}  {safe_text(one.summary)}"
                for one in lost[:LISTED_MAX]
            ),
            *([f"and {len(lost) - LISTED_MAX:,} more"] if len(lost) > LISTED_MAX else []),
            "",
            "They did happen, and the ledger no longer knows them. Write the references",
            "down, and settle with your supervisor which of them are entered again.",
        ]
        super().__init__("THE LEDGER WAS RESTORED", "\n".join(lines), "[esc] seen", "ansi_yellow")

    def action_leave(self) -> None:
        """`esc`: it is not told again."""
        self._desk.ledger.acknowledge_restore()
        self.dismiss(None)
