"""BranchApp: settings, desk, look, the last wall, and the way from place to place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import App
from textual.binding import Binding, BindingType

from branchtui.screens.base import LedgerScreen
from branchtui.screens.desk import Credentials, Desk, OpenLedger, open_ledger, utc_now
from branchtui.screens.places import HOME, GoTo, SignOff, WorkIn, place
from branchtui.screens.sign_in import SignInScreen
from branchtui.settings import Settings
from branchtui.terminal.fatal import FatalReport
from branchtui.terminal.output_wall import raise_wall
from branchtui.terminal.styles import style_paths
from branchtui.terminal.theme import use_terminal_colours
from branchtui.widgets.dialogs import ConfirmDialog
from branchtui.widgets.form import Form

if TYPE_CHECKING:
    from branchtui.remote.resolver import Progress

DONE, FAILED, WRONG_USAGE = 0, 1, 2
DOUBTS_SHOWN = 10
"""Dialogs that open at sign-in; Activity holds them all."""


class BranchApp(App[None], inherit_bindings=False):
    """The program. Screens say where they want to go by messages; everything that lasts is on the desk."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        # In a dialog too: the screen beneath it does not hear them.
        Binding("ctrl+q", "sign_off", show=False, priority=True),
        Binding("ctrl+l", "repaint", show=False, priority=True),
        Binding("ctrl+c", "say_how_to_leave", show=False),
    ]

    def __init__(
        self,
        settings: Settings,
        *,
        open_ledger: OpenLedger = open_ledger,
        credentials: Credentials | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(css_path=[str(path) for path in style_paths()])
        use_terminal_colours(self)
        self.set_class(settings.ascii_only, "-ascii")
        self.desk = Desk(settings, open_ledger=open_ledger, now=now)
        self.fatal = FatalReport(settings.state_folder)
        self._credentials = credentials
        self._places: dict[str, LedgerScreen] = {}

    def on_mount(self) -> None:
        """The wall first, then the first screen."""
        raise_wall(self)
        self.push_screen(SignInScreen(self.desk, self._credentials))
        self._credentials = None

    async def on_unmount(self) -> None:
        """The link goes with the program; what is in doubt stays in its journal."""
        await self.desk.close()

    # ── from place to place ──────────────────────────────────────────────────────────────────────────────────────

    @on(SignInScreen.SignedIn)
    async def _signed_in(self) -> None:
        ledger = self.desk.ledger
        ledger.listen_line(lambda _: self._show_figures())
        ledger.resolver.listen(self._doubt_moved)
        await self._stand_on(HOME)
        from branchtui.screens.dialogs.not_confirmed import NotConfirmedDialog

        # What an earlier session left open comes first, the oldest on top (OUT-6).
        for intent in reversed(
            [one for one in ledger.resolver.unresolved if not one.is_parked][:DOUBTS_SHOWN]
        ):
            await self.push_screen(NotConfirmedDialog(self.desk, intent))

    def _doubt_moved(self, progress: Progress) -> None:
        """The count, and how a doubt ended that no dialog follows any more."""
        from branchtui.screens.dialogs.not_confirmed import NotConfirmedDialog, settled_words

        self._show_figures()
        if progress.settlement is None:
            return
        followed = any(
            isinstance(screen, NotConfirmedDialog) and screen.intent.key == progress.intent.key
            for screen in self.screen_stack
        )
        place = next((one for one in reversed(self.screen_stack) if isinstance(one, LedgerScreen)), None)
        if place is not None and not followed:
            place.say(*settled_words(progress.settlement, self.desk.zone))

    @on(GoTo)
    async def _go_to(self, message: GoTo) -> None:
        await self._stand_on(message.place, message.argument)

    @on(WorkIn)
    async def _work_in(self, message: WorkIn) -> None:
        sentence = self.desk.choose_branch(message.branch_code)
        if isinstance(self.screen, LedgerScreen):
            self.screen.show_figures()
            self.screen.branch_changed()
            self.screen.say(sentence)

    async def _stand_on(self, name: str, argument: str = "") -> None:
        """Home is the ground, one place may stand on it, what was opened there is left."""
        screen = self._place(name)
        while len(self.screen_stack) > 2 and self.screen is not screen:
            await self.pop_screen()
        if self.screen is not screen:
            if isinstance(self.screen, SignInScreen):
                await self.switch_screen(screen)
            else:
                await self.push_screen(screen)
        screen.arrive(argument)

    def _place(self, name: str) -> LedgerScreen:
        if name not in self._places:
            self._places[name] = place(name).make(self.desk)
            # Installed, it outlives leaving it: its list, its search and its workers stay.
            self.install_screen(self._places[name], name)
        return self._places[name]

    def _show_figures(self) -> None:
        if isinstance(self.screen, LedgerScreen):
            self.screen.show_figures()

    # ── leaving ──────────────────────────────────────────────────────────────────────────────────────────────────

    @on(SignOff)
    @work(group="leave", exclusive=True)
    async def action_sign_off(self) -> None:
        """`ctrl+q`: asks only when something is typed or unconfirmed."""
        reasons = []
        unconfirmed = len(self.desk.ledger.resolver.unresolved) if self.desk.is_open else 0
        if unconfirmed:
            reasons.append(
                f"{unconfirmed} not confirmed yet: do NOT enter it again, the next sign-in settles it."
            )
        if any(
            form.is_dirty for screen in self.screen_stack for form in screen.query(Form) if self.desk.user
        ):
            reasons.append("What you typed is not saved and will be lost.")
        if reasons and not await self.push_screen_wait(
            ConfirmDialog("Sign off all the same?", [], effect=" ".join(reasons))
        ):
            return
        await self.desk.sign_out()
        self.exit()

    def action_repaint(self) -> None:
        """`ctrl+l`: something else wrote on the terminal."""
        self.refresh(repaint=True, layout=True)

    def action_say_how_to_leave(self) -> None:
        """`ctrl+c` is no way out of a bank's counter."""
        if isinstance(self.screen, LedgerScreen | SignInScreen):
            self.screen.status.say("ctrl+q signs off and leaves.")

    def copy_to_clipboard(self, text: str) -> None:
        """Nothing leaves by the terminal's clipboard unless the operator allows it, and then codes alone (TTY-3)."""
        if self.desk.settings.clipboard:
            super().copy_to_clipboard(text)

    def _fatal_error(self) -> None:
        # The framework's own report prints local variables: passwords and tokens (SEC-3).
        self._exit_renderables.append(self.fatal.report(self._exception))
        self._close_messages_no_wait()


def run_terminal(settings: Settings, credentials: Credentials | None = None) -> int:
    """Run the program until its user leaves; the exit code of the command line."""
    import sys

    if not settings.ledger:
        sys.stderr.write("Which ledger? Name it: branchtui --ledger URL\n")
        return WRONG_USAGE
    app = BranchApp(settings, credentials=credentials)
    app.run(mouse=False)
    return app.return_code or DONE
