"""Payments moved on from the list: to another customer, aside and back, back to the payer, undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError
from textual import work

from branchtui.contract.payments import PaymentState
from branchtui.screens.asking import approval_for, ask_for_approval, file_request
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.dialogs.payment_fields import (
    account_detail,
    is_owed,
    is_payable,
    new_refund,
    refund_fields,
)
from branchtui.screens.dialogs.pick_customer import PickCustomerDialog
from branchtui.screens.held_desk import HeldDesk
from branchtui.screens.payment_rows import moved_sentence, origin_line, payer_line
from branchtui.screens.payment_taking import BAD_NUMBER, PaymentTaker
from branchtui.screens.printing import PrinterScreen
from branchtui.screens.rows import amount_in, customer_label, kind_word, tender_word
from branchtui.widgets.actions import Action, Choice
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog, ReasonDialog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from branchtui.contract.customers import Account, CustomerRow
    from branchtui.contract.payments import Payment, RefundPayment

REASSIGN: Final = Action("reassign", "m", "Reassign: to another customer", changes=True)
REFUND: Final = Action("refund", "m", "Refund: back to the payer", changes=True)
REVERSE: Final = Action("reverse", "m", "Reverse: it was keyed wrongly", changes=True)
RESTORE: Final = Action("restore", "m", "Restore: back into the queue", changes=True)
RECEIPT: Final = Action("receipt", "m", "Receipt: print it, or a copy", changes=True, needs="receipt.print")
MOVES: Final = (REASSIGN, RESTORE, REFUND, REVERSE)
"""What the menu offers beside the keys."""


class PaymentMoves(HeldDesk, PaymentTaker, PrinterScreen):
    """What may be done to the highlighted payment beside giving it and taking it back."""

    # ── to another customer ──────────────────────────────────────────────────────────────────────────────────────

    @work(group="write")
    async def reassign(self, one: Payment) -> None:
        """From the menu: to a customer who is found, in one step, with a reason."""
        found = await self.find_customer(one, "Whose payment is it really?")
        if found is None:
            return
        customer, account = found
        before = one.customer
        lines = [
            ("From", customer_label(before) if before else ""),
            ("To", f"{customer_label(customer)}, {account_words(customer, account)}"),
            ("Amount", amount_in(one)),
            ("Payment", origin_line(one)),
        ]
        account_id = account.id if account else None
        if approval_for(one, "reassign"):
            body = {"customer_id": customer.id} | ({"account_id": account_id} if account_id else {})
            await ask_for_approval(
                self,
                one,
                "reassign",
                lines,
                summary=f"reassign payment {one.payment_no}",
                body=body,
                reason_member="reason",
            )
            return
        reason = await self.app.push_screen_wait(ReasonDialog("Reassign this payment?", lines))
        if reason is not None:
            await self.change(
                one,
                lambda: self.ledger.reassign_payment(one, customer.id, reason, account_id),
                "reassigned",
            )

    async def find_customer(self, one: Payment, title: str) -> tuple[CustomerRow, Account | None] | None:
        """A customer who is found, and the account that is meant where there are several; None is the wallet."""
        dialog = PickCustomerDialog(
            self.ledger, title, [("Payment", payer_line(one))], branch=self.desk.branch_filter
        )
        found: CustomerRow | None = await self.app.push_screen_wait(dialog)
        if found is None:
            return None
        is_chosen, account = await self.choose_account(one, found.id)
        return (found, account) if is_chosen else None

    async def choose_account(self, one: Payment, customer_id: str) -> tuple[bool, Account | None]:
        """Which of a customer's accounts the payment is for, asked where there are several; whether one was chosen."""
        profile = await self.asked(
            lambda: self.ledger.customer(customer_id, include=("accounts",)), holds_keys=True
        )
        if profile is None:
            return False, None
        accounts = [
            each for each in profile.accounts or () if is_payable(each) and each.currency == one.currency
        ]
        if len(accounts) < 2:
            return True, None
        choices = [
            Choice(Action(each.id, "m", f"{kind_word(each.kind)} {each.account_no}: {account_detail(each)}"))
            for each in accounts
        ]
        chosen = await self.app.push_screen_wait(MenuDialog("Which account does it pay?", choices))
        account = next((each for each in accounts if each.id == chosen), None)
        return account is not None, account

    # ── aside and back ───────────────────────────────────────────────────────────────────────────────────────────

    @work(group="write")
    async def action_ignore(self) -> None:
        """`g`: out of the queue with a reason; an ignored one back into it."""
        if self.is_on_held:
            await self.settle_held()
            return
        one = self.rows.highlighted
        if one is None:
            return
        lines = [("Amount", amount_in(one)), ("Payment", origin_line(one))]
        if one.state is PaymentState.IGNORED:
            effect = "It waits in the queue again. No money moves."
            if await self.confirm(ConfirmDialog("Restore this payment?", lines, effect=effect)):
                await self.change(one, lambda: self.ledger.restore_payment(one), "waits again")
            return
        lines.append(("Effect", "It leaves the queue. No money moves; it can be restored."))
        reason = await self.app.push_screen_wait(ReasonDialog("Ignore this payment?", lines))
        if reason is not None:
            await self.change(one, lambda: self.ledger.ignore_payment(one, reason), "ignored")

    # ── back to the payer, undone ────────────────────────────────────────────────────────────────────────────────

    def refund(self, one: Payment) -> None:
        """From the menu: by which tender, under which number, why."""
        dialog = FormDialog(
            f"Refund payment {one.payment_no}, {amount_in(one)}",
            refund_fields(),
            lambda dialog, values: self.save_refund(one, dialog, values),
            at_first=True,
        )
        self.app.push_screen(dialog)

    @work(group="write")
    async def save_refund(self, one: Payment, dialog: FormDialog, values: dict[str, str]) -> None:
        """Restate it, give it back or ask for it; the form stays until the ledger confirmed."""
        try:
            refund = new_refund(values)
        except ValidationError:
            dialog.refused({"reference": BAD_NUMBER})
            return
        asks = approval_for(one, "refund") is not None
        if not await self.confirm(_refund_question(one, refund, asks=asks)):
            dialog.settled()
            return
        if asks:
            body = refund.model_dump(mode="json", exclude_none=True)
            summary = f"refund payment {one.payment_no}"
            if await file_request(self, one, "refund", body, refund.reason, summary=summary):
                dialog.saved("")
            else:
                dialog.settled()
            return
        changed: Payment | None = None
        async with self.outcome(say=dialog.say, form=dialog.form) as outcome:
            changed = await self.ledger.refund_payment(one, refund)
            outcome.done("Refunded.")
        if changed is None:
            dialog.settled()
            return
        self._show_changed(changed)
        dialog.saved("")
        self.say(f"{moved_sentence('refunded', changed)}.", "done")

    @work(group="write")
    async def reverse(self, one: Payment) -> None:
        """From the menu: a payment that was keyed by hand never came, with a reason."""
        lines = [
            ("Customer", customer_label(one.customer) if one.customer else "nobody"),
            ("Amount", amount_in(one)),
            ("Payment", origin_line(one)),
        ]
        if approval_for(one, "reverse"):
            await ask_for_approval(
                self,
                one,
                "reverse",
                lines,
                summary=f"reverse payment {one.payment_no}",
                reason_member="reason",
            )
            return
        reason = await self.app.push_screen_wait(ReasonDialog("Reverse this payment?", lines))
        if reason is not None:
            await self.change(one, lambda: self.ledger.reverse_payment(one, reason), "reversed")

    # ── what stands now ──────────────────────────────────────────────────────────────────────────────────────────

    async def change(self, one: Payment, call: Callable[[], Awaitable[Payment]], done: str) -> None:
        """Make one change of a payment and show what the ledger then holds. Only in a worker."""
        self._under_way.add(one.id)
        try:
            async with self.outcome(on_current=self._show_current) as outcome:
                changed = await call()
                self._show_changed(changed)
                outcome.done(f"{moved_sentence(done, changed)}.")
        finally:
            self._under_way.discard(one.id)
            self.refresh_actions()

    def payment_taken(self, payment: Payment) -> None:
        """A new one stands first where the list shows it."""
        if self._turn.name != "unassociated" and not self.search.text.strip() and self.shown is self.rows:
            self.rows.insert_first(payment)
        self.refresh_actions()

    async def move(self, chosen: str, one: Payment) -> bool:
        """Do what the menu alone offers; False where that is something else."""
        if chosen == RESTORE.id:
            self.action_ignore()
            return True
        if chosen == RECEIPT.id:
            columns = self.paper_columns
            self.print_receipt(lambda: self.ledger.print_payment_receipt(one, columns))
            return True
        doing: dict[str, Callable[[Payment], Any]] = {
            REASSIGN.id: self.reassign,
            REFUND.id: self.refund,
            REVERSE.id: self.reverse,
        }
        if chosen not in doing:
            return False
        doing[chosen](one)
        return True


def account_words(customer: CustomerRow, account: Account | None) -> str:
    """`wallet 100245`, or the account that was chosen."""
    if account is None:
        return f"wallet {customer.account_no}"
    return f"{kind_word(account.kind).lower()} {account.account_no}"


def raised(wallet_no: str, account: Account | None) -> str:
    """What a payment does to the wallet, or to the account that was chosen: `wallet 100245 rises`."""
    if account is None:
        return f"wallet {wallet_no} rises"
    return (
        f"{kind_word(account.kind).lower()} {account.account_no} {'falls' if is_owed(account) else 'rises'}"
    )


def _refund_question(one: Payment, refund: RefundPayment, *, asks: bool) -> ConfirmDialog:
    by = tender_word(refund.tender) + (f" {refund.reference}" if refund.reference else "")
    lines = [
        ("Amount", amount_in(one)),
        ("Payment", origin_line(one)),
        ("Goes back by", by),
        ("Reason", refund.reason),
    ]
    if asks:
        return ConfirmDialog(
            "This needs a supervisor. Ask for approval?",
            lines,
            effect="Nothing happens before somebody approves.",
        )
    return ConfirmDialog(
        "Refund this payment?", lines, effect="Give the money back now: the payment is over."
    )
