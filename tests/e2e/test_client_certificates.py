"""A ledger that takes terminals with a certificate of the institution's alone: the real program at such a door (TLS-1)."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme
from tests.e2e.day import associate_the_oldest_payment, leave, sign_in
from tests.e2e.nginx import Nginx
from tests.e2e.terminal import Terminal
from tests.e2e.tls_door import TlsDoor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.demonstration import Demonstration, Person

pytestmark = [pytest.mark.faults, pytest.mark.pty, pytest.mark.e2e]

BANK = trustme.CA()
STRANGER = trustme.CA()
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
NAME = "terminal-7.example.org"


@pytest.fixture
def door(demonstration: Demonstration) -> Iterator[TlsDoor]:
    """The demonstration behind TLS that asks for a certificate of the bank."""
    with TlsDoor(int(demonstration.url.rpartition(":")[2]), BANK) as door:
        yield door


def terminal(
    door: TlsDoor | Nginx,
    folder: Path,
    user: str,
    shown: trustme.LeafCert | None,
    authority: trustme.CA = BANK,
) -> Terminal:
    """The program with a certificate to show, or none."""
    authority.cert_pem.write_to_path(folder / "ca.pem")
    env = {
        "BRANCHTUI_CA_FILE": str(folder / "ca.pem"),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CONFIG_HOME": str(folder / "config"),
    }
    if shown is not None:
        cert, key = folder / "terminal.pem", folder / "terminal.key"
        shown.cert_chain_pems[0].write_to_path(cert)
        shown.private_key_pem.write_to_path(key)
        key.chmod(0o600)
        env |= {"BRANCHTUI_CLIENT_CERT_FILE": str(cert), "BRANCHTUI_CLIENT_KEY_FILE": str(key)}
    return Terminal([sys.executable, "-m", "branchtui", "--ledger", door.url, "--user", user], env=env)


def says(sentence: str, screen: str) -> bool:
    """Whether a sentence stands on the screen, in as many rows as it takes."""
    return sentence in " ".join(screen.split())


def is_told(
    door: TlsDoor | Nginx, folder: Path, teller: Person, certificate: trustme.LeafCert | None, sentence: str
) -> None:
    """Who signs in with this certificate reads the sentence, and leaves."""
    with terminal(door, folder, teller.username, certificate) as shown:
        shown.see("Password")
        shown.press(teller.password, "enter")
        shown.see_that(partial(says, sentence), sentence)
        leave(shown)


def test_a_terminal_with_its_certificate_works_its_day(
    demonstration: Demonstration, door: TlsDoor, tmp_path: Path
) -> None:
    """It signs in, and money moves, over the line that nobody else gets through."""
    teller = demonstration.user("teller")
    with terminal(door, tmp_path, teller.username, BANK.issue_cert(NAME)) as shown:
        sign_in(shown, teller)
        associate_the_oldest_payment(shown)
        leave(shown)
    assert door.refused == 0
    demonstration.check()


def test_every_other_terminal_is_told_why_not_and_is_not_signed_in(
    demonstration: Demonstration, door: TlsDoor, tmp_path: Path
) -> None:
    """None, an expired one, a stranger's: each its own sentence, from the ledger's own word."""
    teller = demonstration.user("teller")
    old = BANK.issue_cert(NAME, not_before=NOW - 9 * DAY, not_after=NOW - DAY)
    cases = (
        (None, "asks for a certificate of this terminal, and none is set"),
        (old, "This terminal's certificate has expired."),
        (STRANGER.issue_cert(NAME), "The ledger does not take this terminal's certificate."),
    )
    for number, (certificate, sentence) in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        is_told(door, folder, teller, certificate, sentence)
        assert door.refused == number + 1
    demonstration.check()


def test_what_is_wrong_on_this_side_is_told_before_anything_is_sent(
    demonstration: Demonstration, door: TlsDoor, tmp_path: Path
) -> None:
    """A key that others can read; an authority that is not the ledger's."""
    teller = demonstration.user("teller")
    with terminal(door, tmp_path, teller.username, BANK.issue_cert(NAME)) as shown:
        (tmp_path / "terminal.key").chmod(0o644)
        shown.see("Password")
        shown.press(teller.password, "enter")
        shown.see_that(lambda text: "chmod 600" in " ".join(text.split()), "chmod")
        assert door.refused == 0
        # Mended, the same terminal goes on.
        (tmp_path / "terminal.key").chmod(0o600)
        shown.press(teller.password, "enter")
        shown.see("What waits")
        leave(shown)
    with terminal(door, tmp_path, teller.username, BANK.issue_cert(NAME), STRANGER) as shown:
        shown.see("Password")
        shown.press(teller.password, "enter")
        shown.see_that(
            lambda text: (
                "of an authority this terminal does not know. Nothing was sent." in " ".join(text.split())
            ),
            "whose authority is not known",
        )
        leave(shown)
    demonstration.check()


def test_the_nginx_of_the_guide_lets_terminals_with_a_certificate_in_alone(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    """It lets everybody's handshake pass and refuses on a page: that page is read as what it says."""
    teller = demonstration.user("teller")
    cases = (
        (None, "asks for a certificate of this terminal"),
        (STRANGER.issue_cert(NAME), "got none that it takes"),
    )
    with Nginx(int(demonstration.url.rpartition(":")[2]), BANK, tmp_path) as door:
        for certificate, sentence in cases:
            folder = tmp_path / sentence.split()[0]
            folder.mkdir()
            is_told(door, folder, teller, certificate, sentence)
        with terminal(door, tmp_path, teller.username, BANK.issue_cert(NAME)) as shown:
            sign_in(shown, teller)
            associate_the_oldest_payment(shown)
            leave(shown)
    demonstration.check()
