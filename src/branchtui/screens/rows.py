"""From contract object to the words and columns of a screen: the only place that knows both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from branchtui.format.dates import show_date, show_time
from branchtui.format.money import money
from branchtui.widgets.columns import Column

if TYPE_CHECKING:
    from branchtui.contract.balance_records import BalanceRecord, RecordStatus
    from branchtui.contract.customers import Account, AccountBalance, Customer, CustomerRow, Entry
    from branchtui.screens.desk import Desk

WIDE: Final = 100
"""Columns that a screen of 80 cells has no room for come from here on."""
ROOMY: Final = 72
"""Columns that a split or narrow terminal does without come from here on."""
AMOUNT_CELLS: Final = 17
_WORD_GAPS: Final = str.maketrans("_-.", "   ")
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


class _Amount(Protocol):
    """Anything that states money."""

    @property
    def amount_minor(self) -> int: ...
    @property
    def currency(self) -> str: ...


class _Named(Protocol):
    """A customer, whole or in brief."""

    @property
    def customer_no(self) -> str: ...
    @property
    def account_no(self) -> str: ...
    @property
    def name(self) -> str: ...


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def words(value: StrEnum | str) -> str:
    """A wire value as it is said: `not_accounted` is "not accounted"."""
    return str(value).translate(_WORD_GAPS)


def kind_word(kind: StrEnum | str) -> str:
    """An account kind at the beginning of a line: `Savings`."""
    return words(kind).capitalize()


_TENDER_WORDS: Final = {"mobile_money": "M-PESA", "bank_transfer": "bank transfer"}


def tender_word(tender: StrEnum | str) -> str:
    """What money is handed over with, as it is said: `cash`, `M-PESA`."""
    return _TENDER_WORDS.get(str(tender)) or words(tender)


_ENTRY_WORDS: Final = {
    "account.offset": "Offset of a loan",
    "account.opening": "Opening balance",
    "account.payout": "Paid out",
    "balance-file": "Universal file",
    "balance-file-reversal": "Universal file reverted",
    "balance-record": "Balance posted",
    "balance-record-reversal": "Balance reversed",
    "credit.opening": "Opening credit",
    "credit.purchase": "Purchase",
    "credit.refund": "Refund",
    "credit.adjustment": "Adjustment",
    "credit.settlement": "Settlement",
    "credit.reversal": "Settlement reversed",
    "payment.receive": "Payment received",
    "payment.associate": "Payment associated",
    "payment.disassociate": "Payment disassociated",
    "payment.create": "Payment by hand",
    "payment.refund": "Payment refunded",
    "payment.reverse": "Payment reversed",
    "voucher.sell": "Voucher",
    "voucher.reverse": "Voucher reversed",
}


def entry_word(kind: str) -> str:
    """What a journal entry booked, in a teller's words."""
    return _ENTRY_WORDS.get(kind) or words(kind).capitalize()


def short_instant(instant: datetime, desk: Desk) -> str:
    """Branch time in twelve cells, the month as a word: `03 Nov 09:15`, of another year `03 Nov 2025`."""
    local = instant.astimezone(desk.zone)
    if local.year != desk.today().year:
        return local.strftime("%d %b %Y")
    return f"{local.strftime('%d %b')} {show_time(instant, desk.zone)}"


def amount(stated: _Amount) -> str:
    """Without its currency, for a column."""
    return money(stated.amount_minor, stated.currency)


def amount_in(stated: _Amount) -> str:
    """With its currency, for a sentence."""
    return f"{amount(stated)} {stated.currency}"


def total_in(total_minor: int, currency: str) -> str:
    """A sum with its currency."""
    return f"{money(total_minor, currency)} {currency}"


def customer_label(customer: _Named) -> str:
    """One line that names a customer: number, then name."""
    return f"{customer.customer_no} {customer.name}"


def shown_phone(phone: str | None) -> str:
    """A phone as it is shown: a masked one always as providers write it, `2547*****333`, whoever masked it."""
    told = phone or ""
    return told.removeprefix("+").replace(" ", "") if "*" in told else told


def balances_sentence(balances: Iterable[AccountBalance]) -> str:
    """The accounts that a change touched, as they stand now: `Savings 7000000001 is now 1,350.00 KES`."""
    return "; ".join(
        f"{kind_word(one.kind)} {one.account_no} is now {total_in(one.balance_minor, one.currency)}"
        for one in balances
    )


def age(since: datetime | None, now: datetime) -> str:
    """How long something waits: `5 min`, `3 h`, `12 d`; empty when nothing does."""
    if since is None:
        return ""
    seconds = max(0, int((now - since).total_seconds()))
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    return f"{seconds // _HOUR} h" if seconds < _DAY else f"{seconds // _DAY} d"


# ── customers ────────────────────────────────────────────────────────────────────────────────────────────────────────


def customer_columns() -> list[Column[CustomerRow]]:
    """The list of customers."""
    return [
        Column("Customer", lambda one: one.name),
        Column("Number", lambda one: one.customer_no, width=10),
        Column("Account", lambda one: one.account_no, width=12),
        Column("Phone", lambda one: shown_phone(one.mobile_no), width=15, from_width=ROOMY),
        Column("Status", lambda one: words(one.status), width=11),
        Column("Office", lambda one: one.branch_code, width=8, from_width=WIDE),
    ]


def customer_fits(text: str) -> Callable[[CustomerRow], bool]:
    """Whether a customer already on the screen fits what is being typed; the ledger's own search follows."""
    wanted = text.casefold().split()
    digits = "".join(character for character in text if character.isdigit())

    def fits(one: CustomerRow) -> bool:
        shown = f"{one.name} {one.customer_no} {one.account_no} {one.external_id or ''}".casefold()
        phone = "".join(character for character in one.mobile_no or "" if character.isdigit())
        # A phone keyed with its country's code or a leading zero is the ledger's business: never hide it here.
        return all(word in shown for word in wanted) or (len(digits) > 3 and digits.lstrip("0") in phone)

    return fits


def customer_details(one: Customer) -> list[tuple[str, str]]:
    """The (label, value) pairs at the head of a profile, empty ones left out."""
    pairs = [
        ("Name", one.name),
        ("Customer", one.customer_no),
        ("Account", one.account_no),
        ("Status", words(one.status)),
        ("Office", one.branch_code),
        ("Phone", shown_phone(one.mobile_no)),
        ("Legal form", words(one.legal_form)),
        ("E-mail", one.email or ""),
        ("Born", show_date(one.date_of_birth) if one.date_of_birth else ""),
        ("Gender", one.gender or ""),
        ("External Id", one.external_id or ""),
        ("Active since", show_date(one.activation_date) if one.activation_date else ""),
    ]
    return [(label, value) for label, value in pairs if value]


def account_status(one: Account) -> str:
    """A loan's own status, else whether the account is open."""
    return words(one.loan.status if one.loan is not None else one.status)


def account_columns() -> list[Column[Account]]:
    """Accounts of a profile."""
    return [
        Column("Account", lambda one: one.account_no),
        Column("Kind", lambda one: kind_word(one.kind), width=11),
        Column("Product", lambda one: one.product or "", from_width=ROOMY),
        Column("Status", account_status, width=10),
        Column(
            "Balance", lambda one: money(one.balance_minor, one.currency), width=AMOUNT_CELLS, align="right"
        ),
        Column("", lambda one: one.currency, width=3),
    ]


def entry_columns(desk: Desk) -> list[Column[Entry]]:
    """The last entries of a profile, over all accounts."""
    return [
        Column("When", lambda one: short_instant(one.booked_at, desk), width=12),
        Column("What", lambda one: entry_word(one.kind)),
        Column("Account", lambda one: kind_word(one.account_kind), width=11, from_width=ROOMY),
        Column("Amount", amount, width=14, align="right"),
        Column("Balance", lambda one: money(one.balance_after_minor, one.currency), width=14, align="right"),
        Column("By", lambda one: one.created_by, width=14, from_width=WIDE),
        Column("Narration", lambda one: one.narration, from_width=WIDE),
    ]


# ── balance records ──────────────────────────────────────────────────────────────────────────────────────────────────


def record_columns(expected: RecordStatus | None = None) -> list[Column[BalanceRecord]]:
    """The list of member balances. Where all are `expected`, only a row that no longer is says its status."""
    status: Column[BalanceRecord] = (
        Column("Status", lambda one: words(one.status), width=13)
        if expected is None
        else Column("Status", lambda one: "" if one.status is expected else words(one.status), width=9)
    )
    return [
        Column("Member", lambda one: one.customer.name),
        Column("Account", lambda one: one.account_no or one.customer.account_no, width=10),
        Column("Kind", lambda one: kind_word(one.account_kind), width=11),
        Column("Amount", amount, width=14, align="right"),
        Column("As of", lambda one: show_date(one.as_of_date), width=10, from_width=ROOMY),
        status,
        Column("Reference", lambda one: one.external_ref or "", width=16, from_width=WIDE),
        Column("By", lambda one: one.created_by, width=12, from_width=WIDE),
    ]


def record_lines(one: BalanceRecord, *, is_whole: bool = False) -> list[tuple[str, str]]:
    """A record restated in a confirmation: customer, account, amount, date, as the ledger sees them."""
    kind = words(one.account_kind)
    lines = [
        ("Member", customer_label(one.customer)),
        ("Account", f"{kind} {one.account_no}" if one.account_no else f"{kind}: theirs, or a new one"),
        ("Amount", f"{amount_in(one)} as of {show_date(one.as_of_date)}"),
        ("Status", "" if one.status == "not_accounted" else words(one.status)),
        ("Narration", one.narration if is_whole else ""),
        (
            "Reference" if one.external_ref else "Keyed",
            f"{one.external_ref or ''} by {one.created_by}".strip(),
        ),
    ]
    return [(label, value) for label, value in lines if value]


def record_sentence(one: BalanceRecord) -> str:
    """A record in a sentence: `000101 Wanjiku Kamau, savings 1,350.00 KES`."""
    return f"{customer_label(one.customer)}, {words(one.account_kind)} {amount_in(one)}"


def record_fits(text: str) -> Callable[[BalanceRecord], bool]:
    """Whether a record already on the screen fits what is being typed."""
    wanted = text.casefold().split()

    def fits(one: BalanceRecord) -> bool:
        shown = (
            f"{one.customer.name} {one.customer.customer_no} {one.customer.account_no} "
            f"{one.account_no or ''} {one.external_ref or ''} {one.narration} {amount(one)} {one.amount_minor / 100:.2f}"
        ).casefold()
        return all(word in shown for word in wanted)

    return fits
