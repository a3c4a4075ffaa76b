"""What may be done to a customer, shared by the list, the profile and the transfers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual import work

from branchtui.contract.problem import Codes
from branchtui.remote.errors import Conflict, LedgerError, Refused
from branchtui.screens.asking import approval_for, ask_for_approval
from branchtui.screens.customer_commands import COMMANDS, DELETE, CustomerCommand, command_named
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.keyed import made_of
from branchtui.screens.record_desk import RecordScreen
from branchtui.screens.rows import customer_label, shown_phone, words
from branchtui.widgets.actions import Action, Choice
from branchtui.widgets.dialogs import ConfirmDialog

if TYPE_CHECKING:
    from branchtui.contract.base import Request, Resource
    from branchtui.contract.customers import Customer
    from branchtui.screens.dialogs.customer_fields import NewCustomerDialog
    from branchtui.widgets.dialogs import Lines

ONE_KEYS: Final = "[ctrl+s] go on   [esc] cancel"
EDIT_KEYS: Final = "[ctrl+s] save   [ctrl+u] empty the field   [esc] cancel"
NEW: Final = Action(
    "new-customer", "", "New customer", "A person or an entity", changes=True, needs="customer.change"
)


class CustomerDesk(RecordScreen):
    """A screen from which customers are kept. It hears of every change by `customer_changed`."""

    def customer_changed(self, customer: Customer) -> None:
        """The ledger holds the customer so now."""

    def customer_refused(self) -> None:
        """The ledger refused a command: what is shown may be of a time before."""

    def customer_gone(self, customer: Customer) -> None:
        """The customer is not there, or not ours to see, any more."""

    def customer_entered(self, customer: Customer, said: str) -> None:
        """A new one is there, with the sentence for the person."""

    # ── the menu ─────────────────────────────────────────────────────────────────────────────────────────────────

    def life_choices(self, customer: Resource) -> list[Choice]:
        """The commands that the ledger names for this customer: what may be done first, then what is refused, with why.

        What another state than the present one allows is left out, unless it was refused for another reason.
        """
        found = []
        for command in COMMANDS:
            refusal = self.why_not_command(customer, command.name)
            refused = customer.refused.get(command.name)
            if refusal is None or (refused is not None and command.name != "transfer/accept"):
                found.append(Choice(command.action, refusal))
        if customer.allows("delete") or "delete" in customer.refused:
            found.append(Choice(DELETE, self.why_not_command(customer, "delete")))
        return sorted(found, key=lambda each: each.refusal is not None)

    def why_not_command(self, customer: Resource, name: str) -> str | None:
        """The ledger's own reason; None where it may be done, or a second person may be asked to allow it."""
        if customer.allows(name) or approval_for(customer, name):
            return None
        refused = customer.refused.get(name)
        return refused.message if refused is not None else "This cannot be done now."

    def do_command(self, customer: Any, name: str, lines: Lines | None = None) -> bool:
        """Begin what a menu chose; False where it is none of these. `lines` restate what is meant."""
        if name == DELETE.id:
            self.delete_customer(customer)
            return True
        command = command_named(name)
        if command is None:
            return False
        meant = _Meant(customer, lines)
        fields = command.fields(self.desk)
        if not fields:
            self.carry_out(None, command, meant, {})
            return True
        self.app.push_screen(
            FormDialog(
                f"{command.label}: {meant.told[0][1]}",
                fields,
                lambda dialog, values: self.carry_out(dialog, command, meant, values),
                keys=ONE_KEYS,
            )
        )
        return True

    @work(group="write")
    async def carry_out(
        self,
        dialog: FormDialog | None,
        command: CustomerCommand,
        meant: _Meant,
        values: dict[str, str],
    ) -> None:
        """After a confirmation that restates it: one command, against the version that was seen.

        Where someone was first, the form stays and the next is against what stands now.
        """
        customer, told = meant.seen, meant.told
        made = [command.body(values)] if dialog is None else made_of(dialog, lambda: [command.body(values)])
        if made is None:
            return
        (body,) = made
        typed = [] if dialog is None else _typed(dialog)
        action = command.name
        if approval_for(customer, action):
            sent = {} if body is None else body.model_dump(mode="json", exclude_none=True)
            if await ask_for_approval(
                self, customer, action, [*told, *typed], summary=_summary(command, told), body=sent
            ):
                _close(dialog)
            else:
                _settle(dialog)
            return
        if not await self.confirm(ConfirmDialog(f"{command.label}?", [*told, *typed], effect=command.effect)):
            _settle(dialog)
            return
        await self._send(dialog, command, meant, body)

    async def _send(
        self, dialog: FormDialog | None, command: CustomerCommand, meant: _Meant, body: Request | None
    ) -> None:
        def stands_now(current: Any) -> None:
            meant.overtaken_by(current)
            self._stands_now(current)

        done: Customer | None = None
        say = dialog.say if dialog is not None else self.say
        form = dialog.form if dialog is not None else None
        async with self.outcome(say=say, form=form, on_current=stands_now) as outcome:
            done = await self.ledger.command_customer(_aim(meant.seen), command.name, body)
            outcome.done("Done.")
        if done is None:
            _settle(dialog)
            if isinstance(outcome.error, Refused):
                self.customer_refused()
            return
        _close(dialog)
        self.customer_changed(done)
        self.say(f"{customer_label(done)} {command.done}.", "done")

    @work(group="write")
    async def delete_customer(self, customer: Customer) -> None:
        """Gone, while pending; the chain keeps that there was one."""
        effect = "The form is gone for good; what was uploaded goes with it."
        if not await self.confirm(
            ConfirmDialog("Delete this customer?", customer_lines(customer), effect=effect)
        ):
            return
        async with self.outcome(on_current=self._stands_now) as outcome:
            await self.ledger.delete_customer(customer)
            outcome.done(f"Deleted: {customer_label(customer)}.")
            self.customer_gone(customer)

    def _stands_now(self, current: Any) -> None:
        if hasattr(current, "customer_no"):
            self.customer_changed(current)

    # ── new ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @work(group="form", exclusive=True)
    async def enter_customer(self) -> None:
        """The form, with what the institution asks for marked."""
        from branchtui.screens.dialogs.customer_fields import NewCustomerDialog

        membership = await self.asked(self.ledger.membership, holds_keys=True)
        if membership is not None:
            self.app.push_screen(NewCustomerDialog(self.desk, membership, self.save_customer))

    @work(group="write")
    async def save_customer(self, dialog: NewCustomerDialog, values: dict[str, str]) -> None:
        """Family, addresses and identifiers in the same flow; the terms; then save."""
        from branchtui.screens.dialogs.customer_fields import new_customer
        from branchtui.screens.entry_parts import entered_with

        name = values.get("name") or f"{values.get('first_name', '')} {values.get('last_name', '')}"
        if not await entered_with(self, dialog, name) or not await self._accepted(dialog):
            dialog.settled()
            return
        terms = bool(dialog.membership.terms)
        new = made_of(dialog, lambda: new_customer(values, dialog, terms_accepted=terms))
        if new is None:
            return
        saved: Customer | None = None
        confirmed: str | None = None
        for _ in range(2):
            async with self.outcome(say=dialog.say, form=dialog.form) as outcome:
                saved = await self.ledger.create_customer(new, confirm_duplicate_of=confirmed)
                outcome.done("Saved.")
            confirmed = twin_of(outcome.error)
            if confirmed is None or not await self._is_another(outcome.error, new):
                break
        if saved is None:
            dialog.settled()
            return
        dialog.saved("")
        self.customer_entered(saved, f"Entered: {customer_label(saved)}, {words(saved.status)}.")

    async def _accepted(self, dialog: NewCustomerDialog) -> bool:
        """The member accepts the institution's terms, where there are any."""
        terms = dialog.membership.terms
        if not terms:
            return True
        from branchtui.screens.dialogs.list_fields import terms_lines

        rows = [("", line or " ") for line in terms_lines(terms)]
        return await self.confirm(ConfirmDialog("Does the member accept these terms?", rows))

    async def _is_another(self, error: LedgerError | None, new: Any) -> bool:
        """Whether the person says that somebody who looks alike is another one; all who do are shown."""
        found = await self.asked(
            lambda: self.ledger.look_alikes(
                mobile_no=new.mobile_no,
                name=" ".join(part for part in (new.first_name, new.middle_name, new.last_name) if part)
                or None,
                date_of_birth=new.date_of_birth,
            ),
            holds_keys=True,
            is_aside=True,
        )
        rows = [
            (
                ", ".join(one.reasons),
                f"{customer_label(one.customer)} {shown_phone(one.mobile_no)} {words(one.customer.status)}",
            )
            for one in (found.items if found is not None else ())
        ]
        said = error.sentence if error is not None else ""
        return await self.confirm(
            ConfirmDialog("Is this another person?", rows, effect=f"{said} Enter it all the same?")
        )

    # ── edit ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def edit_customer(self, customer: Customer) -> None:
        """The form, filled."""
        from branchtui.screens.dialogs.customer_fields import customer_fields

        editing = _Editing(customer)
        self.app.push_screen(
            FormDialog(
                f"Edit {customer_label(customer)}",
                customer_fields(self.desk, customer),
                lambda dialog, values: self.save_edited(dialog, values, editing),
                keys=EDIT_KEYS,
                at_first=True,
                is_long=True,
            )
        )

    @work(group="write")
    async def save_edited(self, dialog: FormDialog, values: dict[str, str], editing: _Editing) -> None:
        """Send what the person changed; when someone was first, that is shown and the next save is against it."""
        from branchtui.screens.dialogs.customer_fields import changed_customer, overtaken

        names = [field.field_name for field in dialog.form.fields]
        made = made_of(dialog, lambda: [changed_customer(values, editing.filled, names)])
        if made is None:
            return
        (change,) = made
        if change is None:
            dialog.saved("")
            self.say("Nothing was changed: the form holds what the ledger holds.")
            return

        def stands_now(current: Any) -> None:
            if hasattr(current, "customer_no"):
                editing.seen = current
                self.customer_changed(current)

        saved: Customer | None = None
        async with self.outcome(say=dialog.say, form=dialog.form, on_current=stands_now) as outcome:
            saved = await self.ledger.change_customer(editing.seen, change)
            outcome.done("Saved.")
        if saved is not None:
            dialog.saved("")
            self.customer_changed(saved)
            self.say(f"Saved: {customer_label(saved)}.", "done")
            return
        dialog.settled()
        pieces = overtaken(editing.filled, editing.seen)
        if isinstance(outcome.error, Conflict) and pieces:
            who = outcome.error.changed_by or "Somebody"
            dialog.say(
                f"{who} was first: {'; '.join(pieces)}. Nothing was changed. Yours is kept: ctrl+s saves it.",
                "warning",
            )


class _Editing:
    """What a form was filled from, and the customer as the ledger last showed it."""

    def __init__(self, customer: Customer) -> None:
        self.filled = customer
        self.seen = customer


class _Meant:
    """Whom a command is about, as the ledger last showed him, and how a question restates him: `lines`, if any."""

    def __init__(self, customer: Any, lines: Lines | None) -> None:
        self.seen = customer
        self._lines = lines

    @property
    def told(self) -> list[tuple[str, str]]:
        """The customer as it stands."""
        return list(self._lines or customer_lines(self.seen))

    def overtaken_by(self, current: Any) -> None:
        """Somebody was first."""
        if hasattr(current, "customer_no"):
            self.seen = current


class _Aim:
    """The customer whom a transfer is about."""

    def __init__(self, transfer: Any) -> None:
        self.id: str = transfer.customer_id
        self.version: int = transfer.version
        self.customer_no: str = transfer.customer.customer_no


def _aim(one: Any) -> Any:
    """A customer as a command needs one, also of a transfer, by which alone the destination sees one."""
    return _Aim(one) if hasattr(one, "customer_id") else one


def customer_lines(one: Customer) -> list[tuple[str, str]]:
    """A customer restated in a confirmation."""
    return [
        ("Customer", customer_label(one)),
        ("Account", one.account_no),
        ("Status", words(one.status)),
        ("Office", one.branch_code),
    ]


def _typed(dialog: FormDialog) -> list[tuple[str, str]]:
    return [(field.label, field.keyed) for field in dialog.form.fields if field.keyed]


def _summary(command: CustomerCommand, told: list[tuple[str, str]]) -> str:
    """What the request is called on disk: by the customer's number, never by name (OUT-2)."""
    return f"{command.label.lower()} customer {told[0][1].split(' ')[0]}"


def _close(dialog: FormDialog | None) -> None:
    if dialog is not None:
        dialog.saved("")


def _settle(dialog: FormDialog | None) -> None:
    if dialog is not None:
        dialog.settled()


def twin_of(error: Exception | None) -> str | None:
    """The one who looks alike, when that is why it was refused."""
    if isinstance(error, Conflict) and error.code == Codes.POSSIBLE_DUPLICATE:
        earlier = error.problem.extra.get("duplicate_of")
        key = earlier.get("key") if isinstance(earlier, dict) else earlier
        return key if isinstance(key, str) else None
    return None
