"""A change happens once or not at all, and the teller is told which (link, sections 1, 3 and 5)."""

from __future__ import annotations

import asyncio
import sqlite3  # noqa: TID251 - looks into the client's journal from outside
from pathlib import Path

import pytest
from tests.remote.conftest import Desk, desk_at
from tests.remote.doubles import (
    NEW_RECORD,
    QUICK,
    Asked,
    Behaviour,
    HeldTime,
    answers,
    applied_then,
    client_of,
    closes,
    html,
    problem_of,
    record_of,
    refuses,
    resets,
    response,
    sends,
    stalls,
    until,
)

from branchtui.remote.errors import (
    Blocked,
    Conflict,
    JournalUnavailable,
    LinkDown,
    OutcomeUnknown,
    Refused,
    SessionEnded,
    Unreachable,
)
from branchtui.remote.intents import IntentState
from branchtui.remote.resolver import Phase, Progress, Verdict


def journal_rows(directory: Path) -> list[tuple[str, ...]]:
    with sqlite3.connect(directory / "journal" / "intents.db") as db:
        return db.execute("SELECT key, state, summary FROM intent ORDER BY created_at, key").fetchall()


async def test_a_change_carries_a_quoted_key_and_returns_what_the_ledger_holds(desk: Desk) -> None:
    """IDEM-1: one key, as an RFC 8941 string; the journal ends in `succeeded`."""
    record = await desk.ledger.create_balance_record(NEW_RECORD)

    assert record.amount_minor == 125_000
    [asked] = desk.server.asked
    assert asked.headers["idempotency-key"] == f'"{desk.keys.effects[0]}"'
    assert asked.headers["x-user-activity"] == "1"
    assert journal_rows(desk.directory)[0][1] == "succeeded"


async def test_changing_a_record_sends_the_version_that_was_seen(desk: Desk) -> None:
    """CONC-2: `If-Match` is the strong ETag of the version on the screen."""
    record = await desk.ledger.create_balance_record(NEW_RECORD)

    await desk.ledger.post_balance_record(record)

    assert desk.server.asked[-1].path == "/v1/balance-records/r1/post"
    assert desk.server.asked[-1].headers["if-match"] == '"1"'


@pytest.mark.parametrize("fault", [closes, resets, sends(b"HTTP/1.1 200 OK\r\nContent-"), html(502)])
async def test_a_lost_answer_is_asked_for_again_with_the_same_key_and_nothing_happens_twice(
    desk: Desk, fault: Behaviour
) -> None:
    """OUT-5: the same bytes under the same key; the ledger replays."""
    desk.server.plan = [applied_then(fault, desk.keys)]

    await desk.ledger.create_balance_record(NEW_RECORD)

    first, second = desk.server.asked
    assert (first.key, first.body) == (second.key, second.body)
    assert len(desk.keys.effects) == 1


async def test_a_teller_hears_that_a_slow_change_is_still_being_sent(desk: Desk) -> None:
    """Link, section 5: "Slow link – still sending (attempt 2)"."""
    heard = []
    desk.ledger.listen_sending(lambda sending: heard.append((sending.attempt, sending.intent.reference)))
    desk.server.plan = [closes]

    await desk.ledger.create_balance_record(NEW_RECORD)

    assert heard == [(2, "0000-01")]


async def test_an_applied_change_whose_answer_is_lost_is_found_to_be_recorded(desk: Desk) -> None:
    """Link, section 5: unknown, then asked, then "recorded (confirmed late)"; never sent again."""
    desk.server.plan = [applied_then(closes, desk.keys), closes, closes]

    with pytest.raises(OutcomeUnknown) as unknown:
        await desk.ledger.create_balance_record(NEW_RECORD)
    settlement = await desk.ledger.resolver.settle(unknown.value.intent)

    assert settlement.verdict is Verdict.RECORDED
    assert "Do NOT enter it again" in unknown.value.sentence
    assert settlement.sentence.startswith("Recorded (confirmed late): Key balance 1,250.00 KES savings")
    assert desk.server.paths() == ["POST /v1/balance-records"] * 3 + [
        f"GET /v1/operations/{unknown.value.intent.key}"
    ]
    assert len(desk.keys.effects) == 1
    assert journal_rows(desk.directory)[0][1] == "applied"


async def test_a_change_that_never_arrived_is_fenced_and_only_then_may_be_keyed_again(desk: Desk) -> None:
    """IDEM-9: 404, one fence, "NOT recorded"; a late copy of it is refused."""
    desk.server.plan = [closes, closes, closes]
    with pytest.raises(OutcomeUnknown) as unknown:
        await desk.ledger.create_balance_record(NEW_RECORD)
    late_copy = desk.server.asked[0]

    settlement = await desk.ledger.resolver.settle(unknown.value.intent)

    key = unknown.value.intent.key
    assert settlement.verdict is Verdict.NOT_RECORDED
    assert settlement.sentence.endswith("You can enter it again.")
    assert desk.server.paths()[3:] == [f"GET /v1/operations/{key}", f"POST /v1/operations/{key}/cancel"]
    desk.keys.apply(late_copy)
    assert desk.keys.effects == []
    await desk.ledger.create_balance_record(NEW_RECORD)
    assert len(desk.keys.effects) == 1


async def test_background_questions_are_no_activity_of_a_person(desk: Desk) -> None:
    """AUTH-5: asking about a doubt must not keep a session alive."""
    desk.server.plan = [closes, closes, closes]
    with pytest.raises(OutcomeUnknown) as unknown:
        await desk.ledger.create_balance_record(NEW_RECORD)
    await desk.ledger.resolver.settle(unknown.value.intent)

    assert [asked.headers["x-user-activity"] for asked in desk.server.asked] == ["1"] * 3 + ["0"] * 2


async def test_a_success_that_cannot_be_read_is_asked_about_and_not_sent_again(desk: Desk) -> None:
    """The matrix: 2xx cut, invalid or not our schema, a keyed mutation: GET operation."""
    for body in (b'{"id": "r1", "ver', b'{"id": "r1"}', b"\xff\xfe"):
        desk.server.asked.clear()
        desk.server.plan = [applied_then(sends(response(201, body, "application/json")), desk.keys)]

        with pytest.raises(OutcomeUnknown) as unknown:
            await desk.ledger.create_balance_record(NEW_RECORD)
        settlement = await desk.ledger.resolver.settle(unknown.value.intent)

        assert settlement.verdict is Verdict.RECORDED
        assert [path.split()[0] for path in desk.server.paths()] == ["POST", "GET"]


@pytest.mark.parametrize("fault", [html(200), html(403), html(302), sends(response(404, b"", "text/plain"))])
async def test_an_answer_that_is_not_the_ledgers_leaves_doubt(desk: Desk, fault: Behaviour) -> None:
    """ERR-2: a page of a proxy says nothing about a change that went through it."""
    desk.server.plan = [fault]

    with pytest.raises(OutcomeUnknown) as unknown:
        await desk.ledger.create_balance_record(NEW_RECORD)

    settlement = await desk.ledger.resolver.settle(unknown.value.intent)
    assert settlement.verdict is Verdict.NOT_RECORDED


async def test_a_refusal_says_that_nothing_happened_and_is_not_tried_again(desk: Desk) -> None:
    """422 and their like: Refused, with the ledger's words."""
    desk.server.plan = [refuses(422, "day-closed", detail="29 September is closed.")]

    with pytest.raises(Refused) as refused:
        await desk.ledger.create_balance_record(NEW_RECORD)

    assert refused.value.sentence == "29 September is closed."
    assert len(desk.server.asked) == 1
    assert journal_rows(desk.directory)[0][1] == "rejected"


async def test_a_conflict_brings_what_stands_now_and_who_changed_it(desk: Desk) -> None:
    """412: `current` as the resource's model, the changed fields by name, actor and time."""
    record = await desk.ledger.create_balance_record(NEW_RECORD)
    changes = [{"field": "amount_minor", "actor": "otieno", "at": "2026-09-30T14:02:00Z"}]
    desk.server.plan = [
        refuses(
            412,
            "precondition-failed",
            current=record_of(version=2, amount_minor=135_000),
            changed_fields=changes,
        )
    ]

    with pytest.raises(Conflict) as conflict:
        await desk.ledger.post_balance_record(record)

    assert conflict.value.current.amount_minor == 135_000
    assert conflict.value.changed_fields == ("amount_minor",)
    assert conflict.value.changed_by == "otieno"
    assert conflict.value.code == "precondition-failed"


async def test_a_refusal_of_a_second_attempt_does_not_speak_for_the_first(desk: Desk) -> None:
    """IDEM-5: the first may be applied; a 429 to the second says nothing of it."""
    desk.server.plan = [applied_then(closes, desk.keys), *[refuses(429, "rate-limited")] * 3]

    with pytest.raises(OutcomeUnknown) as unknown:
        await desk.ledger.create_balance_record(NEW_RECORD)

    settlement = await desk.ledger.resolver.settle(unknown.value.intent)
    assert settlement.verdict is Verdict.RECORDED


async def test_a_ledger_that_cannot_be_reached_gets_nothing_and_says_so(desk: Desk) -> None:
    """No connection: tried again, then `Unreachable`; no doubt, the row never said `sent`."""
    unused = client_of(desk.server, desk.directory / "other", desk.time)
    unused._session = desk.ledger._session
    unused.resolver.signed_in("ledger-1", "achieng")
    unused._transport.base_url = "http://127.0.0.1:1"

    with pytest.raises(Unreachable) as unreachable:
        await unused.create_balance_record(NEW_RECORD)

    assert unreachable.value.sentence == "The ledger does not answer. Nothing was sent."
    assert unused.line.requests == 4
    assert journal_rows(desk.directory / "other")[0][1] == "rejected"
    await unused.close()


async def test_an_open_circuit_refuses_a_change_before_it_has_a_key(desk: Desk) -> None:
    """OUT-1: "Link down – nothing was sent", and no intent exists."""
    desk.ledger._breaker._probe = never  # the circuit stays open
    for _ in range(5):
        desk.ledger._breaker.failed()

    with pytest.raises(LinkDown) as down:
        await desk.ledger.create_balance_record(NEW_RECORD)

    assert down.value.sentence == "Link down – nothing was sent."
    assert journal_rows(desk.directory) == []
    assert desk.server.asked == []


async def never() -> bool:
    return False


async def test_the_same_customer_and_amount_is_blocked_while_it_is_in_doubt(tmp_path: Path) -> None:
    """Link, section 5.4: a second keying of what may have happened is not sent."""
    async with desk_at(tmp_path, time=(time := HeldTime())) as desk:
        time.go.set()
        desk.server.plan = [closes, closes, closes, *[refuses(503, "overloaded")] * 4]
        with pytest.raises(OutcomeUnknown) as unknown:
            await desk.ledger.create_balance_record(NEW_RECORD)
        time.go.clear()
        await until(lambda: len(desk.ledger.resolver.unresolved) == 1)

        with pytest.raises(Blocked) as blocked:
            await asyncio.wait_for(desk.ledger.create_balance_record(NEW_RECORD), 30)

        assert unknown.value.intent.reference in blocked.value.sentence
        time.go.set()
        await desk.ledger.resolver.settle(unknown.value.intent)
        await desk.ledger.create_balance_record(NEW_RECORD)


async def test_a_screen_that_goes_away_after_sending_loses_nothing(desk: Desk) -> None:
    """Cancelled after send: it goes on in the background and its end is told."""
    heard: list[Progress] = []
    told = asyncio.Event()
    arrived, go = asyncio.Event(), asyncio.Event()

    def hear(progress: Progress) -> None:
        heard.append(progress)
        told.set()

    async def slow(asked: Asked, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await go.wait()
        await desk.keys(asked, writer)

    desk.ledger.resolver.listen(hear)
    desk.server.plan = [slow]
    write = asyncio.create_task(desk.ledger.create_balance_record(NEW_RECORD))
    await arrived.wait()
    write.cancel()
    with pytest.raises(asyncio.CancelledError):
        await write
    go.set()
    await asyncio.wait_for(told.wait(), 30)

    assert [(p.phase, p.settlement and p.settlement.verdict) for p in heard] == [
        (Phase.SETTLED, Verdict.RECORDED)
    ]
    [unseen] = desk.ledger.resolver.settled_unseen
    desk.ledger.resolver.acknowledge(unseen.key)
    assert desk.ledger.resolver.settled_unseen == ()


async def test_a_screen_that_goes_away_before_sending_sends_nothing(desk: Desk) -> None:
    """Cancelled before the first byte: dropped, and the journal says so."""
    write = asyncio.create_task(desk.ledger.create_balance_record(NEW_RECORD))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert journal_rows(desk.directory)[0][1] == "prepared"
    write.cancel()
    with pytest.raises(asyncio.CancelledError):
        await write
    await asyncio.gather(*desk.ledger._under_way, return_exceptions=True)

    assert desk.server.asked == []
    assert journal_rows(desk.directory)[0][1] == "rejected"


async def test_a_silent_ledger_ends_in_doubt_and_not_in_waiting(tmp_path: Path) -> None:
    """RTY-5: each attempt has a deadline; silence after sending is doubt."""
    async with desk_at(tmp_path, deadlines=QUICK) as desk:
        desk.server.plan = [stalls, stalls, stalls]

        with pytest.raises(OutcomeUnknown):
            await desk.ledger.create_balance_record(NEW_RECORD)

        assert desk.server.paths() == ["POST /v1/balance-records"] * 3


async def test_a_journal_that_cannot_be_written_stops_changes_and_not_look_ups(desk: Desk) -> None:
    """OUT-3: fail closed."""
    journal = desk.ledger._journal
    journal.close()

    with pytest.raises(Unreachable) as stopped:
        await desk.ledger.create_balance_record(NEW_RECORD)

    assert "no change is sent" in stopped.value.sentence
    assert desk.server.asked == []
    assert (await desk.ledger.customers()).items == ()


async def test_what_the_journal_cannot_call_sent_is_not_sent(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OUT-2, OUT-3: the disk is full behind the first row; sent all the same, a restart would call it never sent."""

    def full(_: str) -> None:
        raise JournalUnavailable("The disk is full, so no change is sent.")

    monkeypatch.setattr(desk.ledger._journal, "sent", full)

    with pytest.raises(Unreachable):
        await desk.ledger.create_balance_record(NEW_RECORD)

    assert desk.keys.effects == []
    assert not any(asked.body for asked in desk.server.asked)


async def test_an_expired_token_is_renewed_once_and_the_same_key_sent_again(desk: Desk) -> None:
    """401: refresh once, R×1 with the same key."""
    desk.keys.valid = set()

    await desk.ledger.create_balance_record(NEW_RECORD)

    assert desk.server.paths() == [
        "POST /v1/balance-records",
        "POST /v1/sessions/refresh",
        "POST /v1/balance-records",
    ]
    assert desk.server.asked[0].key == desk.server.asked[2].key


async def test_many_calls_with_an_expired_token_renew_it_once(desk: Desk) -> None:
    """AUTH-6: refresh is single-flight."""
    desk.keys.valid = set()

    await asyncio.gather(*(desk.ledger.customers() for _ in range(8)))

    assert desk.server.paths().count("POST /v1/sessions/refresh") == 1


async def test_a_session_that_cannot_be_renewed_has_ended(desk: Desk) -> None:
    """Nothing happened, and the way on is to sign in."""
    desk.server.plan = [refuses(401, "token-expired"), refuses(401, "session-ended")]

    with pytest.raises(SessionEnded):
        await desk.ledger.create_balance_record(NEW_RECORD)

    assert not desk.ledger.is_signed_in
    assert journal_rows(desk.directory)[0][1] == "rejected"
    with pytest.raises(SessionEnded):
        await desk.ledger.create_balance_record(NEW_RECORD)


async def test_a_renewal_that_is_not_answered_does_not_end_the_session(desk: Desk) -> None:
    """A broken line while renewing: the change was refused for its token, so nothing happened."""
    desk.server.plan = [refuses(401, "token-expired"), closes, closes]

    with pytest.raises(Unreachable):
        await desk.ledger.create_balance_record(NEW_RECORD)

    assert desk.ledger.is_signed_in
    desk.keys.valid = set()
    await desk.ledger.create_balance_record(NEW_RECORD)


async def test_what_is_in_doubt_waits_for_the_next_sign_in(desk: Desk) -> None:
    """IDEM-9: only the owner may ask; another user sees a count (OUT-6)."""
    phases: list[Phase] = []
    desk.ledger.resolver.listen(lambda progress: phases.append(progress.phase))
    ended = [refuses(401, "session-ended")] * 2
    desk.server.plan = [applied_then(closes, desk.keys), closes, closes, *ended]
    with pytest.raises(OutcomeUnknown) as unknown:
        await desk.ledger.create_balance_record(NEW_RECORD)
    await until(lambda: Phase.SIGNED_OUT in phases)

    await desk.ledger.sign_in("otieno", "a long password")
    assert desk.ledger.resolver.unresolved == ()
    assert desk.ledger.resolver.unresolved_of_others == 1
    await desk.ledger.sign_in("achieng", "a long password")

    settlement = await desk.ledger.resolver.settle(unknown.value.intent)
    assert settlement.verdict is Verdict.RECORDED


async def test_no_name_phone_body_or_token_stands_in_the_journal(desk: Desk) -> None:
    """OUT-2: only the masked summary; the record's account and customer are recognisable."""
    record = await desk.ledger.create_balance_record(NEW_RECORD)
    await desk.ledger.post_balance_record(record)

    raw = (desk.directory / "journal" / "intents.db").read_bytes()
    for secret in (b"Wanjiru", b"Jane", b"access-", b"refresh-", b"as_of_date", b"a long password"):
        assert secret not in raw
    assert "acct 00417 (J*** W.)" in journal_rows(desk.directory)[1][2]


async def test_text_of_an_answer_is_safe_before_a_screen_sees_it(desk: Desk) -> None:
    """TTY-1, second wall: in answers and in problems."""
    desk.server.plan = [
        answers(201, record_of(narration="\x1b[2Jrent\u202e")),
        refuses(422, "x", detail="\x1b]0;owned\x07no"),
    ]

    record = await desk.ledger.create_balance_record(NEW_RECORD)
    with pytest.raises(Refused) as refused:
        await desk.ledger.create_balance_record(NEW_RECORD)

    for text in (record.narration, refused.value.sentence):
        assert not any(character in text for character in "\x1b\x07\u202e")
    assert record.narration == "␛[2Jrent�"


async def test_a_key_is_never_used_twice(desk: Desk) -> None:
    """Two changes, two keys; a source that repeats itself is stopped before anything is sent."""
    desk.ledger._new_key = lambda: "00000000-0000-4000-8000-000000000abc"
    await desk.ledger.create_balance_record(NEW_RECORD)

    with pytest.raises(AssertionError):
        await desk.ledger.create_balance_record(NEW_RECORD)

    assert len(desk.keys.effects) == 1


async def test_the_journal_says_sent_before_the_first_byte(desk: Desk) -> None:
    """OUT-2: when the server reads the first byte, the disk already says `sent`."""
    states = []

    async def look(asked: Asked, writer: asyncio.StreamWriter) -> None:
        states.append(journal_rows(desk.directory)[0][1])
        await desk.keys(asked, writer)

    desk.server.plan = [look]
    await desk.ledger.create_balance_record(NEW_RECORD)

    assert states == [IntentState.SENT]


async def test_a_problem_about_another_status_is_not_believed(desk: Desk) -> None:
    """A page that only looks like a problem leaves doubt."""
    fake = problem_of(409, "record-accounted")
    body = str(fake).replace("'", '"').encode()
    desk.server.plan = [sends(response(403, body, "application/problem+json"))]

    with pytest.raises(OutcomeUnknown):
        await desk.ledger.create_balance_record(NEW_RECORD)
