"""The retry matrix, cell by cell, as the link's section 3 prints it."""

from __future__ import annotations

from random import Random

import pytest
from tests.remote.doubles import StillTime

from branchtui.contract.problem import Problem
from branchtui.remote.breaker import Budget
from branchtui.remote.classify import MATRIX, End, Event, Failed, Kind, end_of, event_of, leaves_doubt
from branchtui.remote.retry import Retries, Try

# How often each event is tried again: GET/HEAD, keyed mutation, sign-in, refresh, chunk.
PRINTED = {
    Event.NOT_SENT: (3, 3, 2, 2, 5),
    Event.MISCONFIGURED: (0, 0, 0, 0, 0),
    Event.BROKEN: (3, 2, 0, 1, 5),
    Event.GARBLED: (1, 0, 0, 0, 5),
    Event.REFUSED: (0, 0, 0, 0, 0),
    Event.UNAUTHORISED: (1, 1, 0, 0, 1),
    Event.FORBIDDEN: (0, 0, 0, 0, 0),
    Event.TOO_EARLY: (2, 2, 0, 0, 5),
    Event.IN_PROGRESS: (0, 5, 0, 0, 0),
    Event.CONFLICT: (0, 0, 0, 0, 5),
    Event.THROTTLED: (2, 2, 0, 0, 5),
    Event.MUCH_LATER: (0, 0, 0, 0, 0),
    Event.INTERNAL: (1, 1, 0, 0, 1),
    Event.GATEWAY: (3, 2, 0, 0, 3),
    Event.UNAVAILABLE: (3, 3, 1, 1, 3),
    Event.STORAGE_FULL: (0, 0, 0, 0, 0),
    Event.REDIRECT: (0, 0, 0, 0, 0),
    Event.FOREIGN: (0, 0, 0, 0, 0),
}
CELLS = [
    pytest.param(event, kind, count, id=f"{event.name}-{kind.name}")
    for event, counts in PRINTED.items()
    for kind, count in zip(Kind, counts, strict=True)
]


def retries(time: StillTime, budget: Budget | None = None) -> Retries:
    return Retries(clock=time, rng=Random(1), sleep=time.sleep, budget=budget or Budget())


def problem(status: int, code: str = "x", outcome: str = "not_applied") -> Problem:
    text = f'{{"title":"t","status":{status},"code":"{code}","outcome":"{outcome}"}}'
    return Problem.model_validate_json(text)


class Always:
    """An attempt that always comes to the same failures, in turn."""

    def __init__(self, *failures: Failed) -> None:
        self.failures = failures
        self.tries: list[Try] = []

    async def __call__(self, this: Try) -> None:
        self.tries.append(this)
        raise self.failures[min(len(self.tries), len(self.failures)) - 1]


def test_every_event_stands_in_the_table() -> None:
    """No event falls through: the table, the test and the enumeration name the same rows."""
    assert set(MATRIX) == set(Event) == set(PRINTED)


@pytest.mark.parametrize(("event", "kind", "count"), CELLS)
async def test_an_event_is_tried_again_as_often_as_its_cell_says(
    event: Event, kind: Kind, count: int
) -> None:
    """Link, section 3: one cell of the matrix each."""
    attempt = Always(Failed(event, "x"))

    with pytest.raises(Failed) as raised:
        await retries(StillTime()).run(kind, attempt)

    assert raised.value.event is event
    assert len(attempt.tries) == 1 + count


async def test_waits_are_full_jitter_that_doubles_from_half_a_second() -> None:
    """RTY-1: each wait is drawn from 0 to 0.5, 1, 2, 4, 8 seconds."""
    longest = [0.0] * 5
    for seed in range(300):
        time = StillTime()
        runner = Retries(clock=time, rng=Random(seed), sleep=time.sleep, budget=Budget())
        with pytest.raises(Failed):
            await runner.run(Kind.CHUNK, Always(Failed(Event.CONFLICT, "x")), total_seconds=60)
        longest = [max(pair) for pair in zip(longest, time.sleeps, strict=True)]

    for seen, window in zip(longest, (0.5, 1.0, 2.0, 4.0, 8.0), strict=True):
        assert 0.9 * window < seen <= window


async def test_a_wait_is_never_shorter_than_the_ledger_asked_for() -> None:
    """RTY-1: lower-bounded by Retry-After."""
    time = StillTime()

    with pytest.raises(Failed):
        await retries(time).run(Kind.READ, Always(Failed(Event.THROTTLED, "x", retry_after_seconds=7.0)))

    assert time.sleeps == [7.0, 7.0]


async def test_no_attempt_begins_after_twenty_seconds() -> None:
    """RTY-1, RTY-5: a wait that would end later than 20 s after the beginning is not begun."""
    time = StillTime()
    attempt = Always(Failed(Event.THROTTLED, "x", retry_after_seconds=12.0))

    with pytest.raises(Failed):
        await retries(time).run(Kind.READ, attempt)

    assert time.sleeps == [12.0]
    assert attempt.tries[1].seconds_left == 8.0


async def test_mixed_events_end_at_six_attempts() -> None:
    """No number without a limit: events counted apart still end together."""
    kinds = (Event.NOT_SENT, Event.BROKEN, Event.UNAVAILABLE)
    attempt = Always(*(Failed(kinds[n % 3], "x") for n in range(20)))

    with pytest.raises(Failed):
        await retries(StillTime()).run(Kind.READ, attempt, total_seconds=1000)

    assert len(attempt.tries) == 6


async def test_an_empty_budget_fails_fast_and_successes_fill_it() -> None:
    """RTY-3: bucket 50, a retry costs 5, after a timeout 10, a success gives 1 back."""
    budget = Budget()
    time = StillTime()
    for _ in range(3):
        with pytest.raises(Failed):
            await retries(time, budget).run(Kind.READ, Always(Failed(Event.NOT_SENT, "x")))
    assert budget.tokens == 5

    slow = Always(Failed(Event.BROKEN, "x", is_timeout=True))
    with pytest.raises(Failed):
        await retries(time, budget).run(Kind.READ, slow)
    assert len(slow.tries) == 1

    async def good(_: Try) -> int:
        return 1

    for _ in range(5):
        await retries(time, budget).run(Kind.READ, good)
    assert budget.tokens == 10


async def test_a_programming_error_is_never_tried_again() -> None:
    """Only classified failures are."""
    runs = []

    async def broken(_: Try) -> None:
        runs.append(1)
        raise KeyError("x")

    with pytest.raises(KeyError):
        await retries(StillTime()).run(Kind.READ, broken)

    assert runs == [1]


@pytest.mark.parametrize(
    ("status", "code", "wait", "event"),
    [
        (301, None, 0, Event.REDIRECT),
        (400, "malformed", 0, Event.REFUSED),
        (401, "token-expired", 0, Event.UNAUTHORISED),
        (403, "forbidden", 0, Event.FORBIDDEN),
        (404, "not-found", 0, Event.REFUSED),
        (404, None, 0, Event.FOREIGN),
        (405, "x", 0, Event.REFUSED),
        (406, "x", 0, Event.REFUSED),
        (408, "x", 0, Event.TOO_EARLY),
        (409, "operation-in-progress", 1, Event.IN_PROGRESS),
        (409, "record-accounted", 0, Event.CONFLICT),
        (410, "cursor-invalid", 0, Event.REFUSED),
        (412, "precondition-failed", 0, Event.CONFLICT),
        (413, "too-large", 0, Event.REFUSED),
        (415, "media-type", 0, Event.REFUSED),
        (422, "validation", 0, Event.REFUSED),
        (425, "x", 0, Event.TOO_EARLY),
        (428, "precondition-required", 0, Event.REFUSED),
        (429, "rate-limited", 30, Event.THROTTLED),
        (429, "rate-limited", 31, Event.MUCH_LATER),
        (500, "internal", 0, Event.INTERNAL),
        (500, None, 0, Event.GATEWAY),
        (502, None, 0, Event.GATEWAY),
        (503, "overloaded", 1, Event.UNAVAILABLE),
        (503, "maintenance", 600, Event.MUCH_LATER),
        (503, None, 600, Event.GATEWAY),
        (504, None, 0, Event.GATEWAY),
        (507, "storage-full", 0, Event.STORAGE_FULL),
    ],
)
def test_an_answer_is_classified_by_status_code_and_whose_it_is(
    status: int, code: str | None, wait: float, event: Event
) -> None:
    """ERR-2 and the rows of the matrix: only the ledger's own problem+json counts as its word."""
    assert event_of(status, problem(status, code) if code else None, wait) is event


@pytest.mark.parametrize(
    ("failure", "sent", "doubt"),
    [
        (Failed(Event.NOT_SENT, "x"), False, False),
        (Failed(Event.BROKEN, "x"), True, True),
        (Failed(Event.BROKEN, "x"), False, False),
        (Failed(Event.MISCONFIGURED, "x"), True, True),
        (Failed(Event.GARBLED, "x"), True, True),
        (Failed(Event.FOREIGN, "x"), True, True),
        (Failed(Event.REDIRECT, "x"), True, True),
        (Failed(Event.GATEWAY, "x"), True, True),
        (Failed(Event.IN_PROGRESS, "x", problem=problem(409, outcome="unknown")), True, True),
        (Failed(Event.UNAVAILABLE, "x", problem=problem(503)), True, False),
        (Failed(Event.INTERNAL, "x", problem=problem(500)), True, False),
        (Failed(Event.INTERNAL, "x", problem=problem(500, outcome="unknown")), True, True),
        (Failed(Event.INTERNAL, "x", problem=problem(500, outcome="applied")), True, True),
        (Failed(Event.CONFLICT, "x", problem=problem(409)), True, False),
        (Failed(Event.REFUSED, "x", problem=problem(422)), True, False),
        (Failed(Event.THROTTLED, "x", problem=problem(429)), True, False),
    ],
)
def test_doubt_needs_a_sent_byte_and_no_word_of_the_ledger(failure: Failed, sent: bool, doubt: bool) -> None:
    """ERR-1, ERR-2: what was sent and not answered by the ledger itself may have happened."""
    assert leaves_doubt(failure, sent=sent) is doubt
    assert (end_of(failure, in_doubt=False, sent=sent) is End.UNKNOWN) is doubt


@pytest.mark.parametrize(
    ("status", "code", "end"),
    [
        (409, "record-accounted", End.REFUSED),
        (409, "operation-cancelled", End.REFUSED),
        (412, "precondition-failed", End.REFUSED),
        (422, "day-closed", End.REFUSED),
        (401, "session-ended", End.UNKNOWN),
        (403, "forbidden", End.UNKNOWN),
        (404, "not-found", End.UNKNOWN),
        (409, "possible-duplicate", End.UNKNOWN),
        (413, "too-large", End.UNKNOWN),
        (422, "idempotency-key-reused", End.UNKNOWN),
        (429, "rate-limited", End.UNKNOWN),
        (503, "overloaded", End.UNKNOWN),
    ],
)
def test_after_a_broken_attempt_only_a_stored_answer_decides(status: int, code: str, end: End) -> None:
    """IDEM-5, IDEM-6: a 429 speaks of its own attempt; the copy sent before it may still be applied."""
    answer = problem(status, code)
    failure = Failed(event_of(status, answer, 0), "x", problem=answer)

    assert end_of(failure, in_doubt=True, sent=True) is end
    assert end_of(failure, in_doubt=False, sent=True) is End.REFUSED


def test_a_replayed_answer_decides_whatever_its_code() -> None:
    """IDEM-8: `Idempotency-Replayed` proves that the key stands."""
    failure = Failed(Event.REFUSED, "x", problem=problem(422, "validation"), is_replay=True)

    assert end_of(failure, in_doubt=True, sent=True) is End.REFUSED


async def test_no_connection_after_a_broken_attempt_is_still_doubt() -> None:
    """Nothing was sent this time; something was before."""
    failure = Failed(Event.NOT_SENT, "x")

    assert end_of(failure, in_doubt=True, sent=False) is End.UNKNOWN
    assert end_of(failure, in_doubt=False, sent=False) is End.NOT_DONE
