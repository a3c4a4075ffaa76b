"""The keys of a screen, from the one declaration of its actions."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from branchtui.format.cells import pad
from branchtui.format.safe_text import safe_text
from branchtui.screens.places import fast_path_commands
from branchtui.widgets.actions import ActionTable

_IN_A_LIST: Final = (
    ("↑ ↓ j k", "move; pgup, pgdn, home, end"),
    ("enter", "open"),
    ("space", "mark; bulk actions are then for the marked rows"),
    ("' letters", "jump to the first row that begins so"),
)
_IN_A_FORM: Final = (
    ("enter tab", "next field; enter on the last field saves"),
    ("ctrl+s", "save from anywhere"),
    ("1 2 3", "choose in a field of choices; a letter does, too"),
    ("ctrl+d", "repeat the value of the record before"),
    ("esc", "cancel; asks when something was typed"),
)
_AND_EVERYWHERE: Final = (
    ("ctrl+g", "empty the keys typed ahead"),
    ("ctrl+z", "leave to the shell for a while; fg comes back"),
)
_KEY_CELLS: Final = 12


class HelpScreen(ModalScreen[None]):
    """Everything a key does here; arrows scroll, `esc` goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,enter", "leave", "Back"),
    ]

    def __init__(self, heading: str, actions: ActionTable) -> None:
        super().__init__()
        self._heading = heading
        self._actions = actions

    def compose(self) -> ComposeResult:
        """One scrolling page."""
        with VerticalScroll(id="help-page"):
            yield Static(Content("\n").join(self.lines()), id="help-text")
        yield Static(Content("[↑ ↓] scroll   [esc] back"), id="help-keys")

    def on_mount(self) -> None:
        """The page takes the keys."""
        self.query_one("#help-page").focus()

    def lines(self) -> list[Content]:
        """The text of the page, by groups in the order they were declared."""
        shown = [Content(safe_text(f"Help: {self._heading}")).stylize("bold")]
        groups: dict[str, list[tuple[str, str]]] = {}
        for action in self._actions:
            text = action.tooltip or action.label
            also = f" ({', '.join(action.also)})" if action.also else ""
            groups.setdefault(action.group, []).append((action.shown_key, text + also))
        groups.setdefault("Everywhere", []).extend(_AND_EVERYWHERE)
        groups["In a list"] = list(_IN_A_LIST)
        groups["In a form"] = list(_IN_A_FORM)
        groups["After : (any unambiguous beginning will do)"] = [
            (command.name, f"{command.help}{f'  {command.argument}' if command.argument else ''}")
            for command in fast_path_commands()
        ]
        for group, rows in groups.items():
            shown += [Content(""), Content(group).stylize("bold")]
            shown += [Content(f"  {pad(key, _KEY_CELLS)} {text}") for key, text in rows]
        return shown

    def action_leave(self) -> None:
        """Back."""
        self.dismiss(None)
