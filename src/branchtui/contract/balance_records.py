"""Member balances keyed or imported, then posted (contract, section 4)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from branchtui.contract.base import (
    TRIMMED,
    AmountMinor,
    Answer,
    Currency,
    Day,
    Id,
    Number,
    OpenEnum,
    Reason,
    Request,
    Resource,
)
from branchtui.contract.customers import AccountBalance, AccountKind, CustomerBrief


class RecordStatus(OpenEnum):
    """`not_accounted` waits; `accounted` is in the journal for ever; `reversed` has its mirror there."""

    NOT_ACCOUNTED = "not_accounted"
    ACCOUNTED = "accounted"
    REVERSED = "reversed"
    OTHER = "other"


RECORD_KINDS = (AccountKind.SAVINGS, AccountKind.SHARES, AccountKind.LOAN, AccountKind.OVERPAYMENT)
"""The account kinds a balance record may state."""

Narration = Annotated[str, StringConstraints(max_length=200)]
ExternalRef = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True), TRIMMED]
Product = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class BalanceRecord(Resource):
    """A member balance that waits to be posted, or was.

    `amount_minor` is in the smallest unit of `currency` and always positive: the account kind
    decides its side. `external_ref` is unique in the branch for ever, so that a file sent twice
    adds nothing. `balances` holds the accounts that the answered change touched.
    """

    branch_id: str
    customer_id: str
    customer: CustomerBrief
    account_kind: AccountKind
    account_no: str | None = None
    product: str | None = None
    amount_minor: int
    currency: str
    as_of_date: date
    narration: str = ""
    external_ref: str | None = None
    status: RecordStatus
    import_id: str | None = None
    created_by: str
    created_at: datetime
    posted_by: str | None = None
    posted_at: datetime | None = None
    balances: tuple[AccountBalance, ...] = ()


class NewBalanceRecord(Request):
    """`POST /v1/balance-records`."""

    customer_id: Id
    account_kind: AccountKind
    account_no: Number | None = None
    product: Product | None = None
    amount_minor: AmountMinor
    currency: Currency
    as_of_date: Day
    narration: Narration = ""
    external_ref: ExternalRef | None = None


class BalanceRecordChange(Request):
    """`PATCH /v1/balance-records/{id}`: only the members that are sent change."""

    customer_id: Id | None = None
    account_kind: AccountKind | None = None
    account_no: Number | None = None
    product: Product | None = None
    amount_minor: AmountMinor | None = None
    currency: Currency | None = None
    as_of_date: Day | None = None
    narration: Narration | None = None
    external_ref: ExternalRef | None = None


class Reversal(Request):
    """Why something posted is taken back; the mirror entry carries it."""

    reason: Reason


class RecordFilter(Request):
    """The members of the list's query, as a body or as parameters."""

    status: RecordStatus | None = None
    import_id: Id | None = None
    created_by: Annotated[str, StringConstraints(max_length=64)] | None = None
    account_kind: AccountKind | None = None
    customer: Id | None = None
    as_of_from: Day | None = None
    as_of_to: Day | None = None
    branch: Id | None = None
    q: Annotated[str, StringConstraints(max_length=140)] | None = None


SetHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


SUMMARY_IDS_MAX = 200
"""Records that `GET /v1/balance-records/summary` takes by name: they travel in the request's line."""


class RecordSummary(Answer):
    """`GET /v1/balance-records/summary`: what the set is that a bulk action would touch.

    `count` and `total_minor` cover the not accounted records of the filter that this user may post.
    `set_hash` is the fingerprint of exactly these records in exactly these versions.
    """

    count: int
    total_minor: int
    set_hash: str
    currency: str


class BulkAction(Request):
    """`POST /v1/balance-records/post-all` and `/delete-all`: all means what was seen (CONC-5)."""

    filter: RecordFilter | None = None
    ids: Annotated[tuple[Id, ...], Field(strict=False, min_length=1, max_length=20_000)] | None = None
    count: Annotated[int, Field(ge=0)]
    total_minor: Annotated[int, Field(ge=0)]
    set_hash: SetHash


class BulkResult(Answer):
    """What a bulk action did; with `job_id` what a job goes on to do (202), piece by piece."""

    count: int
    total_minor: int
    currency: str
    job_id: str | None = None
