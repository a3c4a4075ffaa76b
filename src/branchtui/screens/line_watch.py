"""A line that is down is said before anything is typed in vain, and its return as soon as it is known (OUT-1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

from textual import work
from textual.screen import Screen

from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.widgets.actions import Action, ActionHost, Choice
from branchtui.widgets.status_line import Level

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import App

    from branchtui.remote.client import Ledger
    from branchtui.remote.line import LineFigures

LINE_DOWN: Final = "The ledger does not answer: nothing can be recorded now. [ctrl+r] try again"
LINE_BACK: Final = "The ledger answers again."


class LineWatch(ActionHost, Screen[None]):
    """What every screen of the ledger does while it does not answer: changes are not begun, and are greyed."""

    def __init__(self) -> None:
        super().__init__()
        self._has_missed = False

    @property
    def ledger(self) -> Ledger:
        """The client."""
        raise NotImplementedError

    def say(self, text: str, level: Level = "info") -> None:
        """Put a sentence on the status line."""
        raise NotImplementedError

    def hold_keys(self) -> AbstractContextManager[None]:
        """Keys wait inside."""
        raise NotImplementedError

    def reload(self) -> None:
        """Ask the ledger again."""

    def refresh_actions(self) -> None:
        """Show in the footer what may be done now."""

    def choices(self, only: Iterable[str] | None = None, more: Sequence[Choice] = ()) -> list[Choice]:
        """The lines of a menu: actions of this screen, then `more`; what would be begun in vain is refused."""
        chosen = [*self.ACTIONS.choices(self.why_not, only), *more]
        return [Choice(one.action, self.why_not_now(one.action) or one.refusal) for one in chosen]

    def why_not_now(self, action: Action) -> str | None:
        """Why nothing that ends in a change is begun at this moment; None when it may be."""
        return LINE_DOWN if action.changes and not self.ledger.line.is_up else None

    def refuse_now(self, action: Action) -> bool:
        """True, the reason said and the line tried, where `action` would be in vain."""
        refusal = self.why_not_now(action)
        if refusal is None:
            return False
        self.say_refusal(refusal)
        if refusal == LINE_DOWN:
            self._look_for_line()
        return True

    def missed(self) -> None:
        """A reading did not come for want of a line: it is asked again when the line is back."""
        self._has_missed = True

    def line_turned(self, *, is_up: bool) -> None:
        """The line went or came back, and this screen is in front."""
        self.refresh_actions()
        if not is_up:
            return
        if self._has_missed:
            self._has_missed = False
            self.say(LINE_BACK)
            self.reload()
        elif self.is_told_down:
            self.say(LINE_BACK)

    @property
    def is_told_down(self) -> bool:
        """Whether the sentence in sight says that the ledger does not answer."""
        raise NotImplementedError

    def try_again(self) -> None:
        """`ctrl+r` while the line is down: it is tried at once."""
        self._has_missed = False
        self._try_line()

    @work(group="refresh", exclusive=True)
    async def _try_line(self) -> None:
        self.say("Trying the line…")
        with self.hold_keys():
            await self.ledger.try_now()
        self.say("")
        self.reload()

    @work(group="line", exclusive=True)
    async def _look_for_line(self) -> None:
        """A person wants to go on: the next probe goes out now. Nothing waits for it."""
        await self.ledger.try_now()


class LineNews:
    """Hears of every exchange; tells who is in front, and forms that wait, when the line goes or comes back."""

    def __init__(self, app: App[Any], show_figures: Callable[[], None]) -> None:
        self._app = app
        self._show_figures = show_figures
        self._is_up = True

    def told(self, figures: LineFigures) -> None:
        """New figures of the line."""
        self._show_figures()
        if figures.is_up == self._is_up or not self._app.is_running:
            return
        self._is_up = figures.is_up
        for screen in self._app.screen_stack:
            if isinstance(screen, FormDialog):
                screen.line_turned(is_up=self._is_up)
        place = next((one for one in reversed(self._app.screen_stack) if isinstance(one, LineWatch)), None)
        if place is not None and place.is_mounted:
            place.line_turned(is_up=self._is_up)
