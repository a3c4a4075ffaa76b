"""Stored rows as frozen dataclasses: what the rules read and return, one class a table.

Fields stand in the order of the table's columns and hold what both engines store: text, integers
(minor units, microseconds since 1970 UTC, 0 or 1), bytes. `mapping.py` checks that they agree.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Institution:
    """The one institution of this database; `secret` seals cursors and derives tokens."""

    id: str
    name: str
    currency: str
    timezone: str
    ledger_id: str
    epoch: str
    secret: bytes
    settings: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Branch:
    """A node of the branch tree."""

    id: str
    code: str
    name: str
    parent_id: str | None
    currency: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Payee:
    """A short code or bank account of ours, and the branch whose payments it takes."""

    id: str
    provider: str
    number: str
    branch_id: str


@dataclass(frozen=True, slots=True)
class CallbackToken:
    """A path token of a provider, as its hash."""

    id: str
    provider: str
    token_hash: str
    created_at: int
    ended_at: int | None


@dataclass(frozen=True, slots=True)
class Counter:
    """The last number given out under a name."""

    id: str
    value: int


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who signs in; `limit_minor` is the largest single amount, None without limit."""

    id: str
    version: int
    username: str
    person_id: str
    role: str
    branch_id: str
    password_hash: str
    limit_minor: int | None
    disabled: int
    failed_tries: int
    failed_since: int | None
    next_try_at: int | None
    locked_until: int | None
    created_at: int


@dataclass(frozen=True, slots=True)
class Session:
    """A session; tokens as hashes."""

    id: str
    user_id: str
    access_hash: str
    access_expires_at: int
    refresh_hash: str
    previous_refresh_hash: str | None
    previous_valid_until: int | None
    started_at: int
    last_used_at: int
    ended_at: int | None
    end_reason: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer; the `_key` columns and `search_text` are folded for search."""

    id: str
    version: int
    customer_no: str
    account_no: str
    legal_form: str
    name: str
    first_name: str | None
    middle_name: str | None
    last_name: str | None
    branch_id: str
    status: str
    mobile_no: str | None
    phone_sha_international: str | None
    phone_sha_local: str | None
    email: str | None
    date_of_birth: str | None
    gender: str | None
    external_id: str | None
    submitted_on: str | None
    activation_date: str | None
    created_by: str
    created_at: int
    name_key: str
    reversed_name_key: str
    search_text: str


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


@dataclass(frozen=True, slots=True)
class Operation:
    """A key and what became of it; `headers` is a JSON object, `guard` the soft duplicate's signature."""

    key: str
    principal_id: str
    actor: str
    branch_id: str
    fingerprint: bytes
    action: str
    state: str
    status: int
    code: str | None
    headers: str
    body: bytes
    resource: str | None
    summary: str
    amount_minor: int | None
    currency: str | None
    guard: str | None
    reference: str
    completed_at: int


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A link of a branch's chain."""

    branch_id: str
    seq: int
    at: int
    actor: str
    person_id: str
    role: str
    session_hash: str | None
    address: str | None
    action: str
    object: str | None
    operation_key: str | None
    before: str | None
    after: str | None
    outcome: str
    reason: str | None
    request_id: str | None
    prev_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Where a chain stands."""

    branch_id: str
    seq: int
    at: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way."""

    id: str
    user_id: str
    branch_id: str
    length: int
    received: int
    sha256: str | None
    created_at: int


@dataclass(frozen=True, slots=True)
class UploadChunk:
    """A piece of an upload, by the offset it starts at."""

    upload_id: str
    start: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Import:
    """A file of rows and what became of it; JSON in `options`, `control`, `recognised`."""

    id: str
    version: int
    branch_id: str
    kind: str
    mode: str
    state: str
    job_id: str
    upload_id: str
    sha256: str
    preview_version: int
    dry_run: int
    options: str
    control: str
    rows_total: int
    rows_ok: int
    rows_warning: int
    rows_error: int
    imported: int
    total_minor: int
    currency: str | None
    recognised: str
    reason: str | None
    operation_key: str
    created_by: str
    created_at: int


@dataclass(frozen=True, slots=True)
class ImportRow:
    """`findings` and `cells` are JSON lists, `parsed` a JSON object of what would be taken in."""

    import_id: str
    row_no: int
    level: str
    findings: str
    cells: str
    parsed: str | None


@dataclass(frozen=True, slots=True)
class Job:
    """Work that goes on; `principal` and `result` are JSON objects."""

    id: str
    kind: str
    subject_id: str
    branch_id: str
    state: str
    done: int
    total: int | None
    result: str
    principal: str
    created_by: str
    created_at: int


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day of a branch that takes no more postings; its id is branch and date."""

    id: str
    branch_id: str
    date: str
    closed_by: str
    closed_at: int
