"""Learned payers at the keyboard, over a real ledger."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.till import Till
from tests.screens.counter import counter

from branchtui.screens.learned_payers import LearnedPayersScreen
from branchtui.widgets.dialogs import ConfirmDialog

PAYER = {"BillRefNumber": "", "MSISDN": "254799888777", "FirstName": "ZAWADI", "LastName": None}


async def test_a_learned_payer_is_seen_from_payments_and_switched_off_and_on(
    till: Till, tmp_path: Path
) -> None:
    """Contract, section 5: `l` on Payments shows what was learned; `g`, `y` ends that it is proposed, and again begins it."""
    till.give(till.pay(**PAYER), "000103")
    waits = till.pay(**PAYER)
    assert len(till.candidates(waits)) == 1
    async with counter(till.ledger.url, tmp_path) as seat:
        await seat.press("f4")
        await seat.see("the same payer was given")
        await seat.press("l")
        await seat.at(LearnedPayersScreen)
        await seat.see("ZAWADI" if seat.app.size.width >= 100 else "+2547", "000103", "teller", "proposed")
        await seat.press("g")
        await seat.at(ConfirmDialog)
        await seat.see("Switch this payer off?")
        await seat.press("y")
        await seat.see("000103 is proposed no more")
        assert till.candidates(waits) == []
        await seat.press("enter")
        await seat.see("Switched off", "by teller")
        await seat.press("escape")
        await seat.press("g")
        await seat.at(ConfirmDialog)
        await seat.press("y")
        await seat.see("000103 is proposed again")
    assert len(till.candidates(waits)) == 1


async def test_another_tellers_payer_says_whom_to_ask(till: Till, tmp_path: Path) -> None:
    """Owned: the key says why, opens nothing; `:learned` with words searches, `t` turns the list."""
    till.give(till.pay(**PAYER), "000103", who="supervisor")
    async with counter(till.ledger.url, tmp_path) as seat:
        await seat.type(":learned zawadi")
        await seat.press("enter")
        await seat.at(LearnedPayersScreen)
        await seat.see("supervisor", "proposed")
        await seat.press("g")
        await seat.see("supervisor taught this. Ask a supervisor to switch it off.")
        await seat.press("t", "t")
        await seat.see("off", "Nothing was learned here.")
