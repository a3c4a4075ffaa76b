"""TLS: the configured authority alone, every wrong certificate refused with its own sentence (TLS-1 to 3, T-15)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
import trustme
from tests.remote.doubles import START, StillTime, answers, listening, running

from branchtui.remote.client import Ledger
from branchtui.remote.errors import NotTrusted, Unreachable
from branchtui.remote.journal import IntentJournal
from branchtui.remote.transport import Deadlines

BANK = trustme.CA()
STRANGER = trustme.CA()
NOW = datetime.now(UTC)
DAY = timedelta(days=1)

SERVERS: list[tuple[str, Callable[[], trustme.LeafCert], str]] = [
    (
        "expired",
        lambda: BANK.issue_cert("localhost", not_before=NOW - 9 * DAY, not_after=NOW - DAY),
        "has expired",
    ),
    (
        "not yet",
        lambda: BANK.issue_cert("localhost", not_before=NOW + DAY, not_after=NOW + 9 * DAY),
        "not valid yet",
    ),
    ("other name", lambda: BANK.issue_cert("ledger.example.org"), "another machine's"),
    ("stranger", lambda: STRANGER.issue_cert("localhost"), "an authority this terminal does not know"),
]


def context_of(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def client(url: str, tmp_path: Path, ca_file: Path | None, deadlines: Deadlines | None = None) -> Ledger:
    time = StillTime()
    journal = IntentJournal.open(tmp_path / "j", now=START)
    return Ledger(
        url,
        journal=journal,
        ca_file=ca_file,
        clock=time,
        rng=Random(1),
        sleep=time.sleep,
        deadlines=deadlines,
    )


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    BANK.cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path / "ca.pem"


async def test_the_configured_authority_is_trusted_and_nothing_is_logged_for_decryption(
    tmp_path: Path, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS-1, TLS-2: the configured authority alone; SSLKEYLOGFILE has no say."""
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    tls = context_of(BANK.issue_cert("localhost"))
    async with (
        running(answers(200, {"items": []}), tls) as server,
        client(server.url, tmp_path, authority) as ledger,
    ):
        assert (await ledger.customers()).items == ()

    log = tmp_path / "keys.log"
    assert not log.exists() or "SECRET" not in log.read_text()


@pytest.mark.parametrize(("issue", "words"), [server[1:] for server in SERVERS], ids=[s[0] for s in SERVERS])
async def test_a_wrong_certificate_is_refused_by_name_and_nothing_is_sent(
    tmp_path: Path, authority: Path, issue: Callable[[], trustme.LeafCert], words: str
) -> None:
    """TLS-1, TLS-3: every name and date is checked; the sentence says which; one try, no request."""
    async with running(answers(200, {"items": []}), context_of(issue())) as server:
        async with client(server.url, tmp_path, authority) as ledger:
            with pytest.raises(NotTrusted) as refused:
                await ledger.customers()

        assert words in refused.value.sentence
        assert "Nothing was sent" in refused.value.sentence
        assert server.asked == []


async def test_an_authority_from_the_environment_is_not_trusted(
    tmp_path: Path, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS-2: SSL_CERT_FILE has no say, whether an authority is configured or not."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    tls = context_of(BANK.issue_cert("localhost"))
    async with (
        running(answers(200, {"items": []}), tls) as server,
        client(server.url, tmp_path, None) as ledger,
    ):
        with pytest.raises(NotTrusted):
            await ledger.customers()


async def test_a_proxy_from_the_environment_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS-2: HTTP_PROXY has no say."""
    async with running(answers(200, {"items": []})) as proxy, running(answers(200, {"items": []})) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        async with client(server.url, tmp_path, None) as ledger:
            await ledger.customers()

        assert proxy.connections == 0


async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_a_server_without_tls_behind_https_is_refused(tmp_path: Path, authority: Path) -> None:
    """No stepping down."""
    async with listening(plain) as port:
        address = f"https://localhost:{port}"
        async with client(address, tmp_path, authority) as ledger:
            with pytest.raises(NotTrusted):
                await ledger.customers()


async def test_a_handshake_that_is_not_answered_is_a_bad_line_and_no_bad_certificate(
    tmp_path: Path, authority: Path
) -> None:
    """The matrix: a connection that takes too long is tried again; nobody is sent to the operator."""
    async with listening(silent) as port:
        address = f"https://localhost:{port}"
        async with client(address, tmp_path, authority, Deadlines(connect=0.2)) as ledger:
            with pytest.raises(Unreachable) as unreachable:
                await ledger.customers()

    assert type(unreachable.value) is Unreachable
    assert ledger.line.requests == 4


def test_an_authority_that_cannot_be_read_is_said_at_the_start(tmp_path: Path) -> None:
    """Before anything else, with the file's name."""
    (tmp_path / "empty.pem").write_text("")
    for path in (tmp_path / "none.pem", tmp_path / "empty.pem"):
        with pytest.raises(NotTrusted) as refused:
            client("https://localhost", tmp_path, path)
        assert path.name in refused.value.sentence
