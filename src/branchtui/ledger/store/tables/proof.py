"""What was asked and answered: operation keys, the audit chain, closed days."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, Table

from branchtui.ledger.store.tables.schema import APPEND_ONLY, integer, key, metadata, text

operations = Table(
    "operations",
    metadata,
    key("key"),
    text("principal_id"),
    text("actor"),
    text("branch_id"),
    Column("fingerprint", LargeBinary, nullable=False),
    text("action"),
    text("state"),
    integer("status"),
    text("code", null=True),
    text("headers"),
    Column("body", LargeBinary, nullable=False),
    text("resource", null=True),
    text("summary"),
    integer("amount_minor", null=True),
    text("currency", null=True),
    text("guard", null=True),
    text("reference"),
    integer("completed_at"),
    Index("operations_mine", "principal_id", "completed_at", "key"),
    Index("operations_branch", "branch_id", "completed_at", "key"),
    Index("operations_reference", "reference"),
    Index("operations_completed", "completed_at", "key"),
    Index("operations_guard", "guard", "completed_at"),
)

audit = Table(
    "audit",
    metadata,
    text("branch_id"),
    integer("seq"),
    integer("at"),
    text("actor"),
    text("person_id"),
    text("role"),
    text("session_hash", null=True),
    text("address", null=True),
    text("action"),
    text("object", null=True),
    text("operation_key", null=True),
    text("before", null=True),
    text("after", null=True),
    text("outcome"),
    text("reason", null=True),
    text("request_id", null=True),
    Column("prev_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("branch_id", "seq"),
    Index("audit_object", "object"),
    Index("audit_at", "at", "branch_id"),
    info=APPEND_ONLY,
    sqlite_with_rowid=False,
)

chain_heads = Table(
    "chain_heads",
    metadata,
    key("branch_id"),
    integer("seq"),
    integer("at"),
    Column("hash", LargeBinary, nullable=False),
)

closed_days = Table(
    "closed_days",
    metadata,
    key(),
    text("branch_id"),
    text("date"),
    text("closed_by"),
    integer("closed_at"),
)
