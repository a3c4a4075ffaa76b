"""What an exchange came to, and what follows: the retry matrix of the link's section 3, as one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from pydantic import SecretStr

from branchtui.contract.problem import Codes, Outcome, Problem


class Kind(Enum):
    """What is asked; the columns of the matrix."""

    READ = auto()
    MUTATION = auto()
    SIGN_IN = auto()
    REFRESH = auto()
    CHUNK = auto()


class Event(Enum):
    """What came of one attempt; the rows of the matrix."""

    NOT_SENT = "no connection: nothing was sent"
    MISCONFIGURED = "certificate or address not acceptable"
    BROKEN = "the line broke, or our deadline passed, after something may have been sent"
    GARBLED = "2xx whose body is cut, too big or not ours"
    REFUSED = "400 404 405 406 413 415 422 428 and their like"
    UNAUTHORISED = "401"
    FORBIDDEN = "403"
    TOO_EARLY = "408 425"
    IN_PROGRESS = "409 operation-in-progress"
    CONFLICT = "409 others, 412"
    THROTTLED = "429, to be tried again within 30 s"
    MUCH_LATER = "429 or 503, to be tried again after more than 30 s"
    INTERNAL = "500 problem+json"
    GATEWAY = "502, 504, any 5xx that is no problem+json"
    UNAVAILABLE = "503 problem+json"
    STORAGE_FULL = "507"
    REDIRECT = "3xx"
    FOREIGN = "an answer below 500 that is not the ledger's"


class End(Enum):
    """What a keyed mutation has come to when no attempt follows."""

    NOT_DONE = auto()
    REFUSED = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Cell:
    """How often an event is tried again (same key, full jitter), and what stands at the end.

    `refresh` renews the session first; `at_least_seconds` bounds the wait from below. A chunk is
    never sent again blindly: its loop asks for the offset first.
    """

    retries: int = 0
    refresh: bool = False
    at_least_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """One event over all kinds, and its end for a mutation."""

    cells: Mapping[Kind, Cell]
    end: End


def _row(
    end: End, read: int, mutation: int, sign_in: int, refresh: int, chunk: int, *, wait: float = 0.0
) -> Row:
    counts = (read, mutation, sign_in, refresh, chunk)
    return Row({kind: Cell(n, at_least_seconds=wait) for kind, n in zip(Kind, counts, strict=True)}, end)


def _renewing(end: End) -> Row:
    """401: the session is renewed once and the request sent once more; signing in itself is not."""
    renew, give_up = Cell(1, refresh=True), Cell()
    return Row(
        {
            Kind.READ: renew,
            Kind.MUTATION: renew,
            Kind.SIGN_IN: give_up,
            Kind.REFRESH: give_up,
            Kind.CHUNK: renew,
        },
        end,
    )


MATRIX: Final[Mapping[Event, Row]] = {
    #                     end           read  mutation  sign-in  refresh  chunk
    Event.NOT_SENT: _row(End.NOT_DONE, 3, 3, 2, 2, 5),
    Event.MISCONFIGURED: _row(End.NOT_DONE, 0, 0, 0, 0, 0),
    Event.BROKEN: _row(End.UNKNOWN, 3, 2, 0, 1, 5),
    Event.GARBLED: _row(End.UNKNOWN, 1, 0, 0, 0, 5),
    Event.REFUSED: _row(End.REFUSED, 0, 0, 0, 0, 0),
    Event.UNAUTHORISED: _renewing(End.REFUSED),
    Event.FORBIDDEN: _row(End.REFUSED, 0, 0, 0, 0, 0),
    Event.TOO_EARLY: _row(End.REFUSED, 2, 2, 0, 0, 5),
    Event.IN_PROGRESS: _row(End.UNKNOWN, 0, 5, 0, 0, 0, wait=1.0),
    Event.CONFLICT: _row(End.REFUSED, 0, 0, 0, 0, 5),
    Event.THROTTLED: _row(End.REFUSED, 2, 2, 0, 0, 5),
    Event.MUCH_LATER: _row(End.REFUSED, 0, 0, 0, 0, 0),
    Event.INTERNAL: _row(End.REFUSED, 1, 1, 0, 0, 1),
    Event.GATEWAY: _row(End.UNKNOWN, 3, 2, 0, 0, 3),
    Event.UNAVAILABLE: _row(End.REFUSED, 3, 3, 1, 1, 3),
    Event.STORAGE_FULL: _row(End.REFUSED, 0, 0, 0, 0, 0),
    Event.REDIRECT: _row(End.UNKNOWN, 0, 0, 0, 0, 0),
    Event.FOREIGN: _row(End.UNKNOWN, 0, 0, 0, 0, 0),
}

LINE_FAILURES: Final = frozenset({Event.NOT_SENT, Event.BROKEN, Event.GATEWAY})
"""What counts against the circuit (RTY-4); what the ledger itself says never does."""

ATTEMPTS_MAX: Final = 6
"""Attempts of one call over all events."""

RETRY_AFTER_MAX_SECONDS: Final = 30.0
"""Longer waits are shown, not sat out."""

_REDIRECTS: Final = range(300, 400)
_SERVER_ERROR: Final = 500

_NOT_STORED: Final = frozenset(
    {
        Codes.MALFORMED,
        Codes.VALIDATION,
        Codes.KEY_REUSED,
        Codes.OPERATION_IN_PROGRESS,
        Codes.POSSIBLE_DUPLICATE,
    }
)


class Failed(Exception):
    """One attempt that brought no answer of use. Stays inside this package.

    `said` is for a person. `is_final` forbids another attempt whatever the matrix says. `token` is the
    access token it was made with.
    """

    def __init__(
        self,
        event: Event,
        said: str,
        *,
        problem: Problem | None = None,
        retry_after_seconds: float = 0.0,
        is_replay: bool = False,
        is_timeout: bool = False,
        is_final: bool = False,
        status: int | None = None,
    ) -> None:
        super().__init__(said)
        self.event = event
        self.said = said
        self.problem = problem
        self.retry_after_seconds = retry_after_seconds
        self.is_replay = is_replay
        self.is_timeout = is_timeout
        self.is_final = is_final
        self.status = status
        self.token: SecretStr | None = None


def event_of(status: int, problem: Problem | None, retry_after_seconds: float) -> Event:
    """The event of an answer that is no 2xx. `problem` is None when the body is not our problem+json."""
    if status in _REDIRECTS:
        return Event.REDIRECT
    if problem is None:
        return Event.GATEWAY if status >= _SERVER_ERROR else Event.FOREIGN
    if status in {429, 503} and retry_after_seconds > RETRY_AFTER_MAX_SECONDS:
        return Event.MUCH_LATER
    if problem.code == Codes.OPERATION_IN_PROGRESS:
        return Event.IN_PROGRESS
    by_status = _BY_STATUS.get(status)
    if by_status is not None:
        return by_status
    return Event.INTERNAL if status >= _SERVER_ERROR else Event.REFUSED


_BY_STATUS: Final = {
    401: Event.UNAUTHORISED,
    403: Event.FORBIDDEN,
    408: Event.TOO_EARLY,
    425: Event.TOO_EARLY,
    409: Event.CONFLICT,
    412: Event.CONFLICT,
    429: Event.THROTTLED,
    502: Event.GATEWAY,
    503: Event.UNAVAILABLE,
    504: Event.GATEWAY,
    507: Event.STORAGE_FULL,
}


def leaves_doubt(failure: Failed, *, sent: bool) -> bool:
    """Whether the change may have happened by THIS attempt; `sent`: its first byte went out."""
    if not sent:
        return False
    if MATRIX[failure.event].end is not End.REFUSED:
        return True
    # ERR-1: the ledger says itself what its answer means; a 5xx that says nothing is in doubt.
    assert failure.problem is not None, "only the ledger refuses"
    outcome = failure.problem.outcome
    return outcome is Outcome.APPLIED or (
        outcome is not Outcome.NOT_APPLIED and failure.problem.status >= _SERVER_ERROR
    )


def end_of(failure: Failed, *, in_doubt: bool, sent: bool) -> End:
    """What a mutation has come to after its last attempt.

    `in_doubt`: an EARLIER attempt of the same key may have been applied. Then only an answer that the
    ledger stored under the key decides (IDEM-5, IDEM-6): a 429, a 401 or a 503 speaks of its own
    attempt, and a copy of the first may still arrive.
    """
    if leaves_doubt(failure, sent=sent):
        return End.UNKNOWN
    if in_doubt and not _is_stored(failure):
        return End.UNKNOWN
    return End.NOT_DONE if failure.problem is None else End.REFUSED


def _is_stored(failure: Failed) -> bool:
    if failure.is_replay:
        return True
    problem = failure.problem
    return problem is not None and problem.status in {409, 412, 422} and problem.code not in _NOT_STORED
