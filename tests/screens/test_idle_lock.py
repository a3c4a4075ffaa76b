"""The idle lock: the screen is replaced, what it showed is dropped, what was typed stays (SEC-5, T-19)."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.running import PASSWORD, RunningLedger
from tests.screens.counter import Counter, counter

from branchtui.screens.balances import BalancesScreen
from branchtui.screens.customer import CustomerScreen
from branchtui.screens.customers import CustomersScreen
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.dialogs.one_time_code import CodeDialog
from branchtui.screens.home import HomeScreen
from branchtui.screens.idle_lock import IdleLock, LockScreen
from branchtui.screens.settings_screen import SettingsScreen
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog

pytestmark = pytest.mark.faults


class Away:
    """Nobody presses a key for as long as a test says."""

    def __init__(self, seat: Counter) -> None:
        self.seconds = 0.0
        self._lock = IdleLock(seat.app, seat.app.desk, minutes=5, clock=lambda: self.seconds)
        seat.app.idle_lock = self._lock

    async def for_seconds(self, seconds: float) -> None:
        """So long, and then the program looks at its clock."""
        self.seconds += seconds
        await self._lock.check()


async def unlock(seat: Counter, password: str = PASSWORD) -> None:
    await seat.at(LockScreen)
    await seat.type(password)
    await seat.press("enter")


async def test_five_minutes_without_a_key_replace_the_screen_and_drop_what_it_showed(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """SEC-5: replaced, not overlaid; no name is painted and none is in the lists; the password brings all back."""
    own_ledger.add_member(first_name="Wanjiku", last_name="Kamau")
    async with counter(own_ledger.url, tmp_path) as seat:
        away = Away(seat)
        await seat.press("f2")
        screen = await seat.at(CustomersScreen)
        await seat.see("Wanjiku Kamau")
        await away.for_seconds(299)
        assert isinstance(seat.app.screen, CustomersScreen)
        await away.for_seconds(2)
        await seat.at(LockScreen)
        await seat.see("Locked")
        assert "Wanjiku" not in seat.text
        assert screen.rows.items == []
        await unlock(seat)
        await seat.at(CustomersScreen)
        await seat.see("Wanjiku Kamau")


async def test_a_key_begins_the_count_anew(running_ledger: RunningLedger, tmp_path: Path) -> None:
    """SEC-5: five minutes from the last key."""
    async with counter(running_ledger.url, tmp_path) as seat:
        away = Away(seat)
        await away.for_seconds(290)
        await seat.press("f3")
        await away.for_seconds(290)
        assert not isinstance(seat.app.screen, LockScreen)
        await away.for_seconds(10)
        await seat.at(LockScreen)


async def test_a_profile_keeps_nothing_of_the_person_behind_the_lock(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """SEC-5: data freed; only the id stays, and the profile is asked for again."""
    own_ledger.add_member(first_name="Wanjiku", last_name="Kamau", mobile_no="+254711222333")
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.press("f2")
        await seat.at(CustomersScreen)
        await seat.see("Wanjiku Kamau")
        await seat.press("enter")
        profile = await seat.at(CustomerScreen)
        await seat.see("Wanjiku Kamau")
        await seat.press("f12")
        await seat.at(LockScreen)
        assert "Wanjiku" not in profile._customer.model_dump_json()
        assert "711222333" not in profile._customer.model_dump_json()
        await unlock(seat)
        await seat.at(CustomerScreen)
        await seat.see("Wanjiku Kamau")


async def test_what_was_typed_into_a_form_survives_and_a_question_is_answered_by_no(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """SEC-5: the draft is as it was; no confirmation waits behind the lock for a y."""
    member = own_ledger.add_member(first_name="Wanjiku", last_name="Kamau")
    made = own_ledger.sign_in("teller").post(
        "/v1/balance-records",
        {
            "customer_id": member.id,
            "account_kind": "savings",
            "amount_minor": 100,
            "currency": "KES",
            "as_of_date": own_ledger.today().isoformat(),
        },
    )
    assert made.status_code == 201
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.press("f3")
        screen = await seat.at(BalancesScreen)
        await seat.until(lambda: screen.rows.highlighted is not None)
        await seat.press("p")
        await seat.at(ConfirmDialog)
        await seat.press("f12")
        await unlock(seat)
        await seat.at(BalancesScreen)
        assert own_ledger.query("SELECT status FROM balance_records") == [("not_accounted",)]
        await seat.press("n")
        dialog = await seat.at(FormDialog)
        await seat.type("wanjiku")
        await seat.press("enter")
        await seat.until(lambda: bool(dialog.form.field("customer_id").value))
        await seat.press("f12")
        await unlock(seat)
        await seat.at(FormDialog)
        assert dialog.form.field("customer_id").value == member.id


async def test_who_locks_while_a_question_comes_up_finds_it_locked(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """SEC-5: what is typed before a confirmation is shown is put aside, and the panic key never is."""
    member = own_ledger.add_member(first_name="Wanjiku", last_name="Kamau")
    record = {"customer_id": member.id, "account_kind": "savings", "amount_minor": 100, "currency": "KES"}
    made = own_ledger.sign_in("teller").post(
        "/v1/balance-records", record | {"as_of_date": own_ledger.today().isoformat()}
    )
    assert made.status_code == 201
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.press("f3")
        screen = await seat.at(BalancesScreen)
        await seat.until(lambda: screen.rows.highlighted is not None)
        await seat.at_once("p", "f12")
        await seat.at(LockScreen)
        assert own_ledger.query("SELECT status FROM balance_records") == [("not_accounted",)]


async def test_a_session_that_ended_behind_the_lock_is_taken_up_by_the_same_password(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """AUTH-5: fifteen minutes later the ledger has ended the session; the lock opens a new one."""
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.press("f12")
        await seat.at(LockScreen)
        own_ledger.clock.advance(days=1)
        await unlock(seat)
        await seat.at(HomeScreen)


async def test_five_wrong_tries_end_the_session_and_the_program(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """SEC-5: five tries, told by the ledger; then nobody is signed in any more."""
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.press("f12")
        screen = await seat.at(LockScreen)
        for place in range(5):
            own_ledger.clock.advance(seconds=61)
            await seat.type("x")
            await seat.press("enter")
            await seat.until(lambda place=place: screen._failed == place + 1)  # type: ignore[misc]  # bound in each round
        await seat.until(lambda: not seat.app.is_running or seat.app.return_code == 1)
        assert not seat.app.desk.ledger.is_signed_in
    ended = own_ledger.query("SELECT count(*) FROM sessions WHERE ended_at IS NULL")
    assert ended == [(0,)]


@pytest.mark.parametrize("key", ["escape", "f2", "colon"])
async def test_no_key_leads_around_the_lock(running_ledger: RunningLedger, tmp_path: Path, key: str) -> None:
    """SEC-5: the password, or ctrl+q."""
    async with counter(running_ledger.url, tmp_path) as seat:
        await seat.press("f12")
        await seat.at(LockScreen)
        await seat.press(key)
        assert isinstance(seat.app.screen, LockScreen)


async def test_a_secret_for_a_device_does_not_stay_behind_the_lock(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """SEC-5, AUTH-4: the dialog that shows it is left, and nothing was switched on."""
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.type(":settings branches")
        await seat.press("enter")
        await seat.at(SettingsScreen)
        await seat.press("m")
        await seat.at(MenuDialog)
        await seat.press("2")
        await seat.at(CodeDialog)
        await seat.press("f12")
        await unlock(seat)
        await seat.at(SettingsScreen)
        assert not [one for one in seat.app.screen_stack if isinstance(one, CodeDialog)]
    assert own_ledger.query("SELECT confirmed_at FROM second_factors") == [(None,)]
