"""Doubts wherever one stands: what an earlier session left open comes first, and how each one ended is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from branchtui.remote.resolver import Verdict
from branchtui.screens.base import LedgerScreen
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.dialogs.not_confirmed import NotConfirmedDialog, settled_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import App

    from branchtui.remote.intents import Pending
    from branchtui.remote.resolver import Progress
    from branchtui.screens.desk import Desk

SHOWN_MAX: Final = 10
"""Dialogs that open at sign-in; Activity holds them all."""


async def open_doubts(app: App[Any], desk: Desk) -> None:
    """The dialogs of what an earlier session left open or unread, the oldest on top (OUT-4, OUT-6).

    What was asked about since the sign-in may have ended by now: its end was read by nobody.
    """
    resolver = desk.ledger.resolver
    await _open(app, desk, (*resolver.settled_unseen, *resolver.unresolved))


async def open_owed(app: App[Any], desk: Desk) -> None:
    """The dialogs of what came into doubt behind the idle lock."""
    owed, desk.owed_doubts = desk.owed_doubts, []
    await _open(app, desk, owed)


async def _open(app: App[Any], desk: Desk, intents: Iterable[Pending]) -> None:
    wanted = [one for one in intents if not one.is_parked][:SHOWN_MAX]
    for intent in reversed(wanted):
        await app.push_screen(NotConfirmedDialog(desk, intent))


def tell_end(app: App[Any], desk: Desk, progress: Progress) -> None:
    """How a doubt ended, on the line that said it was open: below its dialog, or wherever the person is by now.

    The form that it was keyed into is free again, or done; what is recorded is read anew from the ledger.
    """
    settlement = progress.settlement
    if settlement is None or not app.is_running:
        return
    said, level = settled_words(settlement, desk.zone)
    is_recorded = settlement.verdict is Verdict.RECORDED
    places = [one for one in app.screen_stack if isinstance(one, LedgerScreen) and one.is_mounted]
    for place in places[-1:]:
        place.show_figures()
        place.say(said, level)
    if is_recorded and not desk.is_locked:
        for place in places:
            place.reload()
    for form in app.screen_stack:
        if isinstance(form, FormDialog) and form.form.in_doubt == progress.intent.key:
            amount_minor = progress.intent.amount_minor or 0
            form.doubt_ended(said, level, is_recorded=is_recorded, amount_minor=amount_minor)
