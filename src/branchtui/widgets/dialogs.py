"""Dialogs only ask; what follows belongs to the screen that asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from branchtui.format.cells import cell_width, cut, pad, wrapped
from branchtui.format.safe_text import safe_text
from branchtui.format.scripts import with_script_mark
from branchtui.widgets.actions import Choice
from branchtui.widgets.line_input import LineInput

Lines = Sequence[tuple[str, str]]
MENU_MARKS: Final = "123456789abcdefghilnopqrstuvwxyz"
"""What chooses a line of a menu: digits, then letters; `j` and `k` move, `m` opened the menu."""
DIALOG_CELLS: Final = 46
"""Inside the border of a dialog that asks (`styles/widgets.tcss`): what it hides has to be painted again."""
_TITLE_ROWS: Final = 3
_REASON_MAX: Final = 200
_YES: Final = "[y] yes"
_ENTER: Final = "[enter] go on   [esc] leave"
_REST: Final = "[y] the rest"
_GO_ON: Final = "[enter] go on"
LOST: Final = "What you typed is not saved and will be lost."
Answer = TypeVar("Answer")


def restated(lines: Lines, cells: int = DIALOG_CELLS) -> Content:
    """(label, value) pairs as aligned rows of `cells`; a value that mixes look-alike scripts is marked (TTY-4)."""
    width = max((cell_width(safe_text(label)) for label, _ in lines), default=0)
    rows = []
    for label, value in lines:
        first, *rest = wrapped(with_script_mark(safe_text(value)), max(1, cells - width - 2))
        rows.append(f"{pad(safe_text(label), width)}  {first}")
        rows += [f"{'':{width}}  {more}" for more in rest]
    return Content("\n".join(rows))


class TallDialog(ModalScreen[Answer]):
    """A dialog that may be taller than the terminal: the line of its keys stays in sight and says what they do now."""

    def __init__(self, keys: str) -> None:
        super().__init__()
        self._keys = Static(Content(keys), classes="dialog-keys")
        self._line = self._says = keys

    def on_mount(self) -> None:
        """Follow what is in sight."""
        for changes in ("scroll_y", "virtual_size"):
            self.watch(self.box, changes, self._moved, init=False)

    def on_resize(self) -> None:
        """What is in sight is another part now."""
        self._moved()

    @property
    def box(self) -> Vertical:
        """What scrolls."""
        return self.query_one(".dialog", Vertical)

    @property
    def has_rest(self) -> bool:
        """Whether a part is below the edge still."""
        return self.box.scroll_offset.y < self.box.max_scroll_y

    def keys_now(self) -> str:
        """The line of the keys as it is meant now; a dialog whose keys do something else with a rest overrides it."""
        return self._line

    def answers_with(self, keys: str) -> None:
        """Another line of the keys."""
        self._line = keys
        self._name_keys()

    def page(self, by: int) -> None:
        """Scroll by as much as is in sight: one row for the keys, which stay, and one that was there before."""
        self.box.scroll_to(y=self.box.scroll_offset.y + by * max(1, self.box.size.height - 2), animate=False)

    def _moved(self) -> None:
        # Its sizes come one after the other: only when all have is it known what is in sight.
        self.call_after_refresh(self._name_keys)

    def _name_keys(self) -> None:
        says = self.keys_now()
        if says != self._says:
            self._says = says
            self._keys.update(Content(says))


class Confirmation(TallDialog[Answer]):
    """What is confirmed with `y` once all of it was in sight.

    Where the terminal is too low for the dialog, the first `y` shows the rest: nobody confirms what is below the edge.
    """

    is_confirmation: ClassVar[bool] = True
    """A key gate stops its replay here: no money moves by a key typed before this was on the screen."""

    def keys_now(self) -> str:
        """`y` says which of the two it does."""
        return self._line.replace(_YES, _REST, 1) if self.has_rest else self._line

    def shows_rest(self) -> bool:
        """Scroll to what was not in sight yet; False when all of the dialog was."""
        if self.has_rest:
            self.page(1)
            return True
        return False


class ConfirmDialog(Confirmation[bool]):
    """Restates customer, account, amount and effect; `y` confirms, `esc` cancels, `enter` does nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "confirm", "Yes"),
        Binding("escape", "refuse", "No"),
        Binding("enter", "nothing", "Nothing", show=False),
    ]

    def __init__(self, title: str, lines: Lines, *, effect: str = "") -> None:
        super().__init__(f"{_YES}   [esc] no")
        self._heading = title
        self._lines = list(lines)
        self._effect = effect

    def compose(self) -> ComposeResult:
        """Heading, rows, effect, keys."""
        with Vertical(classes="dialog"):
            yield Static(Content(safe_text(self._heading)), classes="dialog-title")
            if self._lines:
                yield Static(restated(self._lines), classes="dialog-lines")
            if self._effect:
                yield Static(Content(safe_text(self._effect)), classes="dialog-effect")
            yield self._keys

    def action_confirm(self) -> None:
        """`y`; where the terminal is too low for all of it, the first ones show the rest."""
        if not self.shows_rest():
            self.dismiss(True)

    def action_refuse(self) -> None:
        """`esc`."""
        self.dismiss(False)

    def action_nothing(self) -> None:
        """`enter` does nothing, by rule."""


class ReasonDialog(Confirmation[str | None]):
    """A reason ends with `enter`, then `y`; `esc` goes back a step."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "confirm", "Yes"),
        Binding("escape", "back", "Back"),
    ]

    def __init__(self, title: str, lines: Lines = (), *, label: str = "Reason") -> None:
        super().__init__(_ENTER)
        self._heading = title
        self._lines = list(lines)
        self._label = label
        self._is_entered = False
        self._input = LineInput(placeholder="why", max_length=_REASON_MAX)

    def compose(self) -> ComposeResult:
        """Heading, rows, the line, keys."""
        with Vertical(classes="dialog"):
            yield Static(Content(safe_text(self._heading)), classes="dialog-title")
            if self._lines:
                yield Static(restated(self._lines), classes="dialog-lines")
            yield Static(Content(f"{safe_text(self._label)} *"), classes="dialog-label")
            yield self._input
            yield self._keys

    def on_mount(self) -> None:
        """The line takes the keys."""
        self._input.focus()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value.strip():
            self.answers_with(f"{safe_text(self._label)} is missing.   [esc] leave")
            return
        self._is_entered = True
        self.set_focus(None)
        # The line had scrolled to itself; what is confirmed is read from its beginning.
        self.box.scroll_home(animate=False)
        self.answers_with(f"{_YES}   [esc] change it")

    @on(LineInput.LeftOut)
    def _left_out(self, event: LineInput.LeftOut) -> None:
        event.stop()
        self.answers_with(f"At most {_REASON_MAX} characters, the rest is left out.   {_GO_ON}")

    @property
    def is_dirty(self) -> bool:
        """True when something was typed that would be lost."""
        return bool(self._input.value.strip())

    def back_to_line(self) -> None:
        """What was entered has to be entered again, and confirmed after it: who comes back reads it first."""
        self._is_entered = False
        self.answers_with(_ENTER)
        self._input.focus()

    def action_confirm(self) -> None:
        """`y`, once the reason was entered."""
        if self._is_entered and not self.shows_rest():
            self.dismiss(self._input.value.strip())

    def action_back(self) -> None:
        """`esc`: back to the line, then out; a reason that would be lost is asked about."""
        if self._is_entered:
            self.back_to_line()
        elif self.is_dirty:
            self.app.push_screen(ConfirmDialog("Leave this question?", [], effect=LOST), self._left)
        else:
            self.dismiss(None)

    def _left(self, leave: bool | None) -> None:
        if leave:
            self.dismiss(None)


class MenuDialog(ModalScreen[str | None]):
    """Everything that may be done to a row, numbered: a digit acts at once, a refused one says why."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("down,j", "step(1)", "Next", show=False),
        Binding("up,k", "step(-1)", "Before", show=False),
        Binding("enter", "take", "Do it", show=False),
    ]

    def __init__(self, title: str, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._heading = title
        self._choices = list(choices)[: len(MENU_MARKS)]
        self._at = 0
        self._rows = Static(Content(""), classes="dialog-lines")
        self._reason = Static(Content(""), classes="dialog-effect")

    def compose(self) -> ComposeResult:
        """Heading, numbered lines, the reason of a refused one, keys."""
        with Vertical(classes="dialog"):
            # However long a name is, what may be done stays in sight.
            title = cut(safe_text(self._heading), _TITLE_ROWS * DIALOG_CELLS)
            yield Static(Content(title), classes="dialog-title")
            yield self._rows
            yield self._reason
            yield Static(Content("[number] do it   [esc] back"), classes="dialog-keys")

    def on_mount(self) -> None:
        """Show the lines."""
        self._paint()

    def on_key(self, event: events.Key) -> None:
        """A number or letter takes its line."""
        if event.character is not None and event.character in MENU_MARKS[: len(self._choices)]:
            event.stop()
            event.prevent_default()
            self._at = MENU_MARKS.index(event.character)
            self.action_take()

    def action_step(self, by: int) -> None:
        """Move the arrow."""
        if self._choices:
            self._at = min(max(0, self._at + by), len(self._choices) - 1)
            self._reason.update(Content(""))
            self._paint()

    def action_take(self) -> None:
        """Take the line under the arrow, or say why not."""
        if not self._choices:
            return
        choice = self._choices[self._at]
        if choice.refusal is None:
            self.dismiss(choice.action.id)
            return
        self._paint()
        self._reason.update(Content(safe_text(choice.refusal)))
        # Below the lines it may be out of sight on a low terminal.
        self.call_after_refresh(self.query_one(".dialog", Vertical).scroll_end, animate=False)

    def action_leave(self) -> None:
        """`esc` goes back to the row."""
        self.dismiss(None)

    def _paint(self) -> None:
        if not self._choices:
            self._rows.update(Content("There is nothing to do here."))
            return
        rows = []
        for at, (mark, choice) in enumerate(zip(MENU_MARKS, self._choices, strict=False)):
            arrow = ">" if at == self._at else " "
            label = safe_text(choice.action.label)
            if choice.refusal is None:
                rows.append(Content(f"{arrow}{mark} {label}"))
            else:
                rows.append(Content(f"{arrow}- {label} (not now)").stylize("dim"))
        self._rows.update(Content("\n").join(rows))
        box = self.query_one(".dialog", Vertical)
        if box.max_scroll_y:
            # On a low terminal the arrow stays in sight, with a line on either side.
            line = self._rows.virtual_region.y + self._at
            top = min(max(box.scroll_offset.y, line + 2 - box.size.height), max(0, line - 1))
            box.scroll_to(y=top, animate=False)


class MessageDialog(TallDialog[None]):
    """Something to read; `enter` or `esc` goes on, the arrows and `pgdn` show the rest."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,escape", "leave", "Go on"),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
    ]

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        super().__init__(_GO_ON)
        self._heading = title
        self._lines = list(lines)

    def compose(self) -> ComposeResult:
        """Heading, text, keys."""
        with Vertical(classes="dialog"):
            yield Static(Content(safe_text(self._heading)), classes="dialog-title")
            yield Static(self.text(), classes="dialog-lines")
            yield self._keys

    def text(self) -> Content:
        """What there is to read."""
        return Content("\n".join(safe_text(line) for line in self._lines))

    def keys_now(self) -> str:
        """More, where there is more above or below."""
        return f"{self._line}   [↑ ↓] more" if self.box.max_scroll_y else self._line

    def action_move(self, by: int) -> None:
        """A row."""
        self.box.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        """As much as is in sight."""
        self.page(by)

    def action_leave(self) -> None:
        """Go on."""
        self.dismiss(None)
