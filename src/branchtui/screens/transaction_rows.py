"""Journal entries and receipts in words and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.format.dates import show_date, show_instant
from branchtui.format.money import money
from branchtui.screens.rows import (
    ROOMY,
    WIDE,
    amount,
    amount_in,
    customer_label,
    entry_word,
    short_instant,
    tender_word,
    words,
)
from branchtui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from branchtui.contract.receipts import CheckedReceipt, Receipt
    from branchtui.contract.transactions import Transaction, TransactionLeg
    from branchtui.screens.desk import Desk

KINDS: Final = (
    "payment.receive",
    "payment.associate",
    "payment.disassociate",
    "payment.create",
    "payment.refund",
    "payment.reverse",
    "voucher.sell",
    "voucher.reverse",
    "balance-record",
    "balance-record-reversal",
    "balance-file",
    "balance-file-reversal",
    "account.payout",
    "account.offset",
    "credit.opening",
    "credit.purchase",
    "credit.refund",
    "credit.adjustment",
    "credit.settlement",
    "credit.reversal",
)
"""What the log may be narrowed to from the keyboard."""


def transaction_columns(desk: Desk) -> list[Column[Transaction]]:
    """When, what, whose, how much, by whom."""
    return [
        Column("When", lambda one: short_instant(one.booked_at, desk), width=12),
        Column("What", lambda one: entry_word(one.kind), width=22),
        Column("Customer", lambda one: one.customer.name if one.customer else ""),
        Column("Amount", amount, width=14, align="right"),
        Column("By", lambda one: one.created_by, width=11, from_width=ROOMY),
        Column(
            "Tender", lambda one: tender_word(one.tender) if one.tender else "", width=14, from_width=WIDE
        ),
        Column("Reference", lambda one: one.reference or "", width=14, from_width=WIDE),
    ]


def transaction_fits(text: str) -> Callable[[Transaction], bool]:
    """Whether an entry already on the screen fits what is being typed; the ledger's own search follows."""
    wanted = text.casefold().split()

    def fits(one: Transaction) -> bool:
        owner = f"{customer_label(one.customer)} {one.account_no}" if one.customer else ""
        shown = (
            f"{entry_word(one.kind)} {owner} {one.reference or ''} {one.narration} {amount(one)} {one.operation}"
        ).casefold()
        return all(word in shown for word in wanted)

    return fits


def transaction_lines(one: Transaction, desk: Desk) -> list[tuple[str, str]]:
    """An entry with its legs, as (label, value); empty ones left out."""
    pairs = [
        ("What", entry_word(one.kind)),
        ("Booked", f"{show_instant(one.booked_at, desk.zone)} by {one.created_by}"),
        ("Day", show_date(one.business_date)),
        ("Customer", customer_label(one.customer) if one.customer else ""),
        ("Tender", tender_word(one.tender) if one.tender else ""),
        ("Reference", one.reference or ""),
        ("Narration", one.narration),
        ("Operation", one.operation),
        ("Office", desk.branch_code(one.branch_id)),
        ("Takes back", "an earlier entry" if one.reversal_of else ""),
        ("Taken back", "by a later entry" if one.reversed_by else ""),
        *(_leg(leg) for leg in one.legs or ()),
    ]
    return [(label, value) for label, value in pairs if value]


def transaction_sentence(one: Transaction) -> str:
    """An entry in a sentence: `Payment by hand, 1,250.00 KES, 000101 Wanjiku Kamau`."""
    whom = f", {customer_label(one.customer)}" if one.customer else ""
    return f"{entry_word(one.kind)}, {amount_in(one)}{whom}"


def _leg(leg: TransactionLeg) -> tuple[str, str]:
    """`Debit` and `1,250.00 KES  cash GL/NKU/cash/KES, then 3,250.00`."""
    side, stated = ("Debit", leg.debit_minor) if leg.debit_minor is not None else ("Credit", leg.credit_minor)
    then = money(leg.balance_after_minor, leg.currency)
    return side, (
        f"{money(stated or 0, leg.currency)} {leg.currency}  {words(leg.account_kind)} {leg.account_no}, then {then}"
    )


# ── receipts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def receipt_columns(desk: Desk) -> list[Column[Receipt]]:
    """Number, when, whose, how much, copies."""
    return [
        Column("Receipt", lambda one: one.receipt_no, width=9),
        Column("Printed", lambda one: short_instant(one.issued_at, desk), width=12),
        Column("Customer", lambda one: one.customer.name if one.customer else ""),
        Column("Amount", amount, width=14, align="right"),
        Column("Copies", lambda one: str(one.copies) if one.copies else "", width=6, align="right"),
        Column("By", lambda one: one.issued_by, width=11, from_width=ROOMY),
    ]


def receipt_fits(text: str) -> Callable[[Receipt], bool]:
    """Whether a receipt already on the screen fits the number that is being typed."""
    wanted = text.casefold().strip().removeprefix("r")
    return lambda one: wanted in one.receipt_no.casefold()


def receipt_pairs(one: Receipt, desk: Desk) -> list[tuple[str, str]]:
    """What is known of a receipt, as (label, value); empty ones left out."""
    pairs = [
        ("Receipt", one.receipt_no),
        ("What", entry_word(one.kind)),
        ("Amount", amount_in(one)),
        ("Customer", customer_label(one.customer) if one.customer else ""),
        ("Account", one.account_no or ""),
        ("Booked", show_instant(one.booked_at, desk.zone)),
        ("Printed", f"{show_instant(one.issued_at, desk.zone)} by {one.issued_by}"),
        ("Copies", str(one.copies) if one.copies else ""),
        ("Standing", "TAKEN BACK SINCE" if one.was_reversed else ""),
    ]
    return [(label, value) for label, value in pairs if value]


def checked_pairs(found: CheckedReceipt, receipt_no: str, desk: Desk) -> list[tuple[str, str]]:
    """What a check came to; of a receipt that is not ours nothing but that."""
    if not found.is_genuine or found.receipt is None:
        return [("Receipt", receipt_no), ("", "NOT OURS: number and check code do not belong together.")]
    return [("", "GENUINE: compare every line with the paper."), *receipt_pairs(found.receipt, desk)]
