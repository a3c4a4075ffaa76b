"""What a change in doubt leaves behind on the screen, and how its end is shown wherever the person is by then."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from tests.ledger.running import RunningLedger
from tests.ledger.till import Till
from tests.screens.bad_line import BadLine, bad_line
from tests.screens.counter import Counter, counter
from tests.screens.test_balances import STATUS, keyed, on_balances
from tests.screens.test_idle_lock import unlock
from tests.screens.test_imports import GOOD, open_import
from tests.screens.test_sign_in import fill

from branchtui.screens.balances import BalancesScreen
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.dialogs.not_confirmed import NotConfirmedDialog
from branchtui.screens.idle_lock import LockScreen
from branchtui.widgets.dialogs import ConfirmDialog

pytestmark = pytest.mark.faults


def at(line: BadLine, folder: Path) -> AbstractAsyncContextManager[Counter]:
    """A teller at the end of the line."""
    return counter(line.url, folder, open_ledger=line.open_ledger)


async def key_into_doubt(seat: Counter) -> FormDialog:
    """New Member Balance, saved into a line that loses it; the box is in front."""
    await on_balances(seat)
    await fill(seat, "wanjiku", "1,250.00")
    dialog = await seat.at(FormDialog)
    await seat.press("ctrl+s")
    await seat.at(NotConfirmedDialog)
    return dialog


async def test_a_form_whose_record_was_confirmed_late_stands_empty_for_the_next(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Never a filled form under a recorded change: the next save would be a second record."""
    own_ledger.add_member(first_name="Wanjiku", last_name="Kamau")
    async with bad_line(own_ledger.url) as line, at(line, tmp_path) as seat:
        line.loses_answers = True
        dialog = await key_into_doubt(seat)
        await seat.see("Key balance 1,250.00 KES savings → ", "(W*** K.)")
        await seat.press("escape")
        await seat.at(FormDialog)
        await seat.press("ctrl+s")
        await seat.see("It is not confirmed yet. Do NOT enter it again.")
        line.mend()
        await seat.see("1 so far, 1,250.00 KES", "confirmed late")
        assert dialog.form.field("customer_id").keyed == ""
        assert dialog.form.field("amount_minor").keyed == ""
        await seat.press("escape")
        screen = await seat.at(BalancesScreen)
        await seat.until(lambda: [one.amount_minor for one in screen.rows.items] == [125_000])
    assert own_ledger.query(STATUS) == [("not_accounted", 125_000)]
    own_ledger.check()


async def test_a_form_whose_record_never_arrived_is_saved_by_one_key(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """What was typed is still there, and the sentence that allows it stands beneath."""
    own_ledger.add_member(first_name="Wanjiku", last_name="Kamau")
    async with bad_line(own_ledger.url) as line, at(line, tmp_path) as seat:
        line.loses_requests = True
        dialog = await key_into_doubt(seat)
        line.mend()
        await seat.see("NOT RECORDED", "You can enter it again.")
        await seat.press("enter")
        await seat.at(FormDialog)
        await seat.see("NOT recorded. You can enter it again.")
        assert dialog.form.field("amount_minor").keyed == "1,250.00"
        await seat.press("ctrl+s")
        await seat.see("1 so far, 1,250.00 KES")
    assert own_ledger.query(STATUS) == [("not_accounted", 125_000)]
    own_ledger.check()


async def test_an_edit_that_was_confirmed_late_closes_its_form_and_shows_in_the_list(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """The last screen agrees with the ledger: no form with old words, no row with the old amount."""
    member = own_ledger.add_member(first_name="Wanjiku", last_name="Kamau")
    keyed(own_ledger, member, 10_000)
    async with bad_line(own_ledger.url) as line, at(line, tmp_path) as seat:
        screen = await on_balances(seat)
        line.loses_answers = True
        await seat.press("e")
        await seat.at(FormDialog)
        await seat.press("tab", "tab", "ctrl+u")
        await seat.type("300.00")
        await seat.press("ctrl+s")
        await seat.at(NotConfirmedDialog)
        line.mend()
        await seat.see("RECORDED", "(confirmed late)")
        await seat.press("enter")
        await seat.at(BalancesScreen)
        await seat.until(lambda: [one.amount_minor for one in screen.rows.items] == [30_000])
        await seat.see("300.00")


async def test_a_posting_that_was_confirmed_late_is_accounted_in_the_list_without_a_key(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """The row that was posted waits no longer, wherever the box was left."""
    member = own_ledger.add_member(accounts=("wallet", "savings"))
    keyed(own_ledger, member, 10_000)
    async with bad_line(own_ledger.url) as line, at(line, tmp_path) as seat:
        screen = await on_balances(seat)
        line.loses_answers = True
        await seat.press("p")
        await seat.at(ConfirmDialog)
        await seat.press("y")
        await seat.at(NotConfirmedDialog)
        await seat.press("escape")
        line.mend()
        await seat.see("(confirmed late)")
        await seat.until(lambda: not screen.rows.items)
        await seat.see("Post All: none")
    assert own_ledger.query(STATUS) == [("accounted", 10_000)]
    own_ledger.check()


async def test_what_ended_and_was_not_read_is_shown_at_the_next_start_until_it_is(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """OUT-4: a row leaves the screen only when it was seen; the second start shows the end, the third nothing."""
    member = own_ledger.add_member(accounts=("wallet", "savings"))
    keyed(own_ledger, member, 10_000)
    async with bad_line(own_ledger.url) as line:
        async with at(line, tmp_path) as seat:
            await on_balances(seat)
            line.loses_answers = True
            await seat.press("p")
            await seat.at(ConfirmDialog)
            await seat.press("y")
            await seat.at(NotConfirmedDialog)
            await seat.press("escape")
            line.mend()
            await seat.see("(confirmed late)")
            await seat.press("escape")
            await seat.see("What waits", "1 ended, not seen yet", "recorded  ")
        async with at(line, tmp_path) as seat:
            await seat.at(NotConfirmedDialog)
            await seat.see("RECORDED", "[enter] seen")
            await seat.press("enter")
            await seat.see("What waits")
            await seat.see_no_more("not seen yet")
        async with at(line, tmp_path) as seat:
            await seat.see("What waits")
            assert not isinstance(seat.app.screen, NotConfirmedDialog)


async def test_a_change_that_came_into_doubt_behind_the_lock_is_told_to_who_unlocks(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """SEC-5: what is under way goes on; its box is the first thing after the password."""
    member = own_ledger.add_member(accounts=("wallet", "savings"))
    keyed(own_ledger, member, 10_000)
    async with bad_line(own_ledger.url) as line, at(line, tmp_path) as seat:
        await on_balances(seat)
        line.loses_answers = True
        await seat.press("p")
        await seat.at(ConfirmDialog)
        await seat.press("y")
        await seat.app.idle_lock.lock()
        await seat.until(lambda: bool(seat.app.desk.ledger.resolver.unresolved))
        await seat.at(LockScreen)
        assert "KES" not in seat.text
        line.mend()
        await unlock(seat)
        await seat.at(NotConfirmedDialog)
        await seat.see("RECORDED", "(confirmed late)")


async def test_an_import_whose_start_was_confirmed_late_goes_on_to_its_end(
    till: Till, tmp_path: Path
) -> None:
    """Both changes of an import: the check whose answer was lost shows its preview, the start its result."""
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "good.csv").write_text(GOOD)
    async with bad_line(till.ledger.url) as line, at(line, tmp_path) as seat:
        line.loses_answers = True
        line.uploads_pass = True
        await open_import(seat, "good.csv")
        await seat.at(NotConfirmedDialog)
        line.mend()
        await seat.see("RECORDED", "(confirmed late)")
        await seat.press("enter")
        await seat.see("2 rows: 2 fine, 0 wrong", "preview")
        line.loses_answers = True
        await seat.press("y")
        await seat.at(NotConfirmedDialog)
        line.mend()
        await seat.see("RECORDED", "(confirmed late)")
        await seat.press("enter")
        await seat.see("2 rows imported, 2,600.00 KES, not accounted.")
    assert till.ledger.query("SELECT count(*) FROM balance_records") == [(2,)]
    till.ledger.check()
