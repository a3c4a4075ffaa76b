"""Balance files: what payers owe, stated by one file, seen before anything moves (contract, section 6)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from branchtui.contract.base import (
    Answer,
    BalanceMinor,
    Code,
    Id,
    Number,
    OpenEnum,
    Reason,
    Request,
    Resource,
)
from branchtui.contract.customers import AccountBalance
from branchtui.contract.imports import ImportOptions, Recognised, Sha256

SHARE_PERCENT_MAX = 100_000
"""The largest share of a balance that may be set as remarkable."""

FILE_ID_CHARACTERS = 64
"""The longest name that a file may give itself."""


class FileState(OpenEnum):
    """`received` is being checked, `validated` waits with its preview; `reverting` is a long revert under way."""

    RECEIVED = "received"
    REJECTED = "rejected"
    VALIDATED = "validated"
    APPLYING = "applying"
    APPLIED = "applied"
    APPLIED_WITH_ERRORS = "applied_with_errors"
    REVERTING = "reverting"
    REVERTED = "reverted"
    OTHER = "other"


class FileForm(OpenEnum):
    """`universal` has the records H, D and T; `table` is a plain CSV whose columns are known by name."""

    UNIVERSAL = "universal"
    TABLE = "table"
    OTHER = "other"


class PayerChange(OpenEnum):
    """What a file means for a payer.

    `new` has no receivable yet, `flipped` changes its sign (and is among the changed), `missing` stood in the
    last file of this scope and stands in this one no more, `blocking` has moved since the file was applied.
    """

    NEW = "new"
    CHANGED = "changed"
    FLIPPED = "flipped"
    UNCHANGED = "unchanged"
    ERROR = "error"
    MISSING = "missing"
    BLOCKING = "blocking"
    OTHER = "other"


class NewBalanceFile(Request):
    """`POST /v1/balance-files`: for all payers of the caller's branches, one division, or one payer.

    `division` is a branch's code and covers those below it, `account_no` is the payer's main number. `options`
    set how a plain table is read.
    """

    upload_id: Id
    division: Code | None = None
    account_no: Number | None = None
    sha256: Sha256 | None = None
    options: ImportOptions = ImportOptions()


class ApplyBalanceFile(Request):
    """`POST /v1/balance-files/{id}/apply`: bound to the bytes and the preview that were seen."""

    file_sha256: Sha256
    preview_version: Annotated[int, Field(ge=1)]


class RejectBalanceFile(Request):
    """`POST /v1/balance-files/{id}/reject`: nobody applies it any more, and its `file_id` is free again."""

    reason: Reason


class PayerMove(Answer):
    """A payer as a file states one: what is owed before and after, in minor units; positive is owed to us.

    `after_minor` is empty where the row could not be read, `before_minor` 0 where there is no receivable yet.
    Of a `missing` payer `after_minor` is what the last file stated; of a `blocking` one what stands now.
    """

    row_no: int
    account_no: str
    name: str
    division: str | None = None
    change: PayerChange
    before_minor: BalanceMinor = 0
    after_minor: BalanceMinor | None = None
    moved_minor: int = 0
    due_date: date | None = None
    statement_ref: str | None = None
    email: str | None = None


class DivisionMove(Answer):
    """What a file moves in one division; amounts in minor units."""

    division: str
    name: str
    payers: int
    moved: int
    net_minor: int


class XRay(Answer):
    """What applying a file would do, made from exactly its bytes; amounts in minor units.

    `changed` counts `sign_flips` too; `missing` counts the payers of the last file of this scope
    (`previous_file_id`, `previous_id`) that this one does not state. `newer_*` is there where the last file that was
    applied to these payers is of a later day than this one, which would put older balances over newer ones.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    sign_flips: int = 0
    missing: int = 0
    missing_minor: int = 0
    before_minor: int = 0
    after_minor: int = 0
    net_minor: int = 0
    biggest: tuple[PayerMove, ...] = ()
    divisions: tuple[DivisionMove, ...] = ()
    previous_id: str | None = None
    previous_file_id: str | None = None
    newer_id: str | None = None
    newer_file_id: str | None = None
    newer_as_of_date: date | None = None


class BalanceFile(Resource):
    """A balance file and what became of it.

    `payers` counts the rows that state a balance; `accounts_updated` and `unchanged` are results, 0 until it is
    applied; `warnings` and `errors` count rows. `file_id` is the name that the file gives itself, which a plain
    table does not. `xray` comes with one file, not in a list; `balances` with a change of few accounts.
    """

    branch_id: str
    division: str | None = None
    account_no: str | None = None
    form: FileForm
    file_id: str | None = None
    state: FileState
    job_id: str
    sha256: str
    preview_version: int = 0
    already_applied: bool = False
    payers: int = 0
    accounts_updated: int = 0
    unchanged: int = 0
    warnings: int = 0
    errors: int = 0
    total_minor: int = 0
    currency: str
    as_of_date: date | None = None
    reason: str | None = None
    recognised: Recognised = Recognised()
    xray: XRay | None = None
    balances: tuple[AccountBalance, ...] = ()
    created_by: str
    created_at: datetime
    applied_by: str | None = None
    applied_at: datetime | None = None
    reverted_by: str | None = None
    reverted_at: datetime | None = None


class FileSettings(Resource):
    """`GET /v1/settings/balance-files`: a payer whose balance moves by more than this share of it is warned of."""

    moved_share_percent: int


class FileSettingsChange(Request):
    """`PUT /v1/settings/balance-files`."""

    moved_share_percent: Annotated[int, Field(ge=1, le=SHARE_PERCENT_MAX)]
