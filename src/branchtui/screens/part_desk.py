"""Family, addresses, identifiers, documents, notes and further details: added, changed, taken away by dialogs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual import work

from branchtui.contract.customer_parts import AdditionalDetailsChange
from branchtui.remote.customer_parts import ADDRESSES, FAMILY, IDENTIFIERS, NOTES, PartKind
from branchtui.screens.customer_desk import EDIT_KEYS, ONE_KEYS
from branchtui.screens.customer_pairs import (
    Pairs,
    address_pairs,
    document_pairs,
    family_pairs,
    history_pairs,
    identifier_pairs,
    note_pairs,
)
from branchtui.screens.customer_rows import DetailRow, Tab
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.dialogs.part_fields import (
    TITLES,
    changed_part,
    detail_fields,
    new_part,
    part_fields,
)
from branchtui.screens.dialogs.reading import ReadingDialog
from branchtui.screens.document_desk import DocumentDesk
from branchtui.screens.keyed import made_of
from branchtui.screens.rows import customer_label
from branchtui.widgets.dialogs import ConfirmDialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from branchtui.contract.customer_parts import AdditionalDetails, Document
    from branchtui.contract.customers import Customer
    from branchtui.screens.desk import Desk
    from branchtui.widgets.virtual_list import VirtualList

KINDS: Final[dict[str, PartKind[Any]]] = {
    "family": FAMILY,
    "addresses": ADDRESSES,
    "identifiers": IDENTIFIERS,
    "notes": NOTES,
}
_OF_THE_LEDGER: Final = frozenset({"general", "accounts", "history"})
_ADDED_AS: Final = {"documents": "add-note", "notes": "add-note"}


def row_pairs(kind: str, row: Any, desk: Desk) -> Pairs:
    """A row of a tab, whole."""
    if kind == "details":
        return [(row.name, row.value)]
    of_itself: dict[str, Callable[[Any], Pairs]] = {
        "family": family_pairs,
        "addresses": address_pairs,
        "identifiers": identifier_pairs,
    }
    with_time: dict[str, Callable[[Any, Desk], Pairs]] = {
        "notes": note_pairs,
        "documents": document_pairs,
        "history": history_pairs,
    }
    return of_itself[kind](row) if kind in of_itself else with_time[kind](row, desk)


class PartDesk(DocumentDesk):
    """The part of a profile that keeps its parts. A screen says who (`customer`) and what is in sight (`tab`)."""

    @property
    def tab(self) -> Tab:
        """What is in sight."""
        raise NotImplementedError

    @property
    def shown_list(self) -> VirtualList[Any]:
        """Its rows."""
        raise NotImplementedError

    def show(self, customer: Customer) -> None:
        """Put a customer on the screen."""
        raise NotImplementedError

    @property
    def is_of_customer(self) -> bool:
        """Whether `e` means the customer: nothing else is highlighted that can be changed."""
        if self.tab.name in _OF_THE_LEDGER:
            return True
        return self.tab.name == "details" and not getattr(self.shown_list.highlighted, "is_further", False)

    @property
    def row_actions(self) -> list[str]:
        """What the menu offers for the highlighted row."""
        return ["delete", "export"] if self.tab.name == "documents" else ["delete"]

    # ── what may be done ─────────────────────────────────────────────────────────────────────────────────────────

    def why_not_new(self) -> str | None:
        """Why nothing may be added on this tab now."""
        name = self.tab.name
        if name == "history":
            return "The history writes itself."
        if name == "general":
            return None
        if name == "accounts":
            return self.why_not_command(self.customer, "open-account")
        return self.why_not_command(self.customer, _ADDED_AS.get(name, "add-part"))

    def why_not_row(self, action_id: str) -> str | None:
        """Why the highlighted row may not be changed, taken away or saved."""
        if action_id == "edit" and self.is_of_customer:
            return self.why_not_command(self.customer, "edit")
        if action_id == "export":
            return None if self.document is not None else "Stand on a document first: [6] Documents."
        if self.tab.name in _OF_THE_LEDGER:
            return "Nothing is deleted here: [m] has what may be done."
        row = self.shown_list.highlighted
        if row is None:
            return "Nothing is highlighted."
        if isinstance(row, DetailRow):
            if not row.is_further:
                return "This is a field of the form: [e] changes it."
            return None if self._details.allows("edit") else _refusal(self._details, "edit")
        if action_id == "edit" and self.tab.name == "documents":
            return "A document stays as it was kept: delete it and keep another."
        return None if row.allows(action_id) else _refusal(row, action_id)

    @property
    def _details(self) -> AdditionalDetails:
        details = self.customer.additional_details
        assert details is not None, "they are in sight"
        return details

    @property
    def document(self) -> Document | None:
        """The one that is highlighted, on its tab."""
        found: Document | None = self.shown_list.highlighted if self.tab.name == "documents" else None
        return found

    def read(self, tab: Tab, pairs: Pairs) -> None:
        """`enter` on a row: all of it."""
        self.app.push_screen(ReadingDialog(TITLES.get(tab.name, tab.label), pairs))

    # ── add ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def add_part(self) -> None:
        """`n`: the form of what the tab shows."""
        name = self.tab.name
        title = f"New {TITLES[name]}: {customer_label(self.customer)}"
        if name == "documents":
            self.app.push_screen(FormDialog(title, self.document_fields(), self.keep_document, keys=ONE_KEYS))
        elif name == "details":
            if self.customer.additional_details is not None:
                self.app.push_screen(FormDialog(title, detail_fields(), self._setting(""), keys=ONE_KEYS))
        else:
            self.app.push_screen(
                FormDialog(
                    title,
                    part_fields(name, self.desk),
                    lambda dialog, values: self.save_part(dialog, values, name),
                    keys=ONE_KEYS,
                )
            )

    @work(group="write")
    async def save_part(self, dialog: FormDialog, values: dict[str, str], name: str) -> None:
        """One more; the form stays until the ledger confirmed."""
        customer, saved = self.customer, None
        async with self.outcome(say=dialog.say, form=dialog.form) as outcome:
            saved = await self.ledger.add_part(
                customer.id, customer.customer_no, KINDS[name], new_part(name, values)
            )
            outcome.done("Added.")
        if saved is None:
            dialog.settled()
            return
        dialog.saved("")
        first = name == "notes"
        kept = tuple(getattr(self.customer, name) or ())
        self.take_part(name, (saved, *kept) if first else (*kept, saved))
        self.say(f"{TITLES[name]} added.", "done")

    # ── change ───────────────────────────────────────────────────────────────────────────────────────────────────

    def edit_part(self) -> None:
        """`e`: the form, filled from the highlighted row."""
        name, row = self.tab.name, self.shown_list.highlighted
        if row is None:
            return
        title = f"Edit {TITLES[name]}: {customer_label(self.customer)}"
        if isinstance(row, DetailRow):
            fields = detail_fields(row.name, row.value)
            self.app.push_screen(
                FormDialog(title, fields, self._setting(row.name), keys=EDIT_KEYS, at_first=True)
            )
            return
        seen = _Seen(row)
        self.app.push_screen(
            FormDialog(
                title,
                part_fields(name, self.desk, row),
                lambda dialog, values: self.save_changed(dialog, values, name, seen),
                keys=EDIT_KEYS,
                at_first=True,
            )
        )

    @work(group="write")
    async def save_changed(self, dialog: FormDialog, values: dict[str, str], name: str, seen: _Seen) -> None:
        """Send what differs; when someone was first, the next save is against what stands now."""
        names = [field.field_name for field in dialog.form.fields]
        made = made_of(dialog, lambda: (changed_part(name, values, seen.filled, names),))
        if made is None:
            return
        (change,) = made
        if change is None:
            dialog.saved("")
            self.say("Nothing was changed: the form holds what the ledger holds.")
            return
        customer, saved = self.customer, None
        async with self.outcome(say=dialog.say, form=dialog.form, on_current=seen.stands_now) as outcome:
            saved = await self.ledger.change_part(
                customer.id, customer.customer_no, KINDS[name], seen.row, change
            )
            outcome.done("Saved.")
        if saved is None:
            dialog.settled()
            return
        dialog.saved("")
        kept = getattr(self.customer, name) or ()
        self.take_part(name, tuple(saved if one.id == saved.id else one for one in kept))
        self.say(f"{TITLES[name]} saved.", "done")

    def _setting(self, former: str) -> Any:
        return lambda dialog, values: self.save_detail(dialog, values, former)

    @work(group="write")
    async def save_detail(self, dialog: FormDialog, values: dict[str, str], former: str) -> None:
        """Set a further detail; it stands in the place of the one called `former`."""
        name = values["name"]
        if name != former and name in self._details.details:
            dialog.refused({"name": f"There is a detail {name} already."})
            return
        details = {key: text for key, text in self._details.details.items() if key != former}
        saved = await self._set_details(details | {name: values.get("text", "")}, dialog)
        if saved:
            dialog.saved("")
            self.say(f"{name} saved.", "done")
        else:
            dialog.settled()

    async def _set_details(self, details: dict[str, str], dialog: FormDialog | None) -> bool:
        saved = None
        say = dialog.say if dialog is not None else self.say
        form = dialog.form if dialog is not None else None

        def stands_now(current: Any) -> None:
            self.take_part("additional_details", current)

        async with self.outcome(say=say, form=form, on_current=stands_now) as outcome:
            saved = await self.ledger.set_details(
                self.customer.customer_no, self._details, AdditionalDetailsChange(details=details)
            )
            outcome.done("Saved.")
        if saved is not None:
            self.take_part("additional_details", saved)
        return saved is not None

    # ── take away ────────────────────────────────────────────────────────────────────────────────────────────────

    @work(group="write")
    async def delete_part(self) -> None:
        """`d`, after a confirmation."""
        name, row, customer = self.tab.name, self.shown_list.highlighted, self.customer
        if row is None:
            return
        said = TITLES[name]
        lines = [("Customer", customer_label(customer)), *row_pairs(name, row, self.desk)[:6]]
        if not await self.confirm(
            ConfirmDialog(f"Delete this {said.lower()}?", lines, effect="It is gone for good.")
        ):
            return
        if isinstance(row, DetailRow):
            left = {key: text for key, text in self._details.details.items() if key != row.name}
            if await self._set_details(left, None):
                self.say(f"{row.name} deleted.", "done")
            return
        async with self.outcome() as outcome:
            if name == "documents":
                await self.ledger.delete_document(customer.id, customer.customer_no, row)
            else:
                await self.ledger.delete_part(customer.id, customer.customer_no, KINDS[name], row)
            kept = getattr(self.customer, name) or ()
            self.take_part(name, tuple(one for one in kept if one.id != row.id))
            outcome.done(f"{said} deleted.")

    def take_part(self, name: str, rows: Any) -> None:
        """Show what the ledger answered, in the place of what was there."""
        self.show(self.customer.model_copy(update={name: rows}))


class _Seen:
    """What a form was filled from, and the row as the ledger last showed it."""

    def __init__(self, row: Any) -> None:
        self.filled = row
        self.row = row

    def stands_now(self, current: Any) -> None:
        """Somebody was first."""
        if hasattr(current, "version"):
            self.row = current


def _refusal(row: Any, action: str) -> str:
    found = row.refused.get(action)
    return found.message if found is not None else "This cannot be done now."
