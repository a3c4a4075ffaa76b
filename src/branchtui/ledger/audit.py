"""The audit chain: one a branch, each row bound to the one before it (AUD-1, AUD-2).

`hash = SHA-256(version ‖ prev_hash ‖ length ‖ canonical JSON of the row without its hashes)`. One
serialization serves writer and verifier.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from branchtui.ledger.store.rows import AuditRow, ChainHead

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.store.unit import Tx

GENESIS: Final = bytes(32)
_VERSION: Final = b"\x01"
_MEMBERS: Final = tuple(sorted(f.name for f in fields(AuditRow) if f.name not in {"prev_hash", "hash"}))
_VALUES_OF: Final = attrgetter(*_MEMBERS)
# Made once: `json.dumps` with these options would make one a row. Members come sorted, and cannot be circular.
_CANONICAL: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, for the chain. `before` and `after` hold no full names and no phones."""

    action: str
    outcome: str = "applied"
    object: str | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    reason: str | None = None


def row_hash(row: AuditRow) -> bytes:
    """The hash that binds `row` to its predecessor; never reads `row.hash`."""
    body = _CANONICAL(dict(zip(_MEMBERS, _VALUES_OF(row), strict=True))).encode()
    return hashlib.sha256(_VERSION + row.prev_hash + len(body).to_bytes(8, "big") + body).digest()


def append(
    tx: Tx,
    event: Event,
    *,
    branch_id: str,
    principal: Principal,
    at_us: int,
    operation_key: str | None,
    request_id: str | None,
) -> AuditRow:
    """Add a row to the branch's chain, in the transaction of what it tells of.

    Its time is the ledger's and strictly increases in the chain, even when the clock steps back (DUR-6).
    """
    head = tx.get(ChainHead, branch_id) or ChainHead(branch_id=branch_id, seq=0, at=0, hash=GENESIS)
    row = AuditRow(
        branch_id=branch_id,
        seq=head.seq + 1,
        at=max(at_us, head.at + 1),
        actor=principal.username,
        person_id=principal.person_id,
        role=principal.role.value,
        session_hash=_short(principal.session_id),
        address=principal.address,
        action=event.action,
        object=event.object,
        operation_key=operation_key,
        before=_json(event.before),
        after=_json(event.after),
        outcome=event.outcome,
        reason=event.reason,
        request_id=request_id,
        prev_hash=head.hash,
        hash=b"",
    )
    row = replace(row, hash=row_hash(row))
    tx.put(row)
    tx.put(ChainHead(branch_id=branch_id, seq=row.seq, at=row.at, hash=row.hash))
    return row


def _short(session_id: str | None) -> str | None:
    return hashlib.sha256(session_id.encode()).hexdigest()[:16] if session_id else None


def _json(value: dict[str, Any] | None) -> str | None:
    return (
        None
        if value is None
        else json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    )
