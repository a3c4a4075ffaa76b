"""A ledger that is gone, and comes back, under the program."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
from tests.ledger.running import RunningLedger
from tests.screens.bad_line import bad_line
from tests.screens.counter import Counter, counter
from tests.screens.test_balances import STATUS, keyed, on_balances
from tests.screens.test_sign_in import fill

from branchtui.remote.errors import LedgerError
from branchtui.screens.base import LedgerScreen
from branchtui.screens.customers import CustomersScreen
from branchtui.screens.dialogs.filter import FilterDialog
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.dialogs.palette import PaletteDialog
from branchtui.screens.help import HelpScreen
from branchtui.screens.places import PLACES, Place
from branchtui.screens.ways import is_filling
from branchtui.widgets.actions import Action
from branchtui.widgets.dialogs import MenuDialog, MessageDialog

pytestmark = pytest.mark.faults


async def test_a_dead_ledger_is_said_with_a_way_on_and_ctrl_r_finds_it_again(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Readings name the key that goes on; what would end in a change is not even begun, and goes on when it is back."""
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

        for key in "pnedbi":
            await seat.press(key)
            await seat.until(lambda: "nothing can be recorded now" in seat.said)
            assert seat.app.screen is screen, "nothing is begun that would end in vain"
            seat.app.screen.say("")
        await seat.press("f2")
        await seat.at(CustomersScreen)
        await seat.see("The ledger does not answer. [ctrl+r] try again")
        await seat.press("f3")

        line.mend()
        await seat.press("ctrl+r")
        await seat.see("Post All 1: 100.00")
        await seat.see_no_more("link down")
        await seat.press("n")
        await seat.at(FormDialog)
        await seat.press("escape")
        assert seat.app.desk.ledger.line.is_up
        assert own_ledger.query(STATUS) == [("not_accounted", 10_000)]
    own_ledger.check()


def screen_of(place: Place) -> type[LedgerScreen]:
    """The class of a place."""
    module, _, name = place.screen.partition(":")
    found: type[LedgerScreen] = getattr(import_module(f"branchtui.screens.{module}"), name)
    return found


TURNS_TO_OPEN = 5
ASKS_NOTHING = (LedgerScreen, HelpScreen, PaletteDialog, FilterDialog, MenuDialog, MessageDialog)
"""What may open while the ledger does not answer: nobody types into it what only a ledger could take."""
ESCAPES_MAX = 9
"""Of what a key opened; nobody presses it more often."""


async def test_no_key_and_no_line_of_a_menu_asks_for_what_cannot_be_sent(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """OUT-1: every key of every place, and every line of its menu, with rows under the arrow and the line down."""
    member = own_ledger.add_member(accounts=("wallet", "savings"))
    keyed(own_ledger, member, 10_000)
    async with (
        bad_line(own_ledger.url) as line,
        counter(line.url, tmp_path, open_ledger=line.open_ledger, username="supervisor") as seat,
    ):
        # Settings asks twice, which is enough to find the line down.
        settings = next(one for one in PLACES if one.name == "settings")
        for place in (*PLACES, settings):
            await goes_to(seat, place)
        line.is_dead = True
        await seat.press("ctrl+r")
        await seat.until(lambda: not seat.app.desk.ledger.line.is_up)
        for place in PLACES:
            # What turns or sorts the list comes last: its rows are gone then.
            for action in sorted(
                screen_of(place).ACTIONS, key=lambda one: not one.changes and one.id != "menu"
            ):
                if action.group == "This screen":
                    await goes_to(seat, place)
                    await begins_nothing_in_vain(seat, action)


async def goes_to(seat: Counter, place: Place) -> None:
    """Stand on a place, whatever was typed on the one before."""
    screen = seat.app.screen
    assert isinstance(screen, LedgerScreen)
    if not isinstance(screen, screen_of(place)):
        screen.go(place.name)
    await seat.at(screen_of(place))
    await seat.until(lambda: not is_filling(seat.app))


async def begins_nothing_in_vain(seat: Counter, action: Action) -> None:
    """Do it, look at what opened, and leave that again."""
    screen = seat.app.screen
    assert isinstance(screen, LedgerScreen)
    await screen.action_perform(action.id)
    for _ in range(TURNS_TO_OPEN):
        await seat.pilot.pause()
    opened = seat.app.screen
    if isinstance(opened, MenuDialog):
        offered = [one.action.id for one in opened._choices if one.action.changes and one.refusal is None]
        assert offered == [], action.id
    assert isinstance(opened, ASKS_NOTHING), (action.id, opened)
    for _ in range(ESCAPES_MAX):
        if seat.app.screen is screen:
            return
        await seat.press("escape")
    raise AssertionError(f"no way back from what {action.id} opened: {seat.app.screen}")


async def test_a_line_that_comes_back_is_noticed_without_a_key_and_said(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """The probe alone finds it: what could not be read is there, no key is refused any more."""
    member = own_ledger.add_member(accounts=("wallet", "savings"))
    keyed(own_ledger, member, 10_000)
    async with (
        bad_line(own_ledger.url) as line,
        counter(line.url, tmp_path, open_ledger=line.open_ledger) as seat,
    ):
        await on_balances(seat)
        line.is_dead = True
        await seat.press("f2", "f4")
        await seat.see("The ledger does not answer. [ctrl+r] try again", "link down")
        await seat.press("f3")
        await seat.press("n")
        await seat.until(lambda: "nothing can be recorded now" in seat.said)
        line.mend()
        await seat.see_no_more("link down")
        await seat.see("The ledger answers again.", "100.00")
        await seat.press("n")
        await seat.at(FormDialog)


async def test_a_form_that_is_open_says_that_the_line_went_and_that_it_is_back(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Who types on knows before the save; what was typed is saved by one key when the line is back."""
    own_ledger.add_member(first_name="Wanjiku", last_name="Kamau")
    async with (
        bad_line(own_ledger.url) as line,
        counter(line.url, tmp_path, open_ledger=line.open_ledger) as seat,
    ):
        await on_balances(seat)
        await fill(seat, "wanjiku", "1,250.00")
        dialog = await seat.at(FormDialog)
        line.is_dead = True
        while seat.app.desk.ledger.line.is_up:
            with suppress(LedgerError):
                await seat.app.desk.ledger.dashboard()
        await seat.see("The ledger does not answer now. What you type is kept")
        line.mend()
        await seat.see("The ledger answers again: ctrl+s saves.")
        assert dialog.form.field("amount_minor").keyed == "1,250.00"
        await seat.press("ctrl+s")
        await seat.see("1 so far, 1,250.00 KES")
        assert own_ledger.query(STATUS) == [("not_accounted", 125_000)]
    own_ledger.check()


async def test_readings_that_are_under_way_when_the_program_ends_end_with_it(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Nothing is left to show them on: no crash on the way out, whenever their answers come."""
    async with bad_line(own_ledger.url) as line:
        async with counter(line.url, tmp_path, open_ledger=line.open_ledger) as seat:
            line.held = dict.fromkeys(("/v1/balance-records", "/v1/dashboard"), asyncio.Event())
            await seat.press("f3")
            await seat.until(lambda: seat.app.desk.ledger.line.requests >= 2)
            seat.app.exit()
        assert seat.app.return_code == 0
