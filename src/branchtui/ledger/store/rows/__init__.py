"""Stored rows as frozen dataclasses: what the rules read and return, one class a table.

Fields stand in the order of the table's columns and hold what both engines store: text, integers
(minor units, microseconds since 1970 UTC, 0 or 1), bytes. `mapping.py` checks that they agree.
"""

from __future__ import annotations

from branchtui.ledger.store.rows.balance_files import (
    BalanceFile,
    BalanceFileRow,
    FilePosting,
    MissingPayer,
)
from branchtui.ledger.store.rows.control import (
    Approval,
    ApprovalSlot,
    BranchVersion,
    SecondFactor,
    SessionProof,
    SpentRefresh,
)
from branchtui.ledger.store.rows.counter import PaymentTender, Receipt
from branchtui.ledger.store.rows.credit import (
    CreditAccount,
    CreditAllocation,
    CreditOpenItem,
    CreditStatement,
    CreditTransaction,
    Settlement,
    StatementMail,
)
from branchtui.ledger.store.rows.files import (
    ColumnMap,
    Import,
    ImportRow,
    Job,
    JobLease,
    JobRow,
    StatementBatch,
    Upload,
    UploadChunk,
)
from branchtui.ledger.store.rows.learned import LearnedPayer
from branchtui.ledger.store.rows.money import (
    Account,
    BalanceRecord,
    CallbackEvent,
    JournalEntry,
    Leg,
    Payment,
)
from branchtui.ledger.store.rows.parties import (
    Address,
    CodeValue,
    CustomerDetails,
    CustomerFacet,
    CustomerNote,
    Document,
    FamilyMember,
    Identifier,
    LoanInstalment,
    LoanTerms,
    PaymentWait,
    Product,
    Staff,
    Transfer,
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
from branchtui.ledger.store.rows.vouchers import Plan, Voucher

__all__ = [
    "Account",
    "Address",
    "Approval",
    "ApprovalSlot",
    "AuditRow",
    "BalanceFile",
    "BalanceFileRow",
    "BalanceRecord",
    "Branch",
    "BranchVersion",
    "CallbackEvent",
    "CallbackToken",
    "ChainHead",
    "ClosedDay",
    "CodeValue",
    "ColumnMap",
    "Counter",
    "CreditAccount",
    "CreditAllocation",
    "CreditOpenItem",
    "CreditStatement",
    "CreditTransaction",
    "Customer",
    "CustomerDetails",
    "CustomerFacet",
    "CustomerNote",
    "Document",
    "FamilyMember",
    "FilePosting",
    "Identifier",
    "Import",
    "ImportRow",
    "Institution",
    "Job",
    "JobLease",
    "JobRow",
    "JournalEntry",
    "LearnedPayer",
    "Leg",
    "LoanInstalment",
    "LoanTerms",
    "MissingPayer",
    "Operation",
    "Payee",
    "Payment",
    "PaymentTender",
    "PaymentWait",
    "Plan",
    "Product",
    "Receipt",
    "SecondFactor",
    "Session",
    "SessionProof",
    "Settlement",
    "SpentRefresh",
    "Staff",
    "StatementBatch",
    "StatementMail",
    "Transfer",
    "Upload",
    "UploadChunk",
    "User",
    "Voucher",
]
