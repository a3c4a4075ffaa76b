"""The check of a file: what it is, how it writes, and a verdict on every row. Reads only; runs on a thread."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.imports import DateOrder, DecimalWriting
from branchtui.format.money import money
from branchtui.ledger.feeds.amounts import DecimalEvidence
from branchtui.ledger.feeds.dates import DateEvidence
from branchtui.ledger.feeds.finding import ERROR, WARNING, Finding, error
from branchtui.ledger.feeds.table_file import ENDS, TableFile
from branchtui.ledger.store import upload_store
from branchtui.ledger.workflows.import_rows import ERROR_COLUMN, Asked, Checked, Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from branchtui.ledger.core import Core
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.rows import Import
    from branchtui.ledger.workflows.import_kinds import TableKind

CHUNK_ROWS: Final = 5_000


@dataclass(slots=True)
class Verdict:
    """What the check of a file found.

    `fatal` are findings that keep the whole file out, in any mode; they stand at the header's row.
    `notes` are what else is to be said of it, `currency` the one of `total_minor` where that is not the branch's.
    `cut` says why the file could not be read to its end. `rows_total` counts the rows under the header.
    """

    rows_total: int = 0
    rows_ok: int = 0
    rows_warning: int = 0
    rows_error: int = 0
    data_rows: int = 0
    importable: int = 0
    file_minor: int = 0
    total_minor: int = 0
    recognised: dict[str, Any] = field(default_factory=dict)
    currency: str | None = None
    fatal: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    cut: str | None = None

    def count(self, row: Checked) -> None:
        """Add a row's verdict."""
        self.rows_total += 1
        if row.level == ERROR:
            self.rows_error += 1
        elif row.level == WARNING:
            self.rows_warning += 1
        else:
            self.rows_ok += 1
        if not row.is_blank:
            self.data_rows += 1
        self.file_minor += row.amount_minor + row.control_minor
        if row.parsed is not None:
            self.importable += 1
            self.total_minor += row.amount_minor


@dataclass(frozen=True, slots=True)
class Checker:
    """The check of one import. `send` keeps a chunk of verdicts and says whether to go on."""

    core: Core
    import_: Import
    kind: TableKind
    currency: str
    control: dict[str, int | None]
    send: Callable[[list[Checked], int, int], None]

    def run(self, connection: Connection) -> Verdict:
        """Judge every row; the chunks of verdicts go to `send` with how many rows are done, of how many."""
        asked = Asked.loaded(self.import_.options)
        table = TableFile(
            lambda: upload_store.chunks(connection, self.import_.upload_id),
            known={*self.kind.columns, ERROR_COLUMN},
            encoding=asked.encoding,
            delimiter=asked.delimiter,
            synonyms=self.kind.synonyms,
        )
        verdict = Verdict()
        setting, rows_total = self._recognise(table, asked, verdict)
        verdict.fatal += self._header_findings(table, setting)
        if table.header and not self.kind.missing(table.header, setting):
            self._judge(connection, table, setting, rows_total, verdict)
        else:
            verdict.rows_total = rows_total
        verdict.fatal += self._control_findings(verdict)
        if verdict.fatal:
            verdict.rows_error += 1
            header = Checked(table.header_row_no, ERROR, tuple(verdict.fatal), table.header)
            self.send([header], rows_total, rows_total)
        return verdict

    def _recognise(self, table: TableFile, asked: Asked, verdict: Verdict) -> tuple[Setting, int]:
        """How the file writes amounts and dates, from all its rows; what is set by hand is not judged."""
        decimals, dates = DecimalEvidence(), DateEvidence()
        amounts_at = [table.header.index(each) for each in self.kind.amount_columns if each in table.header]
        dates_at = [table.header.index(each) for each in self.kind.date_columns if each in table.header]
        count = blank = 0
        for row in table.rows():
            count += 1
            if row.is_readable and row.is_blank:
                blank += 1
            elif row.is_readable:
                for place in amounts_at:
                    decimals.add(row.cells[place])
                for place in dates_at:
                    dates.add(row.cells[place])
        decimal, open_decimal = decimals.decide(table.delimiter)
        order, open_date = dates.decide()
        if asked.decimal is not None:
            decimal, open_decimal = asked.decimal, None
        if asked.date_order is not None:
            order, open_date = asked.date_order, None
        verdict.questions = [each for each in (open_decimal, open_date) if each]
        verdict.recognised = {
            "format": "xlsx" if table.is_workbook else "",
            "encoding": table.encoding.value,
            "delimiter": table.delimiter.value,
            "decimal": "" if open_decimal else decimal.value,
            "date_order": order.value if order and dates.is_seen else "",
            "columns": list(table.header),
            "blank_rows": blank,
            "questions": verdict.questions,
        }
        return self._setting(asked, decimal, order), count

    def _setting(self, asked: Asked, decimal: DecimalWriting, order: DateOrder | None) -> Setting:
        return Setting(
            branch_id=self.import_.branch_id,
            currency=self.currency,
            decimal=decimal,
            date_order=order,
            currency_given=asked.currency is not None,
            created_by=self.import_.created_by,
        )

    def _judge(
        self,
        connection: Connection,
        table: TableFile,
        setting: Setting,
        rows_total: int,
        verdict: Verdict,
    ) -> None:
        checker = self.kind.checker(self.core, setting, table.header)
        rows = table.rows()
        while chunk := list(itertools.islice(rows, CHUNK_ROWS)):
            checked = checker.check(connection, chunk)
            for row in checked:
                verdict.count(row)
            last = chunk[-1].findings
            if last and last[-1].code in ENDS:
                verdict.cut = last[-1].message
            self.send(checked, verdict.rows_total, rows_total)

    def _header_findings(self, table: TableFile, setting: Setting) -> Iterator[Finding]:
        yield from (each for each in table.findings if each.level == ERROR)
        if not table.header:
            return
        known = ", ".join(self.kind.columns)
        for name in dict.fromkeys(table.header):
            if name not in self.kind.columns and name != ERROR_COLUMN:
                shown = name or "without a name"
                yield error(
                    "unknown-column", f"The column {shown} is not known. Known are {known}.", name, name
                )
        for name in self.kind.missing(table.header, setting):
            yield error("missing-column", f"The column {name} is missing.", name)

    def _control_findings(self, verdict: Verdict) -> Iterator[Finding]:
        """The sender's own count and sum must be the file's."""
        count, amount = self.control.get("count"), self.control.get("amount_minor")
        if count is not None and count != verdict.data_rows:
            said = f"The file has {verdict.data_rows:,} rows; {count:,} were announced."
            yield error("control-count", said)
        if amount is not None and amount != verdict.file_minor:
            have, want = money(verdict.file_minor, self.currency), money(amount, self.currency)
            said = f"The amounts add up to {have} {self.currency}; {want} were announced."
            yield error("control-amount", said, next(iter(self.kind.amount_columns), None))
