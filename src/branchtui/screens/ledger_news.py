"""News of the ledger's own history, wherever one stands; behind the idle lock it waits for who unlocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App

    from branchtui.screens.desk import Desk


def tell_news(app: App[Any], desk: Desk) -> None:
    """Open the dialog of what has not been told yet: an alarm, or what a restore took."""
    if not app.is_running or not desk.is_open or desk.is_locked:
        return
    alarm, restored = desk.ledger.heads.alarm, desk.ledger.restored
    if alarm is desk.told_alarm and restored is None:
        return
    from branchtui.screens.dialogs.ledger_news import AlarmDialog, RestoredDialog

    if alarm is not desk.told_alarm:
        desk.told_alarm = alarm
        if alarm is not None:
            app.push_screen(AlarmDialog(desk, alarm))
    if restored is None or any(isinstance(one, RestoredDialog) for one in app.screen_stack):
        return
    if restored.lost:
        app.push_screen(RestoredDialog(desk, restored))
    else:
        desk.ledger.acknowledge_restore()
        place = next((one for one in reversed(app.screen_stack) if hasattr(one, "say")), None)
        if place is not None:
            place.say("The ledger was restored from a copy. All your recorded changes are in it.", "done")
