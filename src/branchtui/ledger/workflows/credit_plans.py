"""What a settlement pays, and what is matched with what. Pure: open items in, a plan or a refusal out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from branchtui.contract.credit import SettlementMode, SettlementTender
from branchtui.contract.problem import Codes
from branchtui.format.money import money
from branchtui.ledger.cards import holds_card_number
from branchtui.ledger.problems import Refusal, conflict, invalid, not_found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from branchtui.contract.credit import NewSettlement
    from branchtui.ledger.store.rows import CreditOpenItem, CreditTransaction

_CARD: Final = "This looks like a card number. Take it out."


@dataclass(frozen=True, slots=True)
class Plan:
    """A settlement of `amount_minor`: first `lines` (a transaction and how much of it), then the oldest.

    `overpayment_minor` is what is left when nothing is open any more.
    """

    amount_minor: int
    lines: tuple[tuple[str, int], ...]
    overpayment_minor: int


def verify(asked: NewSettlement) -> None:
    """The rules of a settlement's own values.

    Raises:
        Refusal: 422 naming the member.
    """
    if asked.mode is not SettlementMode.SELECTED and asked.lines:
        raise invalid("/lines", "Only a settlement of chosen transactions has lines.")
    if asked.mode is SettlementMode.SELECTED and not asked.lines:
        raise invalid("/lines", "Which transactions? Name one at least.")
    if asked.mode is SettlementMode.OLDEST_FIRST and asked.amount_minor is None:
        raise invalid("/amount_minor", "How much? The oldest transactions are settled with it.")
    if len({line.transaction_id for line in asked.lines}) < len(asked.lines):
        raise invalid("/lines", "A transaction is named twice.")
    if asked.cheque is not None and asked.tender is not SettlementTender.CHEQUE:
        raise invalid("/cheque", "Only a settlement by cheque has one.")
    if asked.reference and holds_card_number(asked.reference):
        raise invalid("/reference", _CARD)
    if asked.cheque is not None and holds_card_number(asked.cheque.number):
        raise invalid("/cheque/number", _CARD)


def plan(
    asked: NewSettlement,
    items: Sequence[CreditOpenItem],
    known: Mapping[str, CreditTransaction],
    currency: str,
) -> Plan | Refusal:
    """What `asked` pays of what is open.

    `items` are the account's open debits; `known` the account's transactions among those that were named.
    """
    open_minor = sum(item.open_minor for item in items)
    if asked.mode is SettlementMode.SELECTED:
        return _selected(asked, items, known, open_minor, currency)
    amount = open_minor if asked.amount_minor is None else asked.amount_minor
    if asked.mode is SettlementMode.ALL and open_minor == 0 and not asked.allow_overpayment:
        return conflict(Codes.ALREADY_SETTLED, "Nothing is owed on this account.", open_minor=0)
    if amount == 0:
        return invalid("/amount_minor", "Nothing is owed. How much is paid in advance?")
    if asked.mode is SettlementMode.ALL and amount < open_minor:
        return conflict(
            Codes.BATCH_CHANGED,
            f"{money(open_minor, currency)} {currency} is owed now, not {money(amount, currency)}. Look again.",
            owed=open_minor,
        )
    if amount > open_minor and not asked.allow_overpayment:
        return _overpayment(amount, open_minor, currency, "is owed")
    return Plan(amount, (), max(0, amount - open_minor))


def _selected(
    asked: NewSettlement,
    items: Sequence[CreditOpenItem],
    known: Mapping[str, CreditTransaction],
    open_minor: int,
    currency: str,
) -> Plan | Refusal:
    by_id = {item.transaction_id: item.open_minor for item in items}
    lines: list[tuple[str, int]] = []
    for place, line in enumerate(asked.lines):
        transaction = known.get(line.transaction_id)
        if transaction is None:
            return not_found("transaction on this account")
        if transaction.amount_minor < 0:
            return invalid(f"/lines/{place}/transaction_id", "Only what is owed can be settled.")
        still = by_id.get(line.transaction_id, 0)
        wanted = still if line.amount_minor is None else line.amount_minor
        if still == 0 or wanted > still:
            what = transaction.pos_ref or f"no. {transaction.seq}"
            return conflict(
                Codes.ALREADY_SETTLED,
                f"Of transaction {what} {money(still, currency)} {currency} is open now. Look again.",
                transaction_id=transaction.id,
                open_minor=still,
            )
        lines.append((line.transaction_id, wanted))
    total = sum(amount for _, amount in lines)
    amount = total if asked.amount_minor is None else asked.amount_minor
    if amount < total:
        return invalid(
            "/amount_minor",
            f"Amount: the lines add up to {money(total, currency)}. Name less of one of them.",
        )
    if amount > total and not asked.allow_overpayment:
        return _overpayment(amount, total, currency, "was chosen")
    return Plan(amount, tuple(lines), max(0, amount - open_minor))


def _overpayment(amount: int, most: int, currency: str, what: str) -> Refusal:
    return conflict(
        Codes.OVERPAYMENT,
        f"{money(amount, currency)} {currency} is {money(amount - most, currency)} more than {what}. "
        "Say that the rest is to be kept for later.",
        owed=most,
        over_by=amount - most,
    )


def matches(
    credits_: Sequence[CreditOpenItem], debits: Sequence[CreditOpenItem]
) -> Iterator[tuple[CreditOpenItem, CreditOpenItem, int]]:
    """Pair what was paid with what is owed, both oldest first: credit, debit, how much (positive)."""
    waiting = [(item, item.open_minor) for item in sorted(debits, key=lambda each: each.seq)]
    place = 0
    for credit in sorted(credits_, key=lambda each: each.seq):
        left = -credit.open_minor
        while left and place < len(waiting):
            debit, still = waiting[place]
            amount = min(left, still)
            yield credit, debit, amount
            left -= amount
            waiting[place] = (debit, still - amount)
            place += still == amount
