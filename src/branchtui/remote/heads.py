"""Gossip: was the ledger rolled back, or its history changed, since this terminal last saw it? (AUD-3, RTY-7).

Every answer to a signed-in person names the head of the branch's audit chain (`Ledger-Head`). The highest one
seen is kept on disk and compared with each answer; where a comparison of numbers cannot tell, the ledger is
asked whether its chain still holds that row (`Ledger-Seen`), and its word decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from branchtui.remote.clock import Clock
from branchtui.remote.head import Head
from branchtui.remote.listeners import Listeners

if TYPE_CHECKING:
    from branchtui.contract.sessions import Session
    from branchtui.remote.journal import Journal

SAVE_SECONDS: Final = 60.0
HEAD: Final = "ledger-head"
SEEN: Final = "ledger-seen"
_KNOWN: Final = "known"
_UNKNOWN: Final = "unknown"


class Harm(Enum):
    """What happened to the ledger."""

    ROLLED_BACK = auto()
    CHANGED = auto()


@dataclass(frozen=True, slots=True)
class Alarm:
    """The ledger is not the one that this terminal saw: `seen` is not in its chain, which stands at `stands`."""

    harm: Harm
    seen: Head
    stands: Head
    at: datetime

    @property
    def title(self) -> str:
        """What happened, in a word."""
        if self.harm is Harm.ROLLED_BACK:
            return "The ledger was rolled back"
        return "The ledger's history was changed"

    @property
    def sentence(self) -> str:
        """For who wants to change something."""
        return (
            f"{self.title}. Nothing was sent. Call your supervisor and the administrator ({self.seen.short})."
        )


class Heads:
    """The highest head of the chain of the signed-in person's branch, and the alarm when the ledger lost it.

    An alarm stands until the ledger holds the row again, or announces a new epoch and so says itself that it
    was restored: another epoch is another history, and is compared with nothing.
    """

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._history = ("", "")
        self._branch_id = ""
        self._noted: dict[str, Head] = {}
        self._is_to_be_asked = False
        self._saved_at = clock.monotonic()
        self._listeners: Listeners[Alarm] = Listeners()
        self.alarm: Alarm | None = None

    def listen(self, listener: Callable[[Alarm], None]) -> Callable[[], None]:
        """Call `listener` with an alarm when it is raised; the result ends that."""
        return self._listeners.add(listener)

    def session_began(self, session: Session) -> None:
        """Somebody signed in: the first answers tell whether what was seen before is still there."""
        history = (session.ledger.ledger_id, session.ledger.epoch)
        if history != self._history:
            self._history = history
            self._noted = {head.branch_id: head for head in self._journal.heads(*history)}
            self.alarm = None
        if session.user.branch_id != self._branch_id:
            self._branch_id, self.alarm = session.user.branch_id, None
        self._is_to_be_asked = True

    @property
    def noted(self) -> Head | None:
        """The highest head of this branch so far; what is sent from now on must not be answered below it."""
        return self._noted.get(self._branch_id)

    @property
    def question(self) -> Head | None:
        """What the next request asks the ledger about, or None."""
        noted = self.noted
        return noted if self._is_to_be_asked and noted is not None and noted.seq else None

    def is_older(self, headers: Mapping[str, str], asked: Head | None, noted: Head | None) -> bool:
        """Take the head of an answer; True when a newer answer than this one is known, so that it is asked again.

        `noted` is what was known, and `asked` what was asked, when its request was sent. Answers overtake each
        other, so that a lower head says nothing by itself; below `noted` it is a suspicion, which the ledger's
        own word makes an alarm.
        """
        head = Head.read(headers.get(HEAD))
        if head is None or head.branch_id != self._branch_id:
            return False
        said = headers.get(SEEN)
        if asked is not None and said == _UNKNOWN:
            self._raise(asked, head)
            return False
        if asked is not None and said == _KNOWN:
            self._is_to_be_asked, self.alarm = False, None
        highest = self.noted
        if self.alarm is not None:
            return False
        if highest is None or head.seq > highest.seq:
            self._note(head)
        elif head.seq == highest.seq and head.hash8 != highest.hash8:
            self._raise(highest, head)
        elif noted is not None and head.seq < noted.seq:
            if asked is not None and said is None:
                # A ledger that knows no such question has answered it by going down twice.
                self._raise(noted, head)
                return False
            self._is_to_be_asked = True
        return head.seq < (highest.seq if highest is not None else 0)

    def _note(self, head: Head) -> None:
        self._noted[head.branch_id] = head
        self._journal.note_head(*self._history, head)
        if self._clock.monotonic() - self._saved_at > SAVE_SECONDS:
            self._save()

    def _save(self) -> None:
        self._saved_at = self._clock.monotonic()
        self._journal.save_heads()

    def _raise(self, seen: Head, stands: Head) -> None:
        self._is_to_be_asked = False
        self._save()
        if self.alarm is None:
            harm = Harm.ROLLED_BACK if stands.seq < seen.seq else Harm.CHANGED
            self.alarm = Alarm(harm, seen, stands, self._clock.now())
            self._listeners.tell(self.alarm)
