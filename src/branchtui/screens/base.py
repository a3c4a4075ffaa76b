"""What every screen of a signed-in teller is: heading, body, fast path, status, footer, and the keys they share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from branchtui.remote.errors import LedgerError, SessionEnded, Unreachable
from branchtui.screens.desk import Desk
from branchtui.screens.dialogs.palette import PaletteDialog
from branchtui.screens.dialogs.sign_in_again import sign_in_again
from branchtui.screens.dialogs.step_up import StepUpDialog
from branchtui.screens.heading import Heading
from branchtui.screens.help import HelpScreen
from branchtui.screens.ledger_news import tell_news
from branchtui.screens.line_watch import LineWatch
from branchtui.screens.outcome import Outcome, Say, level_of, sentence_of
from branchtui.screens.places import HOME, GoTo, SignOff, WorkIn, fast_path_commands, place_actions
from branchtui.terminal.gated_app import GatedApp
from branchtui.widgets.actions import Action, ActionTable, Choice
from branchtui.widgets.fast_path import FastPath
from branchtui.widgets.key_footer import KeyFooter
from branchtui.widgets.status_line import Level, StatusLine
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.remote.client import Ledger
    from branchtui.remote.intents import Pending
    from branchtui.widgets.form import Form

T = TypeVar("T")
_GO: Final = "go-"
_SAID_DOWN: Final = ("The ledger does not answer", "Link down")
_LONG_SECONDS: Final = 1.0
"""Who waits longer for an answer is told that it is being asked for; what comes sooner costs no paint."""
STOP: Final = "Stop, and call the administrator."
COMMON: Final = (
    Action("back", "escape", "Back", "One step back", "Everywhere", show=False),
    Action(
        "fast-path", "colon", "Go", "Go anywhere by name: any beginning will do", "Everywhere", show=False
    ),
    Action("palette", "ctrl+p", "All actions", "Every action, by name", "Everywhere", show=False),
    Action("help", "question_mark", "Help", "The keys of this screen", "Everywhere", also=("f1",)),
    Action("refresh", "ctrl+r", "Refresh", "Ask the ledger again", "Everywhere", show=False, also=("f5",)),
    Action("repaint", "ctrl+l", "Repaint", "Paint the whole screen again", "Everywhere", show=False),
    Action("sign-off", "ctrl+q", "Sign off", "Sign off and leave", "Everywhere", show=False, priority=True),
)


def screen_actions(*own: Action) -> ActionTable:
    """The actions of a screen: its own first, then the places, then what every screen has."""
    return ActionTable(*own, *place_actions(), *COMMON)


class LedgerScreen(LineWatch):
    """A screen declares HEADING, ACTIONS (by `screen_actions`) and BINDINGS, and composes its body.

    Changes go through `outcome()` in a worker of this screen (`@work(group="write")`, never exclusive);
    readings through `reload`. See README.md beside this module.
    """

    HEADING: ClassVar[str] = ""
    ACTIONS: ClassVar[ActionTable] = screen_actions()
    BINDINGS = [*ACTIONS.bindings()]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._is_visited = False
        self._asked = 0
        self._is_asking_long = False
        self.answers_owed = 0

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────

    def compose(self) -> ComposeResult:
        """Heading, body, and the three rows at the foot."""
        yield Heading(self.HEADING)
        yield from self.compose_body()
        yield FastPath(fast_path_commands(), id="fast-path")
        yield Static(Content(""), id="alarm")
        yield StatusLine(id="status")
        yield KeyFooter(id="footer")

    def compose_body(self) -> ComposeResult:
        """What is between heading and foot. A screen overrides it."""
        yield from ()

    @property
    def ledger(self) -> Ledger:
        """The client."""
        return self.desk.ledger

    @property
    def heading(self) -> Heading:
        """The first row."""
        return self.query_one("#heading", Heading)

    @property
    def status(self) -> StatusLine:
        """The row of sentences."""
        return self.query_one("#status", StatusLine)

    def say(self, text: str, level: Level = "info") -> None:
        """Put a sentence on the status line; a screen that is being taken down has nobody left to read it."""
        for line in self.query("#status").results(StatusLine):
            line.say(text, level)

    # ── coming and going ─────────────────────────────────────────────────────────────────────────────────────────

    def arrive(self, argument: str) -> None:
        """Somebody came here by key or fast path. The first time the body asks by itself; later this reloads."""
        if self._is_visited:
            self.say("")
        if argument:
            self.take_argument(argument)
        elif self._is_visited:
            self.reload()
        self._is_visited = True

    def take_argument(self, argument: str) -> None:
        """What followed the name on the fast path. A screen whose place has an argument overrides it."""

    def reload(self) -> None:
        """Ask the ledger again. A screen with a list overrides it."""
        for rows in self.query(VirtualList):
            rows.reload()

    def free_data(self) -> None:
        """The screen is locked: drop what it shows; `reload` brings it back. A screen with more overrides it."""
        for rows in self.query(VirtualList):
            rows.forget()

    def branch_changed(self) -> None:
        """The person works in another branch now. A screen whose questions name a branch overrides it."""
        self.reload()

    @on(events.ScreenResume)
    def _resumed(self) -> None:
        self.show_figures()
        self.status.show_newest()
        self.refresh_actions()
        tell_news(self.app, self.desk)

    @on(VirtualList.Turned)
    def _rows_turned(self) -> None:
        # Other rows are painted anew: the figures go with them.
        self.show_figures()
        self.status.show_newest()

    def show_figures(self) -> None:
        """Who works where, what is unconfirmed, how the line fares; shown with the next paint."""
        if not self.desk.is_open or self.desk.user is None:
            return
        self._show_alarm()
        shown = self.desk.branch.name if self.desk.chosen_branch else self.desk.branch.code
        self.heading.show(place=f"{shown}  {self.desk.username}")
        self.status.set_figures(
            unconfirmed=len(self.ledger.resolver.unresolved),
            ledger_ms=self.ledger.line.last_round_trip_ms,
            line_ms=self.desk.paint.round_trip_ms,
            step_bytes=self.desk.paint.last_step_bytes,
            put_aside=self.desk.gate.put_aside,
            keys_waiting=len(self.desk.gate),
            is_asking=self._is_asking_long and self.ledger.line.is_up,
            note="" if self.ledger.line.is_up else "link down",
        )

    def _show_alarm(self) -> None:
        """A row of its own, as long as it stands, that no sentence and no figure takes the place of (AUD-3)."""
        alarm, row = self.ledger.heads.alarm, self.query_one("#alarm", Static)
        if row.display != (alarm is not None):
            row.display = alarm is not None
            row.update(Content(f"ALARM: {alarm.title}. {STOP}" if alarm is not None else ""))

    # ── what a screen does with the ledger ───────────────────────────────────────────────────────────────────────

    def outcome(
        self,
        *,
        say: Say | None = None,
        form: Form | None = None,
        on_current: Callable[[Any], None] | None = None,
    ) -> Outcome:
        """Around ONE call that changes something; see `Outcome`."""
        return Outcome(self, say=say, form=form, on_current=on_current)

    def hold_keys(self) -> AbstractContextManager[None]:
        """`with self.hold_keys():` around what must be answered before the next key means anything."""
        return self.desk.gate.hold()

    async def asked(
        self, ask: Callable[[], Awaitable[T]], *, holds_keys: bool = False, is_aside: bool = False
    ) -> T | None:
        """What the ledger answers to a reading; None when it did not, and the reason was said. Only in a worker.

        `ask` is called again after the session was taken up again. With `holds_keys` what is typed meanwhile
        waits for the answer: when the answer decides what the next key means. What is asked aside never takes
        the place of a sentence about something else: its failure shows by what is missing.
        """
        while True:
            try:
                with self._hold_for_answer() if holds_keys else nullcontext(), self._owed(is_aside=is_aside):
                    return await ask()
            except SessionEnded as error:
                self.say(error.sentence, "error")
                if not await self.sign_in_again():
                    return None
            except LedgerError as error:
                if not is_aside:
                    self.say(sentence_of(error), level_of(error))
                if isinstance(error, Unreachable):
                    self.missed()
                return None

    @contextmanager
    def _hold_for_answer(self) -> Iterator[None]:
        """Keys wait for what is asked; where it takes long the foot says so."""
        telling = self.set_timer(_LONG_SECONDS, lambda: self._tell_asking(is_long=True))
        try:
            with self.hold_keys():
                yield
        finally:
            telling.stop()
            if self._is_asking_long:
                self._tell_asking(is_long=False)

    def _tell_asking(self, *, is_long: bool) -> None:
        self._is_asking_long = is_long
        self.show_figures()

    @contextmanager
    def _owed(self, *, is_aside: bool) -> Iterator[None]:
        """Keys that mean a row wait for what is asked, not for what is asked aside; nor do those that lead away."""
        answers = int(not is_aside)
        self._asked += 1
        self.answers_owed += answers
        try:
            yield
        finally:
            self._asked -= 1
            self.answers_owed -= answers

    @property
    def is_filling(self) -> bool:
        """Whether what will fill this screen is still to come from the ledger."""
        return self._asked > 0 or any(rows.is_opening for rows in self.query(VirtualList) if rows.display)

    async def confirm(self, dialog: ModalScreen[bool]) -> bool:
        """Whether the person said yes. Only in a worker."""
        return await self.app.push_screen_wait(dialog) is True

    async def sign_in_again(self) -> bool:
        """Ask for the password in place; True when a session is open again. Only in a worker."""
        return await sign_in_again(self.app, self.desk)

    async def prove(self) -> bool:
        """Ask for the password once more, for what is risky (AUTH-7). Only in a worker."""
        return await self.app.push_screen_wait(StepUpDialog(self.desk)) is True

    def copy_reference(self, code: str) -> None:
        """`c`: show a reference, and put it on the clipboard where the operator allows it."""
        self.app.copy_to_clipboard(code)
        is_copied = self.desk.settings.clipboard
        self.say(f"Reference {code}" + (" is on the clipboard." if is_copied else ""))

    def show_unconfirmed(self, intent: Pending) -> None:
        """The dialog that cannot be mistaken for a failure (link, section 5); behind the idle lock it waits."""
        if self.desk.is_locked:
            self.desk.owed_doubts.append(intent)
            return
        from branchtui.screens.dialogs.not_confirmed import NotConfirmedDialog

        self.app.push_screen(NotConfirmedDialog(self.desk, intent))

    @on(VirtualList.Failed)
    @work(group="session", exclusive=True)
    async def list_failed(self, message: VirtualList.Failed) -> None:
        """A page did not come: say why; when the session is over, take it up again in the same place."""
        self.say(self.why_failed(message), level_of(message.error))
        if isinstance(message.error, Unreachable):
            self.missed()
        if isinstance(message.error, SessionEnded) and await self.sign_in_again():
            self.say("You are signed in again.", "done")
            message.list.reload()

    def why_failed(self, message: VirtualList.Failed) -> str:
        """The sentence for a page that did not come. A screen that knows more overrides it."""
        return sentence_of(message.error)

    # ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def say_refusal(self, sentence: str) -> None:
        """A key that may not act now says why."""
        self.say(sentence, "warning")

    def why_not_now(self, action: Action) -> str | None:
        """What nobody of one's role may do is not begun; else as where the line is down."""
        user = self.desk.user
        if user is not None and not self.desk.may(action.needs):
            return f"Your role, {', '.join(role.value for role in user.roles)}, may not do this."
        return super().why_not_now(action)

    def refresh_actions(self) -> None:
        """Show in the footer what may be done now."""
        self.query_one("#footer", KeyFooter).show_choices(self.footer_choices())

    def footer_choices(self) -> list[Choice]:
        """What the footer tells: all that the screen has, unless what is in sight has keys of its own."""
        return self.choices()

    async def action_perform(self, action_id: str) -> None:
        """As every host, and the keys of the places."""
        if action_id.startswith(_GO):
            self.go(action_id.removeprefix(_GO))
        elif not self.refuse_now(self.ACTIONS[action_id]):
            await super().action_perform(action_id)

    @property
    def is_told_down(self) -> bool:
        """Whether the sentence in sight says that the ledger does not answer."""
        return self.status.message.startswith(_SAID_DOWN)

    def go(self, place: str, argument: str = "") -> None:
        """Go to a place."""
        self.app.post_message(GoTo(place, argument))

    def action_back(self) -> None:
        """`esc`: from a place to Home, from what was opened on it to the place."""
        self.go(HOME)

    def action_fast_path(self) -> None:
        """`:`."""
        self.query_one(FastPath).open()

    def action_refresh(self) -> None:
        """`ctrl+r`: where the line was down it is tried at once."""
        self.say("")
        if self.ledger.line.is_up:
            self.reload()
        else:
            self.try_again()

    def action_repaint(self) -> None:
        """`ctrl+l`: something else wrote on the terminal."""
        # The app's own way: a refresh alone sends nothing that is believed to stand there.
        assert isinstance(self.app, GatedApp), "what the screens are made for"
        self.app.action_repaint()

    def action_help(self) -> None:
        """`?`."""
        self.app.push_screen(HelpScreen(self.HEADING, self.ACTIONS))

    @work(group="palette", exclusive=True)
    async def action_palette(self) -> None:
        """`ctrl+p`: choose an action by name, then do it as its key would."""
        chosen = await self.app.push_screen_wait(PaletteDialog(self.choices()))
        if chosen is not None:
            await self.action_perform(chosen)

    def action_sign_off(self) -> None:
        """`ctrl+q`."""
        self.app.post_message(SignOff())

    # ── the fast path ────────────────────────────────────────────────────────────────────────────────────────────

    @on(FastPath.Entered)
    async def _fast_path_entered(self, message: FastPath.Entered) -> None:
        if message.name == "post":
            if "post" in self.ACTIONS:
                await self.action_perform("post")
            else:
                self.say_refusal("There is nothing to post on this screen.")
        elif message.name == "branch":
            self.app.post_message(WorkIn(message.argument))
        elif message.name == "help":
            self.action_help()
        elif message.name == "sign-off":
            self.action_sign_off()
        else:
            self.go(message.name, message.argument)

    @on(FastPath.Refused)
    def _fast_path_refused(self, message: FastPath.Refused) -> None:
        self.say_refusal(message.sentence)
