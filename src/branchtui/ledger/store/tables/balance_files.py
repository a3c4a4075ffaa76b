"""Balance files: what came, what each row states, and what was posted for it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, Table
from sqlalchemy import text as sql

from branchtui.ledger.store.tables.schema import APPEND_ONLY, integer, key, metadata, text

_TOLD: Final = sql("level <> 'ok'")

balance_files = Table(
    "balance_files",
    metadata,
    key(),
    integer("version"),
    text("branch_id", ForeignKey("branches.id")),
    text("division", null=True),
    text("account_no", null=True),
    text("form"),
    text("file_id", null=True),
    text("state"),
    text("job_id"),
    text("upload_id"),
    text("sha256"),
    text("options"),
    integer("preview_version"),
    integer("payers"),
    integer("accounts_updated"),
    integer("unchanged"),
    integer("warnings"),
    integer("errors"),
    integer("total_minor"),
    integer("largest_minor"),
    text("currency"),
    text("as_of_date", null=True),
    text("reason", null=True),
    text("recognised"),
    text("xray"),
    integer("done_row_no"),
    text("operation_key"),
    text("created_by"),
    integer("created_at"),
    text("applied_key", null=True),
    text("applied_by", null=True),
    integer("applied_at", null=True),
    text("reverted_key", null=True),
    text("reverted_by", null=True),
    integer("reverted_at", null=True),
    Index("balance_files_list", "branch_id", "created_at", "id"),
    Index("balance_files_state", "branch_id", "state", "created_at", "id"),
    Index("balance_files_file_id", "file_id"),
    Index("balance_files_sha", "sha256"),
    Index("balance_files_previous", "branch_id", "applied_at"),
)

balance_file_rows = Table(
    "balance_file_rows",
    metadata,
    text("balance_file_id", ForeignKey("balance_files.id")),
    integer("row_no"),
    text("level"),
    text("change"),
    text("account_no"),
    text("customer_id", null=True),
    text("account_id", null=True),
    integer("before_minor"),
    integer("after_minor", null=True),
    text("due_date", null=True),
    text("statement_ref", null=True),
    text("email", null=True),
    text("findings", null=True),
    text("cells", null=True),
    PrimaryKeyConstraint("balance_file_id", "row_no"),
    # Nearly all rows are of the other level: whoever wants those finds them by their numbers.
    Index(
        "balance_file_rows_level",
        "balance_file_id",
        "level",
        "row_no",
        sqlite_where=_TOLD,
        postgresql_where=_TOLD,
    ),
    Index("balance_file_rows_change", "balance_file_id", "change", "row_no"),
    sqlite_with_rowid=False,
)

balance_file_missing = Table(
    "balance_file_missing",
    metadata,
    text("balance_file_id", ForeignKey("balance_files.id")),
    integer("row_no"),
    text("account_no"),
    text("customer_id"),
    integer("stated_minor"),
    PrimaryKeyConstraint("balance_file_id", "row_no"),
    sqlite_with_rowid=False,
)
"""Payers of the last file of a scope that this one states no more, by their rows there."""

balance_file_postings = Table(
    "balance_file_postings",
    metadata,
    text("balance_file_id", ForeignKey("balance_files.id")),
    integer("row_no"),
    # No foreign keys: they would be looked up for every row, and `ledger check` asks for more than they do.
    text("account_id"),
    text("entry_id"),
    integer("amount_minor"),
    integer("balance_minor"),
    PrimaryKeyConstraint("balance_file_id", "row_no"),
    info=APPEND_ONLY,
    sqlite_with_rowid=False,
)
"""The entry of each row that moved a balance, and the balance that it left."""

BALANCE_FILES = (balance_files, balance_file_rows, balance_file_missing, balance_file_postings)
"""The tables of this module, in the order in which they are made."""
