"""A session that ends, or a screen that locks, in the middle of anything: what was typed stays, and it goes on there.

Each trial types something whole, leaves the screen until it locks, unlocks it, finds its words as they were, lets
the session end, and submits: the password is asked in place, and the same change goes out, once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.ledger.running import RunningLedger
from tests.ledger.till import Till
from tests.screens.counter import Counter, counter, sign_in_again
from tests.screens.test_balances import keyed, on_balances
from tests.screens.test_idle_lock import unlock
from tests.screens.test_imports import GOOD
from tests.screens.test_keys import burst
from tests.screens.test_sign_in import end_sessions, fill
from textual import events
from textual.widgets import Input

from branchtui.screens.approvals import ApprovalsScreen
from branchtui.screens.balances import BalancesScreen
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.dialogs.pick_customer import PickCustomerDialog
from branchtui.screens.dialogs.sign_in_again import SignInAgainDialog
from branchtui.screens.idle_lock import LockScreen
from branchtui.screens.imports import ImportScreen
from branchtui.screens.payments import PaymentsScreen
from branchtui.screens.settings_screen import SettingsScreen
from branchtui.widgets.dialogs import ConfirmDialog, ReasonDialog
from branchtui.widgets.form import Form

pytestmark = pytest.mark.faults


@dataclass(frozen=True)
class Trial:
    """Who types what, by which keys it goes out, and how the ledger shows that it did, exactly once."""

    who: str
    typed: Callable[[Counter, Till], Awaitable[None]]
    submit: tuple[str, ...]
    query: str
    before: object
    after: object


async def new_balance(seat: Counter, _: Till) -> None:
    await on_balances(seat)
    await fill(seat, "wanjiku", "1,250.00")


async def edited_balance(seat: Counter, till: Till) -> None:
    keyed_for_wanjiku(till)
    await on_balances(seat)
    await seat.press("e")
    await seat.at(FormDialog)
    await seat.press("tab", "tab", "ctrl+u")
    await seat.type("300.00")


async def reason_to_take_back(seat: Counter, till: Till) -> None:
    till.give(till.waiting(), "000101")
    await seat.press("f4")
    await seat.at(PaymentsScreen)
    await seat.press("t")
    await seat.see("Payments  associated", "1 of 1")
    await seat.press("x")
    await seat.at(ReasonDialog)
    await seat.type("the wrong one")


async def reason_to_reverse(seat: Counter, till: Till) -> None:
    record = keyed_for_wanjiku(till)
    posted = till.api("teller").post(f"/v1/balance-records/{record['id']}/post", {}, if_match=1)
    assert posted.status_code == 200, posted.text
    screen = await on_balances(seat)
    await seat.press("t")
    await seat.until(lambda: screen.rows.highlighted is not None)
    await seat.press("m")
    await seat.see("Reverse")
    await seat.press("5")
    await seat.at(ReasonDialog)
    await seat.type("keyed twice")


async def new_user(seat: Counter, _: Till) -> None:
    await seat.press("colon", *"settings", "enter")
    screen = await seat.at(SettingsScreen)
    await seat.until(lambda: bool(screen.users.items) and bool(screen.offices.items))
    await seat.press("n")
    dialog = await seat.at(FormDialog)
    await seat.type("amina")
    await seat.press("enter", "1", "enter")
    await seat.type("NKU")
    await seat.press("enter")
    await seat.until(lambda: bool(dialog.form.field("branch_id").value))


async def branch_name(seat: Counter, _: Till) -> None:
    await seat.press("colon", *"settings branches", "enter")
    screen = await seat.at(SettingsScreen)
    await seat.until(lambda: screen.offices.highlighted is not None)
    await seat.press("e")
    await seat.at(FormDialog)
    await seat.press("ctrl+u")
    await seat.type("Headquarters")


def keyed_for_wanjiku(till: Till) -> dict[str, object]:
    member = type("Known", (), {"id": till.id_of("000101")})()
    return keyed(till.ledger, member, 10_000)


RECORDS = "SELECT status, amount_minor FROM balance_records"
TRIALS = {
    "a new balance": Trial("teller", new_balance, ("ctrl+s",), RECORDS, [], [("not_accounted", 125_000)]),
    "an edited balance": Trial(
        "teller",
        edited_balance,
        ("ctrl+s",),
        RECORDS,
        [("not_accounted", 10_000)],
        [("not_accounted", 30_000)],
    ),
    "why a payment is taken back": Trial(
        "supervisor",
        reason_to_take_back,
        ("enter", "y"),
        "SELECT state FROM payments",
        [("associated",)],
        [("unassociated",)],
    ),
    "why a balance is reversed": Trial(
        "supervisor",
        reason_to_reverse,
        ("enter", "y"),
        "SELECT status FROM balance_records",
        [("accounted",)],
        [("reversed",)],
    ),
    "a branch's new name": Trial(
        "administrator",
        branch_name,
        ("ctrl+s",),
        "SELECT name FROM branches WHERE code = 'HQ'",
        [("Head office",)],
        [("Headquarters",)],
    ),
}


def drafts(seat: Counter) -> list[object]:
    """Everything that stands typed on the screen in front."""
    screen = seat.app.screen
    return [*(form.draft for form in screen.query(Form)), *(one.value for one in screen.query(Input))]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", TRIALS)
async def test_what_was_typed_survives_the_lock_and_goes_out_after_the_password(
    till: Till, tmp_path: Path, name: str
) -> None:
    """SEC-5, ERR-1 (401): the draft as it was, the place as it was, one change."""
    trial = TRIALS[name]
    async with counter(till.ledger.url, tmp_path, username=trial.who) as seat:
        await trial.typed(seat, till)
        front, typed = seat.app.screen, drafts(seat)
        assert any(typed)
        await seat.press("f12")
        await seat.at(LockScreen)
        await unlock(seat)
        await seat.until(lambda: seat.app.screen is front)
        assert drafts(seat) == typed
        await end_sessions(till.ledger)
        await seat.press(*trial.submit)
        await seat.at(SignInAgainDialog)
        assert till.ledger.query(trial.query) == trial.before
        await sign_in_again(seat)
        await seat.until(lambda: till.ledger.query(trial.query) == trial.after)
        await seat.until(lambda: not seat.app.desk.gate.is_busy)
        assert not isinstance(seat.app.screen, SignInAgainDialog)
    assert till.ledger.query(trial.query) == trial.after
    till.ledger.check()


async def test_a_question_that_was_answered_goes_on_after_the_password(till: Till, tmp_path: Path) -> None:
    """Post, then Post All: what was confirmed is what is done, by the key it had."""
    keyed_for_wanjiku(till)
    keyed_for_wanjiku_again(till)
    async with counter(till.ledger.url, tmp_path, username="supervisor") as seat:
        await on_balances(seat)
        await seat.press("p")
        await seat.at(ConfirmDialog)
        await end_sessions(till.ledger)
        await seat.press("y")
        await sign_in_again(seat)
        await seat.see("Done:", "accounted")
        await seat.press("b")
        await seat.see("3 Post All: 1")
        await seat.press("3")
        await seat.at(ConfirmDialog)
        await end_sessions(till.ledger)
        await seat.press("y")
        await sign_in_again(seat)
        await seat.see("1 record accounted")
    assert {state for (state,) in till.ledger.query("SELECT status FROM balance_records")} == {"accounted"}
    till.ledger.check()


def keyed_for_wanjiku_again(till: Till) -> None:
    member = type("Known", (), {"id": till.id_of("000101")})()
    keyed(till.ledger, member, 20_000)


async def test_who_leaves_the_password_finds_the_form_as_it_was_and_nothing_done(
    till: Till, tmp_path: Path
) -> None:
    """`esc`: nothing was changed; the next save asks again."""
    async with counter(till.ledger.url, tmp_path) as seat:
        await new_balance(seat, till)
        dialog = await seat.at(FormDialog)
        await end_sessions(till.ledger)
        await seat.press("ctrl+s")
        await seat.at(SignInAgainDialog)
        await seat.until(lambda: not seat.app.gate.is_busy)
        await seat.press("escape")
        await seat.at(FormDialog)
        await seat.see("Your session has ended. Nothing was changed")
        assert dialog.form.field("amount_minor").keyed == "1,250.00"
        await seat.press("ctrl+s")
        await sign_in_again(seat)
        await seat.see("1 so far, 1,250.00 KES")
    assert till.ledger.query(RECORDS) == [("not_accounted", 125_000)]


async def test_a_look_up_in_a_form_asks_for_the_password_and_takes_the_same_row(
    till: Till, tmp_path: Path
) -> None:
    """The `enter` that waited for the answer has its effect; in the finder of a payment's owner as well."""
    till.waiting(BillRefNumber="nobody", MSISDN="254799999999", FirstName="X")
    async with counter(till.ledger.url, tmp_path) as seat:
        await on_balances(seat)
        await seat.press("n")
        dialog = await seat.at(FormDialog)
        await end_sessions(till.ledger)
        burst(seat, "wanjiku", "<enter>")
        await sign_in_again(seat)
        await seat.at(FormDialog)
        await seat.until(lambda: dialog.form.field("customer_id").value == till.id_of("000101"))
        await seat.press("escape", "y")
        await seat.press("f4")
        await seat.see("1 of 1")
        await seat.press("a")
        await seat.at(PickCustomerDialog)
        await end_sessions(till.ledger)
        burst(seat, "wanjiku", "<enter>")
        await sign_in_again(seat)
        await seat.see("Associate this payment?", "Wanjiku Kamau")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("is_pasted", [False, True], ids=["a file", "pasted rows"])
async def test_an_import_goes_on_wherever_the_session_ends(
    till: Till, tmp_path: Path, is_pasted: bool
) -> None:
    """At the sending, at the start: the same bytes, one import; behind the lock its line stays."""
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "good.csv").write_text(GOOD)
    async with counter(till.ledger.url, tmp_path) as seat:
        await on_balances(seat)
        await seat.press("i")
        await seat.at(ImportScreen)
        if is_pasted:
            assert seat.app.focused is not None
            seat.app.focused.post_message(events.Paste(GOOD.replace("\n", "\r")))
            await seat.see("3 rows pasted")
        else:
            await seat.type("good.csv")
        await seat.press("f12")
        await unlock(seat)
        await seat.at(ImportScreen)
        await seat.see("3 rows pasted" if is_pasted else "good.csv")
        await end_sessions(till.ledger)
        await seat.press("enter")
        await sign_in_again(seat)
        await seat.see("2 rows: 2 fine")
        await end_sessions(till.ledger)
        await seat.press("y")
        await sign_in_again(seat)
        await seat.see("2 rows imported, 2,600.00 KES")
    assert till.ledger.query("SELECT count(*) FROM balance_records") == [(2,)]


async def test_a_new_user_s_form_asks_for_the_password_in_place(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """What is secret is dropped by the lock and asked again; the rest of the form stands."""
    async with counter(own_ledger.url, tmp_path, username="administrator") as seat:
        await new_user(seat, None)  # type: ignore[arg-type]  # no payment is needed
        dialog = await seat.at(FormDialog)
        await seat.press("f12")
        await unlock(seat)
        await seat.at(FormDialog)
        assert dialog.form.field("username").keyed == "amina"
        dialog.form.field("password").focus()
        await seat.type("a-long-password-9")
        await end_sessions(own_ledger)
        await seat.press("ctrl+s")
        await sign_in_again(seat)
        await seat.until(
            lambda: own_ledger.query("SELECT role FROM users WHERE username = 'amina'") == [("teller",)]
        )


async def test_a_decision_on_a_request_goes_on_after_the_password(till: Till, tmp_path: Path) -> None:
    """The reading of the request, and its rejection with a reason."""
    record = keyed(till.ledger, type("Known", (), {"id": till.id_of("000101")})(), 20_000_000)
    asked = till.api("teller").post(
        "/v1/approvals",
        {
            "action": "balance-record.post",
            "object_id": record["id"],
            "object_version": 1,
            "body": {},
            "reason": "above my limit",
        },
    )
    assert asked.status_code in {201, 202}, asked.text
    async with counter(till.ledger.url, tmp_path, username="supervisor") as seat:
        await seat.press("f8")
        screen = await seat.at(ApprovalsScreen)
        await seat.until(lambda: screen.rows.highlighted is not None)
        await seat.press("x")
        await seat.at(ReasonDialog)
        await seat.type("not today")
        await till_locked_and_back(seat)
        await seat.at(ReasonDialog)
        await seat.until(lambda: not seat.app.gate.is_busy)
        till.ledger.clock.advance(seconds=16 * 60)
        await seat.press("enter", "y")
        await sign_in_again(seat)
        await seat.until(lambda: till.ledger.query("SELECT state FROM approvals") == [("rejected",)])


async def till_locked_and_back(seat: Counter) -> None:
    await seat.press("f12")
    await unlock(seat)


async def test_the_balances_screen_is_where_it_was_after_both(till: Till, tmp_path: Path) -> None:
    """A search and its place survive the lock and the end of the session behind it."""
    keyed_for_wanjiku(till)
    async with counter(till.ledger.url, tmp_path) as seat:
        screen = await on_balances(seat)
        await seat.press("slash")
        await seat.type("wanjiku")
        await seat.see("“wanjiku”")
        await seat.press("f12")
        await end_sessions(till.ledger)
        await unlock(seat)
        await seat.at(BalancesScreen)
        assert screen.search.text == "wanjiku"
        await seat.until(lambda: len(screen.rows.items) == 1)
