"""Rows of what is done at the counter beside the journal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PaymentTender:
    """With what a payment came over the counter (`received`), or went back (`refunded`)."""

    payment_id: str
    direction: str
    tender: str
    reference: str | None
    narration: str
    actor: str
    at: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt of a journal entry; `copies` counts the prints after the first."""

    id: str
    version: int
    branch_id: str
    receipt_no: str
    entry_id: str
    kind: str
    customer_id: str | None
    account_no: str | None
    amount_minor: int
    currency: str
    booked_at: int
    issued_by: str
    issued_at: int
    copies: int
