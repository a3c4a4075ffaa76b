"""Credit accounts: their terms, what was bought and settled on them, cycles that ended, mail on its way."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, UniqueConstraint

from branchtui.ledger.store.tables.schema import APPEND_ONLY, Words, integer, key, metadata, text

credit_accounts = Table(
    "credit_accounts",
    metadata,
    # The id of its account.
    Column("id", Words, ForeignKey("accounts.id"), primary_key=True),
    integer("version"),
    text("customer_id", ForeignKey("customers.id")),
    text("currency"),
    text("status"),
    integer("max_credit_minor", null=True),
    integer("restrict_credit"),
    integer("opening_credit_minor"),
    text("frequency", null=True),
    text("statement_email", null=True),
    integer("owed_minor"),
    integer("unapplied_minor"),
    integer("last_seq"),
    integer("last_at"),
    integer("cycle_no"),
    integer("cycle_first_seq"),
    integer("cycle_started_at"),
    integer("cycle_opening_minor"),
    integer("cycle_purchases_minor"),
    integer("cycle_refunds_minor"),
    integer("cycle_adjustments_minor"),
    integer("cycle_payments_minor"),
    text("next_close_on", null=True),
    integer("next_close_at", null=True),
    text("import_id", null=True),
    integer("import_row_no", null=True),
    text("created_by"),
    integer("created_at"),
    # Kept by triggers, from the account and the customer, for the orders of the list.
    Column("branch_id", Words, nullable=True, info={"engine": True}),
    Column("account_no", Words, nullable=True, info={"engine": True}),
    Column("name_key", Words, nullable=True, info={"engine": True}),
    UniqueConstraint("import_id", "import_row_no"),
    Index("credit_accounts_customer", "customer_id"),
    Index("credit_accounts_close", "next_close_at", "id"),
    # Each order of the list, in a branch and in the whole institution, by status and without.
    Index("credit_accounts_name", "name_key", "id"),
    Index("credit_accounts_owed", "owed_minor", "id"),
    Index("credit_accounts_created", "created_at", "id"),
    Index("credit_accounts_status_name", "status", "name_key", "id"),
    Index("credit_accounts_status_owed", "status", "owed_minor", "id"),
    Index("credit_accounts_status_created", "status", "created_at", "id"),
    Index("credit_accounts_branch_name", "branch_id", "name_key", "id"),
    Index("credit_accounts_branch_owed", "branch_id", "owed_minor", "id"),
    Index("credit_accounts_branch_created", "branch_id", "created_at", "id"),
    Index("credit_accounts_branch_status_name", "branch_id", "status", "name_key", "id"),
    Index("credit_accounts_branch_status_owed", "branch_id", "status", "owed_minor", "id"),
    Index("credit_accounts_branch_status_created", "branch_id", "status", "created_at", "id"),
)

credit_transactions = Table(
    "credit_transactions",
    metadata,
    key(),
    text("account_id", ForeignKey("credit_accounts.id")),
    integer("seq"),
    text("type"),
    integer("amount_minor"),
    integer("owed_after_minor"),
    integer("limit_minor", null=True),
    text("entry_id", ForeignKey("journal_entries.id")),
    text("pos_ref", null=True),
    text("narration"),
    text("reverses_id", ForeignKey("credit_transactions.id"), null=True),
    text("operation_key"),
    integer("row_no"),
    text("created_by"),
    integer("posted_at"),
    UniqueConstraint("account_id", "seq"),
    UniqueConstraint("operation_key", "row_no"),
    UniqueConstraint("reverses_id"),
    Index("credit_transactions_entry", "entry_id"),
    Index("credit_transactions_ref", "account_id", "pos_ref"),
    info=APPEND_ONLY,
)

credit_open_items = Table(
    "credit_open_items",
    metadata,
    Column("transaction_id", Words, ForeignKey("credit_transactions.id"), primary_key=True),
    text("account_id", ForeignKey("credit_accounts.id")),
    integer("seq"),
    integer("open_minor"),
    Index("credit_open_items_account", "account_id", "seq"),
)
"""What of a transaction is not settled yet, or not used yet; settled ones have no row."""

credit_allocations = Table(
    "credit_allocations",
    metadata,
    key(),
    text("account_id", ForeignKey("credit_accounts.id")),
    text("credit_id", ForeignKey("credit_transactions.id")),
    text("debit_id", ForeignKey("credit_transactions.id")),
    integer("amount_minor"),
    text("operation_key"),
    integer("at"),
    Index("credit_allocations_credit", "credit_id"),
    Index("credit_allocations_debit", "debit_id"),
    info=APPEND_ONLY,
)
"""What was settled by what; taken back by the same with a minus."""

settlements = Table(
    "settlements",
    metadata,
    key(),
    integer("version"),
    text("account_id", ForeignKey("credit_accounts.id")),
    text("settlement_no", unique=True),
    text("transaction_id", ForeignKey("credit_transactions.id"), unique=True),
    text("tender"),
    text("reference", null=True),
    text("mode"),
    integer("amount_minor"),
    integer("overpayment_minor"),
    text("cheque", null=True),
    text("state"),
    text("reversal_id", ForeignKey("credit_transactions.id"), null=True),
    text("reversed_by", null=True),
    integer("reversed_at", null=True),
    text("reason", null=True),
    text("created_by"),
    integer("posted_at"),
    Index("settlements_account", "account_id", "posted_at", "id"),
)

credit_statements = Table(
    "credit_statements",
    metadata,
    key(),
    text("account_id", ForeignKey("credit_accounts.id")),
    integer("cycle_no"),
    integer("first_seq"),
    integer("last_seq"),
    integer("opened_at"),
    integer("closed_at"),
    text("closed_on"),
    integer("opening_minor"),
    integer("purchases_minor"),
    integer("refunds_minor"),
    integer("adjustments_minor"),
    integer("payments_minor"),
    integer("closing_minor"),
    text("header"),
    integer("created_at"),
    UniqueConstraint("account_id", "cycle_no"),
    info=APPEND_ONLY,
)

statement_mails = Table(
    "statement_mails",
    metadata,
    Column("statement_id", Words, ForeignKey("credit_statements.id"), primary_key=True),
    text("account_id", ForeignKey("credit_accounts.id")),
    text("address"),
    text("state"),
    integer("tries"),
    integer("next_try_at"),
    text("last_error", null=True),
    integer("sent_at", null=True),
    text("holder", null=True),
    integer("leased_until"),
    Index("statement_mails_due", "state", "next_try_at"),
    Index("statement_mails_account", "account_id", "state"),
)

CREDIT = (
    credit_accounts,
    credit_transactions,
    credit_open_items,
    credit_allocations,
    settlements,
    credit_statements,
    statement_mails,
)
"""The tables of this module, in the order in which they are made."""
