"""Readings over a bad line: a plain sentence, a bounded cost, never a traceback (link, sections 2 to 4)."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import httpcore
import pytest
from tests.remote.conftest import Desk, desk_at
from tests.remote.doubles import (
    QUICK,
    Behaviour,
    HeldTime,
    answers,
    client_of,
    closes,
    html,
    refuses,
    resets,
    response,
    running,
    sends,
    stalls,
    until,
)

from branchtui.remote.answers import retry_after
from branchtui.remote.errors import LedgerError, NotOurLedger, NotTrusted, Refused, Unreachable

EMPTY: dict[str, list[str]] = {"items": []}
GOOD = json.dumps(EMPTY).encode()


@pytest.mark.parametrize(
    "fault",
    [
        closes,
        resets,
        sends(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\nContent-Type: application/json\r\n\r\n{"),
        sends(b"\x16\x03\x01garbage"),
        html(502),
        refuses(503, "overloaded"),
        sends(response(200, GOOD[:-2], "application/json")),
    ],
)
async def test_a_reading_is_made_again_after_a_fault(desk: Desk, fault: Behaviour) -> None:
    """The matrix, GET column."""
    desk.server.plan = [fault]

    assert (await desk.ledger.customers()).items == ()
    assert len(desk.server.asked) == 2


async def test_a_silent_ledger_ends_a_reading_with_a_sentence(tmp_path: Path) -> None:
    """RTY-5."""
    async with desk_at(tmp_path, deadlines=QUICK) as desk:
        desk.server.usual = stalls

        with pytest.raises(Unreachable) as unreachable:
            await desk.ledger.customers()

    assert "Error" not in unreachable.value.sentence


@pytest.mark.parametrize("status", [200, 302, 403, 404])
async def test_a_web_page_is_not_the_ledger(desk: Desk, status: int) -> None:
    """A captive portal or a wrong address: said in plain words, and not asked again."""
    desk.server.plan = [html(status)]

    with pytest.raises(NotOurLedger) as stranger:
        await desk.ledger.customers()

    assert stranger.value.sentence == (
        "A web page answered instead of the ledger. Check the address and the line."
    )
    assert len(desk.server.asked) == 1


async def test_a_redirect_is_never_followed(desk: Desk) -> None:
    """The matrix: redirects are off."""
    elsewhere = f"{desk.server.url}/elsewhere"
    desk.server.plan = [answers(307, {}, Location=elsewhere)]

    with pytest.raises(LedgerError):
        await desk.ledger.customers()

    assert desk.server.paths() == ["GET /v1/customers"]


async def test_a_gzip_bomb_costs_two_mebibytes_and_no_more(desk: Desk) -> None:
    """T-16: what is unpacked is counted; 300 MB packed small are refused early."""
    bomb = gzip.compress(b'{"items": ["' + b"a" * 100_000_000 + b'"]}')
    wire = response(200, bomb, "application/json", Content_Encoding="gzip")
    desk.server.plan = [sends(wire), sends(wire)]
    tracemalloc.start()

    with pytest.raises(Unreachable) as refused:
        await desk.ledger.customers()

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000
    assert refused.value.sentence == "The answer is larger than any answer of the ledger."


@pytest.mark.parametrize(
    "wire",
    [
        response(200, gzip.compress(GOOD)[:-9], "application/json", Content_Encoding="gzip"),
        response(200, b"not gzip", "application/json", Content_Encoding="gzip"),
        response(200, GOOD, "application/json", Content_Encoding="br"),
        response(200, b'{"items": ' + b"[" * 40 + b"]" * 40 + b"}", "application/json"),
        response(200, b"[" * 100_000, "application/json"),
        response(200, b'{"items": [], "count": NaN}', "application/json"),
        response(200, b'{"items": 3}', "application/json"),
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" + GOOD,
    ],
    ids=["cut gzip", "no gzip", "brotli", "deep", "very deep", "NaN", "wrong shape", "no length"],
)
async def test_an_answer_that_cannot_be_trusted_is_asked_for_once_more_and_then_told(
    desk: Desk, wire: bytes
) -> None:
    """The matrix: 2xx whose body is cut, too big or not ours: R×1."""
    desk.server.plan = [sends(wire), sends(wire)]

    with pytest.raises(Unreachable):
        await desk.ledger.customers()

    assert len(desk.server.asked) == 2


async def test_gzip_is_asked_for_and_bytes_are_counted_as_they_go_over_the_line(desk: Desk) -> None:
    """`LineFigures`: compressed size, headers included, requests counted."""
    packed = gzip.compress(json.dumps({**EMPTY, "padding": "a" * 5000}).encode())
    wire = response(200, packed, "application/json", Content_Encoding="gzip")

    async def behave(_: object, writer: asyncio.StreamWriter) -> None:
        writer.write(wire)

    desk.server.plan = [behave]
    before = desk.ledger.line
    await desk.ledger.customers("jane")
    step = desk.ledger.line - before

    [asked] = desk.server.asked
    assert asked.headers["accept-encoding"] == "gzip"
    assert step.requests == 1
    assert step.bytes_down == len(wire)
    assert step.bytes_up == asked.size


async def test_the_status_line_hears_of_each_exchange(desk: Desk) -> None:
    """`listen_line` tells until it is ended."""
    heard: list[int] = []
    leave = desk.ledger.listen_line(lambda figures: heard.append(figures.requests))

    await desk.ledger.customers()
    leave()
    await desk.ledger.customers()

    assert len(heard) == 1


async def test_a_search_for_a_phone_is_written_to_no_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """SEC-4: httpx writes full addresses at INFO."""
    with caplog.at_level(logging.INFO):
        await desk.ledger.customers("0711222333")

    assert "0711222333" not in caplog.text


async def test_after_five_faults_in_a_row_look_ups_fail_at_once_until_a_probe_is_answered(
    tmp_path: Path,
) -> None:
    """RTY-4: open after five, one probe of /healthz, then one request through, then closed."""
    async with desk_at(tmp_path, time=HeldTime()) as desk:
        for _ in range(5):
            desk.ledger._breaker.failed()

        with pytest.raises(Unreachable) as down:
            await desk.ledger.customers()
        assert down.value.sentence == "Link down – nothing was sent."
        assert desk.server.asked == []
        assert not desk.ledger.line.is_up

        await desk.ledger.try_now()
        await until(lambda: not desk.ledger._breaker.refuses)
        await desk.ledger.customers()

        assert desk.server.paths() == ["GET /healthz", "GET /v1/customers"]
        assert desk.ledger.line.is_up


async def test_what_the_ledger_itself_refuses_never_opens_the_circuit(desk: Desk) -> None:
    """RTY-4: business 4xx never count."""
    desk.server.usual = refuses(404, "not-found")

    for _ in range(30):
        with pytest.raises(Refused):
            await desk.ledger.payment("p1")

    assert len(desk.server.asked) == 30


async def test_a_machine_that_slept_does_not_trust_its_old_connections(desk: Desk) -> None:
    """RTY-6: a jump of the boot-time clock over the monotonic one closes the pool."""
    await desk.ledger.customers()
    connections = desk.server.connections
    await desk.ledger.customers()
    assert desk.server.connections == connections

    desk.time.asleep += 21
    await desk.ledger.customers()

    assert desk.server.connections == connections + 1


async def test_signing_in_is_not_repeated_when_its_answer_is_lost(tmp_path: Path) -> None:
    """The matrix: login, no repeat after something was sent; wrong credentials are a refusal, not an ended session."""
    async with desk_at(tmp_path) as desk:
        desk.server.plan = [
            closes,
            refuses(401, "credentials-wrong", detail="User name or password is wrong."),
        ]

        with pytest.raises(Unreachable):
            await desk.ledger.sign_in("achieng", "x")
        with pytest.raises(Refused) as refused:
            await desk.ledger.sign_in("achieng", "x")

        assert type(refused.value) is Refused
        assert refused.value.sentence == "User name or password is wrong."
        assert desk.server.paths() == ["POST /v1/sessions"] * 2


async def test_a_password_or_token_shows_in_no_text_of_the_client(desk: Desk) -> None:
    """SEC-1: memory only, safe to print."""
    session = await desk.ledger.sign_in("achieng", "a long password")

    for thing in (session, desk.ledger._session):
        assert "access-" not in repr(thing)
        assert "refresh-" not in repr(thing)


async def test_signing_out_forgets_the_tokens_even_when_nobody_answers(desk: Desk) -> None:
    """The tokens go in any case; the result says whether the ledger confirmed."""
    desk.server.plan = [closes] * 4

    assert await desk.ledger.sign_out() is False
    assert not desk.ledger.is_signed_in


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(None, 0), ("7", 7), ("-1", 0), ("soon", 0), ("Wed, 30 Sep 2026 14:02:20 GMT", 9), ("9" * 30, 86_400)],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: float) -> None:
    """RFC 9110, 10.2.3; nonsense is no wait, and no wait is longer than a day."""
    assert retry_after(text, datetime(2026, 9, 30, 14, 2, 11, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(
    "address",
    [
        "http://ledger.example.org",
        "ftp://localhost",
        "localhost:8080",
        "https://",
        "https://user:secret@localhost",
        "https://localhost/?q=1",
        "http://localhost:99999",
        "http://127.0.0.1.example.org",
        "https://l\u00e9dger.example",
        "",
    ],
)
async def test_an_address_that_is_not_acceptable_is_refused_before_anything_is_sent(
    address: str, tmp_path: Path
) -> None:
    """TLS-3: http to this machine alone; no user name, no query."""
    async with running(answers(200, EMPTY)) as server:
        server.url = address
        with pytest.raises(NotTrusted) as refused:
            client_of(server, tmp_path, HeldTime())

    assert "secret" not in refused.value.sentence


async def test_only_one_layer_tries_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """RTY-2: a line that cannot be opened is tried four times in all; neither httpx nor a pool adds its own."""
    opened = 0

    async def refuse(*_: object, **__: object) -> httpcore.AsyncNetworkStream:
        nonlocal opened
        opened += 1
        raise httpcore.ConnectError("refused")

    desk.time.asleep += 21  # no connection that stands is used
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", refuse)

    with pytest.raises(Unreachable):
        await desk.ledger.customers()

    assert opened == 4
