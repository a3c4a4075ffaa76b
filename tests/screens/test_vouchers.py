"""Plans kept and vouchers sold at the keyboard, over a real ledger."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.till import Till
from tests.ledger.vouchers import fill_wallet, new_plan, sold
from tests.screens.counter import counter
from tests.screens.test_customer_whole import chosen, the_profile, yes
from tests.screens.test_transactions import paper_folder, printing, seat_folder

from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.vouchers import VouchersScreen
from branchtui.widgets.dialogs import ConfirmDialog


async def test_an_administrator_adds_a_plan_and_prices_it_anew(till: Till, tmp_path: Path) -> None:
    """Contract 5: plans are kept beside products, and one that is sold no more stays in the list."""
    async with counter(till.ledger.url, tmp_path, username="administrator") as seat:
        await seat.type(":lists plans")
        await seat.press("enter")
        await seat.see("Plans", "The list is empty.")
        await seat.press("n")
        await seat.at(FormDialog)
        for typed in ("WEEK", "A week of surfing", "300"):
            await seat.type(typed)
            await seat.press("enter")
        await seat.type("0")
        await seat.press("enter")
        await seat.see("Write a number of 1 to 3650.")
        await seat.press("ctrl+u")
        await seat.type("7")
        await seat.press("enter")
        await seat.see("Added: WEEK A week of surfing.", "300.00 KES")
        await seat.press("e")
        await seat.at(FormDialog)
        await seat.press("enter", "ctrl+u")
        await seat.type("350")
        await seat.press("ctrl+s")
        await seat.see("Saved: WEEK A week of surfing.", "350.00 KES")
        await seat.press("d")
        await yes(seat)
        await seat.see("no more")
    ((code, price, days, active),) = till.ledger.query(
        "SELECT code, price_minor, validity_days, active FROM plans"
    )
    assert (code, price, days, active) == ("WEEK", 35_000, 7, 0)


async def test_a_voucher_is_sold_from_the_profile_and_its_code_shown(till: Till, tmp_path: Path) -> None:
    """The choice shows the price, the question the wallet before and after; then the code, and the new balance."""
    new_plan(till, price_minor=30_000, days=7, code="WEEK", name="A week of surfing")
    new_plan(till, price_minor=5_000, days=1, code="DAY", name="A day of surfing")
    fill_wallet(till, "000101", 40_000)
    async with counter(till.ledger.url, tmp_path) as seat:
        await the_profile(seat, "wanjiku")
        await seat.see("400.00")
        await seat.press("m")
        await chosen(seat, "Sell voucher")
        await seat.see("Plan", "WEEK A week of surfing", "300.00 KES, 7 days")
        await seat.type("week")
        await seat.press("enter", "enter")
        await seat.at(ConfirmDialog)
        await seat.see("Sell this voucher?", "000101 Wanjiku Kamau", "400.00 → 100.00 KES")
        await yes(seat)
        await seat.see("Voucher V000001", "Valid until", "is now 100.00 KES")
        ((code,),) = till.ledger.query("SELECT code FROM vouchers")
        await seat.read(code)
        await seat.press("escape")
        await seat.see("100.00", "Voucher")
        assert till.balance("000101") == 10_000
        # A second one is not paid for: the form stays and says why.
        await seat.press("m")
        await chosen(seat, "Sell voucher")
        await seat.see("WEEK A week of surfing")
        await seat.type("week")
        await seat.press("enter", "enter")
        await seat.see("holds 100.00 KES. Nothing was moved.")
        assert till.balance("000101") == 10_000


async def test_a_lost_slip_is_printed_again_from_the_profile(till: Till, tmp_path: Path) -> None:
    """The customer's vouchers stand there with their codes; the second print says COPY."""
    fill_wallet(till, "000101", 5_000)
    voucher = sold(till, "000101", new_plan(till))
    folder = paper_folder(tmp_path)
    async with printing(till, seat_folder(tmp_path, "s"), printer="file", print_folder=folder) as seat:
        await the_profile(seat, "wanjiku")
        await seat.press("m")
        await chosen(seat, "Vouchers")
        await seat.at(VouchersScreen)
        await seat.see(voucher["code"], "valid", "1 of 1")
        await seat.press("r")
        await seat.see("Printed: receipt R000001 of 50.00 KES")
        await seat.press("r")
        await seat.see("receipt R000001, copy 1 of 50.00 KES")
        await seat.press("escape")
        await seat.see(">General")
    copy = (folder / "receipt-R000001-copy-1.txt").read_text()
    assert voucher["code"] in copy
    assert "*** COPY 1 ***" in copy


async def test_a_wrong_sale_is_asked_for_by_a_teller_and_reversed_by_a_supervisor(
    till: Till, tmp_path: Path
) -> None:
    """`d` on the voucher; the money is in the wallet again."""
    fill_wallet(till, "000101", 5_000)
    voucher = sold(till, "000101", new_plan(till))
    async with counter(till.ledger.url, seat_folder(tmp_path, "t")) as seat:
        await seat.type(":vouchers")
        await seat.type(f" {voucher['voucher_no']}")
        await seat.press("enter")
        await seat.see(voucher["code"])
        await seat.press("d")
        await seat.see("This needs a supervisor. Ask for approval?")
        await seat.press("escape")
    async with counter(till.ledger.url, seat_folder(tmp_path, "s"), username="supervisor") as seat:
        await seat.type(":vouchers")
        await seat.press("enter")
        await seat.see(voucher["code"])
        await seat.press("d")
        await seat.see("Reverse this voucher?")
        await seat.type("the wrong plan")
        await seat.press("enter", "y")
        await seat.until(lambda: till.balance("000101") == 5_000, "for the money")


async def test_a_payment_by_hand_is_taken_from_the_profile(till: Till, tmp_path: Path) -> None:
    """Make Payment carries the customer; the new balance stands on the profile at once."""
    async with counter(till.ledger.url, tmp_path) as seat:
        await the_profile(seat, "wanjiku")
        await seat.press("m")
        await chosen(seat, "Make Payment")
        await seat.at(FormDialog)
        await seat.see("000101 Wanjiku Kamau")
        await seat.press("enter")
        await seat.type("125")
        await seat.press("ctrl+s")
        await yes(seat)
        await seat.see("Last:")
        await seat.press("escape")
        await seat.see(">General", "125.00")
    assert till.balance("000101") == 12_500
