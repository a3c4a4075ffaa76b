"""A ledger that is gone, and comes back, under the program."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.running import RunningLedger
from tests.screens.bad_line import bad_line
from tests.screens.counter import counter
from tests.screens.test_balances import STATUS, keyed, on_balances

from branchtui.screens.customers import CustomersScreen
from branchtui.widgets.dialogs import ConfirmDialog


async def test_a_dead_ledger_is_said_with_a_way_on_and_ctrl_r_finds_it_again(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Readings name the key that goes on, a change says that nothing was sent, and nothing of it happens later."""
    member = own_ledger.add_member(accounts=("wallet", "savings"))
    keyed(own_ledger, member, 10_000)
    async with (
        bad_line(own_ledger.url) as line,
        counter(line.url, tmp_path, open_ledger=line.open_ledger) as seat,
    ):
        screen = await on_balances(seat)
        await seat.see("Post All 1: 100.00")
        line.is_dead = True
        await seat.press("ctrl+r")
        await seat.until(lambda: "[ctrl+r] try again" in seat.said and not seat.app.desk.ledger.line.is_up)
        await seat.see("link down")
        assert "Refused" not in seat.text, "the ledger refused nothing: it was not there"
        assert screen.rows.items, "what was shown stays"

        await seat.press("p")
        await seat.at(ConfirmDialog)
        await seat.press("y")
        await seat.until(lambda: "nothing was sent" in seat.said)
        await seat.press("f2")
        await seat.at(CustomersScreen)
        await seat.see("The ledger does not answer. [ctrl+r] try again")
        await seat.press("f3")

        line.mend()
        await seat.press("ctrl+r")
        await seat.see("Post All 1: 100.00")
        await seat.see_no_more("link down")
        assert seat.app.desk.ledger.line.is_up
        assert own_ledger.query(STATUS) == [("not_accounted", 10_000)]
    own_ledger.check()
