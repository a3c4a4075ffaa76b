"""Mobile-money payments that nobody made: most name their owner, some wait, each for a reason of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from branchtui.contract.payments import PaymentSource, PaymentState
from branchtui.ledger import numbers
from branchtui.ledger.journal import EntryDraft, transfer
from branchtui.ledger.phones import region_of
from branchtui.ledger.seeds.payers import Payers, by_owner
from branchtui.ledger.store.rows import Account, Payment
from branchtui.ledger.workflows import matching
from branchtui.ledger.workflows.matching import Decision, Evidence
from branchtui.ledger.workflows.payment_search import searched_text
from branchtui.ledger.workflows.payment_steps import ASSOCIATED, RECEIVED
from branchtui.ledger.workflows.payments import COUNTER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from branchtui.ledger.operations import Command
    from branchtui.ledger.seeds.people import Person
    from branchtui.ledger.seeds.planting import Planting
    from branchtui.ledger.store.rows import Customer
    from branchtui.ledger.store.unit import BulkTx

PROVIDER: Final = "mpesa"
CODES: Final = "seed_code"

_LETTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUVWXYZ"
_CODE_LETTERS: Final = 7
_CODE_STRIDE: Final = 20_000_000_089
"""Shares no divisor with the number of codes: neighbours in the count look nothing alike."""

_ROUND_MINOR: Final = (5_000, 10_000, 20_000, 50_000, 100_000, 150_000, 250_000, 500_000)


@dataclass(frozen=True, slots=True)
class Drafted:
    """A payment before it is written: what it says, what the rules decided, the owner's wallet if it has one."""

    evidence: Evidence
    decision: Decision[Customer]
    wallet: Account | None
    amount_minor: int
    paid_at_us: int
    code: str
    payment_no: str


def draft_payments(
    tx: BulkTx, planting: Planting, active: list[Person], count: int, unmatched: int, waiting_days: int
) -> Iterator[tuple[int, Drafted]]:
    """`count` payments with the place of their day, in order of time; exactly `unmatched` of them wait."""
    if not count:
        return
    rng, days = planting.rng, planting.days
    recent = max(0, len(days) - waiting_days)
    when: list[tuple[int, int, bool]] = []
    for place in range(count):
        waits = place < unmatched
        day = rng.randrange(recent if waits else 0, len(days))
        when.append((days[day].instant(rng), day, waits))
    when.sort()
    payers = Payers(tx, planting, active)
    first_no, first_code = numbers.reserve(tx, COUNTER, count), numbers.reserve(tx, CODES, count)
    oldest = next((place for place, (_, _, waits) in enumerate(when) if waits), None)
    for place, (paid_at_us, day, waits) in enumerate(when):
        owner = None if waits else rng.choice(active)
        stranger = payers.recognisable if place == oldest else payers.stranger
        evidence, found = by_owner(planting, owner) if owner else stranger()
        decision = matching.decide(evidence, found)
        assert (decision.customer is None) == waits, "the rules agree with the plan"
        drafted = Drafted(
            evidence=evidence,
            decision=decision,
            wallet=owner.wallet if owner else None,
            amount_minor=_amount_minor(planting),
            paid_at_us=paid_at_us,
            code=_code(first_code + place),
            payment_no=f"{first_no + place:06d}",
        )
        yield day, drafted


def settle(
    planting: Planting, drafted: Drafted, command: Command, day: str, own: tuple[Account, Account]
) -> tuple[Payment, list[EntryDraft]]:
    """The row and the journal entries of a payment: its receipt, and its association where it has an owner.

    `own` are the branch's provider float and unallocated receipts.
    """
    evidence, wallet, decision = drafted.evidence, drafted.wallet, drafted.decision
    region = region_of(planting.branch.currency, planting.branch.timezone)
    payment = Payment(
        id=planting.new_id(drafted.paid_at_us),
        version=1,
        branch_id=planting.branch.id,
        payment_no=drafted.payment_no,
        source=PaymentSource.CALLBACK.value,
        provider=PROVIDER,
        code=drafted.code,
        payer_phone=evidence.phone,
        phone_form=evidence.phone_form.value,
        payer_name=evidence.name,
        account_ref=evidence.reference,
        amount_minor=drafted.amount_minor,
        currency=planting.branch.currency,
        paid_at=drafted.paid_at_us,
        received_at=drafted.paid_at_us,
        state=(PaymentState.ASSOCIATED if wallet else PaymentState.UNASSOCIATED).value,
        waits_because=decision.waits_because,
        customer_id=wallet.customer_id if wallet else None,
        account_id=wallet.id if wallet else None,
        match_tier=decision.tier,
        match_reasons=json.dumps(decision.reasons, ensure_ascii=False),
        associated_by=command.principal.username if wallet else None,
        associated_at=command.at_us if wallet else None,
        search_text=searched_text(evidence, drafted.code, drafted.payment_no, region),
    )
    float_, unallocated = own
    entries = [_entry(payment, RECEIVED, float_, unallocated, day)]
    if wallet is not None:
        entries.append(_entry(payment, ASSOCIATED, unallocated, wallet, day))
    return payment, entries


def _entry(payment: Payment, kind: str, debit: Account, credit: Account, day: str) -> EntryDraft:
    return EntryDraft(
        kind=kind,
        branch_id=payment.branch_id,
        subject_id=payment.id,
        legs=transfer(debit, credit, payment.amount_minor),
        business_date=day,
        narration=f"Payment {payment.payment_no}",
        reference=payment.code,
    )


def _amount_minor(planting: Planting) -> int:
    """Mostly round amounts, as people send them."""
    rng = planting.rng
    if rng.random() < 0.6:
        return rng.choice(_ROUND_MINOR)
    return rng.randrange(50, 20_000) * 100


def _code(count: int) -> str:
    """A provider's code, ten letters and digits, none twice."""
    value = count * _CODE_STRIDE % len(_LETTERS) ** _CODE_LETTERS
    code = ""
    for _ in range(_CODE_LETTERS):
        value, digit = divmod(value, len(_LETTERS))
        code += _LETTERS[digit]
    return f"TKD{code}"
