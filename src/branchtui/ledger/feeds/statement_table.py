"""Statements that are tables: the CSV files of banks, and that of the M-PESA organisation portal.

Which column says what is said with the import, saved for the bank, or recognised by its name. Lines above
the header are passed over, save that the portal says its short code there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from branchtui.contract.imports import DateOrder, DecimalWriting, Delimiter, Encoding
from branchtui.ledger.feeds.amounts import DecimalEvidence
from branchtui.ledger.feeds.days import DayEvidence, day_reader
from branchtui.ledger.feeds.finding import ERROR, CellError, error, warning
from branchtui.ledger.feeds.running_balance import RunningBalance
from branchtui.ledger.feeds.signed_amounts import bare, signed_reader
from branchtui.ledger.feeds.statement import (
    DETAILS_MAX,
    Damaged,
    Direction,
    Entry,
    Standing,
    Statement,
    is_altered,
    is_currency,
    reference_of,
    text_of,
)
from branchtui.ledger.feeds.statement_columns import (
    PORTAL,
    ColumnPlan,
    as_said,
    choose,
    is_header,
    may_be_side,
)
from branchtui.ledger.feeds.table_file import ENDS, Row, TableFile, column_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from branchtui.contract.statements import Columns

PREAMBLE_MAX: Final = 40
"""Rows that may stand above the header."""

_SHORT_CODE: Final = re.compile(r"short\s?code\W*([0-9]{3,20})?", re.IGNORECASE | re.ASCII)
_DIGITS: Final = re.compile(r"[0-9]{3,20}", re.ASCII)
_OTHER_PARTY: Final = re.compile(r"\s*(\+?[0-9][0-9* xX]{5,18})\s*-\s*(.*)", re.ASCII | re.DOTALL)
_PAID_BY: Final = re.compile(
    r"\bfrom\s+(\+?[0-9][0-9*xX]{5,18})\s*-\s*(.*?)(?:\s+Acc\.?\s*(.*))?$", re.ASCII | re.DOTALL
)
_DEBITS: Final = frozenset({"dr", "d", "debit", "s", "soll", "out", "af", "debet", "débit"})
_CREDITS: Final = frozenset({"cr", "c", "credit", "h", "haben", "in", "bij", "crédit"})
_SIDES: Final = _DEBITS | _CREDITS
_CARRIED: Final = re.compile(
    r"\bbalance\b|\b[bc]/f\b|\b(?:brought|carried) forward\b|\b(?:saldo|solde)\b", re.IGNORECASE
)
"""How the rows read that hold a balance and no movement."""
_SUMS: Final = re.compile(r"\s*(?:sub[ -]?|grand )?totals?\b", re.IGNORECASE)
"""How a row of sums begins."""


@dataclass(frozen=True, slots=True)
class TableSetting:
    """What the file does not say, or what was said instead: see `ImportOptions`.

    `saved` are the ways of reading that were saved, by name: one is taken where its columns are all there.
    """

    account: str
    currency: str
    zone: str
    columns: Columns | None = None
    saved: tuple[tuple[str, Columns], ...] = ()
    order: DateOrder | None = None
    writing: DecimalWriting | None = None
    delimiter: Delimiter | None = None
    encoding: Encoding | None = None


class _Table(TableFile):
    """A table whose header may stand below other lines."""

    def __init__(self, chunks: Callable[[], Iterable[bytes]], setting: TableSetting) -> None:
        self.above: list[list[str]] = []
        said = as_said(setting.columns) if setting.columns else None
        self._wanted = frozenset(said.columns.values()) if said else None
        self._saved = [frozenset(as_said(columns).columns.values()) for _, columns in setting.saved]
        super().__init__(
            chunks, known=self._wanted or (), encoding=setting.encoding, delimiter=setting.delimiter
        )

    def _first_record(self, sign: str) -> Row | None:
        first: Row | None = None
        above: list[list[str]] = []
        for row in self._rows_of(sign):
            if row.is_blank:
                continue
            first = first or row
            if self._fits([column_name(cell) for cell in row.cells]):
                self.above = above
                return row
            above.append(row.cells)
            if len(above) >= PREAMBLE_MAX:
                break
        return first

    def _fits(self, names: list[str]) -> bool:
        """Whether a row may be the header: it has the columns that are wanted, or those of a statement."""
        if self._wanted is not None:
            return self._wanted <= set(names)
        return any(each <= set(names) for each in self._saved) or is_header(names)


class TableReader:
    """Reads one file. `chunks` gives its bytes from the beginning each time it is called."""

    def __init__(self, chunks: Callable[[], Iterable[bytes]], setting: TableSetting) -> None:
        self._setting = setting
        self.table = _Table(chunks, setting)
        self.statements: list[Statement] = []
        self.questions: list[str] = []
        names = self.table.header
        self.map_name = ""
        self.plan = as_said(setting.columns) if setting.columns else self._saved_plan() or choose(names)
        self._refuse_header()
        self._at = {
            meaning: names.index(name) for meaning, name in self.plan.columns.items() if name in names
        }
        self.order, self.writing = self._recognise()
        self._by_account: dict[tuple[str, str], Statement] = {}
        self._balances: dict[int, RunningBalance] = {}
        self._amounts: dict[str, Callable[[str], int]] = {}
        self._day = day_reader(self.order, setting.zone)
        self._short_code = self._portal_code() if self.plan.is_portal else ""

    def entries(self) -> Iterator[Entry]:
        """The entries in the order of the file; see `StatementReader`."""
        for row in self.table.rows():
            last = row.findings[-1] if row.findings else None
            if last is not None and last.code in ENDS:
                raise Damaged(last.code, last.message, row.row_no)
            yield self._entry(row)
        if not self.statements:
            self._statement("", self._setting.currency, self.table.header_row_no)
        for statement in self.statements:
            balance = self._balances.get(id(statement))
            if balance is not None:
                balance.settle(statement)

    def _saved_plan(self) -> ColumnPlan | None:
        """The saved way of reading that fits the header, the one with the most columns, if it is one alone."""
        names = set(self.table.header)
        plans = [(name, as_said(columns)) for name, columns in self._setting.saved]
        fitting = [
            (len(plan.columns), name, plan) for name, plan in plans if set(plan.columns.values()) <= names
        ]
        most = max((count for count, *_ in fitting), default=0)
        best = [(name, plan) for count, name, plan in fitting if count == most]
        if len(best) != 1:
            return None
        self.map_name, plan = best[0]
        return plan

    def _refuse_header(self) -> None:
        for each in self.table.findings:
            if each.level == ERROR and each.code != "duplicate-column":
                raise Damaged(each.code, each.message, self.table.header_row_no)
        missing = self.plan.missing
        if missing is not None:
            raise Damaged(
                "columns", f"{missing} Say which columns hold what: columns.", self.table.header_row_no
            )
        for meaning, name in self.plan.columns.items():
            if self.table.header.count(name) != 1:
                how = (
                    "is not in the header" if name not in self.table.header else "stands there several times"
                )
                said = f"The column {name} ({meaning}) {how}."
                raise Damaged("columns", said, self.table.header_row_no)

    def _recognise(self) -> tuple[DateOrder | None, DecimalWriting]:
        days, decimals = DayEvidence(), DecimalEvidence()
        sides = self._maybe_sides()
        for row in self.table.rows():
            if row.is_readable and not row.is_blank:
                sides = [at for at in sides if row.cells[at].strip().lower() in _SIDES]
                days.add(self._said(row, "date"))
                for meaning in ("amount", "credit", "debit", "balance"):
                    decimals.add(bare(self._said(row, meaning)[:60])[0])
        if sides:
            self._at["side"] = sides[0]
            self.plan.columns["side"] = self.table.header[sides[0]]
        order, question = days.decide()
        writing, open_writing = decimals.decide(self.table.delimiter)
        if self.plan.is_portal and order is None and not (days.day_first or days.month_first):
            order, question = DateOrder.DAY_FIRST, None  # the portal writes the day first
        if self._setting.order is not None:
            order, question = self._setting.order, None
        if self._setting.writing is not None:
            writing, open_writing = self._setting.writing, None
        self.questions = [each for each in (open_writing, question) if each]
        return order, writing

    def _maybe_sides(self) -> list[int]:
        """Columns that may say the side of an amount without a sign; none where that was said or is known."""
        if self._setting.columns or self.map_name or "amount" not in self._at or "side" in self._at:
            return []
        chosen = set(self._at.values())
        names = enumerate(self.table.header)
        return [at for at, name in names if at not in chosen and may_be_side(name)]

    def _said(self, row: Row, meaning: str) -> str:
        at = self._at.get(meaning)
        return row.cells[at] if at is not None and at < len(row.cells) else ""

    def _portal_code(self) -> str:
        """The short code that the portal writes above its table; empty where it does not."""
        for cells in self.table.above:
            for place, cell in enumerate(cells):
                found = _SHORT_CODE.search(cell)
                if found is None:
                    continue
                beside = cells[place + 1].strip() if place + 1 < len(cells) else ""
                if found[1]:
                    return found[1]
                if _DIGITS.fullmatch(beside):
                    return beside
        return ""

    def _statement(self, account: str, currency: str, place: int) -> Statement:
        key = account, currency
        found = self._by_account.get(key)
        if found is None:
            found = Statement(account=account, currency=currency, place=place)
            found.provider = PORTAL if self.plan.is_portal else ""
            if not account:
                said = "The file does not say whose account it is: name the account."
                found.findings.append(error("no-account", said))
            self._by_account[key] = found
            self.statements.append(found)
        return found

    def _entry(self, row: Row) -> Entry:
        account = text_of(self._said(row, "account")) or self._setting.account or self._short_code
        currency = self._said(row, "currency").strip().upper() or self.plan.currency or self._setting.currency
        findings = list(row.findings)
        if not is_currency(currency):
            findings.append(error("currency", f"{text_of(currency, 40)} is no currency.", "currency"))
            currency = self._setting.currency
        if not row.is_readable or row.is_blank:
            account = self.statements[-1].account if self.statements else account
            statement = (
                self.statements[-1] if self.statements else self._statement(account, currency, row.row_no)
            )
            entry = Entry(statement, row.row_no, Direction.CREDIT, None, currency, None, findings=findings)
            if row.is_blank:
                entry.is_blank = True
                entry.findings.append(warning("blank-row", "The row is blank; it was passed over."))
            return entry
        statement = self._statement(account, currency, row.row_no)
        entry = Entry(statement, row.row_no, Direction.CREDIT, None, currency, None, findings=findings)
        status = self._said(row, "status").strip().lower()
        if status not in self.plan.booked:
            entry.standing = Standing.PENDING
        if self._is_sum(row):
            entry.standing = Standing.INFORMATION
            self._words(entry, row)
            return entry
        self._money(entry, row)
        try:
            entry.day, entry.at_us = self._day(self._said(row, "date"), entry.findings)
        except CellError as failure:
            said = text_of(self._said(row, "date"), 40)
            entry.findings.append(error(failure.code, text_of(str(failure), 200), "date", said))
        self._words(entry, row)
        return entry

    def _is_sum(self, row: Row) -> bool:
        """Whether a row holds sums of those above: it begins with the word, and has no date."""
        said = self._said(row, "date")
        first = next(cell for cell in row.cells if cell.strip())
        return _SUMS.match(first) is not None and (not said.strip() or said is first)

    def _is_carried(self, row: Row) -> bool:
        """Whether a row holds a balance that is carried forward, and no movement."""
        money = (self._said(row, each).strip() for each in ("amount", "credit", "debit"))
        return (
            not any(money)
            and bool(self._said(row, "balance").strip())
            and _CARRIED.search(self._said(row, "details")) is not None
        )

    def _money(self, entry: Entry, row: Row) -> None:
        read = self._amounts.get(entry.currency)
        if read is None:
            read = self._amounts[entry.currency] = signed_reader(self.writing, entry.currency)
        column = "amount"
        entry.is_opening = self._is_carried(row)
        try:
            has_one = "amount" in self._at
            signed = 0
            if not entry.is_opening:
                signed = self._one_column(read, row) if has_one else self._two_columns(read, row)
        except CellError as failure:
            said = self._said(row, column) or f"{self._said(row, 'credit')} {self._said(row, 'debit')}"
            entry.findings.append(error(failure.code, text_of(str(failure), 200), column, text_of(said, 40)))
            return
        entry.amount_minor = abs(signed)
        entry.direction = Direction.DEBIT if signed < 0 else Direction.CREDIT
        balance = self._said(row, "balance").strip()
        if balance and entry.standing is Standing.BOOKED:
            try:
                self._balances.setdefault(id(entry.statement), RunningBalance()).add(
                    row.row_no, signed, read(balance)
                )
            except CellError as failure:
                said = text_of(balance, 40)
                entry.findings.append(warning(failure.code, text_of(str(failure), 200), "balance", said))

    def _one_column(self, read: Callable[[str], int], row: Row) -> int:
        """The signed amount of a row with one column of amounts, and perhaps one that says their side."""
        signed = read(self._said(row, "amount"))
        side = self._said(row, "side").strip().lower()
        if not side:
            return signed
        if side not in _DEBITS | _CREDITS:
            raise CellError("side", f"{text_of(side, 40)} says neither credit nor debit.")
        return -abs(signed) if side in _DEBITS else abs(signed)

    def _two_columns(self, read: Callable[[str], int], row: Row) -> int:
        """The signed amount of a row with one column for what came in and one for what went out."""
        came, went = (self._said(row, each).strip() for each in ("credit", "debit"))
        if not came and not went:
            raise CellError("blank", "The row has no amount.")
        credit, debit = read(came) if came else 0, abs(read(went)) if went else 0
        if credit < 0:
            raise CellError("negative", f"{text_of(came, 40)}: what came in cannot be negative.")
        if credit and debit:
            raise CellError("two-amounts", "The row has an amount that came in and one that went out.")
        return credit - debit

    def _words(self, entry: Entry, row: Row) -> None:
        name, details = self._said(row, "payer_name"), self._said(row, "details")
        reference, phone = self._said(row, "account_ref"), self._said(row, "payer_phone").strip()
        if self.plan.is_portal:
            other = self._portal_party(row)
            found = _OTHER_PARTY.fullmatch(other) or _PAID_BY.search(details)
            if found:
                phone, name = found[1], found[2]
                if found.re is _PAID_BY and not reference:
                    reference = found[3] or ""
            elif other:
                name = other
            entry.is_reversal = "reversal" in details.lower()
        entry.reference = reference_of(self._said(row, "reference"))
        entry.payer_name, entry.payer_phone = text_of(name), text_of(phone, 64)
        entry.details = text_of(details, DETAILS_MAX)
        entry.account_ref = text_of(reference) or ("" if self.plan.is_portal else entry.details[:140])
        if is_altered(name, details, reference, phone):
            entry.raw = "\n".join(row.cells)

    def _portal_party(self, row: Row) -> str:
        names = self.table.header
        at = names.index("other_party_info") if "other_party_info" in names else -1
        return row.cells[at] if 0 <= at < len(row.cells) else ""
