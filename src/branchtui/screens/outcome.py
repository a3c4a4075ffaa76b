"""What a teller sees of a change: the ONE place that turns an error of the link into words (link, section 5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from branchtui.format.dates import DateError
from branchtui.format.money import MoneyError
from branchtui.remote.errors import (
    AwaitsApproval,
    Blocked,
    Conflict,
    JournalUnavailable,
    LedgerError,
    LinkDown,
    NotTrusted,
    OutcomeUnknown,
    Refused,
    SessionEnded,
    Unreachable,
)
from branchtui.screens.keyed import wrong_values
from branchtui.widgets.resting import Stoppable
from branchtui.widgets.status_line import Level

if TYPE_CHECKING:
    from branchtui.remote.client import Ledger
    from branchtui.remote.intents import Pending
    from branchtui.remote.writing import Sending
    from branchtui.widgets.form import Form

Say = Callable[[str, Level], None]
SENDING: Final = "Sending…"
SLOW_AFTER_SECONDS: Final = 2.0
"""From here on the person is told that the line is slow, and not to hand over cash (link, section 5)."""


class OutcomeHost(Protocol):
    """What an outcome needs of the screen it speaks for."""

    @property
    def ledger(self) -> Ledger:
        """The client."""
        ...

    def say(self, text: str, level: Level = "info") -> None:
        """Put a sentence on the status line."""
        ...

    def hold_keys(self) -> AbstractContextManager[None]:
        """Keys wait inside."""
        ...

    def set_timer(self, delay: float, callback: Callable[[], None]) -> Stoppable:
        """Call back once, after so many seconds."""
        ...

    async def sign_in_again(self) -> bool:
        """Ask for the password in place; True when a session is open again."""
        ...

    async def prove(self) -> bool:
        """Ask for the password once more; True when the ledger took it."""
        ...

    def show_unconfirmed(self, intent: Pending) -> None:
        """Open the dialog of a change that nobody knows the end of."""
        ...


class Outcome:
    """`async with screen.outcome() as outcome:` around ONE call of the ledger that changes something.

    On success the block says `outcome.done(...)`. On a failure of the link or a refusal the error is
    shown, kept in `error`, and does not leave the block; nor does what the contract takes into no request.
    Any other exception does. `form` gets the
    errors that belong to its fields; `on_current` gets what stands now, when someone was first.
    """

    def __init__(
        self,
        host: OutcomeHost,
        *,
        say: Say | None = None,
        form: Form | None = None,
        on_current: Callable[[Any], None] | None = None,
    ) -> None:
        self._host = host
        self._say: Say = say or host.say
        self._form = form
        self._on_current = on_current
        self._leave: Callable[[], None] = lambda: None
        self._stop_asking: list[Callable[[], None]] = []
        self._keys = host.hold_keys()
        self._slow: Stoppable | None = None
        self._attempt = 1
        self._said: str | None = None
        self.error: LedgerError | None = None

    @property
    def is_done(self) -> bool:
        """True after a success that was told."""
        return self._said is not None

    def done(self, text: str) -> None:
        """It happened: what the ledger did, in its own figures."""
        self._said = text
        self._say(text, "done")

    async def __aenter__(self) -> Self:
        self._keys.__enter__()
        self._say(SENDING, "info")
        self._leave = self._host.ledger.listen_sending(self._tell_attempt)
        person = self._host.ledger.person
        self._stop_asking = [person.proved_by(self._prove), person.signed_in_by(self._sign_in)]
        self._slow = self._host.set_timer(SLOW_AFTER_SECONDS, self._tell_slow)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        # A dialog may follow, and it is answered by keys.
        self._keys.__exit__(kind, error, trace)
        self._leave()
        for stop in self._stop_asking:
            stop()
        if self._slow is not None:
            self._slow.stop()
        if wrong := wrong_values(error):
            self._say(self._marked(wrong), "warning")
            return True
        if not isinstance(error, LedgerError):
            if self._said is None:
                self._say("", "info")
            return False
        self.error = error
        await self._tell(error)
        return True

    async def _prove(self) -> bool:
        """The ledger wants the password once more."""
        return await self._ask(self._host.prove)

    async def _sign_in(self) -> bool:
        """The session has ended: the change goes on where it is, under its key, once another one is open (ERR-1)."""
        return await self._ask(self._host.sign_in_again)

    async def _ask(self, question: Callable[[], Awaitable[bool]]) -> bool:
        """Keys go to the question, and wait again after it."""
        if self._slow is not None:
            self._slow.stop()
        self._keys.__exit__(None, None, None)
        try:
            return await question()
        finally:
            self._keys = self._host.hold_keys()
            self._keys.__enter__()
            self._say(SENDING, "info")

    def _tell_attempt(self, sending: Sending) -> None:
        self._attempt = sending.attempt
        self._tell_slow()

    def _tell_slow(self) -> None:
        if self._said is None:
            self._say(
                f"Slow link – still sending (attempt {self._attempt}). Do not hand over cash.", "warning"
            )

    async def _tell(self, error: LedgerError) -> None:
        if isinstance(error, OutcomeUnknown):
            self._say(error.sentence, "unknown")
            if self._form is not None:
                self._form.in_doubt = error.intent.key
            self._host.show_unconfirmed(error.intent)
        elif isinstance(error, AwaitsApproval):
            self._say(error.sentence, "info")
        elif isinstance(error, SessionEnded):
            self._say("Your session has ended. Nothing was changed, and what you typed is kept.", "warning")
        elif isinstance(error, Conflict):
            if self._on_current is not None and error.current is not None:
                self._on_current(error.current)
            self._say(conflict_sentence(error), "error")
        elif isinstance(error, Refused):
            self._say(self._beside_fields(error), "error")
        else:
            self._say(error.sentence, level_of(error))

    def _beside_fields(self, error: Refused) -> str:
        """Errors of single fields go to the form; the rest is the sentence for the status line."""
        if self._form is None or not error.problem.errors:
            return error.sentence
        return self._marked({one.pointer or "": one.message for one in error.problem.errors})

    def _marked(self, errors: Mapping[str, str]) -> str:
        rest = self._form.set_errors(errors) if self._form is not None else list(errors.values())
        return " ".join(rest) if rest else "Look at the marked field. Nothing was changed."


def conflict_sentence(error: Conflict) -> str:
    """Who was first, what differs, and that nothing happened."""
    parts = [error.sentence]
    fields = [name.removesuffix("_minor").replace("_", " ") for name in error.changed_fields if name]
    if fields:
        parts.append(f"Changed meanwhile: {', '.join(fields)}.")
    if "nothing" not in error.sentence.casefold():
        parts.append("Nothing was changed.")
    return " ".join(parts)


def twin_of(error: Exception | None) -> str | None:
    """The key of the earlier creation that this one looks like, when that is why it was refused (IDEM-11)."""
    # It brings pydantic along, which the first paint does without.
    from branchtui.contract.problem import Codes

    if isinstance(error, Conflict) and error.code == Codes.POSSIBLE_DUPLICATE:
        earlier = error.problem.extra.get("duplicate_of")
        key = earlier.get("key") if isinstance(earlier, dict) else earlier
        return key if isinstance(key, str) else None
    return None


def sentence_of(error: Exception) -> str:
    """What is said when a reading did not come: what was wrong, and the way on where trying again is one."""
    if isinstance(error, LinkDown):
        return "The ledger does not answer. [ctrl+r] try again"
    if isinstance(error, DateError | MoneyError):
        return str(error)
    said = error.sentence if isinstance(error, LedgerError) else "The list could not be shown."
    return said if isinstance(error, Refused | NotTrusted) else f"{said} [ctrl+r] try again"


def level_of(error: Exception) -> Level:
    """A refusal is the ledger's, or the program's own for safety; a slip of the keys or of the line is a warning."""
    if isinstance(error, DateError | MoneyError):
        return "warning"
    is_line = isinstance(error, Unreachable) and not isinstance(error, Blocked | JournalUnavailable)
    return "warning" if is_line else "error"
