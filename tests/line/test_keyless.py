"""What carries no key, its line cut at every byte: sessions, proofs, fences, chunks of a file (T3; AUTH-6).

At every thirty-fourth byte, from another first one in each run; `BRANCHTUI_LINE_STEP=1` (`make night`) at every one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pydantic import SecretStr
from tests.ledger.running import PASSWORD
from tests.ledger.web.every_route import World
from tests.line.counter import Counter, Said, counter
from tests.line.faults import Cut, Fault, How, Passed
from tests.line.leaping import LeapingLoop, run_leaping
from tests.line.operations import ready
from tests.line.proxy import ByteProxy, byte_proxy
from tests.line.sweep import EXTRA_REQUESTS, STEP, as_drawn, every_cut, some_cuts

from branchtui.remote.chunking import CHUNK_BYTES_MAX
from branchtui.remote.errors import SessionEnded, Unreachable

pytestmark = pytest.mark.faults

DONE = "POST /v1/customers"
WHO = "supervisor"


def at(world: World, state: Path, work: Callable[[ByteProxy, Counter], Awaitable[None]]) -> None:
    """Let the supervisor of a branch work at a proxied line."""

    async def run(loop: LeapingLoop) -> None:
        async with (
            byte_proxy(int(world.ledger.url.rpartition(":")[2])) as proxy,
            counter(proxy, loop, state, WHO) as person,
        ):
            await work(proxy, person)

    run_leaping(run)


def meant(method: str, part: str) -> Callable[[Passed], bool]:
    return lambda one: one.method == method and part in one.path


async def lengths(
    proxy: ByteProxy, only: Callable[[Passed], bool], work: Awaitable[object]
) -> tuple[int, int]:
    """How long the request and the answer that are meant are, on a good line."""
    count = len(proxy.passed)
    await work
    one = next(one for one in proxy.passed[count:] if only(one))
    return len(one.request), len(one.answer)


def faults_at(name: str, request_bytes: int, answer_bytes: int) -> list[Fault]:
    """A cut of either message at the bytes of this run."""
    rng = as_drawn(name)

    def cuts(length: int) -> list[Cut]:
        return every_cut(length) if STEP == 1 else some_cuts(length, 2 * STEP, rng)

    silent = [
        Fault(request=Cut(1, How.STALL)),
        Fault(answer=Cut(0, How.STALL)),
        Fault(answer=Cut(40, How.STALL)),
    ]
    return (
        [Fault(request=cut) for cut in cuts(request_bytes)]
        + [Fault(answer=cut) for cut in cuts(answer_bytes)]
        + silent
    )


def test_a_fence_that_is_cut_still_settles_the_change(world: World, state: Path) -> None:
    """IDEM-9: the fence may be sent any number of times; what never arrived is never recorded."""
    fences = meant("POST", "/cancel")

    async def work(proxy: ByteProxy, person: Counter) -> None:
        lost = [Fault(request=Cut(0, How.FIN))] * 3
        change = ready(world, DONE)
        proxy.befall(*lost)
        up, down = await lengths(proxy, fences, person.make(change))
        for fault in faults_at("fence", up, down):
            person.forget_bad_times()
            proxy.befall(*lost, fault, only=lambda one: one.key is not None or fences(one))
            count = len(proxy.passed)
            outcome = await person.make(change)
            assert (outcome.said, outcome.was_unknown) == (Said.NOT_DONE, True), (fault, outcome)
            passed = proxy.passed[count:]
            met = next(place for place, one in enumerate(passed) if fences(one))
            assert len(passed) - met - 1 <= (EXTRA_REQUESTS if passed[met].is_cut else 0)

    at(world, state, work)


def test_a_sign_in_that_is_cut_is_said_and_the_next_one_works(world: World, state: Path) -> None:
    """The matrix: not repeated by itself; a session that was opened unseen is in nobody's way."""
    only = meant("POST", "/v1/sessions")

    async def work(proxy: ByteProxy, person: Counter) -> None:
        up, down = await lengths(proxy, only, person.ledger.sign_in(WHO, PASSWORD))
        for fault in faults_at("sign-in", up, down):
            person.forget_bad_times()
            proxy.befall(fault, only=only)
            count = len(proxy.passed)
            said: Unreachable | None = None
            try:
                await person.ledger.sign_in(WHO, PASSWORD)
            except Unreachable as error:
                said = error
            # Tokens are drawn and the answer is packed: one that came out shorter may be whole before its cut.
            (one,) = proxy.passed[count:]
            assert (said is not None) is one.is_cut, fault
            await person.ledger.sign_in(WHO, PASSWORD)
        assert (await person.make(ready(world, DONE))).said is Said.DONE

    at(world, state, work)
    ((running,),) = world.ledger.query(
        "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE username = ? AND ended_at IS NULL",
        WHO,
    )
    assert running <= 2


@pytest.mark.parametrize("how_often", [1, 2])
def test_a_renewal_that_is_cut_ends_no_session(world: World, state: Path, how_often: int) -> None:
    """AUTH-6: the lost answer of a refresh is asked for again; a lost line is no ended session."""
    only = meant("POST", "/v1/sessions/refresh")

    async def work(proxy: ByteProxy, person: Counter) -> None:
        def expire() -> None:
            session = person.ledger._session
            assert session is not None
            person.ledger._session = session.model_copy(update={"access_token": SecretStr("expired")})

        expire()
        up, down = await lengths(proxy, only, person.ledger.me())
        for fault in faults_at(f"refresh {how_often}", up, down):
            person.forget_bad_times()
            expire()
            proxy.befall(*[fault] * how_often, only=only)
            count = len(proxy.passed)
            outcome = await person.make(ready(world, DONE))
            renewals = [one for one in proxy.passed[count:] if only(one)]
            assert renewals
            # As at a sign-in: an answer that came out shorter may be whole before its cut.
            if how_often == 2 and all(one.is_cut for one in renewals):
                assert len(renewals) == how_often
                assert (outcome.said, type(outcome.error)) == (Said.NOT_DONE, Unreachable), fault
                assert person.ledger.is_signed_in
                outcome = await person.make(ready(world, DONE))
            assert (outcome.said, outcome.error) == (Said.DONE, None), fault

    at(world, state, work)


def test_a_proof_that_is_cut_is_asked_for_again(world: World, state: Path) -> None:
    """AUTH-7: proving to be the person changes nothing that a second proof would spoil."""
    only = meant("POST", "/v1/me/step-up")

    async def work(proxy: ByteProxy, person: Counter) -> None:
        up, down = await lengths(proxy, only, person.ledger.step_up(password=PASSWORD))
        for fault in faults_at("step-up", up, down):
            person.forget_bad_times()
            proxy.befall(fault, only=only)
            await person.ledger.step_up(password=PASSWORD)

    at(world, state, work)


def test_a_sign_out_that_is_cut_leaves_no_session_at_the_terminal(world: World, state: Path) -> None:
    """The tokens are forgotten in any case, and the ledger's session ends with a later attempt."""
    only = meant("DELETE", "/v1/sessions/current")

    async def work(proxy: ByteProxy, person: Counter) -> None:
        up, down = await lengths(proxy, only, person.ledger.sign_out())
        for fault in faults_at("sign-out", up, down):
            await person.ledger.sign_in(WHO, PASSWORD)
            person.forget_bad_times()
            proxy.befall(fault, only=only)
            await person.ledger.sign_out()
            assert not person.ledger.is_signed_in
            with pytest.raises(SessionEnded):
                await person.ledger.change_password(PASSWORD, PASSWORD)

    at(world, state, work)


def test_a_file_whose_chunks_are_cut_arrives_whole(world: World, state: Path) -> None:
    """Contract, section 8: after a break the ledger says what it has, and only the rest is sent."""
    content = b"customer_no,amount\r\n" + b"00417,1250.00\r\n" * 40
    chunks, questions = meant("PUT", "/v1/uploads/"), meant("HEAD", "/v1/uploads/")

    async def work(proxy: ByteProxy, person: Counter) -> None:
        up, down = await lengths(proxy, chunks, person.ledger.upload(content))
        for fault in faults_at("chunk", up, down):
            person.forget_bad_times()
            # The question that follows is lost as well, and then both answers.
            proxy.befall(
                fault, Fault(answer=Cut(20, How.FIN)), only=lambda one: chunks(one) or questions(one)
            )
            await whole(world, person, content)

    at(world, state, work)


def test_a_large_file_is_cut_within_its_chunks_and_only_the_rest_is_sent_again(
    world: World, state: Path
) -> None:
    """A chunk of 128 KiB fills what the kernel holds: the cut meets a sender that is still writing.

    Three silences are longer than an upload waits: it says so, and goes on when it is sent again. A chunk that failed
    is followed by a smaller one, which has to be cut earlier to be cut at all.
    """
    content = bytes(range(256)) * 2_000
    rng = as_drawn("large")
    sizes = (CHUNK_BYTES_MAX, CHUNK_BYTES_MAX // 4, CHUNK_BYTES_MAX // 16)

    async def work(proxy: ByteProxy, person: Counter) -> None:
        for how in How:
            person.forget_bad_times()
            # The line is known to be fast before: what comes after the first bytes comes in whole chunks.
            await person.ledger.upload(rng.randbytes(2 * CHUNK_BYTES_MAX))
            places = [rng.randrange(1_000, size) for size in sizes]
            faults = [Fault(request=Cut(place, how)) for place in places]
            proxy.befall(*faults, only=meant("PUT", "/v1/uploads/"))
            before = person.ledger.line
            if how is How.STALL:
                with pytest.raises(Unreachable):
                    await person.ledger.upload(content)
                person.forget_bad_times()
            await whole(world, person, content)
            sent = (person.ledger.line - before).bytes_up
            assert sent <= len(content) + 3 * 140_000

    at(world, state, work)


async def whole(world: World, person: Counter, content: bytes) -> None:
    """Send a file; the ledger has exactly it."""
    upload = await person.ledger.upload(content)
    assert (upload.offset, upload.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    pieces = world.ledger.query(
        "SELECT data FROM upload_chunks WHERE upload_id = ? ORDER BY start", upload.id
    )
    assert b"".join(piece for (piece,) in pieces) == content
