"""Associate All at the keyboard, over a real ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.till import Till
from tests.screens.counter import counter
from tests.screens.test_customer_whole import chosen, yes

from branchtui.ledger.workflows import association_sets


async def test_all_payments_with_one_certain_owner_are_associated_at_once(till: Till, tmp_path: Path) -> None:
    """`b` on Payments: count and total in the menu, the tiers in the question, and what has no owner waits on."""
    for reference in ("300301", "300302", ""):
        till.waiting(BillRefNumber=reference)
    for number in ("300301", "300302"):
        till.add_customer("teller", "NKU", f"000{number[3:]}", number, f"Late{number}", "Comer", None)
    async with counter(till.ledger.url, tmp_path) as seat:
        await seat.press("f4")
        await seat.see("1 of 3")
        await seat.press("b")
        await chosen(seat, "Associate All: 2, 3,000.00 KES")
        await seat.see("Associate All?", "2: 2 by reference, 0 by phone")
        await yes(seat)
        await seat.see("2 payments associated, 3,000.00 KES.", "1 of 1")
        await seat.press("b")
        await seat.see("Associate All: 0", "(not now)")
    assert (till.balance("000301"), till.balance("000302")) == (150_000, 150_000)


async def test_a_list_longer_than_one_piece_says_what_is_left_and_goes_on(
    till: Till, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`b` looks on until something is certain, says how much waits behind it, and `b` again does the rest."""
    monkeypatch.setattr(association_sets, "LOOKED_AT_MAX", 2)
    for reference in ("", "", "300301", "", "300302"):
        till.waiting(BillRefNumber=reference)
    for number in ("300301", "300302"):
        till.add_customer("teller", "NKU", f"000{number[3:]}", number, f"Late{number}", "Comer", None)
    async with counter(till.ledger.url, tmp_path) as seat:
        await seat.press("f4")
        await seat.see("1 of 5")
        await seat.press("b")
        await seat.see("Associate All: 1, 1,500.00 KES")
        await seat.press("escape")
        await seat.see("Looked at 4.")
        await seat.press("b")
        await chosen(seat, "Associate All: 1, 1,500.00 KES")
        await seat.see("Associate All?", "1: 1 by reference", "2 looked at; 1 waits behind them")
        await yes(seat)
        await seat.see("1 payment associated, 1,500.00 KES. 1 waits behind these: [b] again.", "1 of 4")
        await seat.press("b")
        await chosen(seat, "Associate All: 1, 1,500.00 KES")
        await yes(seat)
        await seat.see("1 payment associated, 1,500.00 KES.", "1 of 3")
    assert (till.balance("000301"), till.balance("000302")) == (150_000, 150_000)
