"""Who and where: the institution, its branches, users and sessions, its customers."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, UniqueConstraint, column

from branchtui.ledger.store.tables.schema import Big, derived, folded_number, integer, key, metadata, text

institution = Table(
    "institution",
    metadata,
    key(),
    text("name"),
    text("currency"),
    text("timezone"),
    text("ledger_id"),
    text("epoch"),
    Column("secret", LargeBinary, nullable=False),
    text("settings"),
    integer("created_at"),
)

branches = Table(
    "branches",
    metadata,
    key(),
    text("code", unique=True),
    text("name"),
    text("parent_id", ForeignKey("branches.id"), null=True),
    text("currency"),
    text("timezone"),
    integer("unknown_reference_waits", server_default="0"),
)

payees = Table(
    "payees",
    metadata,
    key(),
    text("provider"),
    text("number"),
    text("branch_id", ForeignKey("branches.id")),
    UniqueConstraint("provider", "number"),
)

callback_tokens = Table(
    "callback_tokens",
    metadata,
    key(),
    text("provider"),
    text("token_hash", unique=True),
    integer("created_at"),
    integer("ended_at", null=True),
)

counters = Table("counters", metadata, key(), integer("value"))

users = Table(
    "users",
    metadata,
    key(),
    integer("version"),
    text("username", unique=True),
    text("person_id"),
    text("role"),
    text("branch_id", ForeignKey("branches.id")),
    text("password_hash"),
    integer("limit_minor", null=True),
    integer("disabled"),
    integer("failed_tries"),
    integer("failed_since", null=True),
    integer("next_try_at", null=True),
    integer("locked_until", null=True),
    integer("created_at"),
)

sessions = Table(
    "sessions",
    metadata,
    key(),
    text("user_id", ForeignKey("users.id")),
    text("access_hash", unique=True),
    integer("access_expires_at"),
    text("refresh_hash", unique=True),
    text("previous_refresh_hash", null=True),
    integer("previous_valid_until", null=True),
    integer("started_at"),
    integer("last_used_at"),
    integer("ended_at", null=True),
    text("end_reason", null=True),
    text("address", null=True),
    Index("sessions_user", "user_id", "ended_at"),
    Index("sessions_previous", "previous_refresh_hash"),
)

customers = Table(
    "customers",
    metadata,
    Column("row_no", Big, primary_key=True, info={"engine": True}),
    text("id", unique=True),
    integer("version"),
    text("customer_no", unique=True),
    text("account_no"),
    text("legal_form"),
    text("name"),
    text("first_name", null=True),
    text("middle_name", null=True),
    text("last_name", null=True),
    text("branch_id", ForeignKey("branches.id")),
    text("status"),
    text("mobile_no", null=True),
    text("phone_sha_international", null=True),
    text("phone_sha_local", null=True),
    text("email", null=True),
    text("date_of_birth", null=True),
    text("gender", null=True),
    text("external_id", null=True, unique=True),
    text("submitted_on", null=True),
    text("activation_date", null=True),
    text("created_by"),
    integer("created_at"),
    text("name_key"),
    text("reversed_name_key"),
    text("search_text"),
    text("client_type", null=True),
    text("classification", null=True),
    text("staff_id", null=True),
    text("group_id", null=True),
    text("organisation_id", null=True),
    text("labels", server_default="[]"),
    text("incorporation_no", null=True),
    text("incorporation_valid_until", null=True),
    text("constitution", null=True),
    text("business_line", null=True),
    text("reopened_on", null=True),
    text("closed_on", null=True),
    text("closure_reason", null=True),
    text("rejected_on", null=True),
    text("rejection_reason", null=True),
    text("withdrawn_on", null=True),
    text("withdrawal_reason", null=True),
    text("reactivated_on", null=True),
    text("terms_accepted_on", null=True),
    integer("self_registered", server_default="0"),
    text("facets", server_default=""),
    text("import_id", null=True),
    integer("import_row_no", null=True),
    folded_number("customer_no_key", "customer_no"),
    folded_number("account_no_key", "account_no"),
    folded_number("external_id_key", "external_id"),
    derived("phone_tail", "substr(mobile_no, length(mobile_no) - 2)"),
    Index("customers_name", "name_key", "id"),
    # Each order of the list, a status at a time: one that few have is found at once, and a list of all of them is
    # merged from a range of each. There are no others: every index is paid for by each customer that is entered.
    Index("customers_branch_status", "branch_id", "status", "name_key", "id"),
    Index("customers_branch_status_reversed", "branch_id", "status", "reversed_name_key", "id"),
    Index("customers_branch_status_no", "branch_id", "status", "customer_no", "id"),
    Index("customers_branch_status_created", "branch_id", "status", "created_at", "id"),
    Index("customers_status", "status", "name_key", "id"),
    Index("customers_status_no", "status", "customer_no", "id"),
    Index("customers_status_created", "status", "created_at", "id"),
    Index("customers_mobile", "mobile_no", "branch_id", "status"),
    Index("customers_sha_international", "phone_sha_international"),
    Index("customers_sha_local", "phone_sha_local"),
    Index("customers_no_key", "customer_no_key", "branch_id", "status"),
    # What search compares and sorts by, without the rest of a wide row.
    Index("customers_brief", "row_no", "branch_id", "status", "name_key", "id"),
    Index("customers_external_key", "external_id_key"),
    Index("customers_phone_tail", "phone_tail", "name_key", "mobile_no"),
    # How far an import came; most customers came by none.
    Index(
        "customers_import",
        "import_id",
        "import_row_no",
        sqlite_where=column("import_id").is_not(None),
        postgresql_where=column("import_id").is_not(None),
    ),
)
