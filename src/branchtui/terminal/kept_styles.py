"""Stylesheets parsed once, for all apps of a process and of those forked from it.

Parsing takes a fifth of the time to the first paint, and its outcome depends on nothing but the text and the
theme's variables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from textual.app import App
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation

_Rules = dict[tuple[Any, ...], list[RuleSet]]
_kept: Final[dict[frozenset[tuple[str, str]], _Rules]] = {}
"""Rules by the variables, then by the framework's key of a text; filled only within `keeping_styles`."""
_is_keeping = ContextVar("is_keeping", default=False)


class KeptStylesheet(Stylesheet):
    """Takes the rules of a text that was kept with the same variables, and parses any other."""

    def __init__(self, *, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self._kept = self._kept_with(variables)

    def set_variables(self, variables: dict[str, str]) -> None:
        """Other variables, and so other rules; with the same ones nothing changes."""
        if variables == self._variables:
            return
        super().set_variables(variables)
        self._kept = self._kept_with(variables)
        self._require_parse = True

    def reparse(self) -> None:
        """Parse again, unless neither a text nor a variable has changed since: at each start, nothing has."""
        if self._require_parse:
            self.parse()

    def _kept_with(self, variables: dict[str, str]) -> _Rules:
        which = frozenset(variables.items())
        return _kept.setdefault(which, {}) if _is_keeping.get() else _kept.get(which, {})

    def _parse_rules(
        self,
        css: str,
        read_from: CSSLocation,
        is_default_rules: bool = False,  # noqa: FBT001, FBT002 - the framework's own signature
        tie_breaker: int = 0,
        scope: str = "",
    ) -> list[RuleSet]:
        key = (css, read_from, is_default_rules, tie_breaker, scope)
        rules = self._kept.get(key)
        if rules is None:
            rules = super()._parse_rules(*key)
            if _is_keeping.get():
                self._kept[key] = rules
        return rules


def share_styles(app: App[Any]) -> None:
    """Let `app`, which was made a moment ago, use what is kept."""
    app.stylesheet = KeptStylesheet(variables=app.get_css_variables())


@contextmanager
def keeping_styles() -> Iterator[None]:
    """Keep what apps made and run within this parse, for apps that are made later."""
    token = _is_keeping.set(True)
    try:
        yield
    finally:
        _is_keeping.reset(token)
