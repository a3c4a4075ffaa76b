"""Rows of who and where."""

from __future__ import annotations

from dataclasses import dataclass

from branchtui.ledger.store.search import number_key


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
    """A node of the branch tree.

    `unknown_reference_waits` is 1 where every payment whose reference names nobody waits for a person.
    """

    id: str
    code: str
    name: str
    parent_id: str | None
    currency: str
    timezone: str
    unknown_reference_waits: int = 0


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
    """A customer; the `_key` columns and `search_text` are folded for search.

    Codes (gender, client type, reasons, ...) are ids of code values; a gender from before may be a plain word.
    `labels` is a JSON list of such ids, `facets` the marks that lists are filtered by. `import_id` and
    `import_row_no` say which row of which file brought the customer.
    """

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
    client_type: str | None = None
    classification: str | None = None
    staff_id: str | None = None
    group_id: str | None = None
    organisation_id: str | None = None
    labels: str = "[]"
    incorporation_no: str | None = None
    incorporation_valid_until: str | None = None
    constitution: str | None = None
    business_line: str | None = None
    reopened_on: str | None = None
    closed_on: str | None = None
    closure_reason: str | None = None
    rejected_on: str | None = None
    rejection_reason: str | None = None
    withdrawn_on: str | None = None
    withdrawal_reason: str | None = None
    reactivated_on: str | None = None
    terms_accepted_on: str | None = None
    self_registered: int = 0
    facets: str = ""
    import_id: str | None = None
    import_row_no: int | None = None

    @property
    def customer_no_key(self) -> str:
        """What the engine keeps in the column of this name."""
        return number_key(self.customer_no)
