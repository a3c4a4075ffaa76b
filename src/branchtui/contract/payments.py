"""Payments that arrive, wait, and find their owners (contract, section 5)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from branchtui.contract.base import (
    AmountMinor,
    Answer,
    Currency,
    Day,
    Id,
    OpenEnum,
    Reason,
    Request,
    Resource,
)
from branchtui.contract.customers import AccountBalance, CustomerBrief
from branchtui.contract.tenders import Tender, TenderReference


class PaymentState(OpenEnum):
    """Where a payment stands."""

    ASSOCIATED = "associated"
    UNASSOCIATED = "unassociated"
    IGNORED = "ignored"
    REFUNDED = "refunded"
    REVERSED = "reversed"
    OTHER = "other"


class PaymentSource(OpenEnum):
    """The door a payment came by."""

    CALLBACK = "callback"
    STATEMENT = "statement"
    MANUAL = "manual"
    OTHER = "other"


class Match(Answer):
    """Why a payment belongs, or may belong, to a customer.

    `tier`: 0 by a person's choice, 1 account reference, 2 phone, 3 hash of the phone; 4 and 5 only suggest.
    """

    tier: int
    reasons: tuple[str, ...] = ()


class CandidateCustomer(Answer):
    """Who a payment may belong to."""

    id: str
    customer_no: str
    name: str
    account_no: str


class Candidate(Answer):
    """A suggestion that says why. `score` is 0 to 100."""

    customer: CandidateCustomer
    tier: int
    score: int
    reasons: tuple[str, ...]


class Refund(Answer):
    """How the money of a payment went back, and who gave it."""

    tender: Tender
    reference: str | None = None
    reason: str
    refunded_by: str
    refunded_at: datetime


class Payment(Resource):
    """One payment, one row, whichever doors it came by.

    `payer_phone` is masked unless the user is permitted to see it. `waits_because` says why a payment waits, or
    why it was ignored, refunded or reversed. `tender`, `narration` and `keyed_by` are of a payment that was keyed
    by hand. `candidates` come with `include=candidates` while the payment waits; `balances` with an answer to a
    change.
    """

    branch_id: str
    payment_no: str
    source: PaymentSource
    provider: str | None = None
    code: str | None = None
    payer_phone: str | None = None
    payer_name: str | None = None
    account_ref: str | None = None
    amount_minor: int
    currency: str
    paid_at: datetime
    received_at: datetime
    state: PaymentState
    waits_because: str | None = None
    customer_id: str | None = None
    customer: CustomerBrief | None = None
    account_id: str | None = None
    match: Match | None = None
    associated_by: str | None = None
    associated_at: datetime | None = None
    tender: Tender | None = None
    narration: str = ""
    keyed_by: str | None = None
    refund: Refund | None = None
    candidates: tuple[Candidate, ...] | None = None
    balances: tuple[AccountBalance, ...] = ()


class Candidates(Answer):
    """`GET /v1/payments/{id}/candidates`, best first."""

    items: tuple[Candidate, ...]


class Associate(Request):
    """`POST /v1/payments/{id}/associate`; without `account_id` the money goes to the wallet."""

    customer_id: Id
    account_id: Id | None = None


class Disassociate(Request):
    """`POST /v1/payments/{id}/disassociate`."""

    reason: Reason


class Reassign(Request):
    """`POST /v1/payments/{id}/reassign`: from the customer who has it to another, in one step."""

    customer_id: Id
    account_id: Id | None = None
    reason: Reason


class Ignore(Request):
    """`POST /v1/payments/{id}/ignore` and `/v1/callback-events/{id}/ignore`: out of the queue, until it is restored."""

    reason: Reason


class RefundPayment(Request):
    """`POST /v1/payments/{id}/refund`: the money goes back by a tender. `reference` may be missing for cash alone."""

    tender: Tender
    reference: TenderReference | None = None
    reason: Reason


class ReversePayment(Request):
    """`POST /v1/payments/{id}/reverse`: a payment that was keyed wrongly."""

    reason: Reason


Provider = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,19}$")]
"""A provider of mobile money, as its feed is called: `mpesa`."""


class NewPayment(Request):
    """`POST /v1/payments`: money that was handed over, associated at once.

    It goes to the customer's wallet, or to the account of theirs that it pays. `provider` belongs to mobile money
    and to nothing else. `receipt_no` is the provider's code, or the number on slip, cheque or receipt: it may be
    missing for cash alone, and is unique by provider, or by tender. `paid_on` is today unless given, never later.
    """

    customer_id: Id
    account_id: Id | None = None
    amount_minor: AmountMinor
    currency: Currency
    tender: Tender
    provider: Provider | None = None
    receipt_no: TenderReference | None = None
    paid_on: Day | None = None
    narration: Annotated[str, StringConstraints(max_length=200)] = ""


class CallbackState(OpenEnum):
    """What became of a provider's message that is kept apart.

    `quarantined` and `parked` credited nothing and are held until a person has seen to them: `ignored` ones somebody
    settled by hand. `cleaned` became a payment whose texts are not shown as they came (VAL-3). `confirmed` told of a
    payment that had been keyed by hand already: it credited nothing more, and that payment has come.
    """

    QUARANTINED = "quarantined"
    PARKED = "parked"
    CLEANED = "cleaned"
    IGNORED = "ignored"
    CONFIRMED = "confirmed"
    OTHER = "other"


class CallbackEvent(Resource):
    """What a provider or a bank sent that was kept apart, with the reason and the body as it came.

    `settled_by`, `settled_at` and `settled_because` tell who ignored it, when and why; `held_as` is the state that
    it had and gets again when it is restored.
    """

    state: CallbackState
    reason: str
    code: str | None = None
    provider: str
    body: str
    received_at: datetime
    branch_id: str | None = None
    held_as: CallbackState | None = None
    settled_by: str | None = None
    settled_at: datetime | None = None
    settled_because: str | None = None


class ProviderAnswer(Answer):
    """What a mobile-money provider expects to read."""

    ResultCode: int = 0
    ResultDesc: str = "Accepted"


class PaymentSummary(Answer):
    """How many payments stand where, and what waits; amounts in minor units."""

    by_state: dict[str, int]
    unassociated_minor: int
    oldest_unassociated_at: datetime | None = None
    currency: str
