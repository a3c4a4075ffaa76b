"""Keys typed ahead: a script typed at once ends as the same script typed slowly, up to the first confirmation."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.running import RunningLedger
from tests.ledger.till import Till
from tests.screens.bad_line import bad_line
from tests.screens.counter import Counter, counter, sign_in_again
from textual import events

from branchtui.screens.balances import BalancesScreen
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.dialogs.not_confirmed import NotConfirmedDialog
from branchtui.screens.home import HomeScreen
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog

RECORDS = "SELECT status, account_kind, amount_minor, narration FROM balance_records ORDER BY created_at"
_NAMES = {" ": "space", ":": "colon", ".": "full_stop"}


def burst(seat: Counter, *typed: str) -> None:
    """Give keys and texts to the app all at once, as a terminal gives what was typed while it was busy."""
    for part in typed:
        if part.startswith("<"):
            seat.app.post_message(events.Key(part.strip("<>"), "\r" if part == "<enter>" else None))
            continue
        for letter in part:
            seat.app.post_message(events.Key(_NAMES.get(letter, letter), letter))


async def test_a_script_typed_at_once_keys_the_record_it_was_meant_to_key(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Promise 1: fast path, list, profile, form and save, with every key there before the first was worked off."""
    own_ledger.add_member(first_name="Achieng", last_name="Otieno")
    own_ledger.add_member(first_name="Wanjiku", last_name="Kamau")
    async with counter(own_ledger.url, tmp_path) as seat:
        burst(
            seat,
            ":cu wanj",
            "<enter>",
            "<enter>",
            "n",
            "3",
            "<enter>",
            "777",
            "<enter>",
            "<enter>",
            "typed ahead",
            "<ctrl+s>",
        )
        await seat.see("1 so far, 777.00 KES")
        assert own_ledger.query(RECORDS) == [("not_accounted", "loan", 77700, "typed ahead")]
        assert "Wanjiku" in seat.text


async def test_no_money_moves_by_a_key_typed_before_its_confirmation_was_shown(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Promise 1: replay stops at the confirmation, what came after it is put aside and counted."""
    own_ledger.add_member(first_name="Wanjiku", last_name="Kamau")
    async with counter(own_ledger.url, tmp_path) as seat:
        burst(
            seat, "<f3>", "n", "wanjiku", "<enter>", "1", "<enter>", "50", "<ctrl+s>", "<escape>", "p", "yyy"
        )
        await seat.at(ConfirmDialog)
        await seat.see("3 keys put aside")
        assert own_ledger.query(RECORDS) == [("not_accounted", "savings", 5000, "")]
        await seat.press("y")
        await seat.until(lambda: own_ledger.query(RECORDS)[0][0] == "accounted")
        await seat.at(BalancesScreen)
        await seat.until(lambda: "put aside" not in seat.text)


async def test_what_is_typed_ahead_of_the_end_of_a_session_lands_in_the_form_and_not_in_the_password(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Promise 1: a dialog that comes by itself gets no key that was typed before it was shown; the form gets them all."""
    own_ledger.add_member(first_name="Wanjiku", last_name="Kamau")
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.press("f3", "n")
        await seat.at(FormDialog)
        own_ledger.clock.advance(days=2)
        burst(seat, "wanjiku", "<enter>", "1", "<enter>", "50", "<ctrl+s>")
        await sign_in_again(seat)
        await seat.see("1 so far, 50.00 KES")
        assert own_ledger.query(RECORDS) == [("not_accounted", "savings", 5000, "")]


async def test_nothing_that_is_typed_ahead_parks_a_doubt_or_counts_it_as_seen(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Promise 2: NOT CONFIRMED is answered by keys that were typed at it; others are put aside and counted."""
    own_ledger.add_member(first_name="Wanjiku", last_name="Kamau")
    async with (
        bad_line(own_ledger.url) as line,
        counter(line.url, tmp_path, open_ledger=line.open_ledger) as seat,
    ):
        await seat.press("f3", "n")
        await seat.at(FormDialog)
        line.loses_answers = True
        burst(seat, "wanjiku", "<enter>", "1", "<enter>", "50", "<ctrl+s>", "12", "<enter>")
        await seat.at(NotConfirmedDialog)
        await seat.until(lambda: seat.app.gate.put_aside == 3)
        assert [one.is_parked for one in seat.app.desk.ledger.resolver.unresolved] == [False]
        line.mend()
        await seat.see("RECORDED")
        await seat.press("enter", "escape")
        await seat.see("50.00", "Post All 1")


async def test_ctrl_g_empties_what_was_typed_ahead(own_ledger: RunningLedger, tmp_path: Path) -> None:
    """Product, keys: `ctrl+g` empties the keys typed ahead; what was let through before it stands."""
    async with counter(own_ledger.url, tmp_path) as seat:
        with seat.app.gate.hold():
            burst(seat, "<f3>", "n")
            await seat.until(lambda: len(seat.app.gate) == 2)
            burst(seat, "<ctrl+g>")
            await seat.until(lambda: len(seat.app.gate) == 0)
        await seat.see("2 keys put aside")
        assert isinstance(seat.app.screen, HomeScreen)
        await seat.press("f3", "n")
        await seat.at(FormDialog)


async def test_the_gate_is_bounded(own_ledger: RunningLedger, tmp_path: Path) -> None:
    """Habit 8: at most 256 keys wait; more are not taken."""
    async with counter(own_ledger.url, tmp_path) as seat:
        with seat.app.gate.hold():
            burst(seat, "x" * 300)
            await seat.until(lambda: len(seat.app.gate) == 256)
            await seat.pilot.pause()
            assert len(seat.app.gate) == 256


async def test_a_key_that_comes_while_the_program_ends_goes_nowhere(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Between the last screen and the end no key is for anything, and none ends the program with a failure."""
    async with counter(own_ledger.url, tmp_path) as seat:
        waiting = events.Key("x", "x")
        seat.app.gate._let_through = waiting
    assert seat.app.gate.take(waiting) is False
    assert seat.app.gate.take(events.Key("y", "y")) is False


async def test_esc_with_a_letter_at_its_heels_is_esc_and_the_letter(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Promise 1: on a slow line `esc` and `n` arrive as one `alt+n`: the box is left, then the form opens."""
    own_ledger.add_member(first_name="Wanjiku", last_name="Kamau")
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.press("f3", "slash")
        seat.app.post_message(events.Key("alt+n", "n"))
        await seat.at(FormDialog)


async def test_the_rest_of_a_torn_sequence_acts_on_nothing(own_ledger: RunningLedger, tmp_path: Path) -> None:
    """Promise 1: of an arrow or `f5` without its ESC no letter and no digit is a command."""
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.press("f3", "b")
        await seat.at(MenuDialog)
        burst(seat, "[15~", "[1;3D")
        await seat.pilot.pause()
        await seat.until(lambda: not seat.app.gate.is_busy)
        assert isinstance(seat.app.screen, MenuDialog)


async def test_a_framework_that_tells_less_about_itself_takes_no_key_away(
    own_ledger: RunningLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate looks at names that are not public: without them it goes by the length of the queues."""
    seen: list[str] = []

    def hidden(part: object) -> bool:
        seen.append(type(part).__name__)
        raise AttributeError("_closed")

    async with counter(own_ledger.url, tmp_path) as seat:
        monkeypatch.setattr("branchtui.terminal.key_gate.is_waiting", hidden)
        burst(seat, ":cu", "<enter>")
        await seat.see("name, phone, account or customer number")
        assert seen


async def test_ctrl_d_is_told_only_where_one_record_follows_another(till: Till, tmp_path: Path) -> None:
    """Each key that a form names works: a password has no record before it."""
    async with counter(till.ledger.url, tmp_path) as desk:
        await desk.press("f3", "n")
        await desk.see("New Member Balance", "[ctrl+s] save   [ctrl+d] as before   [esc] cancel")
        await desk.press("escape")
        await desk.type(":settings")
        await desk.press("enter", "w")
        await desk.see("My password", "[ctrl+s] save   [esc] cancel")
