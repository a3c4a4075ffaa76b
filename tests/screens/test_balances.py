"""Member Balances from the keyboard: key, edit, post, delete, all; every figure checked in the ledger."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.running import Member, RunningLedger
from tests.screens.counter import Counter, counter

from branchtui.screens.balances import BalancesScreen
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog

STATUS = "SELECT status, amount_minor FROM balance_records ORDER BY created_at"


async def on_balances(seat: Counter) -> BalancesScreen:
    """Go to Member Balances and wait for the list."""
    await seat.press("f3")
    screen = await seat.at(BalancesScreen)
    await seat.until(lambda: screen.rows.is_settled and screen.rows.count is not None)
    return screen


def keyed(ledger: RunningLedger, member: Member, amount_minor: int, **more: object) -> dict[str, object]:
    """A record of `member`, keyed over HTTP by the teller."""
    body = {
        "customer_id": member.id,
        "account_kind": "savings",
        "amount_minor": amount_minor,
        "currency": "KES",
        "as_of_date": ledger.today().isoformat(),
    }
    answer = ledger.sign_in("teller").post("/v1/balance-records", body | more)
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    return found


async def test_a_balance_is_keyed_edited_posted_and_never_posted_twice(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Issue, done when 2: key 1,250.00, make it 1,350.00, post it, see the new balance, be refused a second time."""
    member = own_ledger.add_member(first_name="Wanjiku", last_name="Kamau", accounts=("wallet", "savings"))
    async with counter(own_ledger.url, tmp_path) as seat:
        screen = await on_balances(seat)
        await seat.press("n")
        await seat.at(FormDialog)
        await seat.type("kamau wanj")
        await seat.press("enter")
        await seat.see(f"{member.customer.customer_no} Wanjiku")
        await seat.press("1", "enter")
        await seat.type("1,250.00")
        await seat.press("ctrl+s")
        await seat.see("1 so far, 1,250.00 KES")
        assert own_ledger.query(STATUS) == [("not_accounted", 125000)]
        await seat.press("escape")
        await seat.at(BalancesScreen)

        await seat.press("e")
        await seat.at(FormDialog)
        await seat.press("tab", "tab", "ctrl+u")
        await seat.type("1,350.00")
        await seat.press("ctrl+s")
        await seat.at(BalancesScreen)
        await seat.see("1,350.00")
        assert own_ledger.query(STATUS) == [("not_accounted", 135000)]

        await seat.press("p")
        await seat.at(ConfirmDialog)
        await seat.press("enter")
        assert isinstance(seat.app.screen, ConfirmDialog), "enter confirms nothing"
        assert "1,350.00 KES" in seat.text
        await seat.press("y")
        await seat.until(lambda: "is now 1,350.00 KES" in seat.said)
        assert screen.rows.highlighted is not None
        assert screen.rows.highlighted.status == "accounted"
        assert own_ledger.balance_minor(member.accounts["savings"].id) == 135000

        await seat.press("p")
        await seat.until(lambda: "never be posted again" in seat.said)
        assert isinstance(seat.app.screen, BalancesScreen), "a refused action opens nothing"
    own_ledger.check()


async def test_the_figures_of_a_form_that_are_wrong_are_said_beside_the_field(
    running_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Bad input: what was typed stays, nothing is sent."""
    running_ledger.add_member(first_name="Otieno", last_name="Ouma")
    async with counter(running_ledger.url, tmp_path) as seat:
        await on_balances(seat)
        before = seat.app.desk.ledger.line.requests
        await seat.press("n", "tab", "2", "enter")
        await seat.type("1,250.555")
        await seat.press("ctrl+s")
        await seat.see("has three decimals; KES has two.")
        await seat.see("Member is missing.")
        assert "1,250.555" in seat.text
        assert seat.app.desk.ledger.line.requests == before


async def test_a_record_somebody_changed_first_is_not_overwritten_unseen(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """CONC-2: the row shows what stands now, nothing was changed, and the person can try again knowingly."""
    member = own_ledger.add_member(accounts=("wallet", "savings"))
    record = keyed(own_ledger, member, 10_000)
    async with counter(own_ledger.url, tmp_path) as seat:
        screen = await on_balances(seat)
        changed = own_ledger.sign_in("supervisor").patch(
            f"/v1/balance-records/{record['id']}", {"amount_minor": 99_900}, if_match=1
        )
        assert changed.status_code == 200, changed.text
        await seat.press("p", "y")
        await seat.until(lambda: "changed" in seat.said.lower())
        assert screen.rows.highlighted is not None
        assert screen.rows.highlighted.amount_minor == 99_900
        assert own_ledger.query(STATUS) == [("not_accounted", 99_900)]


async def test_delete_takes_the_row_away_after_a_confirmation(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Contract, section 4: gone from the list; `esc` in the confirmation leaves it."""
    member = own_ledger.add_member()
    keyed(own_ledger, member, 10_000)
    async with counter(own_ledger.url, tmp_path) as seat:
        screen = await on_balances(seat)
        await seat.press("d", "escape")
        await seat.at(BalancesScreen)
        assert len(screen.rows.items) == 1
        await seat.press("d")
        await seat.at(ConfirmDialog)
        await seat.press("y")
        await seat.until(lambda: not screen.rows.items)
        assert not own_ledger.query(STATUS)


async def test_post_all_posts_what_was_seen_and_nothing_when_it_moved(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Promise 8, CONC-5: the confirmation holds count and total; a record that came in between stops it."""
    first = own_ledger.add_member(accounts=("wallet", "savings"))
    second = own_ledger.add_member(accounts=("wallet", "savings"))
    keyed(own_ledger, first, 10_000)
    keyed(own_ledger, second, 20_050)
    async with counter(own_ledger.url, tmp_path, username="supervisor") as seat:
        await on_balances(seat)
        await seat.see("Post All 2: 300.50")
        await seat.press("b")
        await seat.at(MenuDialog)
        await seat.press("3")
        await seat.at(ConfirmDialog)
        assert "300.50 KES" in seat.text
        keyed(own_ledger, first, 30_000)
        await seat.press("y")
        await seat.until(lambda: "Nothing" in seat.said or "nothing" in seat.said)
        assert {status for status, _ in own_ledger.query(STATUS)} == {"not_accounted"}

        await seat.press("b", "3")
        await seat.at(ConfirmDialog)
        assert "600.50 KES" in seat.text
        await seat.press("y")
        await seat.until(lambda: {status for status, _ in own_ledger.query(STATUS)} == {"accounted"})
    own_ledger.check()


async def test_the_list_opens_on_what_waits_and_turns(own_ledger: RunningLedger, tmp_path: Path) -> None:
    """Product, keys: *not accounted*, newest first; `t` turns to accounted, all, and back."""
    member = own_ledger.add_member(accounts=("wallet", "savings"))
    older, newer = keyed(own_ledger, member, 10_000), keyed(own_ledger, member, 20_000)
    posted = own_ledger.sign_in("teller").post(f"/v1/balance-records/{older['id']}/post", if_match=1)
    assert posted.status_code == 200, posted.text
    newest = keyed(own_ledger, member, 30_000)
    async with counter(own_ledger.url, tmp_path) as seat:
        screen = await on_balances(seat)
        shown = [[one.id for one in screen.rows.items]]
        for view in ("accounted", "all"):
            await seat.press("t")
            await seat.see(f"Member Balances  {view}  ")
            await seat.until(lambda: screen.rows.is_settled)
            shown.append([one.id for one in screen.rows.items])
        assert shown == [
            [newest["id"], newer["id"]],
            [older["id"]],
            [newest["id"], newer["id"], older["id"]],
        ]


async def test_a_look_alike_is_asked_about_before_it_is_keyed_twice(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """IDEM-11: the same member, kind and amount again needs a person's yes."""
    member = own_ledger.add_member(first_name="Wanjiku", last_name="Kamau")
    keyed(own_ledger, member, 125_000)
    async with counter(own_ledger.url, tmp_path) as seat:
        await on_balances(seat)
        for answer, records in (("escape", 1), ("y", 2)):
            await seat.press("n")
            dialog = await seat.at(FormDialog)
            await seat.type("wanjiku")
            await seat.press("enter")
            await seat.until(lambda dialog=dialog: bool(dialog.form.field("customer_id").value))  # type: ignore[misc]
            await seat.press("1", "enter")
            await seat.type("1250")
            await seat.press("ctrl+s")
            await seat.at(ConfirmDialog)
            assert len(own_ledger.query(STATUS)) == 1
            await seat.press(answer)
            await seat.at(FormDialog)
            await seat.until(lambda: len(own_ledger.query(STATUS)) == records)  # noqa: B023 - awaited in this round
            await seat.press("ctrl+u", "escape")
            if isinstance(seat.app.screen, ConfirmDialog):
                await seat.press("y")
            await seat.at(BalancesScreen)


async def test_z_sorts_by_another_column(own_ledger: RunningLedger, tmp_path: Path) -> None:
    """Product, keys: `z` sorts by another."""
    member = own_ledger.add_member()
    for amount_minor in (10_000, 30_000, 20_000):
        keyed(own_ledger, member, amount_minor)
    async with counter(own_ledger.url, tmp_path) as seat:
        screen = await on_balances(seat)
        assert [one.amount_minor for one in screen.rows.items] == [20_000, 30_000, 10_000]
        await seat.press("z")
        await seat.until(lambda: [one.amount_minor for one in screen.rows.items] == [30_000, 20_000, 10_000])
