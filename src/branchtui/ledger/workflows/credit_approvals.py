"""What a second person can allow on credit accounts: more credit, large purchases and settlements, reversals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final

from branchtui.contract import credit as wire
from branchtui.contract.approvals import Difference
from branchtui.contract.credit import SettlementState
from branchtui.format.money import money
from branchtui.ledger.problems import Refusal, not_found
from branchtui.ledger.store.rows import CreditAccount, Settlement
from branchtui.ledger.workflows import credit_accounts, credit_postings, credit_rules, credit_settlements
from branchtui.ledger.workflows.approval_rules import Approvable, Subject
from branchtui.ledger.workflows.credit_book import standing
from branchtui.ledger.workflows.credit_frequency import Frequency, in_words
from branchtui.ledger.workflows.credit_plans import verify
from branchtui.ledger.workflows.credit_rules import CreditAction, Standing
from branchtui.ledger.workflows.credit_views import account_answer, lines_of, settlement_answer

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command, Reply
    from branchtui.ledger.store.unit import Tx


def _subject(
    who: Principal, at: Standing, what: str, amount_minor: int | None, lines: tuple[Difference, ...]
) -> Subject:
    """What a request about an account shows: whose it is, then `lines`."""
    head = (
        Difference(field="Customer", after=f"{at.customer.customer_no} {at.customer.name}"),
        Difference(field="Account", after=at.account.account_no),
    )
    return Subject(
        branch_id=at.account.branch_id,
        version=at.credit.version,
        current=account_answer(who, at),
        summary=f"{what} on {at.account.account_no}, {at.customer.customer_no}",
        amount_minor=amount_minor,
        currency=at.credit.currency,
        lines=(*head, *lines),
    )


def _amount(at: Standing, amount_minor: int) -> str:
    return f"{money(amount_minor, at.credit.currency)} {at.credit.currency}"


def _owed(at: Standing, amount_minor: int) -> Difference:
    owed = at.credit.owed_minor
    return Difference(field="Owed", before=_amount(at, owed), after=_amount(at, owed + amount_minor))


# ── terms ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _change_subject(
    core: Core, tx: Tx, who: Principal, credit_id: str, asked: wire.CreditAccountChange
) -> Subject:
    at = standing(core, tx, who, credit_id)
    changed = credit_accounts.changed_terms(at, asked, date.fromisoformat(at.today))
    lines = tuple(
        Difference(field=label, before=before, after=after)
        for label, before, after in zip(
            ("Limit", "Restricts", "Settles", "Status", "E-mail"),
            _terms(at, at.credit),
            _terms(at, changed),
            strict=True,
        )
        if before != after
    )
    limit = changed.max_credit_minor
    return _subject(who, at, f"limit {'none' if limit is None else _amount(at, limit)}", limit, lines)


def _terms(at: Standing, credit: CreditAccount) -> tuple[str, ...]:
    limit = credit.max_credit_minor
    return (
        "no limit" if limit is None else _amount(at, limit),
        "yes" if credit.restrict_credit else "no",
        in_words(Frequency.loaded(credit.frequency)) if credit.frequency else "never",
        credit.status,
        credit.statement_email or "none",
    )


def _change_refusal(
    core: Core, tx: Tx, who: Principal, credit_id: str, asked: wire.CreditAccountChange
) -> Refusal | None:
    at = standing(core, tx, who, credit_id)
    changed = credit_accounts.changed_terms(at, asked, date.fromisoformat(at.today))
    return credit_rules.refuse(CreditAction.EDIT, who, at) or credit_rules.refuse_terms(
        who, _exposure(at.credit), _exposure(changed), changed.currency
    )


def _exposure(credit: CreditAccount) -> int | None:
    return credit_rules.exposure_minor(credit.max_credit_minor, restrict=bool(credit.restrict_credit))


def _change(
    core: Core, tx: Tx, command: Command, credit_id: str, seen: int, asked: wire.CreditAccountChange
) -> Reply:
    return credit_accounts.change(core, tx, command, credit_id, seen, asked)


# ── purchases and settlements ────────────────────────────────────────────────────────────────────────────────────────


def _purchase_subject(core: Core, tx: Tx, who: Principal, credit_id: str, asked: wire.NewPurchase) -> Subject:
    at = standing(core, tx, who, credit_id)
    lines = [
        Difference(field="Purchase", after=_amount(at, asked.amount_minor)),
        _owed(at, asked.amount_minor),
    ]
    if asked.pos_ref:
        lines.append(Difference(field="Reference", after=asked.pos_ref))
    if asked.narration:
        lines.append(Difference(field="Narration", after=asked.narration))
    what = f"purchase of {_amount(at, asked.amount_minor)}"
    return _subject(who, at, what, asked.amount_minor, tuple(lines))


def _purchase_refusal(
    core: Core, tx: Tx, who: Principal, credit_id: str, asked: wire.NewPurchase
) -> Refusal | None:
    at = standing(core, tx, who, credit_id)
    return (
        credit_rules.refuse(CreditAction.PURCHASE, who, at)
        or credit_rules.refuse_credit(at, asked.amount_minor)
        or credit_rules.refuse_amount(CreditAction.PURCHASE, who, asked.amount_minor, at.credit.currency)
    )


def _purchase(core: Core, tx: Tx, command: Command, credit_id: str, _: int, asked: wire.NewPurchase) -> Reply:
    return credit_postings.purchase(core, tx, command, credit_id, asked)


def _settle_subject(core: Core, tx: Tx, who: Principal, credit_id: str, asked: wire.NewSettlement) -> Subject:
    at = standing(core, tx, who, credit_id)
    verify(asked)
    planned = credit_settlements.planned_for(tx, at, asked)
    lines = [
        Difference(field="Settlement", after=_amount(at, planned.amount_minor)),
        Difference(field="Tender", after=asked.tender.value.replace("_", " ")),
        _owed(at, -planned.amount_minor),
    ]
    if asked.reference:
        lines.append(Difference(field="Reference", after=asked.reference))
    what = f"settlement of {_amount(at, planned.amount_minor)}"
    return _subject(who, at, what, planned.amount_minor, tuple(lines))


def _settle_refusal(
    core: Core, tx: Tx, who: Principal, credit_id: str, asked: wire.NewSettlement
) -> Refusal | None:
    at = standing(core, tx, who, credit_id)
    refusal = credit_rules.refuse(CreditAction.SETTLE, who, at)
    if refusal is not None:
        return refusal
    planned = credit_settlements.planned_for(tx, at, asked)
    return credit_rules.refuse_amount(CreditAction.SETTLE, who, planned.amount_minor, at.credit.currency)


def _settle(core: Core, tx: Tx, command: Command, credit_id: str, _: int, asked: wire.NewSettlement) -> Reply:
    return credit_settlements.settle(core, tx, command, credit_id, asked)


# ── reversals ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _settlement(core: Core, tx: Tx, who: Principal, settlement_id: str) -> tuple[Settlement, Standing]:
    found = tx.get(Settlement, settlement_id)
    if found is None:
        raise not_found("settlement")
    return found, standing(core, tx, who, found.account_id)


def _reverse_subject(
    core: Core, tx: Tx, who: Principal, settlement_id: str, asked: wire.SettlementReversal
) -> Subject:
    settlement, at = _settlement(core, tx, who, settlement_id)
    lines = (
        Difference(field="Settlement", after=settlement.settlement_no),
        Difference(field="Tender", after=settlement.tender.replace("_", " ")),
        Difference(
            field="State", before=settlement.state.replace("_", " "), after=SettlementState.REVERSED.value
        ),
        _owed(at, settlement.amount_minor),
        Difference(field="Reason", after=asked.reason),
    )
    what = f"settlement {settlement.settlement_no}, {_amount(at, settlement.amount_minor)}"
    shown = _subject(who, at, what, settlement.amount_minor, lines)
    now = settlement_answer(who, at, settlement, lines_of(tx, settlement.transaction_id))
    return replace(shown, version=settlement.version, current=now)


def _reverse_refusal(
    core: Core, tx: Tx, who: Principal, settlement_id: str, _: wire.SettlementReversal
) -> Refusal | None:
    settlement, at = _settlement(core, tx, who, settlement_id)
    return credit_rules.refuse_reversal(who, settlement, at)


def _reverse(
    core: Core, tx: Tx, command: Command, settlement_id: str, _: int, asked: wire.SettlementReversal
) -> Reply:
    return credit_settlements.reverse(core, tx, command, settlement_id, asked.reason)


APPROVABLES: Final = (
    Approvable("credit-account.change", wire.CreditAccountChange, _change_subject, _change_refusal, _change),
    Approvable("credit-account.purchase", wire.NewPurchase, _purchase_subject, _purchase_refusal, _purchase),
    Approvable("credit-account.settle", wire.NewSettlement, _settle_subject, _settle_refusal, _settle),
    Approvable("settlement.reverse", wire.SettlementReversal, _reverse_subject, _reverse_refusal, _reverse),
)
"""Registered by `approvables.py`."""
