"""What can go wrong, where, and how often each was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import Enum
from typing import Final


class Part(Enum):
    """What a message is part of."""

    SIGN_IN = "sign-in"
    REFRESH = "refresh"
    SIGN_OUT = "sign-out"
    STEP_UP = "step-up"
    CHANGE = "change"
    QUESTION = "question"
    FENCE = "fence"
    READING = "reading"
    PROBE = "probe"
    PROVIDER = "provider"


class Fate(Enum):
    """What the line does to one exchange."""

    DELIVERED = "delivered"
    REFUSED = "no connection"
    REQUEST_LOST = "request lost"
    REQUEST_CUT = "cut in the request"
    ANSWER_LOST = "answer lost"
    ANSWER_CUT = "cut in the answer"
    DELAYED = "delayed"
    HELD = "released late"
    DUPLICATED = "duplicated"
    PAGE_FIRST = "page instead of the request"
    PAGE_AFTER = "page instead of the answer"


class Trouble(Enum):
    """What goes wrong beside the messages."""

    LEDGER_KILLED = "ledger killed"
    LEDGER_STOPPED = "ledger stopped"
    LEDGER_RESTORED = "ledger restored"
    LEDGER_FULL = "ledger's disk full"
    LEDGER_CLOCK = "ledger's clock stepped"
    LEDGER_SLOW = "ledger's disk slow"
    LEDGER_BUSY = "ledger busy"
    TERMINAL_KILLED = "terminal killed"
    TERMINAL_FULL = "terminal's disk full"
    TERMINAL_CLOCK = "terminal's clock stepped"
    TERMINAL_SLEPT = "terminal slept"
    LINES_CUT = "lines cut one by one"
    CALLER_GONE = "caller gone"
    SIGNED_IN_MEANWHILE = "signed in meanwhile"
    SESSION_OVER = "session over"


LEDGER_POINTS: Final = ("at a request", "before COMMIT", "after COMMIT", "before an answer")
"""Where the ledger's process is killed."""

STATES: Final = (
    "prepared",
    "sent",
    "succeeded",
    "rejected",
    "unknown",
    "applied",
    "not_applied",
    "seen",
)
TERMINAL_POINTS: Final = tuple(f"{when} {state}" for state in STATES for when in ("before", "after"))
"""Where a terminal's process is killed: on both sides of every step of its journal (OUT-4)."""

SELDOM: Final = frozenset({"unknown", "applied", "not_applied", "seen"})
"""States that most changes never come to."""

LEAST: Final = 20
"""Each fault in each of its parts happens at least so often in a long run, or the run proves less than it says."""

_NOT_LOST: Final = frozenset({Part.PROBE})
_FATED: Final = tuple(part for part in Part if part not in _NOT_LOST)
_SESSION_PARTS: Final = (Part.CHANGE, Part.QUESTION, Part.FENCE, Part.READING)

EXPECTED: Final = (
    *(f"{fate.value} / {part.value}" for fate in Fate if fate is not Fate.DELIVERED for part in _FATED),
    *(f"{Trouble.LEDGER_KILLED.value} / {point}" for point in LEDGER_POINTS),
    *(f"{Trouble.TERMINAL_KILLED.value} / {point}" for point in TERMINAL_POINTS),
    *(f"{Trouble.TERMINAL_FULL.value} / {state}" for state in STATES),
    *(f"{Trouble.SESSION_OVER.value} / {part.value}" for part in _SESSION_PARTS),
    *(f"{trouble.value} / change" for trouble in (Trouble.LEDGER_FULL, Trouble.LEDGER_BUSY)),
    *(
        trouble.value
        for trouble in (
            Trouble.LEDGER_STOPPED,
            Trouble.LEDGER_RESTORED,
            Trouble.LEDGER_CLOCK,
            Trouble.LEDGER_SLOW,
            Trouble.TERMINAL_CLOCK,
            Trouble.TERMINAL_SLEPT,
            Trouble.LINES_CUT,
            Trouble.CALLER_GONE,
            Trouble.SIGNED_IN_MEANWHILE,
        )
    ),
)
"""Every fault in every part in which it has to be seen."""


def too_rare(seen: Counter[str], *, least: int = LEAST, expected: Iterable[str] = EXPECTED) -> list[str]:
    """What happened less than `least` times, with how often it did."""
    return [f"{name}: {seen[name]}" for name in expected if seen[name] < least]
