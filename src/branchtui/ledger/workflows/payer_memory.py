"""Learned payers: what a person decided is remembered, owned, forgotten after a year, and can be switched off.

A payment that a person gives to a customer teaches that its payer pays for that customer; one that is taken back
teaches it no longer. It is a hint for the next payment of the payer, and never gives one away (contract, section 5).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, select

from branchtui.ledger.feeds.incoming import PhoneForm
from branchtui.ledger.store import tables
from branchtui.ledger.store.mapping import compiled, mapping_of
from branchtui.ledger.store.rows import Customer, LearnedPayer
from branchtui.ledger.workflows.matching import Learned

if TYPE_CHECKING:
    from collections.abc import Iterable

    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.reader import Reader
    from branchtui.ledger.store.rows import Payment
    from branchtui.ledger.store.unit import Tx
    from branchtui.ledger.workflows.matching import Evidence

LEARNED_FOR_US: Final = 365 * 86_400 * 1_000_000
"""What a person decided is a hint for a year."""

_PROPOSED_MAX: Final = 5
_LOOKED_AT_MAX: Final = 200

_c = tables.learned_payers.c
_OF_PAYER: Final = compiled(
    select(*mapping_of(LearnedPayer).select_list)
    .where(_c.payer_key == bindparam("payer"))
    .order_by(_c.customer_id, _c.branch_id)
    .limit(_LOOKED_AT_MAX)
)


def payer_key(phone: str | None, form: str, name: str | None) -> str | None:
    """What a payer is known again by; None for one who cannot be: a masked phone is many people's."""
    if phone is None:
        return None
    if form != PhoneForm.MASKED:
        return phone
    return None if name is None else f"{phone} {name}"


def teach(core: Core, tx: Tx, command: Command, payment: Payment) -> None:
    """Remember the payer of a payment that a person gave to a customer. What is switched off stays so."""
    key = payer_key(payment.payer_phone, payment.phone_form, payment.payer_name)
    if key is None or payment.payer_phone is None or payment.customer_id is None:
        return
    known = _known(tx, key, payment.customer_id, payment.branch_id)
    if known is not None:
        tx.put(replace(known, version=known.version + 1, times=known.times + 1, used_at=command.at_us))
        return
    tx.put(
        LearnedPayer(
            id=core.new_id(),
            version=1,
            branch_id=payment.branch_id,
            customer_id=payment.customer_id,
            payer_key=key,
            payer_phone=payment.payer_phone,
            phone_form=payment.phone_form,
            payer_name=payment.payer_name,
            taught_by=command.principal.username,
            taught_at=command.at_us,
            used_at=command.at_us,
            times=1,
            active=1,
            switched_by=None,
            switched_at=None,
            search_text=payment.search_text,
        )
    )


def unteach(tx: Tx, payment: Payment) -> None:
    """Take out of memory what a payment taught that a person gave away, and that is taken back now.

    With the last payment the row goes, unless somebody switched it off: that decision stays.
    """
    key = payer_key(payment.payer_phone, payment.phone_form, payment.payer_name)
    known = None
    if key is not None and payment.customer_id is not None:
        known = _known(tx, key, payment.customer_id, payment.branch_id)
    if known is None:
        return
    if known.times <= 1 and known.active:
        tx.remove(known)
    else:
        tx.put(replace(known, version=known.version + 1, times=max(known.times - 1, 0)))


def is_expired(row: LearnedPayer, at_us: int) -> bool:
    """Whether nobody gave a payment by it for a year."""
    return row.used_at <= at_us - LEARNED_FOR_US


def trusted(rows: Iterable[LearnedPayer], scope: frozenset[str], at_us: int) -> dict[str, int]:
    """Customer id to times, most first, of what these rows of one payer propose within `scope`.

    What was switched off in one branch of the scope is not proposed because another branch taught it too.
    """
    times: dict[str, int] = {}
    off: set[str] = set()
    for row in rows:
        if row.branch_id not in scope:
            continue
        if not row.active:
            off.add(row.customer_id)
        elif row.times and not is_expired(row, at_us):
            times[row.customer_id] = times.get(row.customer_id, 0) + row.times
    found = ((each, count) for each, count in times.items() if each not in off)
    return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))


async def learned(reader: Reader, evidence: Evidence, scope: frozenset[str], at_us: int) -> list[Learned]:
    """Customers of `scope` to whom people gave payments of the same payer, within a year and not switched off."""
    key = payer_key(evidence.phone, evidence.phone_form, evidence.name)
    if key is None:
        return []
    rows = await reader.rows(LearnedPayer, _OF_PAYER, {"payer": key})
    found: list[Learned] = []
    for customer_id, times in list(trusted(rows, scope, at_us).items())[:_PROPOSED_MAX]:
        customer = await reader.get(Customer, customer_id)
        if customer is not None and customer.branch_id in scope:
            found.append(Learned(customer, times))
    return found


def _known(tx: Tx, key: str, customer_id: str, branch_id: str) -> LearnedPayer | None:
    return tx.find_one(LearnedPayer, payer_key=key, customer_id=customer_id, branch_id=branch_id)
