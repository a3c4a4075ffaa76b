"""The way from place to place: Home is the ground, one place may stand on it, what was opened there is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual import events

from branchtui.screens.base import LedgerScreen
from branchtui.screens.places import place
from branchtui.screens.sign_in import SignInScreen
from branchtui.widgets.form import Form
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from textual.app import App

    from branchtui.screens.desk import Desk

# The framework's own empty screen, and Home on it.
_GROUND: Final = 2
_LEADS_AWAY: Final = frozenset({":", "?", "/"})


class Ways:
    """Makes each place once a session and keeps it: its list, its search and its workers outlive leaving it."""

    def __init__(self, app: App[Any], desk: Desk) -> None:
        self._app = app
        self._desk = desk
        self._places: dict[str, LedgerScreen] = {}

    async def go(self, name: str, argument: str = "") -> None:
        """Stand on a place, and tell it that somebody came, with what followed its name."""
        screen = self._made(name)
        # One drawing for the whole way: what is left on it need not be painted on the way.
        with self._app.batch_update():
            await self._stand_on(screen)
            screen.arrive(argument)

    async def _stand_on(self, screen: LedgerScreen) -> None:
        app = self._app
        while len(app.screen_stack) > _GROUND and app.screen is not screen:
            await app.pop_screen()
        if app.screen is not screen:
            if isinstance(app.screen, SignInScreen):
                await app.switch_screen(screen)
            else:
                await app.push_screen(screen)

    def _made(self, name: str) -> LedgerScreen:
        if name not in self._places:
            self._places[name] = place(name).make(self._desk)
            self._app.install_screen(self._places[name], name)
        return self._places[name]


def is_ready(app: App[Any], typed: events.Key | events.Paste) -> bool:
    """Whether a key may act now.

    A form that looks something up comes first; a letter that means a row waits for the rows; keys that lead
    away never wait for a list.
    """
    if not all(form.is_settled for form in app.screen.query(Form)):
        return False
    focused = app.focused
    if not isinstance(focused, VirtualList) or not focused.loader.must_wait:
        return True
    return not isinstance(typed, events.Key) or not typed.is_printable or typed.character in _LEADS_AWAY


def is_filling(app: App[Any]) -> bool:
    """Whether the screen in front waits for the ledger to fill it."""
    front = app.screen_stack[-1] if app.screen_stack else None
    return isinstance(front, LedgerScreen) and front.is_filling


def reasons_to_stay(app: App[Any], desk: Desk) -> str:
    """Why somebody may not want to leave now: what is unconfirmed, what is typed. Empty when nothing is."""
    reasons = []
    unconfirmed = len(desk.ledger.resolver.unresolved) if desk.is_open else 0
    if unconfirmed:
        reasons.append(
            f"{unconfirmed} not confirmed yet: do NOT enter it again, the next sign-in settles it."
        )
    forms = [form for screen in app.screen_stack for form in screen.query(Form)]
    if desk.user is not None and any(form.is_dirty for form in forms):
        reasons.append("What you typed is not saved and will be lost.")
    return " ".join(reasons)
