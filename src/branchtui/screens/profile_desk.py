"""What the menu of a profile offers: for the highlighted account, then for the customer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from branchtui.screens.account_desk import OFFSET, PAYOUT, AccountDesk
from branchtui.screens.customer_commands import OPEN_ACCOUNT
from branchtui.screens.payment_taking import PaymentTaker
from branchtui.screens.voucher_desk import SELL, VOUCHERS, VoucherDesk
from branchtui.widgets.actions import Action, Choice

if TYPE_CHECKING:
    from branchtui.contract.customers import Account, Customer
    from branchtui.contract.payments import Payment
    from branchtui.contract.vouchers import Voucher

NEW_BALANCE: Final = Action(
    "new-balance", "", "New balance", "New Member Balance for this customer", changes=True
)
TAKE_PAYMENT: Final = Action(
    "take-payment", "", "Make Payment", "A payment by hand, for this customer", changes=True
)


class ProfileDesk(AccountDesk, VoucherDesk, PaymentTaker):
    """A screen that shows one customer."""

    def profile_choices(self, customer: Customer, account: Account | None) -> list[Choice]:
        """What may be done first, so that its number is the same however much is refused; then what not, with why."""
        found = [] if account is None else self.account_choices(account)
        found += self.life_choices(customer)
        found += [
            Choice(action, self.why_not_command(customer, action.id))
            for action in (OPEN_ACCOUNT, NEW_BALANCE, TAKE_PAYMENT, SELL)
        ]
        found.append(Choice(VOUCHERS, None))
        return sorted(found, key=lambda each: each.refusal is not None)

    def do_in_profile(self, customer: Customer, chosen: str, account: Account | None) -> bool:
        """Begin what the menu chose; False where it is none of these."""
        if self.do_command(customer, chosen):
            return True
        doing: dict[str, Callable[[], object]] = {
            OPEN_ACCOUNT.id: lambda: self.open_new_account(customer),
            NEW_BALANCE.id: lambda: self.key_balances(customer.brief),
            TAKE_PAYMENT.id: lambda: self.take_payments(customer.brief),
            SELL.id: lambda: self.sell_vouchers(customer),
            VOUCHERS.id: lambda: self.show_vouchers(customer),
        }
        if account is not None:
            doing[PAYOUT.id] = lambda: self.key_payout(customer, account)
            doing[OFFSET.id] = lambda: self.key_offset(customer, account)
        if chosen not in doing:
            return False
        doing[chosen]()
        return True

    def show_vouchers(self, customer: Customer) -> None:
        """The customer's vouchers, with the codes."""
        from branchtui.screens.vouchers import VouchersScreen

        self.app.push_screen(VouchersScreen(self.desk, customer), lambda _: self.accounts_changed())

    def payment_taken(self, payment: Payment) -> None:
        """Money came in."""
        self.accounts_changed()

    def voucher_changed(self, voucher: Voucher) -> None:
        """The wallet paid."""
        self.accounts_changed()
