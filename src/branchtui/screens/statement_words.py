"""A statement in words: its balances beside its entries, what is new, what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.contract.imports import ImportState
from branchtui.contract.statements import StatementAccount
from branchtui.format.counts import count_of
from branchtui.format.money import money
from branchtui.screens.rows import words

if TYPE_CHECKING:
    from branchtui.contract.imports import Import
    from branchtui.contract.statements import StatementTotals

SHOWN_MAX: Final = 2
"""Statements that are told of one by one; a file may hold many."""


def found_lines(import_: Import) -> list[str]:
    """The statements of a file; for many, the first ones and how many more there are."""
    lines: list[str] = []
    for each in import_.statements[:SHOWN_MAX]:
        lines += statement_lines(each)
    more = len(import_.statements) - SHOWN_MAX
    if more > 0:
        new = sum(each.new for each in import_.statements)
        doubtful = sum(bool(each.difference_minor) for each in import_.statements)
        said = f"and {count_of(more, 'more statement')}; {count_of(new, 'payment')} in all"
        lines.append(said + (f", {doubtful:,} do not add up" if doubtful else ""))
    return lines or ["No statement was found in the file."]


def statement_lines(one: StatementTotals) -> list[str]:
    """The account; its balances; what the entries come to; what becomes of them."""
    ours = "" if one.is_ours is StatementAccount.OURS else "  (none of ours)"
    head = f"{one.account or 'Account not named'}{ours}  {one.identity}".rstrip()
    opening, closing = _balance(one.opening_minor, one), _balance(one.closing_minor, one)
    balances = [f"opening {opening}", f"closing {closing}", _agreement(one)]
    entries = [
        f"in {_money(one.credits_minor, one)} ({one.credits:,})",
        f"out {_money(one.debits_minor, one)} ({one.debits:,})",
    ]
    fates = [f"{one.new:,} new, {_money(one.new_minor, one)}"]
    for count, said in (
        (one.known, "here already"),
        (one.quarantined, "held: they contradict a payment"),
        (one.passed_over, "no payment" if one.passed_over == 1 else "no payments"),
        (one.wrong, "wrong"),
    ):
        if count:
            fates.append(f"{count:,} {said}")
    return [head, "  " + "  ".join(balances), "  " + "  ".join(entries), "  " + ", ".join(fates)]


def new_word(import_: Import) -> str:
    """`2 payments`: what of a file would be new."""
    new = sum(each.new for each in import_.statements)
    return f"{new:,} {'payment' if new == 1 else 'payments'}"


def doubt_lines(import_: Import) -> list[tuple[str, str]]:
    """What does not add up, for the question before it is taken in."""
    return [(one.account, _doubt(one)) for one in import_.statements if one.difference_minor][:10]


def _doubt(one: StatementTotals) -> str:
    entries = _money(one.credits_minor - one.debits_minor, one)
    differs = _money(abs(one.difference_minor or 0), one)
    opening, closing = _balance(one.opening_minor, one), _balance(one.closing_minor, one)
    return f"opening {opening}, entries {entries}, closing {closing}: differs by {differs}"


def result_line(import_: Import) -> str:
    """What became of it."""
    if import_.state is not ImportState.DONE:
        return import_.reason or f"The import is {words(import_.state)}."
    if not import_.imported:
        return "Nothing in it was new."
    total = f", {money(import_.total_minor, import_.currency)} {import_.currency}" if import_.currency else ""
    noun = "payment" if import_.imported == 1 else "payments"
    held = sum(one.quarantined for one in import_.statements)
    return f"{import_.imported:,} {noun} taken in{total}" + (f"; {held:,} held" if held else "") + "."


def _agreement(one: StatementTotals) -> str:
    if one.difference_minor is None:
        return "not compared"
    if one.difference_minor == 0:
        return "they agree"
    return f"DIFFERS BY {_money(abs(one.difference_minor), one)}"


def _balance(minor: int | None, one: StatementTotals) -> str:
    return "not said" if minor is None else _money(minor, one)


def _money(minor: int, one: StatementTotals) -> str:
    return f"{money(minor, one.currency)} {one.currency}".rstrip()
