"""Stylesheets parsed once, for all apps of a process and of those forked from it.

Parsing takes a fifth of the time to the first paint, and its outcome depends on nothing but the text and the
theme's variables.
"""

from __future__ import annotations

from typing import Any, Final

from textual.app import App
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation

_kept: Final[dict[tuple[Any, ...], list[RuleSet]]] = {}
"""Rules by the framework's key of a text and by the variables; empty unless `keep_styles` was called."""


class KeptStylesheet(Stylesheet):
    """Takes the rules of a text that `keep_styles` has seen with the same variables, and parses any other."""

    def _parse_rules(
        self,
        css: str,
        read_from: CSSLocation,
        is_default_rules: bool = False,  # noqa: FBT001, FBT002 - the framework's own signature
        tie_breaker: int = 0,
        scope: str = "",
    ) -> list[RuleSet]:
        key = (css, read_from, is_default_rules, tie_breaker, scope)
        found = _kept.get(self._with_variables(key)) if _kept else None
        return super()._parse_rules(*key) if found is None else found

    def keep(self) -> None:
        """Keep what was parsed with the variables as they are now."""
        _kept.update({self._with_variables(key): self._parse_cache[key] for key in self._parse_cache.keys()})

    def _with_variables(self, key: tuple[Any, ...]) -> tuple[Any, ...]:
        return (*key, *sorted(self._variables.items()))


def share_styles(app: App[Any]) -> None:
    """Let `app`, which was made a moment ago, use what is kept."""
    app.stylesheet = KeptStylesheet(variables=app.get_css_variables())


def keep_styles(app: App[Any]) -> None:
    """Keep what `app` parsed, for apps that are made later."""
    assert isinstance(app.stylesheet, KeptStylesheet), "only where styles are shared"
    app.stylesheet.keep()
