"""Rows of accounts, the journal, and what waits to enter it."""

from __future__ import annotations

from dataclasses import dataclass

from branchtui.ledger.store.search import number_key


@dataclass(frozen=True, slots=True)
class Account:
    """`balance_minor` is the sum of its legs: debits positive, credits negative."""

    id: str
    version: int
    account_no: str
    customer_id: str | None
    branch_id: str
    kind: str
    currency: str
    status: str
    product: str | None
    balance_minor: int
    created_at: int

    @property
    def account_no_key(self) -> str:
        """What the engine keeps in the column of this name."""
        return number_key(self.account_no)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One change of money; its legs sum to zero."""

    id: str
    branch_id: str
    kind: str
    operation_key: str
    row_no: int
    subject_id: str
    reversal_of: str | None
    narration: str
    reference: str | None
    created_by: str
    booked_at: int
    business_date: str


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of an entry: a debit is positive, a credit negative."""

    entry_id: str
    line: int
    account_id: str
    amount_minor: int
    balance_after_minor: int


@dataclass(frozen=True, slots=True)
class BalanceRecord:
    """A member balance, waiting or posted."""

    id: str
    version: int
    branch_id: str
    customer_id: str
    account_kind: str
    account_no: str | None
    product: str | None
    amount_minor: int
    currency: str
    as_of_date: str
    narration: str
    external_ref: str | None
    status: str
    import_id: str | None
    import_row_no: int | None
    operation_key: str
    row_no: int
    created_by: str
    created_at: int
    posted_by: str | None
    posted_at: int | None
    account_id: str | None


@dataclass(frozen=True, slots=True)
class Payment:
    """`phone_form` says what `payer_phone` is: e164, masked, sha256 or none."""

    id: str
    version: int
    branch_id: str
    payment_no: str
    source: str
    provider: str | None
    code: str | None
    payer_phone: str | None
    phone_form: str
    payer_name: str | None
    account_ref: str | None
    amount_minor: int
    currency: str
    paid_at: int
    received_at: int
    state: str
    waits_because: str | None
    customer_id: str | None
    account_id: str | None
    match_tier: int | None
    match_reasons: str
    associated_by: str | None
    associated_at: int | None
    search_text: str


@dataclass(frozen=True, slots=True)
class CallbackEvent:
    """A provider's message that credited nothing, as it came."""

    id: str
    branch_id: str | None
    provider: str
    state: str
    reason: str
    code: str | None
    body: str
    received_at: int
    version: int = 1
    held_as: str | None = None
    settled_by: str | None = None
    settled_at: int | None = None
    settled_because: str | None = None
