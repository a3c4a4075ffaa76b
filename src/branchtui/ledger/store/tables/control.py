"""What keeps people honest: approvals, proofs of a session, spent refresh tokens, second factors."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table

from branchtui.ledger.store.tables.schema import integer, key, metadata, text

session_proofs = Table(
    "session_proofs",
    metadata,
    key("session_id"),
    integer("proved_at"),
)

spent_refreshes = Table(
    "spent_refreshes",
    metadata,
    key("token_hash"),
    text("session_id"),
    text("user_id"),
    integer("spent_at"),
    Index("spent_refreshes_user", "user_id"),
)

second_factors = Table(
    "second_factors",
    metadata,
    key("user_id"),
    integer("wanted"),
    Column("seed", LargeBinary, nullable=True),
    integer("confirmed_at", null=True),
    integer("last_step"),
    text("recovery"),
)

branch_versions = Table("branch_versions", metadata, key("branch_id"), integer("version"))

approvals = Table(
    "approvals",
    metadata,
    key(),
    integer("version"),
    text("branch_id", ForeignKey("branches.id")),
    text("action"),
    text("object_id"),
    integer("object_version"),
    text("body"),
    text("summary"),
    integer("amount_minor", null=True),
    text("currency", null=True),
    text("reason"),
    text("difference"),
    text("difference_hash"),
    text("state"),
    text("maker_id", ForeignKey("users.id")),
    text("maker"),
    text("maker_person_id"),
    integer("created_at"),
    integer("expires_at"),
    text("decided_by", null=True),
    integer("decided_at", null=True),
    text("decision_reason", null=True),
    text("resource", null=True),
    Index("approvals_branch", "branch_id", "created_at", "id"),
    Index("approvals_maker", "maker_id", "created_at", "id"),
    Index("approvals_state", "state", "expires_at"),
)

approval_slots = Table(
    "approval_slots", metadata, key("slot"), text("approval_id", ForeignKey("approvals.id"))
)
"""One that waits, by action and object; whatever was decided gives its place back (MC-4)."""

CONTROL = (session_proofs, spent_refreshes, second_factors, branch_versions, approvals, approval_slots)
"""The tables of this module, in the order in which they are made."""
