"""What is done at the counter beside the journal: tenders of payments, receipts."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, Table
from sqlalchemy import text as sql

from branchtui.ledger.store.tables.schema import APPEND_ONLY, integer, key, metadata, text

_OF_A_CUSTOMER = sql("customer_id IS NOT NULL")

payment_tenders = Table(
    "payment_tenders",
    metadata,
    # Named by `ledger check`: a reference of the engine's own would hide a code used twice behind its own complaint.
    text("payment_id"),
    text("direction"),
    text("tender"),
    text("reference", null=True),
    text("narration"),
    text("actor"),
    integer("at"),
    PrimaryKeyConstraint("payment_id", "direction"),
    info=APPEND_ONLY,
    sqlite_with_rowid=False,
)

receipts = Table(
    "receipts",
    metadata,
    key(),
    integer("version"),
    text("branch_id", ForeignKey("branches.id")),
    text("receipt_no", unique=True),
    text("entry_id", ForeignKey("journal_entries.id"), unique=True),
    text("kind"),
    text("customer_id", ForeignKey("customers.id"), null=True),
    text("account_no", null=True),
    integer("amount_minor"),
    text("currency"),
    integer("booked_at"),
    text("issued_by"),
    integer("issued_at"),
    integer("copies"),
    Index("receipts_issued", "issued_at", "id"),
    Index("receipts_branch_issued", "branch_id", "issued_at", "id"),
    # The engine looks here whether a customer who is deleted was given one.
    Index("receipts_customer", "customer_id", sqlite_where=_OF_A_CUSTOMER, postgresql_where=_OF_A_CUSTOMER),
)

COUNTER = (payment_tenders, receipts)
"""Tables that came after the first revision, parents first."""
