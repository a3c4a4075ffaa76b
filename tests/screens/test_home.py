"""Home over a real ledger: every queue is in sight, and `enter` on one opens what it counted."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.till import Till, message
from tests.screens.counter import counter


async def test_a_supervisor_sees_every_queue_at_80x24_and_goes_to_what_is_held(
    till: Till, tmp_path: Path
) -> None:
    """Product, screens: Home shows what waits in each queue; none of them is below the edge without a word."""
    till.pay("HELD000009")
    till.send(message("HELD000009", TransAmount="2.00"))
    async with counter(till.ledger.url, tmp_path, username="supervisor") as desk:
        await desk.see(
            "Approvals waiting", "Payments unassociated", "Balances not accounted", "Customers offered"
        )
        await desk.see("Balance files to apply", "Work under way", "Held: quarantined", "Held: parked")
        await desk.see("Balances posted today", "f2 Customers", "f9 Activity", "go anywhere by name")
        await desk.press("end", "up")
        assert desk.line_with("Held: quarantined").startswith(">")
        await desk.press("enter")
        await desk.see("Payments  held", "HELD000009", "quarantined")


async def test_a_queue_opens_what_it_counts_however_the_list_was_left(till: Till, tmp_path: Path) -> None:
    """Product, screens: what waits is what `enter` on its queue shows; a list that shows it already keeps its row."""
    till.waiting(TransTime="20261102080000", TransAmount="700.00")
    till.waiting(TransTime="20261103091502", TransAmount="800.00")
    till.pay()
    async with counter(till.ledger.url, tmp_path) as desk:
        await desk.see("Payments unassociated")
        await desk.press("enter")
        await desk.see("unassociated  1 of 2")
        await desk.press("down")
        await desk.see("unassociated  2 of 2")
        await desk.press("escape")
        await desk.see("What waits")
        await desk.press("enter")
        await desk.see("unassociated  2 of 2")
        await desk.press("t", "slash")
        await desk.type("1,500")
        await desk.see("“1,500”")
        await desk.press("f2", "escape")
        await desk.see("What waits")
        await desk.press("enter")
        await desk.see("unassociated  1 of 2", "700.00", "800.00")
        assert "“1,500”" not in desk.text


async def test_the_queue_of_balances_opens_on_what_is_not_accounted(till: Till, tmp_path: Path) -> None:
    """The same of balances: the list was turned to what is accounted, the queue counts what is not."""
    async with counter(till.ledger.url, tmp_path) as desk:
        await desk.press("f3", "t")
        await desk.see("Member Balances  accounted")
        await desk.press("escape")
        await desk.see("What waits")
        await desk.press("down", "enter")
        await desk.see("Member Balances  not accounted")
