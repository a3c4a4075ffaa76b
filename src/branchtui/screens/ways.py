"""The way from place to place: Home is the ground, one place may stand on it, what was opened there is left."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from textual import events
from textual.widgets import Input

from branchtui.screens.base import LedgerScreen
from branchtui.screens.places import place
from branchtui.screens.sign_in import SignInScreen
from branchtui.widgets.dialogs import LOST, ReasonDialog
from branchtui.widgets.fast_path import FastPath
from branchtui.widgets.form import Form
from branchtui.widgets.search_box import SearchBox
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen
    from textual.widget import Widget

    from branchtui.screens.desk import Desk

# The framework's own empty screen, and Home on it.
_GROUND: Final = 2
_LEADS_AWAY: Final = frozenset({":", "?", "/"})
_LEADING_KEYS: Final = frozenset(
    {"escape", "ctrl+r", "ctrl+l", "ctrl+q", "ctrl+c", "ctrl+z", *(f"f{number}" for number in range(1, 13))}
)
_EDITING_KEYS: Final = frozenset(
    {"backspace", "delete", "left", "right", "home", "end", "ctrl+a", "ctrl+e", "ctrl+u", "ctrl+k", "ctrl+w"}
)


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
        """The screen of a place: imported and made when it is first gone to."""
        if name not in self._places:
            module, _, screen = place(name).screen.partition(":")
            self._places[name] = getattr(import_module(f"branchtui.screens.{module}"), screen)(self._desk)
            self._app.install_screen(self._places[name], name)
        return self._places[name]


def is_ready(app: App[Any], typed: events.Key | events.Paste) -> bool:
    """Whether a key may act now; what it waits for is hurried.

    Text never waits, save for an `enter` before it that looks somebody up. Any other key says that the typing is
    over: what would be asked after a rest is asked now. Keys that lead away never wait for rows; every other one
    waits for what is owed to its screen, so that it means the same row at any speed.
    """
    screen = app.screen
    forms, searches, lists = screen.query(Form), screen.query(SearchBox), screen.query(VirtualList)
    if not all(form.is_settled for form in forms):
        return False
    if _is_text(app.focused, typed):
        return True
    for waits in (*forms, *searches):
        waits.hurry()
    if any(rows.owes_key for rows in lists):
        return False
    if isinstance(typed, events.Key) and (
        typed.key in _LEADING_KEYS or typed.character in _LEADS_AWAY or _is_on_the_way(app.focused)
    ):
        return True
    is_owed = isinstance(screen, LedgerScreen) and screen.answers_owed
    return not (
        is_owed
        or any(rows.loader.is_opening for rows in lists if rows.display)
        or not all(form.is_answered for form in forms)
    )


def _is_on_the_way(focused: Widget | None) -> bool:
    """In the fast path; `:post` alone means a row."""
    return focused is not None and isinstance(focused.parent, FastPath) and focused.parent.meaning != "post"


def _is_text(focused: Widget | None, typed: events.Key | events.Paste) -> bool:
    if focused is None:
        return False
    if isinstance(typed, events.Paste):
        return isinstance(focused, Input)
    if isinstance(focused, Input) and typed.key in _EDITING_KEYS:
        return True
    return focused.check_consume_key(typed.key, typed.character)


def is_filling(app: App[Any]) -> bool:
    """Whether the screen in front waits for the ledger to fill it."""
    front = app.screen_stack[-1] if app.screen_stack else None
    return isinstance(front, LedgerScreen) and front.is_filling


def _holds_typed(screen: Screen[Any]) -> bool:
    """Whether a form, or a reason that was begun, would be lost with the screen."""
    is_begun = isinstance(screen, ReasonDialog) and screen.is_dirty
    return is_begun or any(form.is_dirty for form in screen.query(Form))


def reasons_to_stay(app: App[Any], desk: Desk) -> str:
    """Why somebody may not want to leave now: what is unconfirmed, what is typed. Empty when nothing is."""
    reasons = []
    unconfirmed = len(desk.ledger.resolver.unresolved) if desk.is_open else 0
    if unconfirmed:
        reasons.append(
            f"{unconfirmed} not confirmed yet: do NOT enter it again, the next sign-in settles it."
        )
    if desk.user is not None and any(_holds_typed(screen) for screen in app.screen_stack):
        reasons.append(LOST)
    return " ".join(reasons)
