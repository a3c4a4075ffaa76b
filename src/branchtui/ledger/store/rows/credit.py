"""Rows of credit accounts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CreditAccount:
    """The terms of an account of kind credit, and where it stands; its id is the account's.

    `owed_minor` is the account's balance. `unapplied_minor` is what was paid or given back and settles nothing
    yet; while there is any, nothing is open. The `cycle_` members are of the cycle that is open: it began behind
    the transaction before `cycle_first_seq`, with `cycle_opening_minor`. `frequency` is JSON.
    """

    id: str
    version: int
    customer_id: str
    currency: str
    status: str
    max_credit_minor: int | None
    restrict_credit: int
    opening_credit_minor: int
    frequency: str | None
    statement_email: str | None
    owed_minor: int
    unapplied_minor: int
    last_seq: int
    last_at: int
    cycle_no: int
    cycle_first_seq: int
    cycle_started_at: int
    cycle_opening_minor: int
    cycle_purchases_minor: int
    cycle_refunds_minor: int
    cycle_adjustments_minor: int
    cycle_payments_minor: int
    next_close_on: str | None
    next_close_at: int | None
    import_id: str | None
    import_row_no: int | None
    created_by: str
    created_at: int


@dataclass(frozen=True, slots=True)
class CreditTransaction:
    """One movement: `amount_minor` positive is owed more, negative less.

    `limit_minor` is the limit that it was checked against, None where none was.
    """

    id: str
    account_id: str
    seq: int
    type: str
    amount_minor: int
    owed_after_minor: int
    limit_minor: int | None
    entry_id: str
    pos_ref: str | None
    narration: str
    reverses_id: str | None
    operation_key: str
    row_no: int
    created_by: str
    posted_at: int


@dataclass(frozen=True, slots=True)
class CreditOpenItem:
    """What of a transaction is still open, with the sign of its amount; never zero."""

    transaction_id: str
    account_id: str
    seq: int
    open_minor: int


@dataclass(frozen=True, slots=True)
class CreditAllocation:
    """How much of the debit `debit_id` the credit `credit_id` settles; negative takes it back."""

    id: str
    account_id: str
    credit_id: str
    debit_id: str
    amount_minor: int
    operation_key: str
    at: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """A payment of what is owed, by a tender; `cheque` is JSON."""

    id: str
    version: int
    account_id: str
    settlement_no: str
    transaction_id: str
    tender: str
    reference: str | None
    mode: str
    amount_minor: int
    overpayment_minor: int
    cheque: str | None
    state: str
    reversal_id: str | None
    reversed_by: str | None
    reversed_at: int | None
    reason: str | None
    created_by: str
    posted_at: int


@dataclass(frozen=True, slots=True)
class CreditStatement:
    """A cycle that has ended, as it was: its transactions are those from `first_seq` to `last_seq`.

    `closed_on` is the settlement date, `closed_at` the instant at which it was over. `header` is JSON.
    """

    id: str
    account_id: str
    cycle_no: int
    first_seq: int
    last_seq: int
    opened_at: int
    closed_at: int
    closed_on: str
    opening_minor: int
    purchases_minor: int
    refunds_minor: int
    adjustments_minor: int
    payments_minor: int
    closing_minor: int
    header: str
    created_at: int


@dataclass(frozen=True, slots=True)
class StatementMail:
    """A statement on its way to the customer; who sends it holds it until `leased_until`."""

    statement_id: str
    account_id: str
    address: str
    state: str
    tries: int
    next_try_at: int
    last_error: str | None
    sent_at: int | None
    holder: str | None
    leased_until: int
