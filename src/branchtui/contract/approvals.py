"""Requests that wait for a second person (contract, section 9; MC-1 to 5)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from branchtui.contract.base import Answer, Code, Id, OpenEnum, Reason, Request, Resource


class ApprovalState(OpenEnum):
    """`expired`: nobody decided within 24 hours. `stale`: what it is about changed meanwhile."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    STALE = "stale"
    OTHER = "other"


class NewApproval(Request):
    """`POST /v1/approvals`: `action` as `refused[...].approval` names it, on the object in the version that was seen.

    `body` is what the action itself takes.
    """

    action: Code
    object_id: Id
    object_version: Annotated[int, Field(ge=1)]
    body: dict[str, Any] = {}
    reason: Reason


class Approve(Request):
    """`POST /v1/approvals/{id}/approve`: signs the difference that was shown (MC-3)."""

    difference_hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Reject(Request):
    """`POST /v1/approvals/{id}/reject`."""

    reason: Reason


class Difference(Answer):
    """One line of what would change: as it is, and as it would be. `before` is empty for what is only restated."""

    field: str
    before: str = ""
    after: str = ""


class Approval(Resource):
    """A request. `difference` is made by the ledger from what stands now; `difference_hash` is what approving signs.

    `actions` are `approve`, `reject`, `withdraw`, as this user may; `summary` holds no full name.
    """

    action: str
    object_id: str
    object_version: int
    branch_id: str
    summary: str
    amount_minor: int | None = None
    currency: str | None = None
    reason: str
    state: ApprovalState
    maker: str
    created_at: datetime
    expires_at: datetime
    difference: tuple[Difference, ...] = ()
    difference_hash: str = ""
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision_reason: str | None = None
    resource: str | None = None


class Filed(Approval):
    """The answer 202 to a request: it waits, and no money has moved."""

    code: str = "pending-approval"
    approval_id: str
