"""Accounts, the journal, and what waits to enter it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, PrimaryKeyConstraint, Table, UniqueConstraint
from sqlalchemy import text as sql

from branchtui.ledger.store.tables.schema import APPEND_ONLY, Big, folded_number, integer, key, metadata, text

accounts = Table(
    "accounts",
    metadata,
    key(),
    integer("version"),
    text("account_no", unique=True),
    text("customer_id", ForeignKey("customers.id"), null=True),
    text("branch_id", ForeignKey("branches.id")),
    text("kind"),
    text("currency"),
    text("status"),
    text("product", null=True),
    integer("balance_minor"),
    integer("created_at"),
    folded_number("account_no_key", "account_no"),
    Index("accounts_no_key", "account_no_key"),
    Index("accounts_customer", "customer_id", "kind"),
)

MOST_KINDS: Final = "('payment.receive', 'payment.associate', 'balance-record', 'balance-file')"
"""Kinds that most entries are of: whoever walks all entries meets them soon, and no index is paid for them."""

_RARE: Final = sql(f"kind NOT IN {MOST_KINDS}")
_BY_PEOPLE: Final = sql("created_by <> 'ledger'")
_WAITING: Final = sql("state = 'unassociated'")
_NOT_ACCOUNTED: Final = sql("status = 'not_accounted'")

journal_entries = Table(
    "journal_entries",
    metadata,
    key(),
    text("branch_id", ForeignKey("branches.id")),
    text("kind"),
    text("operation_key"),
    integer("row_no"),
    text("subject_id"),
    text("reversal_of", ForeignKey("journal_entries.id"), null=True),
    text("narration"),
    text("reference", null=True),
    text("created_by"),
    integer("booked_at"),
    text("business_date"),
    UniqueConstraint("operation_key", "row_no"),
    Index("journal_entries_subject", "subject_id"),
    Index("journal_entries_branch_date", "branch_id", "business_date", "kind"),
    # The log of a branch; of one kind, in a branch and in the whole institution; of one person. Ids grow with time.
    Index("journal_entries_branch", "branch_id", "id"),
    Index(
        "journal_entries_branch_kind", "branch_id", "kind", "id", sqlite_where=_RARE, postgresql_where=_RARE
    ),
    Index("journal_entries_kind", "kind", "id", sqlite_where=_RARE, postgresql_where=_RARE),
    Index("journal_entries_person", "created_by", "id", sqlite_where=_BY_PEOPLE, postgresql_where=_BY_PEOPLE),
    info=APPEND_ONLY,
)

legs = Table(
    "legs",
    metadata,
    text("entry_id", ForeignKey("journal_entries.id")),
    integer("line"),
    text("account_id", ForeignKey("accounts.id")),
    integer("amount_minor"),
    integer("balance_after_minor"),
    PrimaryKeyConstraint("entry_id", "line"),
    Index("legs_account", "account_id", "entry_id"),
    info=APPEND_ONLY,
    sqlite_with_rowid=False,
)

balance_records = Table(
    "balance_records",
    metadata,
    key(),
    integer("version"),
    text("branch_id", ForeignKey("branches.id")),
    text("customer_id", ForeignKey("customers.id")),
    text("account_kind"),
    text("account_no", null=True),
    text("product", null=True),
    integer("amount_minor"),
    text("currency"),
    text("as_of_date"),
    text("narration"),
    text("external_ref", null=True),
    text("status"),
    text("import_id", null=True),
    integer("import_row_no", null=True),
    text("operation_key"),
    integer("row_no"),
    text("created_by"),
    integer("created_at"),
    text("posted_by", null=True),
    integer("posted_at", null=True),
    text("account_id", null=True),
    UniqueConstraint("branch_id", "external_ref"),
    UniqueConstraint("import_id", "import_row_no"),
    UniqueConstraint("operation_key", "row_no"),
    Index("balance_records_customer", "customer_id", "status"),
    # Each order of the list by status, in a branch and in the whole institution. The list of every status is merged.
    Index("balance_records_status_created", "status", "created_at", "id"),
    Index("balance_records_status_amount", "status", "amount_minor", "id"),
    Index("balance_records_status_as_of", "status", "as_of_date", "id"),
    Index("balance_records_list", "branch_id", "status", "created_at", "id"),
    Index("balance_records_branch_status_amount", "branch_id", "status", "amount_minor", "id"),
    Index("balance_records_branch_status_as_of", "branch_id", "status", "as_of_date", "id"),
    # What a teller keyed and what still waits, for the sets of Post All and Delete All.
    Index(
        "balance_records_keyed",
        "created_by",
        "id",
        sqlite_where=_NOT_ACCOUNTED,
        postgresql_where=_NOT_ACCOUNTED,
    ),
)

payments = Table(
    "payments",
    metadata,
    Column("row_no", Big, primary_key=True, info={"engine": True}),
    text("id", unique=True),
    integer("version"),
    text("branch_id", ForeignKey("branches.id")),
    text("payment_no", unique=True),
    text("source"),
    text("provider", null=True),
    text("code", null=True),
    text("payer_phone", null=True),
    text("phone_form"),
    text("payer_name", null=True),
    text("account_ref", null=True),
    integer("amount_minor"),
    text("currency"),
    integer("paid_at"),
    integer("received_at"),
    text("state"),
    text("waits_because", null=True),
    text("customer_id", ForeignKey("customers.id"), null=True),
    # No reference of the engine's: a deletion of an account would need an index over all payments, several per cent
    # more work for each that is taken in. The leg that it booked refers to the account, and `ledger check` compares them.
    text("account_id", null=True),
    integer("match_tier", null=True),
    text("match_reasons"),
    text("associated_by", null=True),
    integer("associated_at", null=True),
    text("search_text"),
    UniqueConstraint("provider", "code"),
    # The list by state, in a branch and in the whole institution. The list of every state is merged.
    Index("payments_list", "branch_id", "state", "paid_at", "id"),
    Index("payments_state", "state", "paid_at", "id"),
    Index("payments_customer", "customer_id", "paid_at", "branch_id", "state"),
    # An amount that is searched for, and one that somebody pays about a day of each month.
    Index("payments_amount", "branch_id", "amount_minor", "state", "paid_at"),
    # The queue is counted and added up from this alone, without a row of it.
    Index(
        "payments_waiting",
        "branch_id",
        "currency",
        "amount_minor",
        "paid_at",
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    ),
    # What search compares and sorts by, without the rest of a wide row.
    Index("payments_brief", "row_no", "branch_id", "state", "paid_at", "customer_id", "id"),
)

callback_events = Table(
    "callback_events",
    metadata,
    key(),
    text("branch_id", null=True),
    text("provider"),
    text("state"),
    text("reason"),
    text("code", null=True),
    text("body"),
    integer("received_at"),
    integer("version", server_default="1"),
    # What it was before a person settled it by hand, who did, when and why; nothing of it while it is held.
    text("held_as", null=True),
    text("settled_by", null=True),
    integer("settled_at", null=True),
    text("settled_because", null=True),
    Index("callback_events_list", "state", "received_at", "id"),
    Index("callback_events_received", "received_at", "id"),
)
