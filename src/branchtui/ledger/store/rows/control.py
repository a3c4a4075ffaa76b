"""Rows of approvals, proofs, spent tokens and second factors."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionProof:
    """When the person at a session last proved who it is, beyond signing in (AUTH-7)."""

    session_id: str
    proved_at: int


@dataclass(frozen=True, slots=True)
class SpentRefresh:
    """A refresh token that was exchanged, as its hash: when it comes back, somebody else holds it (AUTH-6)."""

    token_hash: str
    session_id: str
    user_id: str
    spent_at: int


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """A user's one-time codes; `seed` is sealed, `last_step` the last 30-second step that was used (AUTH-4).

    `wanted` asks for a code at sign-in; `recovery` is a JSON list of the hashes of codes that are left.
    """

    user_id: str
    wanted: int
    seed: bytes | None
    confirmed_at: int | None
    last_step: int
    recovery: str


@dataclass(frozen=True, slots=True)
class BranchVersion:
    """How often a branch was changed; one without a row stands at version 1."""

    branch_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Approval:
    """A request that waits for a second person, or what became of it.

    `body` is what the action takes, as JSON; `difference` what the checker sees, as JSON, and
    `difference_hash` what an approval signs (MC-3).
    """

    id: str
    version: int
    branch_id: str
    action: str
    object_id: str
    object_version: int
    body: str
    summary: str
    amount_minor: int | None
    currency: str | None
    reason: str
    difference: str
    difference_hash: str
    state: str
    maker_id: str
    maker: str
    maker_person_id: str
    created_at: int
    expires_at: int
    decided_by: str | None
    decided_at: int | None
    decision_reason: str | None
    resource: str | None


@dataclass(frozen=True, slots=True)
class ApprovalSlot:
    """The request that waits for an action on an object; `slot` names both."""

    slot: str
    approval_id: str
