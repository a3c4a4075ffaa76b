"""Errors on the wire: `application/problem+json` (RFC 9457) with what a machine needs to go on (ERR-1)."""

from __future__ import annotations

from typing import Any, Final

from pydantic import ConfigDict

from branchtui.contract.base import Answer, OpenEnum

MEDIA_TYPE: Final = "application/problem+json"


class Outcome(OpenEnum):
    """Whether the change that was asked for happened."""

    NOT_APPLIED = "not_applied"
    APPLIED = "applied"
    UNKNOWN = "unknown"
    OTHER = "other"


class Retry(Answer):
    """Whether and how the same request may be sent again; `after_ms` is in milliseconds."""

    allowed: bool = False
    same_key: bool = False
    after_ms: int | None = None


class FieldError(Answer):
    """What is wrong with one value: a JSON pointer, or row and column of a file; only what is known is sent."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    pointer: str | None = None
    code: str
    message: str
    row: int | None = None
    column: str | None = None


class Problem(Answer):
    """One refusal or failure. Clients switch on `code`, people read `detail`.

    Members beyond these depend on `code` (for example `changed_fields` and `current` of
    `precondition-failed`); they are found in `extra`.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    instance: str | None = None
    code: str
    outcome: Outcome = Outcome.UNKNOWN
    retry: Retry = Retry()
    errors: tuple[FieldError, ...] = ()
    extra: dict[str, Any] = {}


class Codes:
    """The codes that a client acts on. Others may come; they are shown as they are."""

    MALFORMED: Final = "malformed"
    VALIDATION: Final = "validation"
    KEY_MISSING: Final = "idempotency-key-missing"
    KEY_MALFORMED: Final = "idempotency-key-malformed"
    KEY_REUSED: Final = "idempotency-key-reused"
    CURSOR_INVALID: Final = "cursor-invalid"
    CREDENTIALS: Final = "credentials-wrong"
    TOKEN_EXPIRED: Final = "token-expired"
    SESSION_ENDED: Final = "session-ended"
    IDLE: Final = "idle"
    FORBIDDEN: Final = "forbidden"
    NEEDS_CHECKER: Final = "needs-checker"
    STEP_UP: Final = "step-up"
    OTP_REQUIRED: Final = "otp-required"
    OTP_ENROL: Final = "otp-enrol"
    STALE_APPROVAL: Final = "stale-approval"
    PENDING_APPROVAL: Final = "pending-approval"
    APPROVAL_PENDING: Final = "approval-already-pending"
    APPROVAL_SETTLED: Final = "approval-settled"
    NO_CHECKER: Final = "no-checker"
    SAME_PERSON: Final = "same-person"
    NOT_FOUND: Final = "not-found"
    METHOD_NOT_ALLOWED: Final = "method-not-allowed"
    OPERATION_UNKNOWN: Final = "operation-unknown"
    OPERATION_IN_PROGRESS: Final = "operation-in-progress"
    OPERATION_CANCELLED: Final = "operation-cancelled"
    PRECONDITION_REQUIRED: Final = "precondition-required"
    PRECONDITION_FAILED: Final = "precondition-failed"
    RECORD_ACCOUNTED: Final = "record-accounted"
    BATCH_CHANGED: Final = "batch-changed"
    POSSIBLE_DUPLICATE: Final = "possible-duplicate"
    REFERENCE_TAKEN: Final = "reference-taken"
    CUSTOMER_NOT_ACTIVE: Final = "customer-not-active"
    BALANCE_NOT_ZERO: Final = "balance-not-zero"
    RECORDS_WAITING: Final = "records-waiting"
    INSUFFICIENT_BALANCE: Final = "insufficient-balance"
    MORE_THAN_OWED: Final = "more-than-owed"
    ACCOUNT_NOT_OPEN: Final = "account-not-open"
    TOO_MANY_ROWS: Final = "too-many-rows"
    TOO_MANY_VALUES: Final = "too-many-values"
    DAY_CLOSED: Final = "day-closed"
    ACCOUNT_AMBIGUOUS: Final = "account-ambiguous"
    ALREADY_ASSOCIATED: Final = "already-associated"
    NOT_ASSOCIATED: Final = "not-associated"
    PAYMENT_ALREADY_SPENT: Final = "payment-already-spent"
    CREDIT_LIMIT_EXCEEDED: Final = "credit-limit-exceeded"
    ACCOUNT_NOT_ACTIVE: Final = "account-not-active"
    ALREADY_SETTLED: Final = "already-settled"
    OVERPAYMENT: Final = "overpayment"
    TRANSITION_NOT_ALLOWED: Final = "transition-not-allowed"
    FILE_ALREADY_IMPORTED: Final = "file-already-imported"
    IMPORT_REFUSED: Final = "import-refused"
    REVERT_BLOCKED: Final = "revert-blocked"
    UPLOAD_OFFSET: Final = "upload-offset"
    TOO_LARGE: Final = "too-large"
    TOO_SLOW: Final = "too-slow"
    MEDIA_TYPE: Final = "media-type"
    RATE_LIMITED: Final = "rate-limited"
    LOGIN_THROTTLED: Final = "login-throttled"
    INTERNAL: Final = "internal"
    INVARIANT: Final = "invariant"
    OVERLOADED: Final = "overloaded"
    CONTENTION: Final = "contention"
    MAINTENANCE: Final = "maintenance"
    STORAGE_FULL: Final = "storage-full"
