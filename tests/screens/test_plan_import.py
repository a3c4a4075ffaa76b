"""Plans by the file from the keyboard over a real ledger: template, file, paste, preview, and one of them sold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.ledger.vouchers import fill_wallet
from tests.screens.counter import Counter, counter
from tests.screens.test_customer_whole import chosen, the_profile, yes
from textual import events

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ledger.till import Till

PLANS = """code,name,price,currency,validity_days
HOUR,An hour of surfing,10,KES,1
YEAR,A year of surfing,"9,000.00",KES,4000
HOUR,Another hour,12.50,KES,1
TERM,A term of surfing,2500,KES,90
"""


async def open_list(desk: Counter) -> None:
    """`:lists plans`."""
    await desk.type(":lists plans")
    await desk.press("enter")
    await desk.see("Plans", "Import")


async def test_plans_are_seen_before_they_are_added_and_are_sold(till: Till, tmp_path: Path) -> None:
    """Contract 5, 8: `i` on the list, a path, the preview; the good rows after a word; a teller sells one."""
    async with counter(till.ledger.url, tmp_path, username="administrator") as desk:
        (tmp_path / "imports" / "plans.csv").write_text(PLANS)
        await open_list(desk)
        await desk.press("i")
        await desk.see("Import Plans", "File", "Files are read from")
        await desk.press("ctrl+o")
        await desk.see("Template: Plans", "Workbook", "Text")
        await desk.press("2")
        await desk.see("Saved: plans-2.csv")
        await desk.type("plans.csv")
        await desk.press("enter")
        await desk.see("4 rows: 2 fine, 2 wrong", "validity_days", "The code HOUR stands in row 2")
        assert "dates as" not in desk.text  # no date stands in it
        await desk.press("v")
        await desk.see("Import the valid rows only?", "The plans of the rows that go in")
        await yes(desk)
        await desk.see("2 plans entered; 2 rows left out.", "[esc] Plans")
        await desk.press("s")
        await desk.see("The wrong rows are in")
        await desk.press("escape")
        await desk.see("HOUR", "TERM", "2,500.00 KES")
        assert desk.lines[0].startswith("Plans ")
    assert (tmp_path / "imports" / "plans-2.csv").read_text() == "code,name,price,currency,validity_days\n"
    rejects = (tmp_path / "imports" / "plans-rejects.csv").read_text()
    assert "YEAR" in rejects
    assert "TERM" not in rejects

    fill_wallet(till, "000101", 250_000)
    async with counter(till.ledger.url, tmp_path) as desk:
        await the_profile(desk, "wanjiku")
        await desk.press("m")
        await chosen(desk, "Sell voucher")
        await desk.see("A term of surfing")
        await desk.type("term")
        await desk.press("enter", "enter")
        await yes(desk)
        await desk.see("Voucher V000001", "A term of surfing (TERM)", "is now 0.00 KES")
    ((code, price),) = till.ledger.query("SELECT plan_code, price_minor FROM vouchers")
    assert (code, price) == ("TERM", 250_000)
    till.ledger.check()


async def test_pasted_plans_are_a_previewed_import(till: Till, tmp_path: Path) -> None:
    """Product, promise 6: rows of a spreadsheet that are pasted, all of them or none."""
    pasted = "Name\tCode\tDays\tPrice\nA day\tDAY-P\t1\t50.00\nA week\tWEEK-P\t7\t300.00\n"
    async with counter(till.ledger.url, tmp_path, username="administrator") as desk:
        await desk.type(":import-plans")
        await desk.press("enter")
        await desk.see("Import Plans")
        assert desk.app.focused is not None
        desk.app.focused.post_message(events.Paste(pasted))
        await desk.see("3 rows pasted", "[ctrl+s] check them")
        await desk.press("enter")
        await desk.see("preview", "2 rows: 2 fine, 0 wrong")
        await desk.press("y")
        await desk.see("2 plans entered.")
    rows = till.ledger.query("SELECT code, price_minor, currency FROM plans ORDER BY code")
    assert rows == [("DAY-P", 5_000, "KES"), ("WEEK-P", 30_000, "KES")]


async def test_who_keeps_no_plans_is_told_before_a_file_is_named(till: Till, tmp_path: Path) -> None:
    """AUTHZ-1: a teller reads why at once; the ledger says it as well where somebody goes on."""
    async with counter(till.ledger.url, tmp_path) as desk:
        (tmp_path / "imports" / "plans.csv").write_text(PLANS)
        await desk.type(":import-plans")
        await desk.press("enter")
        await desk.see("Only an administrator changes the lists.")
        await desk.type("plans.csv")
        await desk.press("enter")
        await desk.see("Your role, teller, may not change plans.")
        await desk.see("plans.csv")
    assert till.ledger.query("SELECT code FROM plans") == []
