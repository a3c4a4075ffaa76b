"""A client account from its opening to its statement, by keys alone, in a real terminal of 80x24 over the real ledger.

It waits for painted text, never for time, and ends with a clean `ledger check`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from tests.e2e.terminal import Terminal
from tests.ledger.mailbox import Mailbox
from tests.ledger.running import PASSWORD, RunningLedger, make_template

from branchtui.ledger.workflows.credit_cycles import WAKE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.faults


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RunningLedger]:
    """A ledger whose clock the test moves."""
    database = f"sqlite:///{tmp_path / 'ledger.db'}"
    make_template(database)
    with RunningLedger(database) as running:
        yield running


def terminal(ledger: RunningLedger, folder: Path, username: str) -> Terminal:
    """The program with `username` signed in, at Home."""
    shown = Terminal(
        [sys.executable, "-m", "branchtui", "--ledger", ledger.url, "--user", username],
        env={
            "BRANCHTUI_IMPORT_FOLDER": str(folder),
            "XDG_STATE_HOME": str(folder / f"state-{username}"),
            "XDG_CONFIG_HOME": str(folder / "config"),
        },
    )
    shown.see("Password")
    shown.press(PASSWORD, "enter")
    shown.see("What waits")
    return shown


def purchase(shown: Terminal, amount: str, reference: str) -> None:
    """Key a purchase up to its confirmation, and confirm it."""
    shown.press("u")
    shown.see("Purchase on")
    shown.press(amount, "enter", reference, "ctrl+s")
    shown.see("Purchase?", "[y]")
    shown.press("y")


def open_the_account(shown: Terminal) -> None:
    """New client, opening credit 250.00, limit 1,000.00, every day, with an address."""
    shown.press(":accounts", "enter")
    shown.see("Client Accounts")
    shown.press("n")
    shown.see("New Client Account")
    shown.press(
        "enter", "Nafula", "enter", "Barasa", "enter", "enter", "250", "enter", "1000", "enter", "enter"
    )
    shown.press("1 day")
    shown.see("every day")
    shown.press("enter", "nafula@example.org", "enter")
    shown.see_no_more("New Client Account")
    shown.see("Nafula Barasa", "1,000.00", "250.00", "750.00")


def buy_and_be_refused(shown: Terminal) -> None:
    """Three purchases; the fourth goes beyond the limit and is refused with its figures."""
    for amount, reference, owed in (
        ("100", "T-1", "350.00"),
        ("200", "T-2", "550.00"),
        ("300", "T-3", "850.00"),
    ):
        purchase(shown, amount, reference)
        shown.see(f"owed {owed} KES")
    purchase(shown, "150.01", "T-4")
    shown.see("0.01 beyond the limit")
    shown.press("esc")
    shown.see("Leave this form?")
    shown.press("y")
    shown.see_no_more("Purchase on")


def settle_three_by_cheque(shown: Terminal) -> None:
    """Mark the three purchases, not the opening credit, and settle them by cheque."""
    shown.press("enter")
    shown.see("This cycle, no. 1", "Opening", "T-1", "T-3")
    shown.press("down", "space", "space", "space")
    shown.see("3 marked: 600.00 KES")
    shown.press("s")
    shown.see("Make Settlement", "The 3 marked")
    shown.press("enter", "3", "enter", "000123", "ctrl+s")
    shown.see("Make this settlement?", "600.00 KES by cheque", "[y]")
    shown.press("y")
    shown.see("Receipt", "S000001", "Owed now", "250.00 KES")
    shown.press("enter")
    shown.see_no_more("Receipt")
    shown.see_no_more("T-1")


def ask_for_the_reversal(shown: Terminal) -> None:
    """The cheque bounced: from the row's menu a supervisor is asked."""
    shown.press("t")
    shown.see("Settled, cheque")
    shown.press("m")
    shown.see("Reverse settlement")
    shown.press("6")
    shown.see("This needs a supervisor")
    shown.press("returned unpaid", "enter")
    shown.see("[y] yes")
    shown.press("y")
    shown.see_no_more("This needs a supervisor")


def approve(shown: Terminal) -> None:
    """The supervisor sees the difference and allows it."""
    shown.press(":approvals", "enter")
    shown.see("Take back settlement")
    shown.press("a")
    shown.see("S000001", "250.00 KES → 850.00 KES", "returned unpaid", "[y]")
    shown.press("y")
    shown.see("Approved")


@pytest.mark.pty
@pytest.mark.e2e
def test_a_client_account_from_its_opening_to_its_statement(ledger: RunningLedger, tmp_path: Path) -> None:
    """Contract 7: limit, cheque, bounce, cycle and statement, as a teller and a supervisor live through them."""
    with Mailbox() as mailbox, terminal(ledger, tmp_path, "teller") as teller:
        ledger.core.mail = mailbox.server()
        open_the_account(teller)
        buy_and_be_refused(teller)
        settle_three_by_cheque(teller)
        ask_for_the_reversal(teller)
        with terminal(ledger, tmp_path, "supervisor") as supervisor:
            approve(supervisor)
        teller.press("ctrl+r")
        teller.see("Reversed, cheque", "Reversal", "Owed 850.00")
        teller.press("t")
        teller.see("Client Account  statements", "No cycle has ended yet.")
        teller.press("t")
        teller.see("Client Account  open", "T-1", "T-2", "T-3", "Owed 850.00")

        ledger.clock.advance(days=1)
        ledger.loop.call_soon_threadsafe(ledger.core.wakes.call, WAKE)
        message = mailbox.mail()
        assert message["to"] == "nafula@example.org"
        told = message.get_body()
        assert told is not None
        assert "850.00" in told.get_content().splitlines()[-1]

        teller.press("ctrl+r")
        teller.see("Your session has ended")
        teller.press(PASSWORD, "enter")
        teller.see("This cycle, no. 2", "Before, no. 1")
        teller.press("t", "t")
        teller.see("sent")
        teller.press("enter")
        teller.see("Closing 850.00 KES", "T-1", "nafula@example.org")
        teller.press("ctrl+q")
        assert teller.wait_for_end() == 0
        ledger.core.mail = None
    ledger.check()
