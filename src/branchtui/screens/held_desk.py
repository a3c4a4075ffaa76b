"""What is held beside the payments: closed once somebody settled it by hand, and opened again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from branchtui.contract.payments import CallbackState
from branchtui.screens.payment_rows import held_pairs
from branchtui.screens.payments_list import HELD_ACTIONS, PaymentsList
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog, ReasonDialog

if TYPE_CHECKING:
    from branchtui.contract.payments import CallbackEvent
    from branchtui.widgets.actions import Choice

_OF_HELD: Final = {
    "ignore": "Close",
    "filter": "Settled",
    "turn": "Turn",
    "details": "Details",
    "search": "Search",
    "menu": "Menu",
    "help": "Help",
}
_OF_SETTLED: Final = _OF_HELD | {"ignore": "Hold again", "filter": "Held"}
"""The keys of each side, by the ids of their actions, as the footer calls them."""


class HeldDesk(PaymentsList):
    """What may be done to the highlighted message that was kept apart. No money moves by any of it."""

    def footer_choices(self) -> list[Choice]:
        """While what is held is in sight its keys are told, and not a payment's."""
        if not self.is_on_held:
            return super().footer_choices()
        labels = _OF_SETTLED if self.is_on_settled else _OF_HELD
        return [
            replace(choice, action=replace(choice.action, label=labels[choice.action.id], show=True))
            for choice in self.choices(labels)
        ]

    async def settle_held(self) -> None:
        """`g`: out of the list with a reason; what was settled back into it. Only in a worker."""
        one = self.held.highlighted
        if one is None:
            return
        if one.state is CallbackState.IGNORED:
            effect = "It is held again. No money moves."
            if await self.confirm(ConfirmDialog("Hold this again?", held_pairs(one), effect=effect)):
                await self._change_held(one, restored=True)
            return
        lines = [
            *held_pairs(one),
            ("Effect", "It leaves the list. No money moves, nothing is booked; it can be restored."),
        ]
        reason = await self.app.push_screen_wait(ReasonDialog("Close this, settled by hand?", lines))
        if reason is not None:
            await self._change_held(one, reason)

    async def _change_held(self, one: CallbackEvent, reason: str = "", *, restored: bool = False) -> None:
        self._under_way.add(one.id)
        try:
            async with self.outcome(on_current=self._show_current_held) as outcome:
                if restored:
                    await self.ledger.restore_held(one)
                else:
                    await self.ledger.settle_held(one, reason)
                self.held.remove_row(one.id)
                self._show_note()
                outcome.done(
                    f"{one.code or one.provider}: {'held again' if restored else 'settled by hand'}. "
                    f"[f] shows what {'is held' if restored else 'was settled'}."
                )
        finally:
            self._under_way.discard(one.id)
            self.refresh_actions()

    def _show_current_held(self, current: CallbackEvent) -> None:
        self.held.replace(current)

    async def held_menu(self) -> None:
        """`m`, on what is held. Only in a worker."""
        one = self.held.highlighted
        if one is None:
            return
        closing, *others = self.choices(HELD_ACTIONS)
        label = "Hold it again" if one.state is CallbackState.IGNORED else "Close it: settled by hand"
        closing = replace(closing, action=replace(closing.action, label=label))
        chosen = await self.app.push_screen_wait(
            MenuDialog(f"Held {one.code or one.provider}", [closing, *others])
        )
        if chosen is not None:
            await self.action_perform(chosen)
