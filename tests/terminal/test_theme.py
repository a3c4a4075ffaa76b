"""NO_COLOR: no colour is painted, and the program starts."""

from __future__ import annotations

import pytest
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from branchtui.terminal.guarded_app import GuardedApp
from branchtui.terminal.output_wall import raise_wall


class Plain(GuardedApp):
    """A coloured word and a bold one."""

    def compose(self) -> ComposeResult:
        """Both."""
        yield Static(Content("green").stylize("ansi_green"))
        yield Static(Content("heavy").stylize("bold"))

    def on_mount(self) -> None:
        """The wall paints a line without a style."""
        raise_wall(self)


async def colours_and_weights(app: Plain) -> tuple[set[str], bool]:
    """Every colour name painted, and whether anything was bold."""
    async with app.run_test(size=(20, 4)) as pilot:
        await pilot.pause()
        strips = app.screen._compositor.render_strips(app.size)
        styles = [segment.style for strip in strips for segment in strip if segment.style is not None]
    names = {colour.name for style in styles for colour in (style.color, style.bgcolor) if colour is not None}
    return names - {"default"}, any(style.bold for style in styles)


async def test_without_the_wish_colours_are_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: this test can fail."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    colours, _ = await colours_and_weights(Plain())
    assert colours


async def test_with_no_color_no_colour_is_painted_and_weight_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wish of the person at the terminal stands above every stylesheet."""
    monkeypatch.setenv("NO_COLOR", "1")
    colours, is_bold = await colours_and_weights(Plain())
    assert (colours, is_bold) == (set(), True)
