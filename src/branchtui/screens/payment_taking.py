"""Taking a payment by hand: shared by every screen that starts the form."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError
from textual import work

from branchtui.screens.dialogs.form_dialog import EntryMode, FormDialog
from branchtui.screens.dialogs.payment_fields import KEPT, PaymentFields
from branchtui.screens.outcome import twin_of
from branchtui.screens.payment_rows import taken_sentence
from branchtui.screens.printing import PrinterScreen
from branchtui.screens.rows import amount_in, customer_label, tender_word, total_in
from branchtui.widgets.dialogs import ConfirmDialog

if TYPE_CHECKING:
    from branchtui.contract.customers import CustomerBrief
    from branchtui.contract.payments import NewPayment, Payment

BAD_NUMBER: Final = "A number is letters and digits, with . / # - or blanks between them."


class PaymentTaker(PrinterScreen):
    """A screen from which payments are taken. It hears of every one by `payment_taken`."""

    def payment_taken(self, payment: Payment) -> None:
        """The ledger holds `payment` now. A screen that shows payments or balances overrides it."""

    def take_payments(self, customer: CustomerBrief | None = None) -> None:
        """Open Make Payment in entry mode; from a profile the form carries the customer."""
        keep = (*KEPT, "customer_id") if customer is not None else KEPT
        fields = PaymentFields(self.desk, customer)
        entry = EntryMode(keep, partial(total_in, currency=self.desk.currency))
        self.app.push_screen(
            FormDialog("Make Payment", fields.fields(), partial(self.save_payment, fields), entry=entry)
        )

    @work(group="write")
    async def save_payment(self, fields: PaymentFields, dialog: FormDialog, values: dict[str, str]) -> None:
        """Restate it, take it; the form stays as it is until the ledger confirmed."""
        try:
            new = fields.new_payment(values)
        except ValidationError:
            dialog.refused({"receipt_no": BAD_NUMBER})
            return
        if not await self.confirm(_question(fields, new)):
            dialog.settled()
            return
        taken = await self._taken(dialog, new, None)
        if taken is None:
            dialog.settled()
            return
        self.payment_taken(taken)
        dialog.saved(f"Last: {taken_sentence(taken)}.", taken.amount_minor)
        if self.desk.settings.print_at_once and self.desk.settings.printer != "none":
            columns = self.paper_columns
            await self.printed(lambda: self.ledger.print_payment_receipt(taken, columns))

    async def _taken(self, dialog: FormDialog, new: NewPayment, confirmed: str | None) -> Payment | None:
        taken: Payment | None = None
        async with self.outcome(say=dialog.say, form=dialog.form) as outcome:
            taken = await self.ledger.create_payment(new, confirm_duplicate_of=confirmed)
            outcome.done(f"Taken: {taken_sentence(taken)}.")
        twin = twin_of(outcome.error)
        if twin is None or confirmed is not None:
            return taken
        # IDEM-11: cash without a number that looks like the one before; only a person can say that both are meant.
        effect = f"{outcome.error.sentence if outcome.error else ''} Take it a second time all the same?"
        if await self.confirm(ConfirmDialog("This looks like one that was taken before", [], effect=effect)):
            return await self._taken(dialog, new, twin)
        dialog.say("Not taken a second time.", "warning")
        return None


def _question(fields: PaymentFields, new: NewPayment) -> ConfirmDialog:
    by = tender_word(new.tender) + (f" {new.receipt_no}" if new.receipt_no else "")
    lines = [
        ("Customer", customer_label(fields.customer(new))),
        ("Amount", amount_in(new)),
        ("Tender", by),
    ]
    if new.narration:
        lines.append(("Narration", new.narration))
    account = fields.account_words(new)
    verb = "rises" if account.startswith(("wallet", "savings")) else "falls"
    return ConfirmDialog("Take this payment?", lines, effect=f"The {account} {verb} by {amount_in(new)}.")
