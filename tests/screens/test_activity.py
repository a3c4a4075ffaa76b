"""Activity says one thing about one change, whatever the terminal and the ledger knew of it before."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.till import Till
from tests.screens.bad_line import bad_line
from tests.screens.counter import counter

from branchtui.screens.activity import ActivityScreen

REFERENCE_ROWS = slice(0, -3)
"""Without what the foot says of the last change."""


async def test_a_parked_doubt_that_the_ledger_lists_is_settled_and_stands_in_one_row(
    till: Till, tmp_path: Path
) -> None:
    """Promise 2: never `UNKNOWN` above and `done` below for one reference; seen, it is one of what was done."""
    till.waiting()
    async with (
        bad_line(till.ledger.url) as line,
        counter(line.url, tmp_path, open_ledger=line.open_ledger) as desk,
    ):
        line.loses_answers = True
        await desk.press("f4")
        await desk.see("1 of 1", "Wanjiku Kamau")
        await desk.press("a")
        await desk.see("Associate this payment?")
        await desk.press("y")
        await desk.see("NOT CONFIRMED", "[2] park")
        await desk.press("2")
        await desk.see("parked for a supervisor")
        (doubt,) = desk.app.desk.ledger.resolver.unresolved
        line.mend()
        await desk.press("escape", "f9")
        await desk.at(ActivityScreen)
        await desk.see("recorded, [enter] seen")
        assert "UNKNOWN" not in desk.text
        assert sum(doubt.reference in line for line in desk.lines[REFERENCE_ROWS]) == 1
        await desk.press("enter")
        await desk.see("(confirmed late)")
        await desk.press("enter")
        await desk.until(
            lambda: "done" in "\n".join(one for one in desk.lines[REFERENCE_ROWS] if doubt.reference in one)
        )
        assert sum(doubt.reference in line for line in desk.lines[REFERENCE_ROWS]) == 1
    till.ledger.check()
