"""Who may do what, and where: roles, permissions, branch scope (AUTHZ-1 to 4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from branchtui.contract.sessions import Role


class Permission(StrEnum):
    """What a route may need. `SIGNED_IN` is anybody with a session; `PUBLIC` needs none.

    `IMPORT_FILES` sends files of the kinds whose own permission one has besides; `IMPORT_LIST` sees what became of
    those, `IMPORT_VIEW` of every kind.
    """

    PUBLIC = "public"
    SIGNED_IN = "signed-in"
    CUSTOMER_VIEW = "customer.view"
    CUSTOMER_CHANGE = "customer.change"
    CUSTOMER_PARTS = "customer.parts"
    CUSTOMER_EXPORT = "customer.export"
    DOCUMENT_DELETE = "document.delete"
    ACCOUNT_VIEW = "account.view"
    ACCOUNT_OFFSET = "account.offset"
    ACCOUNT_PAYOUT = "account.payout"
    ACCOUNT_PAYOUT_ALONE = "account.payout-alone"
    RECORD_VIEW = "record.view"
    RECORD_CHANGE = "record.change"
    RECORD_POST = "record.post"
    RECORD_REVERSE = "record.reverse"
    RECORD_BULK_OWN = "record.bulk-own"
    RECORD_BULK_BRANCH = "record.bulk-branch"
    PAYMENT_VIEW = "payment.view"
    PAYMENT_PHONE = "payment.phone"
    PAYMENT_ASSOCIATE = "payment.associate"
    PAYMENT_DISASSOCIATE_OWN = "payment.disassociate-own"
    PAYMENT_DISASSOCIATE_ANY = "payment.disassociate-any"
    CREDIT_VIEW = "credit.view"
    CREDIT_CHANGE = "credit.change"
    CREDIT_PURCHASE = "credit.purchase"
    CREDIT_SETTLE = "credit.settle"
    CREDIT_REFUND = "credit.refund"
    CREDIT_ADJUST = "credit.adjust"
    SETTLEMENT_REVERSE = "settlement.reverse"
    PAYMENT_CREATE = "payment.create"
    PAYMENT_REFUND = "payment.refund"
    PAYMENT_REVERSE = "payment.reverse"
    VOUCHER_VIEW = "voucher.view"
    VOUCHER_SELL = "voucher.sell"
    VOUCHER_REVERSE = "voucher.reverse"
    TRANSACTION_VIEW = "transaction.view"
    TRANSACTION_EXPORT = "transaction.export"
    RECEIPT_PRINT = "receipt.print"
    RECEIPT_CHECK = "receipt.check"
    CALLBACK_VIEW = "callback.view"
    CALLBACK_SETTLE = "callback.settle"
    IMPORT_FILES = "import.files"
    IMPORT_LIST = "import.list"
    IMPORT_VIEW = "import.view"
    IMPORT_RECORDS = "import.records"
    IMPORT_STATEMENTS = "import.statements"
    FILE_VIEW = "file.view"
    FILE_SEND = "file.send"
    FILE_APPLY_ALL = "file.apply-all"
    FILE_REVERT = "file.revert"
    FILE_SETTINGS = "file.settings"
    FILE_ADMIN = "file.admin"
    AUDIT_VIEW = "audit.view"
    DASHBOARD_VIEW = "dashboard.view"
    OPERATION_RESOLVE = "operation.resolve"
    APPROVAL_VIEW = "approval.view"
    APPROVAL_ASK = "approval.ask"
    APPROVAL_DECIDE = "approval.decide"
    USER_VIEW = "user.view"
    USER_UNLOCK = "user.unlock"
    USER_ADMIN = "user.admin"
    BRANCH_ADMIN = "branch.admin"
    DAY_CLOSE = "day.close"
    CODE_ADMIN = "code.admin"
    SECURITY_VIEW = "security.view"
    SECURITY_ADMIN = "security.admin"


P = Permission

_READ: Final = frozenset(
    {
        P.SIGNED_IN,
        P.CUSTOMER_VIEW,
        P.ACCOUNT_VIEW,
        P.RECORD_VIEW,
        P.PAYMENT_VIEW,
        P.CREDIT_VIEW,
        P.VOUCHER_VIEW,
        P.TRANSACTION_VIEW,
        P.RECEIPT_CHECK,
        P.IMPORT_LIST,
        P.IMPORT_VIEW,
        P.FILE_VIEW,
        P.DASHBOARD_VIEW,
    }
)
_TELLER: Final = _READ | {
    P.CUSTOMER_CHANGE,
    P.CUSTOMER_PARTS,
    P.CUSTOMER_EXPORT,
    P.ACCOUNT_OFFSET,
    P.ACCOUNT_PAYOUT,
    P.RECORD_CHANGE,
    P.RECORD_POST,
    P.RECORD_BULK_OWN,
    P.PAYMENT_ASSOCIATE,
    P.PAYMENT_DISASSOCIATE_OWN,
    P.CREDIT_CHANGE,
    P.CREDIT_PURCHASE,
    P.CREDIT_SETTLE,
    P.PAYMENT_CREATE,
    P.VOUCHER_SELL,
    P.RECEIPT_PRINT,
    P.IMPORT_FILES,
    P.IMPORT_RECORDS,
    P.FILE_SEND,
    P.APPROVAL_VIEW,
    P.APPROVAL_ASK,
}
PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    Role.TELLER: frozenset(_TELLER),
    Role.SUPERVISOR: frozenset(
        _TELLER
        | {
            P.DOCUMENT_DELETE,
            P.ACCOUNT_PAYOUT_ALONE,
            P.RECORD_REVERSE,
            P.RECORD_BULK_BRANCH,
            P.PAYMENT_PHONE,
            P.PAYMENT_DISASSOCIATE_ANY,
            P.CREDIT_REFUND,
            P.CREDIT_ADJUST,
            P.SETTLEMENT_REVERSE,
            P.PAYMENT_REFUND,
            P.PAYMENT_REVERSE,
            P.VOUCHER_REVERSE,
            P.TRANSACTION_EXPORT,
            P.CALLBACK_VIEW,
            P.CALLBACK_SETTLE,
            P.IMPORT_STATEMENTS,
            P.FILE_APPLY_ALL,
            P.FILE_REVERT,
            P.FILE_SETTINGS,
            P.OPERATION_RESOLVE,
            P.DAY_CLOSE,
            P.APPROVAL_DECIDE,
            P.USER_VIEW,
            P.USER_UNLOCK,
            P.SECURITY_VIEW,
        }
    ),
    Role.AUDITOR: frozenset(
        _READ
        | {
            P.CUSTOMER_PARTS,
            P.CUSTOMER_EXPORT,
            P.PAYMENT_PHONE,
            P.CALLBACK_VIEW,
            P.FILE_SETTINGS,
            P.TRANSACTION_EXPORT,
            P.AUDIT_VIEW,
            P.APPROVAL_VIEW,
            P.USER_VIEW,
            P.SECURITY_VIEW,
        }
    ),
    Role.ADMINISTRATOR: frozenset(
        {
            P.SIGNED_IN,
            P.CUSTOMER_VIEW,
            P.CALLBACK_VIEW,
            P.DASHBOARD_VIEW,
            P.USER_VIEW,
            P.USER_UNLOCK,
            P.USER_ADMIN,
            P.BRANCH_ADMIN,
            P.CODE_ADMIN,
            P.IMPORT_FILES,
            P.IMPORT_LIST,
            P.FILE_SETTINGS,
            P.FILE_ADMIN,
            P.SECURITY_VIEW,
            P.SECURITY_ADMIN,
        }
    ),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """The branches whose objects exist for somebody: the own branch and those below it.

    `top` is true where that is the whole institution.
    """

    branch_ids: frozenset[str]
    top: bool = False

    def covers(self, branch_id: str | None) -> bool:
        """Whether an object of this branch exists for the holder; None belongs to no branch."""
        return branch_id in self.branch_ids if branch_id is not None else self.top


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `limit_minor` is the largest single amount (None: no limit), in minor units."""

    user_id: str
    username: str
    person_id: str
    role: Role
    branch_id: str
    scope: Scope
    limit_minor: int | None = None
    session_id: str | None = None
    address: str | None = None

    def may(self, permission: Permission) -> bool:
        """Whether the role has this permission."""
        return permission in PERMISSIONS[self.role]

    def within_limit(self, amount_minor: int) -> bool:
        """Whether one movement of this amount is within the user's limit."""
        return self.limit_minor is None or amount_minor <= self.limit_minor


SYSTEM: Final = "ledger"
"""The actor of what nobody asked for by hand: a provider's callback, a seed."""
