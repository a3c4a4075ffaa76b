"""Stored rows as frozen dataclasses: what the rules read and return, one class a table.

Fields stand in the order of the table's columns and hold what both engines store: text, integers
(minor units, microseconds since 1970 UTC, 0 or 1), bytes. `mapping.py` checks that they agree.
"""

from __future__ import annotations

from branchtui.ledger.store.rows.control import (
    Approval,
    ApprovalSlot,
    BranchVersion,
    SecondFactor,
    SessionProof,
    SpentRefresh,
)
from branchtui.ledger.store.rows.files import Import, ImportRow, Job, JobLease, JobRow, Upload, UploadChunk
from branchtui.ledger.store.rows.money import (
    Account,
    BalanceRecord,
    CallbackEvent,
    JournalEntry,
    Leg,
    Payment,
)
from branchtui.ledger.store.rows.people import (
    Branch,
    CallbackToken,
    Counter,
    Customer,
    Institution,
    Payee,
    Session,
    User,
)
from branchtui.ledger.store.rows.proof import AuditRow, ChainHead, ClosedDay, Operation

__all__ = [
    "Account",
    "Approval",
    "ApprovalSlot",
    "AuditRow",
    "BalanceRecord",
    "Branch",
    "BranchVersion",
    "CallbackEvent",
    "CallbackToken",
    "ChainHead",
    "ClosedDay",
    "Counter",
    "Customer",
    "Import",
    "ImportRow",
    "Institution",
    "Job",
    "JobLease",
    "JobRow",
    "JournalEntry",
    "Leg",
    "Operation",
    "Payee",
    "Payment",
    "SecondFactor",
    "Session",
    "SessionProof",
    "SpentRefresh",
    "Upload",
    "UploadChunk",
    "User",
]
