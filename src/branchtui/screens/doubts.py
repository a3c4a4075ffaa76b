"""Doubts wherever one stands: what an earlier session left open comes first, and how each one ended is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from branchtui.screens.base import LedgerScreen
from branchtui.screens.dialogs.not_confirmed import NotConfirmedDialog, settled_words

if TYPE_CHECKING:
    from textual.app import App

    from branchtui.remote.resolver import Progress
    from branchtui.screens.desk import Desk

SHOWN_MAX: Final = 10
"""Dialogs that open at sign-in; Activity holds them all."""


async def open_doubts(app: App[Any], desk: Desk) -> None:
    """The dialogs of what an earlier session left open, the oldest on top (OUT-6)."""
    open_ones = [one for one in desk.ledger.resolver.unresolved if not one.is_parked][:SHOWN_MAX]
    for intent in reversed(open_ones):
        await app.push_screen(NotConfirmedDialog(desk, intent))


def tell_end(app: App[Any], desk: Desk, progress: Progress) -> None:
    """How a doubt ended, on the line that said it was open: below its dialog, or wherever the person is by now."""
    if progress.settlement is None or not app.is_running:
        return
    place = next((one for one in reversed(app.screen_stack) if isinstance(one, LedgerScreen)), None)
    if place is not None:
        place.show_figures()
        place.say(*settled_words(progress.settlement, desk.zone))
