"""The last row: the keys of this screen, from the one declaration of its actions."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widget import Widget

from branchtui.format.cells import cell_width
from branchtui.widgets.actions import Choice

_MORE = "? more"


class KeyFooter(Widget):
    """Keys and labels as long as they fit; `? more` where they do not. A refused action is greyed, in brackets."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._choices: list[Choice] = []

    def show_choices(self, choices: Sequence[Choice]) -> None:
        """Show these actions, those declared for the footer, in their order; paints only when they differ."""
        shown = [choice for choice in choices if choice.action.show]
        if shown != self._choices:
            self._choices = shown
            self.refresh()

    def render(self) -> Content:
        """One row."""
        width = self.size.width
        pieces: list[Content] = []
        used = 0
        for at, choice in enumerate(self._choices):
            text = f"{choice.action.shown_key} {choice.action.label}"
            if choice.refusal is not None:
                text = f"({text})"
            cells = cell_width(text) + (2 if pieces else 0)
            is_last = at == len(self._choices) - 1
            if used + cells + (0 if is_last else len(_MORE) + 2) > width:
                pieces.append(Content(_MORE))
                break
            used += cells
            piece = Content(text)
            key_end = len(choice.action.shown_key)
            pieces.append(
                piece.stylize("bold", 0, key_end) if choice.refusal is None else piece.stylize("dim")
            )
        return Content("  ").join(pieces)
