"""Statements: cycles that have ended, frozen (contract, section 7)."""

from __future__ import annotations

from datetime import date, datetime

from branchtui.contract.base import Answer, OpenEnum
from branchtui.contract.credit import TransactionType


class MailState(OpenEnum):
    """Where a statement's mail stands. `none`: there was no address; `failed`: it is not tried again by itself."""

    NONE = "none"
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    OTHER = "other"


class StatementMail(Answer):
    """A statement's mail: how often it was tried, and what the mail server said last."""

    state: MailState
    address: str | None = None
    tries: int = 0
    next_try_at: datetime | None = None
    last_error: str | None = None
    sent_at: datetime | None = None


class StatementBrief(Answer):
    """A statement in the list of its account; amounts in minor units of `currency`."""

    id: str
    account_id: str
    cycle_no: int
    opened_at: datetime
    closed_on: date
    closed_at: datetime
    opening_minor: int
    purchases_minor: int
    refunds_minor: int
    adjustments_minor: int
    payments_minor: int
    closing_minor: int
    currency: str
    mail: StatementMail
    actions: tuple[str, ...] = ()


class StatementLine(Answer):
    """A line of a statement; `amount_minor` positive is owed more, `owed_after_minor` what was owed after it."""

    transaction_id: str
    posted_at: datetime
    type: TransactionType
    reference: str | None = None
    narration: str = ""
    amount_minor: int
    owed_after_minor: int


class Statement(StatementBrief):
    """`GET /v1/statements/{id}`: as it was when the cycle ended; nothing of it changes any more.

    `lines` are the first two thousand of `lines_total`; as text and as PDF it has all.
    """

    institution: str
    branch_name: str
    customer_no: str
    customer_name: str
    account_no: str
    lines_total: int
    lines: tuple[StatementLine, ...]
