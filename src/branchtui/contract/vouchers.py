"""Plans, and the vouchers that a customer's wallet buys of them (contract, section 5)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from branchtui.contract.base import (
    AmountMinor,
    Answer,
    Currency,
    Id,
    Name,
    OpenEnum,
    Reason,
    Request,
    Resource,
)
from branchtui.contract.codes import ProductCode
from branchtui.contract.customers import AccountBalance, CustomerBrief
from branchtui.contract.loans import BalanceChange

VALIDITY_DAYS_MAX: Final = 3_650
ValidityDays = Annotated[int, Field(ge=1, le=VALIDITY_DAYS_MAX)]
"""How many times twenty-four hours a voucher may be used, from its sale on."""


class Plan(Resource):
    """What a voucher is of. `price_minor` is in minor units of `currency`."""

    code: str
    name: str
    price_minor: int
    currency: str
    validity_days: int
    active: bool = True


class NewPlan(Request):
    """`POST /v1/plans`."""

    code: ProductCode
    name: Name
    price_minor: AmountMinor
    currency: Currency
    validity_days: ValidityDays


class PlanChange(Request):
    """`PATCH /v1/plans/{id}`. A plan keeps its code and currency; vouchers that were sold stay as they were sold."""

    name: Name | None = None
    price_minor: AmountMinor | None = None
    validity_days: ValidityDays | None = None
    active: bool | None = None


class VoucherState(OpenEnum):
    """What a voucher is worth now."""

    VALID = "valid"
    EXPIRED = "expired"
    REVERSED = "reversed"
    OTHER = "other"


class Voucher(Resource):
    """A voucher: plan and price as they were when it was sold.

    `code` is what is keyed in to use it, and what its holder has; who may not print it sees its last four characters.
    `transaction_id` is the journal entry of the sale. `balances` come with an answer to a change: the wallet's.
    """

    branch_id: str
    voucher_no: str
    code: str
    state: VoucherState
    customer_id: str
    customer: CustomerBrief | None = None
    account_id: str
    plan_id: str
    plan_code: str
    plan_name: str
    price_minor: int
    currency: str
    sold_by: str
    sold_at: datetime
    expires_at: datetime
    transaction_id: str
    reversal_reason: str | None = None
    balances: tuple[AccountBalance, ...] = ()


class SellVoucher(Request):
    """`POST /v1/customers/{id}/vouchers`.

    `price_minor` is the price that was shown: with another price by now nothing is sold.
    """

    plan_id: Id
    price_minor: AmountMinor | None = None


class VoucherEffect(Answer):
    """What a sale would do: the plan, and the wallet before and after."""

    customer_id: str
    plan: Plan
    expires_at: datetime
    change: BalanceChange


class ReverseVoucher(Request):
    """`POST /v1/vouchers/{id}/reverse`."""

    reason: Reason
