"""Bulk actions: what was marked, what stands now, and figures that are right after every change."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.running import RunningLedger
from tests.screens.counter import Counter, counter
from tests.screens.test_balances import STATUS, keyed, on_balances

from branchtui.screens.balances import BalancesScreen
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog


async def bulk_menu(seat: Counter) -> MenuDialog:
    """`b`, and the menu with its figures."""
    await seat.press("b")
    return await seat.at(MenuDialog)


async def test_post_all_of_marked_rows_posts_exactly_these(own_ledger: RunningLedger, tmp_path: Path) -> None:
    """Promise 8, contract 4: with marks, *all* is the marked rows; count and total are of these."""
    member = own_ledger.add_member(accounts=("wallet", "savings"))
    for amount_minor in (10_000, 20_000, 40_000):
        keyed(own_ledger, member, amount_minor)
    async with counter(own_ledger.url, tmp_path) as seat:
        await on_balances(seat)
        await seat.press("space", "j", "space")
        await seat.see("2 marked")
        await bulk_menu(seat)
        await seat.see("Post All marked: 2, 500.00 KES", "Delete All marked: 2, 500.00 KES")
        await seat.press("3")
        await seat.at(ConfirmDialog)
        await seat.see("Of the marked  2", "500.00 KES")
        await seat.press("y")
        await seat.until(lambda: "2 records accounted, 500.00 KES" in seat.said)
        assert sorted(own_ledger.query(STATUS)) == [
            ("accounted", 10_000),
            ("accounted", 40_000),
            ("not_accounted", 20_000),
        ]
        await seat.see("Post All 1: 200.00")
        assert "marked" not in seat.lines[0]
    own_ledger.check()


async def test_delete_all_of_marked_rows_deletes_exactly_these(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Promise 8: the same for Delete All."""
    member = own_ledger.add_member(accounts=("wallet", "savings"))
    for amount_minor in (10_000, 20_000):
        keyed(own_ledger, member, amount_minor)
    async with counter(own_ledger.url, tmp_path) as seat:
        await on_balances(seat)
        await seat.press("space")
        await bulk_menu(seat)
        await seat.press("4")
        await seat.at(ConfirmDialog)
        await seat.press("y")
        await seat.until(lambda: "1 record deleted" in seat.said)
        assert own_ledger.query(STATUS) == [("not_accounted", 10_000)]
    own_ledger.check()


async def test_the_bulk_menu_shows_what_the_ledger_sees_now(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Promise 8: a record that came since the list was painted is in the figures that are confirmed."""
    member = own_ledger.add_member(accounts=("wallet", "savings"))
    keyed(own_ledger, member, 10_000)
    async with counter(own_ledger.url, tmp_path) as seat:
        await on_balances(seat)
        await seat.see("Post All 1: 100.00")
        keyed(own_ledger, member, 20_000, narration="meanwhile")
        await bulk_menu(seat)
        await seat.see("Post All: 2, 300.00 KES")


async def test_the_heading_is_right_after_every_single_change(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """The totals beside the list are the ledger's, after a post and after a delete as well."""
    member = own_ledger.add_member(accounts=("wallet", "savings"))
    for amount_minor in (10_000, 20_000, 40_000):
        keyed(own_ledger, member, amount_minor)
    async with counter(own_ledger.url, tmp_path) as seat:
        await on_balances(seat)
        await seat.see("Post All 3: 700.00")
        await seat.press("p")
        await seat.at(ConfirmDialog)
        await seat.press("y")
        await seat.see("Post All 2: 300.00")
        await seat.press("j", "d")
        await seat.at(ConfirmDialog)
        await seat.press("y")
        await seat.see("Post All 1: 100.00")
        assert isinstance(seat.app.screen, BalancesScreen)


async def test_a_record_that_cannot_be_posted_can_be_deleted_with_the_rest(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Contract 4: what Delete All touches is not narrowed to what could be posted."""
    member = own_ledger.add_member(accounts=("wallet", "savings"))
    keyed(own_ledger, member, 10_000)
    keyed(own_ledger, member, 99_999_900)
    async with counter(own_ledger.url, tmp_path) as seat:
        await on_balances(seat)
        await bulk_menu(seat)
        await seat.see("Post All: 1, 100.00 KES", "Delete All: 2, 1,000,099.00 KES")
