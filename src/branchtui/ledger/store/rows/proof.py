"""Rows of what was asked, answered and proved."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operation:
    """A key and what became of it; `headers` is a JSON object, `guard` the soft duplicate's signature."""

    key: str
    principal_id: str
    actor: str
    branch_id: str
    fingerprint: bytes
    action: str
    state: str
    status: int
    code: str | None
    headers: str
    body: bytes
    resource: str | None
    summary: str
    amount_minor: int | None
    currency: str | None
    guard: str | None
    reference: str
    completed_at: int


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A link of a branch's chain."""

    branch_id: str
    seq: int
    at: int
    actor: str
    person_id: str
    role: str
    session_hash: str | None
    address: str | None
    action: str
    object: str | None
    operation_key: str | None
    before: str | None
    after: str | None
    outcome: str
    reason: str | None
    request_id: str | None
    prev_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Where a chain stands."""

    branch_id: str
    seq: int
    at: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day of a branch that takes no more postings; its id is branch and date."""

    id: str
    branch_id: str
    date: str
    closed_by: str
    closed_at: int
