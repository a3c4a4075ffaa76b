"""Requests for a second person, in words and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.format.money import money
from branchtui.screens.rows import WIDE, short_instant, words
from branchtui.widgets.columns import Column

if TYPE_CHECKING:
    from branchtui.contract.approvals import Approval
    from branchtui.screens.desk import Desk

_ASKS: Final = {
    "balance-record.post": "Post",
    "balance-record.reverse": "Reverse",
    "credit-account.change": "Change",
    "credit-account.purchase": "Post",
    "credit-account.settle": "Take",
    "settlement.reverse": "Take back",
    "payment.associate": "Associate",
    "payment.disassociate": "Disassociate",
    "payment.reassign": "Reassign",
    "payment.refund": "Refund",
    "payment.reverse": "Reverse",
    "voucher.reverse": "Reverse",
}
_FINAL_STATES: Final = {"approved", "rejected", "withdrawn"}


def approval_what(one: Approval) -> str:
    """What is asked for: `Associate payment 000042`. The amount has a column of its own."""
    verb = _ASKS.get(one.action) or words(one.action.rpartition(".")[2]).capitalize()
    subject = one.summary
    if one.amount_minor is not None and one.currency is not None:
        stated = f"{money(one.amount_minor, one.currency)} {one.currency}"
        subject = subject.replace(f", {stated}", "").replace(f" {stated}", "")
    return f"{verb} {subject}"


def approval_columns(desk: Desk) -> list[Column[Approval]]:
    """When, what, how much, who asked, where it stands."""
    return [
        Column("Asked", lambda one: short_instant(one.created_at, desk), width=12),
        Column("What", approval_what),
        Column("Amount", _amount, width=14, align="right"),
        Column("By", lambda one: one.maker, width=12),
        Column("State", lambda one: words(one.state), width=10),
        Column("Decided by", lambda one: one.decided_by or "", width=12, from_width=WIDE),
    ]


def approval_lines(one: Approval, desk: Desk) -> list[tuple[str, str]]:
    """The difference as the ledger made it, then who asked and why, and what became of it."""
    lines = [
        (line.field, f"{line.before} → {line.after}" if line.before else line.after)
        for line in one.difference
    ]
    lines += [("Asked by", f"{one.maker}, {desk.time(one.created_at)}"), ("Because", one.reason)]
    if one.state.value in _FINAL_STATES and one.decided_by and one.decided_at:
        lines.append((words(one.state).capitalize(), f"{one.decided_by}, {desk.time(one.decided_at)}"))
    elif one.state.value == "pending":
        lines.append(("Waits until", desk.time(one.expires_at)))
    else:
        lines.append(("State", words(one.state)))
    if one.decision_reason:
        lines.append(("Reason", one.decision_reason))
    return lines


def decided_sentence(one: Approval) -> str:
    """What the ledger did: `Approved: Associate payment 000042 of teller1`."""
    return f"{words(one.state).capitalize()}: {approval_what(one)}, asked by {one.maker}."


def _amount(one: Approval) -> str:
    if one.amount_minor is None or one.currency is None:
        return ""
    return money(one.amount_minor, one.currency)
