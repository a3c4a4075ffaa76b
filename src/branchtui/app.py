"""BranchApp: settings, desk, look, the last wall, and what screens ask of the program."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.binding import Binding, BindingType

from branchtui.remote.errors import SessionEnded
from branchtui.screens.base import LedgerScreen
from branchtui.screens.desk import Credentials, Desk, OpenLedger, open_ledger, utc_now
from branchtui.screens.dialogs.sign_in_again import sign_in_again
from branchtui.screens.idle_lock import CHECK_SECONDS, IdleLock, seconds_awake
from branchtui.screens.ledger_news import tell_news
from branchtui.screens.line_watch import LineNews
from branchtui.screens.places import HOME, GoTo, SignOff, WorkIn
from branchtui.screens.sign_in import SignInScreen
from branchtui.screens.ways import Ways, is_filling, is_ready, reasons_to_stay
from branchtui.settings import Settings
from branchtui.terminal.gated_app import GatedApp
from branchtui.terminal.lean import Choice as Painting
from branchtui.terminal.output_wall import raise_wall
from branchtui.terminal.plain_ascii import draw_in_ascii
from branchtui.widgets.dialogs import ConfirmDialog
from branchtui.widgets.picker import PickerField

if TYPE_CHECKING:
    from branchtui.remote.resolver import Progress


class BranchApp(GatedApp, inherit_bindings=False):
    """The program. Screens say what they want by messages; everything that lasts is on the desk."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # In a dialog too: the screen beneath it does not hear them.
        Binding("ctrl+q", "sign_off", show=False, priority=True),
        Binding("ctrl+l", "repaint", show=False, priority=True),
        Binding("f12", "lock", show=False, priority=True),
        Binding("ctrl+c", "say_how_to_leave", show=False),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]

    HARMLESS_KEYS = frozenset({"f12"})

    def __init__(
        self,
        settings: Settings,
        *,
        open_ledger: OpenLedger = open_ledger,
        credentials: Credentials | None = None,
        now: Callable[[], datetime] = utc_now,
        painting: Painting | None = None,
        warning: str = "",
        idle_clock: Callable[[], float] = seconds_awake,
    ) -> None:
        super().__init__(
            painting=painting,
            is_ready=partial(is_ready, self),
            changed=self._show_figures,
            state_folder=settings.state_folder,
            may_copy=settings.clipboard,
            list_mark=settings.list_mark,
        )
        self.desk = Desk(settings, gate=self.gate, paint=self.paint, open_ledger=open_ledger, now=now)
        self.paint.is_filling = partial(is_filling, self)
        self._ways = Ways(self, self.desk)
        self._credentials = credentials
        self._warning = warning
        self.idle_lock = IdleLock(self, self.desk, minutes=settings.idle_lock_minutes, clock=idle_clock)

    def on_mount(self) -> None:
        """The wall first, then the first screen."""
        raise_wall(self)
        if self.desk.settings.ascii_only:
            draw_in_ascii(self)
        notice = self._warning or (self.painting.reason if self.painting else None)
        self.push_screen(SignInScreen(self.desk, self._credentials, notice=notice or ""))
        self._credentials = None
        self.set_interval(CHECK_SECONDS, self.idle_lock.check)

    async def on_event(self, event: events.Event) -> None:
        """A key shows that somebody is there."""
        if isinstance(event, events.Key | events.Paste):
            self.idle_lock.touched()
        await super().on_event(event)

    async def action_lock(self) -> None:
        """`f12`: at once (SEC-5)."""
        await self.idle_lock.lock()

    async def on_unmount(self) -> None:
        """The link goes with the program; what is in doubt stays in its journal."""
        await self.gate.close()
        await self.desk.close()

    # ── what screens ask ─────────────────────────────────────────────────────────────────────────────────────────

    @on(SignInScreen.SignedIn)
    async def _signed_in(self) -> None:
        # It brings pydantic along, which the first paint does without.
        from branchtui.screens.doubts import open_doubts

        ledger = self.desk.ledger
        ledger.listen_line(LineNews(self, self._show_figures).told)
        ledger.resolver.listen(self._show_progress)
        ledger.heads.listen(lambda _: self._show_news())
        ledger.listen_restored(lambda _: self._show_news())
        await self._ways.go(HOME)
        await open_doubts(self, self.desk)
        self._show_news()

    @on(PickerField.Failed)
    @work(group="session")
    async def _look_up_failed(self, message: PickerField.Failed) -> None:
        # In whatever form it stands: what was typed stays, and the look-up goes on.
        if isinstance(message.error, SessionEnded) and await sign_in_again(self, self.desk):
            message.field.ask_again(message.owed)

    @on(GoTo)
    async def _go_to(self, message: GoTo) -> None:
        await self._ways.go(message.place, message.argument)

    @on(WorkIn)
    def _work_in(self, message: WorkIn) -> None:
        sentence = self.desk.choose_branch(message.branch_code)
        if isinstance(self.screen, LedgerScreen):
            self.screen.show_figures()
            self.screen.branch_changed()
            self.screen.say(sentence)

    @on(SignOff)
    @work(group="leave", exclusive=True)
    async def action_sign_off(self) -> None:
        """`ctrl+q`: asks only when something is typed or unconfirmed."""
        reasons = reasons_to_stay(self, self.desk)
        if reasons and not await self.push_screen_wait(
            ConfirmDialog("Sign off all the same?", [], effect=reasons)
        ):
            return
        await self.desk.sign_out()
        self.exit()

    def action_say_how_to_leave(self) -> None:
        """`ctrl+c` is no way out of a counter."""
        if isinstance(self.screen, LedgerScreen | SignInScreen):
            self.screen.status.say("ctrl+q signs off and leaves.")

    # ── what the link tells ──────────────────────────────────────────────────────────────────────────────────────

    def _show_figures(self) -> None:
        self.suit_line()
        # While the program ends the link goes on telling, and there is nothing left to show it on.
        for screen in self.screen_stack if self.is_running else ():
            if isinstance(screen, LedgerScreen) and screen.is_mounted:
                screen.show_figures()

    def _show_news(self) -> None:
        self._show_figures()
        tell_news(self, self.desk)

    def _show_progress(self, progress: Progress) -> None:
        from branchtui.screens.doubts import tell_end

        self._show_figures()
        tell_end(self, self.desk, progress)
