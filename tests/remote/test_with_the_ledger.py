"""The client over the real ledger: the same rules on both sides of a line that loses things."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest
from tests.ledger.running import PASSWORD, RunningLedger, make_template
from tests.remote.doubles import StillTime, listening

from branchtui.contract.customers import AccountKind, NewAccount, NewCustomer
from branchtui.contract.operations import OperationState, short_reference
from branchtui.remote.client import Ledger
from branchtui.remote.errors import OutcomeUnknown, Refused
from branchtui.remote.journal import IntentJournal
from branchtui.remote.resolver import Verdict


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLedger]:
    database = f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}"
    make_template(database)
    with RunningLedger(database) as ledger:
        yield ledger
        ledger.check()


class Relay:
    """Passes requests to the ledger; loses answers, or whole requests, as `plan` says."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.plan: list[str] = []
        self.held: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await read_message(reader):
            fate = self.plan.pop(0) if self.plan else "pass"
            if fate == "hold":
                self.held.append(request)
                return
            answer = await self.forward(request)
            if fate == "lose answer":
                return
            writer.write(answer)
            await writer.drain()

    async def forward(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            return await read_message(reader, is_body_told_only=request.startswith(b"HEAD "))
        finally:
            writer.close()
            await writer.wait_closed()


async def read_message(reader: asyncio.StreamReader, *, is_body_told_only: bool = False) -> bytes:
    """One request or answer with a stated length; the answer to HEAD states that of a body which does not come."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and not is_body_told_only:
            return head + await reader.readexactly(int(value))
    return head


@asynccontextmanager
async def teller(directory: Path, relay: Relay, who: str = "teller") -> AsyncIterator[Ledger]:
    time = StillTime()
    async with listening(relay) as port:
        journal = IntentJournal.open(directory / "journal", now=time.now())
        url = f"http://127.0.0.1:{port}"
        async with Ledger(url, journal=journal, clock=time, rng=Random(5), sleep=time.sleep) as ledger:
            await ledger.sign_in(who, PASSWORD)
            yield ledger


@pytest.fixture
def relay(real: RunningLedger) -> Relay:
    return Relay(int(real.url.rpartition(":")[2]))


def somebody(real: RunningLedger, last_name: str) -> NewCustomer:
    return NewCustomer(
        first_name="Jane",
        last_name=last_name,
        branch_id=real.branch("NKU").id,
        active=True,
        activation_date=real.today(),
        submitted_on=real.today(),
    )


async def test_a_customer_is_entered_found_and_given_an_account(
    real: RunningLedger, relay: Relay, tmp_path: Path
) -> None:
    """Every model fits what the ledger says: session, page, profile, account, operation, branches."""
    async with teller(tmp_path, relay) as ledger:
        made = await ledger.create_customer(somebody(real, "Wanjiru"))
        found = await ledger.customers("wanjiru jane")
        account = await ledger.open_account(made.id, NewAccount(kind=AccountKind.SAVINGS, currency="KES"))
        profile = await ledger.customer(made.id)
        done = await ledger.operations()

        assert [customer.id for customer in found.items] == [made.id]
        assert profile.accounts is not None
        assert account.id in {one.id for one in profile.accounts}
        assert done.items[0].reference == short_reference(done.items[0].key)
        assert (await ledger.me()).user.username == "teller"
        assert {branch.code for branch in await ledger.branches()} >= {"NKU"}
        assert await ledger.sign_out() is True


async def test_a_lost_answer_is_replayed_and_made_once(
    real: RunningLedger, relay: Relay, tmp_path: Path
) -> None:
    """IDEM-8 over the line: the second attempt is answered from the first."""
    async with teller(tmp_path, relay) as ledger:
        relay.plan = ["lose answer"]
        made = await ledger.create_customer(somebody(real, "Replayed"))

        found = await ledger.customers("replayed")
        assert [customer.id for customer in found.items] == [made.id]


async def test_an_applied_change_whose_answers_are_all_lost_is_found_recorded(
    real: RunningLedger, relay: Relay, tmp_path: Path
) -> None:
    """Link, section 5, over the real operations endpoint."""
    async with teller(tmp_path, relay) as ledger:
        relay.plan = ["lose answer"] * 3
        with pytest.raises(OutcomeUnknown) as unknown:
            await ledger.create_customer(somebody(real, "Applied"))
        settlement = await ledger.resolver.settle(unknown.value.intent)

        assert settlement.verdict is Verdict.RECORDED
        assert len((await ledger.customers("applied")).items) == 1


async def test_a_change_that_never_arrived_is_fenced_and_its_late_copy_refused(
    real: RunningLedger, relay: Relay, tmp_path: Path
) -> None:
    """IDEM-9, T-06: the held request is let go after the fence, and has no effect."""
    async with teller(tmp_path, relay) as ledger:
        relay.plan = ["hold"] * 3
        with pytest.raises(OutcomeUnknown) as unknown:
            await ledger.create_customer(somebody(real, "Fenced"))
        settlement = await ledger.resolver.settle(unknown.value.intent)
        assert settlement.verdict is Verdict.NOT_RECORDED

        for late in relay.held:
            answer = await relay.forward(late)
            assert answer.startswith(b"HTTP/1.1 409")
            assert b"operation-cancelled" in answer
        assert (await ledger.customers("fenced")).items == ()
        operation = await ledger.operation(unknown.value.intent.key)
        assert operation.state is OperationState.CANCELLED
        await ledger.create_customer(somebody(real, "Fenced"))


async def test_a_refusal_of_the_ledger_reaches_the_caller_as_one(
    real: RunningLedger, relay: Relay, tmp_path: Path
) -> None:
    """ERR-1: code, words and field errors, and nothing happened."""
    async with teller(tmp_path, relay) as ledger:
        nobody = somebody(real, "Nobody").model_copy(update={"first_name": None})
        with pytest.raises(Refused) as refused:
            await ledger.create_customer(nobody)

        assert refused.value.problem.status == 422
        assert refused.value.sentence
        with pytest.raises(Refused):
            await ledger.customer("no-such-customer")


async def test_an_upload_arrives_over_the_real_endpoint_through_a_break(relay: Relay, tmp_path: Path) -> None:
    """Contract, section 8: offset, digest, go on."""
    content = b"customer_no,amount\r\n" + b"00417,1250.00\r\n" * 20_000
    async with teller(tmp_path, relay) as ledger:
        relay.plan = ["pass", "lose answer"]
        upload = await ledger.upload(content)

        assert upload.offset == upload.length == len(content)
