"""Settings at the counter: users, branches, the own password, codes; and what a teller is told."""

from __future__ import annotations

from pathlib import Path

import pyotp
import pytest
from tests.ledger.running import PASSWORD, RunningLedger
from tests.ledger.web.test_second_factor import now, want
from tests.screens.counter import Counter, counter

from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.dialogs.one_time_code import CodeDialog
from branchtui.screens.home import HomeScreen
from branchtui.screens.settings_screen import SettingsScreen
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog, MessageDialog

pytestmark = pytest.mark.faults

NEW_PASSWORD = "nine loud pelicans"


async def at_settings(seat: Counter, side: str = "users") -> SettingsScreen:
    await seat.type(f":settings {side}")
    await seat.press("enter")
    screen = await seat.at(SettingsScreen)
    shown = screen.users if side == "users" else screen.offices
    await seat.until(lambda: shown.is_settled and shown.highlighted is not None, "for the list")
    await seat.until(lambda: bool(screen._branches), "for the branches")
    return screen


async def test_an_administrator_adds_a_user_and_disables_another(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Product, keys: `n` new, `d` disables, each in the ledger's own words."""
    async with counter(own_ledger.url, tmp_path, username="administrator") as seat:
        screen = await at_settings(seat)
        await seat.press("n")
        dialog = await seat.at(FormDialog)
        await seat.type("akinyi")
        await seat.press("enter", "1", "enter")
        await seat.type("NKU")
        await seat.press("enter")
        await seat.until(lambda: bool(dialog.form.field("branch_id").value))
        await seat.type("500")
        await seat.press("enter")
        await seat.type(PASSWORD)
        await seat.press("ctrl+s")
        await seat.at(SettingsScreen)
        await seat.until(lambda: "Added: akinyi" in seat.said)
        row = own_ledger.query("SELECT role, limit_minor FROM users WHERE username = 'akinyi'")
        assert row == [("teller", 50_000)]
        assert PASSWORD not in seat.text
        assert screen.users.highlighted is not None
        assert screen.users.highlighted.username == "akinyi"
        await seat.press("d")
        await seat.at(ConfirmDialog)
        await seat.press("y")
        await seat.until(lambda: "akinyi is disabled" in seat.said)
    assert own_ledger.query("SELECT disabled FROM users WHERE username = 'akinyi'") == [(1,)]


async def test_an_administrator_changes_a_limit(own_ledger: RunningLedger, tmp_path: Path) -> None:
    """Contract 2: `e` sends what differs, under the version that was seen."""
    async with counter(own_ledger.url, tmp_path, username="administrator") as seat:
        screen = await at_settings(seat)
        screen.users.highlight(own_ledger.query("SELECT id FROM users WHERE username = 'teller'")[0][0])
        await seat.press("e")
        dialog = await seat.at(FormDialog)
        dialog.form.field("limit_minor").set_keyed("250.00")
        await seat.press("ctrl+s")
        await seat.at(SettingsScreen)
        await seat.until(lambda: "Saved: teller" in seat.said)
    assert own_ledger.query("SELECT limit_minor, version FROM users WHERE username = 'teller'") == [
        (25_000, 2)
    ]


async def test_an_administrator_says_that_two_names_are_one_person(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """MC-1: where users are kept it can be said who has a second name; the ledger then takes the two for one."""
    async with counter(own_ledger.url, tmp_path, username="administrator") as seat:
        screen = await at_settings(seat)
        screen.users.highlight(own_ledger.query("SELECT id FROM users WHERE username = 'teller'")[0][0])
        await seat.press("m")
        await seat.at(MenuDialog)
        await seat.until(lambda: "6  Same person" in seat.text or "6 Same person" in seat.text)
        await seat.press("6")
        await seat.at(FormDialog)
        await seat.type("supervisor2")
        await seat.press("enter")
        question = await seat.at(ConfirmDialog)
        assert "supervisor2" in seat.text
        await seat.press("escape")
        await seat.at(FormDialog)
        await seat.press("ctrl+s")
        await seat.until(
            lambda: isinstance(seat.app.screen, ConfirmDialog) and seat.app.screen is not question
        )
        await seat.press("y")
        await seat.at(SettingsScreen)
        await seat.until(lambda: "Saved: teller" in seat.said)
    people = dict(
        own_ledger.query("SELECT username, person_id FROM users WHERE username IN ('teller', 'supervisor2')")
    )
    assert people["teller"] == people["supervisor2"]


async def test_a_supervisor_unlocks_from_the_menu_and_edits_nobody(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """AUTH-3: the menu offers what the ledger offers; the rest says why not."""
    for _ in range(4):
        own_ledger.anonymous().post("/v1/sessions", {"username": "teller", "password": "x"}, key="")
    async with counter(own_ledger.url, tmp_path, username="supervisor") as seat:
        screen = await at_settings(seat)
        screen.users.highlight(own_ledger.query("SELECT id FROM users WHERE username = 'teller'")[0][0])
        await seat.press("e")
        await seat.until(lambda: "may not edit users" in seat.said)
        await seat.press("m")
        await seat.at(MenuDialog)
        await seat.press("3")
        await seat.at(ConfirmDialog)
        await seat.press("y")
        await seat.until(lambda: "may try again" in seat.said)
    assert own_ledger.query("SELECT failed_tries FROM users WHERE username = 'teller'") == [(0,)]


async def test_a_teller_reads_why_users_are_not_shown(running_ledger: RunningLedger, tmp_path: Path) -> None:
    """An administrator's part says so, and stays usable for the own password."""
    async with counter(running_ledger.url, tmp_path) as seat:
        await seat.type(":settings")
        await seat.press("enter")
        await seat.at(SettingsScreen)
        await seat.until(lambda: "may not do this" in seat.said)
        await seat.press("n")
        await seat.until(lambda: "Only an administrator" in seat.said)


async def test_a_branch_is_added_below_another_and_its_name_is_data(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """TTY-2: whatever a branch is called, it is painted as it is."""
    async with counter(own_ledger.url, tmp_path, username="administrator") as seat:
        screen = await at_settings(seat, "branches")
        await seat.see("  KSM")
        await seat.press("n")
        dialog = await seat.at(FormDialog)
        dialog.form.field("code").set_keyed("NVS")
        dialog.form.field("name").set_keyed("[/] Naivasha [b]")
        await seat.press("ctrl+s")
        await seat.at(SettingsScreen)
        await seat.see("NVS", "[/] Naivasha [b]")
        assert screen.offices.items
    assert own_ledger.query("SELECT name FROM branches WHERE code = 'NVS'") == [("[/] Naivasha [b]",)]


async def test_a_branch_is_edited_and_its_unknown_references_wait(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Section 5, tier 0: chosen in the form of the branch, shown beside it."""
    async with counter(own_ledger.url, tmp_path, username="administrator") as seat:
        screen = await at_settings(seat, "branches")
        await seat.press("down")
        code = screen.offices.highlighted.code if screen.offices.highlighted else ""
        await seat.press("e")
        dialog = await seat.at(FormDialog)
        assert dialog.form.field("unknown_reference_waits").keyed == "no"
        dialog.form.field("unknown_reference_waits").set_keyed("yes")
        await seat.press("ctrl+s")
        await seat.at(SettingsScreen)
        await seat.until(lambda: f"Saved: {code}." in seat.said)
        await seat.see("waits")
        # The next key means the same branch.
        assert screen.offices.highlighted is not None
        assert screen.offices.highlighted.code == code
    assert own_ledger.query("SELECT unknown_reference_waits FROM branches WHERE code = ?", code) == [(1,)]


async def test_a_teller_changes_the_own_password(own_ledger: RunningLedger, tmp_path: Path) -> None:
    """AUTH-5: the session goes on; no journal keeps anything a password could be guessed by."""
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.type(":settings")
        await seat.press("enter")
        await seat.at(SettingsScreen)
        await seat.press("w")
        dialog = await seat.at(FormDialog)
        for text in (PASSWORD, NEW_PASSWORD, NEW_PASSWORD):
            await seat.type(text)
            await seat.press("enter")
        await seat.at(SettingsScreen)
        await seat.until(lambda: "password is changed" in seat.said)
        assert dialog.form.draft == {}
    stored = b"".join(each.read_bytes() for each in (tmp_path / "state").rglob("*") if each.is_file())
    assert NEW_PASSWORD.encode() not in stored
    body = {"username": "teller", "password": NEW_PASSWORD}
    assert own_ledger.anonymous().post("/v1/sessions", body, key="").status_code == 201


async def test_the_first_sign_in_with_codes_shows_the_secret_and_the_recovery_codes(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """AUTH-4: secret as text and address once, then the code, then ten recovery codes."""
    want(own_ledger)
    async with counter(own_ledger.url, tmp_path, username=None, user="teller") as seat:
        await seat.type(PASSWORD)
        await seat.press("enter")
        dialog = await seat.at(CodeDialog)
        await seat.see("Secret")
        device = pyotp.TOTP(dialog.secret)
        await seat.type(now(own_ledger, device))
        await seat.press("enter")
        await seat.at(MessageDialog)
        await seat.see("shown this once")
        await seat.press("enter")
        await seat.at(HomeScreen)
        assert seat.app.desk.user is not None
        assert seat.app.desk.user.second_factor


async def test_somebody_enrols_the_own_device_from_the_menu(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """AUTH-4: the secret, its first code, the recovery codes; the next sign-in asks for a code."""
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.type(":settings branches")
        await seat.press("enter")
        screen = await seat.at(SettingsScreen)
        await seat.until(lambda: bool(screen._branches))
        await seat.press("m")
        await seat.at(MenuDialog)
        await seat.press("2")
        dialog = await seat.at(CodeDialog)
        await seat.type(now(own_ledger, pyotp.TOTP(dialog.secret)))
        await seat.press("enter")
        await seat.at(MessageDialog)
        await seat.see("shown this once")
        await seat.press("enter")
        await seat.at(SettingsScreen)
    body = {"username": "teller", "password": PASSWORD}
    asked = own_ledger.anonymous().post("/v1/sessions", body, key="")
    assert asked.json()["code"] == "otp-required"


async def test_the_top_administrator_sets_codes_and_limits_by_role(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Limits per role; a supervisor reads why it is not theirs to change."""
    async with counter(own_ledger.url, tmp_path, username="administrator") as seat:
        await at_settings(seat, "branches")
        await seat.press("m")
        await seat.at(MenuDialog)
        await seat.press("3")
        dialog = await seat.at(FormDialog)
        dialog.form.field("limit-supervisor").set_keyed("2,500.00")
        dialog.form.field("codes-auditor").set_keyed("yes")
        await seat.press("ctrl+s")
        await seat.at(SettingsScreen)
        await seat.until(lambda: "from the next request on" in seat.said)
    api = own_ledger.sign_in("administrator", fresh=True)
    stored = api.get("/v1/settings/security").json()
    assert (stored["role_limits"], stored["second_factor_roles"]) == ({"supervisor": 250_000}, ["auditor"])
    async with counter(own_ledger.url, tmp_path / "two", username="supervisor") as seat:
        await at_settings(seat, "branches")
        await seat.press("m")
        await seat.at(MenuDialog)
        await seat.press("3")
        await seat.until(lambda: "may not change this" in seat.said)
