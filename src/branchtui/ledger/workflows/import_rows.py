"""What is known of an import's rows between the file and the ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic_core import to_json

from branchtui.contract.imports import (
    DateOrder,
    DecimalWriting,
    Delimiter,
    Encoding,
    FindingLevel,
    RowFinding,
)
from branchtui.contract.statements import AboveZero, Columns
from branchtui.ledger.feeds.finding import ERROR, OK, WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

FINDINGS_MAX: Final = 64
"""Findings of one row that are kept; a row has fewer columns than that which can be wrong."""

NO_SYNONYMS: Final[dict[str, str]] = {}

ERROR_COLUMN: Final = "error"
"""The column that a file of rejects adds; ignored when it comes back."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a file is to be read: where it belongs, and how it writes numbers and dates."""

    branch_id: str
    currency: str
    decimal: DecimalWriting
    date_order: DateOrder | None
    currency_given: bool = False
    created_by: str = ""


class Checked(NamedTuple):
    """The verdict on a row: `parsed` is what would be taken in, None for what is not.

    `control_minor` counts towards the sender's own sum and nothing else: figures that are no money on its way.
    """

    row_no: int
    level: str
    findings: tuple[Finding, ...]
    cells: Sequence[str]
    parsed: dict[str, Any] | None = None
    amount_minor: int = 0
    said: str = ""
    is_blank: bool = False
    control_minor: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What writing a set of rows did: how many, how much, their fingerprint, and which fit no longer.

    `passed` are rows that are no mistake and were not written all the same, each with what is said of it.
    """

    count: int
    total_minor: int
    set_hash: str
    refused: dict[int, Finding] = field(default_factory=dict)
    passed: dict[int, Finding] = field(default_factory=dict)


def level_of(findings: Sequence[Finding]) -> str:
    """The worst level among findings."""
    if not findings:
        return OK
    return ERROR if any(each.level == ERROR for each in findings) else WARNING


def encoded(import_id: str, row: Checked) -> tuple[Any, ...]:
    """The verdict as a row of import_rows: errors alone where there are errors."""
    if row.findings:
        findings = encoded_findings([each for each in row.findings if each.level == row.level])
    else:
        findings = _json([[OK, "ok", row.said, None, None]])
    parsed = None if row.parsed is None else _json(row.parsed)
    return import_id, row.row_no, row.level, findings, _json(row.cells), parsed


def encoded_findings(findings: Sequence[Finding]) -> str:
    """Findings as import_rows keeps them."""
    return _json([_parts(each) for each in findings[:FINDINGS_MAX]])


def decoded(row_no: int, findings: str) -> list[RowFinding]:
    """The findings of a stored row, as the contract shows them."""
    return [
        RowFinding(
            row_no=row_no, level=FindingLevel(level), code=code, message=message, column=column, value=value
        )
        for level, code, message, column, value in json.loads(findings)
    ]


def _json(value: Any) -> str:
    # Three times as fast as the standard library's, and there are three texts a row.
    return to_json(value).decode()


def _parts(finding: Finding) -> list[str | None]:
    return [finding.level, finding.code, finding.message, finding.column, finding.value]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the sender set, as an import keeps it."""

    decimal: DecimalWriting | None = None
    date_order: DateOrder | None = None
    delimiter: Delimiter | None = None
    encoding: Encoding | None = None
    confirm: bool = False
    currency: str | None = None
    account: str = ""
    columns: Columns | None = None
    file_name: str = ""
    above_zero: AboveZero | None = None

    def dumped(self) -> str:
        """As JSON."""
        return json.dumps(
            {
                "decimal": self.decimal,
                "date_order": self.date_order,
                "delimiter": self.delimiter,
                "encoding": self.encoding,
                "confirm": self.confirm,
                "currency": self.currency,
                "account": self.account,
                "file_name": self.file_name,
                "above_zero": self.above_zero,
                "columns": None if self.columns is None else self.columns.model_dump(),
            }
        )

    @classmethod
    def loaded(cls, text: str) -> Asked:
        """From JSON."""
        kept = json.loads(text)
        return cls(
            decimal=DecimalWriting(kept["decimal"]) if kept["decimal"] else None,
            date_order=DateOrder(kept["date_order"]) if kept["date_order"] else None,
            delimiter=Delimiter(kept["delimiter"]) if kept["delimiter"] else None,
            encoding=Encoding(kept["encoding"]) if kept["encoding"] else None,
            confirm=kept["confirm"],
            currency=kept["currency"],
            account=kept.get("account", ""),
            file_name=kept.get("file_name", ""),
            above_zero=AboveZero(kept["above_zero"]) if kept.get("above_zero") else None,
            columns=Columns.model_validate(kept["columns"], strict=False) if kept.get("columns") else None,
        )
