"""Every table, by name (`tables.accounts`). Parents are declared before their children."""

from __future__ import annotations

from branchtui.ledger.store.tables.control import (
    CONTROL,
    approval_slots,
    approvals,
    branch_versions,
    second_factors,
    session_proofs,
    spent_refreshes,
)
from branchtui.ledger.store.tables.files import (
    import_rows,
    imports,
    job_leases,
    job_rows,
    jobs,
    upload_chunks,
    uploads,
)
from branchtui.ledger.store.tables.money import (
    accounts,
    balance_records,
    callback_events,
    journal_entries,
    legs,
    payments,
)
from branchtui.ledger.store.tables.people import (
    branches,
    callback_tokens,
    counters,
    customers,
    institution,
    payees,
    sessions,
    users,
)
from branchtui.ledger.store.tables.proof import audit, chain_heads, closed_days, operations
from branchtui.ledger.store.tables.schema import metadata

__all__ = [
    "CONTROL",
    "accounts",
    "approval_slots",
    "approvals",
    "audit",
    "balance_records",
    "branch_versions",
    "branches",
    "callback_events",
    "callback_tokens",
    "chain_heads",
    "closed_days",
    "counters",
    "customers",
    "import_rows",
    "imports",
    "institution",
    "job_leases",
    "job_rows",
    "jobs",
    "journal_entries",
    "legs",
    "metadata",
    "operations",
    "payees",
    "payments",
    "second_factors",
    "session_proofs",
    "sessions",
    "spent_refreshes",
    "upload_chunks",
    "uploads",
    "users",
]
