"""Vouchers in columns and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branchtui.format.dates import show_instant
from branchtui.format.money import money
from branchtui.screens.rows import ROOMY, WIDE, customer_label, short_instant, total_in, words
from branchtui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from branchtui.contract.vouchers import Plan, Voucher
    from branchtui.screens.desk import Desk


def voucher_columns(desk: Desk) -> list[Column[Voucher]]:
    """The number, the code, what it is of, whose, until when."""
    return [
        Column("No.", lambda one: one.voucher_no, width=9),
        Column("Code", lambda one: one.code, width=14),
        Column("Plan", lambda one: one.plan_name),
        Column("Customer", lambda one: one.customer.name if one.customer else "", from_width=WIDE),
        Column("Price", lambda one: money(one.price_minor, one.currency), width=11, align="right"),
        Column("State", lambda one: words(one.state), width=8),
        Column("Valid until", lambda one: short_instant(one.expires_at, desk), width=12),
        Column("Sold", lambda one: short_instant(one.sold_at, desk), width=12, from_width=ROOMY),
        Column("By", lambda one: one.sold_by, width=11, from_width=WIDE),
    ]


def voucher_fits(text: str) -> Callable[[Voucher], bool]:
    """Whether a voucher already on the screen fits what is being typed; the ledger's own search follows."""
    wanted = text.casefold().replace("-", "").split()

    def fits(one: Voucher) -> bool:
        owner = customer_label(one.customer) if one.customer else ""
        shown = f"{one.voucher_no} {one.code} {one.plan_code} {one.plan_name} {owner}".casefold()
        return all(word in shown.replace("-", "") for word in wanted)

    return fits


def voucher_pairs(one: Voucher, desk: Desk) -> list[tuple[str, str]]:
    """A voucher, whole."""
    pairs = [
        ("Code", one.code),
        ("Plan", f"{one.plan_name} ({one.plan_code})"),
        ("Price", total_in(one.price_minor, one.currency)),
        ("Customer", customer_label(one.customer) if one.customer else ""),
        ("Valid until", show_instant(one.expires_at, desk.zone)),
        ("State", words(one.state)),
        ("Sold", f"{show_instant(one.sold_at, desk.zone)} by {one.sold_by}"),
    ]
    if one.reversal_reason:
        pairs.append(("Reversed", one.reversal_reason))
    return pairs


def plan_words(plan: Plan) -> str:
    """What a plan is, for a choice and a confirmation: `300.00 KES, 7 days`."""
    return f"{total_in(plan.price_minor, plan.currency)}, {plan.validity_days} day{'s' * (plan.validity_days > 1)}"


def voucher_sentence(one: Voucher) -> str:
    """A voucher in a sentence, with what the wallet holds now where the answer told."""
    left = "".join(
        f"; wallet {each.account_no} is now {total_in(each.balance_minor, each.currency)}"
        for each in one.balances
    )
    return f"{one.voucher_no}, {one.plan_name}, code {one.code}{left}"
