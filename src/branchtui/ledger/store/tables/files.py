"""Files on their way, what was found in them, and the work that goes on."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from branchtui.ledger.store.tables.schema import integer, key, metadata, text

uploads = Table(
    "uploads",
    metadata,
    key(),
    text("user_id"),
    text("branch_id"),
    integer("length"),
    integer("received"),
    text("sha256", null=True),
    integer("created_at"),
    integer("touched_at"),
    Index("uploads_user", "user_id"),
    Index("uploads_branch", "branch_id", "created_at"),
)

upload_chunks = Table(
    "upload_chunks",
    metadata,
    text("upload_id", ForeignKey("uploads.id")),
    integer("start"),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("upload_id", "start"),
)

imports = Table(
    "imports",
    metadata,
    key(),
    integer("version"),
    text("branch_id"),
    text("kind"),
    text("mode"),
    text("state"),
    text("job_id"),
    text("upload_id"),
    text("sha256"),
    integer("preview_version"),
    integer("dry_run"),
    text("options"),
    text("control"),
    integer("rows_total"),
    integer("rows_ok"),
    integer("rows_warning"),
    integer("rows_error"),
    integer("imported"),
    integer("total_minor"),
    text("currency", null=True),
    text("recognised"),
    text("reason", null=True),
    text("operation_key"),
    text("created_by"),
    integer("created_at"),
    Index("imports_list", "branch_id", "created_at", "id"),
    Index("imports_sha", "branch_id", "sha256"),
)

import_rows = Table(
    "import_rows",
    metadata,
    text("import_id", ForeignKey("imports.id")),
    integer("row_no"),
    text("level"),
    text("findings"),
    text("cells"),
    text("parsed", null=True),
    PrimaryKeyConstraint("import_id", "row_no"),
    Index("import_rows_level", "import_id", "level", "row_no"),
)

jobs = Table(
    "jobs",
    metadata,
    key(),
    text("kind"),
    text("subject_id"),
    text("branch_id"),
    text("state"),
    integer("done"),
    integer("total", null=True),
    text("result"),
    text("principal"),
    text("created_by"),
    integer("created_at"),
    Index("jobs_state", "state", "created_at"),
)

job_leases = Table(
    "job_leases",
    metadata,
    text("job_id", ForeignKey("jobs.id"), primary_key=True),
    text("holder"),
    integer("until"),
)

job_rows = Table(
    "job_rows",
    metadata,
    text("job_id", ForeignKey("jobs.id")),
    integer("row_no"),
    text("subject_id"),
    integer("version"),
    PrimaryKeyConstraint("job_id", "row_no"),
    sqlite_with_rowid=False,
)

statement_batches = Table(
    "statement_batches",
    metadata,
    key(),
    text("provider"),
    text("reference"),
    text("day"),
    integer("amount_minor"),
    text("currency"),
    integer("payments"),
    text("import_id"),
    Index("statement_batches_reference", "provider", "reference"),
)

column_maps = Table(
    "column_maps",
    metadata,
    key(),
    integer("version"),
    text("branch_id", ForeignKey("branches.id")),
    text("name"),
    text("columns"),
    text("created_by"),
    integer("created_at"),
    UniqueConstraint("branch_id", "name"),
)
