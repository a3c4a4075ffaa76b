"""Associating all payments of a list that have one certain owner: all means what was seen (CONC-5)."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from branchtui.contract.balance_records import SetHash
from branchtui.contract.base import Answer, Day, Id, Request

REMAINING_MAX: Final = 100_000
"""Payments behind a piece that are counted; where there are more, this many are told."""


class PaymentFilter(Request):
    """The members of the list's query that narrow what waits; a branch covers those below it."""

    branch: Id | None = None
    date_from: Day | None = None
    date_to: Day | None = None
    q: Annotated[str, StringConstraints(max_length=140)] | None = None


class AssociationQuery(PaymentFilter):
    """`GET /v1/payments/association-summary`: the list, and `after` which of its payments to look."""

    after: Id | None = None


class AssociationSummary(Answer):
    """`GET /v1/payments/association-summary`: the payments of the list that wait and have one certain owner.

    `by_reference` (tier 1) and `by_phone` (tier 2) add up to `count`; `total_minor` is in minor units of `currency`.
    `set_hash` is the fingerprint of exactly these payments, in these versions, for exactly these accounts.
    A long list is looked through piece by piece: of `looked_at` payments behind the payment `after`; the next piece
    comes after `next`, which is null at the end of the list. `remaining` wait behind this piece, `REMAINING_MAX` at most
    are counted.
    """

    count: int
    total_minor: int
    set_hash: str
    currency: str
    by_reference: int
    by_phone: int
    looked_at: int
    after: str | None = None
    next: str | None = None
    remaining: int = 0


class AssociateAll(Request):
    """`POST /v1/payments/associate-all`: the filter, and what was seen, of the piece `after` a payment."""

    filter: PaymentFilter | None = None
    after: Id | None = None
    count: Annotated[int, Field(ge=0)]
    total_minor: Annotated[int, Field(ge=0)]
    set_hash: SetHash


class AssociationResult(Answer):
    """What was associated."""

    count: int
    total_minor: int
    currency: str
