"""Narrow a list: a form of choices, each with "all" as its first."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from branchtui.format.safe_text import safe_text
from branchtui.widgets.fields import Field
from branchtui.widgets.form import Form


class FilterDialog(ModalScreen[dict[str, str] | None]):
    """Gives the chosen values by field name (those that say "all" left out), or None when it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back", show=False, priority=True)]

    def __init__(self, title: str, *fields: Field) -> None:
        super().__init__()
        self._heading = title
        self._form = Form(*fields, id="filter")

    def compose(self) -> ComposeResult:
        """Heading, choices, keys."""
        with Vertical(classes="dialog"):
            yield Static(Content(safe_text(self._heading)), classes="dialog-title")
            yield self._form
            yield Static(Content("[enter] next   [ctrl+s] show   [esc] back"), classes="dialog-keys")

    def on_mount(self) -> None:
        """The first choice takes the keys."""
        self._form.fields[0].focus()

    @on(Form.Submitted)
    def submitted(self, message: Form.Submitted) -> None:
        """Show what was chosen."""
        self.dismiss(message.values)

    def action_leave(self) -> None:
        """`esc`: a choice is no typed text, nothing is lost."""
        self.dismiss(None)
