"""Client Accounts by keys alone: opened, bought on, settled, turned, read (contract, section 7; product, keys)."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.running import RunningLedger
from tests.ledger.shop import DAILY, Shop
from tests.screens.counter import Counter, counter

from branchtui.screens.credit_account import CreditAccountScreen
from branchtui.screens.credit_accounts import CreditAccountsScreen
from branchtui.screens.credit_statement import StatementScreen
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog, MessageDialog


@pytest.fixture
def shop(running_ledger: RunningLedger) -> Shop:
    # A third session of one person would end the first.
    return Shop(running_ledger, teller="teller-b")


async def open_accounts(standing: Counter, search: str = "") -> CreditAccountsScreen:
    await standing.press("f7")
    screen = await standing.at(CreditAccountsScreen)
    await standing.until(lambda: not screen.rows.is_opening, "for the list")
    if search:
        await standing.press("slash")
        await standing.type(search)
        await standing.press("enter")
        await standing.until(lambda: len(screen.rows.items) == 1, "for one account")
    return screen


async def test_an_account_is_opened_for_a_new_client(shop: Shop, tmp_path: Path) -> None:
    """Contract 7: customer created inline, opening credit, limit, frequency whose next dates the form shows, e-mail."""
    async with counter(shop.ledger.url, tmp_path) as standing:
        screen = await open_accounts(standing)
        await standing.press("n")
        await standing.at(FormDialog)
        await standing.press("enter")  # no client: a new one
        for text in ("Nafula", "Barasa", "0799 222 333", "250", "1000"):
            await standing.type(text)
            await standing.press("enter")
        await standing.press("enter")  # restricts
        await standing.type("month last day")
        await standing.see("last day of the month")
        await standing.press("enter")
        dates = (
            shop.api().get("/v1/credit-accounts/settlement-dates", every=1, unit="month", nth="last").json()
        )
        await standing.see(*dates["next_settlements"])
        await standing.type("nafula")
        await standing.press("at")
        await standing.type("example.org")
        await standing.press("ctrl+s")
        await standing.at(CreditAccountsScreen)
        await standing.see("Nafula Barasa", "1,000.00", "250.00", "750.00")
        account = screen.rows.highlighted
        assert account is not None
        assert (account.statement_email, account.customer.name) == ("nafula@example.org", "Nafula Barasa")


async def test_what_is_missing_is_said_beside_its_field(shop: Shop, tmp_path: Path) -> None:
    """Contract 7: neither a client nor a new one; a limit that is none; a rhythm that is none."""
    async with counter(shop.ledger.url, tmp_path) as standing:
        await open_accounts(standing)
        await standing.press("n")
        dialog = await standing.at(FormDialog)
        dialog.form.field("max_credit_minor").set_keyed("12.345")
        await standing.press("ctrl+s")
        await standing.see("12.345 has three decimals")
        dialog.form.field("max_credit_minor").set_keyed("none")
        await standing.press("ctrl+s")
        await standing.see("Choose a client, or name a new one.")


async def test_a_purchase_beyond_the_limit_is_refused_in_the_form(shop: Shop, tmp_path: Path) -> None:
    """Contract 7: the refusal with its figures; what was typed stays, and less of it goes through."""
    account = shop.open(max_credit_minor=50_000)
    async with counter(shop.ledger.url, tmp_path) as standing:
        await open_accounts(standing, account["account_no"])
        await standing.press("u")
        dialog = await standing.at(FormDialog)
        await standing.type("600")
        await standing.press("enter")
        await standing.type("T-77")
        await standing.press("ctrl+s")
        await standing.at(ConfirmDialog)
        await standing.see("600.00")
        await standing.press("y")
        await standing.see("100.00 beyond the limit")
        dialog.form.field("amount_minor").set_keyed("500")
        await standing.press("ctrl+s")
        await standing.at(ConfirmDialog)
        await standing.press("y")
        await standing.at(CreditAccountsScreen)
        await standing.see("Purchase posted")
    assert shop.opens(account) == [50_000]


async def test_marked_transactions_are_settled_by_cheque(shop: Shop, tmp_path: Path) -> None:
    """Product, keys: `space` marks, `s` settles; the receipt says what was settled."""
    account = shop.open(settle_every=DAILY)
    for amount in (10_000, 20_000, 30_000):
        shop.buy(account, amount)
    async with counter(shop.ledger.url, tmp_path) as standing:
        await open_accounts(standing, account["account_no"])
        await standing.press("enter")
        screen = await standing.at(CreditAccountScreen)
        await standing.see("This cycle, no. 1", "100.00", "200.00", "300.00")
        await standing.press("space", "down", "space")
        await standing.see("2 marked: 400.00 KES")
        assert [one.open_minor for one in screen.chosen_transactions()] == [10_000, 30_000]
        await standing.press("s")
        await standing.at(FormDialog)
        await standing.see("The 2 marked")
        await standing.press("enter", "3", "enter")
        await standing.type("000123")
        await standing.press("ctrl+s")
        await standing.at(ConfirmDialog)
        await standing.see("400.00 KES by cheque")
        await standing.press("y")
        await standing.at(MessageDialog)
        await standing.see("Receipt", "Owed now", "200.00 KES")
        await standing.press("enter")
        await standing.at(CreditAccountScreen)
    assert shop.opens(account) == [0, 20_000, 0, 0]


async def test_a_part_of_what_is_marked_is_settled(shop: Shop, tmp_path: Path) -> None:
    """Contract 7: part of one: an amount below what is marked settles the oldest of it, the last in part."""
    account = shop.open()
    for amount in (10_000, 20_000):
        shop.buy(account, amount)
    async with counter(shop.ledger.url, tmp_path) as standing:
        await open_accounts(standing, account["account_no"])
        await standing.press("enter")
        await standing.at(CreditAccountScreen)
        await standing.see("100.00", "200.00")
        await standing.press("space", "space", "s")
        dialog = await standing.at(FormDialog)
        dialog.form.field("amount_minor").set_keyed("150")
        await standing.press("ctrl+s")
        await standing.at(ConfirmDialog)
        await standing.press("y")
        await standing.at(MessageDialog)
    assert shop.opens(account) == [0, 15_000, 0]


async def test_more_than_is_owed_is_asked_about(shop: Shop, tmp_path: Path) -> None:
    """Contract 7: overpayment asked for explicitly: the ledger's figures, then `y`."""
    account = shop.open()
    shop.buy(account, 10_000)
    async with counter(shop.ledger.url, tmp_path) as standing:
        await open_accounts(standing, account["account_no"])
        await standing.press("s")
        dialog = await standing.at(FormDialog)
        dialog.form.field("amount_minor").set_keyed("150")
        await standing.press("ctrl+s")
        await standing.at(ConfirmDialog)
        await standing.press("y")
        await standing.see("50.00 more than is owed")
        await standing.press("y")
        await standing.at(MessageDialog)
        await standing.see("In advance", "50.00 KES")
    assert shop.opens(account) == [0, -5_000]


async def test_a_teller_asks_for_the_reversal_of_a_bounced_cheque(shop: Shop, tmp_path: Path) -> None:
    """Product, roles: from the menu of the settlement's row; it waits for a supervisor."""
    account = shop.open()
    shop.buy(account, 10_000)
    shop.settle(account, tender="cheque", reference="000777")
    async with counter(shop.ledger.url, tmp_path) as standing:
        await open_accounts(standing, account["account_no"])
        await standing.press("enter")
        await standing.at(CreditAccountScreen)
        await standing.see("This cycle, no. 1")
        await standing.press("t")
        await standing.see("Settled, cheque")
        await standing.press("m")
        await standing.at(MenuDialog)
        await standing.press("6")
        await standing.see("This needs a supervisor")
        await standing.type("no funds")
        await standing.press("enter", "y")
        await standing.at(CreditAccountScreen)
        await standing.until(lambda: "waits" in standing.said.lower(), "for the request")
    assert shop.opens(account) == [0, 0]


async def test_a_statement_is_read_and_saved(shop: Shop, tmp_path: Path) -> None:
    """Contract 7: readable in the terminal, as PDF and text; where its mail stands is seen."""
    account = shop.open(settle_every=DAILY, statement_email="client@example.org")
    shop.buy(account, 12_300, narration="flour")
    shop.end_cycle(account)
    async with counter(shop.ledger.url, tmp_path) as standing:
        await open_accounts(standing, account["account_no"])
        await standing.press("enter")
        await standing.at(CreditAccountScreen)
        await standing.see("This cycle, no. 2", "Before, no. 1")
        await standing.press("t", "t")
        await standing.see("waiting")
        await standing.press("enter")
        await standing.at(StatementScreen)
        await standing.see("flour", "Closing 123.00 KES", "client@example.org")
        await standing.press("o")
        await standing.until(lambda: "Saved:" in standing.said, "for the file")
        await standing.press("m", "2")
        await standing.until(lambda: ".txt" in standing.said, "for the text")
        await standing.press("escape")
        await standing.at(CreditAccountScreen)
    (pdf,) = (tmp_path / "imports").glob("*.pdf")
    (text,) = (tmp_path / "imports").glob("*.txt")
    assert pdf.read_bytes().startswith(b"%PDF")
    assert "Closing KES" in text.read_text()


async def test_the_limit_is_edited_and_the_list_turned(shop: Shop, tmp_path: Path) -> None:
    """Contract 7: a limit below what is owed is taken and said; the account stands among those over the limit."""
    account = shop.open()
    shop.buy(account, 80_000)
    async with counter(shop.ledger.url, tmp_path) as standing:
        await open_accounts(standing, account["account_no"])
        await standing.press("e")
        dialog = await standing.at(FormDialog)
        dialog.form.field("max_credit_minor").set_keyed("500")
        await standing.press("ctrl+s")
        await standing.at(CreditAccountsScreen)
        await standing.until(lambda: "300.00 more than the limit" in standing.said, "for the warning")
        await standing.see("over", "-300.00")
        await standing.press("t")
        await standing.see("over limit", account["account_no"])


async def test_the_words_of_the_old_system_lead_there(shop: Shop, tmp_path: Path) -> None:
    """Product, fast path: `:accounts` and `:credit`; the rest is searched for."""
    account = shop.open()
    async with counter(shop.ledger.url, tmp_path) as standing:
        for word in ("accounts", "credit"):
            await standing.press("colon")
            await standing.type(f"{word} {account['account_no']}")
            await standing.press("enter")
            await standing.at(CreditAccountsScreen)
            await standing.see(account["account_no"])
