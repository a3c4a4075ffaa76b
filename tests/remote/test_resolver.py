"""Doubt after a restart, parked, hurried and shown (OUT-5, OUT-6; link, section 5)."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from tests.remote.conftest import desk_at
from tests.remote.doubles import (
    NEW_RECORD,
    Asked,
    Behaviour,
    HeldTime,
    KeyLedger,
    StillTime,
    answers,
    applied_then,
    client_of,
    closes,
    refuses,
    running,
    stalls,
    until,
)

from branchtui.remote.errors import Blocked, JournalUnavailable, OutcomeUnknown
from branchtui.remote.intents import Intent, IntentState
from branchtui.remote.resolver import Phase, Progress, Verdict

CLIENT = """
import asyncio, sys
from pathlib import Path
from tests.remote.doubles import NEW_RECORD, Server, StillTime, client_of

async def main():
    server = Server(None)
    server.url = sys.argv[1]
    async with client_of(server, Path(sys.argv[2]), StillTime()) as ledger:
        await ledger.sign_in("achieng", "a long password")
        await ledger.create_balance_record(NEW_RECORD)

asyncio.run(main())
"""
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("is_applied", [True, False])
async def test_a_killed_client_finds_its_intent_again_settles_it_and_never_sends_it_again(
    tmp_path: Path, is_applied: bool
) -> None:
    """OUT-5: kill -9 after the first byte; the next start asks, or fences, and no body goes out."""
    keys = KeyLedger()
    arrived = asyncio.Event()

    async def hang(asked: Asked, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await stalls(asked, writer)

    async with running(keys) as server:
        server.plan = [keys, applied_then(hang, keys) if is_applied else hang]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CLIENT, server.url, str(tmp_path), cwd=ROOT
        )
        await asyncio.wait_for(arrived.wait(), 60)
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        posts = server.paths().count("POST /v1/balance-records")

        async with client_of(server, tmp_path, StillTime()) as ledger:
            heard: list[Progress] = []
            ledger.resolver.listen(heard.append)
            await ledger.sign_in("achieng", "a long password")
            [pending] = ledger.resolver.unresolved
            with pytest.raises(Blocked):
                await ledger.create_balance_record(NEW_RECORD)
            settlement = await ledger.resolver.settle(pending)

    assert settlement.verdict is (Verdict.RECORDED if is_applied else Verdict.NOT_RECORDED)
    assert len(keys.effects) == (1 if is_applied else 0)
    assert server.paths().count("POST /v1/balance-records") == posts == 1
    assert heard[-1].settlement is settlement


async def test_an_intent_of_an_earlier_session_comes_before_any_change_until_it_is_parked(
    tmp_path: Path,
) -> None:
    """OUT-6: it blocks everything; parked for a supervisor it blocks only its twin."""
    other = NEW_RECORD.model_copy(update={"customer_id": "c2"})
    async with desk_at(tmp_path) as desk:
        desk.server.plan = [closes] * 3
        desk.server.usual = refuses(503, "overloaded")
        with pytest.raises(OutcomeUnknown) as unknown:
            await desk.ledger.create_balance_record(NEW_RECORD)
    key = unknown.value.intent.key

    keys = KeyLedger()
    closed = [refuses(403, "forbidden")]

    async def guarded(asked: Asked, writer: asyncio.StreamWriter) -> None:
        behave = closed[0] if closed and "/operations/" in asked.path else keys
        await behave(asked, writer)

    async with running(guarded) as server, client_of(server, tmp_path, HeldTime()) as ledger:
        ledger._new_key = lambda: "00000000-0000-4000-8000-000000000abc"
        await ledger.sign_in("achieng", "a long password")
        with pytest.raises(Blocked):
            await asyncio.wait_for(ledger.create_balance_record(other), 30)

        ledger.resolver.park(key)
        await ledger.create_balance_record(other)

        with pytest.raises(Blocked):
            await asyncio.wait_for(ledger.create_balance_record(NEW_RECORD), 30)
        assert [pending.is_parked for pending in ledger.resolver.unresolved] == [True]
        closed.clear()
        ledger.resolver.check_now(key)
        settlement = await ledger.resolver.settle(unknown.value.intent)
        assert settlement.verdict is Verdict.NOT_RECORDED


async def test_a_prepared_intent_of_a_killed_client_was_never_sent_and_is_told_as_such(
    tmp_path: Path,
) -> None:
    """Its first byte never went out: nothing to ask, nothing to fence."""
    async with desk_at(tmp_path) as desk:
        pending = desk.ledger._pending(Intent.plain("customer.create"), "POST", "/v1/x", b"")
        desk.ledger._journal.prepare(pending)

    async with running(KeyLedger()) as server, client_of(server, tmp_path, StillTime()) as ledger:
        heard: list[Progress] = []
        ledger.resolver.listen(heard.append)
        await ledger.sign_in("achieng", "a long password")

        assert [p.settlement and p.settlement.verdict for p in heard] == [Verdict.NOT_RECORDED]
        assert ledger.resolver.unresolved == ()
        assert server.paths() == ["POST /v1/sessions"]


async def test_a_screen_hears_when_the_next_check_is_and_can_ask_at_once(tmp_path: Path) -> None:
    """Link, section 5: "checking… next in 4 s", "[1] check now"; waits are full jitter up to 8 s."""
    async with desk_at(tmp_path, time=(time := HeldTime())) as desk:
        time.go.set()
        desk.server.plan = [closes] * 3
        desk.server.usual = answers(200, {"key": "x", "state": "in_progress", "reference": "X"})
        heard: list[Progress] = []
        desk.ledger.resolver.listen(heard.append)
        with pytest.raises(OutcomeUnknown) as unknown:
            await desk.ledger.create_balance_record(NEW_RECORD)
        key = unknown.value.intent.key
        await until(lambda: len(heard) >= 40)
        time.go.clear()
        waits = [p.next_in_seconds for p in heard if p.phase is Phase.WAITING]
        assert all(0.25 <= wait <= 8 for wait in waits if wait is not None)
        resolver = desk.ledger.resolver
        await until(lambda: (last := resolver.progress_of(key)) is not None and last.phase is Phase.WAITING)

        desk.server.usual = desk.keys
        desk.ledger.resolver.check_now(key)
        settlement = await desk.ledger.resolver.settle(unknown.value.intent)

    assert settlement.verdict is Verdict.NOT_RECORDED
    assert heard[-1].phase is Phase.SETTLED


@pytest.mark.parametrize(
    "useless",
    [
        refuses(404, "not-found"),
        refuses(403, "forbidden"),
        answers(200, {"key": "another-key-altogether", "state": "cancelled", "reference": "X"}),
        answers(200, {"key": "k", "state": "of-the-future", "reference": "X"}),
        closes,
    ],
)
async def test_only_a_clear_word_about_this_key_settles_it(tmp_path: Path, useless: Behaviour) -> None:
    """A 404 of another kind fences nothing; another key's state says nothing."""
    async with desk_at(tmp_path) as desk:
        desk.server.plan = [applied_then(closes, desk.keys), closes, closes, useless]

        with pytest.raises(OutcomeUnknown) as unknown:
            await desk.ledger.create_balance_record(NEW_RECORD)
        settlement = await desk.ledger.resolver.settle(unknown.value.intent)

        assert settlement.verdict is Verdict.RECORDED
        assert not any(path.endswith("/cancel") for path in desk.server.paths())


async def test_a_screen_that_opens_after_the_end_sees_the_end(tmp_path: Path) -> None:
    """The answer may come before the dialog is painted; it must not wait for it for ever."""
    async with desk_at(tmp_path) as desk:
        resolver = desk.ledger.resolver
        desk.server.plan = [closes] * 3
        with pytest.raises(OutcomeUnknown) as unknown:
            await desk.ledger.create_balance_record(NEW_RECORD)
        intent = unknown.value.intent
        settlement = await resolver.settle(intent)
        asked = len(desk.server.asked)

        late = resolver.progress_of(intent.key)
        assert late is not None
        assert late.settlement == settlement == await resolver.settle(intent)
        assert len(desk.server.asked) == asked

        resolver.acknowledge(intent.key)
        assert resolver.progress_of(intent.key) is None
        assert resolver.settled_unseen == ()


async def test_a_disk_that_fails_after_the_answer_neither_hides_the_end_nor_forgets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OUT-3: what could not be written is still told, and written when it is acknowledged."""
    async with desk_at(tmp_path) as desk:
        journal, resolver = desk.ledger._journal, desk.ledger.resolver
        move = journal.move

        def full(key: str, state: IntentState) -> None:
            if state is IntentState.NOT_APPLIED:
                raise JournalUnavailable("full")
            move(key, state)

        monkeypatch.setattr(journal, "move", full)
        desk.server.plan = [closes] * 3
        with pytest.raises(OutcomeUnknown) as unknown:
            await desk.ledger.create_balance_record(NEW_RECORD)
        settlement = await resolver.settle(unknown.value.intent)
        assert settlement.verdict is Verdict.NOT_RECORDED
        assert len(journal.in_doubt("ledger-1", "achieng")) == 1

        monkeypatch.setattr(journal, "move", move)
        resolver.acknowledge(unknown.value.intent.key)
        assert journal.in_doubt("ledger-1", "achieng") == ()


async def test_a_listener_that_fails_stops_no_settlement(tmp_path: Path) -> None:
    """A broken screen must not keep a teller in doubt."""
    reported = []

    def broken(_: Progress) -> None:
        raise ZeroDivisionError

    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    async with desk_at(tmp_path) as desk:
        desk.ledger.resolver.listen(broken)
        desk.server.plan = [closes] * 3

        with pytest.raises(OutcomeUnknown) as unknown:
            await desk.ledger.create_balance_record(NEW_RECORD)
        settlement = await desk.ledger.resolver.settle(unknown.value.intent)

    assert settlement.verdict is Verdict.NOT_RECORDED
    assert isinstance(reported[0]["exception"], ZeroDivisionError)
