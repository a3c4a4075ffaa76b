"""Keying and changing member balances: shared by every screen that starts the form."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from textual import work

from branchtui.screens.base import LedgerScreen
from branchtui.screens.dialogs.form_dialog import EntryMode, FormDialog
from branchtui.screens.outcome import twin_of
from branchtui.screens.rows import record_sentence, total_in
from branchtui.widgets.dialogs import ConfirmDialog

if TYPE_CHECKING:
    from branchtui.contract.balance_records import BalanceRecord
    from branchtui.contract.customers import CustomerBrief


class RecordScreen(LedgerScreen):
    """A screen from which balances are keyed. It hears of every one by `record_saved`."""

    def record_saved(self, record: BalanceRecord, *, is_new: bool) -> None:
        """The ledger holds `record` now. A screen that shows records overrides it."""

    # ── new ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def key_balances(self, customer: CustomerBrief | None = None) -> None:
        """Open New Member Balance in entry mode; from a profile the form carries the customer."""
        from branchtui.screens.dialogs.record_fields import KEPT, record_fields

        keep = (*KEPT, "customer_id") if customer is not None else KEPT
        entry = EntryMode(keep, partial(total_in, currency=self.desk.currency))
        fields = record_fields(self.desk, customer=customer)
        self.app.push_screen(FormDialog("New Member Balance", fields, self.save_new, entry=entry))

    @work(group="write")
    async def save_new(self, dialog: FormDialog, values: dict[str, str]) -> None:
        """Create the record; the form stays as it is until the ledger confirmed."""
        saved = await self._created(dialog, values, None)
        if saved is None:
            dialog.settled()
            return
        self.record_saved(saved, is_new=True)
        dialog.saved(f"Last: {record_sentence(saved)}.", saved.amount_minor)

    async def _created(
        self, dialog: FormDialog, values: dict[str, str], confirmed: str | None
    ) -> BalanceRecord | None:
        from branchtui.screens.dialogs.record_fields import new_record

        new = new_record(values, self.desk.currency)
        saved: BalanceRecord | None = None
        async with self.outcome(say=dialog.say, form=dialog.form) as outcome:
            saved = await self.ledger.create_balance_record(
                new, whom=dialog.form.field("customer_id").keyed, confirm_duplicate_of=confirmed
            )
            outcome.done(f"Keyed: {record_sentence(saved)}.")
        twin = twin_of(outcome.error)
        if twin is None or confirmed is not None:
            return saved
        # IDEM-11: it looks like one already made; only a person can say that both are meant.
        effect = f"{outcome.error.sentence if outcome.error else ''} Key it a second time all the same?"
        if await self.confirm(
            ConfirmDialog("This looks like a record that is already there", [], effect=effect)
        ):
            return await self._created(dialog, values, twin)
        dialog.say("Not keyed a second time.", "warning")
        return None

    # ── edit ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def edit_balance(self, record: BalanceRecord) -> None:
        """Open the form over `record`."""
        from branchtui.screens.dialogs.record_fields import record_fields

        editing = _Editing(record)
        dialog = FormDialog(
            "Edit Member Balance",
            record_fields(self.desk, record=record),
            lambda dialog, values: self.save_edit(dialog, values, editing),
            keys="[ctrl+s] save   [ctrl+u] empty the field   [esc] cancel",
            at_first=True,
        )
        self.app.push_screen(dialog)

    @work(group="write")
    async def save_edit(self, dialog: FormDialog, values: dict[str, str], editing: _Editing) -> None:
        """Send what differs from what was seen; when someone was first, the next save is against what stands now."""
        from branchtui.screens.dialogs.record_fields import changed_record

        change = changed_record(values, editing.record)
        if change is None:
            self.say("Nothing was changed: the form holds what the ledger holds.")
            dialog.saved("")
            return

        def stands_now(current: Any) -> None:
            if hasattr(current, "version"):
                editing.record = current
                self.record_saved(current, is_new=False)

        saved: BalanceRecord | None = None
        async with self.outcome(say=dialog.say, form=dialog.form, on_current=stands_now) as outcome:
            saved = await self.ledger.change_balance_record(editing.record, change)
            outcome.done("Saved.")
        if saved is None:
            dialog.settled()
            return
        self.record_saved(saved, is_new=False)
        dialog.saved("")
        self.say(f"Saved: {record_sentence(saved)}.", "done")


class _Editing:
    """What the form was filled from, as the ledger last showed it."""

    def __init__(self, record: BalanceRecord) -> None:
        self.record = record
