"""What people taught about payers: whose payments they gave to whom."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, Table, UniqueConstraint

from branchtui.ledger.store.tables.schema import integer, key, metadata, text

learned_payers = Table(
    "learned_payers",
    metadata,
    key(),
    integer("version"),
    text("branch_id", ForeignKey("branches.id")),
    text("customer_id", ForeignKey("customers.id")),
    text("payer_key"),
    text("payer_phone"),
    text("phone_form"),
    text("payer_name", null=True),
    text("taught_by"),
    integer("taught_at"),
    integer("used_at"),
    integer("times"),
    integer("active"),
    text("switched_by", null=True),
    integer("switched_at", null=True),
    text("search_text"),
    UniqueConstraint("payer_key", "customer_id", "branch_id"),
    Index("learned_payers_used", "used_at", "id"),
    Index("learned_payers_branch", "branch_id", "used_at", "id"),
    Index("learned_payers_customer", "customer_id", "used_at", "id"),
)

LEARNED = (learned_payers,)
"""Tables that came after the first revision, parents first."""
