"""The theme: the terminal's own sixteen colours, light or dark, and nothing that moves."""

from __future__ import annotations

from typing import Any, Final

from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter, Monochrome, NoColor
from textual.theme import Theme

THEME_NAME: Final = "branch"
# The framework's own parts name these; reverse video replaces them wherever our stylesheets speak.
_PART_COLOURS: Final = {
    "ansi-background": "ansi_default",
    "ansi-foreground": "ansi_default",
    "border": "ansi_default",
    "border-blurred": "ansi_default",
    "block-cursor-foreground": "ansi_black",
    "block-cursor-background": "ansi_white",
    "input-cursor-background": "ansi_white",
    "input-cursor-foreground": "ansi_black",
    "input-cursor-text-style": "none",
    "input-selection-background": "ansi_white",
    "input-selection-foreground": "ansi_black",
    "screen-selection-background": "ansi_white",
    "screen-selection-foreground": "ansi_black",
}


class Colourless(LineFilter):
    """NO_COLOR: bold, reverse and underline stay; what a colour says is in words as well."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same text without any colour."""
        return [
            Segment(text, None if style is None else style.without_color, control)
            for text, style, control in segments
        ]


def terminal_theme() -> Theme:
    """Every surface is the terminal's default; only meaning has a colour, and never alone."""
    return Theme(
        name=THEME_NAME,
        ansi=True,
        primary="ansi_blue",
        secondary="ansi_cyan",
        warning="ansi_yellow",
        error="ansi_red",
        success="ansi_green",
        accent="ansi_cyan",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        dark=True,
        variables=dict(_PART_COLOURS),
    )


def use_terminal_colours(app: App[Any]) -> None:
    """Give `app` the theme and stop every animation. Call it in the app's `__init__`, after the framework's."""
    app.register_theme(terminal_theme())
    app.theme = THEME_NAME
    app.animation_level = "none"
    if app.no_color:
        # The framework chose its filter before it knew this theme; that one greys colours, and fails on plain text.
        app._filters[:] = [one for one in app._filters if not isinstance(one, Monochrome | NoColor)]
        app._filters.append(Colourless())
