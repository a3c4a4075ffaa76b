"""Entering a customer with everything that belongs to him: what is wrong of it is mended in place, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.members import administrator, do, enter, ok, supervisor
from tests.ledger.running import RunningLedger
from tests.screens.counter import Counter, counter

from branchtui.screens.customer import CustomerScreen
from branchtui.screens.dialogs.customer_fields import NewCustomerDialog
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog

NO_REQUEST = "Letters A to Z, digits"


async def line_taken(seat: Counter, label: str) -> None:
    """Take the line of the menu that says `label`."""
    await seat.at(MenuDialog)
    await seat.see(label)
    line = seat.line_with(label)
    await seat.press(line[: line.index(label)].strip("│| >"))


async def yes(seat: Counter) -> None:
    """Confirm what is asked, once it stands there and no key waits."""
    await seat.at(ConfirmDialog)
    await seat.until(lambda: not seat.app.gate.is_busy, "for the keys to rest")
    await seat.press("y")


async def profile_of(seat: Counter, number: str) -> CustomerScreen:
    """Open the customer of this number."""
    await seat.type(f":cu {number}")
    await seat.press("enter")
    await seat.see(number)
    await seat.press("enter")
    return await seat.at(CustomerScreen)


async def test_what_fits_into_no_request_is_said_beside_its_field_and_what_was_typed_stays(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Product, promise 1: a sign that no number has is a sentence, not the end of the program."""
    member = enter(own_ledger)
    async with counter(own_ledger.url, tmp_path) as seat:
        await profile_of(seat, member["customer_no"])
        await seat.press("5", "n")
        dialog = await seat.at(FormDialog)
        await seat.type("pass")
        await seat.press("enter")
        await seat.type("AB 123é")
        await seat.press("ctrl+s")
        await seat.see(NO_REQUEST)
        assert dialog.form.field("number").keyed == "AB 123é"
        await seat.press("backspace", "ctrl+s")
        await seat.see("Passport", "AB 123")

        await seat.press("e")
        dialog = await seat.at(FormDialog)
        dialog.form.field("number").set_keyed("№ 7")
        await seat.press("ctrl+s")
        await seat.see(NO_REQUEST)
        dialog.form.field("number").set_keyed("AB 124")
        await seat.press("ctrl+s")
        await seat.see("AB 124")

        await seat.press("2", "n")
        dialog = await seat.at(FormDialog)
        dialog.form.field("kind").set_keyed("savings")
        dialog.form.field("account_no").set_keyed("ø-1")
        await seat.press("ctrl+s")
        await seat.see(NO_REQUEST)
        assert dialog.form.field("account_no").keyed == "ø-1"
    own_ledger.check()


async def test_what_comes_with_a_new_customer_is_changed_or_taken_away_before_it_is_saved(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Contract 3: a part that the ledger refuses is mended in the same flow; the form does not have to be left for it."""
    enter(own_ledger, identifiers=[{"identifier_type": "Passport", "number": "AB 123"}])
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.press("f2", "n")
        await seat.at(NewCustomerDialog)
        await seat.type("Amani")
        await seat.press("enter", "enter")
        await seat.type("Mwamba")
        await seat.press("ctrl+s")
        await line_taken(seat, "Add identifier")
        await seat.at(FormDialog)
        await seat.type("pass")
        await seat.press("enter")
        await seat.type("AB 123é")
        await seat.press("ctrl+s")
        await seat.see(NO_REQUEST)
        await seat.press("backspace", "ctrl+s")
        await line_taken(seat, "Add address")
        await seat.see("Address Type *")
        await seat.press("1", "enter", "ctrl+s")
        await seat.see("Address: Home, no place")
        await line_taken(seat, "Save")
        await seat.see("An address needs a street, a line, a town or a postal code")
        await seat.press("ctrl+s")
        await line_taken(seat, "Address: Home")
        await line_taken(seat, "Take away")
        await seat.see("Add address (0 so far)")
        await line_taken(seat, "Save")
        await seat.see("has this identifier")
        await seat.press("ctrl+s")
        await line_taken(seat, "Identifier: Passport AB 123")
        await line_taken(seat, "Change")
        dialog = await seat.at(FormDialog)
        assert dialog.form.field("number").keyed == "AB 123"
        dialog.form.field("number").set_keyed("AB 124")
        await seat.press("ctrl+s")
        await line_taken(seat, "Save")
        await seat.at(CustomerScreen)
        await seat.press("5")
        await seat.see("AB 124")
    own_ledger.check()


async def test_the_date_of_birth_is_marked_where_members_have_a_minimum_age(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Contract 2: what the ledger will ask for has its asterisk from the start, for persons alone."""
    admin = administrator(own_ledger)
    asked = {"minimum_age": 18}
    ok(admin.put("/v1/settings/membership", asked, if_match=1))
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.press("f2", "n")
        form = await seat.at(NewCustomerDialog)
        await seat.see("Date of Birth *")
        await seat.press("shift+tab", "2")
        await seat.see("Main Business Line")
        assert "date_of_birth" not in {field.field_name for field in form.form.fields}


async def test_a_command_that_was_overtaken_is_sent_again_against_what_stands_now(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """CONC-1: who was first and what changed is said, the form stays, and it is no form that can only fail again."""
    member = enter(own_ledger)
    async with counter(own_ledger.url, tmp_path) as seat:
        screen = await profile_of(seat, member["customer_no"])
        await seat.press("m")
        await line_taken(seat, "Close")
        await seat.at(FormDialog)
        path, other = f"/v1/customers/{member['id']}", supervisor(own_ledger)
        ok(other.patch(path, {"mobile_no": "0722000111"}, if_match=1))
        await seat.press("enter", "1", "enter")
        await yes(seat)
        await seat.see("supervisor changed this", "mobile no")
        await seat.press("ctrl+s")
        await yes(seat)
        await seat.until(lambda: screen.customer.status == "closed", "to be closed")
        assert screen.customer.closure_reason == "Own wish"
    own_ledger.check()


async def test_a_value_of_a_list_that_another_changed_first_is_saved_over_it_the_second_time(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """CONC-1: an administrator's form that was overtaken keeps what was typed and sends it against what stands now."""
    admin = administrator(own_ledger)
    made = ok(admin.post("/v1/codes/label/values", {"name": "Farmer"}), 201)
    async with counter(own_ledger.url, tmp_path, username="administrator") as seat:
        await seat.type(":lists label")
        await seat.press("enter")
        await seat.see("Farmer")
        await seat.press("e")
        dialog = await seat.at(FormDialog)
        ok(admin.patch(f"/v1/codes/label/values/{made['id']}", {"position": 7}, if_match=1))
        dialog.form.field("name").set_keyed("Grower")
        await seat.press("ctrl+s")
        await seat.see("administrator changed this", "position")
        await seat.press("ctrl+s")
        await seat.until(lambda: "Saved: Grower" in seat.said, "to be saved")
    (stands,) = admin.pages("/v1/codes/label/values")
    assert (stands["name"], stands["position"]) == ("Grower", 7)


async def test_what_members_are_asked_for_is_set_over_what_another_set_meanwhile_and_takes_nothing_of_it_back(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """CONC-1: of two administrators the second keeps the typing, and the first what the second did not touch."""
    admin = administrator(own_ledger)
    async with counter(own_ledger.url, tmp_path, username="administrator") as seat:
        await seat.type(":lists member")
        await seat.press("enter")
        dialog = await seat.at(FormDialog)
        ok(admin.put("/v1/settings/membership", {"approval": True, "terms": "Pay."}, if_match=1))
        dialog.form.field("minimum_age").set_keyed("18")
        await seat.press("ctrl+s")
        await seat.see("administrator changed this")
        await seat.press("ctrl+s")
        await seat.until(lambda: "holds from now on" in seat.said, "to be saved")
    stands = ok(admin.get("/v1/settings/membership"))
    assert (stands["minimum_age"], stands["approval"], stands["terms"]) == (18, True, "Pay.")


async def test_an_offer_that_was_taken_back_is_told_of_and_leaves_the_list(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Contract 3: whoever decides too late reads how it ended, and no row stays that can only be refused."""
    member = enter(own_ledger)
    body = {
        "destination_branch_id": own_ledger.branch("KSM").id,
        "transfer_date": own_ledger.today("NKU").isoformat(),
    }
    boss = supervisor(own_ledger)
    offered = ok(do(boss, member, "transfer/propose", body))
    async with counter(own_ledger.url, tmp_path, username="teller2") as seat:
        await seat.type(":transfers")
        await seat.press("enter")
        await seat.see(member["customer_no"])
        await seat.press("x")
        await seat.at(FormDialog)
        await seat.type("not ours")
        ok(do(boss, offered, "transfer/withdraw", {}))
        await seat.press("enter")
        await yes(seat)
        await seat.see("has taken the offer back")
        await seat.press("escape")
        await yes(seat)
        await seat.see("Nobody is on the way")


async def test_the_list_tells_of_what_was_done_in_the_profile(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Whoever comes back to the list finds the name, phone and status as they are, and nobody who was deleted."""
    member = enter(own_ledger, active=False)
    async with counter(own_ledger.url, tmp_path) as seat:
        screen = await profile_of(seat, member["customer_no"])
        await seat.see(">General")
        await seat.press("e")
        dialog = await seat.at(FormDialog)
        dialog.form.field("last_name").set_keyed("Renamed")
        await seat.press("ctrl+s")
        await seat.until(lambda: screen.customer.last_name == "Renamed", "to be saved")
        await seat.press("m")
        await line_taken(seat, "Reject")
        await seat.at(FormDialog)
        await seat.press("enter", "1", "enter")
        await yes(seat)
        await seat.until(lambda: screen.customer.status == "rejected", "to be rejected")
        await seat.press("escape")
        await seat.see(f"{member['first_name']} Renamed", "rejected")
        await seat.press("enter")
        screen = await seat.at(CustomerScreen)
        await seat.press("m")
        await line_taken(seat, "Reopen application")
        await seat.at(FormDialog)
        await seat.press("enter")
        await yes(seat)
        await seat.until(lambda: screen.customer.status == "pending", "to be pending")
        await seat.press("m")
        await line_taken(seat, "Delete customer")
        await yes(seat)
        await seat.see("Nobody fits")


async def test_terms_that_were_pasted_with_their_lines_are_read_in_lines_by_the_member(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Contract 2: the ledger takes no breaks of lines (VAL-3); what stands for them is a break again where it is read."""
    async with counter(own_ledger.url, tmp_path / "admin", username="administrator") as seat:
        await seat.type(":lists member")
        await seat.press("enter")
        dialog = await seat.at(FormDialog)
        dialog.form.field("terms").focus()
        await seat.paste("Members pay a share.\nThey keep the rules.")
        await seat.press("ctrl+s")
        await seat.until(lambda: "holds from now on" in seat.said, "to be saved")
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.press("f2", "n")
        await seat.at(NewCustomerDialog)
        await seat.type("Amani")
        await seat.press("enter", "enter")
        await seat.type("Mwamba")
        await seat.press("ctrl+s")
        await line_taken(seat, "Save")
        await seat.see("Does the member accept these terms?")
        at = next(place for place, line in enumerate(seat.lines) if "Members pay a share." in line)
        assert "They keep the rules." in seat.lines[at + 1]
        await yes(seat)
        screen = await seat.at(CustomerScreen)
        await seat.until(lambda: screen.customer.status == "active", "to be entered")
    own_ledger.check()


async def test_a_label_with_a_comma_is_one_label_chosen_kept_and_left_alone(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Product, forms: what stands between labels is no comma where one of them has its own."""
    admin = administrator(own_ledger)
    for name in ("Tea, coffee", "Youth"):
        ok(admin.post("/v1/codes/label/values", {"name": name}), 201)
    member = enter(own_ledger)
    async with counter(own_ledger.url, tmp_path) as seat:
        screen = await profile_of(seat, member["customer_no"])
        await seat.see(">General")
        for typed, after in (("tea", ("Tea, coffee",)), ("you", ("Tea, coffee", "Youth"))):
            await seat.press("e")
            dialog = await seat.at(FormDialog)
            dialog.form.field("labels").focus()
            await seat.press("end")
            await seat.type(typed)
            await seat.press("enter", "ctrl+s")
            await seat.until(lambda after=after: screen.customer.labels == after, "to be saved")  # type: ignore[misc]
        await seat.press("e")
        dialog = await seat.at(FormDialog)
        dialog.form.field("email").set_keyed("a@example.org")
        await seat.press("ctrl+s")
        await seat.until(lambda: screen.customer.email == "a@example.org", "to be saved")
        assert screen.customer.labels == ("Tea, coffee", "Youth")
    own_ledger.check()


async def test_a_refusal_goes_when_the_form_is_sent_again(own_ledger: RunningLedger, tmp_path: Path) -> None:
    """What stands under a form is of what was sent last, and of nothing before."""
    member = enter(own_ledger)
    (tmp_path / "imports").mkdir()
    (tmp_path / "imports" / "tool.bin").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(range(256)))
    async with counter(own_ledger.url, tmp_path) as seat:
        await profile_of(seat, member["customer_no"])
        await seat.press("6", "n")
        dialog = await seat.at(FormDialog)
        dialog.form.field("file").set_keyed("tool.bin")
        await seat.press("ctrl+s")
        await seat.see("A document is a PDF")
        with (tmp_path / "imports" / "film.pdf").open("wb") as film:
            film.truncate(4 * 1024**3)
        dialog.form.field("file").set_keyed("film.pdf")
        await seat.press("ctrl+s")
        # What a document may be is said, not what a file may be that is imported.
        await seat.see("more than 10 MiB")
        dialog.form.field("file").set_keyed("nowhere.pdf")
        await seat.until(lambda: not dialog.form.field("file").error, "for the field to be read anew")
        await seat.press("ctrl+s")
        await seat.see("There is no file nowhere.pdf")
        assert "A document is a PDF" not in seat.text
        await seat.press("escape")
        await seat.at(ConfirmDialog)
