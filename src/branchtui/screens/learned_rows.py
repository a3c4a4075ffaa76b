"""Learned payers in columns and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.contract.learned_payers import LearnedState
from branchtui.format.dates import show_date, show_instant
from branchtui.screens.rows import WIDE, customer_label, short_instant, words
from branchtui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from branchtui.contract.learned_payers import LearnedPayer
    from branchtui.screens.desk import Desk

_STATES: Final = {LearnedState.ACTIVE: "proposed"}


def state_words(one: LearnedPayer) -> str:
    """`proposed`, `off` or `expired`."""
    return _STATES.get(one.state, words(one.state))


def payer_words(one: LearnedPayer) -> str:
    """A payer as far as one may see: phone and name."""
    return f"{one.payer_phone} {one.payer_name or ''}".strip()


def learned_columns(desk: Desk) -> list[Column[LearnedPayer]]:
    """Whose phone, to whom, how often, by whom, until when."""
    return [
        Column("Phone", lambda one: one.payer_phone, width=13),
        Column("Payer", lambda one: one.payer_name or "", from_width=WIDE),
        Column("Customer", lambda one: customer_label(one.customer)),
        Column("Times", lambda one: f"{one.times:,}", width=5, align="right"),
        Column("Taught by", lambda one: one.taught_by, width=11),
        Column("State", state_words, width=8),
        Column("Last used", lambda one: short_instant(one.used_at, desk), width=12),
        Column(
            "Expires",
            lambda one: show_date(one.expires_at.astimezone(desk.zone).date()),
            width=10,
            from_width=WIDE,
        ),
    ]


def learned_fits(text: str) -> Callable[[LearnedPayer], bool]:
    """Whether a payer already on the screen fits what is being typed; the ledger's own search follows."""
    wanted = text.casefold().split()

    def fits(one: LearnedPayer) -> bool:
        shown = f"{payer_words(one)} {customer_label(one.customer)} {one.taught_by}".casefold()
        return all(word in shown for word in wanted)

    return fits


def learned_pairs(one: LearnedPayer, desk: Desk) -> list[tuple[str, str]]:
    """A learned payer, whole."""
    times = "once" if one.times == 1 else f"{one.times:,} times"
    pairs = [
        ("Payer", payer_words(one)),
        ("Customer", customer_label(one.customer)),
        ("State", state_words(one)),
        ("Taught", f"{show_instant(one.taught_at, desk.zone)} by {one.taught_by}"),
        ("Given", f"{times}, last {show_instant(one.used_at, desk.zone)}"),
        ("Expires", show_instant(one.expires_at, desk.zone)),
    ]
    if one.switched_at is not None:
        switched = "Switched off" if one.state is LearnedState.OFF else "Switched on"
        pairs.append((switched, f"{show_instant(one.switched_at, desk.zone)} by {one.switched_by}"))
    return pairs


def switched_sentence(one: LearnedPayer) -> str:
    """What was done, in a sentence."""
    off = one.state is LearnedState.OFF
    return f"{payer_words(one)}: {one.customer.customer_no} is proposed {'no more' if off else 'again'}."
