"""The certificate that a terminal shows: what is refused at the start, and how a ledger's no is told (TLS-1)."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from tests.remote.doubles import KeyLedger, running, sends

from branchtui.remote.client import Ledger, LinkSettings
from branchtui.remote.errors import NotOurLedger, NotTrusted
from branchtui.remote.own_certificate import own_certificate

BANK = trustme.CA()
TERMINAL = BANK.issue_cert("terminal-7.example.org")
OTHER = BANK.issue_cert("terminal-8.example.org")


@pytest.fixture
def link(tmp_path: Path) -> LinkSettings:
    """Settings with a certificate and its key, each as it should be."""
    cert, key, authority = (tmp_path / name for name in ("terminal.pem", "terminal.key", "ca.pem"))
    TERMINAL.cert_chain_pems[0].write_to_path(cert)
    TERMINAL.private_key_pem.write_to_path(key)
    BANK.cert_pem.write_to_path(authority)
    key.chmod(0o600)
    return LinkSettings(
        ca_file=authority, client_cert_file=cert, client_key_file=key, state_directory=tmp_path / "state"
    )


async def test_a_ledger_that_asks_for_a_certificate_is_shown_it(link: LinkSettings) -> None:
    """TLS-1: the configured one, of the institution's own authority."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    BANK.issue_cert("localhost").configure_cert(tls)
    BANK.configure_trust(tls)
    tls.verify_mode = ssl.CERT_REQUIRED
    async with running(KeyLedger(), tls) as server, Ledger.open(server.url, link) as ledger:
        await ledger.sign_in("achieng", "a long password")
        assert ledger.user is not None


async def refused(link: LinkSettings) -> str:
    """What the program says at the start."""
    with pytest.raises(NotTrusted) as error:
        Ledger.open("https://localhost", link)
    return error.value.sentence


async def test_a_key_that_others_can_read_is_refused_as_often_as_it_is_tried(link: LinkSettings) -> None:
    """TLS-1: the key is this user's alone; and no refusal keeps the terminal's journal."""
    assert link.client_key_file is not None
    for mode in (0o640, 0o604, 0o660):
        link.client_key_file.chmod(mode)
        # Once more than there are journals of one user.
        for _ in range(17):
            said = await refused(link)
            assert f"chmod 600 {link.client_key_file}" in said
    link.client_key_file.chmod(0o400)
    async with Ledger.open("https://localhost", link):
        pass


async def test_files_that_are_not_what_they_should_be_are_named(link: LinkSettings) -> None:
    """Before anything else, and never by a question on the terminal that is being painted."""
    cert, key = link.client_cert_file, link.client_key_file
    assert cert is not None
    assert key is not None
    key.write_bytes(OTHER.private_key_pem.bytes())
    assert await refused(link) == f"The certificate in {cert} and the key in {key} do not belong together."
    key.write_text("no key at all")
    assert "are not both PEM files" in await refused(link)
    private = load_pem_private_key(TERMINAL.private_key_pem.bytes(), None)
    key.write_bytes(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"passphrase"))
    )
    assert "asks for a passphrase" in await refused(link)
    key.write_bytes(TERMINAL.private_key_pem.bytes())
    cert.unlink()
    assert await refused(link) == f"The certificate in {cert} cannot be read: No such file or directory."
    key.unlink()
    assert await refused(link) == f"The key in {key} cannot be read: No such file or directory."


def test_a_key_without_a_certificate_is_a_mistake_and_both_may_stand_in_one_file(tmp_path: Path) -> None:
    """Half a setting must not mean none."""
    with pytest.raises(NotTrusted, match="client_cert_file names no certificate"):
        own_certificate(None, tmp_path / "key")
    assert own_certificate(None, None) is None
    both = tmp_path / "both.pem"
    both.write_bytes(TERMINAL.private_key_pem.bytes() + TERMINAL.cert_chain_pems[0].bytes())
    both.chmod(0o600)
    own = own_certificate(both, None)
    assert own is not None
    own.load_into(ssl.create_default_context())


async def test_a_proxy_that_says_it_on_a_page_is_understood(tmp_path: Path) -> None:
    """Nginx lets the handshake pass and answers 400."""
    page = b"<html><head><title>400 No required SSL certificate was sent</title></head></html>"
    head = f"HTTP/1.1 400 X\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n\r\n".encode()
    link = LinkSettings(state_directory=tmp_path)
    async with running(sends(head + page)) as server, Ledger.open(server.url, link) as ledger:
        with pytest.raises(NotOurLedger, match="proxy asks for a certificate of this terminal"):
            await ledger.sign_in("achieng", "a long password")
