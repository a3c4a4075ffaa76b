"""Payments in words: the columns of the queue, what restates one, and what is said after a change."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from branchtui.contract.payments import PaymentState
from branchtui.format.cells import cell_width, pad
from branchtui.format.dates import show_instant
from branchtui.format.money import money
from branchtui.screens.rows import (
    ROOMY,
    age,
    amount,
    amount_in,
    customer_label,
    short_instant,
    shown_phone,
    tender_word,
    words,
)
from branchtui.widgets.columns import Column

if TYPE_CHECKING:
    from branchtui.contract.payments import CallbackEvent, Candidate, Payment
    from branchtui.screens.desk import Desk

WIDE: Final = 110
"""From here on a list that has the panel below it has room for the year and the account."""

_STRONG_MAX: Final = 3
_LIKELY: Final = 4
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{8}\.\.\.|[0-9a-f]{64}", re.ASCII)
_BODY_MAX: Final = 1200
_PHONE_BEGINS: Final = ("0", "+", "254")


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def payment_columns(desk: Desk, *, state: str = "all") -> list[Column[Payment]]:
    """One side of the list, or with `all` every state of it. What gives way at 80 cells is said in the panel below."""
    is_mixed = state == "all"
    columns: list[Column[Payment]] = [
        Column("#", lambda one: one.payment_no, width=7),
        Column("Customer", owner_cell),
        Column("Code", lambda one: one.code or "", width=10),
        Column("Phone", phone_word, width=13, from_width=WIDE if is_mixed else ROOMY),
        Column("Amount", amount, width=12, align="right"),
        Column("Date Paid", lambda one: short_instant(one.paid_at, desk), width=12),
    ]
    if state != PaymentState.UNASSOCIATED:
        account: Column[Payment] = Column(
            "Account", lambda one: one.customer.account_no if one.customer else "", width=10, from_width=WIDE
        )
        columns.insert(2, account)
    if is_mixed:
        columns.append(Column("State", lambda one: words(one.state), width=12))
    elif state == PaymentState.UNASSOCIATED:
        columns.append(
            Column("Age", lambda one: waits(one, desk.now()), width=6, align="right", from_width=WIDE)
        )
    return columns


def held_columns(desk: Desk) -> list[Column[CallbackEvent]]:
    """Messages of providers that credited nothing."""
    return [
        Column("Received", lambda one: short_instant(one.received_at, desk), width=12),
        Column("Held", lambda one: words(one.held_as or one.state), width=11),
        Column("Code", lambda one: one.code or "", width=12),
        Column("Why", lambda one: one.settled_because or one.reason),
    ]


def owner_cell(one: Payment) -> str:
    """The owner; while there is none, in brackets who says to have paid, which proves nobody."""
    if one.customer is not None:
        return one.customer.name
    told = one.payer_name or one.account_ref
    return f"({told})" if told else ""


def phone_word(one: Payment) -> str:
    """The payer's phone as the provider gave it, whole or masked; one that it gave as a fingerprint is hidden."""
    phone = one.payer_phone or ""
    return "hidden phone" if _FINGERPRINT.fullmatch(phone) else shown_phone(phone)


def waits(one: Payment, now: datetime) -> str:
    """How long a payment waits; empty for one that does not."""
    return age(one.paid_at, now) if one.state is PaymentState.UNASSOCIATED else ""


def payment_fits(text: str) -> Callable[[Payment], bool]:
    """Whether a payment already on the screen fits what is being typed: account, phone, code, name, amount."""
    wanted = text.casefold().split()
    figures = text.replace(",", "").strip()

    def fits(one: Payment) -> bool:
        owner = (
            f"{one.customer.name} {one.customer.customer_no} {one.customer.account_no}"
            if one.customer
            else ""
        )
        shown = (
            f"{one.payment_no} {one.code or ''} {one.payer_name or ''} {one.account_ref or ''} "
            f"{one.payer_phone or ''} {owner} {amount(one)}"
        ).casefold()
        if all(word in shown for word in wanted) or (
            figures and amount(one).replace(",", "").startswith(figures)
        ):
            return True
        # A phone in another writing, or behind its mask, is the ledger's business: never hide it here.
        return text.strip().startswith(_PHONE_BEGINS)

    return fits


def held_fits(text: str) -> Callable[[CallbackEvent], bool]:
    """Whether a held message fits what is being typed."""
    wanted = text.casefold().split()

    def fits(one: CallbackEvent) -> bool:
        shown = f"{one.code or ''} {one.reason} {one.body}".casefold()
        return all(word in shown for word in wanted)

    return fits


# ── one payment ──────────────────────────────────────────────────────────────────────────────────────────────────────


def payer_line(one: Payment) -> str:
    """What a payment says about itself, in one line, the amount first."""
    return f"{amount_in(one)}  {origin_line(one)}"


def origin_line(one: Payment) -> str:
    """Its code, who says to have paid, and for what."""
    if one.tender is not None:
        return "  ".join(part for part in (tender_word(one.tender), one.code or "", one.narration) if part)
    parts = [one.code or words(one.source)]
    told = " ".join(part for part in (phone_word(one), one.payer_name) if part)
    if told:
        parts.append(f"from {told}")
    parts.append(f"for “{one.account_ref}”" if one.account_ref else "without a reference")
    return "  ".join(parts)


def payment_lines(one: Payment, desk: Desk) -> list[tuple[str, str]]:
    """Everything the ledger said about a payment, as (label, value); empty ones left out."""
    match = one.match
    pairs = [
        ("Payment", f"{one.payment_no}  {words(one.state)}"),
        ("Amount", amount_in(one)),
        ("Code", one.code or ""),
        ("Source", _source(one)),
        ("Paid", show_instant(one.paid_at, desk.zone)),
        ("Received", show_instant(one.received_at, desk.zone)),
        ("Payer", " ".join(part for part in (phone_word(one), one.payer_name) if part)),
        ("Reference", one.account_ref or ""),
        ("Office", desk.branch_code(one.branch_id)),
        ("Waits because" if one.state is PaymentState.UNASSOCIATED else "Why", one.waits_because or ""),
        ("Customer", customer_label(one.customer) if one.customer else ""),
        ("Account", one.customer.account_no if one.customer else ""),
        ("Because", " and ".join(match.reasons) if match else ""),
        ("Associated", _by_whom(one, desk)),
        ("Narration", one.narration),
        ("Went back by", refund_words(one)),
    ]
    return [(label, value) for label, value in pairs if value]


def _source(one: Payment) -> str:
    """The door it came by: `callback mpesa`, `cash, keyed by teller1`."""
    if one.tender is not None:
        return f"{tender_word(one.tender)}, keyed by {one.keyed_by or 'somebody'}"
    return " ".join(part for part in (words(one.source), one.provider or "") if part)


def refund_words(one: Payment) -> str:
    """How the money went back: `bank transfer FT-99, by supervisor1`; empty where it did not."""
    if one.refund is None:
        return ""
    by = " ".join(part for part in (tender_word(one.refund.tender), one.refund.reference or "") if part)
    return f"{by}, by {one.refund.refunded_by}"


def held_pairs(one: CallbackEvent) -> list[tuple[str, str]]:
    """What a held message is, in short."""
    pairs = [("Held", words(one.held_as or one.state)), ("Why", one.reason), ("Code", one.code or "")]
    return [(label, value) for label, value in pairs if value]


def held_lines(one: CallbackEvent, desk: Desk) -> list[tuple[str, str]]:
    """A held message with its body as it came, cut to what a dialog can hold."""
    body = (
        one.body if len(one.body) <= _BODY_MAX else f"{one.body[:_BODY_MAX]}… ({len(one.body):,} characters)"
    )
    pairs = [
        *held_pairs(one),
        (
            "Settled by",
            f"{one.settled_by}, {show_instant(one.settled_at, desk.zone)}" if one.settled_at else "",
        ),
        ("Settled so", one.settled_because or ""),
        ("Provider", one.provider),
        ("Received", show_instant(one.received_at, desk.zone)),
        ("As it came", body),
    ]
    return [(label, value) for label, value in pairs if value]


def as_lines(pairs: list[tuple[str, str]]) -> list[str]:
    """(label, value) pairs as aligned lines."""
    width = max((cell_width(label) for label, _ in pairs), default=0)
    return [f"{pad(label, width)}  {value}" for label, value in pairs]


def _by_whom(one: Payment, desk: Desk) -> str:
    if one.associated_at is None:
        return ""
    by = f" by {one.associated_by}" if one.associated_by else ""
    return show_instant(one.associated_at, desk.zone) + by


# ── candidates ───────────────────────────────────────────────────────────────────────────────────────────────────────


def tier_words(tier: int) -> str:
    """How strong the evidence is: a person still decides."""
    if tier <= _STRONG_MAX:
        return "strong"
    return "likely" if tier == _LIKELY else "possible"


def candidate_reasons(candidate: Candidate) -> str:
    """`likely: phone ends 333 and first name fits`."""
    return f"{tier_words(candidate.tier)}: {' and '.join(candidate.reasons) or 'no reason given'}"


# ── after a change ───────────────────────────────────────────────────────────────────────────────────────────────────

_ENTITY_WORDS: Final = frozenset(
    "bank chama church co company enterprises group holdings inc limited llp ltd plc sacco school society stores"
    " traders trust union ventures".split()
)


def short_name(name: str) -> str:
    """`Wanjiku Kamau` as `W. Kamau`; every name that is not plainly a first and a last one stays whole."""
    parts = name.split()
    if len(parts) != 2 or not all(part[0].isalpha() and part[0].isupper() for part in parts):
        return name
    if parts[1].strip(".").casefold() in _ENTITY_WORDS:
        return name
    return f"{parts[0][0]}. {parts[1]}"


def change_sentence(done: str, account_no: str, name: str, changed: Payment) -> str:
    """`100245 W. Kamau: 1,500.00 associated, wallet 3,250.00`, from what the ledger answered."""
    return f"{account_no} {short_name(name)}: {amount(changed)} {done}{_with_balances(changed)}"


def moved_sentence(done: str, changed: Payment) -> str:
    """`Payment 000042, 1,500.00 KES: refunded, wallet 3,250.00`, from what the ledger answered."""
    return f"Payment {changed.payment_no}, {amount_in(changed)}: {done}{_with_balances(changed)}"


def taken_sentence(taken: Payment) -> str:
    """`000101 Wanjiku Kamau, cash 1,500.00 KES, wallet 3,250.00`, from what the ledger answered."""
    whom = customer_label(taken.customer) if taken.customer else f"payment {taken.payment_no}"
    by = tender_word(taken.tender) if taken.tender is not None else words(taken.source)
    return f"{whom}, {by} {amount_in(taken)}{_with_balances(taken)}"


def _with_balances(changed: Payment) -> str:
    several = len(changed.balances) > 1
    balances = ", ".join(
        f"{one.account_no if several else words(one.kind)} {money(one.balance_minor, one.currency)}"
        for one in changed.balances
    )
    return f", {balances}" if balances else ""
