"""The teller's day, by keys alone, in a real terminal of 80x24 over the real ledger.

It waits for painted text, never for time, and ends with a clean `ledger check`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.e2e.day import (
    associate_the_oldest_payment,
    key_change_and_post_a_balance,
    leave,
    see_the_balance_on_the_account,
    sign_in,
)
from tests.e2e.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.demonstration import Demonstration

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "balances"
HEADER = "customer_no,account_kind,amount,currency,as_of_date,narration,external_ref\n"
GOOD = (
    HEADER
    + '000102,shares,"10,000.00",KES,2026-09-30,passbook,DAY-1\n000103,loan,3000.00,KES,2026-09-30,,DAY-2\n'
)
WITH_ERRORS = HEADER + (
    "000101,savings,100,KES,2026-09-30,fine,DAY-3\n"
    "NOPE,savings,100,KES,2026-09-30,unknown customer,DAY-4\n"
    "000102,savings,12.345,KES,2026-09-30,three decimals,DAY-5\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The teller's import folder, with a good file and one with errors (the samples where they are at hand)."""
    good, bad = SAMPLES / "balance_records.csv", SAMPLES / "balance_records_with_errors.csv"
    (tmp_path / "good.csv").write_bytes(good.read_bytes() if good.exists() else GOOD.encode())
    (tmp_path / "errors.csv").write_bytes(bad.read_bytes() if bad.exists() else WITH_ERRORS.encode())
    return tmp_path


def terminal(demonstration: Demonstration, folder: Path, role: str) -> Terminal:
    """The program at its sign-in, with the user's name given and the password asked."""
    person = demonstration.user(role)
    shown = Terminal(
        [sys.executable, "-m", "branchtui", "--ledger", demonstration.url, "--user", person.username],
        env={
            "BRANCHTUI_IMPORT_FOLDER": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder / "config"),
        },
    )
    sign_in(shown, person)
    return shown


@pytest.fixture
def teller(demonstration: Demonstration, folder: Path) -> Iterator[Terminal]:
    """A teller, signed in, at Home."""
    with terminal(demonstration, folder, "teller") as shown:
        yield shown


@pytest.mark.pty
@pytest.mark.e2e
def test_a_balance_from_the_first_key_to_the_customers_account(
    demonstration: Demonstration, teller: Terminal
) -> None:
    """Find a customer, key 1,250.00, make it 1,350.00, post it, see it on the account, be refused a second post."""
    balance = key_change_and_post_a_balance(teller)
    see_the_balance_on_the_account(teller, balance)
    demonstration.check()


@pytest.mark.pty
@pytest.mark.e2e
def test_a_file_with_errors_is_read_and_a_good_one_is_imported_and_posted(
    demonstration: Demonstration, teller: Terminal, folder: Path
) -> None:
    """Errors are shown row by row and nothing goes in; the good file goes in; the supervisor posts all."""
    teller.press("f3")
    teller.see("Member Balances")
    teller.press("i")
    teller.see("Import")
    teller.press(str(folder / "errors.csv"), "enter")
    teller.see("three decimals")
    teller.see("NOPE")
    teller.press("esc")
    teller.press("f3")
    teller.see("not accounted")
    teller.press("i")
    teller.see("Import")
    teller.press(str(folder / "good.csv"), "enter")
    teller.see("4 fine, 0 wrong" if (SAMPLES / "balance_records.csv").exists() else "2 fine, 0 wrong")
    teller.press("y")
    teller.see("rows imported")
    leave(teller)

    with terminal(demonstration, folder, "supervisor") as supervisor:
        supervisor.press("f3")
        supervisor.see("Member Balances", "Post All")
        supervisor.press("b")
        supervisor.see("Bulk Actions", "3 Post All")
        supervisor.press("3")
        supervisor.see("[y]")
        supervisor.press("y")
        supervisor.see("Done", "accounted")
        supervisor.press("t")
        supervisor.see("Member Balances  accounted", "10,000.00", "3,000.00")
    demonstration.check()


@pytest.mark.pty
@pytest.mark.e2e
def test_a_payment_finds_its_owner_and_is_taken_back(
    demonstration: Demonstration, teller: Terminal, folder: Path
) -> None:
    """The oldest unmatched payment: why a candidate is proposed, associated, the balance up, disassociated, down."""
    teller.press("f4")
    teller.see("Payments", "unassociated", "ends 444 and first name fits")
    code = next(word for word in teller.line_with(">").split() if re.fullmatch(r"[A-Z0-9]{10}", word))
    associate_the_oldest_payment(teller)
    leave(teller)

    with terminal(demonstration, folder, "supervisor") as supervisor:
        supervisor.press("f4")
        supervisor.see("unassociated")
        supervisor.press("t")
        supervisor.see("Payments  associated")
        supervisor.press("/", code, "enter")
        supervisor.see(f"“{code}”", "1 of 1")
        supervisor.press("x")
        supervisor.see("Reason")
        supervisor.press("the wrong customer", "enter")
        supervisor.press("y")
        supervisor.see("disassociated", "wallet")
    demonstration.check()
