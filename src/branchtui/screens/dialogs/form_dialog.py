"""A form over a screen. It collects and shows; the screen that opened it does the change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from branchtui.format.safe_text import safe_text
from branchtui.screens.keyed import made_of
from branchtui.widgets.fields import Field
from branchtui.widgets.form import Form
from branchtui.widgets.status_line import Level, StatusLine

_IN_DOUBT = (
    "It is not confirmed yet. Do NOT enter it again. [esc] leaves the form; what was sent stays counted."
)


@dataclass(frozen=True)
class EntryMode:
    """`n` is entry mode: after a save the next empty form opens, with the fields in `keep` as they were."""

    keep: tuple[str, ...]
    total: Callable[[int], str]
    """Words for the sum of the amounts so far, given in minor units."""


_SAVE_KEYS = "[ctrl+s] save   [esc] cancel"
_ENTRY_KEYS = "[ctrl+s] save   [ctrl+d] as before   [esc] cancel"
_AROUND_ROWS = 6
"""Frame, title, a blank row, a sentence, keys."""
_LINE_DOWN = "The ledger does not answer now. What you type is kept; save it when it answers again."
_LINE_BACK = "The ledger answers again: ctrl+s saves."


class FormDialog(ModalScreen[None]):
    """`submit` is called with this dialog and the wire values; it starts the worker that saves.

    The worker then calls `saved` (closes, or opens the next in entry mode) or leaves it open: what was
    typed stays until the ledger confirmed it.
    """

    def __init__(
        self,
        title: str,
        fields: Iterable[Field],
        submit: Callable[[FormDialog, dict[str, str]], object],
        *,
        entry: EntryMode | None = None,
        keys: str = "",
        at_first: bool = False,
        is_long: bool = False,
    ) -> None:
        super().__init__()
        self._is_long = is_long
        self._heading = title
        self._submit = submit
        self._entry = entry
        # Only where one record follows the other is there one before.
        self._keys = keys or (_ENTRY_KEYS if entry else _SAVE_KEYS)
        self._at_first = at_first
        self._is_sending = False
        self._is_over = False
        self._saved_count = 0
        self._saved_minor = 0
        self.form = Form(*fields)

    def compose(self) -> ComposeResult:
        """Title, form, what happened, keys."""
        with Vertical(classes="dialog form-dialog"):
            yield Static(Content(safe_text(self._heading)), classes="dialog-title")
            yield self.form
            yield StatusLine(id="said")
            yield Static(Content(self._keys), classes="dialog-keys")

    def on_mount(self) -> None:
        """The first empty field takes the keys; `at_first` says the first of all: a form that is full already."""
        if self._at_first:
            self.form.fields[0].focus()
        else:
            self.form.start()

    def on_resize(self, event: events.Resize) -> None:
        """Of a form longer than a terminal the fields alone scroll: title, sentence and keys stay in sight."""
        if self._is_long:
            self.form.styles.max_height = max(3, event.size.height - _AROUND_ROWS)

    def say(self, text: str, level: Level = "info") -> None:
        """Put a sentence under the form."""
        if self.is_attached:
            self.query_one("#said", StatusLine).say(text, level)

    @on(Form.Submitted)
    def _submitted(self, message: Form.Submitted) -> None:
        # A second enter while the first is under way must not be a second record.
        if self.form.in_doubt:
            self.say(_IN_DOUBT, "unknown")
        elif not self._is_sending:
            self._is_sending = True
            said = self.query_one("#said", StatusLine)
            if said.level in {"error", "warning"}:
                # What is said now is of what is sent now.
                said.say("")
            made_of(self, lambda: self._submit(self, message.values))

    @on(Form.Cancelled)
    def _cancelled(self) -> None:
        if self._is_sending:
            self.say("It is being sent. Wait for the answer.", "warning")
        else:
            self.dismiss(None)

    def settled(self) -> None:
        """The answer is in and it was no: the form may be sent again."""
        self._is_sending = False

    def saved(self, said: str, amount_minor: int = 0) -> None:
        """The ledger confirmed: the next empty form in entry mode, else back to the screen."""
        self._is_sending = False
        if not self.is_attached:
            return
        if self._entry is None:
            self._leave()
            return
        self._saved_count += 1
        self._saved_minor += amount_minor
        self.form.mark_saved()
        self.form.clear(self._entry.keep)
        self.form.start()
        total = self._entry.total(self._saved_minor)
        self.say(f"{self._saved_count} so far, {total}. {said}", "done")

    def line_turned(self, *, is_up: bool) -> None:
        """The line went or came back while somebody types; what is being sent has its own words."""
        if not self._is_sending and not self.form.in_doubt:
            self.say(_LINE_BACK if is_up else _LINE_DOWN, "info" if is_up else "warning")

    def doubt_ended(self, said: str, level: Level, *, is_recorded: bool, amount_minor: int = 0) -> None:
        """What was sent and not confirmed has ended: recorded it counts as saved, else it may be sent again."""
        self.form.in_doubt = ""
        if is_recorded:
            self.saved(said, amount_minor)
        else:
            self.say(said, level)

    def _leave(self) -> None:
        """Close, at once or when what stands on it has gone."""
        self._is_over = self.app.screen is not self
        if not self._is_over:
            self.dismiss(None)

    def refused(self, errors: Mapping[str, str]) -> list[str]:
        """Show sentences beside their fields; the ones that belong to none come back."""
        self.settled()
        return self.form.set_errors(errors)

    def on_screen_resume(self, _: events.ScreenResume) -> None:
        """Back from a question: the field that had the keys has them again."""
        if self._is_over:
            self.dismiss(None)
        elif self.focused is None:
            self.form.start()
