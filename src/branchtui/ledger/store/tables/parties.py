"""What belongs to customers: code lists, staff, products, the parts of a profile, transfers, loans' terms."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from branchtui.ledger.store.tables.schema import integer, key, metadata, text

code_values = Table(
    "code_values",
    metadata,
    key(),
    integer("version"),
    text("code"),
    text("name"),
    text("name_key"),
    integer("position"),
    integer("active"),
    integer("number"),
    integer("created_at"),
    UniqueConstraint("code", "name_key"),
    Index("code_values_list", "code", "position", "id"),
)
"""`number` is what the value's mark is made of, 0 where customers are not listed by it."""

staff = Table(
    "staff",
    metadata,
    key(),
    integer("version"),
    text("branch_id", ForeignKey("branches.id")),
    text("staff_no", null=True, unique=True),
    text("first_name"),
    text("last_name"),
    text("name"),
    text("name_key"),
    text("mobile_no", null=True),
    text("email", null=True),
    text("joined_on", null=True),
    integer("active"),
    integer("number"),
    integer("created_at"),
    Index("staff_branch", "branch_id", "name_key", "id"),
    Index("staff_name", "name_key", "id"),
)

products = Table(
    "products",
    metadata,
    key(),
    integer("version"),
    text("code", unique=True),
    text("name"),
    text("name_key"),
    text("kind"),
    text("currency", null=True),
    text("description"),
    integer("active"),
    integer("number"),
    integer("created_at"),
    Index("products_list", "kind", "name_key", "id"),
    Index("products_name", "name_key", "id"),
)

customer_facets = Table(
    "customer_facets",
    metadata,
    text("facet"),
    text("name_key"),
    text("customer_id", ForeignKey("customers.id")),
    text("marks"),
    PrimaryKeyConstraint("facet", "name_key", "customer_id"),
    Index("customer_facets_customer", "customer_id"),
    sqlite_with_rowid=False,
)
"""The customers of one label, staff member, product, group or organisation, in the order of the list by name.

`marks` holds all of the customer's marks, branch and status included, so that other filters are checked
without reading the customer.
"""

family_members = Table(
    "family_members",
    metadata,
    key(),
    integer("version"),
    text("customer_id", ForeignKey("customers.id")),
    text("first_name"),
    text("middle_name", null=True),
    text("last_name"),
    text("relationship"),
    integer("is_contact"),
    text("mobile_no", null=True),
    text("date_of_birth", null=True),
    integer("age", null=True),
    text("gender", null=True),
    text("profession", null=True),
    text("marital_status", null=True),
    integer("is_dependent"),
    text("created_by"),
    integer("created_at"),
    Index("family_members_customer", "customer_id", "id"),
)

addresses = Table(
    "addresses",
    metadata,
    key(),
    integer("version"),
    text("customer_id", ForeignKey("customers.id")),
    text("address_type"),
    text("street", null=True),
    text("line_1", null=True),
    text("line_2", null=True),
    text("line_3", null=True),
    text("city", null=True),
    text("state_province", null=True),
    text("country", null=True),
    text("postal_code", null=True),
    integer("active"),
    text("created_by"),
    integer("created_at"),
    Index("addresses_customer", "customer_id", "id"),
)

identifiers = Table(
    "identifiers",
    metadata,
    key(),
    integer("version"),
    text("customer_id", ForeignKey("customers.id")),
    text("identifier_type"),
    text("number"),
    text("number_key"),
    text("description", null=True),
    text("valid_until", null=True),
    text("created_by"),
    integer("created_at"),
    UniqueConstraint("identifier_type", "number_key"),
    Index("identifiers_customer", "customer_id", "id"),
)
"""No two customers have one number of one kind."""

customer_notes = Table(
    "customer_notes",
    metadata,
    key(),
    integer("version"),
    text("customer_id", ForeignKey("customers.id")),
    text("note"),
    text("created_by"),
    integer("created_at"),
    Index("customer_notes_customer", "customer_id", "id"),
)

customer_details = Table(
    "customer_details",
    metadata,
    text("customer_id", ForeignKey("customers.id"), primary_key=True),
    integer("version"),
    text("details"),
)
"""What an institution keeps beyond the form: a JSON object of texts."""

documents = Table(
    "documents",
    metadata,
    key(),
    integer("version"),
    text("customer_id", ForeignKey("customers.id")),
    text("upload_id", ForeignKey("uploads.id")),
    text("name"),
    text("file_name"),
    text("description", null=True),
    text("media_type"),
    integer("length"),
    text("sha256"),
    text("seen"),
    text("created_by"),
    integer("created_at"),
    Index("documents_customer", "customer_id", "id"),
    Index("documents_upload", "upload_id"),
)
"""`seen` is what the ledger says of the content, a JSON object; the bytes are the upload's."""

transfers = Table(
    "transfers",
    metadata,
    key(),
    text("customer_id", ForeignKey("customers.id")),
    text("from_branch_id", ForeignKey("branches.id")),
    text("to_branch_id", ForeignKey("branches.id")),
    text("transfer_date"),
    text("note", null=True),
    text("state"),
    text("proposed_by"),
    integer("proposed_at"),
    text("decided_by", null=True),
    integer("decided_at", null=True),
    text("decision_note", null=True),
    Index("transfers_customer", "customer_id", "state"),
    Index("transfers_to", "to_branch_id", "state", "proposed_at", "id"),
    Index("transfers_from", "from_branch_id", "state", "proposed_at", "id"),
)

payment_waits = Table(
    "payment_waits",
    metadata,
    key("payment_id"),
    text("customer_id", ForeignKey("customers.id")),
    Index("payment_waits_customer", "customer_id"),
)
"""Payments whose one owner is being transferred: they are tried again when that has ended."""

loan_terms = Table(
    "loan_terms",
    metadata,
    text("account_id", ForeignKey("accounts.id"), primary_key=True),
    integer("principal_minor"),
    integer("interest_minor"),
    text("rate", null=True),
    text("method"),
    text("every"),
    text("start_date"),
    integer("instalments"),
)
"""`rate` is per cent a year as a decimal text; `interest_minor` the sum over the schedule."""

loan_instalments = Table(
    "loan_instalments",
    metadata,
    text("account_id", ForeignKey("accounts.id")),
    integer("number"),
    text("due_date"),
    integer("principal_minor"),
    integer("interest_minor"),
    PrimaryKeyConstraint("account_id", "number"),
    sqlite_with_rowid=False,
)

PARTIES = (
    code_values,
    staff,
    products,
    customer_facets,
    family_members,
    addresses,
    identifiers,
    customer_notes,
    customer_details,
    documents,
    transfers,
    payment_waits,
    loan_terms,
    loan_instalments,
)
"""The tables of this module, in the order in which they are made."""
