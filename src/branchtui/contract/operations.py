"""What became of an operation key (IDEM-9), and the audit chain (contract, section 9)."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Any, Final

from branchtui.contract.base import Answer, OpenEnum

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_UUID = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE | re.ASCII
)
_REFERENCE_BITS: Final = 30


def short_reference(key: str) -> str:
    """The short form of an operation key that people read to each other: `7QK2-M9`.

    Six Crockford base32 characters, of the key's LAST 30 bits: the first ones of a UUIDv7 are a
    clock, so that two operations of one hour would share them (link, section 5, says "first").
    A key that is no UUID is hashed, and the last 30 bits of its SHA-256 are shown.
    """
    digits = key.replace("-", "") if _UUID.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest()
    bits = int(digits[-8:], 16) & ((1 << _REFERENCE_BITS) - 1)
    text = "".join(_CROCKFORD[(bits >> shift) & 31] for shift in range(_REFERENCE_BITS - 5, -1, -5))
    return f"{text[:4]}-{text[4:]}"


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
