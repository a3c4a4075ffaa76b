"""Customers on the way from one branch to another (contract, section 3)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import StringConstraints

from branchtui.contract.base import Answer, Day, Id, OpenEnum, Reason, Request, Resource
from branchtui.contract.customers import CustomerBrief

Words = Annotated[str, StringConstraints(max_length=500)]


class TransferState(OpenEnum):
    """Where a transfer stands."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    OTHER = "other"


class TransferDirection(OpenEnum):
    """Seen from the caller's branch."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    OTHER = "other"


class ProposeTransfer(Request):
    """`POST /v1/customers/{id}/transfer/propose`."""

    destination_branch_id: Id
    transfer_date: Day
    note: Words | None = None


class AcceptTransfer(Request):
    """`POST /v1/customers/{id}/transfer/accept`, by the destination; `staff_id` is one of its own."""

    staff_id: Id | None = None
    note: Words | None = None


class RejectTransfer(Request):
    """`POST /v1/customers/{id}/transfer/reject`, by the destination."""

    reason: Reason


class WithdrawTransfer(Request):
    """`POST /v1/customers/{id}/transfer/withdraw`, by the origin."""

    note: Words | None = None


class Transfer(Resource):
    """A transfer as both branches see it. `version` is the customer's: what accept, reject and withdraw must say."""

    customer_id: str
    customer: CustomerBrief
    from_branch_id: str
    from_branch_code: str
    to_branch_id: str
    to_branch_code: str
    transfer_date: date
    note: str | None = None
    state: TransferState
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision_note: str | None = None


class Destination(Answer):
    """A branch that a customer may be offered to, as anybody of the institution may name it."""

    id: str
    code: str
    name: str


class Destinations(Answer):
    """`GET /v1/transfers/destinations`: the branches whose books are in the currency of the caller's, by code."""

    items: tuple[Destination, ...]
