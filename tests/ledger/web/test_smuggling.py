"""Requests that could be read in two ways, and headers that say who somebody is (T-26; ASVS 4.1.3, 4.2.1)."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.running import PASSWORD, RunningLedger, copy_template
from tests.ledger.web.wire import raw, statuses

pytestmark = pytest.mark.faults

HOST = b"host: x\r\n"
POST = b"POST /v1/sessions HTTP/1.1\r\n" + HOST + b"content-type: application/json\r\n"
GET = b"GET /v1/me HTTP/1.1\r\n" + HOST
NEXT = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
"""What would be a request of its own if a body ended earlier than its sender says."""

LENGTH = b"content-length: %d\r\n" % len(NEXT)

REFUSED: list[tuple[str, bytes]] = [
    ("two lengths", POST + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}" + NEXT),
    ("two lengths, one of nothing", POST + b"content-length: 0\r\n" + LENGTH + b"\r\n" + NEXT),
    ("the same length twice", POST + LENGTH + LENGTH + b"\r\n" + NEXT),
    ("length and chunked", POST + LENGTH + b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT),
    ("chunked and length", POST + b"transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n{}" + NEXT),
    ("chunked that is none", POST + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n" + NEXT),
    (
        "chunked in the middle",
        POST + b"transfer-encoding: identity, chunked, identity\r\n\r\n0\r\n\r\n" + NEXT,
    ),
    ("chunked before gzip", POST + b"transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n" + NEXT),
    ("chunked behind a tab that is none", POST + b"transfer-encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + NEXT),
    ("a blank before the colon", POST + b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n" + NEXT),
    ("a length below nothing", POST + b"content-length: -1\r\n\r\n" + NEXT),
    ("a length with a sign", POST + b"content-length: +2\r\n\r\n{}" + NEXT),
    ("a list of lengths", POST + b"content-length: 2, 2\r\n\r\n{}" + NEXT),
    ("a length in hexadecimal", POST + b"content-length: 0x2\r\n\r\n{}" + NEXT),
    ("a length with a blank in it", POST + b"content-length: 1 0\r\n\r\n{}" + NEXT),
    ("a length beyond all numbers", POST + b"content-length: 99999999999999999999999\r\n\r\n{}" + NEXT),
    ("an empty length", POST + b"content-length: \r\n\r\n" + NEXT),
    ("a chunk without a number", POST + b"transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n" + NEXT),
    ("a chunk below nothing", POST + b"transfer-encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n" + NEXT),
    (
        "a chunk beyond all numbers",
        POST + b"transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    ),
    ("a chunk longer than it says", POST + b"transfer-encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n" + NEXT),
    ("a chunk that ends in a line feed", POST + b"transfer-encoding: chunked\r\n\r\n2\n{}\n0\n\n" + NEXT),
    ("a chunk in 0x", POST + b"transfer-encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n" + NEXT),
    ("a blank before a name", GET + b" x: folded\r\n\r\n"),
    ("a folded value", GET + b"x: a\r\n b\r\n\r\n"),
    ("NUL in a name", GET + b"x\x00: 1\r\n\r\n"),
    ("NUL in a value", GET + b"x: a\x00b\r\n\r\n"),
    ("a bare carriage return", GET + b"x: a\rb\r\n\r\n"),
    ("a header without a colon", GET + b"nothing\r\n\r\n"),
    ("a header without a name", GET + b": nothing\r\n\r\n"),
    ("NUL in the path", b"GET /v1/m\x00e HTTP/1.1\r\n" + HOST + b"\r\n"),
    ("bytes in the path", b"GET /v1/\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n"),
    ("two blanks in the line", b"GET  /v1/me HTTP/1.1\r\n" + HOST + b"\r\n"),
    ("a version of the future", b"GET /v1/me HTTP/9.9\r\n" + HOST + b"\r\n"),
    ("no version", b"GET /v1/me\r\n\r\n"),
    ("a method of nobody", b"FOO /v1/me HTTP/1.1\r\n" + HOST + b"\r\n"),
    ("a greeting of TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    ("a greeting of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("NULs", b"\r\n\r\n\r\n\x00\x00\x00"),
    ("an address with a host", b"GET http://evil.example/v1/me HTTP/1.1\r\n" + HOST + b"\r\n"),
    ("a tunnel", b"CONNECT evil.example:80 HTTP/1.1\r\n" + HOST + b"\r\n"),
    ("an upgrade to a socket", GET + b"connection: upgrade\r\nupgrade: websocket\r\n\r\n"),
    ("an upgrade to HTTP/2", GET + b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\n\r\n"),
]


def reached(ledger: RunningLedger) -> float:
    """How many requests the application has seen that named none of its addresses."""
    found = ledger.core.metrics.registry.get_sample_value(
        "branchtui_requests_total", {"route": "unknown", "status": "404"}
    )
    return found or 0.0


@pytest.mark.parametrize("request_bytes", [each[1] for each in REFUSED], ids=[each[0] for each in REFUSED])
def test_bytes_that_are_read_in_two_ways_are_read_in_none(
    running_ledger: RunningLedger, request_bytes: bytes
) -> None:
    """T-26: one answer, a 4xx, or none; never two requests out of one; and the ledger goes on."""
    before = reached(running_ledger)
    answer = raw(running_ledger, request_bytes, whole=True)
    found = statuses(answer)
    assert len(found) <= 1, found
    assert all(400 <= status < 500 for status in found), answer[:80]
    assert b"evil.example" not in answer
    assert reached(running_ledger) == before
    assert running_ledger.anonymous().get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        (NEXT + NEXT, [404, 404]),
        (POST + LENGTH + b"\r\n" + NEXT, [400]),
        (POST + b"transfer-encoding: chunked\r\n\r\n%x\r\n" % len(NEXT) + NEXT + b"\r\n0\r\n\r\n", [400]),
        (GET + LENGTH + b"\r\n" + NEXT, [401]),
        (b"GET /healthz HTTP/1.1\r\n" + HOST + b"connection: close\r\n\r\n" + NEXT, [200]),
        (b"GET /healthz HTTP/1.0\r\n\r\n" + NEXT, [200]),
    ],
    ids=[
        "two are two",
        "a body is a body",
        "a chunk is a chunk",
        "of GET too",
        "closed is closed",
        "of 1.0 too",
    ],
)
def test_what_can_be_read_is_read_as_it_is_meant(
    running_ledger: RunningLedger, request_bytes: bytes, expected: list[int]
) -> None:
    """T-26, RFC 9112: pipelined requests are two; what a length or a chunk covers is a body and nothing else."""
    assert statuses(raw(running_ledger, request_bytes, whole=True)) == expected


FORWARDED = {
    "x-forwarded-for": "6.6.6.6",
    "x-real-ip": "6.6.6.6",
    "forwarded": "for=6.6.6.6",
    "x-forwarded-proto": "https",
}


def address_of(ledger: RunningLedger, headers: dict[str, str]) -> str:
    """From where a sign-in came, as the ledger keeps it."""
    body = {"username": "teller", "password": PASSWORD}
    assert ledger.anonymous().post("/v1/sessions", body, key="", headers=headers).status_code == 201
    ((address,),) = ledger.query("SELECT address FROM sessions ORDER BY started_at DESC LIMIT 1")
    ((told,),) = ledger.query(
        "SELECT address FROM audit WHERE action = 'session.open' ORDER BY seq DESC LIMIT 1"
    )
    assert told == address
    return str(address)


def test_nobody_says_for_himself_from_where_he_comes(own_ledger: RunningLedger) -> None:
    """T-26, HOOK-1: without a proxy that was named the peer is who connects, whatever headers say."""
    assert address_of(own_ledger, FORWARDED) == "127.0.0.1"


def test_a_named_proxy_is_believed_and_what_came_before_it_is_not(
    ledger_template: Path, tmp_path: Path
) -> None:
    """T-26: the last address that is no proxy's counts; what the client itself wrote stands before it."""
    with RunningLedger(
        copy_template(ledger_template, tmp_path), proxies=("127.0.0.1", "10.0.0.0/8")
    ) as ledger:
        assert address_of(ledger, {"x-forwarded-for": "192.0.2.7"}) == "192.0.2.7"
        assert address_of(ledger, {"x-forwarded-for": "6.6.6.6, 192.0.2.7, 10.1.2.3"}) == "192.0.2.7"
        assert address_of(ledger, {}) == "127.0.0.1"


def test_the_environment_names_no_proxy(
    ledger_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-26: what uvicorn would take from FORWARDED_ALLOW_IPS changes nothing."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    with RunningLedger(copy_template(ledger_template, tmp_path)) as ledger:
        assert address_of(ledger, FORWARDED) == "127.0.0.1"
