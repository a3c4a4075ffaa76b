"""Text of strangers on every screen: shown harmlessly, never obeyed, never markup (TTY-1, TTY-2)."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.running import RunningLedger
from tests.screens.counter import Counter, counter
from tests.screens.fixed import customer

from branchtui.contract.problem import FieldError
from branchtui.format.cells import cell_width
from branchtui.screens.balances import BalancesScreen
from branchtui.screens.customer import CustomerScreen
from branchtui.screens.customer_pairs import profile_head
from branchtui.screens.customers import CustomersScreen
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.terminal.output_wall import foreign_characters
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog

pytestmark = pytest.mark.faults

# The ledger would refuse most of these at its door; they are put into its store behind its back.
NAMES = [
    "[/] Kofi",
    "[bold red]Ama[/]",
    "\x1b]0;owned\x07Esi",
    "\x9b31mYaa",
    "\u202egnihton",
    "$x {0} %s",
    "Wаnjiku",
]


def is_clean(seat: Counter) -> bool:
    """Nothing on the screen could be obeyed or hides."""
    return not foreign_characters(seat.text.replace("\n", ""))


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", NAMES)
async def test_a_hostile_name_is_shown_harmlessly_on_every_screen(
    own_ledger: RunningLedger, tmp_path: Path, name: str
) -> None:
    """Bad input: list, profile, form, suggestions, confirmation, menu, status, activity."""
    member = own_ledger.add_member(first_name=name, last_name="Otieno", accounts=("wallet", "savings"))
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.press("f2")
        customers = await seat.at(CustomersScreen)
        await seat.until(lambda: bool(customers.rows.items))
        assert is_clean(seat)
        await seat.press("enter")
        await seat.at(CustomerScreen)
        await seat.see("Savings")
        assert is_clean(seat)
        await seat.press("n", "1", "enter")
        await seat.type("10")
        await seat.press("ctrl+s")
        await seat.see("1 so far")
        assert is_clean(seat)
        await seat.press("escape", "f3")
        balances = await seat.at(BalancesScreen)
        await seat.until(lambda: bool(balances.rows.items))
        await seat.press("m")
        await seat.at(MenuDialog)
        assert is_clean(seat)
        await seat.press("escape", "n")
        await seat.at(FormDialog)
        await seat.type(member.customer.customer_no)
        await seat.see("> C0000001")
        assert is_clean(seat)
        await seat.press("escape", "y", "p")
        await seat.at(ConfirmDialog)
        assert is_clean(seat)
        await seat.press("y")
        await seat.until(lambda: "is now" in seat.said)
        assert is_clean(seat)
        await seat.press("f9")
        await seat.see("done")
        await seat.press("enter")
        await seat.see("Reference")
        assert is_clean(seat)


async def test_a_name_without_end_leaves_the_accounts_in_sight(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """T-01: two thousand letters of a ledger that keeps to no limit push nothing off the profile."""
    own_ledger.add_member(first_name="x" * 2_000, last_name="Otieno", accounts=("wallet", "savings"))
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.press("f2")
        customers = await seat.at(CustomersScreen)
        await seat.until(lambda: bool(customers.rows.items))
        await seat.press("enter")
        await seat.at(CustomerScreen)
        await seat.see("Savings", "xxx…")


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_detail_takes_more_than_two_rows(width: int) -> None:
    """T-01: what is left out is told, and the head takes no more rows than it was given."""
    long = customer(0).model_copy(update={"email": "z" * 2_000, "branch_code": "y" * 2_000})
    for rows in range(3, 15):
        head = profile_head(long, width, rows).split("\n")
        assert sum(1 + (cell_width(line) > width - 4) for line in head) <= rows
        assert max(map(cell_width, head)) <= 2 * (width - 4)


async def test_what_the_ledger_says_beside_a_field_is_text(own_ledger: RunningLedger, tmp_path: Path) -> None:
    """TTY-2: an error message quotes what somebody typed."""
    own_ledger.add_member()
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.press("f3", "n")
        dialog = await seat.at(FormDialog)
        error = FieldError(pointer="/narration", code="x", message="[/red] \x1b[2J is not allowed")
        dialog.refused({error.pointer or "": error.message})
        dialog.say("[/] \x9b2J", "error")
        await seat.see("is not allowed")
        assert is_clean(seat)
