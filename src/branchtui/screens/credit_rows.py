"""From credit accounts, their transactions and statements to the words and columns of a screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from branchtui.format.cells import pad
from branchtui.format.dates import show_date
from branchtui.format.money import money
from branchtui.screens.rows import (
    ROOMY,
    WIDE,
    customer_label,
    kind_word,
    short_instant,
    total_in,
    words,
)
from branchtui.widgets.columns import Column

if TYPE_CHECKING:
    from datetime import date

    from branchtui.contract.credit import CreditAccount, CreditTransaction, Cycle, Settlement
    from branchtui.contract.credit_statements import Statement, StatementBrief, StatementLine, StatementMail
    from branchtui.screens.desk import Desk

NO_LIMIT: Final = "no limit"
TENDERS: Final = (
    ("cash", "Cash"),
    ("bank_transfer", "Bank transfer"),
    ("cheque", "Cheque"),
    ("card", "EFT/Card"),
)
_TENDER_WORDS: Final = dict(TENDERS)
_CYCLE_CELLS: Final = 36
_LABEL_CELLS: Final = 16

HEAD_DATES: Final = 3
"""Settlement dates in the head of an account: beside the longest rhythm they stand whole in 80 cells."""


def limit_words(one: CreditAccount) -> str:
    """The maximum credit: an amount, or that there is none; a star where it only warns."""
    if one.max_credit_minor is None:
        return NO_LIMIT
    shown = money(one.max_credit_minor, one.currency)
    return shown if one.restrict_credit else f"{shown}*"


def available_words(one: CreditAccount) -> str:
    """What may still be bought; below zero what is over the limit."""
    if one.available_minor is None:
        return ""
    return money(one.available_minor if not one.over_limit_minor else -one.over_limit_minor, one.currency)


def next_words(one: CreditAccount, today: date) -> str:
    """The next settlement date in seven cells: `30 Nov`, of another year `2027-01`; empty without a rhythm."""
    if not one.next_settlements:
        return ""
    day = one.next_settlements[0]
    return f"{day:%d %b}" if day.year == today.year else f"{day:%Y-%m}"


def tender_words(tender: str | None) -> str:
    """A tender as the counter calls it."""
    return _TENDER_WORDS.get(str(tender), words(str(tender))) if tender else ""


def account_columns(today: Callable[[], date]) -> list[Column[CreditAccount]]:
    """The list of client accounts; in 80 cells there is room for a name."""
    return [
        Column("Client", lambda one: one.customer.name),
        Column("Account", lambda one: one.account_no, width=8),
        Column("Limit", limit_words, width=12, align="right"),
        Column("Owed", lambda one: money(one.owed_minor, one.currency), width=12, align="right"),
        Column("Available", available_words, width=12, align="right", from_width=ROOMY),
        Column("Status", status_words, width=8),
        Column("Settles", lambda one: next_words(one, today()), width=7, from_width=76),
        Column("E-mail", mail_note, width=12, from_width=WIDE),
        Column("Frequency", lambda one: one.settle_every_words, from_width=120),
    ]


def status_words(one: CreditAccount) -> str:
    """Active or not; that more is owed than allowed, or a mail failed, comes first."""
    if one.over_limit_minor:
        return "over"
    return "mail!" if one.mails_failed else words(one.status)


def mail_note(one: CreditAccount) -> str:
    """What of its statements is on its way."""
    if one.mails_failed:
        return f"{one.mails_failed} failed"
    return f"{one.mails_waiting} waiting" if one.mails_waiting else ""


def account_fits(text: str) -> Callable[[CreditAccount], bool]:
    """Whether an account on the screen fits what is being typed; the ledger's own search follows."""
    wanted = text.casefold().split()

    def fits(one: CreditAccount) -> bool:
        shown = f"{one.customer.name} {one.customer.customer_no} {one.account_no}".casefold()
        return all(word in shown for word in wanted)

    return fits


def account_lines(one: CreditAccount) -> list[tuple[str, str]]:
    """An account restated in a confirmation."""
    return [
        ("Client", customer_label(one.customer)),
        ("Account", one.account_no),
        ("Owed", total_in(one.owed_minor, one.currency)),
    ]


def account_sentence(one: CreditAccount) -> str:
    """An account in a sentence."""
    return f"{customer_label(one.customer)}, account {one.account_no}"


def head_lines(one: CreditAccount) -> list[str]:
    """The head of the account's own screen: terms, then the two cycles side by side."""
    limit = limit_words(one).rstrip("*") + ("" if one.restrict_credit else " (warns only)")
    over = f"  over by {money(one.over_limit_minor, one.currency)}" if one.over_limit_minor else ""
    dates = "  ".join(show_date(each) for each in one.next_settlements[:HEAD_DATES])
    mail = one.statement_email or "none"
    if note := mail_note(one):
        mail = f"{mail} ({note})"
    lines = [
        (
            f"Owed {money(one.owed_minor, one.currency)}  Maximum {limit}  "
            f"Available {available_words(one) or NO_LIMIT} {one.currency}  {words(one.status)}{over}"
        ),
        f"Settles: {one.settle_every_words or 'never'}  {dates}".rstrip(),
        f"E-mail: {mail}",
        "",
    ]
    return lines + cycles_lines(one.cycle, one.previous_cycle, one.currency)


def cycles_lines(current: Cycle | None, previous: Cycle | None, currency: str) -> list[str]:
    """The open cycle and the one before it, side by side."""
    rows: list[tuple[str, Callable[[Cycle], str]]] = [
        ("Carry Forward", lambda one: money(one.opening_minor, currency)),
        ("Purchases", lambda one: money(one.purchases_minor, currency)),
        ("Refunds", lambda one: money(-one.refunds_minor, currency)),
        ("Adjustments", lambda one: money(one.adjustments_minor, currency)),
        ("Settlements", lambda one: money(-one.payments_minor, currency)),
        ("Owed", lambda one: money(one.closing_minor, currency)),
    ]
    titles = [
        f"This cycle, no. {current.cycle_no}, to {_day(current.closed_on)}" if current else "",
        f"Before, no. {previous.cycle_no}, to {_day(previous.closed_on)}"
        if previous
        else "No cycle has ended yet",
    ]
    lines = [f"{pad(titles[0], _CYCLE_CELLS)}  {titles[1]}".rstrip()]
    for label, value in rows:
        cells = [
            pad(f"{pad(label, _LABEL_CELLS)}{pad(value(each), 18, 'right')}", _CYCLE_CELLS)
            if each is not None
            else ""
            for each in (current, previous)
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def _day(day: date | None) -> str:
    return show_date(day) if day is not None else "no date"


def transaction_columns(desk: Desk) -> list[Column[CreditTransaction]]:
    """The transactions of an account."""
    return [
        Column("When", lambda one: short_instant(one.posted_at, desk), width=12),
        Column("What", transaction_word),
        Column("Reference", lambda one: one.pos_ref or "", width=14),
        Column("Amount", lambda one: money(one.amount_minor, one.currency), width=14, align="right"),
        Column("Open", open_words, width=14, align="right"),
        Column("By", lambda one: one.created_by, width=12, from_width=WIDE),
        Column("Narration", lambda one: one.narration, from_width=WIDE),
    ]


def transaction_word(one: CreditTransaction) -> str:
    """What it was; a settlement says by what, and whether it was taken back."""
    if one.tender is not None and one.type == "settlement":
        said = "Reversed" if one.is_reversed else "Settled"
        return f"{said}, {tender_words(one.tender).lower()}"
    return f"{kind_word(one.type)} (reversed)" if one.is_reversed else kind_word(one.type)


def open_words(one: CreditTransaction) -> str:
    """What is open; empty where nothing is."""
    return money(one.open_minor, one.currency) if one.open_minor else ""


def transaction_lines(one: CreditTransaction, desk: Desk) -> list[tuple[str, str]]:
    """A transaction in full."""
    lines = [
        ("What", transaction_word(one)),
        ("Amount", total_in(one.amount_minor, one.currency)),
        ("Open", total_in(one.open_minor, one.currency) if one.open_minor else "settled"),
        ("Owed after it", total_in(one.owed_after_minor, one.currency)),
        ("Posted", f"{desk.time(one.posted_at)} by {one.created_by}"),
        ("Reference", one.pos_ref or ""),
        ("Narration", one.narration),
    ]
    return [(label, value) for label, value in lines if value]


def statement_columns(currency_of: Callable[[Any], str]) -> list[Column[StatementBrief]]:
    """The statements of an account."""

    def shown(minor: Callable[[StatementBrief], int]) -> Callable[[StatementBrief], str]:
        return lambda one: money(minor(one), currency_of(one))

    return [
        Column("No.", lambda one: str(one.cycle_no), width=4, align="right"),
        Column("To", lambda one: show_date(one.closed_on), width=10),
        Column("Opening", shown(lambda one: one.opening_minor), width=13, align="right", from_width=WIDE),
        Column("Purchases", shown(lambda one: one.purchases_minor), width=13, align="right"),
        Column("Settled", shown(lambda one: one.payments_minor), width=13, align="right"),
        Column("Closing", shown(lambda one: one.closing_minor), width=13, align="right"),
        Column("Mail", lambda one: mail_words(one.mail)),
    ]


def mail_words(mail: StatementMail) -> str:
    """Where a statement's mail stands."""
    if mail.state == "waiting":
        return f"waiting, tried {mail.tries}x" if mail.tries else "waiting"
    return "no address" if mail.state == "none" else words(mail.state)


def mail_lines(mail: StatementMail, desk: Desk) -> list[tuple[str, str]]:
    """A statement's mail in full."""
    lines = [
        ("Mail", mail_words(mail)),
        ("To", mail.address or ""),
        ("Sent", desk.time(mail.sent_at) if mail.sent_at else ""),
        ("Next try", desk.time(mail.next_try_at) if mail.next_try_at else ""),
        ("Last error", mail.last_error or ""),
    ]
    return [(label, value) for label, value in lines if value]


def line_columns(desk: Desk, currency: str) -> list[Column[StatementLine]]:
    """The lines of a statement."""
    return [
        Column("When", lambda one: short_instant(one.posted_at, desk), width=12),
        Column("What", lambda one: kind_word(one.type), width=12),
        Column("Reference", lambda one: one.reference or "", width=14),
        Column("Narration", lambda one: one.narration, from_width=ROOMY),
        Column("Amount", lambda one: money(one.amount_minor, currency), width=14, align="right"),
        Column("Owed", lambda one: money(one.owed_after_minor, currency), width=14, align="right"),
    ]


def statement_head(one: Statement, desk: Desk) -> list[str]:
    """The head of a statement on the screen."""
    return [
        f"{one.customer_no} {one.customer_name}, account {one.account_no}",
        (
            f"Opening {money(one.opening_minor, one.currency)}  Purchases {money(one.purchases_minor, one.currency)}  "
            f"Refunds {money(-one.refunds_minor, one.currency)}"
        ),
        (
            f"Adjustments {money(one.adjustments_minor, one.currency)}  "
            f"Settlements {money(-one.payments_minor, one.currency)}  "
            f"Closing {money(one.closing_minor, one.currency)} {one.currency}"
        ),
        "  ".join(f"{label}: {value}" for label, value in mail_lines(one.mail, desk)),
    ]


def receipt_lines(one: Settlement, desk: Desk) -> list[str]:
    """What the client is told of a settlement."""
    rows = [
        ("Receipt", one.settlement_no),
        ("Client", customer_label(one.customer)),
        ("Account", one.account_no),
        ("Paid", f"{total_in(one.amount_minor, one.currency)} by {tender_words(one.tender).lower()}"),
        ("Reference", one.reference or ""),
        ("Settles", f"{len(one.lines)} transactions" if one.lines else ""),
        ("In advance", total_in(one.overpayment_minor, one.currency) if one.overpayment_minor else ""),
        ("Owed now", total_in(one.owed_minor, one.currency)),
        ("Taken by", f"{one.created_by}, {desk.time(one.posted_at)}"),
    ]
    return [f"{label:<10} {value}" for label, value in rows if value]
