"""What a teller sees when the ledger lost its history, and after a restore (AUD-3, T-31)."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from tests.ledger.running import PASSWORD, RunningLedger
from tests.ledger.till import Till
from tests.screens.bad_line import BadLine, bad_line
from tests.screens.counter import Counter, counter

from branchtui.ledger.backup import back_up, new_epoch
from branchtui.screens.dialogs.ledger_news import AlarmDialog, RestoredDialog

pytestmark = pytest.mark.faults

AT_US = 1_780_000_000_000_000
ROW = "ALARM: The ledger was rolled back. Stop, and call the administrator."


def at(line: BadLine, folder: Path) -> AbstractAsyncContextManager[Counter]:
    return counter(line.url, folder, open_ledger=line.open_ledger)


async def associate_the_first(desk: Counter) -> None:
    await desk.press("f4")
    await desk.see("1 of 1", "Wanjiku Kamau")
    await desk.press("a")
    await desk.see("Associate this payment?")
    await desk.press("y")


async def test_a_ledger_that_was_rolled_back_is_an_alarm_on_every_screen_and_takes_no_change(
    till: Till, tmp_path: Path
) -> None:
    """AUD-3: what happened, what to do, whom to call; one key leaves it, a row of its own stays."""
    till.waiting()
    async with bad_line(till.ledger.url) as line, at(line, tmp_path) as desk:
        old = tmp_path / "old.db"
        back_up(till.ledger.database, old)
        await associate_the_first(desk)
        await desk.see("1,500.00 associated")
        with RunningLedger(f"sqlite:///{old}") as rolled_back:
            line.ledger_url = rolled_back.url
            await desk.press("ctrl+r")
            await desk.at(AlarmDialog)
            await desk.see(
                "THE LEDGER WAS ROLLED BACK",
                "Stop: take no cash, hand out no cash and no receipt.",
                "Call your supervisor and the administrator",
                "Reference  NKU  saw ",
                "[esc] go on looking up",
            )
            await desk.press("enter")
            await desk.at(AlarmDialog)
            await desk.press("escape")
            await desk.see(ROW, "1 of 1", "Wanjiku Kamau")
            assert desk.line_with("ALARM").startswith(ROW)
            await desk.press("a")
            await desk.see("Associate this payment?")
            await desk.press("y")
            await desk.see("Nothing was sent.")
            await desk.press("escape", "f2")
            await desk.see(ROW, "Customers")
            assert rolled_back.query("SELECT count(*) FROM payments WHERE state = 'associated'") == [(0,)]


async def test_after_a_restore_the_teller_reads_once_what_is_gone(till: Till, tmp_path: Path) -> None:
    """T-31: by reference, time and summary, at the sign-in that the new epoch asks for; no alarm."""
    till.waiting()
    async with bad_line(till.ledger.url) as line:
        old = tmp_path / "old.db"
        back_up(till.ledger.database, old)
        new_epoch(f"sqlite:///{old}", AT_US)
        async with at(line, tmp_path) as desk:
            await associate_the_first(desk)
            await desk.see("1,500.00 associated")
            with RunningLedger(f"sqlite:///{old}") as restored:
                line.ledger_url = restored.url
                await desk.press("ctrl+r")
                await desk.see("Password")
                await desk.type(PASSWORD)
                await desk.press("enter")
                dialog = await desk.at(RestoredDialog)
                await desk.see(
                    "THE LEDGER WAS RESTORED",
                    "of your 1 recorded changes of the last seven days: 1",
                    "Associate 1,500.00 KES payment",
                    "[esc] seen",
                )
                assert "ALARM" not in desk.text
                await desk.press("escape")
                await desk.until(lambda: desk.app.screen is not dialog, "for the dialog to go")
                assert desk.app.desk.ledger.restored is None
        with RunningLedger(f"sqlite:///{old}") as restored:
            line.ledger_url = restored.url
            async with at(line, tmp_path) as desk:
                await desk.press("ctrl+r")
                await desk.see("What waits")
                assert not isinstance(desk.app.screen, RestoredDialog)


async def test_a_restore_that_took_nothing_is_one_sentence(till: Till, tmp_path: Path) -> None:
    """T-31: told all the same, and nothing to leave."""
    till.waiting()
    async with bad_line(till.ledger.url) as line:
        old = tmp_path / "old.db"
        async with at(line, tmp_path) as desk:
            await associate_the_first(desk)
            await desk.see("1,500.00 associated")
            back_up(till.ledger.database, old)
        new_epoch(f"sqlite:///{old}", AT_US)
        with RunningLedger(f"sqlite:///{old}") as restored:
            line.ledger_url = restored.url
            async with at(line, tmp_path) as desk:
                await desk.see("restored from a copy. All your recorded changes are in it.")
