"""A customer from the first form to closure: the form, the tabs, the lifecycle menu, transfers, payout and offset."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.running import RunningLedger
from tests.screens.counter import Counter, counter

from branchtui.screens.customer import CustomerScreen
from branchtui.screens.customer_rows import TABS, tab_line
from branchtui.screens.dialogs.customer_fields import NewCustomerDialog
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.dialogs.reading import ReadingDialog
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog


async def chosen(seat: Counter, label: str) -> None:
    """Take the line of the menu that says `label`, by what chooses it."""
    await seat.at(MenuDialog)
    await seat.see(label)
    line = seat.line_with(label)
    before = line[: line.index(label)].strip("│| >")
    await seat.press(before.strip())


async def yes(seat: Counter) -> None:
    """Confirm what is asked, once it stands there and no key waits."""
    await seat.at(ConfirmDialog)
    await seat.until(lambda: not seat.app.gate.is_busy, "for the keys to rest")
    await seat.press("y")


async def the_profile(seat: Counter, name: str) -> CustomerScreen:
    """Open the only customer of this name."""
    await seat.type(f":cu {name}")
    await seat.press("enter")
    await seat.see(name.capitalize())
    await seat.press("enter")
    screen = await seat.at(CustomerScreen)
    await seat.see(">General")
    return screen


async def test_a_person_is_entered_with_family_and_address_in_one_flow(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Contract 3: one form and one request; who looks alike is shown before anything is saved."""
    own_ledger.add_member(first_name="Zawadi", last_name="Mutua", mobile_no="+254711222333")
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.press("f2")
        await seat.see("Zawadi Mutua")
        await seat.press("n")
        await seat.at(NewCustomerDialog)
        await seat.see("First Name *")
        # Nothing was typed: there is nothing to ask about.
        await seat.press("escape")
        await seat.see("Zawadi Mutua")
        await seat.press("n")
        form = await seat.at(NewCustomerDialog)
        await seat.see("First Name *")
        await seat.type("Amani")
        await seat.press("enter", "enter")
        await seat.type("Baraka")
        await seat.press("enter")
        await seat.type("0711222333")
        await seat.press("ctrl+s")
        await chosen(seat, "Add family member")
        await seat.at(FormDialog)
        await seat.see("Relationship *")
        await seat.type("chi")
        await seat.press("enter")
        await seat.type("Ada")
        await seat.press("enter", "enter")
        await seat.type("Baraka")
        await seat.press("ctrl+s")
        await chosen(seat, "Add address")
        await seat.see("Address Type *")
        await seat.press("1", "enter", "enter", "enter", "enter", "enter")
        await seat.type("Nakuru")
        await seat.press("ctrl+s")
        await seat.see("Add family member (1 so far)", "Add address (1 so far)")
        await chosen(seat, "Save")
        await seat.see("Is this another person?", "Zawadi Mutua", "phone")
        await yes(seat)
        screen = await seat.at(CustomerScreen)
        assert form.form.values()["status"] == "active"
        await seat.until(lambda: "Entered" in seat.said or "Amani Baraka" in seat.text)
        await seat.press("3")
        await seat.see("Ada Baraka", "Child")
        await seat.press("4")
        await seat.see("Nakuru", "Home")
        assert screen.customer.status == "active"
    own_ledger.check()


async def test_a_tab_asks_for_its_part_once_and_its_rows_are_kept_by_dialogs(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Contract 3: one request to open, one a tab; what was answered is shown without asking again."""
    own_ledger.add_member(first_name="Zawadi", last_name="Mutua")
    async with counter(own_ledger.url, tmp_path) as seat:
        await the_profile(seat, "zawadi")
        await seat.see("Nothing was booked yet")
        before = seat.requests()
        await seat.press("5")
        await seat.see("No identifier is known")
        assert seat.requests() - before == 1
        await seat.press("n")
        await seat.at(FormDialog)
        await seat.type("pass")
        await seat.press("enter")
        await seat.type("AB 123")
        await seat.press("ctrl+s")
        await seat.see("Passport", "AB 123")
        await seat.press("e")
        await seat.at(FormDialog)
        await seat.press("enter", "enter")
        await seat.type("the blue one")
        await seat.press("ctrl+s")
        await seat.see("the blue one")
        await seat.press("d")
        await yes(seat)
        await seat.see("No identifier is known")

    own_ledger.check()


async def test_further_details_and_documents_are_kept_saved_and_told_in_the_history(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Contract 3: what a document is, is told by its content; its name on this host is ours; a supervisor deletes."""
    own_ledger.add_member(first_name="Zawadi", last_name="Mutua")
    (tmp_path / "imports").mkdir()
    (tmp_path / "imports" / "letter.txt").write_text("Dear sirs,\n\nwe moved.\n")
    async with counter(own_ledger.url, tmp_path) as seat:
        await the_profile(seat, "zawadi")
        await seat.press("8")
        await seat.see("Legal Form", "person")
        await seat.press("n")
        await seat.at(FormDialog)
        await seat.type("Crop")
        await seat.press("enter")
        await seat.type("Maize")
        await seat.press("ctrl+s")
        await seat.until(lambda: "Crop saved" in seat.said)
        await seat.press("end")
        await seat.see("Crop", "Maize", "further")

        await seat.press("6", "n")
        await seat.at(FormDialog)
        await seat.type("letter.txt")
        await seat.press("ctrl+s")
        await seat.see("letter.txt", "text", "22 B")
        await seat.press("enter")
        await seat.at(ReadingDialog)
        await seat.see("Dear sirs,", "we moved.")
        await seat.press("escape", "o")
        await seat.until(lambda: "Saved" in seat.said)
        await seat.press("d")
        await seat.until(lambda: "supervisor" in seat.said or "role" in seat.said)
        await seat.press("9")
        await seat.see("Document create", "teller")
    saved = next((tmp_path / "imports").glob("document-*.txt"))
    assert saved.read_text() == "Dear sirs,\n\nwe moved.\n"
    own_ledger.check()


async def test_a_part_that_cannot_be_had_leaves_the_profile_as_it_was(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """An absent file, a file that is no document, an empty one: a sentence beside the field, the typing kept."""
    own_ledger.add_member(first_name="Zawadi", last_name="Mutua")
    (tmp_path / "imports").mkdir()
    (tmp_path / "imports" / "empty.txt").write_bytes(b"")
    (tmp_path / "imports" / "tool.bin").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(range(256)))
    async with counter(own_ledger.url, tmp_path) as seat:
        await the_profile(seat, "zawadi")
        await seat.press("6")
        await seat.see("There is no document")
        await seat.press("n")
        dialog = await seat.at(FormDialog)
        field = dialog.form.field("file")
        for name, said in (("nowhere.txt", "There is no file"), ("empty.txt", "It is empty")):
            field.set_keyed(name)
            # What takes the former sentence away must not come behind the next one.
            await seat.until(lambda: not field.error, "for the field to be read anew")
            await seat.press("ctrl+s")
            await seat.see(said)
        dialog.form.field("file").set_keyed("tool.bin")
        await seat.press("ctrl+s")
        await seat.until(
            lambda: "REFUSED" in seat.text or "neither" in seat.text or "no document" in seat.text.lower()
        )
        assert dialog.form.field("file").keyed == "tool.bin"


async def test_the_menu_greys_what_the_ledger_refuses_and_a_closed_customer_comes_back(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Contract 3: close with date and reason, reactivate at once; the reasons are the ledger's own."""
    own_ledger.add_member(first_name="Zawadi", last_name="Mutua")
    async with counter(own_ledger.url, tmp_path) as seat:
        screen = await the_profile(seat, "zawadi")
        await seat.press("m")
        await seat.see("Activate (not now)")
        await chosen(seat, "Close")
        await seat.at(FormDialog)
        await seat.press("enter")
        await seat.type("moved")
        await seat.press("enter")
        await seat.see("Closure Reason", "Moved away")
        await yes(seat)
        await seat.until(lambda: screen.customer.status == "closed", "to be closed")
        await seat.press("m")
        await chosen(seat, "Re-activate")
        await seat.at(FormDialog)
        await seat.press("enter")
        await yes(seat)
        await seat.until(lambda: screen.customer.status == "active", "to be active again")
    own_ledger.check()


async def test_who_edits_second_sees_what_changed_and_by_whom_and_keeps_what_was_typed(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """CONC-1: the second save is against what stands now and takes nothing of the other's back."""
    member = own_ledger.add_member(first_name="Zawadi", last_name="Mutua")
    async with counter(own_ledger.url, tmp_path) as seat:
        screen = await the_profile(seat, "zawadi")
        await seat.see("Nothing was booked yet")
        await seat.press("e")
        dialog = await seat.at(FormDialog)
        dialog.form.field("email").set_keyed("zawadi@example.org")
        path = f"/v1/customers/{member.id}"
        other = own_ledger.sign_in("supervisor").patch(path, {"mobile_no": "0722000111"}, if_match=1)
        assert other.status_code == 200, other.text
        await seat.press("ctrl+s")
        await seat.see("supervisor", "Mobile No. is now +254722000111")
        assert dialog.form.field("email").keyed == "zawadi@example.org"
        await seat.press("ctrl+s")
        await seat.until(lambda: screen.customer.email == "zawadi@example.org", "to be saved")
        assert screen.customer.mobile_no == "+254722000111"
    own_ledger.check()


def test_the_tabs_fit_a_terminal_of_eighty_cells() -> None:
    """Product: 80x24 is read."""
    assert all(len(tab_line(at, 80)) <= 80 and tab_line(at, 80).count(" ") == 8 for at in range(len(TABS)))
    assert ">3/9 Family" in tab_line(2, 60)


async def test_a_customer_goes_to_the_other_office_which_sees_the_offer_on_home(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Contract 3: proposed here, accepted there; the destination hears of it on Home."""
    own_ledger.add_member(first_name="Zawadi", last_name="Mutua")
    async with counter(own_ledger.url, tmp_path) as seat:
        screen = await the_profile(seat, "zawadi")
        await seat.press("m")
        await chosen(seat, "Transfer to another office")
        await seat.at(FormDialog)
        await seat.type("ksm")
        await seat.press("enter", "enter")
        await seat.type("moved there")
        await seat.press("enter")
        await yes(seat)
        await seat.until(lambda: screen.customer.status == "transfer_in_progress", "to be offered")
        await seat.type(":transfers by us")
        await seat.press("enter")
        await seat.see("offered by us", "Zawadi Mutua", "KSM")
    async with counter(own_ledger.url, tmp_path / "there", username="teller2") as seat:
        await seat.see("Customers offered")
        await seat.type(":transf")
        await seat.press("enter")
        await seat.see("offered to us", "Zawadi Mutua", "moved there")
        await seat.press("a")
        await seat.at(FormDialog)
        await seat.press("ctrl+s")
        await yes(seat)
        await seat.see("Nobody is on the way")
        await seat.type(":cu zawadi")
        await seat.press("enter")
        await seat.see("Zawadi Mutua", "active")
    own_ledger.check()


async def test_a_loan_is_offset_and_savings_are_paid_out_with_the_effect_shown_before(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Contract 9: what each account will hold stands in the question; a teller asks a supervisor for a payout."""
    member = own_ledger.add_member(first_name="Zawadi", last_name="Mutua")
    boss = own_ledger.sign_in("supervisor")
    for kind, amount_minor in (("loan", 100_000), ("savings", 40_000)):
        body = {
            "customer_id": member.id,
            "account_kind": kind,
            "amount_minor": amount_minor,
            "currency": "KES",
            "as_of_date": own_ledger.today().isoformat(),
        }
        made = boss.post("/v1/balance-records", body).json()
        assert boss.post(f"/v1/balance-records/{made['id']}/post", if_match=1).status_code == 200
    async with counter(own_ledger.url, tmp_path, username="supervisor") as seat:
        await the_profile(seat, "zawadi")
        await seat.press("2")
        await seat.see(">Accounts", "Loan", "1,000.00", "400.00")
        await seat.press("down", "m")
        await chosen(seat, "Offset this loan")
        await seat.at(FormDialog)
        await seat.press("enter")
        await seat.type("250")
        await seat.press("ctrl+s")
        await seat.see("1,000.00 → 750.00 KES", "400.00 → 150.00 KES")
        await yes(seat)
        await seat.see("750.00", "150.00")
        await seat.until(lambda: "is now 750.00 KES" in seat.said)
        await seat.press("end", "m")
        await chosen(seat, "Pay out")
        await seat.at(FormDialog)
        await seat.press("ctrl+s")
        await seat.see("150.00 → 0.00 KES")
        await yes(seat)
        await seat.until(lambda: "is now 0.00 KES" in seat.said)
        await seat.press("up", "enter")
        await seat.see("Account  Loan", "250.00", "750.00")
    own_ledger.check()


async def test_an_administrator_keeps_lists_and_what_members_are_asked_for(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Contract 2: a value is added and offered no more; what is mandatory is marked in the next form."""
    async with counter(own_ledger.url, tmp_path, username="administrator") as seat:
        await seat.type(":lists label")
        await seat.press("enter")
        await seat.see("The list is empty")
        await seat.press("n")
        await seat.at(FormDialog)
        await seat.type("Farmer")
        await seat.press("ctrl+s")
        await seat.see("Farmer")
        await seat.until(lambda: "Added" in seat.said)
        await seat.press("d")
        await yes(seat)
        await seat.see("no more")
        await seat.press("escape")
        await seat.type(":lists member")
        await seat.press("enter")
        dialog = await seat.at(FormDialog)
        dialog.form.field("mandatory_fields").focus()
        await seat.type("gend")
        await seat.press("enter", "ctrl+s")
        await seat.until(lambda: "holds from now on" in seat.said, "to be saved")
    async with counter(own_ledger.url, tmp_path / "teller") as seat:
        await seat.press("f2", "n")
        form = await seat.at(NewCustomerDialog)
        await seat.see("Gender *")
        await seat.press("shift+tab", "2")
        await seat.see("Main Business Line")
        assert "gender" not in {field.field_name for field in form.form.fields}
        await seat.press("escape")
        await yes(seat)
        await seat.type(":lists staff")
        await seat.press("enter")
        await seat.see("The list is empty")
        await seat.press("n")
        await seat.until(lambda: "Only an administrator" in seat.said)
