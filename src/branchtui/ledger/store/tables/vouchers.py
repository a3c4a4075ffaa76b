"""Plans, and what was sold of them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, Table, UniqueConstraint

from branchtui.ledger.store.tables.schema import integer, key, metadata, text

plans = Table(
    "plans",
    metadata,
    key(),
    integer("version"),
    text("code", unique=True),
    text("name"),
    text("name_key"),
    integer("price_minor"),
    text("currency"),
    integer("validity_days"),
    integer("active"),
    integer("created_at"),
    # The row of the file that brought it; one that was keyed by hand has none.
    text("import_id", null=True),
    integer("import_row_no", null=True),
    Index("plans_name", "name_key", "id"),
    Index("plans_import", "import_id", "import_row_no", unique=True),
)

vouchers = Table(
    "vouchers",
    metadata,
    key(),
    integer("version"),
    text("branch_id", ForeignKey("branches.id")),
    text("voucher_no", unique=True),
    text("code", unique=True),
    text("customer_id", ForeignKey("customers.id")),
    text("account_id", ForeignKey("accounts.id")),
    text("plan_id", ForeignKey("plans.id")),
    text("plan_code"),
    text("plan_name"),
    integer("price_minor"),
    text("currency"),
    integer("sold_at"),
    text("sold_by"),
    integer("expires_at"),
    # Named by `ledger check`, which would not be heard behind an engine's own complaint.
    text("entry_id"),
    text("operation_key"),
    integer("row_no"),
    text("reversal_reason", null=True),
    UniqueConstraint("operation_key", "row_no"),
    Index("vouchers_sold", "sold_at", "id"),
    Index("vouchers_branch_sold", "branch_id", "sold_at", "id"),
    Index("vouchers_customer", "customer_id", "sold_at", "id"),
    # The engine looks here whether an account that is deleted bought something.
    Index("vouchers_account", "account_id"),
)

VOUCHERS = (plans, vouchers)
"""Tables that came after the first revision, parents first."""
