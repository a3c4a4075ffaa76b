"""Signing in while changes are still being sent, or while many are in doubt (OUT-6)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.remote.conftest import Desk, desk_at
from tests.remote.doubles import (
    NEW_RECORD,
    Asked,
    HeldTime,
    KeyLedger,
    StillTime,
    client_of,
    closes,
    refuses,
    running,
    until,
)

from branchtui.remote.errors import OutcomeUnknown, SessionEnded
from branchtui.remote.intents import Intent, IntentState
from branchtui.remote.resolver import QUESTIONS_AT_ONCE, Phase, Progress, Verdict


async def test_signing_in_leaves_a_change_alone_that_is_being_sent(desk: Desk) -> None:
    """OUT-5: its own attempts end it; to ask about it, and to fence it, would stop it on its way."""
    arrived, go = asyncio.Event(), asyncio.Event()
    heard: list[Progress] = []

    async def slow(asked: Asked, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await go.wait()
        await desk.keys(asked, writer)

    desk.ledger.resolver.listen(heard.append)
    desk.server.plan = [slow]
    write = asyncio.create_task(desk.ledger.create_balance_record(NEW_RECORD))
    await asyncio.wait_for(arrived.wait(), 30)

    await desk.ledger.sign_in("achieng", "a long password")
    desk.keys.valid.add(desk.server.asked[0].headers["authorization"])
    assert desk.ledger.resolver.unresolved == ()
    go.set()

    assert (await write).id == "r1"
    assert heard == []
    assert not any("/operations/" in path for path in desk.server.paths())


async def test_signing_in_does_not_call_a_change_lost_that_is_about_to_be_sent(desk: Desk) -> None:
    """Prepared and not yet sent: in the process that prepared it, it is on its way."""
    heard: list[Progress] = []
    desk.ledger.resolver.listen(heard.append)
    write = asyncio.create_task(desk.ledger.create_balance_record(NEW_RECORD))
    await until(lambda: len(desk.ledger._journal.in_doubt("ledger-1", "achieng")) == 1)

    desk.ledger.resolver.signed_in("ledger-1", "achieng")

    assert (await write).id == "r1"
    assert heard == []


async def test_a_change_in_doubt_behind_its_attempts_is_taken_up_as_before(tmp_path: Path) -> None:
    """Once nothing is sent any more, the resolver has it, whoever signed in meanwhile."""
    async with desk_at(tmp_path, time=(time := HeldTime())) as desk:
        desk.server.plan = [closes]
        write = asyncio.create_task(desk.ledger.create_balance_record(NEW_RECORD))
        await until(lambda: len(time.sleeps) == 1)
        await desk.ledger.sign_in("achieng", "a long password")
        desk.server.plan = [closes, closes]
        time.go.set()

        with pytest.raises(OutcomeUnknown) as unknown:
            await write
        settlement = await desk.ledger.resolver.settle(unknown.value.intent)

    assert settlement.verdict is Verdict.NOT_RECORDED


@pytest.mark.parametrize("refused", ["the renewal", "the question behind it"])
async def test_a_question_in_the_session_of_before_does_not_silence_those_in_the_next(
    desk: Desk, refused: str
) -> None:
    """OUT-6: who signs in again while a doubt is asked about still has it, and it is asked about until its end."""
    arrived, go = asyncio.Event(), asyncio.Event()

    async def late(asked: Asked, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await go.wait()
        await refuses(401, "session-ended")(asked, writer)

    behind = [late] if refused == "the renewal" else [desk.keys, late]
    desk.server.plan = [closes, closes, closes, refuses(401, "token-expired"), *behind]
    with pytest.raises(OutcomeUnknown) as unknown:
        await desk.ledger.create_balance_record(NEW_RECORD)
    await asyncio.wait_for(arrived.wait(), 30)

    await desk.ledger.sign_in("achieng", "a long password")
    go.set()
    settlement = await asyncio.wait_for(desk.ledger.resolver.settle(unknown.value.intent), 30)

    assert settlement.verdict is Verdict.NOT_RECORDED
    assert desk.ledger.is_signed_in


async def test_many_doubts_are_asked_about_two_at_a_time(tmp_path: Path) -> None:
    """A terminal that comes back with much in doubt does not fall upon the ledger, nor hold its own line."""
    keys = KeyLedger()
    async with desk_at(tmp_path) as desk:
        for number in range(9):
            pending = desk.ledger._pending(Intent.plain("customer.create", str(number)), "POST", "/v1/x", b"")
            desk.ledger._journal.prepare(pending)
            desk.ledger._journal.move(pending.key, IntentState.SENT)

    held = most = 0

    async def counted(asked: Asked, writer: asyncio.StreamWriter) -> None:
        nonlocal held, most
        if "/operations/" not in asked.path:
            await keys(asked, writer)
            return
        held += 1
        most = max(most, held)
        for _ in range(20):
            await asyncio.sleep(0)
        held -= 1
        await keys(asked, writer)

    async with running(counted) as server, client_of(server, tmp_path, StillTime()) as ledger:
        await ledger.sign_in("achieng", "a long password")
        doubts = ledger.resolver.unresolved
        assert len(doubts) == 9
        ends = await asyncio.gather(*(ledger.resolver.settle(doubt) for doubt in doubts))

    assert {end.verdict for end in ends} == {Verdict.NOT_RECORDED}
    assert most == QUESTIONS_AT_ONCE == 2


async def test_a_question_that_is_not_answered_keeps_the_others_only_as_long_as_it_lasts(
    tmp_path: Path,
) -> None:
    """Whoever waits for the next question holds no place meanwhile."""
    async with desk_at(tmp_path) as desk:
        for number in range(3):
            pending = desk.ledger._pending(Intent.plain("customer.create", str(number)), "POST", "/v1/x", b"")
            desk.ledger._journal.prepare(pending)
            desk.ledger._journal.move(pending.key, IntentState.SENT)
    keys = KeyLedger()
    stubborn: list[str] = []

    async def partly(asked: Asked, writer: asyncio.StreamWriter) -> None:
        behave = refuses(403, "forbidden") if any(key in asked.path for key in stubborn) else keys
        await behave(asked, writer)

    async with running(partly) as server, client_of(server, tmp_path, HeldTime()) as ledger:
        await ledger.sign_in("achieng", "a long password")
        first, second, third = ledger.resolver.unresolved
        stubborn += [first.key, second.key]

        settlement = await asyncio.wait_for(ledger.resolver.settle(third), 30)

    assert settlement.verdict is Verdict.NOT_RECORDED


async def test_a_change_is_never_sent_again_in_the_name_of_who_signed_in_meanwhile(tmp_path: Path) -> None:
    """IDEM-2: it would be somebody else's deed, with somebody else's rights; it waits in doubt for its own user."""
    async with desk_at(tmp_path, time=(time := HeldTime())) as desk:
        desk.server.plan = [closes]
        write = asyncio.create_task(desk.ledger.create_balance_record(NEW_RECORD))
        await until(lambda: len(time.sleeps) == 1)
        await desk.ledger.sign_in("otieno", "a long password")
        time.go.set()

        with pytest.raises(OutcomeUnknown) as unknown:
            await write
        assert desk.server.paths().count("POST /v1/balance-records") == 1
        assert desk.ledger.resolver.unresolved == ()
        await desk.ledger.sign_in("achieng", "a long password")
        settlement = await desk.ledger.resolver.settle(unknown.value.intent)

    assert settlement.verdict is Verdict.NOT_RECORDED
    assert desk.keys.effects == []


async def test_a_change_that_waited_for_new_tokens_does_not_take_somebody_elses(desk: Desk) -> None:
    """AUTH-6: its own session was to be renewed; who signed in during that has nothing to do with it."""
    arrived, go = asyncio.Event(), asyncio.Event()

    async def slow(asked: Asked, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await go.wait()
        await desk.keys(asked, writer)

    desk.server.plan = [refuses(401, "token-expired"), slow]
    write = asyncio.create_task(desk.ledger.create_balance_record(NEW_RECORD))
    await asyncio.wait_for(arrived.wait(), 30)
    await desk.ledger.sign_in("otieno", "a long password")
    go.set()

    with pytest.raises(SessionEnded):
        await write
    assert desk.server.paths().count("POST /v1/balance-records") == 1
    assert desk.ledger.is_signed_in


@pytest.mark.parametrize("signs_in", [True, False])
async def test_a_change_that_was_refused_goes_nowhere_once_its_user_has_left(
    tmp_path: Path, signs_in: bool
) -> None:
    """Refused and to be tried again: nothing happened so far, and nothing may happen in another name or in none."""
    async with desk_at(tmp_path, time=(time := HeldTime())) as desk:
        desk.server.plan = [refuses(503, "overloaded")]
        write = asyncio.create_task(desk.ledger.create_balance_record(NEW_RECORD))
        await until(lambda: len(time.sleeps) == 1)
        await desk.ledger.sign_out()
        if signs_in:
            await desk.ledger.sign_in("otieno", "a long password")
        time.go.set()

        with pytest.raises(SessionEnded) as ended:
            await write

    assert "Nothing was sent" in ended.value.sentence
    assert desk.server.paths().count("POST /v1/balance-records") == 1
    assert desk.keys.effects == []


async def test_a_doubt_is_fenced_by_its_own_user_or_by_nobody(tmp_path: Path) -> None:
    """IDEM-9: a fence in another name belongs to the other one, and its own user could never learn the end."""
    keys = KeyLedger()
    asked_for, go = asyncio.Event(), asyncio.Event()

    async def slow_question(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.method == "GET" and "/operations/" in asked.path and not go.is_set():
            asked_for.set()
            await go.wait()
            await refuses(404, "operation-unknown")(asked, writer)
            return
        await keys(asked, writer)

    async with desk_at(tmp_path) as desk:
        pending = desk.ledger._pending(Intent.plain("customer.create"), "POST", "/v1/x", b"")
        desk.ledger._journal.prepare(pending)
        desk.ledger._journal.move(pending.key, IntentState.SENT)

    async with running(slow_question) as server, client_of(server, tmp_path, StillTime()) as ledger:
        phases: list[Phase] = []
        ledger.resolver.listen(lambda progress: phases.append(progress.phase))
        await ledger.sign_in("achieng", "a long password")
        await asyncio.wait_for(asked_for.wait(), 30)
        await ledger.sign_in("otieno", "a long password")
        go.set()
        await asyncio.wait_for(until(lambda: Phase.SIGNED_OUT in phases), 30)

        assert not any(path.endswith("/cancel") for path in server.paths())
        assert ledger.user is not None
        assert ledger.user.username == "otieno"
        assert ledger.resolver.unresolved_of_others == 1
        await ledger.sign_in("achieng", "a long password")
        settlement = await ledger.resolver.settle(pending)

    assert settlement.verdict is Verdict.NOT_RECORDED


async def test_a_doubt_goes_on_in_the_session_that_began_while_the_old_one_was_found_ended(
    tmp_path: Path,
) -> None:
    """OUT-6: the refusal of the old session says nothing of the new one; found by the simulator, 83a5c8a1."""
    keys = KeyLedger()
    renewing, go = asyncio.Event(), asyncio.Event()
    is_old = True

    async def old_session(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if is_old and "/operations/" in asked.path:
            await refuses(401, "token-expired")(asked, writer)
        elif asked.path == "/v1/sessions/refresh":
            renewing.set()
            await go.wait()
            await refuses(401, "session-ended")(asked, writer)
        else:
            await keys(asked, writer)

    async with desk_at(tmp_path) as desk:
        pending = desk.ledger._pending(Intent.plain("customer.create"), "POST", "/v1/x", b"")
        desk.ledger._journal.prepare(pending)
        desk.ledger._journal.move(pending.key, IntentState.SENT)

    async with running(old_session) as server, client_of(server, tmp_path, StillTime()) as ledger:
        await ledger.sign_in("achieng", "a long password")
        await asyncio.wait_for(renewing.wait(), 30)
        is_old = False
        await ledger.sign_in("achieng", "a long password")
        go.set()
        settlement = await asyncio.wait_for(ledger.resolver.settle(pending), 30)

    assert settlement.verdict is Verdict.NOT_RECORDED
