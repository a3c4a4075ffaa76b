"""What became of an operation key (IDEM-9), and the audit chain (contract, section 9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from branchtui.contract.base import Answer, OpenEnum


class OperationState(OpenEnum):
    """`cancelled` is a fence: no late copy of the request can ever be applied."""

    IN_PROGRESS = "in_progress"
    SUCCEEDED = "succeeded"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    OTHER = "other"


class Operation(Answer):
    """One keyed change. `resource` is the path of what it made or changed.

    `reference` is the key's short form that people read to each other. `summary` holds no full
    name and no phone. `amount_minor` is in minor units of `currency`, when money was meant.
    """

    key: str
    state: OperationState
    status: int | None = None
    resource: str | None = None
    completed_at: datetime | None = None
    reference: str
    action: str = ""
    summary: str = ""
    amount_minor: int | None = None
    currency: str | None = None
    code: str | None = None
    actor: str | None = None


class AuditRow(Answer):
    """One link of a branch's chain (AUD-1, AUD-2)."""

    seq: int
    at: datetime
    actor: str
    role: str
    branch_id: str
    action: str
    object: str | None = None
    operation_key: str | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    outcome: str
    reason: str | None = None
    prev_hash: str
    hash: str


class ChainHead(Answer):
    """Where a branch's chain stands."""

    branch_id: str
    seq: int
    hash: str


class AuditHead(Answer):
    """`GET /v1/audit/head`: every chain the user may see."""

    items: tuple[ChainHead, ...]
