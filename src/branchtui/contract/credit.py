"""Credit accounts: bought on account, settled at their own rhythm (contract, section 7)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from branchtui.contract.base import (
    MAX_AMOUNT_MINOR,
    AmountMinor,
    Answer,
    Currency,
    Day,
    Id,
    Number,
    OpenEnum,
    Reason,
    RefusedAction,
    Request,
    Resource,
)
from branchtui.contract.customers import AccountBalance, CustomerBrief, NewCustomer

Reference = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Narration = Annotated[str, StringConstraints(max_length=200)]
Email = Annotated[str, StringConstraints(min_length=3, max_length=254)]
LimitMinor = Annotated[int, Field(ge=0, le=MAX_AMOUNT_MINOR)]
"""A limit or an opening: zero or more, in minor units."""

EVERY_MAX = 366
"""The longest rhythm: so many days, weeks or months."""

LINES_MAX = 500
"""Transactions that one settlement may name."""


class CreditStatus(OpenEnum):
    """Whether the account may be bought on."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    OTHER = "other"


class Unit(OpenEnum):
    """What a rhythm counts."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    OTHER = "other"


class Weekday(OpenEnum):
    """A day of the week."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"
    OTHER = "other"


class SettlementTender(OpenEnum):
    """What a settlement is paid with."""

    CASH = "cash"
    BANK_TRANSFER = "bank_transfer"
    CHEQUE = "cheque"
    CARD = "card"
    OTHER = "other"


class SettlementMode(OpenEnum):
    """What a settlement pays: all that is owed, named transactions, or an amount, the oldest first."""

    ALL = "all"
    SELECTED = "selected"
    OLDEST_FIRST = "oldest_first"
    OTHER = "other"


class SettlementState(OpenEnum):
    """`reversed`: the cheque bounced, or it was keyed wrongly; what it settled is open again."""

    POSTED = "posted"
    REVERSED = "reversed"
    OTHER = "other"


class TransactionType(OpenEnum):
    """What moved a credit account. `payment` is one that was associated with it, `reversal` takes back either."""

    OPENING = "opening"
    PURCHASE = "purchase"
    REFUND = "refund"
    ADJUSTMENT = "adjustment"
    SETTLEMENT = "settlement"
    PAYMENT = "payment"
    REVERSAL = "reversal"
    OTHER = "other"


class SettleEvery(Answer):
    """A rhythm: the settlement dates are counted from `anchor`, which is the first period itself.

    Days and weeks: every n-th from the anchor. Months: `day_of_month` (in a shorter month its last day), or the
    anchor's own. With `weekday` it is the first such day on or after each; in months with `nth` the n-th or
    the last one of the month (a month without a fifth one has none). `nth` `last` alone is the last day of the
    month.
    """

    every: int
    unit: Unit
    weekday: Weekday | None = None
    nth: int | Literal["last"] | None = None
    day_of_month: int | None = None
    anchor: date


class NewSettleEvery(Request):
    """A rhythm that is asked for; counted from today unless an `anchor` is given."""

    every: Annotated[int, Field(ge=1, le=EVERY_MAX)]
    unit: Unit
    weekday: Weekday | None = None
    nth: Annotated[int, Field(ge=1, le=5)] | Literal["last"] | None = None
    day_of_month: Annotated[int, Field(ge=1, le=31)] | None = None
    anchor: Day | None = None


class SettlementDates(Answer):
    """`GET /v1/credit-accounts/settlement-dates`: what a rhythm means, in words and as its next dates."""

    settle_every: SettleEvery
    words: str
    next_settlements: tuple[date, ...]


class Cycle(Answer):
    """A cycle of an account: what it opened with, what moved, and what it closed with, or stands at now.

    `closed_on` is the settlement date, None without one; a cycle ends with that day in the branch's time zone.
    Payments count what reversals took back again with a minus. `statement_id` is of one that has ended.
    """

    cycle_no: int
    opened_at: datetime
    closed_on: date | None = None
    opening_minor: int
    purchases_minor: int
    refunds_minor: int
    adjustments_minor: int
    payments_minor: int
    closing_minor: int
    statement_id: str | None = None


class CreditWarning(Answer):
    """Something that was done all the same and has to be known: `credit-limit-exceeded` by `over_by` minor units."""

    code: str
    message: str
    over_by: int | None = None


class CreditAccount(Resource):
    """A credit account; amounts in minor units of `currency`.

    `max_credit_minor` None is no limit. `available_minor` is what may still be bought, never below zero, None
    without a limit; `over_limit_minor` is by how much more is owed than the limit allows. `version` counts
    changes of the terms, not purchases. `cycle` and `previous_cycle` come with one account, not with a list.
    """

    branch_id: str
    customer_id: str
    customer: CustomerBrief
    account_no: str
    currency: str
    status: CreditStatus
    opening_credit_minor: int
    carry_forward_minor: int
    max_credit_minor: int | None
    restrict_credit: bool
    owed_minor: int
    available_minor: int | None
    over_limit_minor: int
    settle_every: SettleEvery | None = None
    settle_every_words: str = ""
    next_settlements: tuple[date, ...] = ()
    statement_email: str | None = None
    mails_waiting: int = 0
    mails_failed: int = 0
    cycle: Cycle | None = None
    previous_cycle: Cycle | None = None
    created_by: str
    created_at: datetime
    balances: tuple[AccountBalance, ...] = ()
    warnings: tuple[CreditWarning, ...] = ()


class NewCreditAccount(Request):
    """`POST /v1/credit-accounts`: for a customer by `customer_id`, or for a new one in `customer`, active at once."""

    customer_id: Id | None = None
    customer: NewCustomer | None = None
    account_no: Number | None = None
    currency: Currency | None = None
    opening_credit_minor: LimitMinor = 0
    max_credit_minor: LimitMinor | None
    restrict_credit: bool
    settle_every: NewSettleEvery | None = None
    statement_email: Email | None = None
    status: CreditStatus = CreditStatus.ACTIVE


class CreditAccountChange(Request):
    """`PATCH /v1/credit-accounts/{id}`: only the members that are sent change; null takes away."""

    max_credit_minor: LimitMinor | None = None
    restrict_credit: bool | None = None
    settle_every: NewSettleEvery | None = None
    statement_email: Email | None = None
    status: CreditStatus | None = None


class CreditTransaction(Answer):
    """A movement of a credit account; `amount_minor` positive is owed more, negative less.

    `open_minor` is what of it is not settled yet, or (below zero) settles nothing yet; over all transactions it
    adds up to what is owed. `seq` counts the account's transactions. `settlement_id` is of a settlement.
    """

    id: str
    account_id: str
    seq: int
    type: TransactionType
    amount_minor: int
    open_minor: int
    owed_after_minor: int
    currency: str
    posted_at: datetime
    pos_ref: str | None = None
    narration: str = ""
    settlement_id: str | None = None
    tender: SettlementTender | None = None
    is_reversed: bool = False
    created_by: str
    actions: tuple[str, ...] = ()
    refused: dict[str, RefusedAction] = {}


class PostedTransaction(CreditTransaction):
    """A transaction that was just made, with what the account stands at now, in minor units."""

    owed_minor: int
    available_minor: int | None
    balances: tuple[AccountBalance, ...] = ()
    warnings: tuple[CreditWarning, ...] = ()


class NewPurchase(Request):
    """`POST /v1/credit-accounts/{id}/purchases`; `pos_ref` is the till's own number of the sale."""

    amount_minor: AmountMinor
    pos_ref: Reference | None = None
    narration: Narration = ""


class NewRefund(Request):
    """`POST /v1/credit-accounts/{id}/refunds`: goods given back; settles the sale of `pos_ref`, then the oldest."""

    amount_minor: AmountMinor
    pos_ref: Reference | None = None
    narration: Narration = ""


class NewAdjustment(Request):
    """`POST /v1/credit-accounts/{id}/adjustments`: positive is owed more, negative less; never zero."""

    amount_minor: Annotated[int, Field(ge=-MAX_AMOUNT_MINOR, le=MAX_AMOUNT_MINOR)]
    pos_ref: Reference | None = None
    narration: Narration = ""


class SettlementLine(Request):
    """A transaction to settle: all that is open of it, or `amount_minor` of that."""

    transaction_id: Id
    amount_minor: AmountMinor | None = None


class SettledLine(Answer):
    """How much of which transaction a settlement settles, in minor units."""

    transaction_id: str
    type: TransactionType
    pos_ref: str | None = None
    amount_minor: int


class NewCheque(Request):
    """A cheque as it is written."""

    number: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    bank: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    date: Day


class Cheque(Answer):
    """A cheque as it was taken in."""

    number: str
    bank: str
    date: date


class NewSettlement(Request):
    """`POST /v1/credit-accounts/{id}/settlements`.

    `all` needs no amount, `selected` the transactions, `oldest_first` an amount. What goes beyond what is owed,
    or beyond the lines that were named, needs `allow_overpayment`.
    """

    tender: SettlementTender
    mode: SettlementMode = SettlementMode.ALL
    reference: Reference | None = None
    lines: Annotated[tuple[SettlementLine, ...], Field(strict=False, max_length=LINES_MAX)] = ()
    amount_minor: AmountMinor | None = None
    allow_overpayment: bool = False
    cheque: NewCheque | None = None


class Settlement(Resource):
    """A settlement; `lines` are what it settles now, `overpayment_minor` what was left over when it was made."""

    account_id: str
    account_no: str
    customer: CustomerBrief
    settlement_no: str
    transaction_id: str
    tender: SettlementTender
    mode: SettlementMode
    reference: str | None = None
    cheque: Cheque | None = None
    amount_minor: int
    overpayment_minor: int
    currency: str
    state: SettlementState
    lines: tuple[SettledLine, ...] = ()
    posted_at: datetime
    created_by: str
    reversed_at: datetime | None = None
    reversed_by: str | None = None
    reason: str | None = None
    owed_minor: int
    available_minor: int | None = None
    balances: tuple[AccountBalance, ...] = ()


class SettlementReversal(Request):
    """`POST /v1/settlements/{id}/reverse`: why."""

    reason: Reason
