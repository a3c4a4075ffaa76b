"""The fields of a payment keyed by hand, and of a refund, in the order they are keyed (product, forms)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from branchtui.contract.customers import AccountKind, AccountStatus
from branchtui.contract.payments import NewPayment, RefundPayment
from branchtui.contract.tenders import Tender
from branchtui.format.money import money
from branchtui.screens.dialogs.record_fields import customer_detail
from branchtui.screens.rows import customer_label, kind_word, tender_word
from branchtui.widgets.fields import ChoiceField, Field, MoneyField, TextField
from branchtui.widgets.picker import SUGGESTIONS_MAX, PickerField, Suggestion

if TYPE_CHECKING:
    from branchtui.contract.customers import Account, CustomerBrief, CustomerRow
    from branchtui.remote.client import Ledger
    from branchtui.screens.desk import Desk

KEPT: Final = ("tender",)
PROVIDER: Final = "mpesa"
"""Who carries mobile money that is keyed by hand."""

PAYABLE: Final = frozenset(
    {
        AccountKind.WALLET,
        AccountKind.SAVINGS,
        AccountKind.LOAN,
        AccountKind.RECEIVABLE,
        AccountKind.CREDIT,
    }
)
"""Kinds that are worth proposing; the ledger decides."""

_TENDERS: Final = [
    (each.value, "bank" if each is Tender.BANK_TRANSFER else tender_word(each))
    for each in Tender
    if each is not Tender.OTHER
]
"""So short that all of them stand in one row."""


class AccountField(PickerField):
    """Which of the customer's accounts the money goes to; empty means the wallet. Asks once a customer."""

    def __init__(self, ledger: Ledger, customer_id: Callable[[], str]) -> None:
        super().__init__(
            "account_id", "Account", self._find, required=False, hint="the wallet; type for another"
        )
        self._ledger = ledger
        self._customer_id = customer_id
        self._of = ""
        self._accounts: tuple[Account, ...] = ()

    async def _find(self, text: str) -> Sequence[Suggestion]:
        wanted = self._customer_id()
        if not wanted:
            return []
        if self._of != wanted:
            customer = await self._ledger.customer(wanted, include=("accounts",))
            self._of, self._accounts = wanted, customer.accounts or ()
        letters = text.casefold()
        return [
            Suggestion(one.id, f"{kind_word(one.kind)} {one.account_no}", account_detail(one))
            for one in self._accounts
            if is_payable(one) and letters in f"{kind_word(one.kind)} {one.account_no}".casefold()
        ]

    @property
    def account(self) -> Account | None:
        """The account that was taken; None is the wallet."""
        return next((one for one in self._accounts if one.id == self.value), None)

    def _read(self) -> str | None:
        if self.value and self._of != self._customer_id():
            return "This is another customer's account. Take one again, or leave it empty for the wallet."
        return super()._read()


def is_payable(account: Account) -> bool:
    """Whether a payment may be meant for this account."""
    return account.kind in PAYABLE and account.status is AccountStatus.OPEN


def is_owed(account: Account) -> bool:
    """Whether the balance is what the customer owes."""
    return account.kind in {AccountKind.LOAN, AccountKind.RECEIVABLE, AccountKind.CREDIT}


def account_detail(account: Account) -> str:
    """What is held or owed there: `owed 12,500.00 KES`."""
    return f"{'owed' if is_owed(account) else 'holds'} {money(account.balance_minor, account.currency)} {account.currency}"


class PaymentFields:
    """The form's fields, with what was found for them: the question before the money moves restates it."""

    def __init__(self, desk: Desk, customer: CustomerBrief | None = None) -> None:
        self._desk = desk
        self._found: dict[str, CustomerRow | CustomerBrief] = {}
        chosen = None
        if customer is not None:
            self._found[customer.id] = customer
            chosen = Suggestion(customer.id, customer_label(customer))
        self._customer = PickerField(
            "customer_id", "Customer", self._find, chosen=chosen, hint="name, number or phone"
        )
        self._account = AccountField(desk.ledger, lambda: self._customer.value)

    def fields(self) -> list[Field]:
        """Customer, account, amount, tender, receipt number, narration."""
        currency = self._desk.currency
        return [
            self._customer,
            self._account,
            MoneyField("amount_minor", f"Amount {currency}", currency),
            ChoiceField("tender", "Tender", _TENDERS, value=Tender.CASH.value),
            TextField("receipt_no", "Receipt number", max_length=64),
            TextField("narration", "Narration"),
        ]

    async def _find(self, text: str) -> Sequence[Suggestion]:
        page = await self._desk.ledger.customers(text.strip(), limit=SUGGESTIONS_MAX)
        self._found |= {one.id: one for one in page.items}
        return [Suggestion(one.id, customer_label(one), customer_detail(one)) for one in page.items]

    def new_payment(self, values: dict[str, str]) -> NewPayment:
        """The body, from the wire values of the form.

        Raises:
            ValidationError: a receipt number with signs that no number has.
        """
        tender = Tender(values["tender"])
        return NewPayment(
            customer_id=values["customer_id"],
            account_id=values.get("account_id"),
            amount_minor=int(values["amount_minor"]),
            currency=self._desk.currency,
            tender=tender,
            provider=PROVIDER if tender is Tender.MOBILE_MONEY else None,
            receipt_no=values.get("receipt_no"),
            narration=values.get("narration", ""),
        )

    def customer(self, new: NewPayment) -> CustomerRow | CustomerBrief:
        """Who the payment is for."""
        return self._found[new.customer_id]

    def account_words(self, new: NewPayment) -> str:
        """The account that it goes to: `wallet 100245`."""
        account = self._account.account
        if account is not None:
            return f"{kind_word(account.kind).lower()} {account.account_no}"
        return f"wallet {self.customer(new).account_no}"


def refund_fields() -> list[Field]:
    """Tender, reference, reason."""
    return [
        ChoiceField("tender", "Goes back by", _TENDERS, value=Tender.CASH.value),
        TextField("reference", "Reference", max_length=64, hint="of the slip, cheque or transfer"),
        TextField("reason", "Reason", required=True),
    ]


def new_refund(values: dict[str, str]) -> RefundPayment:
    """The body of a refund, from the wire values of the form.

    Raises:
        ValidationError: a reference with signs that no number has.
    """
    return RefundPayment(
        tender=Tender(values["tender"]), reference=values.get("reference"), reason=values["reason"]
    )
