"""A person from the first form to closure and back, by keys alone, in real terminals of 80x24 over the real ledger.

It waits for painted text, never for time, and ends with a clean `ledger check`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from tests.e2e.terminal import Terminal
from tests.ledger.running import PASSWORD, RunningLedger, make_template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.faults


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RunningLedger]:
    """A ledger of two offices."""
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


def choose(shown: Terminal, label: str) -> None:
    """From the menu, by the number or letter that stands before the line."""
    shown.see_no_more("[number] do it")
    shown.press("m")
    shown.see("[number] do it", label)
    line = next(each for each in shown.lines if label in each)
    shown.press(line[: line.index(label)].strip("│|> "))


def confirm(shown: Terminal, *told: str) -> None:
    """Read what is asked, and say yes."""
    shown.see("[y] yes", *told)
    shown.press("y")


def enter_the_person(shown: Terminal) -> None:
    """Names, phone, gender by letters, pending; a spouse and an address in the same flow."""
    shown.press("f2")
    shown.see("Customers")
    shown.press("n")
    shown.see("New Customer", "First Name *")
    shown.press("Amani", "enter", "enter", "Baraka", "enter", "0733444555", "enter", "enter", "enter")
    shown.press("fem", "enter")
    shown.press(*["enter"] * 7, "enter", "1", "ctrl+s")
    shown.see("New customer: Amani Baraka", "Add family member (0 so far)")
    shown.press("2")
    shown.see("Relationship *")
    shown.press("spouse", "enter", "Asha", "enter", "enter", "Baraka", "ctrl+s")
    shown.see("Add family member (1 so far)")
    shown.press("3")
    shown.see("Address Type *")
    shown.press("hom", "enter", "enter", "enter", "enter", "enter", "Nakuru", "ctrl+s")
    shown.see("Add address (1 so far)")
    shown.press("1")
    shown.see("Entered", ">General", "pending", "Female")


def keep_a_document(shown: Terminal) -> None:
    """A text of the import folder; then all that the flow brought is there."""
    shown.press("6")
    shown.see("There is no document")
    shown.press("n")
    shown.see("New Document")
    shown.press("letter.txt", "ctrl+s")
    shown.see("Kept: letter.txt")
    shown.press("enter")
    shown.see("Dear sirs")
    shown.press("esc", "3")
    shown.see("Asha Baraka", "Spouse")
    shown.press("4")
    shown.see("Home", "Nakuru")


def activate_and_save_up(shown: Terminal) -> None:
    """Active today, then 500.00 of savings, keyed from the profile and posted."""
    choose(shown, "Activate")
    shown.see("Activation date")
    shown.press("enter")
    confirm(shown, "Activate?", "Amani Baraka")
    shown.see("is active")
    shown.press("1", "n")
    shown.see("New Member Balance", "Amani Baraka")
    shown.press("1", "enter", "500", "ctrl+s")
    shown.see("1 so far")
    shown.press("esc")
    shown.see_no_more("New Member Balance")
    shown.press("f3")
    shown.see("Member Balances", "500.00")
    shown.press("p")
    confirm(shown, "500.00")
    shown.see("is now 500.00 KES")


def offer(shown: Terminal) -> None:
    """To the other office, with a note."""
    shown.press("f2")
    shown.see("Amani Baraka", "active")
    shown.press("enter")
    shown.see(">General", "Savings")
    choose(shown, "Transfer to another office")
    shown.see("To office *")
    shown.press("ksm", "enter", "enter", "moved there", "enter")
    confirm(shown, "To office", "KSM", "moved there")
    shown.see("is offered")


def accept(shown: Terminal) -> None:
    """The other office hears of it on Home."""
    shown.see("Customers offered")
    shown.press(":transfers", "enter")
    shown.see("offered to us", "Amani Baraka", "moved there")
    shown.press("a")
    shown.see("Accept transfer")
    shown.press("ctrl+s")
    confirm(shown, "Amani Baraka")
    shown.see("Nobody is on the way")


def pay_out_close_and_reactivate(shown: Terminal) -> None:
    """Closing is refused while money is there; then the savings go out, the customer leaves, and comes back."""
    shown.press(":cu amani", "enter")
    shown.see("Amani Baraka", "active")
    shown.press("enter")
    shown.see(">General", "Savings")
    shown.press("2")
    shown.see(">Accounts", "500.00")
    shown.press("m")
    shown.see("Close (not now)")
    shown.press("esc")
    shown.see_no_more("[number] do it")
    shown.press("end")
    choose(shown, "Pay out")
    shown.see("Pay out of Savings")
    shown.press("ctrl+s")
    confirm(shown, "500.00 → 0.00 KES")
    shown.see("is now 0.00 KES")
    choose(shown, "Close")
    shown.see("Closure Reason *")
    shown.press("enter", "own", "enter")
    confirm(shown, "Own wish")
    shown.see("is closed")
    choose(shown, "Re-activate")
    shown.see("Reactivation date")
    shown.press("enter")
    confirm(shown, "active again at once")
    shown.see("is active again")


@pytest.mark.pty
@pytest.mark.e2e
def test_a_person_from_the_first_form_to_closure_and_back(ledger: RunningLedger, tmp_path: Path) -> None:
    """Contract 3 and 9: form, family, address, document, activation, transfer, payout, closure, reactivation."""
    (tmp_path / "letter.txt").write_text("Dear sirs,\nwe moved.\n")
    with terminal(ledger, tmp_path, "teller") as teller:
        enter_the_person(teller)
        keep_a_document(teller)
        activate_and_save_up(teller)
        offer(teller)
        teller.press("ctrl+q")
        assert teller.wait_for_end() == 0
    with terminal(ledger, tmp_path, "teller2") as other:
        accept(other)
        other.press("ctrl+q")
        assert other.wait_for_end() == 0
    with terminal(ledger, tmp_path, "supervisor2") as supervisor:
        pay_out_close_and_reactivate(supervisor)
        supervisor.press("ctrl+q")
        assert supervisor.wait_for_end() == 0
    ledger.check()
