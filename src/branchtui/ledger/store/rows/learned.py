"""Rows of what people taught about payers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LearnedPayer:
    """That people gave payments of a payer to a customer.

    `payer_key` is what the payer is known again by: the phone, and with a masked one the name. `times` counts the
    payments that the customer has by this now; `used_at` is when the last of them was given; `active` is 0 or 1.
    `search_text` is that of the payment that taught it.
    """

    id: str
    version: int
    branch_id: str
    customer_id: str
    payer_key: str
    payer_phone: str
    phone_form: str
    payer_name: str | None
    taught_by: str
    taught_at: int
    used_at: int
    times: int
    active: int
    switched_by: str | None
    switched_at: int | None
    search_text: str
