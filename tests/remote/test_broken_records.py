"""A TLS line that is cut or meddled with between two bytes: doubt or a bad line, never a success (T3, T-15)."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

import pytest
import trustme
from tests.line.faults import Cut, How
from tests.line.proxy import reset
from tests.remote.doubles import (
    NEW_RECORD,
    START,
    Asked,
    Behaviour,
    KeyLedger,
    Server,
    StillTime,
    answers,
    listening,
    record_of,
    response,
    running,
)

from branchtui.remote.client import Ledger
from branchtui.remote.errors import OutcomeUnknown, Unreachable
from branchtui.remote.journal import IntentJournal
from branchtui.remote.resolver import Verdict

BANK = trustme.CA()
HEADER = 5
"""Bytes before what a TLS record holds; the last two are its length."""

ATTEMPTS = 3
RECORD = json.dumps(record_of()).encode()
WHOLE = response(201, RECORD, "application/json")
ENDLESS = b"HTTP/1.1 201 X\r\nContent-Type: application/json\r\n\r\n" + RECORD


class Relay:
    """Passes bytes on as they are, until it is armed: then one fault befalls what comes back, by its place in it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cut: Cut | None = None
        self.flip: int | None = None
        self.is_one_record = False

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.port)
        up = asyncio.create_task(_pass_on(reader, up_writer))
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while self._passes(await _record(up_reader), writer):
                    await writer.drain()
        finally:
            up.cancel()
            # All at once: in good order TLS would wait for a farewell that never comes.
            reset(up_writer)

    def _passes(self, record: bytes, writer: asyncio.StreamWriter) -> bool:
        cut, self.cut = self.cut, None
        flip, self.flip = self.flip, None
        if flip is not None:
            place = HEADER + flip % (len(record) - HEADER)
            record = record[:place] + bytes([record[place] ^ 1]) + record[place + 1 :]
        writer.write(record if cut is None else record[: cut.at])
        if self.is_one_record:
            self.is_one_record = False
            return False
        if cut is not None and cut.how is How.RST:
            reset(writer)
        return cut is None


async def _record(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(HEADER)
    return head + await reader.readexactly(int.from_bytes(head[3:], "big"))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()


class Line:
    """A signed-in teller, the keys behind the line, and who stands between."""

    def __init__(self, ledger: Ledger, server: Server, keys: KeyLedger, relay: Relay) -> None:
        self.ledger = ledger
        self.server = server
        self.keys = keys
        self.relay = relay

    def recorded_then(self, *pieces: bytes, cut: Cut | None = None, flip: int | None = None) -> Behaviour:
        """The change is recorded; its answer, a TLS record for each piece, meets the fault."""

        async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
            if asked.method == "POST":
                self.keys.apply(asked)
            self.relay.cut, self.relay.flip = cut, flip
            self.relay.is_one_record = cut is None and flip is None
            for piece in pieces:
                writer.write(piece)
                await writer.drain()

        return behave


@asynccontextmanager
async def line(directory: Path) -> AsyncIterator[Line]:
    BANK.cert_pem.write_to_path(directory / "ca.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    BANK.issue_cert("localhost").configure_cert(tls)
    keys, time = KeyLedger(), StillTime()
    async with running(keys, tls) as server:
        relay = Relay(int(server.url.rpartition(":")[2]))
        async with (
            listening(relay.carry) as port,
            Ledger(
                f"https://localhost:{port}",
                journal=IntentJournal.open(directory / "journal", now=START),
                ca_file=directory / "ca.pem",
                clock=time,
                rng=Random(3),
                sleep=time.sleep,
            ) as ledger,
        ):
            await ledger.sign_in("achieng", "a long password")
            yield Line(ledger, server, keys, relay)


async def is_in_doubt_until_it_is_asked_about(line: Line, behaviour: Behaviour) -> None:
    """Three attempts, none of them taken for an answer; then the ledger's word."""
    line.server.plan = [behaviour] * ATTEMPTS
    with pytest.raises(OutcomeUnknown) as unknown:
        await line.ledger.create_balance_record(NEW_RECORD)
    settlement = await line.ledger.resolver.settle(unknown.value.intent)
    assert settlement.verdict is Verdict.RECORDED
    assert line.keys.effects == [unknown.value.intent.key]


@pytest.mark.parametrize("how", [How.FIN, How.RST])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.99])
async def test_a_record_that_is_cut_leaves_doubt(tmp_path: Path, how: How, share: float) -> None:
    """T3: no part of a record is an answer, wherever it is cut; nothing is recorded twice."""
    cut = Cut(int(share * len(WHOLE)), how)
    async with line(tmp_path) as teller:
        await is_in_doubt_until_it_is_asked_about(teller, teller.recorded_then(WHOLE, cut=cut))


async def test_an_answer_that_is_cut_between_two_records_leaves_doubt(tmp_path: Path) -> None:
    """T3: a truncation attack. Every byte that came is genuine, and the end is missing."""
    async with line(tmp_path) as teller:
        await is_in_doubt_until_it_is_asked_about(teller, teller.recorded_then(WHOLE[:-9], WHOLE[-9:]))


async def test_an_answer_whose_end_only_the_line_tells_is_never_taken(tmp_path: Path) -> None:
    """PAGE-4: its JSON is whole, and the end of the line is anybody's to make."""
    async with line(tmp_path) as teller:
        teller.server.plan = [teller.recorded_then(ENDLESS)]
        with pytest.raises(OutcomeUnknown) as unknown:
            await teller.ledger.create_balance_record(NEW_RECORD)
        assert (await teller.ledger.resolver.settle(unknown.value.intent)).verdict is Verdict.RECORDED


@pytest.mark.parametrize("place", [0, 40, 400])
async def test_a_bit_that_turns_under_a_change_leaves_doubt(tmp_path: Path, place: int) -> None:
    """T3: TLS finds it, and the client has no other word for it than for a line that broke."""
    async with line(tmp_path) as teller:
        await is_in_doubt_until_it_is_asked_about(teller, teller.recorded_then(WHOLE, flip=place))


async def test_a_bit_that_turns_under_a_reading_is_a_bad_line(tmp_path: Path) -> None:
    """The table of the link's section 2: what TLS complains of after the handshake comes as an error of this package."""
    async with line(tmp_path) as teller:
        page = response(200, b'{"items": []}', "application/json")
        teller.server.plan = [teller.recorded_then(page, flip=9)]
        assert (await teller.ledger.customers()).items == ()
        teller.server.plan = [teller.recorded_then(page, flip=9)] * 4
        with pytest.raises(Unreachable) as unreachable:
            await teller.ledger.customers()
        assert unreachable.value.sentence == "The line to the ledger broke."
        teller.server.usual = answers(200, {"items": []})
        assert (await teller.ledger.customers()).items == ()
