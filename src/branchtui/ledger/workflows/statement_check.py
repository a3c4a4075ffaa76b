"""The check of a statement: its entries, what each would become, and its totals against its own balances.

Reads only; runs on a thread. Row 1 of the report is the file as a whole; the rows of a table are counted as
a spreadsheet does, the entries of other formats from 2 on.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.imports import ImportKind
from branchtui.contract.statements import StatementAccount, StatementTotals
from branchtui.format.money import money
from branchtui.ledger.feeds.finding import ERROR, OK, WARNING, Finding, error, warning
from branchtui.ledger.feeds.qif import QifReader
from branchtui.ledger.feeds.recognise import Format
from branchtui.ledger.feeds.statement import Damaged, Direction, Standing, Statement
from branchtui.ledger.feeds.statement_table import TableReader
from branchtui.ledger.store import statement_store, upload_store
from branchtui.ledger.workflows.import_check import Verdict
from branchtui.ledger.workflows.import_rows import Asked, Checked
from branchtui.ledger.workflows.statement_accounts import OurAccounts
from branchtui.ledger.workflows.statement_entries import Judge, Judged
from branchtui.ledger.workflows.statement_kinds import open_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from branchtui.contract.statements import Columns
    from branchtui.ledger.core import Core
    from branchtui.ledger.feeds.statement import StatementReader
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.rows import Import
    from branchtui.ledger.workflows.statement_accounts import OurAccount

CHUNK_ENTRIES: Final = 2_000
STATEMENTS_MAX: Final = 1_000
"""Statements of one file; a year of days is 366."""

COLUMNS: Final = ("line", "date", "amount", "currency", "reference", "payer_name", "account_ref", "details")
"""What a row of the report, and of the rejects, holds of an entry."""


@dataclass(slots=True)
class Tally:
    """What the entries of one statement come to so far; sums in minor units, of what is booked."""

    account: OurAccount | None
    entries: int = 0
    credits: int = 0
    credits_minor: int = 0
    debits: int = 0
    debits_minor: int = 0
    new: int = 0
    new_minor: int = 0
    known: int = 0
    quarantined: int = 0
    passed_over: int = 0
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class StatementChecker:
    """The check of one import; see `Checker`, whose place it takes."""

    core: Core
    import_: Import
    currency: str
    control: dict[str, int | None]
    send: Callable[[list[Checked], int, int], None]

    def run(self, connection: Connection) -> Verdict:
        """Judge every entry; the chunks of verdicts go to `send`."""
        verdict = Verdict()
        work = _Work(self, connection, verdict)
        try:
            work.read()
        except Damaged as damage:
            place = f"Line {damage.place:,}: " if damage.place > 1 and "ine " not in str(damage)[:6] else ""
            verdict.fatal.append(error(damage.code, f"{place}{damage}"))
        work.finish()
        return verdict


class _Work:
    """One run over one file."""

    def __init__(self, checker: StatementChecker, connection: Connection, verdict: Verdict) -> None:
        self._checker, self._connection, self._verdict = checker, connection, verdict
        self._core, self._import = checker.core, checker.import_
        self._branch = self._core.tree[self._import.branch_id]
        self._ours = OurAccounts(
            statement_store.payees_of(connection, self._core.tree.below(self._branch.id))
        )
        self._tallies: dict[int, tuple[Statement, Tally]] = {}
        self._judge = Judge(self._core, connection)
        self._format: Format | None = None
        self._reader: StatementReader | None = None

    def read(self) -> None:
        """Read and judge the whole file.

        Raises:
            Damaged: it cannot be read to its end.
        """
        asked = Asked.loaded(self._import.options)
        self._format, self._reader = open_reader(
            ImportKind(self._import.kind),
            lambda: upload_store.chunks(self._connection, self._import.upload_id),
            asked,
            currency=self._branch.currency,
            zone=self._branch.timezone,
            saved=() if asked.columns else self._saved(),
        )
        entries = self._reader.entries()
        done = 1
        while chunk := list(itertools.islice(entries, CHUNK_ENTRIES)):
            is_table = self._format is Format.TABLE
            places = [each.place if is_table else done + at for at, each in enumerate(chunk, start=1)]
            done = places[-1]
            rows = [
                self._row(no, each)
                for no, each in zip(places, self._judge.all(chunk, self._account), strict=True)
            ]
            for row in rows:
                self._verdict.count(row)
            self._checker.send(rows, self._verdict.rows_total, self._verdict.rows_total)

    def _saved(self) -> tuple[tuple[str, Columns], ...]:
        return statement_store.saved_columns(self._connection, self._core.tree.above(self._branch.id))

    def _account(self, statement: Statement) -> OurAccount | None:
        return self._tally(statement).account

    def _tally(self, statement: Statement) -> Tally:
        found = self._tallies.get(id(statement))
        if found is None:
            if len(self._tallies) >= STATEMENTS_MAX:
                raise Damaged(
                    "too-many-statements", f"A file may hold {STATEMENTS_MAX:,} statements at most."
                )
            account = self._ours.find(statement.account, statement.currency, statement.provider)
            found = self._tallies[id(statement)] = (statement, Tally(account))
        return found[1]

    def _row(self, row_no: int, judged: Judged) -> Checked:
        entry, tally = judged.entry, self._tally(judged.entry.statement)
        level = _level(judged.findings)
        tally.entries += 1
        if entry.is_blank:
            tally.entries -= 1
        elif level == ERROR:
            tally.wrong += 1
        elif judged.fate == "new":
            tally.new += 1
            tally.new_minor += entry.amount_minor or 0
        elif judged.fate == "known":
            tally.known += 1
        elif judged.fate == "quarantined":
            tally.quarantined += 1
        else:
            tally.passed_over += 1
        if entry.amount_minor is not None and entry.standing is Standing.BOOKED and not entry.is_opening:
            if entry.direction is Direction.CREDIT:
                tally.credits += 1
                tally.credits_minor += entry.amount_minor
            else:
                tally.debits += 1
                tally.debits_minor += entry.amount_minor
        amount = entry.amount_minor or 0 if judged.fate == "new" and level != ERROR else 0
        return Checked(
            row_no,
            level,
            tuple(judged.findings),
            judged.cells,
            judged.parsed if level != ERROR else None,
            amount,
            judged.said,
            is_blank=entry.is_blank,
        )

    def finish(self) -> None:
        """The statements as wholes: balances, currencies, the sender's own count."""
        verdict = self._verdict
        statements = self._reader.statements if self._reader is not None else []
        totals = [self._total(statement) for statement in statements]
        notes = [each for statement in statements for each in self._notes(statement)]
        notes += _gaps(statements)
        verdict.fatal += [each for each in notes if each.level == ERROR]
        verdict.fatal += _twice(totals)
        verdict.fatal += self._control_findings(totals)
        verdict.notes = [each for each in notes if each.level == WARNING]
        verdict.currency = _only_currency(totals)
        verdict.recognised = self._recognised(totals)
        verdict.questions = verdict.recognised["questions"]
        if verdict.fatal or verdict.notes:
            found = verdict.fatal or verdict.notes
            level = ERROR if verdict.fatal else WARNING
            if verdict.fatal:
                verdict.rows_error += 1
            else:
                verdict.rows_warning += 1
            self._checker.send([Checked(1, level, tuple(found), ())], verdict.rows_total, verdict.rows_total)

    def _total(self, statement: Statement) -> StatementTotals:
        tally = self._tally(statement)
        return StatementTotals(
            account=statement.account,
            identity=statement.identity,
            is_ours=StatementAccount.OURS if tally.account else StatementAccount.UNKNOWN,
            provider=tally.account.provider if tally.account else None,
            branch_id=tally.account.branch_id if tally.account else None,
            currency=statement.currency,
            opening_minor=statement.opening_minor,
            opening_on=_date(statement.opening_on),
            closing_minor=statement.closing_minor,
            closing_on=_date(statement.closing_on),
            entries=tally.entries,
            credits=tally.credits,
            credits_minor=tally.credits_minor,
            debits=tally.debits,
            debits_minor=tally.debits_minor,
            difference_minor=_difference(statement, tally),
            new=tally.new,
            new_minor=tally.new_minor,
            known=tally.known,
            quarantined=tally.quarantined,
            passed_over=tally.passed_over,
            wrong=tally.wrong,
        )

    def _notes(self, statement: Statement) -> Iterator[Finding]:
        """What is to be said of a statement as a whole."""
        tally, currency = self._tally(statement), statement.currency
        where = _where(statement)
        for each in statement.findings:
            yield Finding(each.level, each.code, f"{where}: {each.message}", each.column, each.value)
        if statement.account and tally.account is None:
            said = f"Account {statement.account} is none of ours here. An administrator adds it to a branch."
            yield error("account-unknown", said, None, statement.account)
        difference = _difference(statement, tally)
        if difference:
            assert statement.opening_minor is not None
            assert statement.closing_minor is not None
            said = (
                f"{where}: from {money(statement.opening_minor, currency)} the entries lead to "
                f"{money(statement.closing_minor - difference, currency)} {currency}, not to the closing balance of "
                f"{money(statement.closing_minor, currency)}: they differ by {money(abs(difference), currency)}."
            )
            yield warning("balance-differs", said)
        for name, stated, have in (
            ("credits", statement.stated_credits_minor, tally.credits_minor),
            ("debits", statement.stated_debits_minor, tally.debits_minor),
        ):
            if stated is not None and stated != have:
                said = f"{where}: it states {money(stated, currency)} {currency} of {name}; its entries come to {money(have, currency)}."
                yield warning("total-differs", said)

    def _control_findings(self, totals: list[StatementTotals]) -> Iterator[Finding]:
        """The sender's own count and sum of what came in must be the file's."""
        control = self._checker.control
        count, amount = control.get("count"), control.get("amount_minor")
        have = sum(each.credits for each in totals)
        if count is not None and count != have:
            yield error("control-count", f"The file has {have:,} credits; {count:,} were announced.")
        have_minor = sum(each.credits_minor for each in totals)
        if amount is not None and amount != have_minor:
            currency = _only_currency(totals) or self._branch.currency
            said = f"The credits add up to {money(have_minor, currency)}; {money(amount, currency)} were announced."
            yield error("control-amount", said, "amount")

    def _recognised(self, totals: list[StatementTotals]) -> dict[str, Any]:
        found: dict[str, Any] = {
            "format": self._format.value if self._format else "",
            "columns": list(COLUMNS),
            "questions": list(getattr(self._reader, "questions", ())),
            "statements": [each.model_dump(mode="json") for each in totals],
        }
        if isinstance(self._reader, TableReader):
            table = self._reader.table
            found |= {
                "encoding": table.encoding.value,
                "delimiter": table.delimiter.value,
                "column_map": self._reader.map_name,
                "read_as": [f"{meaning}: {name}" for meaning, name in self._reader.plan.columns.items()],
            }
        if isinstance(self._reader, TableReader | QifReader):
            found["decimal"] = "" if self._reader.is_decimal_open else self._reader.writing.value
        order = getattr(self._reader, "order", None)
        found["date_order"] = order.value if order else ""
        return found


def _twice(totals: list[StatementTotals]) -> Iterator[Finding]:
    """A statement that stands twice in its file would be booked twice: banks repeat references within one."""
    seen: set[tuple[object, ...]] = set()
    for each in totals:
        told = each.model_dump(exclude={"new", "new_minor", "known", "quarantined", "passed_over", "wrong"})
        key = tuple(told.values())
        # Without a number its balances name it: one that moved the account cannot begin and end so again.
        is_named = each.identity or (each.opening_minor, each.closing_minor) != (None, None)
        if each.entries and is_named and key in seen:
            where = ", ".join(filter(None, (f"Account {each.account}", each.identity)))
            said = f"{where}: the same statement stands twice in the file. Take one of them out."
            yield error("statement-twice", said)
        seen.add(key)


def _gaps(statements: list[Statement]) -> Iterator[Finding]:
    """Statements that do not begin where the one before them ended, by days: banks write the newest first or last."""
    by_account: dict[tuple[str, str], list[Statement]] = {}
    for each in statements:
        if not each.is_interim and each.opening_minor is not None and each.closing_minor is not None:
            by_account.setdefault((each.account, each.currency), []).append(each)
    for several in by_account.values():
        several.sort(key=lambda each: each.closing_on or "")
        for before, each in pairwise(several):
            if each.opening_minor is None or before.closing_minor in {None, each.opening_minor}:
                continue
            begins, ended = (
                money(minor or 0, each.currency) for minor in (each.opening_minor, before.closing_minor)
            )
            said = (
                f"{_where(each)}: it begins at {begins} {each.currency}, and the statement before it ended at {ended}: "
                "one between them may be missing."
            )
            yield warning("statement-missing", said)


def _where(statement: Statement) -> str:
    return f"Account {statement.account}" + (f", {statement.identity}" if statement.identity else "")


def _difference(statement: Statement, tally: Tally) -> int | None:
    if statement.opening_minor is None or statement.closing_minor is None:
        return None
    return statement.closing_minor - statement.opening_minor - tally.credits_minor + tally.debits_minor


def _level(findings: list[Finding]) -> str:
    """The worst level among findings; some only say why an entry is no payment."""
    if not findings:
        return OK
    levels = {each.level for each in findings}
    return next((each for each in (ERROR, WARNING) if each in levels), OK)


def _only_currency(totals: list[StatementTotals]) -> str | None:
    found = {each.currency for each in totals if each.currency}
    return found.pop() if len(found) == 1 else None


def _date(said: str | None) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        return None
