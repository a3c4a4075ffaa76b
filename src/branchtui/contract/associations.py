"""Associating all payments of a list that have one certain owner: all means what was seen (CONC-5)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from branchtui.contract.balance_records import SetHash
from branchtui.contract.base import Answer, Day, Id, Request


class PaymentFilter(Request):
    """The members of the list's query that narrow what waits; a branch covers those below it."""

    branch: Id | None = None
    date_from: Day | None = None
    date_to: Day | None = None
    q: Annotated[str, StringConstraints(max_length=140)] | None = None


class AssociationSummary(Answer):
    """`GET /v1/payments/association-summary`: the payments of the list that wait and have one certain owner.

    `by_reference` (tier 1) and `by_phone` (tier 2) add up to `count`; `total_minor` is in minor units of `currency`.
    `set_hash` is the fingerprint of exactly these payments, in these versions, for exactly these accounts.
    """

    count: int
    total_minor: int
    set_hash: str
    currency: str
    by_reference: int
    by_phone: int


class AssociateAll(Request):
    """`POST /v1/payments/associate-all`: the filter, and what was seen."""

    filter: PaymentFilter | None = None
    count: Annotated[int, Field(ge=0)]
    total_minor: Annotated[int, Field(ge=0)]
    set_hash: SetHash


class AssociationResult(Answer):
    """What was associated."""

    count: int
    total_minor: int
    currency: str
