"""Maker and checker at the counter: asked for in the same step, shown as a difference, never by one person."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.running import PASSWORD, RunningLedger
from tests.ledger.web.every_route import World
from tests.screens.counter import Counter, counter

from branchtui.screens.approvals import ApprovalsScreen
from branchtui.screens.balances import BalancesScreen
from branchtui.screens.dialogs.step_up import StepUpDialog
from branchtui.screens.home import HomeScreen
from branchtui.screens.payments import PaymentsScreen
from branchtui.widgets.dialogs import ConfirmDialog, MessageDialog, ReasonDialog


@pytest.fixture
def world(own_ledger: RunningLedger) -> World:
    return World.open(own_ledger)


async def at_approvals(seat: Counter) -> ApprovalsScreen:
    await seat.press("f8")
    screen = await seat.at(ApprovalsScreen)
    await seat.until(lambda: screen.rows.is_settled, "for the requests")
    return screen


async def test_a_teller_asks_for_what_is_above_the_limit_in_the_same_step(
    world: World, tmp_path: Path
) -> None:
    """Contract 5: `x` files a request; nothing moves until somebody else says yes."""
    payment = world.given("NKU")
    world.ledger.clock.advance(days=1)
    world.ledger._apis.clear()
    async with counter(world.ledger.url, tmp_path) as seat:
        await seat.press("f4")
        screen = await seat.at(PaymentsScreen)
        await seat.type(":payments associated")
        await seat.press("enter")
        await seat.see(payment["code"])
        await seat.until(lambda: screen.rows.is_settled)
        await seat.press("x")
        await seat.at(ReasonDialog)
        await seat.see("needs a supervisor", "1,500.00 KES")
        await seat.type("wrong one")
        await seat.press("enter")
        await seat.press("y")
        await seat.at(PaymentsScreen)
        await seat.until(lambda: "waits for a second person" in seat.said)
    filed = world.ledger.query("SELECT action, state, maker FROM approvals")
    assert filed == [("payment.disassociate", "pending", "teller")]
    assert world.ledger.query("SELECT state FROM payments WHERE id = ?", payment["id"]) == [("associated",)]


async def test_a_balance_above_the_limit_is_asked_for_from_the_list(world: World, tmp_path: Path) -> None:
    """Contract 4: `p` on a record above the limit asks for a supervisor, with the reason and `y`."""
    made = world.ledger.sign_in("teller").post(
        "/v1/balance-records", world.new_record("NKU") | {"amount_minor": 20_000_000}
    )
    assert made.status_code == 201
    async with counter(world.ledger.url, tmp_path) as seat:
        await seat.press("f3")
        screen = await seat.at(BalancesScreen)
        await seat.until(lambda: screen.rows.is_settled and screen.rows.highlighted is not None)
        await seat.press("p")
        await seat.at(ReasonDialog)
        await seat.type("old passbook")
        await seat.press("enter", "y")
        await seat.at(BalancesScreen)
        await seat.until(lambda: bool(world.ledger.query("SELECT id FROM approvals")))
        await seat.press("f8")
        approvals = await seat.at(ApprovalsScreen)
        await seat.until(lambda: approvals.rows.highlighted is not None)
        assert "Post savings" in seat.text
        await seat.press("d")
        await seat.at(ConfirmDialog)
        await seat.press("y")
        await seat.until(lambda: "Withdrawn" in seat.said)
    assert world.ledger.query("SELECT state FROM approvals") == [("withdrawn",)]


async def test_a_supervisor_sees_the_difference_and_approves_it(world: World, tmp_path: Path) -> None:
    """MC-3: Home counts it, `f8` opens it, `a` shows field, before and after, `y` does it."""
    request = world.request("NKU")
    async with counter(world.ledger.url, tmp_path, username="supervisor") as seat:
        await seat.at(HomeScreen)
        await seat.see("Approvals waiting")
        screen = await at_approvals(seat)
        await seat.until(lambda: screen.rows.highlighted is not None)
        await seat.press("enter")
        await seat.at(MessageDialog)
        await seat.see("unassociated → associated", "150,000.00 KES", "teller")
        await seat.press("escape")
        await seat.at(ApprovalsScreen)
        await seat.press("a")
        await seat.at(ConfirmDialog)
        await seat.see("unassociated → associated")
        await seat.press("y")
        await seat.at(ApprovalsScreen)
        await seat.until(lambda: "Approved" in seat.said)
        assert screen.rows.highlighted is None
    state = world.ledger.query("SELECT state FROM payments WHERE id = ?", request["object_id"])
    assert state == [("associated",)]


async def test_the_password_is_asked_in_place_and_the_same_key_goes_out(world: World, tmp_path: Path) -> None:
    """AUTH-7, link 3: a 403 `step-up` is answered by a dialog; one key, one operation."""
    world.request("NKU")
    async with counter(world.ledger.url, tmp_path, username="supervisor") as seat:
        screen = await at_approvals(seat)
        await seat.until(lambda: screen.rows.highlighted is not None)
        world.ledger.clock.advance(seconds=400)
        await seat.press("a")
        await seat.at(ConfirmDialog)
        await seat.press("y")
        await seat.at(StepUpDialog)
        await seat.type("wrong")
        await seat.press("enter")
        await seat.see("That is wrong")
        assert "wrong" not in seat.app.screen.query("Input").first().value  # type: ignore[attr-defined]
        await seat.type(PASSWORD)
        await seat.press("enter")
        await seat.at(ApprovalsScreen)
        await seat.until(lambda: "Approved" in seat.said)
    done = world.ledger.query("SELECT count(*) FROM operations WHERE action = 'approval.approve'")
    assert done == [(1,)]


async def test_who_leaves_the_password_dialog_did_nothing(world: World, tmp_path: Path) -> None:
    """AUTH-7: `esc`, and the request waits as before."""
    world.request("NKU")
    async with counter(world.ledger.url, tmp_path, username="supervisor") as seat:
        screen = await at_approvals(seat)
        await seat.until(lambda: screen.rows.highlighted is not None)
        world.ledger.clock.advance(seconds=400)
        await seat.press("a")
        await seat.at(ConfirmDialog)
        await seat.press("y")
        await seat.at(StepUpDialog)
        await seat.press("escape")
        await seat.at(ApprovalsScreen)
        await seat.until(lambda: "Nothing was done" in seat.said)
    assert world.ledger.query("SELECT state FROM approvals") == [("pending",)]


async def test_a_request_is_rejected_with_a_reason(world: World, tmp_path: Path) -> None:
    """MC-4: `x`, a reason, `y`; the maker reads it."""
    world.request("NKU")
    async with counter(world.ledger.url, tmp_path, username="supervisor") as seat:
        screen = await at_approvals(seat)
        await seat.until(lambda: screen.rows.highlighted is not None)
        await seat.press("x")
        await seat.at(ReasonDialog)
        await seat.type("not theirs")
        await seat.press("enter", "y")
        await seat.at(ApprovalsScreen)
        await seat.until(lambda: "Rejected" in seat.said)
    assert world.ledger.query("SELECT state, decision_reason FROM approvals") == [("rejected", "not theirs")]


async def test_ones_own_request_is_greyed_with_the_reason(world: World, tmp_path: Path) -> None:
    """Product: nobody approves what they asked for themselves; the key says so and opens nothing."""
    world.request("NKU")
    async with counter(world.ledger.url, tmp_path) as seat:
        screen = await at_approvals(seat)
        await seat.until(lambda: screen.rows.highlighted is not None)
        await seat.press("a")
        await seat.until(lambda: "asked for themselves" in seat.said)
        assert isinstance(seat.app.screen, ApprovalsScreen)
