"""Learned payers: what people taught by associating payments (contract, section 5)."""

from __future__ import annotations

from datetime import datetime

from branchtui.contract.base import OpenEnum, Request, Resource
from branchtui.contract.customers import CustomerBrief


class LearnedState(OpenEnum):
    """Whether a learned payer is proposed: `active` is, `off` and `expired` are not."""

    ACTIVE = "active"
    OFF = "off"
    EXPIRED = "expired"
    OTHER = "other"


class LearnedPayer(Resource):
    """That people gave payments of this payer to this customer, which proposes the customer for the next one.

    `payer_phone` is masked unless the user is permitted to see it. `times` counts the payments that the customer has
    by it now; `used_at` is when the last of them was given, and `expires_at` a year later. `switched_by` and
    `switched_at` tell of the last switch, off or on.
    """

    branch_id: str
    customer_id: str
    customer: CustomerBrief
    payer_phone: str
    payer_name: str | None = None
    taught_by: str
    taught_at: datetime
    used_at: datetime
    times: int
    expires_at: datetime
    state: LearnedState
    switched_by: str | None = None
    switched_at: datetime | None = None


class LearnedPayerChange(Request):
    """`PATCH /v1/learned-payers/{id}`: false switches it off, true on again."""

    active: bool
