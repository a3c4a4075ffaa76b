"""Stylesheets that are parsed once: the same rules as ever, and never those of another theme."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.css.stylesheet import Stylesheet
from textual.widgets import Static

from branchtui.terminal import kept_styles
from branchtui.terminal.kept_styles import KeptStylesheet, keeping_styles, share_styles


class Page(App[None]):
    """One line, in the framework's own style."""

    def __init__(self) -> None:
        super().__init__()
        share_styles(self)

    def compose(self) -> ComposeResult:
        """The line."""
        yield Static(Content("Kofi"))


def parse_no_more(_: Stylesheet, css: str, *__: object) -> NoReturn:
    """The parser is not needed any more."""
    raise AssertionError(f"parsed again: {css[:80]}")


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """Each test begins with nothing, and leaves nothing to others."""
    kept_styles._kept.clear()
    yield
    kept_styles._kept.clear()


async def test_what_was_kept_is_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first app parses, the second takes the very same rules."""
    with keeping_styles():
        async with Page().run_test() as pilot:
            first = pilot.app.stylesheet.rules
    monkeypatch.setattr(Stylesheet, "_parse_rules", parse_no_more)
    async with Page().run_test() as pilot:
        assert [id(rule) for rule in pilot.app.stylesheet.rules] == [id(rule) for rule in first]


async def test_nothing_is_kept_that_nobody_asked_for() -> None:
    """The plain start has one app and pays for no second copy."""
    async with Page().run_test():
        pass
    assert kept_styles._kept == {}


def test_other_variables_are_other_rules() -> None:
    """A rule with the colour of one theme never shows in another."""
    text = "Static { color: $ink; }"
    with keeping_styles():
        red = KeptStylesheet(variables={"ink": "red"})
        of_red = red._parse_rules(text, ("", ""))
    blue = KeptStylesheet(variables={"ink": "blue"})
    of_blue = blue._parse_rules(text, ("", ""))
    assert of_red[0].css != of_blue[0].css
    blue.set_variables({"ink": "red"})
    assert blue._parse_rules(text, ("", "")) is of_red
