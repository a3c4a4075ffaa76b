"""Parts of a teller's day by keys alone, for whatever terminal they are pressed on: at hand, over SSH, in tmux."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.demonstration import Person
    from tests.e2e.terminal import Terminal


def sign_in(shown: Terminal, person: Person) -> None:
    """From the question for the password to Home."""
    shown.see("Password")
    shown.press(person.password, "enter")
    shown.see("What waits")


def key_change_and_post_a_balance(shown: Terminal) -> Decimal:
    """Find a customer, key 1,250.00, make it 1,350.00, post it, be refused a second post; what it then has to come to."""
    shown.press("f2")
    shown.see("Achieng")
    shown.press("/", "wanjik")
    shown.see("“wanjik”", "Wanjiku Kamau")
    shown.press("enter", "enter")
    before = _shares(shown.see("Customer  000101", "Shares", "KES"))

    shown.press("n")
    shown.see("New Member Balance")
    shown.press("2", "enter", "1,250.00", "enter", "enter", "passbook", "enter", "DAY-9", "enter")
    shown.see("1,250.00 KES")
    shown.press("esc")
    shown.see_no_more("New Member Balance")

    shown.press("f3")
    shown.see("Member Balances", "1,250.00")
    shown.press("e")
    shown.see("Edit Member Balance")
    shown.press("enter", "enter", "1,350.00", "ctrl+s")
    shown.see_no_more("Edit Member Balance")
    shown.see("1,350.00")

    shown.press("p")
    shown.see("Post", "1,350.00", "[y]")
    shown.press("enter")
    shown.press("y")
    shown.see("accounted", "1,350.00")

    shown.press("p")
    shown.see("can never be posted again")
    return before + Decimal("1350.00")


def _shares(screen: str) -> Decimal:
    """The balance in the line of the share account."""
    found = re.search(r"Shares.*?([\d,]+\.\d\d) KES", screen)
    assert found is not None, screen
    return Decimal(found[1].replace(",", ""))


def see_the_balance_on_the_account(shown: Terminal, balance: Decimal) -> None:
    """The posted balance stands on the customer's account."""
    shown.press("f2")
    shown.see("Wanjiku Kamau")
    shown.press("enter")
    shown.see("Customer  000101", "Shares", f"{balance:,} KES")


def associate_the_oldest_payment(shown: Terminal) -> None:
    """The payment that waited longest goes to the customer it is proposed for, with the reason in sight."""
    shown.press("f4")
    shown.see("Payments", "unassociated", "ends 444 and first name fits")
    shown.press("a")
    shown.see("Associate this payment?", "[y]")
    shown.press("y")
    shown.see("associated", "wallet")


def leave(shown: Terminal) -> None:
    """Sign off by the key for it; the program ends in good order."""
    shown.press("ctrl+q")
    assert shown.wait_for_end() == 0


def leave_with_typing(shown: Terminal) -> None:
    """Sign off although something typed is not saved."""
    shown.press("ctrl+q")
    shown.see("Sign off all the same?", "not saved")
    shown.press("y")
    assert shown.wait_for_end() == 0


def settle(shown: Terminal) -> None:
    """Let everything that was typed have its effect: help opens behind it, and closes again."""
    shown.press("f1")
    shown.see("Help", "Go to")
    shown.press("esc")
    shown.see_no_more("Go to")


def body(screen: str) -> list[str]:
    """A screen without the row that tells how the line fares."""
    rows = screen.split("\n")
    return rows[:-2] + rows[-1:]
