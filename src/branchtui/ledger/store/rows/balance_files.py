"""Rows of balance files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BalanceFile:
    """A balance file; JSON in `options`, `recognised`, `xray`.

    `branch_id` is where it belongs: the chosen division, else the sender's branch; with `account_no` it is for one
    payer. `largest_minor` is the largest single move; `done_row_no` is the last row that applying, or reverting,
    has dealt with.
    """

    id: str
    version: int
    branch_id: str
    division: str | None
    account_no: str | None
    form: str
    file_id: str | None
    state: str
    job_id: str
    upload_id: str
    sha256: str
    options: str
    preview_version: int
    payers: int
    accounts_updated: int
    unchanged: int
    warnings: int
    errors: int
    total_minor: int
    largest_minor: int
    currency: str
    as_of_date: str | None
    reason: str | None
    recognised: str
    xray: str
    done_row_no: int
    operation_key: str
    created_by: str
    created_at: int
    applied_key: str | None
    applied_by: str | None
    applied_at: int | None
    reverted_key: str | None
    reverted_by: str | None
    reverted_at: int | None


@dataclass(frozen=True, slots=True)
class BalanceFileRow:
    """What a row states, beside what stood when it was checked.

    `account_id` is the payer's receivable then, none before there is one;
    `findings` and `cells` are JSON lists, kept where there is something to say.
    """

    balance_file_id: str
    row_no: int
    level: str
    change: str
    account_no: str
    customer_id: str | None
    account_id: str | None
    before_minor: int
    after_minor: int | None
    due_date: str | None
    statement_ref: str | None
    email: str | None
    findings: str | None
    cells: str | None


@dataclass(frozen=True, slots=True)
class MissingPayer:
    """A payer of the file before, whom this one does not state; `row_no` is the row there."""

    balance_file_id: str
    row_no: int
    account_no: str
    customer_id: str
    stated_minor: int


@dataclass(frozen=True, slots=True)
class FilePosting:
    """What was posted for a row: the leg on the receivable, a debit positive, and the balance that it left."""

    balance_file_id: str
    row_no: int
    account_id: str
    entry_id: str
    amount_minor: int
    balance_minor: int
