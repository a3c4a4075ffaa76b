"""Accounts at the counter: opened, paid out, offset; the effect is the ledger's and shown before `y`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Final

from textual import work

from branchtui.contract.customers import AccountKind, NewAccount
from branchtui.contract.loans import LoanEvery, LoanMethod, NewLoan, NewOffset, NewPayout
from branchtui.contract.tenders import Tender
from branchtui.format.dates import show_date
from branchtui.format.money import money
from branchtui.screens.account_rows import account_title
from branchtui.screens.asking import approval_for, ask_for_approval
from branchtui.screens.customer_desk import ONE_KEYS, CustomerDesk, twin_of
from branchtui.screens.dialogs.code_field import CodeField, product_finder
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.keyed import made_of
from branchtui.screens.rows import customer_label, kind_word, total_in, words
from branchtui.widgets.actions import Action, Choice
from branchtui.widgets.dialogs import ConfirmDialog
from branchtui.widgets.fields import ChoiceField, DateField, Field, MoneyField, TextField

if TYPE_CHECKING:
    from branchtui.contract.customers import Account, Customer
    from branchtui.contract.loans import MoneyMoved

PAYOUT: Final = Action("payout", "", "Pay out", "Savings, shares, overpayment or wallet", changes=True)
OFFSET: Final = Action("offset", "", "Offset this loan", "From savings, shares or overpayment", changes=True)
_OPENED: Final = ("savings", "shares", "loan", "overpayment", "receivable")
_PAY: Final = frozenset({"savings", "shares", "overpayment"})
_TENDERS: Final = [
    ("cash", "Cash"),
    ("bank_transfer", "EFT"),
    ("cheque", "Cheque"),
    ("card", "Card"),
    ("mobile_money", "Mobile money"),
]
_METHODS: Final = [("declining_balance", "Declining balance"), ("flat", "Flat")]
_EVERY: Final = [("month", "Month"), ("fortnight", "Fortnight"), ("week", "Week")]
_TERMS: Final = ("principal_minor", "rate", "method", "start_date", "instalments", "every")


class AccountDesk(CustomerDesk):
    """A screen from which accounts are kept. It hears of every change by `accounts_changed`."""

    def accounts_changed(self) -> None:
        """The ledger holds the accounts otherwise now."""

    def account_choices(self, account: Account) -> list[Choice]:
        """What the ledger names for this account."""
        return [
            Choice(action, self.why_not_account(account, action.id))
            for action in (PAYOUT, OFFSET)
            if account.allows(action.id) or action.id in account.refused
        ]

    def why_not_account(self, account: Account, action: str) -> str | None:
        """The ledger's own reason; None where it may be done, or a second person may be asked to allow it."""
        return self.why_not_command(account, action)

    # ── open ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def open_new_account(self, customer: Customer) -> None:
        """Kind, product, number; the terms of a loan."""
        dialog = FormDialog(
            f"New Account: {customer_label(customer)}",
            _account_fields(self),
            lambda form, values: self.save_account(form, values, customer),
            keys=ONE_KEYS,
        )

        def edited(field: Field) -> None:
            if field.field_name == "kind":
                dialog.form.leave_out(() if field.value == "loan" else _TERMS)

        dialog.form.on_edit = edited
        dialog.form.leave_out(_TERMS)
        self.app.push_screen(dialog)

    @work(group="write")
    async def save_account(self, dialog: FormDialog, values: dict[str, str], customer: Customer) -> None:
        """Open it; a loan with terms moves no money."""
        missing = _missing_terms(values)
        if missing:
            dialog.refused(missing)
            return
        opened = None
        async with self.outcome(say=dialog.say, form=dialog.form) as outcome:
            opened = await self.ledger.open_account(customer.id, _new_account(values, self.desk.currency))
            outcome.done("Opened.")
        if opened is None:
            dialog.settled()
            return
        dialog.saved("")
        self.accounts_changed()
        self.say(f"Opened: {account_title(opened)}.", "done")

    # ── pay out ──────────────────────────────────────────────────────────────────────────────────────────────────

    def key_payout(self, customer: Customer, account: Account) -> None:
        """Amount, tender, reference."""
        holds = money(max(0, account.balance_minor), account.currency)
        self.app.push_screen(
            FormDialog(
                f"Pay out of {account_title(account)}",
                [
                    MoneyField("amount_minor", f"Amount {account.currency}", account.currency, value=holds),
                    ChoiceField("tender", "Tender", _TENDERS, value="cash"),
                    TextField("reference", "Reference", max_length=100, hint="none for cash"),
                    TextField("narration", "Narration"),
                ],
                lambda dialog, values: self.save_payout(dialog, values, customer, account),
                keys=ONE_KEYS,
                at_first=True,
            )
        )

    @work(group="write")
    async def save_payout(
        self, dialog: FormDialog, values: dict[str, str], customer: Customer, account: Account
    ) -> None:
        """The effect, `y`, then it leaves; where a second person has to allow it, that one is asked."""
        new = made_of(
            dialog,
            lambda: NewPayout(
                amount_minor=int(values["amount_minor"]),
                tender=Tender(values["tender"]),
                reference=values.get("reference"),
                narration=values.get("narration", ""),
            ),
        )
        if new is None:
            return
        by = ("By", f"{words(new.tender)} {new.reference or ''}".strip())
        await self._move(
            dialog,
            PAYOUT.id,
            customer,
            account,
            new,
            by,
            partial(self.ledger.payout_effect, account.id, new.amount_minor),
            lambda twin: self.ledger.pay_out(account, new, confirm_duplicate_of=twin),
        )

    # ── offset ───────────────────────────────────────────────────────────────────────────────────────────────────

    def key_offset(self, customer: Customer, loan: Account) -> None:
        """From which account, and how much."""
        sources = [
            one
            for one in customer.accounts or ()
            if one.kind in _PAY and one.balance_minor > 0 and one.currency == loan.currency
        ]
        if not sources:
            self.say_refusal("No savings, shares or overpayment hold anything that could pay this loan.")
            return
        choices = [
            (one.id, f"{account_title(one)} {money(one.balance_minor, one.currency)}") for one in sources
        ]
        most = min(loan.balance_minor, sources[0].balance_minor)
        self.app.push_screen(
            FormDialog(
                f"Offset {account_title(loan)}, owed {total_in(loan.balance_minor, loan.currency)}",
                [
                    ChoiceField("from_account_id", "From", choices, value=sources[0].id),
                    MoneyField(
                        "amount_minor",
                        f"Amount {loan.currency}",
                        loan.currency,
                        value=money(most, loan.currency),
                    ),
                    TextField("narration", "Narration"),
                ],
                lambda dialog, values: self.save_offset(dialog, values, customer, loan),
                keys=ONE_KEYS,
                at_first=True,
            )
        )

    @work(group="write")
    async def save_offset(
        self, dialog: FormDialog, values: dict[str, str], customer: Customer, loan: Account
    ) -> None:
        """As a payout, from one account of the customer to another."""
        new = made_of(
            dialog,
            lambda: NewOffset(
                from_account_id=values["from_account_id"],
                amount_minor=int(values["amount_minor"]),
                narration=values.get("narration", ""),
            ),
        )
        if new is None:
            return
        source = next(one for one in customer.accounts or () if one.id == new.from_account_id)
        await self._move(
            dialog,
            OFFSET.id,
            customer,
            loan,
            new,
            ("From", account_title(source)),
            partial(self.ledger.offset_effect, loan.id, source.id, new.amount_minor),
            lambda twin: self.ledger.offset(loan, new, confirm_duplicate_of=twin),
        )

    # ── both ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _move(
        self,
        dialog: FormDialog,
        action: str,
        customer: Customer,
        account: Account,
        new: NewPayout | NewOffset,
        how: tuple[str, str],
        ask: Callable[[], Awaitable[MoneyMoved]],
        send: Callable[[str | None], Awaitable[MoneyMoved]],
    ) -> None:
        said = "Pay out" if action == PAYOUT.id else "Offset"
        effect = await self.asked(ask, holds_keys=True)
        if effect is None:
            dialog.settled()
            dialog.say(self.status.message, self.status.level)
            return
        amount = total_in(new.amount_minor, account.currency)
        lines = [("Customer", customer_label(customer)), ("Amount", amount), how, *_changes(effect)]
        if approval_for(account, action):
            body = new.model_dump(mode="json", exclude_none=True)
            summary = f"{said.lower()} {amount} of {account.account_no}"
            if await ask_for_approval(self, account, action, lines, summary=summary, body=body):
                dialog.saved("")
            else:
                dialog.settled()
            return
        if not await self.confirm(ConfirmDialog(f"{said}?", lines)):
            dialog.settled()
            return
        done = await self._sent(dialog, send, None)
        if done is None:
            dialog.settled()
            return
        dialog.saved("")
        self.accounts_changed()
        self.say(f"{said}: {amount}. {_sentence(done)}", "done")

    async def _sent(
        self,
        dialog: FormDialog,
        send: Callable[[str | None], Awaitable[MoneyMoved]],
        confirmed: str | None,
    ) -> MoneyMoved | None:
        done: MoneyMoved | None = None
        async with self.outcome(say=dialog.say, form=dialog.form) as outcome:
            done = await send(confirmed)
            outcome.done("Done.")
        twin = twin_of(outcome.error)
        if twin is None or confirmed is not None:
            return done
        said = outcome.error.sentence if outcome.error is not None else ""
        if await self.confirm(
            ConfirmDialog("This looks like one already made", [], effect=f"{said} Do it a second time?")
        ):
            return await self._sent(dialog, send, twin)
        dialog.say("Not done a second time.", "warning")
        return None


def _changes(moved: MoneyMoved) -> list[tuple[str, str]]:
    """Each account that is touched, as it is and as it will be."""
    return [
        (
            f"{kind_word(one.kind)} {one.account_no}",
            f"{money(one.before_minor, one.currency)} → {total_in(one.after_minor, one.currency)}",
        )
        for one in moved.changes
    ]


def _sentence(moved: MoneyMoved) -> str:
    return "; ".join(
        f"{kind_word(one.kind)} {one.account_no} is now {total_in(one.after_minor, one.currency)}"
        for one in moved.changes
    )


def _account_fields(screen: AccountDesk) -> list[Field]:
    desk = screen.desk
    return [
        ChoiceField("kind", "Account kind", [(kind, kind_word(kind)) for kind in _OPENED]),
        CodeField("product", "Product", product_finder(desk.ledger)),
        TextField("account_no", "Account No.", max_length=20, hint="made where it stays empty"),
        MoneyField("principal_minor", f"Principal {desk.currency}", desk.currency, required=False),
        TextField("rate", "Rate, % a year", max_length=10, hint="18.5"),
        ChoiceField("method", "Interest", _METHODS, value="declining_balance"),
        DateField("start_date", "Start", desk.today, value=show_date(desk.today())),
        TextField("instalments", "Instalments", max_length=3),
        ChoiceField("every", "Every", _EVERY, value="month"),
    ]


def _missing_terms(values: dict[str, str]) -> dict[str, str]:
    """What is wrong with the terms of a loan, by field; a loan may come without any."""
    if values.get("kind") != "loan" or not values.get("principal_minor"):
        return {}
    wrong: dict[str, str] = {}
    count = values.get("instalments", "")
    if not (count.isascii() and count.isdigit() and 1 <= int(count) <= 600):
        wrong["instalments"] = "Write a number of 1 to 600."
    rate = values.get("rate", "")
    whole, _, part = rate.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 3 and (not part or part.isdigit())):
        wrong["rate"] = "Write per cent a year: 18.5"
    return wrong


def _new_account(values: dict[str, str], currency: str) -> NewAccount:
    loan = None
    if values["kind"] == "loan" and values.get("principal_minor"):
        loan = NewLoan(
            principal_minor=int(values["principal_minor"]),
            rate=values["rate"],
            method=LoanMethod(values["method"]),
            start_date=date.fromisoformat(values["start_date"]),
            instalments=int(values["instalments"]),
            every=LoanEvery(values["every"]),
        )
    return NewAccount(
        kind=AccountKind(values["kind"]),
        currency=currency,
        product=values.get("product"),
        account_no=values.get("account_no"),
        loan=loan,
    )
