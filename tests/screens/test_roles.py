"""What nobody of one's role may do is greyed, and its key says so before anything is typed in vain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.screens.counter import counter

from branchtui.contract.sessions import User
from branchtui.ledger.access import PERMISSIONS, Permission
from branchtui.screens.balances import BalancesScreen
from branchtui.screens.credit_accounts import CreditAccountsScreen
from branchtui.screens.customers import CustomersScreen
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.files import FilesScreen
from branchtui.screens.payments import PaymentsScreen
from branchtui.widgets.dialogs import MessageDialog

if TYPE_CHECKING:
    from tests.ledger.till import Till

BEGINS = {
    "f2": (CustomersScreen, ("n", "i")),
    "f3": (BalancesScreen, ("n", "b", "i")),
    "f4": (PaymentsScreen, ("n", "i")),
    "f6": (FilesScreen, ("n", "e")),
    "f7": (CreditAccountsScreen, ("n", "i")),
}
"""The keys that begin something new, by the place."""


async def test_an_auditor_is_told_at_the_key_and_not_after_the_form(till: Till, tmp_path: Path) -> None:
    """AUTHZ-1: whoever only reads fills in no form that the ledger refuses in the end."""
    till.ledger.sign_in("auditor", fresh=True)
    async with counter(till.ledger.url, tmp_path, username="auditor") as seat:
        for place, (kind, keys) in BEGINS.items():
            await seat.press(place)
            screen = await seat.at(kind)
            for key in keys:
                await seat.press(key)
                await seat.until(
                    lambda: seat.said == "Your role, auditor, may not do this.", f"{place} {key}"
                )
                assert seat.app.screen is screen
                screen.say("")


async def test_a_teller_is_told_that_statements_are_not_for_tellers(till: Till, tmp_path: Path) -> None:
    """What else begins there does."""
    async with counter(till.ledger.url, tmp_path) as seat:
        await seat.press("f4", "i")
        await seat.see("Your role, teller, may not do this.")
        await seat.press("n")
        await seat.at(FormDialog)


async def test_what_only_others_may_do_with_the_log_is_greyed(till: Till, tmp_path: Path) -> None:
    """Product, keys: an action that is refused is greyed; its key says why and opens nothing."""
    till.pay()
    till.ledger.sign_in("auditor", fresh=True)
    async with counter(till.ledger.url, tmp_path / "t") as seat:
        await seat.type(":transactions")
        await seat.press("enter")
        await seat.see("1 of 2", "(o Export)  r Receipt")
        await seat.press("o")
        await seat.see("! Your role, teller, may not do this.")
    async with counter(till.ledger.url, tmp_path / "a", username="auditor") as seat:
        await seat.type(":transactions")
        await seat.press("enter")
        await seat.see("1 of 2", "o Export  (r Receipt)")
        await seat.press("m")
        await seat.see("Receipt (not now)")


async def test_who_names_a_file_in_vain_is_told_before(till: Till, tmp_path: Path) -> None:
    """The fast path goes to an import past the key that is greyed."""
    async with counter(till.ledger.url, tmp_path) as seat:
        for place, title, said in (
            ("statements", "Import a bank's statement", "Your role, teller, may not do this."),
            ("import-plans", "Import Plans", "Only an administrator changes the lists."),
        ):
            await seat.type(f":{place}")
            await seat.press("enter")
            await seat.see(title, f"! {said}")
            await seat.press("escape")
        await seat.type(":import")
        await seat.press("enter")
        await seat.see("Import Member Balances")
        assert not seat.said


async def test_what_is_asked_of_members_is_read_and_not_filled_in_by_others(
    till: Till, tmp_path: Path
) -> None:
    """A teller reads the terms; the form is the administrator's, so that nobody fills it in for a refusal."""
    async with counter(till.ledger.url, tmp_path) as seat:
        await seat.type(":lists membership")
        await seat.press("enter")
        await seat.at(MessageDialog)
        await seat.see("Membership", "Minimum age", "none", "[enter] go on")
        await seat.press("enter")
        await seat.see("! Only an administrator changes the lists.")


@pytest.mark.parametrize("username", ["teller", "supervisor", "auditor", "administrator"])
def test_a_ledger_tells_what_the_role_may_do(till: Till, username: str) -> None:
    """At the sign-in, the same that it goes by itself."""
    told = till.ledger.sign_in(username, fresh=True).session["user"]["permissions"]
    assert set(told) == {each.value for role, may in PERMISSIONS.items() if role == username for each in may}


def test_what_an_older_ledger_does_not_tell_may_be_tried() -> None:
    """Nothing is greyed for want of knowledge."""
    user = User(id="u", username="t", roles=(), branch_id="b", branches=())
    assert user.may("record.change")


def test_every_permission_that_a_key_needs_exists() -> None:
    """A name that no ledger tells would grey the key for everybody."""
    names = {each.value for each in Permission}
    assert {"approval.decide", "code.admin", "user.admin", "branch.admin"} <= names
    for kind, _ in BEGINS.values():
        needs = {action.needs for action in kind.ACTIONS} - {""}
        assert needs
        assert needs <= names
