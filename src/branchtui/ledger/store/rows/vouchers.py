"""Rows of plans and vouchers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """What vouchers are sold of; `active` is 0 or 1. `import_row_no` is the row of the file that brought it, if one did."""

    id: str
    version: int
    code: str
    name: str
    name_key: str
    price_minor: int
    currency: str
    validity_days: int
    active: int
    created_at: int
    import_id: str | None = None
    import_row_no: int | None = None


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher with the plan as it was sold; one that was taken back has a `reversal_reason`."""

    id: str
    version: int
    branch_id: str
    voucher_no: str
    code: str
    customer_id: str
    account_id: str
    plan_id: str
    plan_code: str
    plan_name: str
    price_minor: int
    currency: str
    sold_at: int
    sold_by: str
    expires_at: int
    entry_id: str
    operation_key: str
    row_no: int
    reversal_reason: str | None
