"""Rows of files on their way and the work on them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way; `touched_at` is when its last piece came."""

    id: str
    user_id: str
    branch_id: str
    length: int
    received: int
    sha256: str | None
    created_at: int
    touched_at: int


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
class JobLease:
    """Which process runs a job, until when unless it says so again (microseconds)."""

    job_id: str
    holder: str
    until: int


@dataclass(frozen=True, slots=True)
class JobRow:
    """One of the things that a job is to do: the object and the version that was seen of it."""

    job_id: str
    row_no: int
    subject_id: str
    version: int


@dataclass(frozen=True, slots=True)
class StatementBatch:
    """A booking of a bank that a file told of as the payments it stands for, under one of the references that name it.

    `id` is made of all that it holds but the import: the same booking in another file is the same row. `day` is ISO.
    """

    id: str
    provider: str
    reference: str
    day: str
    amount_minor: int
    currency: str
    payments: int
    import_id: str


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """A branch's saved way of reading the tables of a bank; `columns` is the JSON object of the contract."""

    id: str
    version: int
    branch_id: str
    name: str
    columns: str
    created_by: str
    created_at: int
