"""Uploads that continue where they stopped, imports with a preview, and jobs (contract, section 8)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from branchtui.contract.base import Answer, Currency, Id, OpenEnum, Request, Resource
from branchtui.contract.statements import AboveZero, AccountNumber, Columns, StatementTotals

FILE_NAME_MAX: Final = 140
"""Signs of the name of a file."""


class Upload(Answer):
    """A file on its way: `offset` bytes of `length` have arrived."""

    id: str
    length: int
    offset: int
    sha256: str | None = None


class ImportKind(OpenEnum):
    """What the rows of a file are. A ledger may not offer all of them yet."""

    CUSTOMERS_PERSON = "customers-person"
    CUSTOMERS_ENTITY = "customers-entity"
    BALANCE_RECORDS = "balance-records"
    CREDIT_ACCOUNTS = "credit-accounts"
    STATEMENT = "statement"
    """Whichever format of statement the file is."""

    STATEMENT_MT940 = "statement-mt940"
    STATEMENT_CAMT053 = "statement-camt053"
    STATEMENT_OFX = "statement-ofx"
    STATEMENT_CSV = "statement-csv"
    STATEMENT_BAI2 = "statement-bai2"
    STATEMENT_QIF = "statement-qif"
    STATEMENT_MPESA = "statement-mpesa"
    PLANS = "plans"
    OTHER = "other"


class ImportMode(OpenEnum):
    """Whether one wrong row stops the file."""

    ALL_OR_NOTHING = "all_or_nothing"
    VALID_ROWS = "valid_rows"
    OTHER = "other"


class ImportState(OpenEnum):
    """Where an import stands."""

    VALIDATING = "validating"
    READY = "ready"
    IMPORTING = "importing"
    DONE = "done"
    REFUSED = "refused"
    OTHER = "other"


class DecimalWriting(OpenEnum):
    """How a file writes decimals."""

    POINT = "point"
    COMMA = "comma"
    OTHER = "other"


class DateOrder(OpenEnum):
    """How a file writes dates."""

    ISO = "iso"
    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"
    OTHER = "other"


class Delimiter(OpenEnum):
    """What stands between the cells."""

    COMMA = "comma"
    SEMICOLON = "semicolon"
    TAB = "tab"
    OTHER = "other"


class Encoding(OpenEnum):
    """How a file writes text."""

    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    CP1252 = "cp1252"
    OTHER = "other"


class ImportOptions(Request):
    """Sets what is otherwise recognised from all rows of the file.

    `columns`, or `column_map` by the name it was saved under, says which columns a statement's table has; `above_zero` what its amounts above zero are, which many cards
    write the other way round.
    """

    decimal: DecimalWriting | None = None
    date_order: DateOrder | None = None
    delimiter: Delimiter | None = None
    encoding: Encoding | None = None
    columns: Columns | None = None
    column_map: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = None
    above_zero: AboveZero | None = None


class ControlTotals(Request):
    """What the sender counted; must agree with the file when given. `amount_minor` in minor units.

    Of a statement, the credits count.
    """

    count: Annotated[int, Field(ge=0)] | None = None
    amount_minor: Annotated[int, Field(ge=0)] | None = None


Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class NewImport(Request):
    """`POST /v1/imports`. `account` says whose account a statement is of that does not say so itself.

    `file_name` is a name and nothing else: it is shown where people ask which file something came from.
    """

    upload_id: Id
    kind: ImportKind
    mode: ImportMode = ImportMode.ALL_OR_NOTHING
    dry_run: bool = False
    sha256: Sha256 | None = None
    confirm: bool = False
    options: ImportOptions = ImportOptions()
    control: ControlTotals | None = None
    branch_id: Id | None = None
    currency: Currency | None = None
    account: AccountNumber | None = None
    file_name: Annotated[str, StringConstraints(max_length=FILE_NAME_MAX)] = ""


class StartImport(Request):
    """`POST /v1/imports/{id}/start`: bound to the bytes and the preview that were seen."""

    sha256: Sha256
    preview_version: int
    mode: ImportMode | None = None


class ImportAccepted(Answer):
    """The answer 202 to a new import; the job is in `Location` too."""

    import_id: str
    job_id: str


class Recognised(Answer):
    """The writing of a file, as recognised or as set.

    `date_order` is empty where no date stands in the file; `blank_rows` are passed over, and go in nowhere.
    Of a statement: its `format`, of a table which column was `read_as` what, and by which saved `column_map`.
    """

    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    date_order: str = ""
    columns: tuple[str, ...] = ()
    blank_rows: int = 0
    questions: tuple[str, ...] = ()
    read_as: tuple[str, ...] = ()
    column_map: str = ""


class Import(Resource):
    """A file of rows: what was found in it and what became of it. Amounts in minor units.

    `statements` are those of a file of statements, each with its totals.
    """

    branch_id: str
    kind: ImportKind
    mode: ImportMode
    state: ImportState
    job_id: str
    sha256: str
    preview_version: int
    rows_total: int = 0
    rows_ok: int = 0
    rows_warning: int = 0
    rows_error: int = 0
    imported: int = 0
    total_minor: int = 0
    currency: str | None = None
    recognised: Recognised = Recognised()
    file_name: str = ""
    statements: tuple[StatementTotals, ...] = ()
    reason: str | None = None
    created_by: str
    created_at: datetime


class FindingLevel(OpenEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    OTHER = "other"


class RowFinding(Answer):
    """What was found in one row. `row_no` counts as a spreadsheet does: the header is row 1."""

    row_no: int
    level: FindingLevel
    column: str | None = None
    code: str | None = None
    message: str = ""
    value: str | None = None


class JobState(OpenEnum):
    """Where long work stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    OTHER = "other"


class Job(Answer):
    """Work that goes on in the ledger while the line may be gone: `done` of `total` steps.

    `resource` is the path of the import or balance file it works on; a set of balances has none.
    """

    id: str
    kind: str
    branch_id: str
    resource: str | None = None
    state: JobState
    done: int
    total: int | None = None
    result: dict[str, Any] = {}
    created_by: str
    created_at: datetime
