"""What stands on a receipt, and where: forty columns or eighty (contract, section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from branchtui.contract.operations import short_reference
from branchtui.format.money import money
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.journal import natural_minor
from branchtui.ledger.paper import Paper
from branchtui.ledger.store.rows import Account, Customer, JournalEntry, Leg, Payment, Voucher
from branchtui.ledger.tenders import TENDER_OF

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.rows import Receipt
    from branchtui.ledger.store.unit import Tx

WORDS: Final = {
    "balance-record": "Balance posted",
    "balance-record-reversal": "Balance reversed",
    "account.payout": "Paid out",
    "account.offset": "Offset of a loan",
    "credit.opening": "Opening credit",
    "credit.purchase": "Purchase on account",
    "credit.refund": "Refund of a purchase",
    "credit.adjustment": "Adjustment",
    "credit.settlement": "Settlement",
    "credit.reversal": "Settlement reversed",
    "balance-file": "Balance stated",
    "balance-file-reversal": "Balance reverted",
    "payment.associate": "Payment",
    "payment.disassociate": "Payment taken back",
    "payment.create": "Payment",
    "payment.refund": "Refund",
    "payment.reverse": "Payment reversed",
    "voucher.sell": "Voucher",
    "voucher.reverse": "Voucher reversed",
}
"""What an entry is called on paper."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a receipt says of an entry: whose, how much, by which tender, what was left then.

    `amount_minor` is in minor units of `currency`, `balance_after_minor` as the account's owner reads it.
    """

    entry: JournalEntry
    amount_minor: int
    currency: str
    customer: Customer | None
    account_no: str | None
    account_kind: str | None
    balance_after_minor: int | None
    tender: str | None
    payment: Payment | None
    voucher: Voucher | None
    was_reversed: bool


@dataclass(frozen=True, slots=True)
class Printed:
    """One print of a receipt."""

    receipt: Receipt
    code: str
    printed_by: str
    at_us: int
    columns: int


def facts_of(tx: Tx, entry: JournalEntry) -> Facts | None:
    """What can be said of an entry, or None where it moves nobody's money."""
    legs = sorted(tx.find(Leg, entry_id=entry.id), key=lambda leg: leg.line)
    accounts = {leg.account_id: tx.get(Account, leg.account_id) for leg in legs}
    payment = tx.get(Payment, entry.subject_id)
    owned = owner = tender = None
    for leg in legs:
        account = accounts[leg.account_id]
        assert account is not None, "a leg names an account that exists"
        if account.customer_id is not None and owned is None:
            owned, owner = leg, account
        if account.customer_id is None and account.kind in TENDER_OF:
            tender = TENDER_OF[account.kind].value
    if owner is None and (payment is None or tender is None):
        return None
    siblings = tx.find(JournalEntry, subject_id=entry.subject_id)
    return Facts(
        entry=entry,
        amount_minor=sum(leg.amount_minor for leg in legs if leg.amount_minor > 0),
        currency=next(account.currency for account in accounts.values() if account is not None),
        customer=tx.get(Customer, owner.customer_id) if owner is not None else None,
        account_no=owner.account_no if owner is not None else None,
        account_kind=owner.kind if owner is not None else None,
        balance_after_minor=None
        if owned is None or owner is None
        else natural_minor(owner.kind, owned.balance_after_minor),
        tender=tender,
        payment=payment,
        voucher=tx.get(Voucher, entry.subject_id),
        was_reversed=any(each.reversal_of == entry.id for each in siblings),
    )


def receipt_lines(core: Core, facts: Facts, printed: Printed) -> tuple[str, ...]:
    """The receipt as lines for a printer."""
    paper, receipt, entry = Paper(printed.columns), printed.receipt, facts.entry
    branch = core.tree[entry.branch_id]
    zone = ZoneInfo(branch.timezone)
    paper.centre(core.institution.name)
    paper.centre(f"{branch.name} ({branch.code})")
    paper.rule()
    paper.pair("RECEIPT", receipt.receipt_no)
    if receipt.copies:
        paper.centre(f"*** COPY {receipt.copies} ***")
    if facts.was_reversed:
        paper.centre("*** TAKEN BACK SINCE ***")
    paper.pair("Date", _at(entry.booked_at, zone))
    if facts.customer is not None:
        paper.pair("Customer", facts.customer.customer_no)
        paper.right(facts.customer.name)
    elif facts.payment is not None:
        paper.pair("Payer", facts.payment.payer_name or "")
    if facts.account_no is not None:
        paper.pair("Account", f"{plain(facts.account_kind or '')} {facts.account_no}")
    reference = "" if facts.voucher is not None else entry.reference or ""
    paper.pair("For", WORDS.get(entry.kind, plain(entry.kind).capitalize()))
    paper.pair("By", " ".join(part for part in (plain(facts.tender or ""), reference) if part))
    if facts.payment is not None:
        paper.pair("Payment", facts.payment.payment_no)
    if facts.voucher is not None:
        paper.pair("Plan", facts.voucher.plan_name)
        paper.pair("Voucher", facts.voucher.voucher_no)
    paper.pair("Amount", f"{money(facts.amount_minor, facts.currency)} {facts.currency}")
    if facts.balance_after_minor is not None:
        paper.pair("Balance", f"{money(facts.balance_after_minor, facts.currency)} {facts.currency}")
    paper.pair("Narration", entry.narration)
    paper.pair("Served by", entry.created_by)
    paper.pair("Reference", short_reference(entry.operation_key))
    if facts.voucher is not None and entry.reversal_of is None and not facts.was_reversed:
        paper.rule()
        paper.centre("Voucher code")
        paper.centre(facts.voucher.code)
        paper.pair("Valid until", _at(facts.voucher.expires_at, zone))
    paper.rule()
    paper.pair("Check code", printed.code)
    if receipt.copies:
        paper.pair("Copy printed", f"{_at(printed.at_us, zone)} {printed.printed_by}")
    paper.left("Any teller can check this receipt by its number and check code.")
    return paper.lines


def _at(at_us: int, zone: ZoneInfo) -> str:
    return as_datetime(at_us).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def plain(word: str) -> str:
    """A wire value in words: `bank_transfer` is "bank transfer"."""
    return word.replace("_", " ").replace("-", " ").replace(".", " ")
