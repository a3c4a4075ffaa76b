"""What a teller sees when a change of money is not answered (link, section 5), over a line that breaks."""

from __future__ import annotations

import re
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from tests.ledger.till import Till
from tests.screens.bad_line import BadLine, bad_line
from tests.screens.counter import Counter, counter

pytestmark = pytest.mark.faults

NOT_CONFIRMED = (
    "UNKNOWN",
    "NOT CONFIRMED",
    "We do not know yet whether the ledger recorded it.",
    "Do NOT enter it again.  Do NOT hand over cash or a receipt.",
    "[1] check now   [2] park for supervisor",
    "1 unconfirmed",
)


async def associate_the_first(desk: Counter) -> None:
    """`f4`, `a`, `y`."""
    await desk.press("f4")
    await desk.see("1 of 1", "Wanjiku Kamau")
    await desk.press("a")
    await desk.see("Associate this payment?")
    await desk.press("y")


async def test_an_answer_that_was_lost_is_not_confirmed_and_then_recorded_once(
    till: Till, tmp_path: Path
) -> None:
    """Unknown is neither done nor failed; the program settles it by its key, and the money moved exactly once."""
    till.waiting()
    async with bad_line(till.ledger.url) as line, at(line, tmp_path) as desk:
        line.loses_answers = True
        await associate_the_first(desk)
        screen = await desk.see(*NOT_CONFIRMED, "1,500.00 KES")
        assert "retry" not in screen.casefold()
        await desk.press("enter")
        await desk.see("NOT CONFIRMED")
        line.mend()
        await desk.see("RECORDED", "(confirmed late)", "[enter] seen")
        assert re.search(r"recorded at \d\d:\d\d:\d\d \(confirmed late\)", desk.text)
        await desk.press("enter")
        await desk.see("No payment waits here.")
        assert "unconfirmed" not in desk.text

    assert till.balance("000101") == 150_000
    till.ledger.check()


async def test_a_request_that_never_arrived_is_fenced_and_may_be_entered_again(
    till: Till, tmp_path: Path
) -> None:
    """Only "NOT recorded. You can enter it again." allows re-entry; then it is done as if nothing had been."""
    till.waiting()
    async with bad_line(till.ledger.url) as line, at(line, tmp_path) as desk:
        line.loses_requests = True
        await associate_the_first(desk)
        await desk.see(*NOT_CONFIRMED)
        line.mend()
        await desk.see("NOT RECORDED", "NOT recorded. You can enter it again.")
        await desk.press("enter")
        await desk.see("Payments  unassociated")
        await desk.press("a")
        await desk.see("Associate this payment?")
        await desk.press("y")
        await desk.see("100245 W. Kamau: 1,500.00 associated, wallet 1,500.00")

    assert till.balance("000101") == 150_000
    till.ledger.check()


async def test_while_it_is_unknown_the_same_is_blocked_and_leaving_warns(till: Till, tmp_path: Path) -> None:
    """The same customer and amount is refused before anything is sent; sign-off asks; the end is told anywhere."""
    till.waiting()
    async with bad_line(till.ledger.url) as line, at(line, tmp_path) as desk:
        line.loses_answers = True
        await associate_the_first(desk)
        await desk.see(*NOT_CONFIRMED)
        await desk.press("2")
        await desk.see("parked for a supervisor")
        await desk.press("escape")
        await desk.see_no_more("NOT CONFIRMED")
        line.mend()
        # As the circuit does by itself in a while: the list stays as it was.
        await desk.app.desk.ledger.try_now()
        await desk.see_no_more("link down")
        await desk.press("a")
        await desk.see("Associate this payment?")
        await desk.press("y")
        await desk.see("The same is not confirmed yet")
        await desk.press("ctrl+q")
        await desk.see("Sign off all the same?", "1")
        await desk.press("escape")
        key = desk.app.desk.ledger.resolver.unresolved[0].key
        desk.app.desk.ledger.resolver.check_now(key)
        await desk.see("(confirmed late)")
        # It was recorded: nothing had to be fenced.
        assert not [path for path in line.passed if path.endswith("/cancel")]

    assert till.balance("000101") == 150_000
    till.ledger.check()


async def test_what_an_earlier_session_left_open_comes_first(till: Till, tmp_path: Path) -> None:
    """OUT-6: at the next start the doubt is on the screen before anything else, and is settled from the journal."""
    till.waiting()
    async with bad_line(till.ledger.url) as line:
        line.loses_answers = True
        async with at(line, tmp_path) as desk:
            await associate_the_first(desk)
            await desk.see(*NOT_CONFIRMED)
        async with at(line, tmp_path) as desk:
            await desk.see(*NOT_CONFIRMED)
            line.mend()
            await desk.see("RECORDED", "(confirmed late)")

    assert till.balance("000101") == 150_000
    till.ledger.check()


def at(line: BadLine, folder: Path) -> AbstractAsyncContextManager[Counter]:
    """A teller at the end of the line."""
    return counter(line.url, folder, open_ledger=line.open_ledger)
