"""Forms: every key goes where it was meant, what was typed is kept, what is wrong is said beside the field."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date

from tests.widgets.apps import ManualTimer, WidgetApp, screen_text, until
from textual.events import Paste
from textual.pilot import Pilot

from branchtui.widgets.dialogs import ConfirmDialog
from branchtui.widgets.fields import ChoiceField, DateField, MoneyField, PasswordField, TextField
from branchtui.widgets.form import Form
from branchtui.widgets.picker import PickerField, Suggestion

WANJIKU = Suggestion("c1", "Wanjiku Kamau", "000101")
ACHIENG = Suggestion("c2", "Achieng O'Brien", "000102")


class Directory:
    """A look-up that answers when `gate` is set."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failing = False

    async def __call__(self, text: str) -> Sequence[Suggestion]:
        """Those whose name holds the text."""
        self.asked.append(text)
        await self.gate.wait()
        if self.failing:
            raise ConnectionError
        return [one for one in (WANJIKU, ACHIENG) if text.casefold() in one.text.casefold()]


def balance_form(directory: Directory, timer: ManualTimer | None = None) -> Form:
    """The form of a member balance."""
    start = (timer or ManualTimer()).start
    return Form(
        PickerField("customer_id", "Customer", directory, start_timer=start),
        ChoiceField("account_kind", "Kind", [("savings", "Savings"), ("loan", "Loan"), ("shares", "Shares")]),
        MoneyField("amount_minor", "Amount", "KES"),
        DateField("as_of_date", "As of", lambda: date(2026, 11, 3)),
        TextField("narration", "Narration"),
        title="New Member Balance",
    )


@asynccontextmanager
async def showing(form: Form) -> AsyncIterator[tuple[WidgetApp, Pilot[None]]]:
    """The form at 80x24, its first field focused."""
    app = WidgetApp(form, kinds=[Form.Submitted, Form.Cancelled])
    async with app.run_test(size=(80, 24)) as pilot:
        form.start()
        await pilot.pause()
        yield app, pilot


async def test_a_balance_is_keyed_from_top_to_bottom_with_enter() -> None:
    """Product, keys: enter goes on, enter on the last field submits; wire values are minor units and ISO dates."""
    form = balance_form(Directory())
    async with showing(form) as (app, pilot):
        await pilot.press(*"wanj", "enter")
        await until(pilot, lambda: form.field("customer_id").value == "c1")
        await pilot.press("l", "enter", *"1,250.00", "enter", "t", "enter", *"May", "enter")
        await until(pilot, lambda: bool(app.said))
        submitted = app.said[0]
        assert isinstance(submitted, Form.Submitted)
        assert submitted.values == {
            "customer_id": "c1",
            "account_kind": "loan",
            "amount_minor": "125000",
            "as_of_date": "2026-11-03",
            "narration": "May",
        }


async def test_enter_in_a_picker_waits_for_the_answer_to_what_was_typed() -> None:
    """Promise 1: the same row at any speed, arrows typed ahead included."""
    directory = Directory()
    directory.gate.clear()
    form = balance_form(directory)
    async with showing(form) as (_app, pilot):
        await pilot.press("a", "down", "enter")
        assert not form.is_settled
        directory.gate.set()
        await until(pilot, lambda: form.is_settled)
        assert form.field("customer_id").value == "c2"
        assert directory.asked == ["a"]


async def test_the_older_answer_never_stands_over_the_newer() -> None:
    """Search: what was typed last decides."""
    directory, timer = Directory(), ManualTimer()
    directory.gate.clear()
    form = balance_form(directory, timer)
    async with showing(form) as (_app, pilot):
        picker = form.field("customer_id")
        assert isinstance(picker, PickerField)
        await pilot.press("w")
        timer.ring()
        await pilot.press("x")
        directory.gate.set()
        await pilot.pause()
        assert picker.suggestions == []
        timer.ring()
        await until(pilot, lambda: directory.asked == ["w", "wx"])
        await until(pilot, lambda: picker.error == "Nobody fits wx.")


async def test_a_changed_line_names_nobody_until_it_is_taken_again() -> None:
    """A name edited after it was taken must not stand for the former person."""
    form = balance_form(Directory())
    async with showing(form) as (_app, pilot):
        await pilot.press(*"wanj", "enter")
        await until(pilot, lambda: form.field("customer_id").value == "c1")
        await pilot.press("shift+tab", "backspace")
        await pilot.pause()
        assert form.field("customer_id").value == ""
        assert form.field("customer_id").check() is not None


async def test_a_ledger_that_does_not_answer_a_lookup_says_so_and_enter_tries_again() -> None:
    """A plain sentence and a way on."""
    directory = Directory()
    directory.failing = True
    form = balance_form(directory)
    async with showing(form) as (_app, pilot):
        await pilot.press(*"wan", "enter")
        await until(pilot, lambda: "does not answer" in form.field("customer_id").error)
        directory.failing = False
        await pilot.press("enter")
        await until(pilot, lambda: form.field("customer_id").value == "c1")


async def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_stays() -> None:
    """Forms keep what was typed; all that is wrong is said at once, the first wrong field has the keys."""
    form = balance_form(Directory())
    async with showing(form) as (app, pilot):
        form.load_draft({"amount_minor": "1,250.555", "as_of_date": "31/02/2026"})
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert app.said == []
        assert form.field("customer_id").error == "Customer is missing."
        assert form.field("amount_minor").error == "1,250.555 has three decimals; KES has two."
        assert "no day 31" in form.field("as_of_date").error
        assert form.field("amount_minor").keyed == "1,250.555"
        text = "\n".join(screen_text(app))
        assert "! 1,250.555 has three decimals; KES has two." in text
        assert "Amount *" in text


async def test_the_ledgers_errors_stand_at_their_fields_and_the_rest_is_returned() -> None:
    """Contract, errors: `errors[]` has pointers; what belongs to no field goes to the status line."""
    form = balance_form(Directory())
    async with showing(form) as (app, pilot):
        rest = form.set_errors({"/amount_minor": "Over your limit.", "/branch": "This branch is closed."})
        await pilot.pause()
        assert form.field("amount_minor").error == "Over your limit."
        assert rest == ["This branch is closed."]
        focused = app.focused
        assert focused is not None
        assert form.field("amount_minor") in focused.ancestors


async def test_esc_asks_only_when_something_was_typed() -> None:
    """Esc never loses typed data without asking."""
    form = balance_form(Directory())
    async with showing(form) as (app, pilot):
        await pilot.press("tab", "tab", *"12", "escape")
        await pilot.pause()
        assert isinstance(app.screen, ConfirmDialog)
        await pilot.press("escape")
        await pilot.pause()
        assert app.said == []
        assert form.field("amount_minor").keyed == "12"
        await pilot.press("escape", "y")
        await until(pilot, lambda: bool(app.said))
    clean = balance_form(Directory())
    async with showing(clean) as (app, pilot):
        await pilot.press("escape")
        await until(pilot, lambda: bool(app.heard(Form.Cancelled)))


async def test_ctrl_d_repeats_the_value_of_the_record_before() -> None:
    """Entry mode: the same narration again with one key; kept fields stay."""
    form = balance_form(Directory())
    async with showing(form) as (_app, pilot):
        form.load_draft(
            {"narration": "Carried from book", "as_of_date": "2026-10-31", "account_kind": "loan"}
        )
        form.mark_saved()
        form.clear(keep=["as_of_date", "account_kind"])
        assert not form.is_dirty
        assert form.field("as_of_date").value == "2026-10-31"
        form.field("narration").focus()
        await pilot.press("ctrl+d")
        await pilot.pause()
        assert form.field("narration").value == "Carried from book"


async def test_a_draft_goes_out_and_in_with_the_person_who_was_taken() -> None:
    """A draft survives: text by field, and what a picker took."""
    form = balance_form(Directory())
    async with showing(form) as (_app, _pilot):
        draft = {"customer_id": "Wanjiku Kamau", "customer_id.value": "c1", "amount_minor": "12"}
        form.load_draft(draft)
        assert form.values()["customer_id"] == "c1"
        assert draft.items() <= form.draft.items()
        assert form.is_dirty


async def test_a_password_is_in_no_draft_and_is_never_trimmed() -> None:
    """SEC-1: memory only."""
    form = Form(TextField("username", "User name", required=True), PasswordField("password", "Password"))
    async with showing(form) as (app, pilot):
        await pilot.press(*"amina", "enter", *" s3cret ", "enter")
        await until(pilot, lambda: bool(app.said))
        submitted = app.said[0]
        assert isinstance(submitted, Form.Submitted)
        assert submitted.values == {"username": "amina", "password": " s3cret "}
        assert "password" not in form.draft
        assert "s3cret" not in "\n".join(screen_text(app))


async def test_a_choice_is_made_by_letter_number_or_arrow() -> None:
    """Product: in a choice field a letter or number chooses, the arrows move, enter goes on."""
    choice = ChoiceField("kind", "Kind", [("savings", "Savings"), ("loan", "Loan"), ("shares", "Shares")])
    form = Form(choice, TextField("n", "N"))
    async with showing(form) as (app, pilot):
        seen = []
        for key in ("2", "s", "s", "right", "left", "9"):
            await pilot.press(key)
            seen.append(choice.value)
        assert seen == ["loan", "shares", "savings", "loan", "savings", "savings"]
        assert ">1 Savings" in "\n".join(screen_text(app))


async def test_a_pasted_line_is_made_safe_before_it_stands_in_a_field() -> None:
    """TTY-1: a paste is text from a stranger too."""
    form = Form(TextField("n", "N"))
    async with showing(form) as (app, pilot):
        app.post_message(Paste("Kofi\x1b[2J\u202e"))
        await until(pilot, lambda: bool(form.field("n").keyed))
        assert form.field("n").keyed == "Kofi␛[2J�"


async def test_every_line_of_a_paste_stands_in_the_field() -> None:
    """Product, promise 1: a copied text of several lines keeps all of them, whatever it begins and ends with."""
    form = Form(TextField("n", "Narration"), PasswordField("p", "Password"))
    async with showing(form) as (app, pilot):
        app.post_message(Paste("\r\nschool fees\r\nterm 3\n\nMercy\n"))
        await until(pilot, lambda: bool(form.field("n").keyed))
        assert form.field("n").keyed == "school fees term 3 Mercy"

        form.field("p").focus()
        await pilot.pause()
        app.post_message(Paste("\nsecret \nand more"))
        await until(pilot, lambda: bool(form.field("p").keyed))
        assert form.field("p").keyed == "secret "


async def test_what_finds_no_room_in_a_field_is_said_beneath_it() -> None:
    """Product, promise 1: neither a key nor the end of a paste is lost without a word; the form may be sent."""
    form = Form(TextField("n", "Narration", max_length=10), TextField("r", "Reference", max_length=3))
    said = "! Narration takes 10 characters at most: what came after them is left out."
    async with showing(form) as (app, pilot):
        app.post_message(Paste("school fees"))
        await until(pilot, lambda: said in " ".join("\n".join(screen_text(app)).split()))
        assert form.field("n").keyed == "school fee"
        await pilot.press("tab", *"ABC")
        assert form.field("n").error
        assert not form.field("r").error
        await pilot.press("D")
        await until(pilot, lambda: "Reference takes 3 characters" in form.field("r").error)
        assert form.field("r").keyed == "ABC"
        await pilot.press("backspace")
        await until(pilot, lambda: not form.field("r").error)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(app.heard(Form.Submitted)))


async def test_typing_into_a_filled_field_replaces_it_and_the_arrows_edit_it() -> None:
    """A form opened on a record: typing the new amount is enough, and one digit can be mended."""
    form = balance_form(Directory())
    async with showing(form) as (app, pilot):
        field = form.field("amount_minor")
        field.set_keyed("1,250.00")
        app.set_focus(None)
        field.focus()
        await pilot.press(*"1,350.00")
        assert field.keyed == "1,350.00"

        app.set_focus(None)
        field.focus()
        await pilot.press("end", "backspace", "5")
        assert field.keyed == "1,350.05"
