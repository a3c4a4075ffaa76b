"""Customers: search, filters, fast path, profile; one request a step."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.running import RunningLedger
from tests.ledger.till import Till
from tests.screens.counter import Counter, counter

from branchtui.screens.customer import CustomerScreen
from branchtui.screens.customers import CustomersScreen
from branchtui.screens.dialogs.filter import FilterDialog
from branchtui.screens.dialogs.form_dialog import FormDialog


@pytest.fixture
def peopled(own_ledger: RunningLedger) -> RunningLedger:
    """Four customers in two branches."""
    own_ledger.add_member(
        first_name="Wanjiku", last_name="Kamau", mobile_no="+254711222333", accounts=("wallet", "savings")
    )
    own_ledger.add_member(first_name="Achieng", last_name="Otieno", status="pending")
    own_ledger.add_member(first_name="Baraka", last_name="Juma", branch="KSM")
    own_ledger.add_member(first_name="Kamau", last_name="Njoroge")
    return own_ledger


def names(screen: CustomersScreen) -> set[str]:
    """Who is in the list."""
    return {one.name for one in screen.rows.items}


async def answered(seat: Counter, screen: CustomersScreen, *expected: str) -> None:
    """Wait until the list holds exactly these."""
    await seat.until(lambda: screen.rows.is_settled and names(screen) == set(expected), f"for {expected}")


@pytest.mark.parametrize(
    "typed", ["kamau wanj", "0711 222 333", "254711222333", "711222", "100245", "000101"]
)
async def test_a_customer_is_found_by_name_phone_or_number_however_it_is_written(
    till: Till, tmp_path: Path, typed: str
) -> None:
    """Name in any order of words, phone in any writing, account or customer number."""
    async with counter(till.ledger.url, tmp_path) as seat:
        await seat.press("f2", "slash")
        screen = await seat.at(CustomersScreen)
        await seat.type(typed)
        await answered(seat, screen, "Wanjiku Kamau")
        await seat.press("enter", "enter")
        await seat.at(CustomerScreen)
        await seat.see("Wallet", "Nothing was booked yet.")


async def test_typing_narrows_the_rows_that_are_there_before_the_ledger_is_asked(
    peopled: RunningLedger, tmp_path: Path
) -> None:
    """Contract: local rows at once, the ledger after 300 ms of rest, once for the whole word."""
    async with counter(peopled.url, tmp_path) as seat:
        await seat.press("f2")
        screen = await seat.at(CustomersScreen)
        await answered(seat, screen, "Wanjiku Kamau", "Achieng Otieno", "Kamau Njoroge")
        before = seat.requests()
        await seat.press("slash")
        await seat.type("kamau")
        await seat.press("enter")
        await answered(seat, screen, "Wanjiku Kamau", "Kamau Njoroge")
        await seat.until(lambda: screen.rows.is_settled)
        assert seat.requests() - before == 1


async def test_esc_empties_the_search_and_then_leaves_it(peopled: RunningLedger, tmp_path: Path) -> None:
    """Product, keys: in a search box `esc` empties, then leaves, then goes back."""
    async with counter(peopled.url, tmp_path) as seat:
        await seat.press("f2", "slash")
        screen = await seat.at(CustomersScreen)
        await seat.type("wanj")
        await seat.press("escape")
        await seat.until(lambda: not screen.search.text)
        await seat.press("escape")
        await seat.until(lambda: screen.focused is screen.rows)
        await answered(seat, screen, "Wanjiku Kamau", "Achieng Otieno", "Kamau Njoroge")
        await seat.press("escape")
        await seat.see("What waits")


async def test_the_fast_path_takes_words_and_filters(peopled: RunningLedger, tmp_path: Path) -> None:
    """Product: `:customers wanjiku`, `:cu status=pending`, any unambiguous beginning, and the other names."""
    async with counter(peopled.url, tmp_path) as seat:
        for line, who in ((":cu status=pend", "Achieng Otieno"), (":members wanj", "Wanjiku Kamau")):
            await seat.type(line)
            await seat.press("enter")
            screen = await seat.at(CustomersScreen)
            await answered(seat, screen, who)
        await seat.type(":nowhere")
        await seat.press("enter")
        await seat.until(lambda: "no command" in seat.said)


async def test_the_filter_is_choices_and_lists(peopled: RunningLedger, tmp_path: Path) -> None:
    """Product, keys: `f`, a letter or number chooses, enter goes on and shows."""
    async with counter(peopled.url, tmp_path, username="hq-teller") as seat:
        await seat.press("f2", "f")
        await seat.at(FilterDialog)
        await seat.press("a", "enter", "k", "ctrl+s")
        screen = await seat.at(CustomersScreen)
        await answered(seat, screen, "Baraka Juma")
        await seat.see("active  KSM")


async def test_a_profile_is_one_request_and_its_form_carries_the_customer(
    peopled: RunningLedger, tmp_path: Path
) -> None:
    """Contract, section 3; product, forms."""
    async with counter(peopled.url, tmp_path) as seat:
        await seat.type(":cu wanj")
        await seat.press("enter")
        screen = await seat.at(CustomersScreen)
        await answered(seat, screen, "Wanjiku Kamau")
        before = seat.requests()
        await seat.press("enter")
        await seat.at(CustomerScreen)
        await seat.see("Wallet", "Savings")
        assert seat.requests() - before == 1
        await seat.press("n")
        dialog = await seat.at(FormDialog)
        assert dialog.form.field("customer_id").value
        await seat.press("escape", "escape")
        assert await seat.at(CustomersScreen) is screen


async def test_a_profile_shows_the_new_balance_after_posting(peopled: RunningLedger, tmp_path: Path) -> None:
    """Issue, done when 2: the customer's new balance."""
    async with counter(peopled.url, tmp_path) as seat:
        await seat.type(":cu wanj")
        await seat.press("enter", "enter", "n", "1", "enter")
        await seat.type("1350")
        await seat.press("ctrl+s")
        await seat.see("1 so far")
        await seat.press("escape", "f3", "p")
        await seat.see("Post Balance?")
        await seat.press("y")
        await seat.until(lambda: "is now 1,350.00 KES" in seat.said)
        await seat.press("f2", "enter")
        await seat.at(CustomerScreen)
        await seat.see("1,350.00 KES", "Balance posted")
    peopled.check()
