"""The check of a balance file: what it is, a verdict on every row, its X-ray. Reads only; runs on a thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.balance_files import FILE_ID_CHARACTERS, FileForm
from branchtui.contract.base import COUNTED_MAX
from branchtui.contract.imports import DateOrder, Delimiter, ImportOptions
from branchtui.format.counts import count_of
from branchtui.format.money import money
from branchtui.ledger.feeds import encodings
from branchtui.ledger.feeds.balances import total_reader
from branchtui.ledger.feeds.dates import date_reader
from branchtui.ledger.feeds.finding import ERROR, WARNING, CellError, Finding, error, shown, warning
from branchtui.ledger.feeds.payer_table import PayerTable
from branchtui.ledger.feeds.table_row import Row
from branchtui.ledger.feeds.universal import Facts, UniversalFile, is_universal
from branchtui.ledger.store import file_store, upload_store
from branchtui.ledger.texts import is_unsafe
from branchtui.ledger.workflows.file_judge import BLANK, Judge
from branchtui.ledger.workflows.file_rules import relatives
from branchtui.ledger.workflows.file_setting import Setting, Staged
from branchtui.ledger.workflows.file_xray import Figures
from branchtui.ledger.workflows.import_rows import encoded_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.feeds.universal import Payers
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.rows import BalanceFile, Branch

CHUNK_ROWS: Final = 5_000
VERSION: Final = "1"
"""The version of the universal form that this ledger reads."""

MOVED_SHARE: Final = "balance_file_moved_share_percent"
MOVED_SHARE_PERCENT: Final = 50
"""A payer is remarkable whose balance moves by more than this share of it, unless the institution says another."""

Form = UniversalFile | PayerTable


NOTHING: Final = (FileForm.TABLE, Facts())
"""What an upload says of itself that cannot be read."""


@dataclass(slots=True)
class Verdict:
    """What the check of a file found. `fatal` are findings, by row, that keep the whole file out."""

    form: FileForm
    facts: Facts
    figures: Figures = field(default_factory=Figures)
    fatal: list[tuple[int, Finding]] = field(default_factory=list)
    recognised: dict[str, Any] = field(default_factory=dict)
    xray: dict[str, Any] = field(default_factory=dict)
    missing: list[tuple[Any, ...]] = field(default_factory=list)
    as_of_date: str | None = None


def open_form(chunks: Callable[[], Iterable[bytes]], options: ImportOptions) -> Form:
    """The file in the form in which it is written."""
    encoding = options.encoding or encodings.recognise(chunks())
    if is_universal(chunks, encoding):
        return UniversalFile(chunks, encoding)
    return PayerTable(chunks, encoding, options)


def facts_of(connection: Connection, upload_id: str, options: ImportOptions) -> tuple[FileForm, Facts]:
    """What an upload says of itself, from its first piece alone."""
    first = next(upload_store.chunks(connection, upload_id), b"")

    def chunks() -> Iterator[bytes]:
        return iter((first,))

    encoding = options.encoding or encodings.recognise(chunks())
    if is_universal(chunks, encoding):
        return FileForm.UNIVERSAL, UniversalFile(chunks, encoding).facts
    return NOTHING


@dataclass(frozen=True, slots=True)
class Checker:
    """The check of one file for its sender. `send` keeps a chunk of verdicts and says how far it is, of how much."""

    core: Core
    file: BalanceFile
    sender: Principal
    send: Callable[[list[Staged], int, int | None], None]

    def run(self, connection: Connection) -> Verdict:
        """Judge every row; the chunks of verdicts go to `send`."""
        options = ImportOptions.model_validate_json(self.file.options)
        form = open_form(partial(upload_store.chunks, connection, self.file.upload_id), options)
        verdict = Verdict(
            FileForm.UNIVERSAL if isinstance(form, UniversalFile) else FileForm.TABLE, form.facts
        )
        verdict.recognised = _recognised(form)
        asked = form.questions if isinstance(form, PayerTable) else []
        verdict.fatal += [(form.head_row_no, error("question", each)) for each in asked]
        verdict.fatal += [(form.head_row_no, each) for each in self._head_findings(form, verdict)]
        judge = Judge(self._setting(form, verdict), verdict.figures)
        self._judge(connection, form, judge)
        verdict.fatal += form.fatal
        if isinstance(form, UniversalFile) and not form.fatal:
            verdict.fatal += [(form.ended.row_no, each) for each in self._totals(form, verdict.figures)]
        verdict.fatal += [(form.head_row_no, each) for each in self._too_much(verdict.figures)]
        verdict.xray = verdict.figures.xray(self.core.tree)
        if self.file.account_no is None and verdict.figures.payers > 1 and not verdict.fatal:
            self._compare(connection, judge, verdict)
        if not verdict.fatal:
            self._compare_day(connection, form.head_row_no, verdict)
        self._tell_fatal(verdict)
        return verdict

    def _setting(self, form: Form, verdict: Verdict) -> Setting:
        branch = self._branch
        return Setting(
            file_id=self.file.id,
            visible=self.sender.scope.branch_ids,
            inside=self.core.tree.below(branch.id),
            division=self.file.division,
            account_no=self.file.account_no,
            currency=branch.currency,
            as_of_date=verdict.as_of_date or "",
            decimal=form.decimal,
            date_order=DateOrder.ISO if isinstance(form, UniversalFile) else form.date_order,
            moved_share_percent=self.core.settings.get(MOVED_SHARE, MOVED_SHARE_PERCENT),
        )

    @property
    def _branch(self) -> Branch:
        return self.core.tree[self.file.branch_id]

    def _judge(self, connection: Connection, form: Form, judge: Judge) -> None:
        done = 0
        for chunk in _in_chunks(form.payers()):
            staged = judge.judge(connection, chunk)
            done += len(staged)
            self.send(staged, done, None)

    # ── the file as a whole ─────────────────────────────────────────────────────────────────────────────────────

    def _head_findings(self, form: Form, verdict: Verdict) -> Iterator[Finding]:
        """What the file says of itself and cannot be."""
        facts, branch = form.facts, self._branch
        is_table = isinstance(form, PayerTable)
        if not is_table:
            yield from self._own_name(facts)
            yield from self._division(facts)
        currency = facts.currency or (branch.currency if is_table else "")
        if currency != branch.currency:
            said = f"Currency: {shown(currency) or 'none'} is not ours, {branch.currency}."
            yield error("currency", said, "currency", currency)
        today = self.core.today(branch).isoformat()
        read = date_reader(form.date_order if isinstance(form, PayerTable) else DateOrder.ISO)
        try:
            verdict.as_of_date = read(facts.as_of_date) if facts.as_of_date or not is_table else today
        except CellError as failure:
            yield error(failure.code, str(failure), "as_of_date", facts.as_of_date)
            return
        if verdict.as_of_date > today:
            said = f"As of {verdict.as_of_date}: that is in the future."
            yield error("date-in-future", said, "as_of_date", facts.as_of_date)

    def _own_name(self, facts: Facts) -> Iterator[Finding]:
        if facts.version != VERSION:
            said = f"The file is of version {shown(facts.version) or 'none'}; version {VERSION} is read here."
            yield error("version", said, "version", facts.version)
        if not facts.file_id:
            yield error("blank", "The file does not name itself: file_id is blank.", "file_id")
        elif len(facts.file_id) > FILE_ID_CHARACTERS or is_unsafe(facts.file_id):
            said = f"A file_id has {FILE_ID_CHARACTERS} characters at most, none of them a control."
            yield error("file-id", said, "file_id", facts.file_id)
        if not _is_instant(facts.created_at):
            said = f"{shown(facts.created_at) or 'Nothing'} is no time. Write it as 2026-11-20T06:00:00Z."
            yield error("date", said, "created_at", facts.created_at)

    def _division(self, facts: Facts) -> Iterator[Finding]:
        if not facts.division or facts.division == self.file.division:
            return
        if self.file.division is None:
            said = f"There is no division {shown(facts.division)} that you may state balances for."
        else:
            said = f"The file is for the division {shown(facts.division)}; {self.file.division} was chosen."
        yield error("division", said, "division", facts.division)

    def _totals(self, form: UniversalFile, figures: Figures) -> Iterator[Finding]:
        """The trailer's count and sum must be the file's."""
        count, total = form.ended.record_count or "", form.ended.amount_total or ""
        if not (count.isascii() and count.isdigit()) or int(count) != figures.payers:
            said = f"The trailer counts {shown(count) or 'nothing'}; the file has {count_of(figures.payers, 'payer')}."
            yield error("record-count", said, "record_count", count)
        currency = self._branch.currency
        announced = total_reader(currency)(total)
        if announced is None:
            yield error(
                "amount-total", f"The trailer's total, {shown(total) or 'none'}, is no amount.", None, total
            )
        elif figures.unread:
            return  # what is not readable cannot be added up: its own row says so
        elif announced != figures.total_minor:
            have, want = money(figures.total_minor, currency), money(announced, currency)
            said = f"The balances add up to {have} {currency}; the trailer says {want}."
            yield error("amount-total", said, "amount_total", total)

    def _too_much(self, figures: Figures) -> Iterator[Finding]:
        """A sum that the ledger cannot keep: nothing of the file moves."""
        if abs(figures.total_minor) > COUNTED_MAX:
            most = money(COUNTED_MAX, self._branch.currency)
            yield error(
                "amount-total", f"The balances add up to more than {most}, the most that is counted here."
            )
            figures.total_minor = 0

    def _compare(self, connection: Connection, judge: Judge, verdict: Verdict) -> None:
        """Who stood in the last file of this scope and does not stand in this one."""
        before = file_store.previous(connection, self.file.branch_id, self.file.id)
        if before is None:
            return
        previous_id, previous_file_id = before
        verdict.missing += (
            (self.file.id, *each)
            for each in file_store.stated_elsewhere(connection, previous_id, judge.seen, CHUNK_ROWS)
        )
        verdict.xray |= {
            "missing": len(verdict.missing),
            "missing_minor": sum(each[-1] for each in verdict.missing),
            "previous_id": previous_id,
            "previous_file_id": previous_file_id,
        }

    def _compare_day(self, connection: Connection, head_row_no: int, verdict: Verdict) -> None:
        """Warn of a file that is older than what it would be put over: its balances may not be the last ones."""
        family = relatives(self.core, self.file.branch_id)
        last = file_store.last_stated(connection, family, self.file.id, self.file.account_no)
        if last is None or (verdict.as_of_date or "") >= last[2]:
            return
        newer_id, newer_file_id, newer_day = last
        verdict.xray |= {
            "newer_id": newer_id,
            "newer_file_id": newer_file_id,
            "newer_as_of_date": newer_day,
        }
        said = (
            f"The file is as of {verdict.as_of_date}, older than {newer_file_id or 'the last table'}, which is as of "
            f"{newer_day} and was applied: it would put older balances over newer ones."
        )
        found = encoded_findings([warning("older-file", said, "as_of_date", verdict.as_of_date)])
        verdict.figures.warnings += 1
        staged = [(self.file.id, head_row_no, WARNING, BLANK, *_NOBODY, found, "[]")]
        self.send(staged, verdict.figures.payers, verdict.figures.payers)

    def _tell_fatal(self, verdict: Verdict) -> None:
        """What keeps the whole file out stands in the report too, each at its row."""
        by_row: dict[int, list[Finding]] = {}
        for row_no, finding in verdict.fatal:
            by_row.setdefault(row_no, []).append(finding)
        staged = [
            (self.file.id, row_no, ERROR, BLANK, *_NOBODY, encoded_findings(findings), "[]")
            for row_no, findings in by_row.items()
        ]
        self.send(staged, verdict.figures.payers, verdict.figures.payers)


def _in_chunks(rows: Iterable[Row | Payers]) -> Iterator[list[Row | Payers]]:
    """Rows as they are judged at once: `CHUNK_ROWS`, and the rest of what came together with the last."""
    chunk: list[Row | Payers] = []
    held = 0
    for each in rows:
        chunk.append(each)
        held += 1 if isinstance(each, Row) else len(each.records)
        if held >= CHUNK_ROWS:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk


_NOBODY: Final = ("", None, None, 0, None, None, None, None)
"""From the account number to the e-mail address, of a row that states nothing."""


def _recognised(form: Form) -> dict[str, Any]:
    if isinstance(form, UniversalFile):
        return {"encoding": form.encoding.value, "delimiter": Delimiter.COMMA.value, "decimal": "point"}
    return {
        "format": "xlsx" if form.is_workbook else "",
        "encoding": form.encoding.value,
        "delimiter": form.delimiter.value,
        "decimal": form.decimal.value,
        "date_order": form.date_order.value if form.date_order else "",
        "columns": list(form.columns),
        "questions": form.questions,
    }


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
