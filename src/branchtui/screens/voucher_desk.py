"""Vouchers at the counter: sold from a profile, shown with their code, printed, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual import work

from branchtui.format.money import money
from branchtui.remote.errors import Conflict
from branchtui.screens.asking import approval_for, ask_for_approval
from branchtui.screens.customer_desk import ONE_KEYS
from branchtui.screens.dialogs.code_field import CodeField, ListFinder
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.outcome import twin_of
from branchtui.screens.printing import PrinterScreen
from branchtui.screens.rows import customer_label, total_in
from branchtui.screens.voucher_rows import plan_words, voucher_pairs, voucher_sentence
from branchtui.widgets.actions import Action
from branchtui.widgets.dialogs import ConfirmDialog, ReasonDialog
from branchtui.widgets.picker import Suggestion

if TYPE_CHECKING:
    from branchtui.contract.customers import Customer
    from branchtui.contract.vouchers import Plan, Voucher, VoucherEffect

SELL: Final = Action("sell-voucher", "", "Sell voucher", "A plan, paid from the wallet", changes=True)
VOUCHERS: Final = Action("vouchers", "", "Vouchers", "What was sold, with the codes: print one again")


class VoucherDesk(PrinterScreen):
    """A screen from which vouchers are sold and taken back. It hears of every one by `voucher_changed`."""

    def voucher_changed(self, voucher: Voucher) -> None:
        """The ledger holds the voucher, and its wallet, so now."""

    # ── sell ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def sell_vouchers(self, customer: Customer) -> None:
        """Which plan: those that are sold stand there with price and days."""
        known: dict[str, Plan] = {}

        async def ask(q: str | None, limit: int) -> Any:
            page = await self.ledger.plans(q, active=True, limit=limit)
            known.update((one.id, one) for one in page.items)
            return page

        finder = ListFinder(ask, lambda one: Suggestion(one.id, f"{one.code} {one.name}", plan_words(one)))
        self.app.push_screen(
            FormDialog(
                f"Sell voucher: {customer_label(customer)}",
                [CodeField("plan_id", "Plan", finder, required=True, opened=True)],
                lambda dialog, values: self.save_voucher(dialog, customer, known[values["plan_id"]]),
                keys=ONE_KEYS,
            )
        )

    @work(group="write")
    async def save_voucher(self, dialog: FormDialog, customer: Customer, plan: Plan) -> None:
        """The wallet before and after, as the ledger reckons it; then the code in a box."""
        effect = await self.asked(lambda: self.ledger.voucher_effect(customer.id, plan.id), holds_keys=True)
        if effect is None:
            dialog.settled()
            dialog.say(self.status.message, self.status.level)
            return
        if not await self.confirm(_question(customer, effect)):
            dialog.settled()
            return
        sold = await self._sold(dialog, customer, effect.plan, None)
        if sold is None:
            dialog.settled()
            return
        dialog.saved("")
        self.voucher_changed(sold)
        self.say(f"Sold {voucher_sentence(sold)}.", "done")
        await self._hand_over(sold)

    async def _sold(
        self, dialog: FormDialog, customer: Customer, plan: Plan, confirmed: str | None
    ) -> Voucher | None:
        sold: Voucher | None = None
        async with self.outcome(say=dialog.say, form=dialog.form) as outcome:
            sold = await self.ledger.sell_voucher(customer, plan, confirm_duplicate_of=confirmed)
            outcome.done("Sold.")
        twin = twin_of(outcome.error) if isinstance(outcome.error, Conflict) else None
        if twin is None or confirmed is not None:
            return sold
        # IDEM-11: only a person can say that the customer wants the same plan twice.
        said = outcome.error.sentence if outcome.error is not None else ""
        if await self.confirm(
            ConfirmDialog("This looks like one just sold", [], effect=f"{said} Sell a second one?")
        ):
            return await self._sold(dialog, customer, plan, twin)
        dialog.say("Not sold a second time.", "warning")
        return None

    async def _hand_over(self, sold: Voucher) -> None:
        """The code in a box, and the slip: at once where the settings say so, else when it is asked for."""
        if self.desk.settings.print_at_once and self.desk.settings.printer != "none":
            await self.print_slip_of(sold)
            return
        wallet = [
            (f"Wallet {one.account_no}", f"is now {total_in(one.balance_minor, one.currency)}")
            for one in sold.balances
        ]
        box = ConfirmDialog(
            f"Voucher {sold.voucher_no}",
            [*voucher_pairs(sold, self.desk)[:3], ("Valid until", _until(sold, self)), *wallet],
            effect="Print the slip? Its code is found again under Vouchers.",
        )
        if await self.confirm(box):
            await self.print_slip_of(sold)

    # ── print, take back ─────────────────────────────────────────────────────────────────────────────────────────

    @work(group="write")
    async def print_voucher(self, voucher: Voucher) -> None:
        """The slip, or a copy of it."""
        await self.print_slip_of(voucher)

    async def print_slip_of(self, voucher: Voucher) -> None:
        """The same, in a worker that does more."""
        columns = self.paper_columns
        await self.printed(lambda: self.ledger.print_voucher(voucher, columns))

    @work(group="write")
    async def reverse_voucher(self, voucher: Voucher) -> None:
        """Taken back with a reason; a teller asks for it."""
        price = total_in(voucher.price_minor, voucher.currency)
        lines = [
            ("Voucher", f"{voucher.voucher_no} {voucher.plan_name}"),
            ("Customer", customer_label(voucher.customer) if voucher.customer else ""),
            ("Amount", price),
        ]
        if approval_for(voucher, "reverse"):
            await ask_for_approval(
                self,
                voucher,
                "reverse",
                lines,
                summary=f"reverse voucher {voucher.voucher_no}",
                reason_member="reason",
            )
            return
        lines.append(("Effect", f"{price} goes back to the wallet, and the code is worth nothing."))
        reason = await self.app.push_screen_wait(ReasonDialog("Reverse this voucher?", lines))
        if reason is None:
            return
        async with self.outcome(on_current=self._voucher_stands) as outcome:
            reversed_ = await self.ledger.reverse_voucher(voucher, reason)
            self.voucher_changed(reversed_)
            outcome.done(f"Reversed: {voucher_sentence(reversed_)}.")

    def _voucher_stands(self, current: Any) -> None:
        if hasattr(current, "voucher_no"):
            self.voucher_changed(current)


def _until(sold: Voucher, screen: VoucherDesk) -> str:
    return dict(voucher_pairs(sold, screen.desk))["Valid until"]


def _question(customer: Customer, effect: VoucherEffect) -> ConfirmDialog:
    plan, change = effect.plan, effect.change
    before, after = money(change.before_minor, change.currency), total_in(change.after_minor, change.currency)
    return ConfirmDialog(
        "Sell this voucher?",
        [
            ("Customer", customer_label(customer)),
            ("Plan", f"{plan.name} ({plan.code})"),
            ("Price", plan_words(plan)),
            (f"Wallet {change.account_no}", f"{before} → {after}"),
        ],
        effect=f"The wallet {change.account_no} falls by {total_in(plan.price_minor, plan.currency)}.",
    )
